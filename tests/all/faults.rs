//! Misbehaving workers: each fault has a recorded outcome, and the other cells are still measured.

use crate::util::{run_for, stderr, Lab};
use serde_json::Value;

/// Runs with one fault in Q8_0 and returns (outcome, reason) of its cells and whether all others are ok.
fn with_fault(fault: &str, extra: &[&str]) -> (Lab, Vec<(String, String)>) {
    let lab = Lab::new();
    lab.script(&format!(r#"{{"faults": [{fault}]}}"#));
    let mut args = vec!["--kv", "f16", "--deadline", "20s"];
    args.extend(extra);
    let output = run_for(&mut lab.compare(&args), 3);
    assert!(stderr(&output).contains("warning: "), "{}", stderr(&output));
    let results = lab.results();
    let text = |v: &Value| v.as_str().unwrap_or("").to_owned();
    let mut victims = Vec::new();
    for cell in results["cells"].as_array().expect("an array") {
        if cell["outcome"] == "ok" {
            assert_eq!(cell["samples_ns"].as_array().expect("an array").len(), 3, "{cell}");
        } else {
            assert_eq!(cell["variant"], "Q8_0", "{cell}");
            victims.push((text(&cell["outcome"]), text(&cell["reason"])));
        }
    }
    (lab, victims)
}

#[test]
fn a_fault_in_one_sample_costs_one_cell() {
    for (action, outcome, word) in [
        (r#""panic""#, "crashed", "panic"),
        (r#"{"exit": 1}"#, "crashed", "code 1"),
        (r#""abort""#, "crashed", "SIGABRT"),
        (r#""kill""#, "crashed", "SIGKILL"),
        (r#"{"refuse": "no kv slot"}"#, "engine", "no kv slot"),
        (r#""oom""#, "out_of_memory", "memory"),
        (r#""half_line""#, "protocol", "half a line"),
        (r#""huge_line""#, "protocol", "longer than"),
        (r#""wrong_answer""#, "protocol", "out of turn"),
    ] {
        let fault = format!(r#"{{"file": "Q8_0", "at": "measure", "workload": "decode", "action": {action}}}"#);
        let (_, victims) = with_fault(&fault, &[]);
        assert_eq!(victims.len(), 1, "{action}: {victims:?}");
        assert_eq!(victims[0].0, outcome, "{action}: {victims:?}");
        assert!(victims[0].1.contains(word), "{action}: {victims:?}");
    }
}

#[test]
fn a_hang_ends_at_the_deadline() {
    let fault = r#"{"file": "Q8_0", "at": "measure", "workload": "decode", "action": "hang"}"#;
    let (_, victims) = with_fault(fault, &["--deadline", "1s"]);
    assert_eq!(victims.len(), 1);
    assert_eq!(victims[0].0, "timed_out");
}

#[test]
fn a_fault_in_the_untimed_round_costs_only_the_cells_it_strikes() {
    let fault = r#"{"file": "Q8_0", "at": "prepare", "action": "abort"}"#;
    let (_, victims) = with_fault(fault, &[]);
    assert_eq!(victims.len(), 3, "every cell of the arm meets it: {victims:?}");
    assert!(victims.iter().all(|v| v.0 == "crashed"), "{victims:?}");
    let fault = r#"{"file": "Q8_0", "at": "load", "action": {"refuse": "cannot load"}}"#;
    let (_, victims) = with_fault(fault, &[]);
    assert_eq!(victims.len(), 3, "{victims:?}");
    assert!(
        victims.iter().all(|v| v.0 == "engine" && v.1.contains("cannot load")),
        "{victims:?}"
    );
}

#[test]
fn a_worker_of_another_version_is_not_believed() {
    let lab = Lab::new();
    lab.script(r#"{"faults": [{"at": "hello", "action": "wrong_version"}]}"#);
    let output = run_for(&mut lab.compare(&[]), 3);
    let results = lab.results();
    assert!(
        results["cells"]
            .as_array()
            .expect("an array")
            .iter()
            .all(|c| c["outcome"] == "protocol"),
        "{results}"
    );
    assert!(stderr(&output).contains("speaks protocol"), "{}", stderr(&output));
}

#[test]
fn noise_on_fd_1_and_late_answers_do_no_harm() {
    for action in [r#""noise""#, r#"{"slow": 50}"#] {
        let lab = Lab::new();
        lab.script(&format!(
            r#"{{"faults": [{{"file": "Q8_0", "times": 2, "action": {action}}}]}}"#
        ));
        run_for(&mut lab.compare(&["--kv", "f16"]), 0);
    }
}

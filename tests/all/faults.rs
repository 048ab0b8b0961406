//! Misbehaving workers: each fault has a recorded outcome, and the other cells are still measured.

use crate::util::{run_for, samples_so_far, stderr, wait_for_sample, Lab};
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
fn a_worker_that_hangs_or_is_stopped_ends_at_the_deadline() {
    for action in ["hang", "stop"] {
        let fault = format!(r#"{{"file": "Q8_0", "at": "measure", "workload": "decode", "action": "{action}"}}"#);
        let (_, victims) = with_fault(&fault, &["--deadline", "1s"]);
        assert_eq!(victims.len(), 1, "{action}");
        assert_eq!(victims[0].0, "timed_out", "{action}");
    }
}

/// All processes of a run stand still for longer than a worker may take, as after Ctrl-Z or when a laptop's lid is closed:
/// monotonic clocks stand still then too, here they do not, which is the harder case.
#[test]
fn a_run_that_is_stopped_and_continued_loses_nothing() {
    use nix::sys::signal::{kill, Signal};
    let lab = Lab::new();
    lab.script(r#"{"real_sleep_us": 3000}"#);
    let mut child = lab
        .compare(&["--kv", "f16", "-q", "--deadline", "2s"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("kvant starts");
    let journal = lab.path("run/journal.jsonl");
    wait_for_sample(&journal);
    for signal in [Signal::SIGSTOP, Signal::SIGCONT] {
        for pid in lab.processes() {
            kill(pid, signal).expect("it is there");
        }
        let n_samples = samples_so_far(&journal).map(|samples| samples.len());
        std::thread::sleep(std::time::Duration::from_millis(2500));
        if signal == Signal::SIGSTOP {
            assert_eq!(samples_so_far(&journal).map(|samples| samples.len()), n_samples);
        }
    }
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(n_samples(&lab.results()).iter().all(|&n| n == 3));
}

/// A control group of its own, removed when dropped.
struct MemoryGroup(std::path::PathBuf);

impl MemoryGroup {
    /// `None` where this user may not make one.
    fn new(n_bytes: u64) -> Option<Self> {
        let (parent, limit) = if std::path::Path::new("/sys/fs/cgroup/memory").is_dir() {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            ("/sys/fs/cgroup", "memory.max")
        };
        let group = Self(std::path::PathBuf::from(format!(
            "{parent}/kvant-test-{}",
            std::process::id()
        )));
        std::fs::create_dir(&group.0).ok()?;
        std::fs::write(group.0.join(limit), n_bytes.to_string()).ok()?;
        Some(group)
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // Empty by now: its processes have ended.
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_worker_over_the_limit_of_its_control_group_is_out_of_memory() {
    let Some(group) = MemoryGroup::new(256 << 20) else {
        println!("not run: this user may not make a control group for memory");
        return;
    };
    let lab = Lab::new();
    lab.script(
        r#"{"faults": [{"file": "Q8_0", "at": "measure", "workload": "decode", "action": {"allocate": 536870912}}]}"#,
    );
    let kvant = lab.compare(&["--kv", "f16", "--deadline", "20s"]);
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "echo $$ > \"$0\" && exec \"$@\""])
        .arg(group.0.join("cgroup.procs"))
        .arg(kvant.get_program())
        .args(kvant.get_args())
        .current_dir(lab.path(""));
    for (key, value) in kvant.get_envs() {
        match value {
            Some(value) => limited.env(key, value),
            None => limited.env_remove(key),
        };
    }
    run_for(&mut limited, 3);
    let results = lab.results();
    let cells = results["cells"].as_array().expect("an array");
    for cell in cells {
        let is_victim = cell["variant"] == "Q8_0" && cell["workload"] == "decode";
        assert_eq!(cell["outcome"] == "out_of_memory", is_victim, "{cell}");
        assert_eq!(cell["outcome"] == "ok", !is_victim, "{cell}");
    }
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

/// Compares the fixture's models while a neighbour takes the processor from Q8_0 as `when` says.
fn beside_a_neighbour(when: &str, rounds: &str) -> (Lab, Value) {
    let lab = Lab::new();
    lab.script(&format!(
        r#"{{"faults": [{{"file": "Q8_0", "at": "measure", "workload": "decode", {when} "action": {{"stall": 100000000}}}}]}}"#
    ));
    run_for(&mut lab.compare(&["--kv", "f16", "--rounds", rounds]), 0);
    let results = lab.results();
    (lab, results)
}

fn n_samples(results: &Value) -> Vec<usize> {
    let cells = results["cells"].as_array().expect("an array");
    cells
        .iter()
        .map(|c| c["samples_ns"].as_array().expect("an array").len())
        .collect()
}

#[test]
fn a_disturbed_block_is_void_and_run_again() {
    let (lab, results) = beside_a_neighbour(r#""after": 2, "times": 1,"#, "8");
    let discarded = results["trust"]["void"].as_array().expect("an array");
    assert_eq!(discarded.len(), 1);
    assert!(discarded[0]["cpu_share"]["share"].is_number(), "{discarded:?}");
    assert_eq!(results["run"]["n_rounds"], 8);
    assert!(results["trust"]["kept"].is_null());
    assert!(n_samples(&results).iter().all(|&n| n == 8));
    let (all, used) = (lab.samples().len(), lab.blocks().len());
    assert!(
        all > used && all <= used + 4,
        "a block of four arms: {all} samples, {used} count"
    );

    let output = run_for(&mut lab.kvant(&["report", "run", "--explain", "Q8_0 | tg"]), 0);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("not used: line") && text.contains("discarded: other programs"),
        "{text}"
    );
    assert!(text.contains("the centre of the 8 rates"), "{text}");
}

#[test]
fn void_blocks_are_limited_and_what_stays_in_is_counted() {
    let (_, results) = beside_a_neighbour("", "8");
    // One is free, then one in four of the blocks so far: 3 works in 8 rounds.
    assert_eq!(results["trust"]["void"].as_array().expect("an array").len(), 6);
    assert_eq!(results["trust"]["kept"]["n_rounds"], 8);
    assert!(n_samples(&results).iter().all(|&n| n == 8));
}

#[test]
fn a_void_block_stays_void_after_a_resume() {
    let (lab, whole) = beside_a_neighbour(r#""after": 2, "times": 1,"#, "8");
    let journal = lab.path("run/journal.jsonl");
    let text = std::fs::read_to_string(&journal).expect("it is there");
    let end = text.find(r#""disturbed""#).expect("a disturbed sample");
    let cut = end + text[end..].find('\n').expect("a line") + 1;
    std::fs::write(&journal, &text[..cut]).expect("it can be written");
    lab.script("{}");
    run_for(&mut lab.compare(&["--kv", "f16", "--rounds", "8", "--resume"]), 0);
    let results = lab.results();
    assert_eq!(results["trust"]["void"], whole["trust"]["void"]);
    assert_eq!(n_samples(&results), n_samples(&whole));
}

#[test]
fn a_model_file_that_changes_mid_run_costs_its_own_cells() {
    for (change, word) in [
        (
            (|path| std::fs::remove_file(path)) as fn(&std::path::Path) -> std::io::Result<()>,
            "is gone",
        ),
        (|path| std::fs::write(path, b"GGUF, but another"), "was changed"),
    ] {
        let lab = Lab::new();
        lab.script(r#"{"real_sleep_us": 5000}"#);
        let mut child = lab
            .compare(&["--kv", "f16", "--launches", "2", "--rounds", "8", "-q"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("kvant starts");
        let journal = lab.path("run/journal.jsonl");
        wait_for_sample(&journal);
        change(&lab.path("models/tiny-Q8_0.gguf")).expect("the file is there");
        assert_eq!(child.wait().expect("it ends").code(), Some(3), "{word}");
        let results = lab.results();
        for cell in results["cells"].as_array().expect("an array") {
            let reason = cell["reason"].as_str().unwrap_or("");
            assert_eq!(cell["variant"] == "Q8_0", reason.contains(word), "{cell}");
        }
    }
}

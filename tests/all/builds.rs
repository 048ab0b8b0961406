//! Arms from several executables: `compare --worker` and `gate`, through real processes. The executables are scripts that give the same kvant
//! another script of the test engine.

use crate::util::{run_for, stderr, Lab};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

/// `NAME=PATH` of an executable: kvant with a script of its own.
pub fn build(lab: &Lab, name: &str, script: &str) -> String {
    let json = lab.path(&format!("{name}.json"));
    std::fs::write(&json, script).expect("it can be written");
    let kvant = env!("CARGO_BIN_EXE_kvant");
    executable(
        lab,
        name,
        &format!("KVANT_FAKE_ENGINE='{}' exec '{kvant}' \"$@\"", json.display()),
    )
}

fn executable(lab: &Lab, name: &str, script: &str) -> String {
    let path = lab.path(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("it can be written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be made executable");
    format!("{name}={}", path.display())
}

/// A script of a machine on which a token takes so long.
pub fn speed(prefill_ns: u32, decode_ns: u32) -> String {
    let costs = format!(r#"[{{"prefill_ns": {prefill_ns}, "decode_ns": {decode_ns}}}]"#);
    format!(r#"{{"noise": 0.002, "token_noise": 0.002, "costs": {costs}}}"#)
}

#[test]
fn builds_are_compared_side_by_side() {
    let lab = Lab::new();
    let old = build(&lab, "old", &speed(1_000_000, 12_000_000));
    let new = build(&lab, "new", &speed(1_000_000, 6_000_000));
    let mut args = vec!["--worker", &old, "--worker", &new, "--variants", "Q8_0"];
    args.extend([
        "--rounds",
        "8",
        "--launches",
        "4",
        "--quality",
        "on",
        "--quality-chunks",
        "4",
    ]);
    run_for(&mut lab.compare(&args), 0);
    let results = lab.results();
    let all = |of: &str| results[of].as_array().expect("an array").clone();
    let decode: Vec<Value> = all("cells").into_iter().filter(|c| c["workload"] == "decode").collect();
    let arms: Vec<&str> = decode.iter().filter_map(|c| c["arm"].as_str()).collect();
    let kv = ["Q8_0 (old) kv q8_0", "Q8_0 (new) kv q8_0", "Q8_0 (old) control"];
    assert_eq!(arms, [&["Q8_0 (old)", "Q8_0 (new)"], &kv[..]].concat());
    let against = &decode[1]["vs_baseline"];
    assert_eq!(
        (&against["factor"], &against["verdict"]),
        (&"build".into(), &"faster".into()),
        "{against}"
    );
    let names: Vec<Value> = all("builds").iter().map(|b| b["name"].clone()).collect();
    assert_eq!(names, ["old", "new"]);
    let rows = std::fs::read_to_string(lab.path("run/llama-bench.jsonl")).expect("rows");
    for name in ["old", "new"] {
        assert!(
            rows.contains(&format!(r#""build_commit": "fake 1 ({name})""#)),
            "{rows}"
        );
    }
    let of_new = all("quality").into_iter().filter(|q| q["arm"] == "Q8_0 (new)");
    let kld: Vec<Option<f64>> = of_new.map(|q| q["kld_mean"]["value"].as_f64()).collect();
    assert_eq!(kld, [Some(0.0)], "the same kernels");
    let report = std::fs::read_to_string(lab.path("run/report.md")).expect("a report");
    assert!(report.contains("new diverges from old by 0"), "{report}");
}

#[test]
fn what_is_no_worker_is_one_clear_error() {
    let lab = Lab::new();
    let good = build(&lab, "good", "{}");
    let hello = |name: &str, action: &str| {
        build(
            &lab,
            name,
            &format!(r#"{{"faults":[{{"at":"hello","action":"{action}"}}]}}"#),
        )
    };
    let cases = [
        ("gone=nowhere/kvant".to_owned(), "No such file"),
        (executable(&lab, "quiet", "exit 0"), "exited with code 0"),
        (executable(&lab, "chatty", "echo hello"), "no reply: 'hello'"),
        (hello("other", "wrong_version"), "speaks protocol"),
        (hello("killed", "kill"), "signal 9"),
    ];
    for (worker, why) in cases {
        let output = run_for(&mut lab.compare(&["--worker", &good, "--worker", &worker]), 2);
        let said = stderr(&output);
        assert!(
            said.contains(why) && said.contains(&format!("--worker {worker}: ")),
            "{said}"
        );
        assert!(!lab.path("run").exists(), "nothing is begun");
    }
    let output = run_for(&mut lab.compare(&["--worker", &good, "--worker", &good]), 2);
    assert!(stderr(&output).contains("good is listed twice"), "{}", stderr(&output));
}

#[test]
fn a_build_that_dies_costs_its_own_cells_only() {
    let lab = Lab::new();
    let good = build(&lab, "good", "{}");
    let bad = build(
        &lab,
        "bad",
        r#"{"faults":[{"at":"measure","workload":"decode","action":"kill"}]}"#,
    );
    let args = ["--variants", "Q8_0", "--kv", "f16", "--worker", &good, "--worker", &bad];
    run_for(&mut lab.compare(&args), 3);
    for cell in lab.results()["cells"].as_array().expect("an array") {
        let is_dead = cell["build"] == "bad" && cell["workload"] == "decode";
        assert_eq!(cell["outcome"], if is_dead { "crashed" } else { "ok" }, "{cell}");
    }
}

/// `kvant gate` of two builds into `run/`.
fn gate(lab: &Lab, builds: &[&str], more: &[&str]) -> std::process::Command {
    let mut args = vec!["gate", "models/tiny-Q8_0.gguf", "--out", "run", "--budget", "20s"];
    args.extend(["--n-prompt", "128", "--depth", "128"]);
    args.extend(builds.iter().flat_map(|build| ["--worker", build]));
    lab.kvant(&[&args[..], more].concat())
}

fn file(lab: &Lab, name: &str) -> String {
    std::fs::read_to_string(lab.path("run").join(name)).expect(name)
}

#[test]
fn a_gate_passes_equal_builds_and_fails_one_that_is_slower() {
    let lab = Lab::new();
    let base = build(&lab, "base", &speed(1_000_000, 10_000_000));
    let same = build(&lab, "same", &speed(1_000_000, 10_000_000));
    let slow = build(&lab, "slow", &speed(1_000_000, 10_600_000));
    let output = run_for(&mut gate(&lab, &[&base, &same], &[]), 0);
    let md = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(md.starts_with("# Passed: same against base\n"), "{md}");
    assert_eq!(md, file(&lab, "gate.md"));
    assert!(file(&lab, "junit.xml").contains(r#"tests="2" failures="0" errors="0""#));
    let results = lab.results();
    assert_eq!(results["gate"]["standing"], "passed");
    assert_eq!(
        results["run"]["stopped_by"], "decided",
        "it ends when the answer is settled"
    );

    std::fs::remove_dir_all(lab.path("run")).expect("it is there");
    let output = run_for(&mut gate(&lab, &[&base, &slow], &[]), 6);
    let md = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        md.starts_with("# Failed: slow against base\n") && md.contains("tg32 @ d128"),
        "{md}"
    );
    let xml = file(&lab, "junit.xml");
    assert!(
        xml.contains(r#"tests="2" failures="1" errors="0""#) && xml.contains("<failure message="),
        "{xml}"
    );
    run_for(&mut lab.kvant(&["report", "run"]), 6);

    std::fs::remove_dir_all(lab.path("run")).expect("it is there");
    run_for(&mut gate(&lab, &[&base, &slow], &["--fail-on", "slower:10%"]), 0);
}

#[test]
fn a_gate_tells_what_computes_something_else() {
    let lab = Lab::new();
    let script = |noise: f64| {
        format!(r#"{{"costs": [{{"prefill_ns": 1000000, "decode_ns": 9000000, "logit_noise": {noise}}}]}}"#)
    };
    let base = build(&lab, "base", &script(0.0));
    let (twin, other) = (build(&lab, "twin", &script(0.0)), build(&lab, "other", &script(0.2)));
    run_for(&mut gate(&lab, &[&base, &other], &["--fail-on", "kld:1e-4"]), 6);
    let (md, results) = (file(&lab, "gate.md"), lab.results());
    assert!(md.contains("other computes something else than base"), "{md}");
    assert_eq!(results["gate"]["kld"]["standing"], "failed");
    std::fs::remove_dir_all(lab.path("run")).expect("it is there");
    run_for(&mut gate(&lab, &[&base, &twin], &["--fail-on", "kld:1e-4"]), 0);
}

#[test]
fn a_gate_whose_worker_dies_says_so_everywhere() {
    let lab = Lab::new();
    let good = build(&lab, "good", "{}");
    let bad = build(
        &lab,
        "bad",
        r#"{"faults":[{"at":"measure","workload":"decode","action":"kill"}]}"#,
    );
    let output = run_for(&mut gate(&lab, &[&good, &bad], &["--budget", "3s"]), 3);
    let md = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        md.starts_with("# Not measured: bad against good\n") && md.contains("signal 9"),
        "{md}"
    );
    let xml = file(&lab, "junit.xml");
    assert!(
        xml.contains(r#"failures="0" errors="1""#) && xml.contains("signal 9"),
        "{xml}"
    );
    let output = run_for(&mut gate(&lab, &[&good], &[]), 2);
    assert!(
        stderr(&output).contains("--worker candidate=PATH"),
        "{}",
        stderr(&output)
    );
}

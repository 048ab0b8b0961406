//! `kvant compare` from flags to report, through real processes and the scripted engine.

use crate::util::{run_for, stderr, Lab};
use crate::write_test::tiny_llama;
use kvant::gguf::Writer;
use serde_json::Value;
use std::collections::BTreeSet;

fn cells<'a>(results: &'a Value, workload: &str) -> Vec<&'a Value> {
    let all = results["cells"].as_array().expect("an array");
    all.iter().filter(|c| c["workload"] == workload).collect()
}

#[test]
fn a_run_leaves_a_report_with_every_row() {
    let lab = Lab::new();
    let output = run_for(&mut lab.compare(&["--rounds", "6", "--depths", "128,512"]), 0);
    for name in [
        "journal.jsonl",
        "results.json",
        "results.csv",
        "report.md",
        "charts/decode.svg",
        "charts/decode.png",
    ] {
        assert!(
            lab.path("run").join(name).is_file(),
            "{name} is missing: {}",
            stderr(&output)
        );
    }
    let results = lab.results();
    assert_eq!(results["schema"], "kvant.results/2");
    assert_eq!(results["run"]["complete"], true);
    assert_eq!(results["run"]["stopped_by"], "rounds");
    assert_eq!(results["memory"].as_array().expect("an array").len(), 4);
    assert_eq!(
        (cells(&results, "prefill").len(), cells(&results, "decode").len()),
        (5, 10)
    );
    assert_eq!(cells(&results, "no_reuse").len(), 6);
    for cell in results["cells"].as_array().expect("an array") {
        assert_eq!(cell["outcome"], "ok");
        assert_eq!(cell["samples_ns"].as_array().expect("an array").len(), 6);
        let tps = &cell["tps"];
        assert!(
            tps["lo"].as_f64() <= tps["value"].as_f64() && tps["value"].as_f64() <= tps["hi"].as_f64(),
            "{tps}"
        );
    }
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(stdout.contains("scripted test engine"), "{stdout}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
}

#[test]
fn the_scripted_speeds_come_out_as_they_went_in() {
    let lab = Lab::new();
    lab.script(
        r#"{"noise": 0.002, "token_noise": 0.002, "costs": [
            {"file": "F16", "prefill_ns": 1000000, "decode_ns": 12000000},
            {"file": "Q8_0", "prefill_ns": 1000000, "decode_ns": 6000000},
            {"file": "Q4_K", "prefill_ns": 2000000, "decode_ns": 4000000}]}"#,
    );
    run_for(&mut lab.compare(&["--rounds", "8", "--launches", "4"]), 0);
    let results = lab.results();
    let verdict = |workload: &str, variant: &str| {
        let all = cells(&results, workload);
        let cell = all
            .iter()
            .find(|c| c["variant"] == variant && c["type_k"] == "f16" && c["is_control"] == false);
        let found = &cell.expect("the cell")["vs_baseline"];
        (
            found["ratio"]["value"].as_f64().expect("a ratio"),
            found["verdict"].as_str().expect("a verdict").to_owned(),
        )
    };
    for (workload, variant, ratio, word) in [
        ("decode", "Q8_0", 2.0, "faster"),
        ("decode", "Q4_K_M", 3.0, "faster"),
        ("prefill", "Q4_K_M", 0.5, "slower"),
        ("prefill", "Q8_0", 1.0, "same"),
    ] {
        let (found, verdict) = verdict(workload, variant);
        assert!(
            (found / ratio).ln().abs() < 0.03,
            "{workload} {variant}: {found} for {ratio}"
        );
        assert_eq!(verdict, word, "{workload} {variant}");
    }
    assert_eq!(results["control"]["verdict"], "same", "{}", results["control"]);
}

#[test]
fn json_goes_to_stdout_and_chatter_to_stderr() {
    let lab = Lab::new();
    let output = run_for(&mut lab.compare(&["--json"]), 0);
    let printed: Value = serde_json::from_slice(&output.stdout).expect("stdout is results.json");
    assert_eq!(printed, lab.results());
    let quiet = Lab::new();
    let output = run_for(&mut quiet.compare(&["--json", "-q"]), 0);
    assert_eq!(stderr(&output), "");
}

#[test]
fn the_same_seed_gives_the_same_order_and_another_seed_another() {
    let order = |seed: &str| {
        let lab = Lab::new();
        run_for(&mut lab.compare(&["--seed", seed]), 0);
        lab.samples()
            .iter()
            .map(|s| (s.round, s.position, s.cell))
            .collect::<Vec<_>>()
    };
    assert_eq!(order("7"), order("7"));
    assert_ne!(order("7"), order("8"));
}

#[test]
fn report_renders_a_journal_again_byte_for_byte() {
    let lab = Lab::new();
    run_for(&mut lab.compare(&[]), 0);
    run_for(&mut lab.kvant(&["report", "run", "--out", "again"]), 0);
    for name in [
        "report.md",
        "results.json",
        "results.csv",
        "charts/decode.svg",
        "charts/decode.png",
    ] {
        let read = |folder: &str| std::fs::read(lab.path(folder).join(name)).expect("it is there");
        assert!(read("run") == read("again"), "{name} differs");
    }
}

/// What a user gets wrong: (arguments, exit code, words in the error).
#[test]
fn bad_input_gives_one_clear_error_and_leaves_nothing() {
    let lab = Lab::new();
    std::fs::create_dir(lab.path("empty")).expect("it can be made");
    std::fs::write(lab.path("text.gguf"), "not a model, just some text\n").expect("it can be written");
    let whole = tiny_llama(256, 1, (1, 2), Some(1)).bytes();
    std::fs::write(lab.path("cut.gguf"), &whole[..whole.len() - 100]).expect("it can be written");
    let bert = Writer::new()
        .str("general.architecture", "bert")
        .u32("bert.pooling_type", 1)
        .bytes();
    std::fs::write(lab.path("bert.gguf"), bert).expect("it can be written");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["nowhere.gguf"], 2, "nowhere.gguf"),
        (&["empty"], 2, "no .gguf file"),
        (&["text.gguf"], 2, "text.gguf"),
        (&["cut.gguf"], 2, "truncated"),
        (&["bert.gguf"], 2, "embedding"),
        (&["models", "--n-ctx", "0"], 2, "--n-ctx"),
        (&["models", "--n-ctx", "256"], 2, "need 2080"),
        (&["models", "--variants", "F16,Q9_X"], 2, "Q9_X"),
        (&["models", "--variants", "F16,f16"], 2, "listed twice"),
        (&["models", "--kv", "f16,q3"], 2, "q3"),
        (
            &["models", "--kv", "f16,q8_0", "--flash-attn", "off"],
            2,
            "flash attention",
        ),
        (&["models", "--depths", "0"], 2, "depths"),
        (&["models", "--depths", "many"], 2, "many"),
        (&["models", "--threads", "0"], 2, "0"),
        (&["models", "--threads", "2,2"], 2, "listed twice"),
        (&["models", "--budget", "soon"], 2, "soon"),
        (&["models", "--precision", "0%"], 2, "0%"),
        (&["models", "--no-such-flag"], 2, "no-such-flag"),
        (&["models", "--resume"], 2, "--out"),
        (&["--resume", "--out", "fresh"], 5, "journal.jsonl"),
        (&["models", "--n-ctx", "2000000000"], 4, "needs about"),
    ];
    for (args, code, word) in cases {
        let args: Vec<&str> = std::iter::once("compare").chain(args.iter().copied()).collect();
        let output = run_for(&mut lab.kvant(&args), *code);
        let text = stderr(&output);
        assert!(text.contains(word), "{args:?}: '{word}' is not in: {text}");
        assert_eq!(text.matches("error:").count(), 1, "{args:?}: {text}");
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(!lab.path("reports").exists(), "{args:?} left a run");
    }
}

#[test]
fn a_run_is_never_overwritten() {
    let lab = Lab::new();
    run_for(&mut lab.compare(&[]), 0);
    let before = std::fs::read(lab.path("run/journal.jsonl")).expect("it is there");
    let output = run_for(&mut lab.compare(&[]), 5);
    assert!(stderr(&output).contains("--resume"), "{}", stderr(&output));
    assert_eq!(
        before,
        std::fs::read(lab.path("run/journal.jsonl")).expect("it is there")
    );
}

#[test]
fn every_flag_of_a_cell_reaches_its_row() {
    let lab = Lab::new();
    let flags = [
        "--threads",
        "3",
        "--n-batch",
        "256",
        "--n-ubatch",
        "64",
        "--n-ctx",
        "1024",
        "--kv",
        "f16/q8_0",
        "--n-gen",
        "5",
    ];
    run_for(&mut lab.compare(&flags), 0);
    let results = lab.results();
    let decode = cells(&results, "decode");
    for (key, value) in [
        ("n_threads", 3),
        ("n_batch", 256),
        ("n_ubatch", 64),
        ("n_ctx", 1024),
        ("n_gen", 5),
        ("n_depth", 128),
    ] {
        assert_eq!(decode[0][key], value, "{key}");
    }
    assert_eq!(
        (&decode[0]["type_k"], &decode[0]["type_v"]),
        (&"f16".into(), &"q8_0".into())
    );
    let variants: BTreeSet<&str> = decode.iter().filter_map(|c| c["variant"].as_str()).collect();
    assert_eq!(variants, BTreeSet::from(["F16", "Q8_0", "Q4_K_M"]));
}

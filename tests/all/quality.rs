//! Quality through real processes and the scripted engine: rows, errors, resuming by chunk.

use crate::util::{run_for, stderr, Lab};
use kvant::data::{Chunk, QualityRecord, Record};
use serde_json::Value;
use std::process::Command;

/// A run with quality, on short windows of a text of its own.
fn compare(lab: &Lab, args: &[&str]) -> Command {
    let text: String = (0..400)
        .map(|i| format!("Line {i} of the text says {}.\n", i * 7 % 13))
        .collect();
    std::fs::write(lab.path("text.txt"), text).expect("it can be written");
    let mut all = vec!["--quality", "on", "--quality-ctx", "32", "--text", "text.txt"];
    all.extend(args);
    lab.compare(&all)
}

fn records(lab: &Lab) -> Vec<QualityRecord> {
    let journal = kvant::journal::read(&lab.path("run/journal.jsonl")).expect("a good journal");
    let quality = |record| match record {
        Record::Quality(q) => Some(q),
        _ => None,
    };
    journal.records.into_iter().filter_map(quality).collect()
}

fn row<'a>(results: &'a Value, arm: &str) -> &'a Value {
    let rows = results["quality"].as_array().expect("an array");
    rows.iter().find(|r| r["arm"] == arm).expect("a row for each arm")
}

#[test]
fn every_arm_gets_a_row_and_the_baseline_against_itself_is_exact() {
    let lab = Lab::new();
    run_for(&mut compare(&lab, &["--quality-chunks", "24"]), 0);
    let results = lab.results();
    let control = row(&results, "F16 control");
    assert_eq!(
        (
            &control["kld_mean"]["value"],
            &control["same_top"]["value"],
            &control["ppl_ratio"]["value"]
        ),
        (&0.0.into(), &1.0.into(), &1.0.into())
    );
    let kld = |arm: &str| row(&results, arm)["kld_mean"]["value"].as_f64().expect("scored");
    assert!(
        0.0 < kld("Q8_0") && kld("Q8_0") < kld("Q4_K_M"),
        "the script's noise comes out in its order"
    );
    assert!(kld("F16 kv q8_0") > 0.0 && kld("F16 kv q4_0") > 0.0);
    let q4 = row(&results, "Q4_K_M");
    assert_eq!(q4["n_scored"], q4["n_chunks"].as_u64().expect("a number") * 15);
    assert!(q4["kld_mean"]["lo"].as_f64() <= q4["kld_mean"]["value"].as_f64());
    for name in ["quality.csv", "charts/kld_size.svg", "charts/kld_position.png"] {
        assert!(lab.path("run").join(name).is_file(), "{name} is missing");
    }
    let report = std::fs::read_to_string(lab.path("run/report.md")).expect("it is there");
    for words in [
        "change in PPL | KLD, nats",
        "## Quality",
        "Windows of 32 tokens",
        "parts from F16",
    ] {
        assert!(report.contains(words), "'{words}' is not in the report");
    }
    assert!(!lab.path("run/logs").join("logits").exists());
}

#[test]
fn scoring_stops_on_precision_and_full_scores_everything() {
    let stopped = |args: &[&str]| {
        let lab = Lab::new();
        run_for(&mut compare(&lab, args), 0);
        records(&lab).len()
    };
    // 400 lines of about 27 bytes: some 340 windows.
    let early = stopped(&["--quality-precision", "90%"]);
    assert_eq!(early, 12, "the first look");
    assert_eq!(
        stopped(&["--quality-precision", "0.001%", "--quality-chunks", "30"]),
        30
    );
    let all = stopped(&[
        "--quality",
        "full",
        "--kv",
        "f16",
        "--quality-kv",
        "f16",
        "--variants",
        "F16,Q8_0",
    ]);
    assert!(all > 300, "{all} chunks");
}

#[test]
fn a_run_cut_short_while_scoring_goes_on_by_chunk_and_ends_the_same() {
    let args = ["--quality-precision", "0.001%", "--quality-chunks", "14", "--seed", "1"];
    let whole = Lab::new();
    run_for(&mut compare(&whole, &args), 0);
    let lab = Lab::new();
    run_for(&mut compare(&lab, &args), 0);
    // As after kill -9: everything after the fifth chunk is gone, and half a line is left.
    let path = lab.path("run/journal.jsonl");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let fifth = text
        .match_indices(r#""record":{"quality":"#)
        .nth(5)
        .expect("more than five")
        .0;
    std::fs::write(&path, &text[..fifth + 40]).expect("it can be written");
    std::fs::remove_dir_all(lab.path("store/scores")).expect("scores are kept");
    run_for(&mut compare(&lab, &[&args[..], &["--resume"]].concat()), 0);
    assert_eq!(lab.blocks().len(), whole.blocks().len());
    let strip = |lab: &Lab| -> Vec<(Chunk, Value)> {
        let of = |r: QualityRecord| (r.chunk, serde_json::to_value(r.scores).expect("it serialises"));
        records(lab).into_iter().map(of).collect()
    };
    assert_eq!(strip(&lab), strip(&whole));
    assert_eq!(lab.results()["quality"], whole.results()["quality"]);
}

#[test]
fn what_was_scored_before_is_not_scored_again() {
    let lab = Lab::new();
    run_for(&mut compare(&lab, &["--quality-chunks", "6"]), 0);
    let first = records(&lab);
    assert!(first.iter().all(|r| !r.is_cached && r.ns > 0));
    std::fs::remove_dir_all(lab.path("run")).expect("it is there");
    run_for(&mut compare(&lab, &["--quality-chunks", "6"]), 0);
    let again = records(&lab);
    assert!(again.iter().all(|r| r.is_cached && r.ns == 0));
    assert_eq!(first.len(), again.len());
    for (first, again) in first.iter().zip(&again) {
        let of = |r: &QualityRecord, arm: usize| r.scores.iter().find(|(a, _)| *a == arm).cloned();
        for (arm, score) in &again.scores {
            assert_eq!(of(first, *arm), Some((*arm, score.clone())));
        }
    }
    // Another file is another question.
    let file = lab.path("models/tiny-Q8_0.gguf");
    let mut bytes = std::fs::read(&file).expect("it is there");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(&file, bytes).expect("it can be written");
    std::fs::remove_dir_all(lab.path("run")).expect("it is there");
    run_for(&mut compare(&lab, &["--quality-chunks", "6"]), 0);
    assert!(records(&lab).iter().all(|r| !r.is_cached));
}

#[test]
fn texts_that_cannot_be_scored_are_refused_before_anything_is_measured() {
    let lab = Lab::new();
    let write = |name: &str, bytes: &[u8]| std::fs::write(lab.path(name), bytes).expect("it can be written");
    write("empty.txt", b"");
    write("short.txt", b"Too short a text.");
    write("binary.txt", b"GGUF\0\0\x03");
    write("latin.txt", b"caf\xe9 caf\xe9");
    for (args, word) in [
        (&["--text", "empty.txt"][..], "empty"),
        (&["--text", "short.txt"], "two windows of 512"),
        (&["--text", "binary.txt"], "binary"),
        (&["--text", "latin.txt"], "UTF-8"),
        (&["--text", "nowhere.txt"], "nowhere.txt"),
        (&["--quality-ctx", "0"], "--quality-ctx"),
        (&["--quality-ctx", "8"], "at least 16"),
        (&["--quality", "perhaps"], "perhaps"),
    ] {
        let mut all = vec!["--quality", "on"];
        all.extend(args);
        let output = run_for(&mut lab.compare(&all), 2);
        assert!(stderr(&output).contains(word), "{args:?}: {}", stderr(&output));
        assert!(!lab.path("run").exists(), "{args:?} left a run");
    }
}

/// Tokens are known only after loading: 600 bytes may be two windows of 256, but here a window has 300 of 601 tokens.
#[test]
fn a_text_with_too_few_tokens_is_refused_before_speed_is_measured() {
    let lab = Lab::new();
    std::fs::write(lab.path("text.txt"), "x".repeat(1022)).expect("it can be written");
    let args = ["--quality", "on", "--text", "text.txt", "--quality-ctx", "512"];
    let output = run_for(&mut lab.compare(&args), 2);
    assert!(stderr(&output).contains("two windows"), "{}", stderr(&output));
}

#[test]
fn an_arm_that_cannot_be_scored_has_a_reason_and_no_numbers() {
    for (script, arm, word) in [
        (r#"{"other_vocab": ["Q8_0"]}"#, "Q8_0", "vocabulary"),
        (
            r#"{"faults": [{"file": "Q8_0", "at": "score", "after": 3, "action": "not_finite"}]}"#,
            "Q8_0",
            "not finite",
        ),
        (
            r#"{"faults": [{"file": "Q4_K", "at": "score", "action": "abort"}]}"#,
            "Q4_K_M",
            "SIGABRT",
        ),
        (
            r#"{"faults": [{"file": "Q4_K", "at": "score", "action": "wrong_answer"}]}"#,
            "Q4_K_M",
            "out of turn",
        ),
    ] {
        let lab = Lab::new();
        lab.script(script);
        let args = ["--quality-chunks", "14", "--quality-precision", "0.001%"];
        let output = run_for(&mut compare(&lab, &args), 3);
        assert!(stderr(&output).contains("quality of"), "{}", stderr(&output));
        let results = lab.results();
        let failed = row(&results, arm);
        assert!(failed["reason"].as_str().expect("a reason").contains(word), "{failed}");
        for key in ["ppl", "kld_mean", "verdict"] {
            assert!(failed[key].is_null(), "{key} of {arm}: {failed}");
        }
        let other = if arm == "Q8_0" { "Q4_K_M" } else { "Q8_0" };
        assert_eq!(row(&results, other)["outcome"], "ok");
        assert_eq!(row(&results, other)["n_chunks"], 14);
    }
}

#[test]
fn without_a_baseline_nothing_is_scored() {
    let lab = Lab::new();
    lab.script(r#"{"faults": [{"file": "F16", "type_k": "f16", "at": "score", "action": {"refuse": "no slot"}}]}"#);
    run_for(&mut compare(&lab, &[]), 3);
    let results = lab.results();
    for row in results["quality"].as_array().expect("an array") {
        assert!(row["ppl"].is_null(), "{row}");
    }
}

//! The workloads on request, from flags to report: through real processes and the scripted engine.

use crate::util::{run_for, Lab};
use serde_json::Value;

/// Costs without noise: prefill 1 ms and decode 5 ms a token at any depth.
const FLAT: &str =
    r#""noise": 0, "token_noise": 0, "costs": [{"prefill_ns": 1000000, "decode_ns": 5000000, "growth_per_1000": 0}]"#;

/// `results.json` of a run of these workloads, checked against the schema, and its report.
fn measured(lab: &Lab, args: &[&str], code: i32) -> (Value, String) {
    run_for(&mut lab.compare(args), code);
    let results = lab.results();
    let report = std::fs::read_to_string(lab.path("run/report.md")).expect("a report");
    (results, report)
}

fn near(value: &Value, expected: f64) -> bool {
    (value.as_f64().expect("a number") / expected - 1.0).abs() < 1e-4
}

/// The array of a workload in `results.json`.
pub fn rows<'a>(results: &'a Value, workload: &str) -> &'a Vec<Value> {
    results["workloads"][workload].as_array().expect("an array")
}

#[test]
fn what_was_not_asked_for_is_not_measured() {
    let lab = Lab::new();
    let (results, report) = measured(&lab, &[], 0);
    for (workload, title) in [
        ("prefix_reuse", "## Prefix reuse"),
        ("batched", "## Several sequences"),
        ("state", "## Saving"),
        ("speculative", "## Speculative"),
        ("requests", "## Users"),
    ] {
        assert!(
            rows(&results, workload).is_empty() && !report.contains(title),
            "{workload}"
        );
    }
}

#[test]
fn a_follow_up_prompt_is_as_much_sooner_as_it_shares() {
    let lab = Lab::new();
    lab.script(&format!("{{{FLAT}}}"));
    let (results, report) = measured(
        &lab,
        &["--workloads", "prefix-reuse", "--n-prompt", "200", "--launches", "2"],
        0,
    );
    let found = rows(&results, "prefix_reuse");
    assert_eq!(found.len(), 9, "three variants, three shares");
    for row in found {
        let n_shared = row["n_shared"].as_f64().expect("a number");
        // Sampling the first token costs the scripted engine a microsecond.
        let expected = 200.001 / (200.001 - n_shared);
        let ratio = row["factor"]["value"].as_f64().expect("a number");
        assert!((ratio / expected - 1.0).abs() < 1e-6, "{row}");
        assert!(near(&row["cold_ns"]["value"], 200_001_000.0), "{row}");
    }
    assert!(
        report.contains("## Prefix reuse") && report.contains("180 (90.0 %)"),
        "{report}"
    );
    assert!(
        report.contains("10.0x") && report.contains("charts/prefix_reuse.svg"),
        "{report}"
    );
    assert!(lab.path("run/charts/prefix_reuse.png").is_file());
}

#[test]
fn a_model_that_cannot_reuse_a_prefix_gives_rows_with_the_reason() {
    let lab = Lab::new();
    lab.script(r#"{"recurrent": ["Q8_0"]}"#);
    let (results, report) = measured(&lab, &["--workloads", "prefix_reuse,decode"], 3);
    for row in rows(&results, "prefix_reuse") {
        let why = row["reason"].as_str().unwrap_or_default();
        assert_eq!(
            why.contains("cannot drop single tokens"),
            row["variant"] == "Q8_0",
            "{row}"
        );
        assert_eq!(row["factor"].is_null(), row["variant"] == "Q8_0", "{row}");
    }
    assert!(report.contains("cannot drop single tokens"), "{report}");
    let cells = results["cells"].as_array().expect("an array");
    assert!(cells
        .iter()
        .any(|c| c["variant"] == "Q8_0" && c["workload"] == "decode" && c["outcome"] == "ok"));
}

#[test]
fn sequences_at_once_gain_what_they_share() {
    let lab = Lab::new();
    lab.script(&format!("{{\"further_seq\": 0.25, {FLAT}}}"));
    let (results, report) = measured(
        &lab,
        &["--workloads", "batched", "--n-seq", "1,4,16", "--launches", "2"],
        0,
    );
    let found = rows(&results, "batched");
    assert_eq!(found.len(), 3 * 2 * 3, "three variants, own and shared, three numbers");
    for row in found {
        let n = row["n_seq"].as_f64().expect("a number");
        // A step of one sequence takes 5 ms.
        let (total, gain) = (200.0 * n / (1.0 + 0.25 * (n - 1.0)), n / (1.0 + 0.25 * (n - 1.0)));
        assert!(
            near(&row["total_tps"]["value"], total) && near(&row["tps"]["value"], total / n),
            "{row}"
        );
        match row["n_seq"].as_u64() {
            Some(1) => assert!(row["gain"].is_null(), "{row}"),
            _ => assert!(near(&row["gain"]["value"], gain), "{row}"),
        }
    }
    assert!(report.contains("## Several sequences at once"), "{report}");
    assert!(report.contains("16 sequences at once get 3.37x"), "{report}");
    assert!(lab.path("run/charts/batched.svg").is_file());
}

#[test]
fn numbers_of_sequences_are_checked() {
    let lab = Lab::new();
    for wrong in ["0", "1,1", "257", "many"] {
        let output = run_for(&mut lab.compare(&["--workloads", "batched", "--n-seq", wrong]), 2);
        assert!(crate::util::stderr(&output).contains("n-seq"), "{wrong}");
    }
}

#[test]
fn a_state_is_worth_restoring_where_it_is_faster() {
    let lab = Lab::new();
    lab.script(&format!("{{\"state_ns\": 100000, {FLAT}}}"));
    let (results, report) = measured(&lab, &["--workloads", "state", "--depths", "128,64"], 0);
    let found = rows(&results, "state");
    assert_eq!(found.len(), 6, "three variants, two depths");
    for row in found {
        let n = row["n_depth"].as_u64().expect("a number");
        assert!(near(&row["recompute_ns"]["value"], (n * 1_000_000) as f64), "{row}");
        for part in ["save_ns", "restore_ns", "write_ns", "read_ns"] {
            assert!(near(&row[part]["value"], (n * 100_000) as f64), "{part}: {row}");
        }
        let factor = row["read_factor"]["value"].as_f64().expect("a number");
        assert!((factor - 10.0).abs() < 1e-6, "{row}");
        assert_eq!(row["state_bytes"], 8 + 4 * n, "{row}");
        assert!(row["file_bytes"].as_u64() > Some(100 + 8 + 4 * n), "{row}");
    }
    for even in rows(&results, "state_break_even") {
        assert_eq!(
            (&even["disk"]["wins_from"], &even["disk"]["open_from"]),
            (&64.into(), &Value::Null)
        );
    }
    assert!(report.contains("## Saving and restoring states"), "{report}");
    assert!(
        report.contains("at every depth measured (from 64 tokens on)"),
        "{report}"
    );
    let left = std::fs::read_dir(lab.path("run/logs")).expect("logs");
    let left: Vec<_> = left.filter_map(|e| Some(e.ok()?.file_name())).collect();
    assert!(
        left.iter().all(|name| name.to_string_lossy().ends_with(".log")),
        "{left:?}"
    );
}

#[test]
fn a_draft_pays_where_it_is_quick_and_right() {
    let lab = Lab::new();
    // The draft costs a fifth of the target, and agrees; a pass of five costs as much as one of a single token.
    lab.script(
        r#"{"noise": 0, "token_noise": 0, "further_seq": 0, "costs": [
            {"file": "Q4_K_M", "prefill_ns": 1000000, "decode_ns": 1000000, "growth_per_1000": 0},
            {"prefill_ns": 1000000, "decode_ns": 5000000, "growth_per_1000": 0}]}"#,
    );
    let (results, report) = measured(
        &lab,
        &["--workloads", "speculative", "--depths", "64", "--n-gen", "30"],
        0,
    );
    let [row] = &rows(&results, "speculative")[..] else {
        panic!("the baseline alone, at one depth: {results}")
    };
    assert_eq!(
        (&row["variant"], &results["draft"]["name"]),
        (&"F16".into(), &"Q4_K_M".into())
    );
    assert_eq!(row["acceptance"], 1.0);
    assert_eq!(row["acceptance_by_place"], serde_json::json!([1.0, 1.0, 1.0, 1.0]));
    // Six passes of five tokens.
    assert_eq!(row["tokens_per_pass"], 5.0);
    assert_eq!((&row["n_other"], &row["n_ties"]), (&0.into(), &0.into()));
    // A pass: four drafted tokens and one that the draft lacks, at a microsecond each to choose, then the target's step.
    let factor = row["factor"]["value"].as_f64().expect("a number");
    assert!((2.0..3.0).contains(&factor), "{factor}");
    assert_eq!(row["verdict"], "faster");
    let needed = row["break_even"].as_f64().expect("a number");
    assert!((0.1..0.4).contains(&needed), "{needed}");
    for wanted in [
        "## Speculative decoding",
        "With Q4_K_M as its draft, F16 generates at depth 64 at ",
        "The target accepts 100 % [100 %, 100 %] of the drafted tokens, 5.00 tokens a pass",
        "charts/speculative.svg",
    ] {
        assert!(report.contains(wanted), "{wanted}: {report}");
    }
}

#[test]
fn a_later_launch_has_its_draft_too() {
    let lab = Lab::new();
    let args = "compare models --out run --workloads decode,speculative --depths 64 --n-gen 30 --rounds 8 --launches 2 --quality off";
    run_for(&mut lab.kvant(&args.split_whitespace().collect::<Vec<_>>()), 0);
    let results = lab.results();
    let row = &rows(&results, "speculative")[0];
    assert_eq!(row["reason"], Value::Null, "{row}");
    let interval = &row["acceptance_interval"];
    let (lo, hi) = (interval["lo"].as_f64(), interval["hi"].as_f64());
    assert!(
        lo.is_some() && lo <= row["acceptance"].as_f64() && row["acceptance"].as_f64() <= hi,
        "{row}"
    );
}

#[test]
fn a_larger_variant_does_not_draft() {
    let lab = Lab::new();
    let args = [
        "--workloads",
        "speculative",
        "--depths",
        "64",
        "--variants",
        "Q4_K_M,F16",
    ];
    let (results, report) = measured(&lab, &args, 3);
    let row = &rows(&results, "speculative")[0];
    assert_eq!((&row["variant"], &results["draft"]), (&"Q4_K_M".into(), &Value::Null));
    assert!(
        report.contains("there is no draft: compare a smaller variant too, or name a file with --draft"),
        "{report}"
    );
}

#[test]
fn all_workloads_leave_out_speculation_where_nothing_drafts() {
    let lab = Lab::new();
    let args = ["--workloads", "all", "--depths", "64", "--variants", "F16"];
    let (results, report) = measured(&lab, &args, 0);
    assert!(rows(&results, "speculative").is_empty() && !rows(&results, "state").is_empty());
    assert!(
        report.contains("speculative decoding was left out; compare a smaller variant too"),
        "{report}"
    );
}

#[test]
fn a_model_that_cannot_go_back_gives_rows_with_the_reason() {
    let lab = Lab::new();
    lab.script(r#"{"recurrent": ["F16"]}"#);
    let args = ["--workloads", "all", "--depths", "64", "--n-seq", "2"];
    let (results, report) = measured(&lab, &args, 3);
    for workload in ["prefix_reuse", "batched", "speculative"] {
        for row in rows(&results, workload) {
            let why = row["reason"].as_str().unwrap_or_default();
            let is_refused = row["variant"] == "F16";
            assert_eq!(
                why.contains("cannot drop single tokens"),
                is_refused,
                "{workload}: {row}"
            );
        }
    }
    for row in rows(&results, "state") {
        assert_eq!(row["reason"], Value::Null, "restoring a whole state is no loss: {row}");
    }
    assert!(report.contains("cannot drop single tokens"), "{report}");
}

#[test]
fn requests_take_as_long_as_their_parts() {
    let lab = Lab::new();
    lab.script(&format!("{{\"further_seq\": 0, {FLAT}}}"));
    let args = "--workloads requests --n-users 1,4 --request-prompt 100 --request-gen 21 --rounds 8";
    let (results, report) = measured(&lab, &args.split_whitespace().collect::<Vec<_>>(), 0);
    let found = rows(&results, "requests");
    assert_eq!(found.len(), 6, "three variants, two numbers of users");
    for row in found {
        let number = |value: &Value| value.as_f64().expect("a number");
        let (per_minute, p50) = (number(&row["per_minute"]["value"]), &row["latency_ns"]["p50"]);
        if row["n_users"] == 1 {
            // 100 ms of prompt, which gives the first token, and twenty of 5 ms.
            assert!((per_minute - 300.0).abs() < 1e-6, "{row}");
            assert!(near(&p50["value"], 200_000_000.0) && row["n_requests"] == 32, "{row}");
            assert!(near(&row["ttft_ns"]["p50"]["value"], 100_000_000.0), "{row}");
        } else {
            // Steps of the others are as long with one more in them, and prompts interrupt them.
            assert!(per_minute > 300.0 && per_minute < 600.0, "{row}");
            assert!(
                number(&p50["value"]) > 400e6 && number(&p50["lo"]) <= number(&p50["value"]),
                "{row}"
            );
            assert_eq!(
                row["n_requests"],
                8 * 13,
                "three of sixteen had been sent before: {row}"
            );
            assert!(
                !row["latency_ns"]["p95"].is_null() && row["latency_ns"]["p99"].is_null(),
                "{row}"
            );
        }
        assert_eq!(row["vs_baseline"].is_null(), row["variant"] == "F16", "{row}");
    }
    for wanted in [
        "## Users and their requests",
        "charts/requests.svg",
        "charts/latency.svg",
        "to 4 users at once",
    ] {
        assert!(report.contains(wanted), "{wanted}: {report}");
    }
    for wrong in [
        ["--n-users", "0"],
        ["--n-users", "257"],
        ["--request-prompt", "0"],
        ["--request-gen", "0"],
    ] {
        let args = [&["--workloads", "requests"][..], &wrong].concat();
        let output = run_for(&mut lab.compare(&args), 2);
        assert!(crate::util::stderr(&output).contains(wrong[0]), "{wrong:?}");
    }
}

#[test]
fn a_conversation_takes_as_long_as_its_turns() {
    let lab = Lab::new();
    // The cache is not emptied between turns, so that a model which cannot go back can do it too.
    lab.script(&format!("{{\"recurrent\": [\"Q8_0\"], {FLAT}}}"));
    let args = "--workloads chat --chat-turns 3 --chat-system 50 --chat-prompt 20 --chat-gen 11 --launches 2";
    let (results, report) = measured(&lab, &args.split_whitespace().collect::<Vec<_>>(), 0);
    let found = rows(&results, "chat");
    assert_eq!(found.len(), 3 * 3, "three variants, three turns");
    for row in found {
        // A millisecond for each token that is new and a microsecond to choose one; a turn after the first also has the last token of the
        // answer before. Then ten steps of 5 ms.
        let ttft_ns = if row["turn"] == 1 { 70_001_000.0 } else { 21_001_000.0 };
        assert!(
            near(&row["ttft_ns"]["value"], ttft_ns) && near(&row["tps"]["value"], 200.0),
            "{row}"
        );
        let total_ns = 70_001_000.0 + 2.0 * 21_001_000.0 + 3.0 * 50_000_000.0;
        assert!(near(&row["total_ns"]["value"], total_ns), "{row}");
        assert_eq!(row["vs_baseline"].is_null(), row["variant"] == "F16", "{row}");
    }
    let cells = results["cells"].as_array().expect("an array");
    assert!(
        cells.iter().all(|c| c["workload"] == "chat" && c["n_depth"] == 50),
        "{results}"
    );
    for wanted in ["## A conversation", "| 3 | 112 |"] {
        assert!(report.contains(wanted), "{wanted}: {report}");
    }
    for flag in ["--chat-turns", "--chat-system", "--chat-prompt", "--chat-gen"] {
        let output = run_for(&mut lab.compare(&["--workloads", "chat", flag, "0"]), 2);
        assert!(crate::util::stderr(&output).contains(flag), "{flag}");
    }
}

#[test]
fn a_recurrent_model_answers_requests_too() {
    let lab = Lab::new();
    lab.script(r#"{"recurrent": ["Q8_0"]}"#);
    let (results, _) = measured(&lab, &["--workloads", "requests", "--n-users", "2"], 0);
    assert!(
        rows(&results, "requests").iter().all(|row| row["reason"].is_null()),
        "{results}"
    );
}

#[test]
fn a_price_gives_the_cost_of_a_million_tokens() {
    let lab = Lab::new();
    lab.script(&format!("{{{FLAT}}}"));
    let (results, report) = measured(&lab, &["--price-per-hour", "0.72"], 0);
    assert_eq!(results["run"]["price_per_hour"], 0.72);
    let cells = results["cells"].as_array().expect("an array");
    let decode = cells.iter().find(|c| c["workload"] == "decode").expect("a cell");
    // 5 ms a token are 5000 s for a million.
    let cost = decode["cost_per_million"]["value"].as_f64().expect("a number");
    assert!((cost - 1.0).abs() < 1e-3, "{decode}");
    assert!(
        decode["joule_per_token"].is_null(),
        "the scripted engine uses no energy: {decode}"
    );
    assert!(
        report.contains("## Energy and cost") && report.contains("at 0.720 per hour"),
        "{report}"
    );
    run_for(&mut lab.kvant(&["report", "run", "--price-per-hour", "7.2"]), 0);
    let cell = &lab.results()["cells"][0];
    assert!(cell["cost_per_million"]["value"].as_f64().is_some(), "{cell}");
    assert_eq!(lab.results()["run"]["price_per_hour"], 7.2);
    for wrong in ["0", "-1", "free", "inf"] {
        run_for(
            &mut lab.kvant(&["report", "run", &format!("--price-per-hour={wrong}")]),
            2,
        );
    }
}

#[test]
fn a_cache_without_rotation_is_an_arm_of_its_own() {
    let lab = Lab::new();
    let args = [
        "--workloads",
        "decode",
        "--kv",
        "f16,q4_0,q4_0-norot,q8_0/f16",
        "--quality",
        "on",
        "--quality-ctx",
        "64",
    ];
    let (results, report) = measured(&lab, &args, 0);
    let cells = results["cells"].as_array().expect("an array");
    let of = |arm: &str| {
        cells
            .iter()
            .find(|c| c["arm"] == arm)
            .unwrap_or_else(|| panic!("{arm}: {results}"))
    };
    assert_eq!(
        (
            &of("F16 kv q4_0")["kv_rotation"],
            &of("F16 kv q4_0-norot")["kv_rotation"]
        ),
        (&true.into(), &false.into())
    );
    assert_eq!(of("F16 kv q4_0-norot")["vs_f16_kv"]["factor"], "kv");
    let quality = results["quality"].as_array().expect("an array");
    let kld = |arm: &str| {
        let row = quality
            .iter()
            .find(|r| r["arm"] == arm)
            .unwrap_or_else(|| panic!("{arm}: {results}"));
        row["kld_mean"]["value"].as_f64().expect("a number")
    };
    assert!(
        kld("F16 kv q4_0-norot") > 2.0 * kld("F16 kv q4_0"),
        "as the scripted engine has it"
    );
    for row in [
        "| F16 | q4_0-norot | 128 |",
        "| F16 | q8_0/f16 | 128 |",
        "| F16 | f16 | 128 | 1 | reference |",
    ] {
        assert!(report.contains(row), "{row}: {report}");
    }
    let bench = std::fs::read_to_string(lab.path("run/llama-bench.jsonl")).expect("rows");
    assert_eq!(
        bench.matches("\"type_k\": \"q4_0\"").count() + bench.matches("\"type_k\":\"q4_0\"").count(),
        1,
        "{bench}"
    );
}

#[test]
fn without_a_fitting_draft_there_is_a_row_with_the_reason() {
    let lab = Lab::new();
    lab.script(r#"{"other_vocab": ["Q4_K_M"]}"#);
    let args = [
        "--workloads",
        "decode,speculative",
        "--depths",
        "64",
        "--quality",
        "off",
    ];
    let (results, report) = measured(&lab, &args, 3);
    let why = "its vocabulary is another one";
    assert!(rows(&results, "speculative")[0]["reason"]
        .as_str()
        .is_some_and(|r| r.contains(why)));
    assert!(
        report.contains("## Speculative decoding") && report.contains(why),
        "{report}"
    );
    let cells = results["cells"].as_array().expect("an array");
    let decoded = cells
        .iter()
        .filter(|c| c["workload"] == "decode" && c["outcome"] == "ok");
    assert_eq!(decoded.count(), cells.len() - 1, "everything else was measured");
}

#[test]
fn a_draft_that_is_no_model_is_refused_at_once() {
    let lab = Lab::new();
    std::fs::write(lab.path("text.gguf"), "no model").expect("written");
    for file in ["text.gguf", "nothing.gguf"] {
        let output = run_for(&mut lab.compare(&["--workloads", "speculative", "--draft", file]), 2);
        assert!(crate::util::stderr(&output).contains(file));
    }
}

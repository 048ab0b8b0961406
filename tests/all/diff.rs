//! `kvant diff`, and llama-bench's rows out and in.

use crate::fixture;
use crate::page::assert_well_formed;
use crate::util::{run_for, stderr, Lab};
use kvant::data::{Record, RunHeader};
use kvant::journal::Writer;
use kvant::report::{
    diff_json, llama_bench_jsonl, llama_bench_sql, notebook, parse_bench, Diff, Lang, ReportModel, Several, Side,
};
use kvant::stats::Verdict;
use std::path::Path;

/// llama-bench's fields, in its order (llama.cpp's tools/llama-bench/llama-bench.cpp).
const FIELDS: &str = "build_commit build_number cpu_info gpu_info backends model_filename model_type model_size \
    model_n_params n_batch n_ubatch n_threads cpu_mask cpu_strict poll type_k type_v n_gpu_layers n_cpu_moe split_mode \
    main_gpu no_kv_offload flash_attn devices tensor_split tensor_buft_overrides load_mode lazy_mode embeddings \
    no_op_offload no_host repack fit_target fit_min_ctx n_prompt n_gen n_depth test_time avg_ns stddev_ns avg_ts stddev_ts";

fn model() -> ReportModel {
    let (header, records) = fixture::run();
    ReportModel::build(&header, &records)
}

/// The fixture on another day: other settings, another drift, and Q8_0 slower in decode by this factor.
fn later(factor: f64) -> (RunHeader, Vec<Record>) {
    let (mut header, mut records) = fixture::run();
    header.llama_cpp = "llama-cpp-sys-2 0.1.170".into();
    header.run_id.push('b');
    for arm in &mut header.plan.arms {
        arm.config.n_ubatch = 256;
    }
    for record in &mut records {
        let Record::Sample(sample) = record else { continue };
        let cell = &header.plan.cells[sample.cell];
        let is_slower = header.plan.arms[cell.arm].variant == "Q8_0" && cell.spec.n_depth() > 0;
        let other_day = [0.99, 1.02, 0.98, 1.01, 1.0, 0.985, 1.015, 1.0][sample.round as usize % 8];
        let factor = if is_slower { factor * other_day } else { other_day };
        fixture::set_ns(&mut sample.sample, |ns| ns * factor);
    }
    (header, records)
}

fn side(name: &str, (header, records): &(RunHeader, Vec<Record>)) -> Side {
    Side::of_run(name, &ReportModel::build(header, records).told(Lang::default()))
}

#[test]
fn a_slower_run_is_called_and_the_settings_that_changed_come_first() {
    let (a, b) = (side("monday", &fixture::run()), side("friday", &later(1.6)));
    let diff = Diff::between(Lang::default(), a, b);
    let names: Vec<&str> = diff.changed.iter().map(|change| change.setting.as_str()).collect();
    assert_eq!(names, ["llama.cpp", "n_ubatch"]);
    assert!(diff.only.iter().all(Vec::is_empty));
    for row in &diff.rows {
        let is_slowed = row.variant == "Q8_0" && row.work.contains("@ d");
        let expected = if is_slowed { 1.0 / 1.6 } else { 1.0 };
        assert!((row.ratio / expected - 1.0).abs() < 0.03, "{row:?}");
        let interval = row.interval.expect("both have rounds");
        assert!(
            interval.lo <= expected * 1.02 && expected * 0.98 <= interval.hi,
            "{row:?}"
        );
        let verdict = row.verdict.expect("there is an interval");
        assert_eq!(verdict == Verdict::Slower, is_slowed, "{row:?}");
        assert_ne!(verdict, Verdict::Faster);
    }
    // With four launches a condition that has to hold for all cells at once is met by half of those ten.
    let failures = diff.failures(0.05);
    assert!(
        failures.len() == 5 && failures.iter().all(|said| said.contains("Q8_0")),
        "{failures:?}"
    );
    assert_eq!(diff.failures(0.6), Vec::<String>::new());
    let md = diff.md();
    assert!(md.find("What changed in the configuration") < md.find("## Speed"));
    assert!(md.contains("They are not paired"));
    assert_well_formed(&diff.html());
    let json: serde_json::Value = serde_json::from_str(&diff_json(&diff, &[]).expect("it serialises")).expect("JSON");
    assert_eq!(json["schema"], "kvant.diff/1");
    assert_eq!(json["cells"].as_array().map(Vec::len), Some(diff.rows.len()));
}

/// The fixture with perplexities of Q4_K_M that are higher by this factor in every window, give or take.
fn worse(factor: f64) -> (RunHeader, Vec<Record>) {
    let (header, mut records) = fixture::run();
    let plan = header.plan.quality.clone().expect("it is scored");
    for record in &mut records {
        let Record::Quality(quality) = record else { continue };
        let around = [1.0, 1.2, 0.9, 0.8, 1.1][quality.chunk.index as usize % 5];
        for (arm, score) in &mut quality.scores {
            if plan.arms[*arm].variant == "Q4_K_M" {
                score.nll_sum += f64::from(score.n_scored) * factor.ln() * around;
            }
        }
    }
    (header, records)
}

#[test]
fn a_perplexity_that_rose_is_told_and_divergences_stand_beside() {
    let diff = Diff::between(Lang::default(), side("a", &fixture::run()), side("b", &worse(1.05)));
    assert!(diff.quality.len() > 4);
    for row in &diff.quality {
        let change = row.ln_ratio.expect("the same texts");
        if row.variant == "Q4_K_M" {
            assert!((change / 1.05f64.ln() - 1.0).abs() < 0.3, "{row:?}");
            assert!(row.interval.is_none_or(|i| i.lo > 0.0 && i.hi < 0.1), "{row:?}");
        } else {
            assert_eq!(change, 0.0, "{row:?}");
            assert!(row.interval.is_none_or(|i| (i.lo, i.hi) == (0.0, 0.0)), "{row:?}");
        }
        assert_eq!(row.a.kld.is_none(), row.variant == "F16" && row.kv == "f16");
    }
    let risen = diff
        .quality
        .iter()
        .filter(|row| row.interval.is_some_and(|i| i.lo > 0.0));
    let risen = risen.count();
    assert!(risen > 0);
    let (md, all) = (diff.md(), diff.quality.len());
    assert!(md.contains(&format!(
        "Of {all} perplexities in both, B's is lower (better) in 0 and higher in {risen}"
    )));
    let json: serde_json::Value = serde_json::from_str(&diff_json(&diff, &[]).expect("it serialises")).expect("JSON");
    assert_eq!(json["quality"].as_array().map(Vec::len), Some(all));
}

#[test]
fn perplexities_of_other_texts_are_not_compared() {
    let (mut header, records) = fixture::run();
    header.texts[0].sha256 = "f".repeat(64);
    let diff = Diff::between(
        Lang::default(),
        side("a", &fixture::run()),
        side("b", &(header, records)),
    );
    assert!(!diff.quality.is_empty());
    assert!(diff
        .quality
        .iter()
        .all(|row| row.ln_ratio.is_none() && row.interval.is_none()));
    assert!(diff.md().contains("scored other texts"));
}

#[test]
fn several_runs_come_on_one_page() {
    let rows = parse_bench(&llama_bench_jsonl(&model()))
        .expect("llama-bench's")
        .expect("good");
    for (code, title) in [
        ("en", "3 runs beside each other"),
        ("es", "3 ejecuciones, una junto a otra"),
    ] {
        let lang: Lang = code.parse().expect("a language");
        let mut several = Several::new(lang);
        for (name, (header, records)) in [("monday", fixture::run()), ("friday", later(1.6))] {
            several.add_run(name, ReportModel::build(&header, &records));
        }
        several.add_bench("bench.jsonl", &rows);
        let (md, html) = (several.md(), several.html());
        assert!(md.starts_with(&format!("# {title}")), "{md}");
        assert!(md.contains("| 1 | monday |") && md.contains("| 2 | friday |") && md.contains("| 3 | bench.jsonl |"));
        // Three variants of two runs, and every cell with a column per run.
        assert_eq!(
            md.lines()
                .filter(|l| l.contains("| tg32 @ d512 |") && l.starts_with("| 1 |"))
                .count(),
            3
        );
        assert_eq!(md.lines().filter(|l| l.starts_with("| Q8_0 | f16 | pp")).count(), 3);
        assert!(md.contains("](charts/decode.svg)") && html.contains("2: Q4_K_M"));
        assert_well_formed(&html);
        let charts = several.charts();
        assert_eq!(charts.iter().map(|c| c.name).collect::<Vec<_>>(), ["decode"]);
    }
}

#[test]
fn a_run_against_itself_shows_no_difference() {
    let run = fixture::run();
    let diff = Diff::between("es".parse().expect("a language"), side("x", &run), side("x", &run));
    assert!(diff.changed.is_empty());
    assert!(diff
        .rows
        .iter()
        .all(|r| r.ratio == 1.0 && matches!(r.verdict, Some(Verdict::Same | Verdict::CantTell))));
    assert!(diff.md().contains("No están emparejadas"));
}

#[test]
fn exported_rows_are_llama_benchs() {
    let jsonl = llama_bench_jsonl(&model());
    let fields: Vec<&str> = FIELDS.split_whitespace().collect();
    for line in jsonl.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let object = value.as_object().expect("an object");
        assert_eq!(object.len(), fields.len() + 2, "{line}");
        let at = |name: &str| {
            line.find(&format!("\"{name}\": "))
                .unwrap_or_else(|| panic!("{name}: {line}"))
        };
        assert!(
            fields.windows(2).all(|pair| at(pair[0]) < at(pair[1])),
            "the order of {line}"
        );
        let (ns, ts) = (&object["samples_ns"], &object["samples_ts"]);
        assert_eq!(ns.as_array().map(Vec::len), ts.as_array().map(Vec::len));
    }
    // Six arms, three prompts and three depths, less the cell that failed.
    assert_eq!(jsonl.lines().count(), 35);
    assert!(jsonl.contains("\"model_type\": \"llama 135M Q4_K - Medium\""));
    let sql = llama_bench_sql(&model());
    assert_eq!(sql.matches("INSERT INTO llama_bench").count(), 35);
    assert!(sql.starts_with("CREATE TABLE IF NOT EXISTS llama_bench (\n  build_commit TEXT,\n  build_number INTEGER,"));
}

#[test]
fn imported_rows_pair_with_a_run_and_give_no_verdict() {
    let rows = parse_bench(&llama_bench_jsonl(&model()))
        .expect("llama-bench's")
        .expect("good");
    let diff = Diff::between(
        Lang::default(),
        side("run", &fixture::run()),
        Side::of_bench(Lang::default(), "bench.jsonl", &rows),
    );
    assert_eq!(diff.rows.len(), 35);
    assert!(!diff.has_verdicts());
    assert!(diff
        .rows
        .iter()
        .all(|r| r.interval.is_none() && (r.ratio - 1.0).abs() < 0.03));
    assert!(diff.md().contains("bench.jsonl comes from llama-bench"));
}

fn write_run(dir: &Path, (header, records): &(RunHeader, Vec<Record>)) {
    std::fs::create_dir_all(dir).expect("it can be made");
    let mut writer = Writer::create(&dir.join("journal.jsonl"), header).expect("it can be written");
    for record in records {
        writer.append(record).expect("it can be written");
    }
}

#[test]
fn the_command_compares_runs_and_files_and_fails_on_request() {
    let lab = Lab::new();
    write_run(&lab.path("a"), &fixture::run());
    write_run(&lab.path("b"), &later(1.6));
    let bench = llama_bench_jsonl(&model());
    std::fs::write(lab.path("bench.jsonl"), bench).expect("written");
    let said = run_for(&mut lab.kvant(&["diff", "a", "b"]), 0);
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        text.contains("n_ubatch") && text.contains("slower") && text.lines().all(|l| l.chars().count() <= 80),
        "{text}"
    );
    let failed = run_for(
        &mut lab.kvant(&["diff", "a", "b", "--fail-on", "slower:5%", "--out", "d"]),
        6,
    );
    assert!(stderr(&failed).contains("--fail-on slower:5%: Q8_0"));
    assert!(["diff.md", "diff.html", "diff.json"]
        .iter()
        .all(|f| lab.path("d").join(f).exists()));
    run_for(&mut lab.kvant(&["diff", "b", "a", "--fail-on", "slower:5%"]), 0);
    run_for(&mut lab.kvant(&["diff", "a", "bench.jsonl", "--json"]), 0);
    let refused = run_for(
        &mut lab.kvant(&["diff", "a", "bench.jsonl", "--fail-on", "slower:5%"]),
        2,
    );
    assert!(stderr(&refused).contains("no verdict"));
    let shown = run_for(
        &mut lab.kvant(&["report", "bench.jsonl", "--lang", "es", "--out", "e"]),
        0,
    );
    assert!(String::from_utf8_lossy(&shown.stdout).contains("llama-bench no da base"));
    assert!(lab.path("e/report.html").exists());
    let shown = run_for(&mut lab.kvant(&["report", "a", "b", "bench.jsonl", "--out", "all"]), 0);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        text.contains("The runs") && text.lines().all(|l| l.chars().count() <= 80),
        "{text}"
    );
    let files = ["report.md", "report.html", "charts/decode.svg", "charts/decode.png"];
    assert!(files.iter().all(|f| lab.path("all").join(f).exists()));
    let shown = run_for(&mut lab.kvant(&["report", "a", "b", "--json"]), 0);
    let json: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert!(json
        .as_array()
        .is_some_and(|runs| runs.len() == 2 && runs[1]["schema"] == "kvant.results/2"));
    run_for(&mut lab.kvant(&["report", "a", "bench.jsonl", "--json"]), 2);
    run_for(&mut lab.kvant(&["report", "a", "b", "--explain", "F16 | pp128"]), 2);
    std::fs::write(lab.path("broken.json"), "[{\"avg_ts\": -1}]").expect("written");
    run_for(&mut lab.kvant(&["diff", "a", "broken.json"]), 2);
    run_for(&mut lab.kvant(&["diff", "a", "nowhere"]), 5);
    run_for(&mut lab.kvant(&["diff", "a", "b", "--fail-on", "5%"]), 2);
    let kld = run_for(&mut lab.kvant(&["diff", "a", "b", "--fail-on", "kld:1e-4"]), 2);
    assert!(stderr(&kld).contains("kvant gate"), "{}", stderr(&kld));
}

#[test]
fn files_of_llama_bench_are_read_past_its_log_or_named_for_what_they_are() {
    let lab = Lab::new();
    write_run(&lab.path("a"), &fixture::run());
    let rows = llama_bench_jsonl(&model());
    let log = "ggml_vulkan: Found 1 Vulkan devices:\n[1]    13557 segmentation fault (core dumped)\n";
    let array = format!("{log}[\n{}\n]\n", rows.trim_end().replace('\n', ",\n"));
    std::fs::write(lab.path("array.json"), array).expect("written");
    std::fs::write(lab.path("lines.jsonl"), format!("{log}{rows}")).expect("written");
    std::fs::write(lab.path("plain.jsonl"), &rows).expect("written");
    let stdout = |args: &[&str]| String::from_utf8_lossy(&run_for(&mut lab.kvant(args), 0).stdout).into_owned();
    let plain = stdout(&["report", "plain.jsonl"]);
    for name in ["array.json", "lines.jsonl"] {
        assert_eq!(stdout(&["report", name]).replace(name, "plain.jsonl"), plain);
        stdout(&["diff", "a", name]);
    }
    let csv = "build_commit,build_number,cpu_info,n_prompt,n_gen,avg_ts,stddev_ts\n\"a\",\"1\",\"b\",\"512\",\"0\",\"9\",\"1\"\n";
    let md = "| model         |       size |  test |       t/s |\n| ------------- | ---------: | ----: | --------: |\n";
    for (name, text, format) in [("bench.csv", csv, "CSV"), ("bench.md", md, "Markdown")] {
        std::fs::write(lab.path(name), format!("{log}{text}")).expect("written");
        for args in [&["report", name][..], &["diff", "a", name]] {
            let said = stderr(&run_for(&mut lab.kvant(args), 2));
            assert!(said.contains(name) && said.contains(format), "{said}");
            assert!(said.contains("-o json or -o jsonl"), "{said}");
        }
    }
    std::fs::write(lab.path("other.txt"), "neither this nor that\n").expect("written");
    run_for(&mut lab.kvant(&["report", "other.txt"]), 5);
}

#[test]
fn every_run_has_its_files_in_either_language() {
    let lab = Lab::new();
    write_run(&lab.path("a"), &fixture::run());
    run_for(&mut lab.kvant(&["report", "a", "--lang", "es"]), 3);
    for name in [
        "report.md",
        "report.html",
        "notebook.ipynb",
        "llama-bench.jsonl",
        "llama-bench.sql",
    ] {
        assert!(lab.path("a").join(name).exists(), "{name}");
    }
    let html = std::fs::read_to_string(lab.path("a/report.html")).expect("there");
    assert!(html.contains("<html lang=\"es\">") && html.contains("Respuesta"));
}

#[test]
fn the_notebook_is_a_notebook_in_its_language() {
    let (header, records) = fixture::run();
    for (code, word) in [("en", "Your conclusions"), ("es", "Sus conclusiones")] {
        let lang: Lang = code.parse().expect("a language");
        let text = notebook(&ReportModel::build(&header, &records).told(lang)).expect("it serialises");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&value["nbformat"], &value["nbformat_minor"]), (&4.into(), &5.into()));
        let cells = value["cells"].as_array().expect("cells");
        let ids: std::collections::BTreeSet<&str> = cells.iter().filter_map(|c| c["id"].as_str()).collect();
        assert_eq!(ids.len(), cells.len());
        assert!(text.contains(word) && !text.contains('@'), "{word}");
    }
}

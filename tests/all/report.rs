//! A fixture journal renders to committed files, byte for byte; odd journals still render.
//!
//! `KVANT_GOLDEN=1` writes the golden files anew: look at the difference before it is committed.

use crate::fixture;
use crate::page::assert_well_formed;
use crate::util::assert_valid;
use kvant::data::{EndRecord, FailureKind, FailureRecord, Outcome, Record, RunHeader, StoppedBy, Warning, Workload};
use kvant::report::terminal::{summary, Style};
use kvant::report::{
    charts, quality_csv, report_html, report_md, results_csv, results_json, write_all, Lang, ReportModel,
};
use kvant::stats::Verdict;
use serde_json::Value;
use std::path::PathBuf;

fn golden(name: &str, rendered: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("KVANT_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(&path, rendered).expect("it can be written");
    }
    let committed = std::fs::read_to_string(&path).expect("committed; KVANT_GOLDEN=1 writes it");
    assert!(
        committed == rendered,
        "{name} differs from the committed file; KVANT_GOLDEN=1 writes it anew"
    );
}

#[test]
fn the_schema_of_results_is_golden() {
    let schema = serde_json::to_string_pretty(&kvant::report::results_schema()).expect("it serialises");
    golden("../../docs/results.schema.json", &(schema + "\n"));
}

fn model() -> ReportModel {
    let (header, records) = fixture::run();
    ReportModel::build(&header, &records)
}

const PLAIN: Style = Style {
    width: 80,
    is_tty: false,
    is_colored: false,
    is_warned: false,
};

/// All texts of a report, checked for what must never be in one.
fn render(model: &ReportModel) -> String {
    let json = results_json(model).expect("it serialises");
    let html = report_html(&model.told(Lang::default()));
    assert_well_formed(&html);
    let mut all = report_md(&model.told(Lang::default()))
        + &html
        + &results_csv(model)
        + &summary(&model.told(Lang::default()), PLAIN);
    all += &quality_csv(model);
    for chart in charts(&model.told(Lang::default())) {
        assert!(chart.png.starts_with(b"\x89PNG"), "{} is no PNG", chart.name);
        all.push_str(&chart.svg);
    }
    for bad in [
        "NaN", "inf ", "inf]", "-0.0,", "-0.0 ", "-0.0]", "-0.0\n", ",-0,", "[-0 %",
    ] {
        assert!(!all.contains(bad), "'{bad}' in the report");
    }
    assert_valid(&serde_json::from_str(&json).expect("results.json is JSON"));
    all + &json
}

#[test]
fn the_fixture_renders_to_the_golden_files() {
    let model = model();
    golden("report.md", &report_md(&model.told(Lang::default())));
    golden("results.csv", &results_csv(&model));
    golden("quality.csv", &quality_csv(&model));
    golden("terminal.txt", &summary(&model.told(Lang::default()), PLAIN));
    golden(
        "terminal-tty.txt",
        &summary(
            &model.told(Lang::default()),
            Style {
                width: 80,
                is_tty: true,
                is_colored: false,
                is_warned: false,
            },
        ),
    );
}

#[test]
fn a_report_begins_with_one_screen_and_each_section_with_a_sentence() {
    for (header, records) in [fixture::run(), fixture::run_on_request()] {
        let built = ReportModel::build(&header, &records);
        for lang in Lang::ALL {
            let md = report_md(&built.told(lang));
            let mut sections = md.split("\n## ").skip(1);
            let first = sections.next().expect("the answer");
            let of_kind = |start: &str| first.lines().filter(|line| line.starts_with(start)).collect::<Vec<_>>();
            let n = ["| :---", "![", "llama-server "].map(|start| of_kind(start).len());
            assert_eq!(n, [1, 1, 1], "a table, a chart, a command: {first}");
            let said = of_kind("- ");
            assert!((2..=5).contains(&said.len()), "{said:?}");
            assert!(said.iter().all(|line| line.chars().count() < 180), "{said:?}");
            for section in sections {
                let begins = section.lines().nth(2).expect("more than a title");
                let is_sentence = !["|", "!", "#", "`"].iter().any(|mark| begins.starts_with(mark));
                assert!(is_sentence, "{section}");
            }
        }
    }
}

#[test]
fn the_terminal_summary_fits_80_columns() {
    for line in summary(&model().told(Lang::default()), PLAIN).lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(summary(&model().told(Lang::default()), PLAIN).is_ascii());
}

#[test]
fn a_triage_takes_20_lines_and_a_compare_30_whatever_there_is_to_say() {
    for (command, limit) in [("triage", 20), ("compare", 30)] {
        let (mut header, mut records) = fixture::run();
        header.command = vec!["kvant".into(), command.into()];
        for n in 0..12 {
            let mut arm = header.plan.arms[1].clone();
            arm.id = format!("more-{n}");
            header.plan.arms.push(arm);
        }
        for load_percent in [300, 400, 500] {
            records.push(Record::Warning(Warning::BusyMachine {
                load_percent,
                n_cpus: 2,
            }));
        }
        for lang in kvant::report::Lang::ALL {
            let built = ReportModel::build(&header, &records);
            let model = built.told(lang);
            for (is_colored, is_warned) in [(false, false), (true, true)] {
                let look = Style {
                    is_tty: is_colored,
                    is_colored,
                    is_warned,
                    ..PLAIN
                };
                let text = summary(&model, look);
                assert!(text.lines().count() <= limit, "{command}:\n{text}");
                let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(words.contains("--emit llama-server"), "{text}");
                assert!(
                    ["more arms", "configuraciones más", "mais"]
                        .iter()
                        .any(|more| words.contains(more)),
                    "{text}"
                );
                assert_eq!(text.contains('\u{1b}'), is_colored);
            }
        }
    }
}

#[test]
fn the_same_journal_gives_the_same_bytes() {
    assert_eq!(model(), model());
    assert!(charts(&model().told(Lang::default())) == charts(&model().told(Lang::default())));
    render(&model());
}

#[test]
fn workloads_on_request_have_their_sections_and_charts() {
    let (header, records) = fixture::run_on_request();
    let model = ReportModel::build(&header, &records);
    let all = render(&model);
    for name in ["prefix_reuse", "batched", "state", "speculative", "requests", "latency"] {
        assert!(all.contains(&format!("charts/{name}.svg")), "{name}");
    }
    let decode =
        |c: &&kvant::report::CellReport| c.arm.is_baseline && c.spec.workload() == Workload::Decode && c.is_ok();
    let cell = model.cells.iter().find(decode).expect("it is measured");
    let (tps, joule, cost) = (
        cell.tps.expect("a speed"),
        cell.joule_per_token.expect("energy"),
        cell.cost_per_million.expect("a price"),
    );
    assert!(
        (joule.estimate * tps.estimate / 20.0 - 1.0).abs() < 1e-6,
        "20 W: {joule:?} at {tps:?}"
    );
    assert!(
        (cost.lo - 0.5 / 3600.0 / tps.hi * 1e6).abs() < 1e-9 && cost.lo < cost.hi,
        "{cost:?} at {tps:?}"
    );
    assert!(all.contains("## Energy and cost") && all.contains("cost per million tokens (tg32 @ d2048)"));
    let said = model.told(Lang::default()).findings().join("\n");
    for wanted in [
        "A follow-up prompt of 512 tokens, 460 of them in the cache, gets its first token from F16 ",
        "16 sequences at once get ",
        "With Q4_K_M as its draft, F16 generates at depth 2048 at 1.25x ",
        "from disk it is faster from somewhere between 128 and 512 tokens on.",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn pairing_finds_the_true_ratios() {
    let model = model();
    for cell in model
        .cells
        .iter()
        .filter(|c| c.arm.id == "Q8_0" && c.spec.workload() == Workload::Decode)
    {
        let comparison = cell.vs_baseline.as_ref().expect("measured");
        assert_eq!(
            (comparison.verdict, comparison.factor.as_str()),
            (Verdict::Faster, "variant")
        );
        let context = f64::from(cell.spec.n_depth()) * 0.0011;
        let truth = (10.2 + context) / (5.95 + context);
        assert!(
            (comparison.ratio.estimate / truth - 1.0).abs() < 0.02,
            "{:?}, truth {truth}",
            comparison.ratio
        );
    }
    let control = model.control.pooled.as_ref().expect("measured").ratio;
    assert!(control.lo < 1.0 && 1.0 < control.hi, "{control:?}");
    let failed = &model.cells[fixture::failed_cell(&model.header)];
    assert!(matches!(failed.outcome, Outcome::Failed(FailureKind::TimedOut, _)));
    assert_eq!((failed.tps, failed.samples_ns.len()), (None, 1));
}

#[test]
fn a_ratio_that_moves_with_the_machine_is_said() {
    let (header, mut records) = fixture::run();
    let said = |records: &[Record]| {
        let model = ReportModel::build(&header, records);
        model
            .told(Lang::default())
            .findings()
            .iter()
            .find(|line| line.starts_with("Not the same on this machine"))
            .cloned()
    };
    // A launch for each round: a line takes six.
    for record in &mut records {
        match record {
            Record::Sample(s) => s.launch = s.round,
            Record::Block(b) => b.launch = b.round,
            Record::Probe(a) => a.launch = a.round,
            Record::Round(r) => r.launch = r.round,
            _ => {}
        }
    }
    assert_eq!(said(&records), None, "what falls on all arms alike moves no ratio");
    let drift = |round: u32| [1.0, 1.04, 1.1, 1.12, 0.98, 1.01, 1.06, 1.03][round as usize % 8];
    for record in &mut records {
        let Record::Sample(s) = record else { continue };
        let cell = &header.plan.cells[s.cell];
        if header.plan.arms[cell.arm].id == "Q8_0" && cell.spec.workload() == Workload::Decode {
            fixture::set_ns(&mut s.sample, |ns| ns * drift(s.round));
        }
    }
    let said = said(&records).expect("Q8_0 suffers twice as much as the others");
    assert!(
        said.contains("Q8_0 with f16 KV in decode at depth 2048 is 1.33x when the machine was slowest"),
        "{said}"
    );
    assert!(!said.contains("Q4_K_M"), "{said}");
}

#[test]
fn blocks_of_an_unfinished_round_count_if_they_are_complete() {
    let (header, mut records) = fixture::run();
    let whole = ReportModel::build(&header, &records);
    let is_of_last = |r: &Record| matches!(r, Record::Block(b) if b.round == 7);
    let first = records.iter().position(is_of_last).expect("blocks");
    records.truncate(first + 1);
    let cut = ReportModel::build(&header, &records);
    assert_eq!((whole.totals.n_rounds, cut.totals.n_rounds), (8, 8));
    let n_of_last = |model: &ReportModel| model.cells.iter().filter(|c| c.sample_rounds.contains(&7)).count();
    let Record::Block(block) = &records[first] else {
        unreachable!()
    };
    assert_eq!(
        n_of_last(&cut),
        block.cells.len(),
        "a complete block of an unfinished round counts"
    );
    assert!(n_of_last(&whole) > 3 * block.cells.len());
    assert!(!cut.totals.is_complete && cut.totals.n_samples_unused > 0);
    assert!(cut.told(Lang::default()).banners()[0].contains("cut short"));
    render(&cut);
}

#[test]
fn the_bias_that_the_control_shows_is_in_every_interval_and_gates_nothing() {
    let (header, mut records) = fixture::run();
    let plain = ReportModel::build(&header, &records);
    for record in &mut records {
        let Record::Sample(sample) = record else { continue };
        let cell = &header.plan.cells[sample.cell];
        if header.plan.arms[cell.arm].is_control {
            fixture::set_ns(&mut sample.sample, |ns| ns * 11.0 / 10.0);
        }
    }
    let model = ReportModel::build(&header, &records);
    let control = model.control.pooled.as_ref().expect("measured").ratio;
    assert!((0.88..0.94).contains(&control.hi), "{control:?}");
    let mut n_faster = 0;
    for (own, before) in model.cells.iter().zip(&plain.cells).filter(|(c, _)| !c.arm.is_control) {
        if let (Some(own), Some(before)) = (&own.vs_baseline, &before.vs_baseline) {
            assert_eq!(own.ratio.estimate, before.ratio.estimate);
            assert!(own.ratio.lo < before.ratio.lo && own.ratio.hi > before.ratio.hi);
            n_faster += usize::from(own.verdict == Verdict::Faster);
        }
    }
    assert!(n_faster > 3, "what is faster by half again is beyond a bias of a tenth");
    assert!(render(&model).contains("wider for it"));
}

#[test]
fn no_verdict_in_a_report_contradicts_the_interval_beside_it() {
    for (header, records) in [fixture::run(), fixture::run_on_request()] {
        let model = ReportModel::build(&header, &records);
        let compared = model
            .cells
            .iter()
            .flat_map(|c| [&c.vs_baseline, &c.vs_f16_kv])
            .flatten();
        let mut n = 0;
        for c in compared {
            let (lo, hi) = (c.ratio.lo.ln(), c.ratio.hi.ln());
            let region = 0.02f64.ln_1p();
            let expected = match c.verdict {
                Verdict::Faster => lo > region,
                Verdict::Slower => hi < -region,
                Verdict::Same => lo >= -region && hi <= region,
                Verdict::CantTell => lo <= region && hi >= -region && !(lo >= -region && hi <= region),
            };
            assert!(expected, "{c:?}");
            n += 1;
        }
        assert!(n > 20);
    }
}

#[test]
fn all_cells_failed_is_still_a_report() {
    let (header, _) = fixture::run();
    let failure = |cell| {
        Record::Failure(FailureRecord {
            cell,
            kind: FailureKind::Crashed,
            reason: "signal 9 | killed".into(),
        })
    };
    let mut records: Vec<Record> = (0..header.plan.cells.len()).map(failure).collect();
    records.push(Record::End(EndRecord {
        stopped_by: StoppedBy::Failures,
        wall_ns: 5,
        loading_ns: 5,
        ..EndRecord::default()
    }));
    let model = ReportModel::build(&header, &records);
    let all = render(&model);
    assert!(all.contains("Nothing was measured") && all.contains("signal 9 \\| killed"));
}

#[test]
fn a_header_alone_is_still_a_report() {
    let model = ReportModel::build(&fixture::header(), &[]);
    let all = render(&model);
    assert!(all.contains("Nothing was measured") && all.contains("n/a"));
    assert!(charts(&model.told(Lang::default())).is_empty());
}

#[test]
fn an_empty_plan_does_not_panic() {
    let mut header: RunHeader = fixture::header();
    header.plan.arms.clear();
    header.variants.clear();
    render(&ReportModel::build(&header, &fixture::run().1));
    header.plan.cells.clear();
    render(&ReportModel::build(&header, &[]));
}

#[test]
fn one_round_and_two_rounds_give_no_claim_out_of_nothing() {
    for n_rounds in [1, 2] {
        let (header, records) = fixture::run();
        let kept: Vec<Record> = records
            .into_iter()
            .filter(|r| match r {
                Record::Sample(s) => s.round < n_rounds,
                Record::Block(b) => b.round < n_rounds,
                _ => true,
            })
            .collect();
        let model = ReportModel::build(&header, &kept);
        assert_eq!(model.totals.n_rounds, n_rounds);
        assert!(model.cells.iter().all(|c| c.tps.is_none()), "no interval of so few");
        render(&model);
    }
}

#[test]
fn only_the_control_is_still_a_report() {
    let (mut header, records) = fixture::run();
    header
        .plan
        .cells
        .retain(|c| header.plan.arms[c.arm].variant == "F16" && c.id.starts_with("F16 control"));
    render(&ReportModel::build(&header, &records[..0]));
    let model = ReportModel::build(&header, &records);
    render(&model);
}

#[test]
fn the_fake_engine_is_named_above_everything() {
    let (header, mut records) = fixture::run();
    records.insert(0, Record::Warning(Warning::FakeEngine));
    let md = report_md(&ReportModel::build(&header, &records).told(Lang::default()));
    assert!(md.find("test engine").expect("said") < md.find("## Answer").expect("there"));
}

#[test]
fn files_are_written_whole_and_replaced() {
    let dir = tempfile::tempdir().expect("a folder");
    let model = model();
    let first = write_all(dir.path(), &model.told(Lang::default())).expect("written");
    let bytes: Vec<Vec<u8>> = first.iter().map(|p| std::fs::read(p).expect("there")).collect();
    let second = write_all(dir.path(), &model.told(Lang::default())).expect("written again");
    assert_eq!(first, second);
    assert!(second
        .iter()
        .zip(bytes)
        .all(|(p, old)| std::fs::read(p).expect("there") == old));
    let hidden = std::fs::read_dir(dir.path()).expect("a folder").filter_map(Result::ok);
    assert!(!hidden
        .into_iter()
        .any(|e| e.file_name().to_string_lossy().starts_with('.')));
}

/// The run that the README shows: its folder holds what its journal gives, byte for byte, and nothing else.
#[test]
fn the_committed_example_is_golden() {
    let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reports/example-smollm2-135m");
    let journal = kvant::journal::read(&example.join("journal.jsonl")).expect("it is a journal");
    assert!(!journal.torn_tail);
    let model = ReportModel::build(&journal.header, &journal.records);
    if std::env::var_os("KVANT_GOLDEN").is_some() {
        write_all(&example, &model.told(Lang::default())).expect("written");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let written = write_all(dir.path(), &model.told(Lang::default())).expect("written");
    for path in &written {
        let name = path.strip_prefix(dir.path()).expect("it lies there");
        let committed = std::fs::read(example.join(name)).unwrap_or_default();
        let is_same = std::fs::read(path).expect("it was written") == committed;
        assert!(is_same, "{} is not what its journal gives: just report", name.display());
    }
    let n_committed = n_files(&example);
    assert_eq!(n_committed, written.len() + 1, "the journal, and what it gives");
}

/// What a journal holds of works and samples is written as it was read, and so its plan keeps its name.
#[test]
fn a_journal_that_is_read_is_written_the_same() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("reports/example-smollm2-135m/journal.jsonl");
    let journal = kvant::journal::read(&path).expect("it is a journal");
    let plan = serde_json::to_string(&journal.header.plan).expect("JSON");
    assert_eq!(kvant::corpus::sha256_hex(&plan), journal.header.plan_sha256);
    let text = std::fs::read_to_string(&path).expect("it is text");
    let record = |line| -> Option<&str> { str::split_once(line, "\"record\":")?.1.strip_suffix('}') };
    let lines: std::collections::HashSet<&str> = text.lines().filter_map(record).collect();
    let samples = journal.records.iter().filter(|r| matches!(r, Record::Sample(_)));
    let samples: Vec<String> = samples.map(|r| serde_json::to_string(r).expect("JSON")).collect();
    assert!(samples.len() > 100 && samples.iter().all(|s| lines.contains(s.as_str())));
}

/// Written by an older kvant, in which rounds counted as a whole: its figures are what they were.
#[test]
fn a_journal_of_format_2_gives_its_figures() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals/format-2.jsonl");
    let journal = kvant::journal::read(&path).expect("it is a journal");
    assert_eq!(journal.header.format, 2);
    let model = ReportModel::build(&journal.header, &journal.records);
    let results: serde_json::Value = serde_json::from_str(&results_json(&model).expect("JSON")).expect("JSON");
    let row = |list: &str, wanted: &[(&str, serde_json::Value)]| {
        let mut rows = results[list].as_array().expect("a list").iter();
        let found = rows.find(|row| wanted.iter().all(|(key, value)| row[key] == *value));
        found.expect("it is there").clone()
    };
    let decode = row(
        "cells",
        &[
            ("arm", "Q8_0".into()),
            ("workload", "decode".into()),
            ("n_depth", 512.into()),
        ],
    );
    assert_eq!(decode["tps"]["value"], 78.67768820162658);
    assert_eq!(decode["vs_baseline"]["ratio"]["value"], 1.925328463306271);
    let scored = row(
        "quality",
        &[
            ("variant", "Q4_K_M".into()),
            ("n_ctx", 512.into()),
            ("is_control", false.into()),
        ],
    );
    assert_eq!(scored["kld_mean"]["value"], 0.058126599644773964);
    assert_eq!(scored["ppl"]["value"], 15.956460817123016);
    assert_valid(&results);
}

fn n_files(dir: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(dir).expect("a folder").filter_map(Result::ok);
    entries
        .map(|e| if e.path().is_dir() { n_files(&e.path()) } else { 1 })
        .sum()
}

/// Writes the fixture's whole report into the folder named by `KVANT_LOOK`, for a person to look at.
#[test]
fn a_person_can_look_at_the_report() {
    let Some(dir) = std::env::var_os("KVANT_LOOK") else {
        return;
    };
    write_all(&PathBuf::from(dir), &model().told(Lang::default())).expect("written");
}

/// What format 1 of `results.json` held of the committed journals, without samples, stands in format 2 to the last digit.
#[test]
fn results_hold_the_figures_that_their_first_format_held() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for (name, journal) in [
        ("example-smollm2-135m", "reports/example-smollm2-135m/journal.jsonl"),
        ("format-2", "tests/data/journals/format-2.jsonl"),
    ] {
        let old = std::fs::read_to_string(root.join(format!("tests/data/results-1/{name}.json"))).expect("committed");
        let old: Value = serde_json::from_str(&old).expect("JSON");
        let journal = kvant::journal::read(&root.join(journal)).expect("a journal");
        let model = ReportModel::build(&journal.header, &journal.records);
        let new: Value = serde_json::from_str(&results_json(&model).expect("JSON")).expect("JSON");
        let mut n_compared = 0;
        for part in [
            "host", "model", "variants", "cells", "control", "memory", "quality", "decision",
        ] {
            assert_holds(&old[part], &new[part], &format!("{name} {part}"), &mut n_compared);
        }
        assert!(n_compared > 1000, "{name}: {n_compared}");
    }
}

fn assert_holds(old: &Value, new: &Value, at: &str, n_compared: &mut usize) {
    match (old, new) {
        (Value::Object(old), Value::Object(fields)) => {
            for (key, of_old) in old {
                // An estimate is called `value`, and a comparison has its ratio apart.
                let of_new = match key.as_str() {
                    "median" => &new["value"],
                    "ratio" | "lo" | "hi" | "level" if fields.contains_key("factor") => {
                        &new["ratio"][if key == "ratio" { "value" } else { key }]
                    }
                    "lo" | "hi" if fields.contains_key("from") => &new["kld"][key],
                    _ => &new[key],
                };
                // Left out: what the workload tells, and sentences, which are in the reports.
                let is_unbegun = key == "reason" && old["outcome"] == "not_run";
                if !is_unbegun && !["kv_reuse", "said", "alternatives"].contains(&key.as_str()) {
                    assert_holds(of_old, of_new, &format!("{at}.{key}"), n_compared);
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            assert_eq!(old.len(), new.len(), "{at}");
            let both = old.iter().zip(new).enumerate();
            both.for_each(|(i, (old, new))| assert_holds(old, new, &format!("{at}[{i}]"), n_compared));
        }
        (Value::Number(old), Value::Object(_)) => {
            assert_holds(&Value::Number(old.clone()), &new["value"], at, n_compared)
        }
        (Value::Number(x), Value::Number(y)) => {
            *n_compared += 1;
            // Nanoseconds were rounded to whole ones.
            let y = y.as_f64().expect("a number");
            let y = if x.is_f64() { y } else { y.round() };
            assert_eq!(x.as_f64(), Some(y), "{at}");
        }
        (Value::Null | Value::Bool(false), Value::Null) => {}
        (old, new) => assert_eq!(old, new, "{at}"),
    }
}

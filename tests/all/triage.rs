//! `kvant triage` through real processes and the scripted engine: the answer, the limits, what is kept.

use crate::hub_lab::{Hub, F16};
use crate::hub_server::REPO;
use crate::util::{run, run_for, stderr, Lab};
use kvant::data::Record;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

/// Q8_0 is faster than F16 and as good, Q4_K_M faster still and not as good; a quantized cache slows all down.
const USUAL: &str = r#"{"noise": 0.002, "token_noise": 0.002, "quantized_kv_factor": 1.2, "kv_logit_noise": 0.005, "costs": [
    {"file": "F16", "prefill_ns": 1000000, "decode_ns": 20000000},
    {"file": "Q8_0", "prefill_ns": 1000000, "decode_ns": 12000000, "logit_noise": 0.01},
    {"file": "Q4_K", "prefill_ns": 1000000, "decode_ns": 8000000, "logit_noise": 0.6}]}"#;

fn usual() -> Lab {
    let lab = Lab::new();
    lab.script(USUAL);
    lab
}

fn triage(lab: &Lab, args: &[&str], code: i32) -> (Value, Output) {
    let all = [
        &["triage", "models", "--json", "--n-prompt", "32", "--depth", "64"],
        args,
    ]
    .concat();
    let output = run_for(&mut lab.kvant(&all), code);
    let results: Value = serde_json::from_slice(&output.stdout).expect("results.json on stdout");
    (results["decision"].clone(), output)
}

/// Journals of kept answers.
fn kept(lab: &Lab) -> Vec<PathBuf> {
    let folders = |dir: PathBuf| std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path());
    let runs = folders(lab.path("store/answers")).flat_map(folders);
    runs.map(|dir| dir.join("journal.jsonl"))
        .filter(|p| p.is_file())
        .collect()
}

#[test]
fn the_fastest_that_is_as_good_is_named_and_the_answer_is_kept() {
    let lab = usual();
    let (decision, _) = triage(&lab, &[], 0);
    assert_eq!(
        (&decision["answer"], &decision["arm"]),
        (&"take".into(), &"Q8_0".into()),
        "{decision}"
    );
    assert_eq!(decision["candidates"].as_array().map(Vec::len), Some(6));
    let q4 = &decision["candidates"][2];
    assert_eq!((&q4["arm"], &q4["wins_if"]["limit"]), (&"Q4_K_M".into(), &"kld".into()));
    let journals = kept(&lab);
    assert_eq!(journals.len(), 1);
    assert!(journals[0].with_file_name("report.html").is_file());

    let (again, output) = triage(&lab, &[], 0);
    assert_eq!(again, decision);
    assert!(stderr(&output).contains("--fresh begins again"), "{}", stderr(&output));
    assert_eq!(kept(&lab), journals, "nothing was measured");

    // Other limits are held against what was measured, if that settles them.
    let (fast, _) = triage(&lab, &["--max-quality-loss", "kld:2"], 0);
    assert_eq!(fast["arm"], "Q4_K_M");
    assert_eq!(kept(&lab), journals);

    let (fresh, _) = triage(&lab, &["--fresh", "--out", "here"], 0);
    assert_eq!(fresh["arm"], "Q8_0");
    assert!(lab.path("here/report.md").is_file());
    assert_eq!(kept(&lab).len(), 2, "the new answer is kept too");
}

#[test]
fn numbers_of_threads_are_candidates() {
    let lab = Lab::new();
    let with_two = r#""costs": [{"file": "Q8_0", "n_threads": 2, "prefill_ns": 1000000, "decode_ns": 6000000, "logit_noise": 0.01},"#;
    lab.script(&USUAL.replace(r#""costs": ["#, with_two));
    let (decision, _) = triage(&lab, &["--kv", "f16", "--threads", "4,2"], 0);
    assert_eq!(
        (&decision["answer"], &decision["arm"]),
        (&"take".into(), &"Q8_0 t 2".into()),
        "{decision}"
    );
    let rows = decision["candidates"].as_array().expect("candidates");
    let arms: Vec<&str> = rows.iter().filter_map(|r| r["arm"].as_str()).collect();
    assert_eq!(arms, ["F16", "Q8_0", "Q4_K_M", "F16 t 2", "Q8_0 t 2", "Q4_K_M t 2"]);
    let quality: Vec<bool> = rows.iter().map(|r| r["quality"].is_null()).collect();
    assert_eq!(
        quality,
        [true, false, false, true, false, false],
        "scored once for all threads"
    );
    assert_eq!(rows[1]["quality"], rows[4]["quality"]);
    let text = String::from_utf8(
        run_for(
            &mut lab.kvant(&[
                "triage",
                "models",
                "--n-prompt",
                "32",
                "--depth",
                "64",
                "--kv",
                "f16",
                "--threads",
                "4,2",
                "--emit",
                "llama-cli",
            ]),
            0,
        )
        .stdout,
    )
    .expect("text");
    assert!(text.contains(" -t 2 ") && text.contains("Q8_0"), "{text}");
}

#[test]
fn arms_that_cannot_win_leave_and_a_settled_answer_ends_the_run() {
    let lab = usual();
    triage(&lab, &["--fresh"], 0);
    let journal = kvant::journal::read(&kept(&lab)[0]).expect("a good journal");
    let arms = &journal.header.plan.arms;
    let dropped = journal.records.iter().filter_map(|r| match r {
        Record::Dropped(d) => Some((arms[d.arm].id.as_str(), d.round)),
        _ => None,
    });
    let dropped: Vec<_> = dropped.collect();
    assert!(!dropped.is_empty(), "some arms cannot win");
    for (arm, round) in dropped {
        assert!(
            !["Q8_0", "F16 control"].contains(&arm),
            "{arm} is the choice or leaves with another"
        );
        let later = |r: &Record| matches!(r, Record::Sample(s) if s.round >= round && arms[journal.header.plan.cells[s.cell].arm].id == arm);
        assert!(!journal.records.iter().any(later), "{arm} was measured after it left");
    }
    let end = journal.records.iter().find_map(|r| match r {
        Record::End(end) => Some(end.stopped_by),
        _ => None,
    });
    assert_eq!(end, Some(kvant::data::StoppedBy::Decided));
    let is_quality = |r: &Record| matches!(r, Record::Quality(_));
    let is_sample = |r: &Record| matches!(r, Record::Sample(_));
    let (first, last) = (
        journal.records.iter().position(is_sample),
        journal.records.iter().rposition(is_quality),
    );
    assert!(
        last.is_some() && last < first,
        "quality comes first: {last:?}, {first:?}"
    );
}

#[test]
fn limits_that_nothing_meets_are_an_answer_with_a_code_of_its_own() {
    let lab = usual();
    let (decision, output) = triage(&lab, &["--min-decode", "100000"], 6);
    assert_eq!(
        (&decision["answer"], &decision["closest"]),
        (&"none".into(), &"Q4_K_M".into())
    );
    assert!(!stderr(&output).contains("error"), "{}", stderr(&output));
    let (decision, _) = triage(&lab, &["--min-decode", "100", "--max-quality-loss", "kld:0.01"], 6);
    assert_eq!(
        decision["answer"], "none",
        "fast enough is not good enough, and the other way round"
    );
    let (decision, _) = triage(&lab, &["--max-ram", "1KiB"], 6);
    assert_eq!(decision["candidates"][0]["checks"][0]["standing"], "missed");
    // Speed alone: the most exact that is fast enough.
    let (decision, _) = triage(&lab, &["--min-decode", "60"], 0);
    assert_eq!(
        (&decision["objective"], &decision["arm"]),
        (&"most_exact".into(), &"Q8_0".into())
    );
    let (decision, _) = triage(&lab, &["--min-decode", "100"], 0);
    assert_eq!(decision["arm"], "Q4_K_M");
    // So may prefill be, of the longest prompt.
    let (decision, _) = triage(&lab, &["--min-prefill", "100000"], 6);
    let candidates = decision["candidates"].as_array().expect("candidates");
    let mut checks = candidates.iter().map(|c| &c["checks"][0]);
    let check = checks
        .find(|check| check["standing"] == "missed")
        .expect("an arm that is too slow");
    assert_eq!(check["limit"], "prefill_tps");
    assert!(check["seen"].as_f64() < check["value"].as_f64());
}

#[test]
fn several_users_are_measured_as_several_sequences() {
    let lab = usual();
    let (decision, _) = triage(&lab, &["--users", "4", "--min-decode", "1"], 0);
    assert_eq!(decision["goal"]["n_users"], 4);
    let (one, _) = triage(&lab, &["--min-decode", "1"], 0);
    let tps = |d: &Value| d["candidates"][1]["decode_tps"]["value"].as_f64().expect("measured");
    assert!(tps(&decision) < tps(&one), "each of several users waits for the others");
}

#[test]
fn the_answer_can_be_printed_for_other_programs() {
    let lab = usual();
    let emit = |program: &str| {
        let all = [
            "triage",
            "models",
            "--n-prompt",
            "32",
            "--depth",
            "64",
            "--emit",
            program,
        ];
        String::from_utf8(run_for(&mut lab.kvant(&all), 0).stdout).expect("text")
    };
    let file = lab.path("models/tiny-Q8_0.gguf").display().to_string();
    for program in ["llama-server", "llama-cli"] {
        let text = emit(program);
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(words[..3], [program, "-m", &file], "{text}");
        for pair in words[3..].chunks(2) {
            // The flags of common/arg.cpp of llama.cpp that take one value.
            let is_known = match pair {
                ["-c" | "-t" | "-b" | "-ub" | "-ngl" | "-np", n] => n.parse::<u32>().is_ok(),
                ["-fa", choice] => ["on", "off", "auto"].contains(choice),
                ["-ctk" | "-ctv", kind] => *kind == "f16",
                _ => false,
            };
            assert!(is_known, "{pair:?}: {text}");
        }
    }
    let modelfile = emit("ollama");
    let mut instructions = Vec::new();
    for line in modelfile.lines().filter(|line| !line.starts_with('#')) {
        let (instruction, value) = line.split_once(' ').expect("an instruction and its value");
        match value.rsplit_once(' ').filter(|_| instruction == "PARAMETER") {
            Some((name, n)) => {
                assert!(n.parse::<i32>().is_ok(), "{line}");
                instructions.push(name);
            }
            None => assert_eq!((instruction, value), ("FROM", file.as_str())),
        }
    }
    assert_eq!(
        instructions,
        ["num_ctx", "num_thread", "num_batch", "num_gpu"],
        "{modelfile}"
    );
    let lm_studio = emit("lmstudio");
    let (command, settings) = lm_studio.split_once('\n').expect("a command and settings");
    let import = format!("lms import --symbolic-link --user-repo kvant/tiny-Q8_0 {file}");
    assert_eq!(command, import, "without the link it would move the file");
    assert!(settings.contains("Context Length") && settings.lines().all(|line| line.starts_with("# ")));
}

#[test]
fn a_finished_run_still_knows_where_its_files_lie() {
    let lab = usual();
    run_for(
        &mut lab.kvant(&["triage", "models", "--n-prompt", "32", "--depth", "64", "--out", "run"]),
        0,
    );
    let emit = run_for(&mut lab.kvant(&["report", "run", "--emit", "llama-server"]), 0);
    let file = lab.path("models/tiny-Q8_0.gguf");
    let expected = format!("llama-server -m {} -c ", file.display());
    assert!(String::from_utf8_lossy(&emit.stdout).starts_with(&expected), "{emit:?}");
    let report = std::fs::read_to_string(lab.path("run/report.md")).expect("written");
    assert!(report.contains(&expected), "{expected}: {report}");
}

#[test]
fn wrong_limits_are_refused_in_words() {
    let lab = usual();
    for (args, words) in [
        (["--min-decode", "0"], "above 0"),
        (["--max-quality-loss", "1"], "percent sign"),
        (["--max-quality-loss", "kld:x"], "kld:0.02"),
        (["--max-ram", "4XB"], "units are"),
        (["--depth", "0"], "--depth"),
        (["--emit", "vi"], "llama-server"),
    ] {
        let output = run(&mut lab.kvant(&[&["triage", "models"], &args[..]].concat()));
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn a_machine_too_small_for_any_variant_is_told_what_each_needs() {
    let lab = usual();
    let output = run_for(&mut lab.kvant(&["triage", "models", "--n-ctx", "2000000000"]), 4);
    let text = stderr(&output);
    for word in ["F16: needs about", "Q4_K_M: needs about", "are available", "--n-ctx"] {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
    assert!(kept(&lab).is_empty() && text.lines().count() == 1, "{text}");
}

/// A triage of the three variants at a local Hub.
fn triage_hub(hub: &Hub, args: &[&str], code: i32) -> Value {
    let model = format!("hf:{REPO}");
    let all = [&["triage", &model, "--json", "--n-prompt", "32", "--depth", "64"], args].concat();
    let output = hub.expect(&mut hub.kvant(&all), code, &[]);
    serde_json::from_slice(&output.stdout).expect("JSON on stdout")
}

#[test]
fn a_dry_run_predicts_from_headers_and_fetches_nothing() {
    let hub = Hub::new();
    hub.lab.script(USUAL);
    let dry = triage_hub(&hub, &["--dry-run"], 0);
    assert!(!hub.is_fetched(), "headers only");
    let rows = dry["candidates"].as_array().expect("a row for each arm").clone();
    let arms: Vec<&str> = rows.iter().filter_map(|r| r["arm"].as_str()).collect();
    assert_eq!(
        arms,
        ["F16", "Q8_0", "Q4_K_M", "F16 kv q8_0", "Q8_0 kv q8_0", "Q4_K_M kv q8_0"]
    );
    for row in &rows {
        assert_eq!(row["origin"], "remote");
        assert!(row["fetch_bytes"].as_u64() > Some(0) && row["peak_bytes"].as_u64() > row["model_size"].as_u64());
        assert!(
            row["decode_tps"].as_f64() > Some(0.0),
            "this machine was measured: {row}"
        );
        assert_eq!(row["left_out"], Value::Null);
    }
    let profiles = || {
        std::fs::read_dir(hub.lab.path("store/profiles"))
            .into_iter()
            .flatten()
            .flatten()
    };
    let runs = || {
        profiles()
            .flat_map(|m| std::fs::read_dir(m.path()).expect("a folder"))
            .count()
    };
    assert_eq!(runs(), 1);
    assert!(!hub.lab.path("store/probes").exists(), "probes are removed");
    assert_eq!(
        triage_hub(&hub, &["--dry-run"], 0)["candidates"],
        Value::from(rows),
        "the profile is kept"
    );
    assert_eq!(runs(), 1);
    let text = hub.expect(&mut hub.kvant(&["triage", &format!("hf:{REPO}"), "--dry-run"]), 0, &[]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("nothing was fetched") && text.contains("t/s"), "{text}");
}

#[test]
fn a_dry_run_that_is_stopped_while_it_measures_the_machine_prints_no_table() {
    use nix::sys::signal::{kill, Signal};
    let hub = Hub::new();
    hub.lab.script(r#"{"real_sleep_us": 100000}"#);
    let mut dry = hub.kvant(&["triage", &format!("hf:{REPO}"), "--dry-run"]);
    let child = dry
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kvant starts");
    let profiles = hub.lab.path("store/profiles");
    let until = Instant::now() + Duration::from_secs(60);
    while !profiles.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(3));
    }
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, Signal::SIGINT).expect("it can be signalled");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(
        output.stdout.is_empty() && stderr(&output).contains("error: stopped before"),
        "{}",
        stderr(&output)
    );
    assert!(!hub.lab.path("store/probes").exists(), "probes are removed");
    let left: Vec<_> = std::fs::read_dir(&profiles).into_iter().flatten().flatten().collect();
    let left = left
        .iter()
        .flat_map(|machine| std::fs::read_dir(machine.path()).into_iter().flatten());
    assert_eq!(left.count(), 0, "and so is the part that was measured");
    hub.lab.script(USUAL);
    triage_hub(&hub, &["--dry-run"], 0);
}

#[test]
fn only_contenders_are_fetched_and_the_others_are_listed() {
    let hub = Hub::new();
    hub.lab.script(USUAL);
    let results = triage_hub(&hub, &["--budget", "1s"], 0);
    let out = &results["decision"]["left_out"];
    assert_eq!(
        (&out[0]["variant"], &out[0]["why"]["reason"]),
        (&"Q4_K_M".into(), &"no_time".into()),
        "{out}"
    );
    assert!(hub.pointer(F16).exists() && !hub.pointer("sub folder/tiny-Q4_K_M.gguf").exists());
    let candidates = results["decision"]["candidates"].as_array().expect("candidates");
    assert!(
        candidates
            .iter()
            .all(|c| c["predicted"]["decode_tps"].as_f64() > Some(0.0)),
        "{candidates:?}"
    );
    // A limit of memory that the smallest file breaks by far leaves the smallest, and names it as the closest.
    let results = triage_hub(&hub, &["--max-ram", "1KiB"], 6);
    let out = results["decision"]["left_out"].as_array().map(Vec::len);
    assert_eq!((out, &results["decision"]["answer"]), (Some(2), &"none".into()));
}

//! A sweep in parts: `compare --shard i/n`, then `merge`.

use crate::util::{run_for, stderr, Lab};
use kvant::data::{Record, RunHeader, SampleRecord};
use kvant::journal::{self, Writer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A sweep of several works, quality included, in the folder `out`.
fn sweep(lab: &Lab, out: &str, more: &[&str]) {
    let mut args = vec![
        "compare",
        "models",
        "--out",
        out,
        "--n-prompt",
        "128,512",
        "--depths",
        "128,512",
    ];
    args.extend([
        "--rounds",
        "3",
        "--launches",
        "1",
        "--seed",
        "1",
        "--quality-ctx",
        "64",
        "--quality-chunks",
        "3",
        "-q",
    ]);
    args.extend(more);
    run_for(&mut lab.kvant(&args), 0);
}

fn four_shards(lab: &Lab) -> [&'static str; 4] {
    let names = ["1", "2", "3", "4"];
    for name in names {
        sweep(lab, name, &["--shard", &format!("{name}/4")]);
    }
    names
}

fn results(lab: &Lab, dir: &str) -> Value {
    lab.results_in(dir)
}

/// What identifies a cell, and whether it was measured and compared.
fn cells(results: &Value) -> Vec<String> {
    let cells = results["cells"].as_array().expect("an array").iter();
    let mut rows: Vec<String> = cells
        .map(|c| {
            let known = [
                "variant",
                "type_k",
                "type_v",
                "workload",
                "n_prompt",
                "n_gen",
                "n_depth",
                "is_control",
                "outcome",
            ];
            let known = known.map(|key| c[key].to_string()).join(" ");
            format!("{known} {} {}", c["vs_baseline"].is_null(), c["vs_f16_kv"].is_null())
        })
        .collect();
    rows.sort();
    rows
}

fn quality(results: &Value) -> Vec<String> {
    let rows = results["quality"].as_array().expect("an array").iter();
    rows.map(|r| {
        [
            "variant", "type_k", "type_v", "n_ctx", "n_chunks", "outcome", "ppl", "kld",
        ]
        .map(|k| r[k].to_string())
        .join(" ")
    })
    .collect()
}

#[test]
fn four_shards_merged_have_the_cells_of_one_run() {
    let lab = Lab::new();
    sweep(&lab, "whole", &[]);
    let shards = four_shards(&lab);
    run_for(
        &mut lab.kvant(&[&["merge", "--out", "merged"], &shards[..]].concat()),
        0,
    );
    let (whole, merged) = (results(&lab, "whole"), results(&lab, "merged"));
    assert_eq!(cells(&merged), cells(&whole));
    assert_eq!(
        quality(&merged),
        quality(&whole),
        "scores do not depend on who measures what"
    );
    assert_eq!(merged["run"]["complete"], true);
    assert_eq!(
        merged["memory"].as_array().map(Vec::len),
        whole["memory"].as_array().map(Vec::len)
    );
    assert_eq!(merged["variants"], whole["variants"]);
    assert_eq!(merged["run"]["corpus_sha256"], whole["run"]["corpus_sha256"]);
    assert_eq!(merged["run"]["plan_sha256"], whole["run"]["plan_sha256"]);
    // Every sample of every shard is there, and each keeps its company.
    let own: usize = shards
        .iter()
        .map(|s| crate::util::samples(&lab.path(s).join("journal.jsonl")).len())
        .sum();
    let all = crate::util::samples(&lab.path("merged/journal.jsonl"));
    assert_eq!(all.len(), own);
    let mut rounds: BTreeMap<u32, Vec<&SampleRecord>> = BTreeMap::new();
    all.iter().for_each(|s| rounds.entry(s.round).or_default().push(s));
    assert_eq!(rounds.len(), 4 * 3, "3 rounds of each shard");
    // A merge can be rendered again, and made again in the same place.
    run_for(&mut lab.kvant(&["report", "merged"]), 0);
    run_for(
        &mut lab.kvant(&[&["merge", "--out", "merged"], &shards[..]].concat()),
        0,
    );
}

#[test]
fn a_missing_shard_is_said_and_a_later_merge_is_whole() {
    let lab = Lab::new();
    let shards = four_shards(&lab);
    let output = run_for(&mut lab.kvant(&["merge", "--out", "merged", "1", "4", "2"]), 3);
    assert!(
        stderr(&output).contains("of 4 shards these are missing: 3"),
        "{}",
        stderr(&output)
    );
    let found = results(&lab, "merged");
    assert_eq!(found["run"]["complete"], false);
    let banners = found["run"]["banners"].to_string();
    assert!(banners.contains("missing: 3"), "{banners}");
    let absent = |c: &&Value| c["outcome"] == "not_run";
    let absent: Vec<&Value> = found["cells"]
        .as_array()
        .expect("an array")
        .iter()
        .filter(absent)
        .collect();
    assert!(
        !absent.is_empty()
            && absent
                .iter()
                .all(|c| c["reason"].to_string().contains("missing (of 4: 3)"))
    );
    let report = std::fs::read_to_string(lab.path("merged/report.md")).expect("written");
    assert!(report.contains("these are missing: 3"));
    run_for(
        &mut lab.kvant(&[&["merge", "--out", "merged"], &shards[..]].concat()),
        0,
    );
    assert_eq!(results(&lab, "merged")["run"]["complete"], true);
}

#[test]
fn a_shard_that_was_cut_short_is_said() {
    let lab = Lab::new();
    four_shards(&lab);
    rewrite(&lab.path("2/journal.jsonl"), |_, records| {
        records.truncate(records.len() / 2)
    });
    let output = run_for(&mut lab.kvant(&["merge", "--out", "merged", "1", "2", "3", "4"]), 3);
    assert!(
        stderr(&output).contains("these were cut short: 2"),
        "{}",
        stderr(&output)
    );
    assert_eq!(results(&lab, "merged")["run"]["complete"], false);
}

#[test]
fn a_shard_that_another_machine_began_anew_counts_once() {
    let lab = Lab::new();
    four_shards(&lab);
    std::fs::create_dir(lab.path("lost")).expect("made");
    std::fs::copy(lab.path("2/journal.jsonl"), lab.path("lost/journal.jsonl")).expect("copied");
    rewrite(&lab.path("lost/journal.jsonl"), |header, records| {
        header.host.cpu = "another".to_owned();
        records.truncate(records.len() / 2);
    });
    let merge = ["merge", "--out", "merged", "1", "2", "3", "4", "lost"];
    let output = run_for(&mut lab.kvant(&merge), 0);
    assert!(stderr(&output).contains("whole shard: lost"), "{}", stderr(&output));
    assert_eq!(results(&lab, "merged")["run"]["complete"], true);
}

#[test]
fn machines_are_kept_apart() {
    let lab = Lab::new();
    four_shards(&lab);
    for shard in ["3", "4"] {
        rewrite(&lab.path(shard).join("journal.jsonl"), |header, _| {
            if let Some(shards) = header.shards.as_mut() {
                shards.node = Some("node 7".to_owned());
            }
        });
    }
    let output = run_for(&mut lab.kvant(&["merge", "--out", "merged", "1", "2", "3", "4"]), 0);
    assert!(stderr(&output).contains("2 machines"), "{}", stderr(&output));
    assert!(lab.path("merged/2-node-7/results.json").is_file());
    let page = std::fs::read_to_string(lab.path("merged/report.md")).expect("written");
    assert!(page.contains("2-node-7"), "{page}");
    let other = results(&lab, "merged/2-node-7");
    let cells = other["cells"].as_array().expect("an array");
    assert!(
        cells.iter().all(|c| c["outcome"] == "ok"),
        "it holds what it measured, no more"
    );
    let n_samples = crate::util::samples(&lab.path("merged/2-node-7/journal.jsonl")).len();
    let own = ["3", "4"].map(|s| crate::util::samples(&lab.path(s).join("journal.jsonl")).len());
    assert_eq!(n_samples, own.iter().sum::<usize>(), "nothing of another machine");
    // The whole sweep on two machines is no duplicate.
    let again = Lab::new();
    four_shards(&again);
    for shard in ["1", "2", "3", "4"] {
        let copy = again.path(&format!("b{shard}"));
        std::fs::create_dir(&copy).expect("made");
        std::fs::copy(again.path(shard).join("journal.jsonl"), copy.join("journal.jsonl")).expect("copied");
        rewrite(&copy.join("journal.jsonl"), |header, _| {
            header.host.cpu = "another".to_owned()
        });
    }
    let all = ["1", "2", "3", "4", "b1", "b2", "b3", "b4"];
    run_for(&mut again.kvant(&[&["merge", "--out", "merged"], &all[..]].concat()), 0);
}

#[test]
fn foreign_and_duplicate_shards_are_refused() {
    let lab = Lab::new();
    let refused = |args: &[&str], why: &str| {
        let output = run_for(&mut lab.kvant(&[&["merge", "--out", "merged"], args].concat()), 2);
        assert!(stderr(&output).contains(why), "{why}: {}", stderr(&output));
        assert!(!lab.path("merged").exists());
    };
    sweep(&lab, "whole", &[]);
    sweep(&lab, "1", &["--shard", "1/2"]);
    sweep(&lab, "twin", &["--shard", "1/2"]);
    sweep(&lab, "other", &["--shard", "2/2", "--equivalence", "3%"]);
    sweep(&lab, "thirds", &["--shard", "2/3"]);
    refused(&["1", "whole"], "whole is no shard");
    refused(&["1", "twin"], "both shard 1/2");
    refused(&["1", "other"], "the plans differ");
    refused(&["1", "thirds"], "the numbers of shards differ");
    sweep(&lab, "2", &["--shard", "2/2"]);
    rewrite(&lab.path("2/journal.jsonl"), |header, _| drop(header.plan.cells.pop()));
    refused(&["1", "2"], "another kvant split the plan");
    let output = run_for(&mut lab.compare(&["--shard", "4/40"]), 2);
    assert!(stderr(&output).contains("split it into at most"), "{}", stderr(&output));
    let output = run_for(&mut lab.compare(&["--shard", "0/4"]), 2);
    assert!(stderr(&output).contains("no part of a whole"), "{}", stderr(&output));
}

#[test]
fn a_shard_resumes_as_what_it_is() {
    let lab = Lab::new();
    // As a scheduler starts it, whether for the first time or again.
    sweep(&lab, "2", &["--shard", "2/3", "--resume"]);
    let journal = lab.path("2/journal.jsonl");
    let full = crate::util::blocks(&journal).len();
    rewrite(&journal, |_, records| records.truncate(records.len() / 2));
    run_for(&mut lab.kvant(&["compare", "--resume", "--out", "2", "-q"]), 0);
    assert_eq!(crate::util::blocks(&journal).len(), full);
    let header = journal::read(&journal).expect("good").header;
    assert_eq!(header.shards.map(|s| s.indices), Some(vec![2]));
    let elsewhere = ["compare", "--resume", "--out", "2"];
    let output = run_for(lab.kvant(&elsewhere).env("KVANT_NODE", "node018"), 2);
    assert!(stderr(&output).contains("the machine changed"), "{}", stderr(&output));
    assert_eq!(crate::util::blocks(&journal).len(), full, "nothing of another machine");
}

/// Writes a journal again with changes.
fn rewrite(path: &Path, change: impl FnOnce(&mut RunHeader, &mut Vec<Record>)) {
    let mut journal = journal::read(path).expect("a good journal");
    change(&mut journal.header, &mut journal.records);
    std::fs::remove_file(path).expect("it is there");
    let mut writer = Writer::create(path, &journal.header).expect("it can be written");
    journal.records.iter().for_each(|r| writer.append(r).expect("written"));
}

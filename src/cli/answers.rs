//! Answers of a triage that are cached in the store.

use super::exit::{Failure, UNEXPECTED};
use super::job::{sha256_of_plan, unused};
use super::runs::{self, JOURNAL_NAME};
use crate::corpus;
use crate::data::{Plan, Record, RunHeader};
use crate::journal::Journal;
use crate::report::ReportModel;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ANSWERS: &str = "answers";

/// Of what is asked: machine, build, files and plan. Limits are not part of it: they are held against what was measured.
pub fn folder(store: &Path, header: &RunHeader) -> PathBuf {
    let host = &header.host;
    // Another order asks nothing else, and limits are no part of it.
    let mut plan = Plan {
        seed: 0,
        ..header.plan.clone()
    };
    if let Some(quality) = &mut plan.quality {
        quality.stop.limit = None;
    }
    let mut words = vec![
        sha256_of_plan(&plan),
        header.tool_version.clone(),
        header.llama_cpp.clone(),
        header.system_info.clone(),
        header.corpus_sha256.clone(),
        host.cpu.clone(),
        format!("{} {} {}", host.n_cpus, host.memory_bytes, host.os),
    ];
    words.extend(header.variants.iter().map(|v| v.sha256.clone()));
    store.join(ANSWERS).join(corpus::sha256_hex(&words.join("\n")))
}

/// The last cached run of the question; limits are held against what it measured.
pub fn cached(folder: &Path, asked: &RunHeader) -> Option<(Journal, ReportModel, PathBuf)> {
    runs::newest_first(folder).find_map(|dir| {
        let mut journal = runs::read(&dir)?;
        // The same files may have been moved since.
        journal.header.variants.clone_from(&asked.variants);
        let is_same = journal.header.goal == asked.goal;
        if !is_same {
            // What left because of other limits was measured until then.
            journal.header.goal = asked.goal;
            forget_why_they_left(&mut journal);
        }
        let model = ReportModel::build(&journal.header, &journal.records);
        let is_settled = model.decision.as_ref().is_some_and(|d| d.decision.is_settled(&d.goal));
        (model.totals.is_complete && (is_same || is_settled)).then_some((journal, model, dir))
    })
}

/// Arms that were measured are candidates again; those that were not stay left out.
fn forget_why_they_left(journal: &mut Journal) {
    let cells = &journal.header.plan.cells;
    let samples = journal.records.iter().filter_map(Record::sample);
    let measured: BTreeSet<usize> = samples.filter_map(|s| cells.get(s.cell)).map(|c| c.arm).collect();
    let stays = |record: &Record| !matches!(record, Record::Dropped(d) if measured.contains(&d.arm));
    journal.records.retain(stays);
}

/// Copies the journal of a run that was written elsewhere.
pub fn cache(journal: &Path, folder: &Path, run_id: &str) -> Result<(), Failure> {
    let dir = unused(folder, run_id);
    let copied = std::fs::create_dir_all(&dir).and_then(|()| std::fs::copy(journal, dir.join(JOURNAL_NAME)));
    copied.map(drop).map_err(|e| {
        let text = format!(
            "the answer is in {}, but cannot be cached in {} ({e})",
            journal.display(),
            dir.display()
        );
        Failure::msg(UNEXPECTED, text)
    })
}

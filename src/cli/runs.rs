//! Runs that lie in folders, and files of llama-bench.

use super::args::Global;
use super::exit::{Failure, BAD_INPUT};
use super::output;
use crate::journal::{self, Journal};
use crate::report::{parse_bench, BenchRow};
use std::path::{Path, PathBuf};

pub const JOURNAL_NAME: &str = "journal.jsonl";

pub enum Source {
    Run(Box<Journal>, PathBuf),
    Bench(Vec<BenchRow>),
}

/// Reads a run (its folder or its journal) or a file of llama-bench.
pub fn load(path: &Path, global: &Global) -> Result<Source, Failure> {
    if !path.is_dir() {
        if let Some(rows) = std::fs::read_to_string(path).ok().and_then(|text| parse_bench(&text)) {
            let rows = rows.map_err(|e| Failure::msg(BAD_INPUT, format!("{}: {e}", path.display())))?;
            return Ok(Source::Bench(rows));
        }
    }
    let path = if path.is_dir() {
        path.join(JOURNAL_NAME)
    } else {
        path.to_owned()
    };
    let journal = journal::read(&path)?;
    if journal.torn_tail && !global.quiet {
        output::say(format!(
            "note: {}: the last line is torn (the run was cut short); it is left out",
            path.display()
        ));
    }
    Ok(Source::Run(Box::new(journal), path))
}

/// What a path is called in reports: its last part.
pub fn name_of(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// The runs of a folder, the newest first: their names end in the time at which they began.
pub fn newest_first(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut dirs: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    dirs.sort();
    dirs.into_iter().rev()
}

pub fn read(dir: &Path) -> Option<Journal> {
    journal::read(&dir.join(JOURNAL_NAME)).ok()
}

//! Runs that are cached in the store, to be answered from again.

use super::report::JOURNAL_NAME;
use crate::journal::{self, Journal};
use std::path::{Path, PathBuf};

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

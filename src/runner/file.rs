//! Files that must stay what they were while a run goes on.

use crate::data::PartName;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A model, or an executable, as it was when its hash was taken.
#[derive(Debug, Clone)]
pub struct ModelFile {
    pub path: PathBuf,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
    seen: Vec<Option<(u64, SystemTime)>>,
}

impl ModelFile {
    /// Remembers size and time of the file at `path`, whose hash is `sha256`; of a split model of all parts.
    pub fn new(path: PathBuf, sha256: String) -> Self {
        let seen = PartName::files_of(&path).iter().map(|part| stamp(part)).collect();
        ModelFile { path, sha256, seen }
    }

    /// What happened to the file since, in words; `None` when it is as it was.
    pub(super) fn change(&self) -> Option<String> {
        let parts = PartName::files_of(&self.path);
        parts.iter().zip(&self.seen).find_map(|(part, seen)| {
            let path = part.display();
            match stamp(part) {
                now if now == *seen => None,
                None => Some(format!("{path} is gone; put it back and start a new run")),
                _ => Some(format!("{path} was changed while the run went on; start a new run")),
            }
        })
    }
}

fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

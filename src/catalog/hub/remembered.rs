//! What a repository was seen to hold, so that the same command finds the same variants without asking again.

use super::super::hash::sha256_hex;
use super::super::store::write_atomic;
use super::super::{names, Store};
use super::{Hub, Listing, RepoAt};
use std::fs;
use std::path::PathBuf;

/// Folder of the store.
const FOLDER: &str = "listings";

impl Hub {
    /// Keeps the listing of a commit of which something was fetched. A note is a convenience: a failure to write it is no failure.
    pub(in crate::catalog) fn remember(&self, at: RepoAt<'_>, listing: &Listing, store: &Store) {
        let path = note_of(at.repo, &listing.commit, store);
        if path.exists() {
            return;
        }
        let folder = path.parent().map(fs::create_dir_all);
        if let (Some(Ok(())), Ok(text)) = (folder, serde_json::to_vec(listing)) {
            let _ = write_atomic(&path, &text);
        }
    }

    /// The listing of the recorded commit.
    pub(in crate::catalog) fn remembered(&self, at: RepoAt<'_>, store: &Store) -> Option<Listing> {
        let commit = self.recorded_commit(at)?;
        let text = fs::read(note_of(at.repo, &commit, store)).ok()?;
        let listing: Listing = serde_json::from_slice(&text).ok()?;
        // Names become paths.
        let is_sound = listing.files.iter().all(|file| names::check_file(&file.file).is_ok());
        (listing.commit == commit && is_sound).then_some(listing)
    }
}

fn note_of(repo: &str, commit: &str, store: &Store) -> PathBuf {
    let name = &sha256_hex(format!("{repo}\n{commit}").as_bytes())[..32];
    store.root().join(FOLDER).join(format!("{name}.json"))
}

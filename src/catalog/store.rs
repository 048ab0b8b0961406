//! The folder of made files: `<store>/<SHA-256 of the source>/<ftype>-<quantizer>.gguf`, each with a record beside it;
//! fetched files that have no other home lie in the same folders, under their own name.
//!
//! Invariant: a file under its final name is whole. It is written under a temporary name in the same folder, synced,
//! and renamed; two processes that make the same file each rename an equal one.

use super::hash::{remember, remembered, sha256_hex, sha256_remembered};
use super::{space, CatalogError};
use serde::{Deserialize, Serialize};
use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::{NamedTempFile, TempPath};

const TEMP_PREFIX: &str = ".tmp-";
/// A temporary file this old belongs to no living process.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// What is written beside a made file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MadeRecord {
    /// Name of the source file.
    pub source_file: String,
    /// Its hash.
    pub source_sha256: String,
    /// File type that was made.
    pub ftype: String,
    /// Length of the made file.
    pub size: u64,
    /// Its hash.
    pub sha256: String,
}

/// The folder of made files.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The user's store: `$KVANT_STORE`, `$XDG_CACHE_HOME/kvant` or `~/.cache/kvant`. Nothing is created yet.
    pub fn from_env() -> Result<Store, CatalogError> {
        let var = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let root = var("KVANT_STORE")
            .or_else(|| var("XDG_CACHE_HOME").map(|dir| dir.join("kvant")))
            .or_else(|| var("HOME").map(|dir| dir.join(".cache").join("kvant")))
            .ok_or(CatalogError::NoStore)?;
        Ok(Store::at(root))
    }

    /// A store in this folder.
    pub fn at(root: impl Into<PathBuf>) -> Store {
        Store { root: root.into() }
    }

    /// Whether files can be made in it; creates it.
    pub fn check_writable(&self) -> Result<(), CatalogError> {
        self.temporary_folder().map(drop)
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Puts bytes into the store under their own hash, unless they are there already. Returns the path and the hash.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) -> Result<(PathBuf, String), CatalogError> {
        let sha256 = sha256_hex(bytes);
        let dir = self.folder(&sha256)?;
        let path = dir.join(name);
        // Comparing all bytes costs no more than hashing them.
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok((path, sha256));
        }
        space::check(name, &self.root, bytes.len() as u64)?;
        write_atomic(&path, bytes).map_err(|e| self.unusable(e))?;
        Ok((path, sha256))
    }

    /// The folder for what is made from a source.
    pub(super) fn folder(&self, source_sha256: &str) -> Result<PathBuf, CatalogError> {
        let dir = self.root.join(source_sha256);
        fs::create_dir_all(&dir).map_err(|e| self.unusable(e))?;
        Ok(dir)
    }

    /// Where a fetched file of this hash lies or will lie; `name` has no folder. Nothing is created.
    pub(super) fn place(&self, sha256: &str, name: &str) -> PathBuf {
        self.root.join(sha256).join(name)
    }

    /// The lock on fetching a file of this hash.
    pub(super) fn lock_path(&self, sha256: &str) -> PathBuf {
        self.root.join("locks").join(sha256)
    }

    /// Made files of a source of this hash: variant and path.
    pub(super) fn made_of(&self, source_sha256: &str) -> Vec<(String, PathBuf)> {
        let entries = fs::read_dir(self.root.join(source_sha256))
            .into_iter()
            .flatten()
            .flatten();
        let mut found: Vec<_> = entries
            .filter_map(|entry| {
                let record: MadeRecord = serde_json::from_slice(&fs::read(record_path(&entry.path())).ok()?).ok()?;
                let is_whole = entry.metadata().ok()?.len() == record.size;
                is_whole.then(|| (record.ftype, entry.path()))
            })
            .collect();
        found.sort();
        found
    }

    /// The hash that a made file's record gives.
    pub(super) fn recorded_sha256(&self, path: &Path) -> Option<String> {
        let record: MadeRecord = serde_json::from_slice(&fs::read(record_path(path)).ok()?).ok()?;
        Some(record.sha256)
    }

    /// A temporary folder in the store, removed when dropped.
    pub fn temporary_folder(&self) -> Result<tempfile::TempDir, CatalogError> {
        fs::create_dir_all(&self.root).map_err(|e| self.unusable(e))?;
        remove_stale(&self.root);
        let mut builder = tempfile::Builder::new();
        builder
            .prefix(TEMP_PREFIX)
            .tempdir_in(&self.root)
            .map_err(|e| self.unusable(e))
    }

    /// Gives a fetched file its name, after its hash was checked.
    pub(super) fn adopt(&self, temp: TempPath, path: &Path, sha256: &str) -> Result<(), CatalogError> {
        let adopt = || -> io::Result<()> {
            File::open(&temp)?.sync_all()?;
            temp.persist(path).map_err(|e| e.error)?;
            remember(path, &self.notes(), sha256)
        };
        adopt().map_err(|e| self.unusable(e))
    }

    /// A temporary file in `dir`, removed when dropped.
    pub(super) fn temporary(&self, dir: &Path) -> Result<TempPath, CatalogError> {
        remove_stale(dir);
        let file = temporary(dir, ".gguf").map_err(|e| self.unusable(e))?;
        Ok(file.into_temp_path())
    }

    /// Gives a finished temporary file its name, and its record.
    pub(super) fn publish(&self, temp: TempPath, path: &Path, record: &MadeRecord) -> Result<(), CatalogError> {
        let publish = || -> io::Result<()> {
            File::open(&temp)?.sync_all()?;
            temp.persist(path).map_err(|e| e.error)?;
            write_atomic(&record_path(path), &serde_json::to_vec_pretty(record)?)?;
            remember(path, &self.notes(), &record.sha256)
        };
        publish().map_err(|e| self.unusable(e))
    }

    /// The record of a made file that is there and unchanged. A file that is not what its record says is removed.
    pub(super) fn made(&self, path: &Path, progress: &mut dyn FnMut(u64)) -> Option<MadeRecord> {
        let size = fs::metadata(path).ok()?.len();
        let record: MadeRecord = serde_json::from_slice(&fs::read(record_path(path)).ok()?).ok()?;
        let is_same = record.size == size && self.sha256(path, progress).is_ok_and(|sha| sha == record.sha256);
        if is_same {
            return Some(record);
        }
        let _ = fs::remove_file(path);
        let _ = fs::remove_file(record_path(path));
        None
    }

    /// Hash of any file; remembered while the file is unchanged.
    pub fn sha256(&self, path: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<String> {
        sha256_remembered(path, &self.notes(), progress)
    }

    /// The same, if it is known without reading the file.
    pub(super) fn remembered(&self, path: &Path) -> Option<String> {
        remembered(path, &self.notes()).ok().flatten()
    }

    /// Folder of the notes of hashes.
    pub(super) fn notes(&self) -> PathBuf {
        self.root.join("hashes")
    }

    /// The error for a failure to write in the store.
    pub(super) fn unusable(&self, e: io::Error) -> CatalogError {
        if e.kind() == io::ErrorKind::StorageFull {
            return CatalogError::NoRoom {
                what: "the store".into(),
                dir: self.root.clone(),
                needed: 1 << 20,
                free: space::free(&self.root).unwrap_or(0),
            };
        }
        CatalogError::Store {
            dir: self.root.clone(),
            why: e.to_string(),
        }
    }
}

fn record_path(path: &Path) -> PathBuf {
    path.with_extension("gguf.json")
}

fn temporary(dir: &Path, suffix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMP_PREFIX).suffix(suffix);
    #[cfg(unix)]
    {
        // As any other file of the user (the umask still applies), not private as temporary files are.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(dir)
}

/// Writes a file under a temporary name, then renames it.
pub(super) fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomic_with(path, |file| file.write_all(bytes))
}

/// The same for what is written in pieces.
pub(super) fn write_atomic_with(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let dir = path
        .parent()
        .ok_or_else(|| io::Error::other("a path without a folder"))?;
    let mut file = temporary(dir, "")?;
    write(&mut file)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Removes what a killed process left.
fn remove_stale(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let is_temp = entry.file_name().to_string_lossy().starts_with(TEMP_PREFIX);
        let age = entry
            .metadata()
            .and_then(|m| m.modified())
            .ok()
            .and_then(|t| t.elapsed().ok());
        if is_temp && age.is_some_and(|age| age > STALE) {
            // One of the two applies.
            let _ = fs::remove_file(entry.path());
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

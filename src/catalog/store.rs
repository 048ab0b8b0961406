//! The folder of made files: `<store>/<SHA-256 of the source>/<ftype>-<quantizer>.gguf`, each with a record beside it;
//! fetched files that have no other home lie in the same folders, under their own name.
//!
//! Invariant: a file under its final name is whole. It is written under a temporary name in the same folder, synced,
//! and renamed; two processes that make the same file each rename an equal one.

use super::error::CatalogError;
use super::event::{Event, Progress};
use super::hash::{remember, remembered, sha256_file, sha256_hex, sha256_remembered};
use super::space;
use crate::data::DerivedFrom;
use crate::fs as whole;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::{env, fs, io};
use tempfile::TempPath;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MadeRecord {
    pub source_file: String,
    pub source_sha256: String,
    pub ftype: String,
    pub size: u64,
    pub sha256: String,
}

#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The user's store: `$KVANT_STORE`, `$XDG_CACHE_HOME/kvant` or `~/.cache/kvant`. Nothing is created yet.
    pub fn from_env() -> Result<Store, CatalogError> {
        let root = folder_of("KVANT_STORE")
            .or_else(|| Some(caches()?.join("kvant")))
            .ok_or(CatalogError::NoStore)?;
        Ok(Store::at(root))
    }

    pub fn at(root: impl Into<PathBuf>) -> Store {
        Store { root: root.into() }
    }

    /// Whether files can be made in it; creates it.
    pub fn check_writable(&self) -> Result<(), CatalogError> {
        self.temporary_folder().map(drop)
    }

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
        whole::write(&path, bytes).map_err(|e| self.unusable(e))?;
        Ok((path, sha256))
    }

    /// The folder for what is made from a source.
    pub(super) fn folder(&self, source_sha256: &str) -> Result<PathBuf, CatalogError> {
        let dir = self.root.join(source_sha256);
        fs::create_dir_all(&dir).map_err(|e| self.unusable(e))?;
        Ok(dir)
    }

    /// Where a fetched file of this hash lies or will lie; `name` has no folder. Nothing is created.
    pub(super) fn path(&self, sha256: &str, name: &str) -> PathBuf {
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
        let made = entries.filter_map(|entry| {
            let record = record_of(&entry.path())?;
            let is_whole = entry.metadata().ok()?.len() == record.size;
            is_whole.then(|| (record.ftype, entry.path()))
        });
        let mut found: Vec<_> = made.collect();
        found.sort();
        found
    }

    pub(super) fn recorded_sha256(&self, path: &Path) -> Option<String> {
        Some(record_of(path)?.sha256)
    }

    /// A temporary folder in the store, removed when dropped.
    pub fn temporary_folder(&self) -> Result<tempfile::TempDir, CatalogError> {
        fs::create_dir_all(&self.root).map_err(|e| self.unusable(e))?;
        whole::remove_stale(&self.root);
        let folder = tempfile::Builder::new()
            .prefix(whole::TEMP_PREFIX)
            .tempdir_in(&self.root);
        folder.map_err(|e| self.unusable(e))
    }

    /// Gives a fetched file its name, after its hash was checked.
    pub(super) fn adopt(&self, temp: &Path, path: &Path, sha256: &str) -> Result<(), CatalogError> {
        let adopt = || -> io::Result<()> {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            whole::publish(temp, path)?;
            remember(path, &self.notes(), sha256)
        };
        adopt().map_err(|e| self.unusable(e))
    }

    /// A temporary file in `dir`, removed when dropped.
    pub(super) fn temporary(&self, dir: &Path) -> Result<TempPath, CatalogError> {
        whole::remove_stale(dir);
        let file = whole::temporary(dir, ".gguf").map_err(|e| self.unusable(e))?;
        Ok(file.into_temp_path())
    }

    /// Gives a finished file, made as `label` from a file, the name that its hash asks for, and its record.
    pub(super) fn publish(
        &self,
        temp: &Path,
        name: impl Fn(&str) -> PathBuf,
        label: &str,
        from: &DerivedFrom,
        progress: &mut Progress<'_>,
    ) -> Result<(PathBuf, String), CatalogError> {
        let size = fs::metadata(temp).map_err(|e| self.unusable(e))?.len();
        let mut hashing = |done| {
            let file = Path::new(label);
            progress(&Event::Hashing { file, done });
        };
        let sha256 = sha256_file(temp, &mut hashing).map_err(|e| self.unusable(e))?;
        let path = name(&sha256);
        let record = MadeRecord {
            source_file: from.file.clone(),
            source_sha256: from.sha256.clone(),
            ftype: label.to_owned(),
            size,
            sha256: sha256.clone(),
        };
        self.adopt(temp, &path, &sha256)?;
        let text = serde_json::to_vec_pretty(&record).map_err(|e| self.unusable(e.into()))?;
        whole::write(&record_path(&path), &text).map_err(|e| self.unusable(e))?;
        progress(&Event::Made {
            variant: label,
            from: &from.file,
            file: &path,
            bytes: size,
        });
        Ok((path, sha256))
    }

    /// The record of a made file that is there and unchanged. A file that is not what its record says is removed.
    pub(super) fn made(&self, path: &Path, progress: &mut dyn FnMut(u64)) -> Option<MadeRecord> {
        let size = fs::metadata(path).ok()?.len();
        let record = record_of(path)?;
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

    pub(super) fn notes(&self) -> PathBuf {
        self.root.join("hashes")
    }

    pub(super) fn unusable(&self, e: io::Error) -> CatalogError {
        space::full(&e, "the store", &self.root).unwrap_or_else(|| CatalogError::Store {
            dir: self.root.clone(),
            why: e.to_string(),
        })
    }
}

/// The folder that a variable of the environment names.
pub(super) fn folder_of(variable: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).filter(|value| !value.to_string_lossy().trim().is_empty());
    named.map(PathBuf::from)
}

/// Where programs keep what they can get again.
pub(super) fn caches() -> Option<PathBuf> {
    folder_of("XDG_CACHE_HOME").or_else(|| Some(folder_of("HOME")?.join(".cache")))
}

fn record_of(path: &Path) -> Option<MadeRecord> {
    serde_json::from_slice(&fs::read(record_path(path)).ok()?).ok()
}

fn record_path(path: &Path) -> PathBuf {
    path.with_extension("gguf.json")
}

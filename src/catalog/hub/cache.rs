//! The cache's folders: `models--owner--name/{blobs/<sha256>, snapshots/<commit>/<file>, refs/<revision>}`, as
//! Python's huggingface_hub lays them out, down to the names of unfinished files and locks.

use super::repo::RepoAt;
use crate::catalog::error::FetchError;
use crate::catalog::fetching::Fetching;
use crate::catalog::names;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

pub(super) struct CachePaths {
    /// Its bytes, named after their hash.
    pub blob: PathBuf,
    /// What is there of them so far.
    pub partial: PathBuf,
    pub pointer: PathBuf,
    lock: PathBuf,
    file: String,
}

pub(in crate::catalog) struct Cache {
    pub root: PathBuf,
}

impl Cache {
    fn repo(&self, at: RepoAt<'_>) -> hf_hub::CacheRepo {
        hf_hub::Cache::new(self.root.clone()).repo(at.named())
    }

    /// Where a file of this hash goes. All names were checked: `commit` and `sha256` are hex, `file` is relative.
    pub(super) fn paths(&self, commit: RepoAt<'_>, file: &str, sha256: &str) -> CachePaths {
        let cache = self.repo(commit);
        let blob = cache.blob_path(sha256);
        let folder = commit.named().folder_name();
        CachePaths {
            partial: blob.with_file_name(format!("{sha256}.incomplete")),
            blob,
            pointer: cache.pointer_path(commit.revision).join(file),
            lock: self.root.join(".locks").join(folder).join(format!("{sha256}.lock")),
            file: file.to_owned(),
        }
    }

    /// The commit that `at` was when something of it was last fetched.
    pub(in crate::catalog) fn recorded_commit(&self, at: RepoAt<'_>) -> Option<String> {
        if names::is_commit(at.revision) {
            return Some(at.revision.to_owned());
        }
        let path = self.folder(at).join("refs").join(at.revision);
        let commit = fs::read_to_string(path).ok()?;
        Some(commit.trim().to_owned()).filter(|commit| names::is_commit(commit))
    }

    pub(super) fn record(&self, at: RepoAt<'_>, commit: &str) -> io::Result<()> {
        match names::is_commit(at.revision) {
            true => Ok(()),
            false => self.repo(at).create_ref(commit),
        }
    }

    /// A file that is in the cache, whole as far as its presence tells.
    pub(in crate::catalog) fn cached(&self, at: RepoAt<'_>, file: &str) -> Option<PathBuf> {
        let path = self.snapshot(at)?.join(file);
        // Follows the link to the blob.
        path.is_file().then_some(path)
    }

    /// GGUF files of the recorded state that are in the cache.
    pub(in crate::catalog) fn cached_files(&self, at: RepoAt<'_>) -> Vec<String> {
        let Some(root) = self.snapshot(at) else {
            return Vec::new();
        };
        let all = files_below(&root).filter(|path| path.is_file());
        let names = all.filter_map(|path| Some(path.strip_prefix(&root).ok()?.to_str()?.to_owned()));
        let mut found: Vec<String> = names
            .filter(|name| name.to_ascii_lowercase().ends_with(".gguf"))
            .collect();
        found.sort();
        found
    }

    fn snapshot(&self, at: RepoAt<'_>) -> Option<PathBuf> {
        let commit = self.recorded_commit(at)?;
        Some(self.folder(at).join("snapshots").join(commit))
    }

    fn folder(&self, at: RepoAt<'_>) -> PathBuf {
        self.root.join(at.named().folder_name())
    }
}

/// The SHA-256 that the cache promises for a file in a snapshot: the name of its blob.
pub(in crate::catalog) fn promised_sha256(pointer: &Path) -> Option<String> {
    let blob = fs::canonicalize(pointer).ok()?;
    let name = blob.file_name()?.to_str()?;
    names::is_sha256(name).then(|| name.to_owned())
}

/// Removes a file of the cache: the name and, when no other snapshot uses them, the bytes.
pub(in crate::catalog) fn remove(pointer: &Path) -> io::Result<()> {
    let blob = fs::canonicalize(pointer);
    fs::remove_file(pointer)?;
    let Ok(blob) = blob else { return Ok(()) };
    let Some(snapshots) = pointer
        .ancestors()
        .find(|dir| dir.file_name().is_some_and(|name| name == "snapshots"))
    else {
        return Ok(());
    };
    if files_below(snapshots).any(|other| fs::canonicalize(other).is_ok_and(|other| other == blob)) {
        return Ok(());
    }
    match blob.exists() {
        true => fs::remove_file(blob),
        false => Ok(()),
    }
}

/// Everything that is no folder, in folders of folders too.
pub(in crate::catalog) fn files_below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = WalkDir::new(folder).into_iter().flatten();
    entries
        .filter(|entry| !entry.file_type().is_dir())
        .map(DirEntry::into_path)
}

impl CachePaths {
    /// Keeps other processes (kvant's and Python's) from fetching the same file.
    pub(super) fn lock(&self, fetching: &mut Fetching<'_, '_>) -> Result<File, FetchError> {
        if let Some(dir) = self.blob.parent() {
            fs::create_dir_all(dir).map_err(|e| fetching.unwritable(dir, e))?;
        }
        fetching.lock(&self.lock, &self.file)
    }

    /// Whether the bytes are there already. A blob that is not what its name says is removed.
    pub(super) fn has_blob(&self, bytes: u64, sha256: &str, fetching: &mut Fetching<'_, '_>) -> bool {
        let Ok(meta) = fs::metadata(&self.blob) else {
            return false;
        };
        let is_right = meta.len() == bytes
            && fetching
                .store
                .sha256(&self.blob, &mut |_| {})
                .is_ok_and(|found| found == sha256);
        if !is_right {
            let _ = fs::remove_file(&self.blob);
        }
        is_right
    }

    pub(super) fn link(&self) -> io::Result<()> {
        let dir = self
            .pointer
            .parent()
            .ok_or_else(|| io::Error::other("a path without a folder"))?;
        fs::create_dir_all(dir)?;
        if fs::canonicalize(&self.pointer)
            .is_ok_and(|there| fs::canonicalize(&self.blob).is_ok_and(|blob| blob == there))
        {
            return Ok(());
        }
        // `snapshots/<commit>/` and the folders of the file's own name lie between the pointer and `blobs/`.
        let depth = 2 + self.file.matches('/').count();
        let name = self
            .blob
            .file_name()
            .ok_or_else(|| io::Error::other("a blob without a name"))?;
        let target = Path::new(&"../".repeat(depth)).join("blobs").join(name);
        let temporary = dir.join(format!(".tmp-{}-{}", std::process::id(), name.to_string_lossy()));
        match std::os::unix::fs::symlink(&target, &temporary) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
        fs::rename(&temporary, &self.pointer)
    }
}

//! SHA-256 of files, remembered while a file is unchanged.

use crate::fs as whole;
use crate::units::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Hashes a file from beginning to end; `progress` gets the bytes done so far.
pub(super) fn sha256_file(path: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0u64;
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..n]);
        done += n as u64;
        progress(done);
    }
}

/// SHA-256 of a small file, lower-case hex.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    sha256_file(path, &mut |_| {})
}

/// What tells that a file is unchanged. ctime is in it because, unlike mtime, no program can set it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    size: u64,
    inode: u64,
    mtime_ns: i64,
    ctime_ns: i64,
}

impl Stamp {
    fn of(meta: &Metadata) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let ns = |s: i64, ns: i64| s.checked_mul(1_000_000_000)?.checked_add(ns);
        Some(Stamp {
            size: meta.len(),
            inode: meta.ino(),
            mtime_ns: ns(meta.mtime(), meta.mtime_nsec())?,
            ctime_ns: ns(meta.ctime(), meta.ctime_nsec())?,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    path: String,
    stamp: Stamp,
    sha256: String,
}

/// The hash of `path`, from the notes in `notes_dir` while the file is unchanged. Notes are a convenience: a failure
/// to read or write one is no failure.
pub(super) fn sha256_remembered(path: &Path, notes_dir: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<String> {
    if let Some(known) = remembered(path, notes_dir)? {
        return Ok(known);
    }
    let before = Stamp::of(&fs::metadata(path)?);
    let sha256 = sha256_file(path, progress)?;
    if before == Stamp::of(&fs::metadata(path)?) {
        remember(path, notes_dir, &sha256)?;
    }
    Ok(sha256)
}

/// The hash of a file, if it is noted and the file unchanged since.
pub(super) fn remembered(path: &Path, notes_dir: &Path) -> io::Result<Option<String>> {
    let (note, absolute) = note_of(path, notes_dir)?;
    let stamp = Stamp::of(&fs::metadata(path)?);
    let known = fs::read(&note)
        .ok()
        .and_then(|text| serde_json::from_slice::<Remembered>(&text).ok());
    let is_same = |known: &Remembered| known.path == absolute && stamp.as_ref() == Some(&known.stamp);
    Ok(known.filter(is_same).map(|known| known.sha256))
}

/// Notes the hash of a file that has just been read or written as a whole.
pub(super) fn remember(path: &Path, notes_dir: &Path, sha256: &str) -> io::Result<()> {
    let (note, absolute) = note_of(path, notes_dir)?;
    let Some(stamp) = Stamp::of(&fs::metadata(path)?) else {
        return Ok(());
    };
    let remembered = Remembered {
        path: absolute,
        stamp,
        sha256: sha256.to_owned(),
    };
    if let Ok(text) = serde_json::to_vec(&remembered) {
        let _ = whole::write(&note, &text);
    }
    Ok(())
}

/// Where the note of a file lies, and the file's absolute path.
fn note_of(path: &Path, notes_dir: &Path) -> io::Result<(PathBuf, String)> {
    let absolute = fs::canonicalize(path)?.to_string_lossy().into_owned();
    let note = notes_dir.join(format!("{}.json", &sha256_hex(absolute.as_bytes())[..32]));
    Ok((note, absolute))
}

//! Files that appear whole or not at all: written under a temporary name in the same folder, synced, then renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tempfile::NamedTempFile;

/// Begins the name of every file that is not whole yet.
pub(crate) const TEMP_PREFIX: &str = ".tmp-";
/// A temporary file this old belongs to no living process.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// A file in `dir` that is removed when dropped.
pub(crate) fn temporary(dir: &Path, suffix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    // As any other file of the user (the umask still applies), not private as temporary files are.
    let permissions = fs::Permissions::from_mode(0o666);
    builder
        .prefix(TEMP_PREFIX)
        .suffix(suffix)
        .permissions(permissions)
        .tempfile_in(dir)
}

pub(crate) fn publish(temporary: &Path, path: &Path) -> io::Result<()> {
    File::open(temporary)?.sync_all()?;
    fs::rename(temporary, path)
}

/// Writes a file, and the folder that it goes to.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

pub(crate) fn write_with(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = temporary(dir, "")?;
    write(&mut file)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Removes what a killed process left.
pub(crate) fn remove_stale(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let modified = entry.metadata().and_then(|meta| meta.modified());
        let age = modified.ok().and_then(|time| time.elapsed().ok());
        let is_temp = entry.file_name().to_string_lossy().starts_with(TEMP_PREFIX);
        if is_temp && age.is_some_and(|age| age > STALE) {
            // One of the two applies.
            let _ = fs::remove_file(entry.path());
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_as_it_was() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a/b.txt");
        write(&path, b"old").expect("written");
        let failed = write_with(&path, |file| {
            file.write_all(b"ne")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).expect("there"), b"old");
        assert_eq!(fs::read_dir(dir.path().join("a")).expect("a folder").count(), 1);
    }
}

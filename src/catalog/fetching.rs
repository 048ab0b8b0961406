//! What every download shares: the store, the user's wish to stop, progress, and locks between processes.

use super::error::FetchError;
use super::means::{Event, Progress};
use super::{space, CatalogError, Store};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Around one or more downloads.
pub(super) struct Fetching<'a, 'p> {
    pub store: &'a Store,
    pub is_stopped: &'a dyn Fn() -> bool,
    pub progress: &'a mut Progress<'p>,
}

impl Fetching<'_, '_> {
    /// An error once the user has asked to stop.
    pub(super) fn check_stopped(&self, file: &str) -> Result<(), FetchError> {
        match (self.is_stopped)() {
            true => Err(CatalogError::InterruptedFetch(file.to_owned()).into()),
            false => Ok(()),
        }
    }

    /// Waits, but no longer than until the user stops.
    pub(super) fn wait(&self, time: Duration, file: &str) -> Result<(), FetchError> {
        let mut left = time;
        while !left.is_zero() {
            self.check_stopped(file)?;
            let step = left.min(Duration::from_millis(100));
            thread::sleep(step);
            left -= step;
        }
        self.check_stopped(file)
    }

    /// Holds `path` locked; another process that fetches the same is waited for. The kernel frees the lock of a
    /// process that died.
    pub(super) fn lock(&mut self, path: &Path, file: &str) -> Result<File, FetchError> {
        let open = || -> io::Result<File> {
            if let Some(dir) = path.parent() {
                fs::create_dir_all(dir)?;
            }
            File::options().create(true).truncate(false).write(true).open(path)
        };
        let handle = open().map_err(|e| self.unwritable(path, e))?;
        let mut is_told = false;
        loop {
            match handle.try_lock() {
                Ok(()) => return Ok(handle),
                Err(TryLockError::WouldBlock) => {}
                // A file system without locks: two downloads then only cost twice the bytes, as each is checked.
                Err(TryLockError::Error(_)) => return Ok(handle),
            }
            if !is_told {
                (self.progress)(&Event::Waiting { file });
                is_told = true;
            }
            self.wait(Duration::from_millis(200), file)?;
        }
    }

    /// A file or folder that cannot be written.
    pub(super) fn unwritable(&self, path: &Path, e: io::Error) -> FetchError {
        if e.kind() == io::ErrorKind::StorageFull {
            let dir = path.parent().unwrap_or(path);
            return CatalogError::NoRoom {
                what: "a download".into(),
                dir: dir.to_owned(),
                needed: 1 << 20,
                free: space::free(dir).unwrap_or(0),
            }
            .into();
        }
        CatalogError::Unwritable {
            path: path.to_owned(),
            why: e.to_string(),
        }
        .into()
    }
}

//! What every download shares: the store, the user's wish to stop, progress, and locks between processes.

use super::error::{CatalogError, FetchError};
use super::event::{Event, Progress};
use super::space;
use super::store::Store;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

pub struct Fetching<'a, 'p> {
    pub store: &'a Store,
    pub is_stopped: &'a dyn Fn() -> bool,
    pub progress: &'a mut Progress<'p>,
}

/// Waits, but no longer than until the user stops; an error then, which names `file`.
pub(super) fn pause(time: Duration, file: &str, is_stopped: &dyn Fn() -> bool) -> Result<(), FetchError> {
    let mut left = time;
    loop {
        if is_stopped() {
            return Err(CatalogError::InterruptedFetch(file.to_owned()).into());
        }
        if left.is_zero() {
            return Ok(());
        }
        let pause = left.min(Duration::from_millis(100));
        thread::sleep(pause);
        left -= pause;
    }
}

impl Fetching<'_, '_> {
    pub(super) fn wait(&self, time: Duration, file: &str) -> Result<(), FetchError> {
        pause(time, file, self.is_stopped)
    }

    pub(super) fn check_stopped(&self, file: &str) -> Result<(), FetchError> {
        self.wait(Duration::ZERO, file)
    }

    /// Holds `path` locked; another process that fetches the same is waited for. The kernel frees the lock of a
    /// process that died.
    pub(super) fn lock(&mut self, path: &Path, file: &str) -> Result<File, FetchError> {
        let open = || -> io::Result<File> {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
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

    pub(super) fn unwritable(&self, path: &Path, e: io::Error) -> FetchError {
        let dir = path.parent().unwrap_or(path);
        let error = space::full(&e, "a download", dir).unwrap_or_else(|| CatalogError::Unwritable {
            path: path.to_owned(),
            why: e.to_string(),
        });
        error.into()
    }
}

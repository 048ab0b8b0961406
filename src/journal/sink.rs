//! Where the lines of a journal go: a file, or a failure on demand.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

pub trait Sink: Send {
    /// Appends all bytes and returns once they are durable. After an error, any part of them may be there.
    ///
    /// # Errors
    /// When they could not be written or made durable.
    fn append(&mut self, line: &[u8]) -> io::Result<()>;

    /// Cuts off everything after the first `n_bytes`.
    ///
    /// # Errors
    /// When it is not certain that this was done.
    fn truncate(&mut self, n_bytes: u64) -> io::Result<()>;
}

/// A file opened for appending. The lock on it lasts as long as the sink.
#[derive(Debug)]
pub struct FileSink {
    file: File,
}

impl FileSink {
    /// Takes over a file that was opened for appending.
    pub fn new(file: File) -> FileSink {
        FileSink { file }
    }
}

impl Sink for FileSink {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line)?;
        self.file.sync_data()
    }

    fn truncate(&mut self, n_bytes: u64) -> io::Result<()> {
        self.file.set_len(n_bytes)?;
        self.file.sync_data()
    }
}

/// A sink in memory, for tests, whose k-th append writes part of its bytes and fails, as a full disk does.
#[derive(Debug, Clone, Default)]
pub struct FailingSink {
    pub bytes: Arc<Mutex<Vec<u8>>>,
    /// Appends left before the one that fails; absent: none fails.
    pub n_until_failure: Option<usize>,
    /// Bytes the failing append leaves behind.
    pub n_bytes_left: usize,
    pub truncate_fails: bool,
}

impl FailingSink {
    fn full() -> io::Error {
        io::Error::new(io::ErrorKind::StorageFull, "no space left on device")
    }
}

impl Sink for FailingSink {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut self.n_until_failure {
            Some(0) => {
                self.n_until_failure = None;
                bytes.extend_from_slice(&line[..self.n_bytes_left.min(line.len())]);
                return Err(Self::full());
            }
            Some(n) => *n -= 1,
            None => {}
        }
        bytes.extend_from_slice(line);
        Ok(())
    }

    fn truncate(&mut self, n_bytes: u64) -> io::Result<()> {
        if self.truncate_fails {
            return Err(Self::full());
        }
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.truncate(usize::try_from(n_bytes).unwrap_or(usize::MAX));
        Ok(())
    }
}

//! From records to a file that survives a crash.

use super::error::JournalError;
use super::line;
use super::read::{read_bytes, read_file, Journal, ReadError};
use super::sink::{FileSink, Sink};
use crate::data::{Record, RunHeader};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const FREE_SPACE: &str =
    "free space on the disk or check its permissions, then go on with --resume: what was measured is kept";

/// Appends records to one journal, and is the only one who does (an advisory lock keeps other kvants out).
pub struct Writer {
    sink: Box<dyn Sink>,
    path: PathBuf,
    next_seq: u64,
    n_good_bytes: u64,
    /// Set when a failed append could not be undone: what follows would make the journal unusable.
    is_broken: bool,
}

impl Writer {
    /// Starts a new journal. It gets its name when its header is on the disk, so that a run killed before leaves none.
    ///
    /// # Errors
    /// When the file exists, is in use, or cannot be written.
    pub fn create(path: &Path, header: &RunHeader) -> Result<Writer, JournalError> {
        const CHECK: &str = "check that its folder exists and may be written, or name another with --out";
        let failed = |source| io_error("create", path, source, CHECK);
        if path.exists() {
            return Err(JournalError::Exists { path: path.to_owned() });
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix("journal.").suffix(".tmp").append(true);
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(folder_of(path)).map_err(failed)?;
        lock(temporary.as_file(), path)?;
        let file = temporary.as_file().try_clone().map_err(failed)?;
        let writer = Writer::on_sink(Box::new(FileSink::new(file)), path, header).map_err(|e| match e {
            // Nothing is there yet that could be resumed.
            JournalError::Io { source, .. } => io_error(
                "create",
                path,
                source,
                "free some space there, or name another folder with --out",
            ),
            other => other,
        })?;
        temporary.persist_noclobber(path).map_err(|e| match e.error.kind() {
            io::ErrorKind::AlreadyExists => JournalError::Exists { path: path.to_owned() },
            _ => failed(e.error),
        })?;
        // The file's name must survive a crash as well.
        sync_folder(path).map_err(|source| io_error("write", path, source, FREE_SPACE))?;
        Ok(writer)
    }

    /// Starts a new journal on any sink; `path` is for messages only.
    ///
    /// # Errors
    /// When the header cannot be stored or written.
    pub fn on_sink(sink: Box<dyn Sink>, path: &Path, header: &RunHeader) -> Result<Writer, JournalError> {
        let mut writer = Writer {
            sink,
            path: path.to_owned(),
            next_seq: 1,
            n_good_bytes: 0,
            is_broken: false,
        };
        let record = Record::Header(Box::new(header.clone()));
        let bytes = writer.encoded(&record)?;
        // The header holds the only numbers that need not be finite, and JSON turns those into null.
        read_bytes(&bytes).map_err(|problem| writer.not_storable(problem.to_string()))?;
        writer.append_line(&bytes)?;
        Ok(writer)
    }

    /// Opens a journal to continue it: cuts off a torn last line and goes on with the next sequence number.
    ///
    /// # Errors
    /// When the file is missing, in use or unusable.
    pub fn resume(path: &Path) -> Result<(Writer, Journal), JournalError> {
        const CHECK: &str = "give the folder of a run that was cut short";
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(path)
            .map_err(|source| io_error("open", path, source, CHECK))?;
        lock(&file, path)?;
        let (journal, n_good_bytes) = read_file(&mut file).map_err(|e| match e {
            ReadError::Io(source) => io_error("read", path, source, CHECK),
            ReadError::Problem(problem) => JournalError::Unusable {
                path: path.to_owned(),
                problem,
            },
        })?;
        let mut sink = FileSink::new(file);
        if journal.torn_tail {
            sink.truncate(n_good_bytes)
                .map_err(|source| io_error("repair", path, source, FREE_SPACE))?;
        }
        let writer = Writer {
            sink: Box::new(sink),
            path: path.to_owned(),
            next_seq: journal.records.len() as u64 + 2,
            n_good_bytes,
            is_broken: false,
        };
        Ok((writer, journal))
    }

    /// Appends a record and returns once it is on the disk.
    ///
    /// # Errors
    /// When it could not be written. The journal then holds what it held before, or that and a torn last line; if
    /// what was half written could be cut off, the writer can still be used.
    pub fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        if self.is_broken {
            let source = io::Error::other("an earlier record was written only in part");
            return Err(io_error("write", &self.path, source, FREE_SPACE));
        }
        let bytes = self.encoded(record)?;
        self.append_line(&bytes)
    }

    fn append_line(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        if let Err(source) = self.sink.append(bytes) {
            self.is_broken = self.sink.truncate(self.n_good_bytes).is_err();
            return Err(io_error("write", &self.path, source, FREE_SPACE));
        }
        self.next_seq += 1;
        self.n_good_bytes += bytes.len() as u64;
        Ok(())
    }

    fn encoded(&self, record: &Record) -> Result<Vec<u8>, JournalError> {
        let bytes = line::encode(self.next_seq, record).map_err(|e| self.not_storable(e.to_string()))?;
        if bytes.len() > line::LINE_BYTES_MAX {
            return Err(self.not_storable(format!("it takes {} bytes", bytes.len())));
        }
        Ok(bytes)
    }

    fn not_storable(&self, reason: String) -> JournalError {
        JournalError::NotStorable {
            path: self.path.clone(),
            seq: self.next_seq,
            reason,
        }
    }
}

/// Takes the file for this process, or says who has it. A file system without locks has to do without.
fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(source)) => Err(io_error(
            "lock",
            path,
            source,
            "name a folder on another disk with --out",
        )),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Makes the entry of a file in its folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn io_error(action: &'static str, path: &Path, source: io::Error, advice: &'static str) -> JournalError {
    JournalError::Io {
        action,
        path: path.to_owned(),
        source,
        advice,
    }
}

//! What can be wrong with a journal.

use crate::data::JOURNAL_FORMAT;
use std::io;
use std::path::PathBuf;

/// Why a journal cannot be read, created or continued.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("journal unusable: {path}: {problem}", path = path.display())]
    Unusable { path: PathBuf, problem: Problem },
    #[error("journal {path} exists; continue it with --resume, or name another folder with --out", path = path.display())]
    Exists { path: PathBuf },
    #[error("journal {path} is in use by another kvant; wait for it, or name another folder with --out", path = path.display())]
    InUse { path: PathBuf },
    #[error("cannot {action} journal {path}: {source}; {advice}", path = path.display())]
    Io {
        /// What was tried: "open", "write" …
        action: &'static str,
        path: PathBuf,
        source: io::Error,
        advice: &'static str,
    },
    /// A value that JSON cannot hold (a number that is not finite).
    #[error("record {seq} cannot be written to journal {path}: {reason}; this is an error in kvant, please report it", path = path.display())]
    NotStorable {
        path: PathBuf,
        /// Sequence number the record would have had.
        seq: u64,
        reason: String,
    },
}

/// What is wrong with the content of a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the file is empty: the run ended before it began; start a new run")]
    Empty,
    #[error("this is not a journal of kvant; give the journal.jsonl of a run, or its folder")]
    NotAJournal,
    #[error("line 1 is incomplete: the run was stopped before it began; start a new run")]
    TornHeader,
    #[error(
        "line 1 is not a run header, so its beginning is missing; restore the file from a copy, or start a new run"
    )]
    NoHeader,
    #[error("it has format {format}, and this kvant reads up to {JOURNAL_FORMAT}: it was written by a newer kvant; update kvant")]
    Newer { format: u64 },
    #[error("it has format {format}, which no kvant has written; restore the file from a copy, or start a new run")]
    UnknownFormat { format: u64 },
    #[error("the file is larger than {limit_mib} MiB, which no run writes; give the journal.jsonl of a run")]
    TooLarge { limit_mib: u64 },
    /// A line before the last, or more than the tail of the last.
    #[error("line {line}: {problem}; restore the file from a copy, or start a new run")]
    Line { line: u64, problem: LineProblem },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    #[error("checksum mismatch")]
    Checksum,
    #[error("not a journal line ({reason})")]
    Malformed { reason: String },
    #[error("sequence number {found} where {line} belongs, so a line is missing or stands twice", line = expected)]
    Sequence { found: u64, expected: u64 },
    /// Intact, but of a kind or shape this version does not know.
    #[error("its record cannot be understood ({reason})")]
    Record { reason: String },
    #[error("a second run header")]
    SecondHeader,
    #[error("longer than any record")]
    TooLong,
}

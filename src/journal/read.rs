//! From bytes to records.

use super::error::{JournalError, LineProblem, Problem};
use super::line;
use crate::data::{Record, RunHeader, JOURNAL_FORMAT};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Far beyond any run: a day of samples takes some tens of MiB.
const FILE_BYTES_MAX: u64 = 1 << 30;

#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    pub header: RunHeader,
    /// Everything after it, in order.
    pub records: Vec<Record>,
    /// The last line was incomplete or damaged and is not among the records: the run was cut short while writing it.
    pub torn_tail: bool,
}

/// Reads a journal file.
///
/// # Errors
/// [`JournalError::Io`] when the file cannot be read, [`JournalError::Unusable`] when its content cannot be used.
pub fn read(path: &Path) -> Result<Journal, JournalError> {
    let io_error = |source| JournalError::Io {
        action: "read",
        path: path.to_owned(),
        source,
        advice: "give the journal.jsonl of a run, or its folder",
    };
    let mut file = File::open(path).map_err(io_error)?;
    read_file(&mut file).map(|(journal, _)| journal).map_err(|e| match e {
        ReadError::Io(source) => io_error(source),
        ReadError::Problem(problem) => JournalError::Unusable {
            path: path.to_owned(),
            problem,
        },
    })
}

/// What may go wrong between a file and a [`Journal`].
pub(super) enum ReadError {
    Io(io::Error),
    Problem(Problem),
}

/// Reads an open file from its start, without loading one that cannot be a journal. Also gives the length of what was
/// read, in bytes: a torn last line begins there.
pub(super) fn read_file(file: &mut File) -> Result<(Journal, u64), ReadError> {
    let mut bytes = Vec::new();
    let n_first = line::FIRST_BYTES.len() as u64;
    file.by_ref()
        .take(n_first)
        .read_to_end(&mut bytes)
        .map_err(ReadError::Io)?;
    if line::FIRST_BYTES.starts_with(&bytes) {
        // One byte beyond the limit tells a file that is too large.
        file.take(FILE_BYTES_MAX + 1 - n_first)
            .read_to_end(&mut bytes)
            .map_err(ReadError::Io)?;
    }
    read_all(&bytes).map_err(ReadError::Problem)
}

/// The journal in a file's bytes.
///
/// A last line without its newline, or whose checksum or JSON is wrong, is left out and reported
/// ([`Journal::torn_tail`]). Anything else that is wrong makes the journal unusable.
///
/// # Errors
/// What is wrong, with the line.
pub fn read_bytes(bytes: &[u8]) -> Result<Journal, Problem> {
    read_all(bytes).map(|(journal, _)| journal)
}

/// The journal, and the length of its good lines.
fn read_all(bytes: &[u8]) -> Result<(Journal, u64), Problem> {
    if bytes.is_empty() {
        return Err(Problem::Empty);
    }
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Problem::TooLarge {
            limit_mib: FILE_BYTES_MAX >> 20,
        });
    }
    if !bytes.starts_with(line::FIRST_BYTES) {
        let is_beginning = line::FIRST_BYTES.starts_with(bytes);
        return Err(if is_beginning {
            Problem::TornHeader
        } else {
            Problem::NotAJournal
        });
    }
    let (first, mut rest) = split_line(bytes).ok_or(Problem::TornHeader)?;
    let header = read_header(first)?;
    let mut records = Vec::new();
    let mut torn_tail = false;
    while !rest.is_empty() {
        let number = records.len() as u64 + 2;
        let Some((this, next)) = split_line(rest) else {
            torn_tail = true;
            break;
        };
        match read_record(this, number) {
            Ok(record) => records.push(record),
            // A crash may leave the last block of a file damaged, newline or not.
            Err(LineProblem::Checksum | LineProblem::Malformed { .. }) if next.is_empty() => {
                torn_tail = true;
                break;
            }
            Err(problem) => return Err(Problem::Line { line: number, problem }),
        }
        rest = next;
    }
    let n_good_bytes = (bytes.len() - rest.len()) as u64;
    Ok((
        Journal {
            header,
            records,
            torn_tail,
        },
        n_good_bytes,
    ))
}

/// The first line without its newline, and what follows; `None` when no newline follows.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&b| b == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// Just enough of line 1 to tell its format, whatever else a later format puts there.
#[derive(Deserialize)]
struct AnyHeader {
    header: AnyFormat,
}

#[derive(Deserialize)]
struct AnyFormat {
    format: u64,
}

fn read_header(bytes: &[u8]) -> Result<RunHeader, Problem> {
    let text = line::decode(bytes, 1).map_err(|problem| Problem::Line { line: 1, problem })?;
    let format = serde_json::from_str::<AnyHeader>(text.get())
        .map_err(|_| Problem::NoHeader)?
        .header
        .format;
    if format > u64::from(JOURNAL_FORMAT) {
        return Err(Problem::Newer { format });
    }
    if format == 0 {
        return Err(Problem::UnknownFormat { format });
    }
    match parse(text).map_err(|problem| Problem::Line { line: 1, problem })? {
        Record::Header(header) => Ok(*header),
        _ => Err(Problem::NoHeader),
    }
}

fn read_record(bytes: &[u8], number: u64) -> Result<Record, LineProblem> {
    match parse(line::decode(bytes, number)?)? {
        Record::Header(_) => Err(LineProblem::SecondHeader),
        record => Ok(record),
    }
}

fn parse(text: &RawValue) -> Result<Record, LineProblem> {
    serde_json::from_str(text.get()).map_err(|e| LineProblem::Record { reason: e.to_string() })
}

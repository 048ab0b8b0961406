//! The journal of a run: one line per record, each with its sequence number and checksum, synced to the disk before
//! the next is measured. `docs/journal.md` describes the file for other readers.
//!
//! Goes in: records in the order they happen. Comes out: the same records, or an error that names the line. Knows the
//! format and its versions; knows nothing of what records mean.
//!
//! Invariants: imports `data` only. What [`Writer::append`] returned `Ok` for survives a crash. A journal is read
//! whole or not at all, except for a torn last line, which a crash may leave and which is reported
//! ([`Journal::torn_tail`]). Reading never panics, whatever the bytes.

mod error;
mod line;
mod read;
mod sink;
#[cfg(test)]
mod tests;
mod write;

pub use error::{JournalError, LineProblem, Problem};
pub use read::{read, read_bytes, Journal};
pub use sink::{FailingSink, FileSink, Sink};
pub use write::Writer;

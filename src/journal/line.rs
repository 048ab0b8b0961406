//! One line of a journal: to bytes, and back.

use super::error::LineProblem;
use crate::data::Record;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Every journal starts with these bytes, in every format version.
pub(super) const FIRST_BYTES: &[u8] = br#"{"seq":1,"#;

/// Far beyond any record (a sample holds some thousands of gaps at 10 bytes each).
pub(super) const LINE_BYTES_MAX: usize = 16 << 20;

/// The line as it stands in the file. The order of the fields is part of the format.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    seq: u64,
    crc: &'a str,
    #[serde(borrow)]
    record: &'a RawValue,
}

/// The bytes of a record's line, with its newline.
pub(super) fn encode(seq: u64, record: &Record) -> serde_json::Result<Vec<u8>> {
    let record = serde_json::value::to_raw_value(record)?;
    let crc = checksum(seq, &record);
    let mut bytes = serde_json::to_vec(&Line {
        seq,
        crc: &crc,
        record: &record,
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The text of the record in a line (without its newline) that is intact and in its place.
pub(super) fn decode(bytes: &[u8], expected_seq: u64) -> Result<&RawValue, LineProblem> {
    if bytes.len() > LINE_BYTES_MAX {
        return Err(LineProblem::TooLong);
    }
    let line: Line = serde_json::from_slice(bytes).map_err(|e| LineProblem::Malformed { reason: e.to_string() })?;
    if line.crc != checksum(line.seq, line.record) {
        return Err(LineProblem::Checksum);
    }
    if line.seq != expected_seq {
        return Err(LineProblem::Sequence {
            found: line.seq,
            expected: expected_seq,
        });
    }
    Ok(line.record)
}

/// CRC-32 (IEEE 802.3) over the sequence number in decimal, directly followed by the record's text, as 8 lower-case
/// hexadecimal digits.
fn checksum(seq: u64, record: &RawValue) -> String {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(seq.to_string().as_bytes());
    hasher.update(record.get().as_bytes());
    format!("{:08x}", hasher.finalize())
}

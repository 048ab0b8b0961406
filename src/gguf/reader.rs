//! Reads primitives from an untrusted stream of known length, with a budget for what is kept.

use super::{GgufProblem, Value};
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// What a header may take in memory beyond the file's own length.
pub const SLACK_BYTES: u64 = 64 << 10;

/// A position in a file of `len` bytes, and the memory still allowed.
pub(super) struct Reader<R> {
    inner: BufReader<R>,
    pos: u64,
    len: u64,
    budget: u64,
}

impl<R: Read + Seek> Reader<R> {
    pub(super) fn new(mut inner: R, len: u64) -> Result<Self, GgufProblem> {
        inner.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let inner = BufReader::with_capacity(64 << 10, inner);
        Ok(Reader {
            inner,
            pos: 0,
            len,
            budget: len.saturating_add(SLACK_BYTES),
        })
    }

    pub(super) fn pos(&self) -> u64 {
        self.pos
    }

    pub(super) fn remaining(&self) -> u64 {
        self.len - self.pos
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn charge(&mut self, bytes: u64) -> Result<(), GgufProblem> {
        self.budget = self.budget.checked_sub(bytes).ok_or_else(|| {
            GgufProblem::Damaged(format!(
                "it would take more memory than the file has bytes ({})",
                self.len
            ))
        })?;
        Ok(())
    }

    fn truncated(&self, what: &str) -> GgufProblem {
        GgufProblem::HeaderTruncated {
            what: what.to_owned(),
            at: self.pos,
            file_bytes: self.len,
        }
    }

    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], GgufProblem> {
        let mut bytes = [0; N];
        if self.remaining() < N as u64 {
            return Err(self.truncated(what));
        }
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    /// Exactly `n` bytes, charged to the budget.
    pub(super) fn bytes(&mut self, n: u64, what: &str) -> Result<Vec<u8>, GgufProblem> {
        if self.remaining() < n {
            return Err(self.truncated(what));
        }
        self.charge(n)?;
        let n = usize::try_from(n).map_err(|_| GgufProblem::Damaged(format!("{what} has {n} bytes")))?;
        let mut bytes = vec![0; n];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    pub(super) fn skip(&mut self, n: u64, what: &str) -> Result<(), GgufProblem> {
        if self.remaining() < n {
            return Err(self.truncated(what));
        }
        let distance = i64::try_from(n).map_err(|_| self.truncated(what))?;
        self.inner.seek_relative(distance).map_err(unreadable)?;
        self.pos += n;
        Ok(())
    }

    /// Takes `n` bytes and their number into a checksum, a block at a time.
    pub(super) fn hash(&mut self, n: u64, into: &mut crc32fast::Hasher, what: &str) -> Result<(), GgufProblem> {
        if self.remaining() < n {
            return Err(self.truncated(what));
        }
        into.update(&n.to_le_bytes());
        let mut block = [0; 256];
        let mut left = n;
        while left > 0 {
            let bytes = &mut block[..left.min(256) as usize];
            self.fill(bytes, what)?;
            into.update(bytes);
            left -= bytes.len() as u64;
        }
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8], what: &str) -> Result<(), GgufProblem> {
        match self.inner.read_exact(bytes) {
            Ok(()) => {
                self.pos += bytes.len() as u64;
                Ok(())
            }
            // The file became shorter while it was read.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(self.truncated(what)),
            Err(e) => Err(unreadable(e)),
        }
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32, GgufProblem> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    pub(super) fn u64(&mut self, what: &str) -> Result<u64, GgufProblem> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// A text with its length before it.
    pub(super) fn string(&mut self, what: &str) -> Result<String, GgufProblem> {
        let n = self.u64(what)?;
        match String::from_utf8(self.bytes(n, what)?) {
            Ok(text) => Ok(text),
            Err(e) => {
                // Replacing a byte can triple it: charged before it is allocated.
                self.charge(n.saturating_mul(3))?;
                Ok(String::from_utf8_lossy(e.as_bytes()).into_owned())
            }
        }
    }

    /// A value of a fixed-size type.
    pub(super) fn fixed(&mut self, ty: u32, n_bytes: u64, what: &str) -> Result<Value, GgufProblem> {
        let mut buffer = [0; 8];
        if self.remaining() < n_bytes {
            return Err(self.truncated(what));
        }
        let bytes = &mut buffer[..n_bytes.min(8) as usize];
        self.fill(bytes, what)?;
        Value::from_bytes(ty, bytes).ok_or_else(|| GgufProblem::Damaged(format!("{what} cannot be read")))
    }
}

pub(super) fn unreadable(e: io::Error) -> GgufProblem {
    GgufProblem::Unreadable(e.to_string())
}

//! A remote file that is read in parts: for its header, without its tensors.

use super::http;
use std::io::{self, Read, Seek, SeekFrom};
use ureq::Agent;

/// One request brings this much: a header has its vocabulary in it, so some MiB are needed in any case.
const BLOCK_BYTES: u64 = 1 << 20;

/// Reads with range requests.
pub(in crate::catalog) struct RangeFile {
    agent: Agent,
    url: String,
    bearer: Option<String>,
    bytes: u64,
    pos: u64,
    block: Vec<u8>,
    block_at: u64,
}

impl RangeFile {
    pub(super) fn new(url: String, bearer: Option<String>, bytes: u64) -> RangeFile {
        RangeFile {
            agent: http::agent_with(http::Patience::LONG),
            url,
            bearer,
            bytes,
            pos: 0,
            block: Vec::new(),
            block_at: 0,
        }
    }

    /// Length of the file.
    pub(in crate::catalog) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn load(&mut self) -> io::Result<()> {
        let end = self.bytes.min(self.pos.saturating_add(BLOCK_BYTES));
        let mut request = self.agent.get(&self.url);
        request = request.header("range", format!("bytes={}-{}", self.pos, end - 1));
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        let answer = request.call().map_err(|e| io::Error::other(http::words(&e)))?;
        let status = answer.status().as_u16();
        if let Some(refusal) = http::refusal(status, "the file", self.bearer.is_some()) {
            return Err(io::Error::other(refusal.to_string()));
        }
        if status != 206 && self.pos > 0 {
            return Err(io::Error::other(
                "the server ignores ranges; fetch the whole file with `kvant models fetch`",
            ));
        }
        let wanted = end - self.pos;
        let mut block = Vec::new();
        answer.into_body().into_reader().take(wanted).read_to_end(&mut block)?;
        if block.len() as u64 != wanted {
            return Err(io::Error::other("the connection was cut; try again"));
        }
        self.block = block;
        self.block_at = self.pos;
        Ok(())
    }
}

impl Read for RangeFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.pos >= self.bytes || buffer.is_empty() {
            return Ok(0);
        }
        let is_here = self.pos >= self.block_at && self.pos < self.block_at + self.block.len() as u64;
        if !is_here {
            self.load()?;
        }
        let start = (self.pos - self.block_at) as usize;
        let n = buffer.len().min(self.block.len() - start);
        buffer[..n].copy_from_slice(&self.block[start..start + n]);
        self.pos += n as u64;
        Ok(n)
    }
}

impl Seek for RangeFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let pos = match to {
            SeekFrom::Start(pos) => Some(pos),
            SeekFrom::Current(step) => self.pos.checked_add_signed(step),
            SeekFrom::End(step) => self.bytes.checked_add_signed(step),
        };
        self.pos = pos.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.pos)
    }
}

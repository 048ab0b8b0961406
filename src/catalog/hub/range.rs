//! A remote file that is read in parts: for its header, without its tensors.

use super::super::error::FetchError;
use super::client::Client;
use super::http;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;
use ureq::Agent;

/// One request brings this much: a header has its vocabulary in it, so some MiB are needed in any case.
const BLOCK_BYTES: u64 = 1 << 20;

/// Reads with range requests.
pub(in crate::catalog) struct RangeFile {
    client: Rc<Client>,
    agent: Agent,
    url: String,
    file: String,
    bytes: u64,
    pos: u64,
    block: Vec<u8>,
    block_at: u64,
    /// Why the last read failed, where the Hub or the network is to blame rather than the file.
    failure: Option<FetchError>,
}

impl RangeFile {
    pub(super) fn new(client: Rc<Client>, url: String, file: String, bytes: u64) -> RangeFile {
        RangeFile {
            client,
            agent: http::agent_with(http::Patience::LONG),
            url,
            file,
            bytes,
            pos: 0,
            block: Vec::new(),
            block_at: 0,
            failure: None,
        }
    }

    /// Length of the file.
    pub(in crate::catalog) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Why the last read failed, unless the file itself is to blame.
    pub(in crate::catalog) fn take_failure(&mut self) -> Option<FetchError> {
        self.failure.take()
    }

    fn load(&mut self) -> Result<(), FetchError> {
        let end = self.bytes.min(self.pos.saturating_add(BLOCK_BYTES));
        let request = || {
            let range = format!("bytes={}-{}", self.pos, end - 1);
            let mut request = self.agent.get(&self.url).header("range", range);
            if let Some(bearer) = self.client.token.bearer() {
                request = request.header("authorization", bearer);
            }
            request.call()
        };
        let answer = self.client.ask(&self.file, request)?;
        if answer.status() != 206 && self.pos > 0 {
            let why = "the server ignores ranges; fetch the whole file with `kvant models fetch`";
            return Err(FetchError::failed(format!("{}: {why}", self.file)));
        }
        let wanted = end - self.pos;
        let mut block = Vec::new();
        let read = answer.into_body().into_reader().take(wanted).read_to_end(&mut block);
        if read.is_err() || block.len() as u64 != wanted {
            let why = "the connection was cut; try again";
            return Err(FetchError::failed(format!("{}: {why}", self.file)));
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
            if let Err(e) = self.load() {
                let text = e.to_string();
                self.failure = Some(e);
                return Err(io::Error::other(text));
            }
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

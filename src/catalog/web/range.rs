//! A remote file that is read in parts: for its header, without its tensors.

use super::client::Client;
use crate::catalog::error::FetchError;
use crate::gguf::{Gguf, GgufProblem};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// One request brings this much: a header has its vocabulary in it, so some MiB are needed in any case.
const BLOCK_BYTES: u64 = 1 << 20;

pub(in crate::catalog) struct RangeFile {
    client: Client,
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
    pub(in crate::catalog) fn new(client: Client, url: String, file: String, bytes: u64) -> RangeFile {
        RangeFile {
            client,
            url,
            file,
            bytes,
            pos: 0,
            block: Vec::new(),
            block_at: 0,
            failure: None,
        }
    }

    /// Header, and the bytes before the tensors if they are wanted; `location` is named where the file is to blame.
    pub(in crate::catalog) fn gguf(mut self, location: &str, keeps_head: bool) -> Result<(Gguf, Vec<u8>), FetchError> {
        let bytes = self.bytes;
        let gguf = Gguf::read(&mut self, bytes);
        let read = gguf.and_then(|gguf| {
            let n_head = if keeps_head { gguf.data_offset.min(bytes) } else { 0 };
            let mut head = vec![0; n_head as usize];
            let again = self.seek(SeekFrom::Start(0)).and_then(|_| self.read_exact(&mut head));
            match again {
                Ok(()) => Ok((gguf, head)),
                Err(e) => Err(GgufProblem::Unreadable(e.to_string())),
            }
        });
        match (read, self.failure) {
            (_, Some(failure)) => Err(failure),
            (read, None) => Ok(read.map_err(|problem| problem.at(Path::new(location)))?),
        }
    }

    fn load(&mut self) -> Result<(), FetchError> {
        let end = self.bytes.min(self.pos.saturating_add(BLOCK_BYTES));
        let request = || {
            let range = format!("bytes={}-{}", self.pos, end - 1);
            self.client.get(&self.url).header("range", range).call()
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
            SeekFrom::Current(distance) => self.pos.checked_add_signed(distance),
            SeekFrom::End(distance) => self.bytes.checked_add_signed(distance),
        };
        self.pos = pos.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.pos)
    }
}

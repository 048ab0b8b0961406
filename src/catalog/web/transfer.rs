//! One file's bytes: resumed where an earlier attempt stopped, hashed as they come, named only when they are right.

use super::client::{Client, Waits};
use super::http;
use super::refusal::{header, number, Refusal};
use crate::catalog::error::FetchError;
use crate::catalog::event::Event;
use crate::catalog::fetching::Fetching;
use crate::catalog::{names, space};
use crate::units::hex;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;
use ureq::http::Response;
use ureq::Body;

/// Attempts in a row that brought nothing.
const MAX_FRUITLESS: u32 = 4;
/// Attempts in all, for servers that cut after every few bytes.
const MAX_ATTEMPTS: u32 = 200;
const BUFFER_BYTES: usize = 256 << 10;
/// Every GGUF file begins like this.
const MAGIC: &[u8] = b"GGUF";

pub(in crate::catalog) struct Download<'a> {
    pub client: &'a Client,
    pub url: &'a str,
    pub file: &'a str,
    pub bytes: u64,
    /// What its SHA-256 must be, where that is known.
    pub sha256: Option<&'a str>,
    pub partial: &'a Path,
}

enum Cut {
    Final(FetchError),
    /// The next attempt may go on.
    Passing {
        why: String,
        refusal: Option<Refusal>,
    },
}

impl From<FetchError> for Cut {
    fn from(e: FetchError) -> Self {
        Cut::Final(e)
    }
}

fn passing(why: impl Into<String>) -> Cut {
    Cut::Passing {
        why: why.into(),
        refusal: None,
    }
}

struct Partial {
    file: File,
    at: u64,
    hasher: Sha256,
}

impl Partial {
    /// Takes up what is there, and hashes it.
    fn open(path: &Path, bytes: u64) -> io::Result<Partial> {
        let mut file = File::options().create(true).read(true).append(true).open(path)?;
        if file.metadata()?.len() > bytes {
            file.set_len(0)?;
        }
        let mut hasher = Sha256::new();
        let at = io::copy(&mut file, &mut hasher)?;
        Ok(Partial { file, at, hasher })
    }

    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.at = 0;
        self.hasher = Sha256::new();
        Ok(())
    }
}

impl Download<'_> {
    /// Completes the file at `partial`. Returns its SHA-256.
    pub(in crate::catalog) fn run(&self, fetching: &mut Fetching<'_, '_>) -> Result<String, FetchError> {
        let mut is_again = false;
        loop {
            let mut partial =
                Partial::open(self.partial, self.bytes).map_err(|e| fetching.unwritable(self.partial, e))?;
            let was_begun_earlier = partial.at > 0;
            let dir = self.partial.parent().unwrap_or(self.partial);
            space::check(self.file, dir, self.bytes - partial.at)?;
            self.complete(&mut partial, fetching)?;
            let found = hex(&partial.hasher.finalize());
            let Some(sha256) = self.sha256.filter(|sha256| **sha256 != *found) else {
                return Ok(found);
            };
            fs::remove_file(self.partial).map_err(|e| fetching.unwritable(self.partial, e))?;
            // What an earlier call left may be to blame: once more from the beginning.
            if !was_begun_earlier || is_again {
                return Err(self.failed(format!(
                    "the bytes received have the SHA-256 {found} instead of {sha256} and were removed; try again, and if it happens again use another source"
                )));
            }
            is_again = true;
        }
    }

    fn failed(&self, why: impl std::fmt::Display) -> FetchError {
        FetchError::failed(format!("{}: {why}", self.file))
    }

    /// Attempts until the length is reached.
    fn complete(&self, partial: &mut Partial, fetching: &mut Fetching<'_, '_>) -> Result<(), FetchError> {
        let mut n_fruitless = 0;
        let mut waits = Waits::new();
        for _ in 0..MAX_ATTEMPTS {
            if partial.at == self.bytes {
                return Ok(());
            }
            let before = partial.at;
            let (why, refusal) = match self.attempt(partial, fetching) {
                Ok(()) => continue,
                Err(Cut::Final(e)) => return Err(e),
                Err(Cut::Passing { why, refusal }) => (why, refusal),
            };
            if partial.at > before {
                (n_fruitless, waits) = (0, Waits::new());
            } else {
                n_fruitless += 1;
            }
            if n_fruitless == MAX_FRUITLESS {
                let kept = match partial.at {
                    0 => "try again later".to_owned(),
                    at => format!(
                        "{at} of {} bytes are kept, and the same command goes on from there",
                        self.bytes
                    ),
                };
                return Err(self.failed(format!("{why}; {kept}")));
            }
            match refusal.filter(|refusal| refusal.wait().is_some()) {
                Some(refusal) => self.client.wait_as_asked(&refusal, self.file, &mut waits)?,
                None => self
                    .client
                    .pause(Duration::from_millis(200 << n_fruitless), self.file)?,
            }
        }
        Err(self.failed("the connection is cut again and again; try again later, what came is kept"))
    }

    /// One request, from where the file ends to its end.
    fn attempt(&self, partial: &mut Partial, fetching: &mut Fetching<'_, '_>) -> Result<(), Cut> {
        fetching.check_stopped(self.file)?;
        let mut request = self.client.get(self.url);
        if partial.at > 0 {
            request = request.header("range", format!("bytes={}-", partial.at));
        }
        let answer = request.call().map_err(|e| passing(http::words(&e)))?;
        if !self.check_head(&answer, partial.at)? {
            // The server ignored the range, or has another idea of the length.
            partial.restart().map_err(|e| fetching.unwritable(self.partial, e))?;
            if answer.status() != 200 {
                return Err(passing("the server refused to go on where the file ended"));
            }
        }
        self.receive(answer.into_body(), partial, fetching)
    }

    /// Whether the body goes on at `at`; false when the file has to be begun anew.
    fn check_head(&self, answer: &Response<Body>, at: u64) -> Result<bool, Cut> {
        let status = answer.status().as_u16();
        if status == 416 && at > 0 {
            return Ok(false);
        }
        if let Some(refusal) = Refusal::of(answer, self.client.host()) {
            let why = refusal.words(self.file, &self.client.token);
            return Err(match refusal.is_passing() {
                true => Cut::Passing {
                    why,
                    refusal: Some(refusal),
                },
                false => Cut::Final(FetchError::failed(why)),
            });
        }
        let header = |name: &str| header(answer.headers(), name);
        let range = header("content-range").and_then(parse_content_range);
        let total = match (status, range) {
            (206, Some((start, _))) if start != at => return Ok(false),
            (206, Some((_, total))) => total,
            _ => number(answer.headers(), "content-length"),
        };
        if total.is_some_and(|total| total != self.bytes) {
            let kind = header("content-type").unwrap_or("unknown type");
            return Err(Cut::Final(self.failed(format!(
                "{} sends {} bytes of {} instead of {}; nothing of it was kept, try again later or use another source",
                self.client.host(),
                total.unwrap_or(0),
                names::shown(kind),
                self.bytes
            ))));
        }
        Ok(status == 206 || at == 0)
    }

    fn receive(&self, body: Body, partial: &mut Partial, fetching: &mut Fetching<'_, '_>) -> Result<(), Cut> {
        let mut reader = body.into_reader();
        let mut buffer = vec![0; BUFFER_BYTES];
        while partial.at < self.bytes {
            fetching.check_stopped(self.file)?;
            let n = reader.read(&mut buffer).map_err(|e| passing(http::io_words(&e)))?;
            if n == 0 {
                return Err(passing("the connection was cut"));
            }
            let room = usize::try_from(self.bytes - partial.at).unwrap_or(usize::MAX);
            if n > room {
                return Err(Cut::Final(
                    self.failed("the server sends more than it announced; try again later"),
                ));
            }
            let begins = partial.at == 0 && n >= MAGIC.len();
            if begins && !buffer.starts_with(MAGIC) {
                let _ = partial.restart();
                let start = String::from_utf8_lossy(&buffer[..n.min(40)]).into_owned();
                return Err(Cut::Final(self.failed(format!(
                    "{} sent something else than a GGUF file (\"{}\"); it was removed, check the endpoint and the network's login page",
                    self.client.host(),
                    names::shown(start.trim())
                ))));
            }
            let written = partial.file.write_all(&buffer[..n]);
            written.map_err(|e| fetching.unwritable(self.partial, e))?;
            partial.hasher.update(&buffer[..n]);
            partial.at += n as u64;
            (fetching.progress)(&Event::Fetching {
                file: self.file,
                from: self.client.host(),
                done: partial.at,
                total: self.bytes,
            });
        }
        Ok(())
    }
}

/// Start and total of `bytes 5-9/10`.
fn parse_content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.trim().parse().ok()?, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        assert_eq!(parse_content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(parse_content_range("bytes 0-0/*"), Some((0, None)));
        assert_eq!(parse_content_range("items 0-0/1"), None);
    }
}

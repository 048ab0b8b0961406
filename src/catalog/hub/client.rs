//! What all requests share: the endpoint, the token, and how long is gone on asking.
//!
//! A server that asks to be left alone for a while is left alone; the user sees that wait, can end it, and it has a limit.

use super::super::error::FetchError;
use super::super::CatalogError;
use super::http;
use super::refusal::Refusal;
use super::token::Token;
use std::io::ErrorKind;
use std::thread;
use std::time::Duration;
use ureq::http::Response;
use ureq::Body;

/// How long a server may keep one request waiting, in all: the window of the Hub's rate limits.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// How often it may ask for that.
const N_WAITS: u32 = 5;
/// Attempts when nobody says how long to wait.
const N_TRIES: u32 = 3;

/// The endpoint, and the user at the other side.
pub(super) struct Client {
    pub endpoint: String,
    pub token: Token,
    /// Shows a line.
    pub tell: Box<dyn Fn(&str)>,
    /// Whether the user wants to stop.
    pub is_stopped: Box<dyn Fn() -> bool>,
}

/// What is left of the waits of one request.
pub(super) struct Waits {
    left: Duration,
    n_left: u32,
}

impl Waits {
    pub(super) fn new() -> Waits {
        Waits {
            left: WAIT_MAX,
            n_left: N_WAITS,
        }
    }
}

impl Client {
    /// The endpoint without anything secret.
    pub(super) fn host(&self) -> &str {
        let rest = self.endpoint.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or(rest);
        authority.rsplit('@').next().unwrap_or(authority)
    }

    /// The answer to a request, which is repeated where that may help; refusals become words.
    pub(super) fn ask(
        &self,
        what: &str,
        request: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, FetchError> {
        let mut waits = Waits::new();
        let mut n_tries = 1;
        loop {
            let failure = match request() {
                Ok(answer) => match Refusal::of(&answer, self.host()) {
                    None => return Ok(answer),
                    Some(refusal) if refusal.wait().is_some() => {
                        self.wait_as_asked(&refusal, what, &mut waits)?;
                        continue;
                    }
                    Some(refusal) if !refusal.is_passing() => {
                        return Err(FetchError::failed(refusal.words(what, &self.token)));
                    }
                    Some(refusal) => refusal.words(what, &self.token),
                },
                // Where nobody is, asking again only costs the user time.
                Err(ureq::Error::Io(e)) if e.kind() != ErrorKind::ConnectionRefused => {
                    http::unreachable(self.host(), &ureq::Error::Io(e))
                }
                Err(e) => return Err(FetchError::failed(http::unreachable(self.host(), &e))),
            };
            if n_tries == N_TRIES {
                return Err(FetchError::failed(failure));
            }
            self.pause(Duration::from_millis(300 << n_tries), what)?;
            n_tries += 1;
        }
    }

    /// Waits as long as a server asks, if it asks (`Refusal::wait`). An error when that is longer than [`WAIT_MAX`] allows.
    pub(super) fn wait_as_asked(&self, refusal: &Refusal, what: &str, waits: &mut Waits) -> Result<(), FetchError> {
        let Some(wait) = refusal.wait() else { return Ok(()) };
        let wait = wait.max(Duration::from_secs(1));
        let (host, time) = (self.host(), humantime::format_duration(wait));
        if wait > waits.left || waits.n_left == 0 {
            return Err(FetchError::failed(format!(
                "{}: {host} asks for a pause of {time}; run the same command again after it",
                refusal.cause(what)
            )));
        }
        waits.left -= wait;
        waits.n_left -= 1;
        (self.tell)(&format!(
            "note: {}: {host} asks for a pause; trying again in {time} (Ctrl-C gives up)",
            refusal.cause(what)
        ));
        self.pause(wait, what)
    }

    /// Waits, but no longer than until the user stops.
    pub(super) fn pause(&self, time: Duration, what: &str) -> Result<(), FetchError> {
        let mut left = time;
        loop {
            if (self.is_stopped)() {
                return Err(CatalogError::InterruptedFetch(what.to_owned()).into());
            }
            if left.is_zero() {
                return Ok(());
            }
            let step = left.min(Duration::from_millis(100));
            thread::sleep(step);
            left -= step;
        }
    }
}

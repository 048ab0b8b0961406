//! What all requests share: the endpoint, the token, and how long is gone on asking.
//!
//! A server that asks to be left alone for a while is left alone; the user sees that wait, can end it, and it has a limit.

use super::http;
use super::refusal::Refusal;
use super::token::Token;
use crate::catalog::error::FetchError;
use crate::catalog::fetching::pause;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;
use ureq::http::Response;
use ureq::typestate::WithoutBody;
use ureq::{Agent, Body, RequestBuilder};

/// How long a server may keep one request waiting, in all: the window of the Hub's rate limits.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// How often it may ask for that.
const N_WAITS: u32 = 5;
/// Attempts when nobody says how long to wait.
const N_TRIES: u32 = 3;

/// What requests to all sites share: the connections, and the user.
#[derive(Clone)]
pub struct Web {
    pub is_offline: bool,
    tell: Rc<dyn Fn(&str)>,
    is_stopped: Rc<dyn Fn() -> bool>,
    agent: Agent,
}

impl Web {
    /// `tell` shows the user a line while requests wait, and `is_stopped` says whether they want to.
    pub fn new(is_offline: bool, tell: impl Fn(&str) + 'static, is_stopped: impl Fn() -> bool + 'static) -> Web {
        Web {
            is_offline,
            tell: Rc::new(tell),
            is_stopped: Rc::new(is_stopped),
            agent: http::agent_with(http::PATIENT),
        }
    }

    pub(in crate::catalog) fn check_online(&self, site: &str) -> Result<(), FetchError> {
        match self.is_offline {
            true => Err(FetchError::failed(format!("{site} was not asked (--offline)"))),
            false => Ok(()),
        }
    }
}

#[derive(Clone)]
pub(in crate::catalog) struct Client {
    pub endpoint: String,
    pub token: Rc<Token>,
    pub web: Web,
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
    /// With the token, where it may be sent.
    pub(in crate::catalog) fn bearing(&self, request: RequestBuilder<WithoutBody>) -> RequestBuilder<WithoutBody> {
        match self.token.bearer() {
            Some(bearer) => request.header("authorization", bearer),
            None => request,
        }
    }

    pub(super) fn get(&self, url: &str) -> RequestBuilder<WithoutBody> {
        self.bearing(self.web.agent.get(url))
    }

    pub(in crate::catalog) fn head(
        &self,
        url: &str,
        what: &str,
        max_redirects: u32,
    ) -> Result<Response<Body>, FetchError> {
        let head = || {
            let request = self.web.agent.head(url).config().max_redirects(max_redirects).build();
            self.bearing(request).call()
        };
        self.ask(what, head)
    }

    /// Whether anybody answers, within a few seconds.
    pub(in crate::catalog) fn check_reachable(&self) -> Result<(), String> {
        let agent = http::agent_with(http::HASTY);
        let answer = agent.head(&self.endpoint).call();
        answer.map(|_| ()).map_err(|e| http::words(&e))
    }

    /// The endpoint without anything secret.
    pub(in crate::catalog) fn host(&self) -> &str {
        let rest = self.endpoint.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or(rest);
        authority.rsplit('@').next().unwrap_or(authority)
    }

    /// The answer to a request, which is repeated where that may help; refusals become words.
    pub(in crate::catalog) fn ask(
        &self,
        what: &str,
        request: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, FetchError> {
        let mut waits = Waits::new();
        let mut n_tries = 1;
        let advice = match *self.token {
            Token::NotAsked => " and the address",
            _ => ", or name a mirror of the Hub in HF_ENDPOINT",
        };
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
                    http::unreachable(self.host(), advice, &ureq::Error::Io(e))
                }
                Err(e) => return Err(FetchError::failed(http::unreachable(self.host(), advice, &e))),
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
        (self.web.tell)(&format!(
            "note: {}: {host} asks for a pause; trying again in {time} (Ctrl-C gives up)",
            refusal.cause(what)
        ));
        self.pause(wait, what)
    }

    pub(super) fn pause(&self, time: Duration, what: &str) -> Result<(), FetchError> {
        pause(time, what, &*self.web.is_stopped)
    }
}

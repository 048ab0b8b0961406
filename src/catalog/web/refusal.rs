//! Answers that are no success: what the Hub means by them, and what helps.
//!
//! Its statuses mislead: a repository that does not exist is a 401 to whom it does not know. `x-error-code` and
//! `x-error-message` tell more, as in hf_raise_for_status of Python's huggingface_hub.

use super::token::Token;
use crate::catalog::names;
use std::time::{Duration, SystemTime};
use ureq::http::{HeaderMap, Response};
use ureq::{Body, ResponseExt};

pub(super) struct Refusal {
    status: u16,
    code: String,
    message: String,
    /// It comes from where the endpoint redirects to.
    is_elsewhere: bool,
    wait: Option<Duration>,
}

impl Refusal {
    /// `None` for a success, and for a redirect that was not followed: its headers are what was asked for.
    pub(super) fn of(answer: &Response<Body>, host: &str) -> Option<Refusal> {
        let status = answer.status().as_u16();
        if (200..400).contains(&status) {
            return None;
        }
        let headers = answer.headers();
        let authority = answer.get_uri().authority().map_or("", |a| a.as_str());
        Some(Refusal {
            status,
            code: header(headers, "x-error-code").unwrap_or_default().to_owned(),
            message: header(headers, "x-error-message").unwrap_or_default().to_owned(),
            is_elsewhere: authority.rsplit('@').next() != Some(host),
            wait: wait_asked(headers),
        })
    }

    /// Whether the same request may succeed later.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.status, 408 | 429 | 500 | 502 | 503 | 504)
    }

    /// How long the server wants to be left alone.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.wait.filter(|_| self.is_passing())
    }

    /// What happened to `what`.
    pub(super) fn cause(&self, what: &str) -> String {
        match self.status {
            429 => format!("too many requests (HTTP 429) for {what}"),
            status => format!("the server failed (HTTP {status}) for {what}"),
        }
    }

    /// What happened to `what`, and what to do.
    pub(super) fn words(&self, what: &str, token: &Token) -> String {
        let status = self.status;
        let is_refused_token = self.message.contains("nvalid credentials") || self.code != "RepoNotFound";
        match (status, self.code.as_str(), token) {
            (401 | 403, "", _) if self.is_elsewhere => {
                format!("the server that keeps {what} refused it (HTTP {status}); try again later")
            }
            (401 | 403, _, Token::NotAsked) => format!(
                "the server asks for a login for {what} (HTTP {status}); fetch it yourself and name the file"
            ),
            (404 | 410, _, Token::NotAsked) => {
                format!("{what} does not exist there (HTTP {status}); check the address")
            }
            (429, _, Token::NotAsked) => format!("{}; try again in some minutes", self.cause(what)),
            (_, "GatedRepo", _) => format!(
                "{what} is gated (HTTP {status}); accept its license on the model's page{}",
                account(token, ", then set HF_TOKEN", " with the account of")
            ),
            (401, _, Token::Sent { origin, .. }) if is_refused_token => format!(
                "the Hub refused {origin} (HTTP 401): it is invalid or has expired; replace it, or remove it (public models need none)"
            ),
            (401, ..) | (_, "RepoNotFound", _) => format!(
                "{what} does not exist, or is private or gated (HTTP {status}); check the spelling{}",
                account(token, ", or set HF_TOKEN if you have access to it", ", and the access of the account of")
            ),
            (403, ..) => format!(
                "no access to {what} (HTTP 403{}); accept its license on the model's page{}",
                self.said(),
                account(token, ", then set HF_TOKEN", " and check what may be read with")
            ),
            (_, "RevisionNotFound", _) => {
                format!("{what} has no such revision (HTTP {status}); check what follows the @")
            }
            (404 | 410, ..) => {
                format!("{what} does not exist there (HTTP {status}); check the name and the revision")
            }
            (429, _, Token::Sent { .. }) => format!("{}; try again in some minutes", self.cause(what)),
            (429, ..) => format!(
                "{}; try again in some minutes, or set HF_TOKEN: those who log in may ask more often",
                self.cause(what)
            ),
            (408 | 500..=599, ..) => format!("{}; try again later", self.cause(what)),
            _ => format!("unexpected HTTP status {status} for {what}{}; try again later", self.said()),
        }
    }

    /// The server's own words, where it has some.
    fn said(&self) -> String {
        match self.message.trim() {
            "" => String::new(),
            message => format!(": {}", names::shown(message)),
        }
    }
}

/// What the user can do about the token: set one, or look at the account of the one that was sent.
fn account(token: &Token, set_one: &str, of_sent: &str) -> String {
    match (token, token.withheld()) {
        (Token::Sent { origin, .. }, _) => format!("{of_sent} {origin}"),
        (_, Some(withheld)) => format!("; {withheld}"),
        _ => set_one.to_owned(),
    }
}

/// `retry-after` in seconds or as a date, or the seconds until the Hub's window ends: `ratelimit: "api";r=0;t=55`.
fn wait_asked(headers: &HeaderMap) -> Option<Duration> {
    let seconds = |text: &str| text.trim().parse().ok().map(Duration::from_secs);
    let window = || {
        let fields = header(headers, "ratelimit")?.split(';');
        fields
            .filter_map(|field| field.trim().strip_prefix("t="))
            .find_map(seconds)
    };
    // Against the server's own clock, since the two may differ.
    let until = |text: &str| {
        http_date(text)?
            .duration_since(http_date(header(headers, "date")?)?)
            .ok()
    };
    match header(headers, "retry-after") {
        Some(text) => seconds(text).or_else(|| until(text)),
        None => window(),
    }
}

/// `Wed, 21 Oct 2026 07:28:00 GMT`.
fn http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = words.as_slice() else {
        return None;
    };
    let month = 1 + MONTHS.iter().position(|name| name == month)?;
    humantime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

pub(in crate::catalog) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(in crate::catalog) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    header(headers, name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_in_every_form() {
        let of = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().expect("a header"));
            }
            wait_asked(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(of(&[("retry-after", " 7 ")]), Some(7));
        assert_eq!(of(&[("ratelimit", "\"api\";r=0;t=55")]), Some(55));
        let date = ("date", "Sat, 28 Feb 2026 23:59:30 GMT");
        assert_eq!(of(&[date, ("retry-after", "Sun, 01 Mar 2026 00:00:10 GMT")]), Some(40));
        assert_eq!(of(&[("retry-after", "Sun, 01 Mar 2026 00:00:10 GMT")]), None);
        for bad in ["", "-1", "soon", "Sun, 31 Feb 2026 00:00:10 GMT"] {
            assert_eq!(of(&[date, ("retry-after", bad)]), None, "{bad}");
        }
        assert_eq!(of(&[("ratelimit", "\"api\";r=0;t=x")]), None);
    }
}

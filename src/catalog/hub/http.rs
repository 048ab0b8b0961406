//! Requests: patience, addresses, and failures in words.

use super::super::error::FetchError;
use std::time::Duration;
use ureq::config::RedirectAuthHeaders;
use ureq::Agent;

/// How long to wait for the network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For a connection.
    connect: Duration,
    /// For the beginning of an answer.
    answer: Duration,
    /// For the next byte.
    read: Duration,
}

impl Patience {
    /// For downloads.
    pub(super) const LONG: Patience = Patience {
        connect: Duration::from_secs(10),
        answer: Duration::from_secs(30),
        read: Duration::from_secs(20),
    };
    /// For the question whether anybody is there.
    pub(super) const SHORT: Patience = Patience {
        connect: Duration::from_secs(3),
        answer: Duration::from_secs(3),
        read: Duration::from_secs(3),
    };
}

/// A client that leaves status codes to the caller.
pub(super) fn agent_with(patience: Patience) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // ureq keeps the token on redirects within the host and under TLS, and drops it otherwise.
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.answer))
        .timeout_per_read(Some(patience.read))
        .user_agent(concat!("kvant/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("identity")
        .build()
        .into()
}

/// A path in an address: everything but unreserved characters and `/` is escaped.
pub(super) fn escape_path(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => escaped.push(byte.into()),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// What went wrong on the way, without the address: it may carry a signature.
pub(super) fn words(e: &ureq::Error) -> String {
    match e {
        ureq::Error::HostNotFound => "the host name is not known".to_owned(),
        ureq::Error::Timeout(what) => format!("no answer in time ({what})"),
        ureq::Error::Io(e) => io_words(e),
        ureq::Error::BadUri(_) => "the address is not valid".to_owned(),
        other => other.to_string(),
    }
}

/// The same for a connection that broke.
pub(super) fn io_words(e: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match e.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no more data in time".to_owned(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
            "the connection was cut".to_owned()
        }
        // The resolver's own words differ from system to system.
        _ if e.to_string().contains("lookup address") => "the host name is not known".to_owned(),
        _ => e.to_string(),
    }
}

/// What a status means for the user; `None` for a success.
pub(super) fn refusal(status: u16, what: &str, has_token: bool) -> Option<FetchError> {
    let text = match status {
        200..=299 => return None,
        401 | 403 if has_token => {
            format!("no access to {what} (HTTP {status}); accept its license on the model's page with the account of your token")
        }
        401 | 403 => {
            format!("no access to {what} (HTTP {status}); accept its license on the model's page and set HF_TOKEN")
        }
        404 | 410 => format!("{what} does not exist there (HTTP {status}); check the name and the revision"),
        429 => format!("too many requests (HTTP 429) for {what}; wait some minutes, or set HF_TOKEN"),
        500..=599 => format!("the server failed (HTTP {status}) for {what}; try again later"),
        other => format!("unexpected HTTP status {other} for {what}"),
    };
    Some(FetchError::Failed(text))
}

/// Whether the same request may succeed later.
pub(super) fn is_worth_a_retry(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped() {
        assert_eq!(escape_path("a b/ü#?.gguf"), "a%20b/%C3%BC%23%3F.gguf");
    }
}

//! Requests: patience, addresses, and connections that fail in words.

use std::time::Duration;
use ureq::config::RedirectAuthHeaders;
use ureq::http::Uri;
use ureq::Agent;

/// How long to wait for a connection, for the beginning of an answer, and for the next byte.
pub(super) const PATIENT: [Duration; 3] = [
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(20),
];
/// For the question whether anybody is there.
pub(super) const HASTY: [Duration; 3] = [Duration::from_secs(3); 3];

/// A client that leaves status codes to the caller.
pub(super) fn agent_with([connect, answer, read]: [Duration; 3]) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // ureq keeps the token on redirects within the host and under TLS, and drops it otherwise.
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .timeout_resolve(Some(connect))
        .timeout_connect(Some(connect))
        .timeout_recv_response(Some(answer))
        .timeout_per_read(Some(read))
        .user_agent(concat!("kvant/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("identity")
        .build()
        .into()
}

/// An http or https address of a host, without a query or a fragment.
pub(in crate::catalog) fn address(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
    // A fragment is not kept in what was read.
    (is_web && uri.query().is_none() && !text.contains('#')).then_some(uri)
}

/// A path in an address: everything but unreserved characters and `/` is escaped.
pub(in crate::catalog) fn escape_path(path: &str) -> String {
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
pub(in crate::catalog) fn words(e: &ureq::Error) -> String {
    match e {
        ureq::Error::HostNotFound => "the host name is not known".to_owned(),
        ureq::Error::Timeout(what) => format!("no answer in time ({what})"),
        ureq::Error::Io(e) => io_words(e),
        ureq::Error::BadUri(_) => "the address is not valid".to_owned(),
        other => other.to_string(),
    }
}

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

/// Why a request brought no answer, and what to do.
pub(super) fn unreachable(host: &str, advice: &str, e: &ureq::Error) -> String {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let is_connected = match e {
        ureq::Error::Timeout(what) => !matches!(what, ureq::Timeout::Resolve | ureq::Timeout::Connect),
        ureq::Error::Io(e) => matches!(e.kind(), ConnectionReset | BrokenPipe | UnexpectedEof),
        _ => false,
    };
    let why = words(e);
    match is_connected {
        true => format!("{host} gave no answer ({why}); try again later"),
        false => {
            format!("{host} cannot be reached ({why}); check the network{advice}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped() {
        assert_eq!(escape_path("a b/ü#?.gguf"), "a%20b/%C3%BC%23%3F.gguf");
    }
}

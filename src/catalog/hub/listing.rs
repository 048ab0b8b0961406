//! What a repository holds, through hf-hub's client.

use super::super::error::FetchError;
use super::super::names;
use super::{http, Hub, RepoAt};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::thread;
use std::time::Duration;
use ureq::http::{HeaderMap, Response};
use ureq::Body;

/// Longest listing that is read.
const MAX_LISTING_BYTES: u64 = 32 << 20;
const N_TRIES: u32 = 3;

/// The files of one state of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::catalog) struct Listing {
    /// The state's name for ever.
    pub commit: String,
    /// Its GGUF files.
    pub files: Vec<RemoteFile>,
}

/// A file as the Hub describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::catalog) struct RemoteFile {
    /// Path in the repository.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, where the listing tells.
    pub sha256: Option<String>,
}

/// The answer of `/api/models/<repo>/revision/<revision>?blobs=true`.
#[derive(Deserialize)]
struct WireRepo {
    sha: String,
    #[serde(default)]
    siblings: Vec<WireFile>,
}

#[derive(Deserialize)]
struct WireFile {
    rfilename: String,
    size: Option<u64>,
    lfs: Option<WireLfs>,
}

#[derive(Deserialize)]
struct WireLfs {
    #[serde(alias = "oid")]
    sha256: Option<String>,
    size: Option<u64>,
}

impl Hub {
    /// Lists a repository.
    pub(in crate::catalog) fn list(&self, at: RepoAt<'_>) -> Result<Listing, FetchError> {
        self.check_online()?;
        let repo = self.repo(at)?;
        let request = || {
            repo.info_request()
                .query("blobs", "true")
                .config()
                .http_status_as_error(false)
                .timeout_connect(Some(Duration::from_secs(10)))
                .timeout_global(Some(Duration::from_secs(60)))
                .build()
                .call()
        };
        let mut answer = self.patiently(at.repo, request)?;
        let nonsense =
            |why: String| FetchError::failed(format!("{} answered nonsense for {} ({why})", self.host(), at.repo));
        let body = answer.body_mut().with_config().limit(MAX_LISTING_BYTES).read_to_vec();
        let body = body.map_err(|e| nonsense(http::words(&e)))?;
        let wire: WireRepo = serde_json::from_slice(&body).map_err(|e| nonsense(format!("no listing: {e}")))?;
        if !names::is_commit(&wire.sha) {
            return Err(nonsense(format!("'{}' is no commit", names::shown(&wire.sha))));
        }
        if names::is_commit(at.revision) && wire.sha != at.revision {
            return Err(nonsense(format!(
                "commit {} was asked for and {} given",
                at.revision, wire.sha
            )));
        }
        let files = wire.siblings.into_iter().filter_map(|file| {
            let is_wanted = file.rfilename.to_ascii_lowercase().ends_with(".gguf");
            // A name that would lead out of the cache is no file of ours.
            names::check_file(&file.rfilename).ok().filter(|()| is_wanted)?;
            let lfs = file.lfs.as_ref();
            Some(RemoteFile {
                bytes: lfs.and_then(|lfs| lfs.size).or(file.size)?,
                sha256: lfs
                    .and_then(|lfs| lfs.sha256.clone())
                    .filter(|sha| names::is_sha256(sha)),
                file: file.rfilename,
            })
        });
        Ok(Listing {
            commit: wire.sha,
            files: files.collect(),
        })
    }

    /// The SHA-256 of a file from the headers of its address, for mirrors whose listing does not tell.
    pub(super) fn sha256_by_head(&self, at: RepoAt<'_>, file: &RemoteFile) -> Result<String, FetchError> {
        let url = self.url(at, &file.file)?;
        let agent = http::agent_with(http::Patience::LONG);
        let request = || {
            let mut request = agent.head(&url).config().max_redirects(0).build();
            if let Some(bearer) = self.bearer() {
                request = request.header("authorization", bearer);
            }
            request.call()
        };
        let answer = self.patiently(&file.file, request)?;
        let headers = answer.headers();
        let linked = text(headers, "x-linked-etag").or_else(|| text(headers, "etag"));
        let tag = linked
            .as_deref()
            .unwrap_or("none")
            .trim_start_matches("W/")
            .trim_matches('"');
        let size = text(headers, "x-linked-size").and_then(|size| size.parse().ok());
        match (names::is_sha256(tag), size.unwrap_or(file.bytes) == file.bytes) {
            (true, true) => Ok(tag.to_owned()),
            (true, false) => Err(FetchError::failed(format!(
                "{} contradicts itself about the length of {}",
                self.host(),
                file.file
            ))),
            (false, _) => Err(FetchError::failed(format!(
                "{} gives no SHA-256 for {} (ETag {}), so it cannot be verified; pin it with `sha256` in models.toml",
                self.host(),
                file.file,
                names::shown(tag)
            ))),
        }
    }

    /// Repeats a request that may succeed later; refusals become words.
    fn patiently(
        &self,
        what: &str,
        request: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, FetchError> {
        let mut n_tries = 1;
        loop {
            let failure = match request() {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    // A redirect that is not followed carries the headers that are asked for.
                    if (300..400).contains(&status) {
                        return Ok(answer);
                    }
                    match http::refusal(status, what, self.token.is_some()) {
                        None => return Ok(answer),
                        Some(refusal) if !http::is_worth_a_retry(status) => return Err(refusal),
                        Some(refusal) => refusal,
                    }
                }
                Err(e) => {
                    let failure = format!("{} cannot be reached ({})", self.host(), http::words(&e));
                    // Where nobody is, asking again only costs the user time.
                    if !matches!(&e, ureq::Error::Io(e) if e.kind() != ErrorKind::ConnectionRefused) {
                        return Err(FetchError::failed(failure));
                    }
                    FetchError::failed(failure)
                }
            };
            if n_tries == N_TRIES {
                return Err(failure);
            }
            thread::sleep(Duration::from_millis(300 << n_tries));
            n_tries += 1;
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

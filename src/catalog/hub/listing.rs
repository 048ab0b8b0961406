//! What a repository holds, through hf-hub's client.

use super::super::error::FetchError;
use super::super::names;
use super::refusal::header;
use super::{http, Hub, RepoAt};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use ureq::http::Response;
use ureq::Body;

/// Longest listing that is read.
const MAX_LISTING_BYTES: u64 = 32 << 20;

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
        let mut answer = self.client.ask(at.repo, request)?;
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
        let commit = RepoAt {
            repo: at.repo,
            revision: &wire.sha,
        };
        let is_wanted = |file: &WireFile| file.rfilename.to_ascii_lowercase().ends_with(".gguf");
        // A name that would lead out of the cache is no file of ours.
        let is_ours = |file: &WireFile| is_wanted(file) && names::check_file(&file.rfilename).is_ok();
        let files = wire.siblings.into_iter().filter(is_ours);
        let files = files
            .map(|file| self.described(commit, file))
            .collect::<Result<_, _>>()?;
        Ok(Listing {
            commit: wire.sha,
            files,
        })
    }

    /// A file of a listing; what the listing does not tell of its length, the file itself does.
    fn described(&self, commit: RepoAt<'_>, file: WireFile) -> Result<RemoteFile, FetchError> {
        let lfs = file.lfs.as_ref();
        let sha256 = lfs.and_then(|lfs| lfs.sha256.clone());
        let listed = lfs.and_then(|lfs| lfs.size).or(file.size);
        let (bytes, sha256) = match listed {
            Some(_) => (listed, sha256),
            None => {
                let head = self.head(commit, &file.rfilename)?;
                (head.bytes, sha256.or(Some(head.tag)))
            }
        };
        let bytes = bytes.ok_or_else(|| {
            FetchError::failed(format!(
                "{} gives no length of {}, neither in its listing nor with the file; use another endpoint",
                self.host(),
                names::shown(&file.rfilename)
            ))
        })?;
        Ok(RemoteFile {
            file: file.rfilename,
            bytes,
            sha256: sha256.filter(|sha| names::is_sha256(sha)),
        })
    }

    /// The SHA-256 of a file from the headers of its address, for mirrors whose listing does not tell.
    pub(super) fn sha256_by_head(&self, at: RepoAt<'_>, file: &RemoteFile) -> Result<String, FetchError> {
        let head = self.head(at, &file.file)?;
        match (
            names::is_sha256(&head.tag),
            head.bytes.unwrap_or(file.bytes) == file.bytes,
        ) {
            (true, true) => Ok(head.tag),
            (true, false) => Err(FetchError::failed(format!(
                "{} contradicts itself about the length of {}",
                self.host(),
                file.file
            ))),
            (false, _) => Err(FetchError::failed(format!(
                "{} gives no SHA-256 for {} (ETag {}), so it cannot be verified; pin it with `sha256` in models.toml",
                self.host(),
                file.file,
                names::shown(&head.tag)
            ))),
        }
    }

    /// What a file says of itself. A mirror that redirects without a word of the length is followed.
    fn head(&self, at: RepoAt<'_>, file: &str) -> Result<Head, FetchError> {
        let url = self.url(at, file)?;
        let agent = http::agent_with(http::Patience::LONG);
        let ask = |n_redirects: u32| {
            self.client.ask(file, || {
                let mut request = agent.head(&url).config().max_redirects(n_redirects).build();
                if let Some(bearer) = self.client.token.bearer() {
                    request = request.header("authorization", bearer);
                }
                request.call()
            })
        };
        let first = ask(0)?;
        let headers = first.headers();
        let tag = header(headers, "x-linked-etag").or_else(|| header(headers, "etag"));
        let tag = tag
            .unwrap_or("none")
            .trim_start_matches("W/")
            .trim_matches('"')
            .to_owned();
        let linked = header(headers, "x-linked-size").map(str::to_owned);
        let size = match linked {
            None if first.status().is_redirection() => length(&ask(10)?),
            None => length(&first),
            linked => linked,
        };
        Ok(Head {
            tag,
            bytes: size.and_then(|size| size.trim().parse().ok()),
        })
    }
}

/// The headers of a file.
struct Head {
    /// Its ETag, without quotes.
    tag: String,
    /// Its length.
    bytes: Option<u64>,
}

fn length(answer: &Response<Body>) -> Option<String> {
    header(answer.headers(), "content-length").map(str::to_owned)
}

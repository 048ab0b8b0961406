//! What a repository holds, and where its files are served, by hf-hub's addresses.

use super::repo::RepoAt;
use crate::catalog::error::FetchError;
use crate::catalog::names;
use crate::catalog::web::{escape_path, header, number, words, Client};
use hf_hub::api::sync::{ApiBuilder, ApiRepo};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

const MAX_LISTING_BYTES: u64 = 32 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::catalog) struct Listing {
    pub commit: String,
    pub files: Vec<RemoteFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::catalog) struct RemoteFile {
    pub file: String,
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

pub(super) struct Remote {
    pub client: Client,
    /// Folder of the cache, which hf-hub wants to know.
    pub cache: PathBuf,
}

impl Remote {
    fn repo(&self, at: RepoAt<'_>) -> Result<ApiRepo, FetchError> {
        let api = ApiBuilder::from_cache(hf_hub::Cache::new(self.cache.clone()))
            .with_endpoint(self.client.endpoint.clone())
            .with_token(self.client.token.sent().map(str::to_owned))
            .with_progress(false)
            .build();
        let api = api.map_err(|e| FetchError::failed(format!("the Hub's client cannot be set up ({e})")))?;
        Ok(api.repo(at.named()))
    }

    pub(super) fn url(&self, at: RepoAt<'_>, file: &str) -> Result<String, FetchError> {
        Ok(self.repo(at)?.url(&escape_path(file)))
    }

    pub(super) fn list(&self, at: RepoAt<'_>) -> Result<Listing, FetchError> {
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
        let nonsense = |why: String| {
            FetchError::failed(format!(
                "{} answered nonsense for {} ({why})",
                self.client.host(),
                at.repo
            ))
        };
        let body = answer.body_mut().with_config().limit(MAX_LISTING_BYTES).read_to_vec();
        let body = body.map_err(|e| nonsense(words(&e)))?;
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
        let commit = at.at(&wire.sha);
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
                self.client.host(),
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
                self.client.host(),
                file.file
            ))),
            (false, _) => Err(FetchError::failed(format!(
                "{} gives no SHA-256 for {} (ETag {}), so it cannot be verified; pin it with `sha256` in models.toml",
                self.client.host(),
                file.file,
                names::shown(&head.tag)
            ))),
        }
    }

    /// What a file says of itself. A mirror that redirects without a word of the length is followed.
    fn head(&self, at: RepoAt<'_>, file: &str) -> Result<Head, FetchError> {
        let url = self.url(at, file)?;
        let first = self.client.head(&url, file, 0)?;
        let headers = first.headers();
        let tag = header(headers, "x-linked-etag").or_else(|| header(headers, "etag"));
        let tag = tag
            .unwrap_or("none")
            .trim_start_matches("W/")
            .trim_matches('"')
            .to_owned();
        let bytes = match number(headers, "x-linked-size") {
            None if first.status().is_redirection() => {
                number(self.client.head(&url, file, 10)?.headers(), "content-length")
            }
            linked => linked.or(number(headers, "content-length")),
        };
        Ok(Head { tag, bytes })
    }
}

struct Head {
    /// The ETag, without quotes.
    tag: String,
    bytes: Option<u64>,
}

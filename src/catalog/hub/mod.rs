//! Files of the Hugging Face Hub, in the cache that Python's huggingface_hub shares.
//!
//! hf-hub gives the protocol's addresses, the listing and the layout of the cache. The bytes are fetched here, with
//! the HTTP client that hf-hub brings: hf-hub itself (0.5 and 1.0 alike) names a file before anything of it was
//! checked, takes the server's ETag as a path, and waits for ever. Invariant: a blob gets its name when its length and
//! SHA-256 are what the Hub said, and what models.toml pins.
//!
//! The token goes to the endpoint only: not to where it redirects, and not over plain HTTP to another machine.

mod cache;
mod client;
mod http;
mod listing;
mod range;
mod refusal;
mod remembered;
mod token;
mod transfer;

pub(super) use cache::{promised_sha256, remove as remove_cached};
pub(super) use listing::{Listing, RemoteFile};
pub(super) use range::RangeFile;

use super::error::FetchError;
use super::fetching::Fetching;
use super::{names, CatalogError, Store};
use client::Client;
use hf_hub::api::sync::{Api, ApiBuilder, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use std::env;
use std::path::PathBuf;
use std::rc::Rc;
use token::Token;

const PUBLIC_ENDPOINT: &str = "https://huggingface.co";

/// The Hub as the environment describes it: HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE,
/// HF_HUB_OFFLINE, HF_HUB_DISABLE_IMPLICIT_TOKEN.
pub struct Hub {
    client: Rc<Client>,
    cache: PathBuf,
    /// Why no request may be made, if none may.
    offline: Option<&'static str>,
}

/// One state of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RepoAt<'a> {
    /// `owner/name`.
    pub repo: &'a str,
    /// Branch, tag or commit.
    pub revision: &'a str,
}

impl Hub {
    /// The user's Hub. Nothing is contacted or created. `store` holds the cache where no home is known. `tell` shows the
    /// user a line while requests wait, and `is_stopped` says whether they want to.
    pub fn from_env(
        is_offline: bool,
        store: &Store,
        tell: impl Fn(&str) + 'static,
        is_stopped: impl Fn() -> bool + 'static,
    ) -> Result<Hub, CatalogError> {
        let var = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let is_set = |name: &str| {
            let value = var(name).map(|value| value.trim().to_ascii_uppercase());
            value.is_some_and(|value| matches!(value.as_str(), "1" | "ON" | "YES" | "TRUE"))
        };
        let home = var("HF_HOME").map(PathBuf::from).or_else(|| {
            let caches = var("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(|| Some(PathBuf::from(var("HOME")?).join(".cache")))?;
            Some(caches.join("huggingface"))
        });
        let cache = var("HF_HUB_CACHE")
            .or_else(|| var("HUGGINGFACE_HUB_CACHE"))
            .map(PathBuf::from)
            .or_else(|| Some(home.as_ref()?.join("hub")));
        let token_file = var("HF_TOKEN_PATH")
            .map(PathBuf::from)
            .or_else(|| Some(home.as_ref()?.join("token")));
        let offline = match is_offline {
            true => Some("--offline"),
            false => is_set("HF_HUB_OFFLINE").then_some("HF_HUB_OFFLINE"),
        };
        let endpoint = check_endpoint(&var("HF_ENDPOINT").unwrap_or_else(|| PUBLIC_ENDPOINT.to_owned()))?;
        let is_implicit = !is_set("HF_HUB_DISABLE_IMPLICIT_TOKEN");
        let client = Client {
            token: Token::of_user(token_file, is_implicit, is_private(&endpoint)),
            endpoint,
            tell: Box::new(tell),
            is_stopped: Box::new(is_stopped),
        };
        Ok(Hub {
            client: Rc::new(client),
            cache: cache.unwrap_or_else(|| store.root().join("huggingface")),
            offline,
        })
    }

    /// The endpoint without anything secret.
    pub fn host(&self) -> &str {
        self.client.host()
    }

    /// Whether the endpoint answers at all, within a few seconds.
    pub fn check_reachable(&self) -> Result<(), String> {
        if let Some(why) = self.offline {
            return Err(format!("not asked ({why})"));
        }
        let agent = http::agent_with(http::Patience::SHORT);
        let answer = agent.head(&self.client.endpoint).call();
        answer.map(|_| ()).map_err(|e| http::words(&e))
    }

    /// Folder of the cache.
    pub fn cache_dir(&self) -> &std::path::Path {
        &self.cache
    }

    /// Whether requests may be made at all.
    fn check_online(&self) -> Result<(), FetchError> {
        if let Some(why) = self.offline {
            let host = self.host();
            return Err(FetchError::failed(format!(
                "{host} was not asked ({why}); `kvant models` lists what is here"
            )));
        }
        Ok(self.client.token.check()?)
    }

    /// hf-hub's client.
    fn api(&self) -> Result<Api, FetchError> {
        ApiBuilder::from_cache(Cache::new(self.cache.clone()))
            .with_endpoint(self.client.endpoint.clone())
            .with_token(self.client.token.sent().map(str::to_owned))
            .with_progress(false)
            .build()
            .map_err(|e| FetchError::failed(format!("the Hub's client cannot be set up ({e})")))
    }

    fn repo(&self, at: RepoAt<'_>) -> Result<ApiRepo, FetchError> {
        Ok(self.api()?.repo(repo(at)))
    }

    /// Fetches one file of a listing into the cache, or finds it there. Returns its path in the snapshot.
    pub(super) fn fetch(
        &self,
        at: RepoAt<'_>,
        listing: &Listing,
        file: &RemoteFile,
        fetching: &mut Fetching<'_, '_>,
    ) -> Result<PathBuf, FetchError> {
        self.check_online()?;
        let commit = RepoAt {
            repo: at.repo,
            revision: &listing.commit,
        };
        let sha256 = match &file.sha256 {
            Some(sha256) => sha256.clone(),
            None => self.sha256_by_head(commit, file)?,
        };
        let place = self.place(commit, &file.file, &sha256);
        let lock = place.lock(fetching)?;
        if !place.has_blob(file.bytes, &sha256, fetching) {
            transfer::download(self, &place, commit, file, &sha256, fetching)?;
        }
        place.link().map_err(|e| fetching.unwritable(&self.cache, e))?;
        drop(lock);
        self.record(at, &listing.commit)
            .map_err(|e| fetching.unwritable(&self.cache, e))?;
        Ok(place.pointer)
    }

    /// A file to be read in parts.
    pub(super) fn open(&self, at: RepoAt<'_>, listing: &Listing, file: &RemoteFile) -> Result<RangeFile, FetchError> {
        self.check_online()?;
        let commit = RepoAt {
            repo: at.repo,
            revision: &listing.commit,
        };
        let client = Rc::clone(&self.client);
        let url = self.url(commit, &file.file)?;
        Ok(RangeFile::new(client, url, file.file.clone(), file.bytes))
    }

    /// Where the endpoint serves a file.
    fn url(&self, at: RepoAt<'_>, file: &str) -> Result<String, FetchError> {
        Ok(self.repo(at)?.url(&http::escape_path(file)))
    }
}

fn repo(at: RepoAt<'_>) -> Repo {
    Repo::with_revision(at.repo.to_owned(), RepoType::Model, at.revision.to_owned())
}

/// Whether nobody on the way can read what goes to the endpoint.
fn is_private(endpoint: &str) -> bool {
    let host = endpoint
        .strip_prefix("http://")
        .map(|rest| rest.split('/').next().unwrap_or(rest));
    endpoint.starts_with("https://") || host.is_some_and(|host| is_loopback(host.rsplit('@').next().unwrap_or(host)))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => host.split(':').next().unwrap_or(host),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn check_endpoint(endpoint: &str) -> Result<String, CatalogError> {
    let endpoint = endpoint.trim().trim_end_matches('/');
    let rest = endpoint
        .strip_prefix("https://")
        .or_else(|| endpoint.strip_prefix("http://"))
        .unwrap_or("");
    let is_good = !rest.is_empty()
        && !rest.starts_with('/')
        && !rest.contains(['?', '#', ' '])
        && !rest.chars().any(char::is_control);
    match is_good {
        true => Ok(endpoint.to_owned()),
        // It may hold a password, so it is not repeated.
        false => Err(CatalogError::BadEndpoint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_travels_in_private_only() {
        for endpoint in [
            "https://huggingface.co",
            "http://localhost:8080/x",
            "http://127.0.0.1:1",
            "http://[::1]:9",
            "http://user:pass@localhost:8080",
        ] {
            assert!(is_private(endpoint), "{endpoint}");
        }
        for endpoint in [
            "http://hub.example",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "http://localhost@hub.example",
        ] {
            assert!(!is_private(endpoint), "{endpoint}");
        }
    }

    #[test]
    fn secrets_of_an_endpoint_are_not_shown() {
        let client = Client {
            endpoint: "https://user:pass@mirror.example:8443/hub".to_owned(),
            token: Token::Absent,
            tell: Box::new(|_| {}),
            is_stopped: Box::new(|| false),
        };
        assert_eq!(client.host(), "mirror.example:8443");
        for bad in [
            "",
            "huggingface.co",
            "ftp://x",
            "https://",
            "https://a b",
            "https://a?b",
        ] {
            assert!(check_endpoint(bad).is_err(), "{bad:?}");
        }
    }
}

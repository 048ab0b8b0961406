//! Files of the Hugging Face Hub, in the cache that Python's huggingface_hub shares.
//!
//! hf-hub gives the protocol's addresses, the listing and the layout of the cache. The bytes are fetched by `web`, with
//! the HTTP client that hf-hub brings: hf-hub itself (0.5 and 1.0 alike) names a file before anything of it was
//! checked, takes the server's ETag as a path, and waits for ever. Invariant: a blob gets its name when its length and
//! SHA-256 are what the Hub said, and what models.toml pins.
//!
//! The token goes to the endpoint only: not to where it redirects, and not over plain HTTP to another machine.

mod cache;
mod remote;
mod repo;

pub(super) use cache::{files_below, promised_sha256, remove as remove_cached};
pub(super) use remote::{Listing, RemoteFile};
pub(super) use repo::RepoAt;

use super::error::{CatalogError, FetchError};
use super::event::Event;
use super::fetching::Fetching;
use super::hash::{remember, sha256_hex};
use super::names;
use super::store::{caches, folder_of, Store};
use super::web::{address, Client, Download, RangeFile, Token, Web};
use cache::Cache;
use remote::Remote;
use std::env;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

const PUBLIC_ENDPOINT: &str = "https://huggingface.co";

/// The Hub as the environment describes it: HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE,
/// HF_HUB_OFFLINE, HF_HUB_DISABLE_IMPLICIT_TOKEN.
pub struct Hub {
    remote: Remote,
    pub(super) cache: Cache,
    /// Why no request may be made, if none may.
    offline: Option<&'static str>,
}

/// Folder of the store for what repositories were seen to hold.
const LISTINGS: &str = "listings";

impl Hub {
    /// The user's Hub. Nothing is contacted or created. `store` holds the cache where no home is known.
    pub fn from_env(store: &Store, web: &Web) -> Result<Hub, CatalogError> {
        let var = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let is_set = |name: &str| {
            let value = var(name).map(|value| value.trim().to_ascii_uppercase());
            value.is_some_and(|value| matches!(value.as_str(), "1" | "ON" | "YES" | "TRUE"))
        };
        let home = folder_of("HF_HOME").or_else(|| Some(caches()?.join("huggingface")));
        let cache = folder_of("HF_HUB_CACHE")
            .or_else(|| folder_of("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| Some(home.as_ref()?.join("hub")));
        let token_file = folder_of("HF_TOKEN_PATH").or_else(|| Some(home.as_ref()?.join("token")));
        let offline = match web.is_offline {
            true => Some("--offline"),
            false => is_set("HF_HUB_OFFLINE").then_some("HF_HUB_OFFLINE"),
        };
        let endpoint = check_endpoint(&var("HF_ENDPOINT").unwrap_or_else(|| PUBLIC_ENDPOINT.to_owned()))?;
        let is_implicit = !is_set("HF_HUB_DISABLE_IMPLICIT_TOKEN");
        let token = Token::of_user(token_file, is_implicit, is_private(&endpoint));
        let root = cache.unwrap_or_else(|| store.root().join("huggingface"));
        Ok(Hub {
            remote: Remote {
                client: Client {
                    endpoint,
                    token: Rc::new(token),
                    web: web.clone(),
                },
                cache: root.clone(),
            },
            cache: Cache { root },
            offline,
        })
    }

    pub fn host(&self) -> &str {
        self.remote.client.host()
    }

    pub fn check_reachable(&self) -> Result<(), String> {
        if let Some(why) = self.offline {
            return Err(format!("not asked ({why})"));
        }
        self.remote.client.check_reachable()
    }

    pub fn cache_dir(&self) -> &Path {
        &self.cache.root
    }

    fn check_online(&self) -> Result<(), FetchError> {
        if let Some(why) = self.offline {
            let host = self.host();
            return Err(FetchError::failed(format!(
                "{host} was not asked ({why}); `kvant models` lists what is here"
            )));
        }
        Ok(self.remote.client.token.check()?)
    }

    pub(super) fn list(&self, at: RepoAt<'_>) -> Result<Listing, FetchError> {
        self.check_online()?;
        self.remote.list(at)
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
        let commit = at.at(&listing.commit);
        let sha256 = match &file.sha256 {
            Some(sha256) => sha256.clone(),
            None => self.remote.sha256_by_head(commit, file)?,
        };
        let paths = self.cache.paths(commit, &file.file, &sha256);
        let lock = paths.lock(fetching)?;
        if !paths.has_blob(file.bytes, &sha256, fetching) {
            let download = Download {
                client: &self.remote.client,
                url: &self.remote.url(commit, &file.file)?,
                file: &file.file,
                bytes: file.bytes,
                sha256: Some(&sha256),
                partial: &paths.partial,
            };
            download.run(fetching)?;
            crate::fs::publish(&paths.partial, &paths.blob)
                .and_then(|()| remember(&paths.blob, &fetching.store.notes(), &sha256))
                .map_err(|e| fetching.unwritable(&paths.blob, e))?;
            (fetching.progress)(&Event::Fetched {
                file: &file.file,
                from: self.host(),
                bytes: file.bytes,
            });
        }
        let root = &self.cache.root;
        paths.link().map_err(|e| fetching.unwritable(root, e))?;
        drop(lock);
        self.cache
            .record(at, &listing.commit)
            .map_err(|e| fetching.unwritable(root, e))?;
        self.remember(at, listing, fetching.store);
        Ok(paths.pointer)
    }

    pub(super) fn open(&self, at: RepoAt<'_>, listing: &Listing, file: &RemoteFile) -> Result<RangeFile, FetchError> {
        self.check_online()?;
        let url = self.remote.url(at.at(&listing.commit), &file.file)?;
        let client = self.remote.client.clone();
        Ok(RangeFile::new(client, url, file.file.clone(), file.bytes))
    }

    /// Keeps the listing of a commit of which something was fetched, so that the same command finds the same variants without asking
    /// again. A note is a convenience: a failure to write it is no failure.
    fn remember(&self, at: RepoAt<'_>, listing: &Listing, store: &Store) {
        let path = note_of(at.repo, &listing.commit, store);
        if let (false, Ok(text)) = (path.exists(), serde_json::to_vec(listing)) {
            let _ = crate::fs::write(&path, &text);
        }
    }

    pub(super) fn remembered(&self, at: RepoAt<'_>, store: &Store) -> Option<Listing> {
        let commit = self.cache.recorded_commit(at)?;
        let text = fs::read(note_of(at.repo, &commit, store)).ok()?;
        let listing: Listing = serde_json::from_slice(&text).ok()?;
        // Names become paths.
        let is_sound = listing.files.iter().all(|file| names::check_file(&file.file).is_ok());
        (listing.commit == commit && is_sound).then_some(listing)
    }
}

fn note_of(repo: &str, commit: &str, store: &Store) -> PathBuf {
    let name = &sha256_hex(format!("{repo}\n{commit}").as_bytes())[..32];
    store.root().join(LISTINGS).join(format!("{name}.json"))
}

/// Whether nobody on the way can read what goes to the endpoint.
fn is_private(endpoint: &str) -> bool {
    let uri = address(endpoint).unwrap_or_default();
    let host = uri.host().unwrap_or("").trim_matches(['[', ']']);
    let is_loopback = || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    uri.scheme_str() == Some("https") || host == "localhost" || is_loopback()
}

fn check_endpoint(endpoint: &str) -> Result<String, CatalogError> {
    let endpoint = endpoint.trim().trim_end_matches('/');
    match address(endpoint) {
        Some(_) => Ok(endpoint.to_owned()),
        // It may hold a password, so it is not repeated.
        None => Err(CatalogError::Input(
            "HF_ENDPOINT is no http or https address without a query; set it to one, or unset it".to_owned(),
        )),
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
            token: Rc::new(Token::Absent),
            web: Web::new(true, |_| {}, || false),
        };
        assert_eq!(client.host(), "mirror.example:8443");
        for bad in [
            "",
            "huggingface.co",
            "ftp://x",
            "https://",
            "https://a b",
            "https://a?b",
            "https://a#b",
            "https:///a",
            "https://:80",
        ] {
            assert!(check_endpoint(bad).is_err(), "{bad:?}");
        }
    }
}

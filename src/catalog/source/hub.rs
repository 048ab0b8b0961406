//! A repository of the Hub.

use super::kind::{with_parts, Breadth, Given, Kind, Known, Listed, Source, Tools};
use crate::catalog::error::{CatalogError, FetchError};
use crate::catalog::fetching::Fetching;
use crate::catalog::hub::{Listing, RemoteFile, RepoAt};
use crate::catalog::names;
use crate::catalog::only::Only;
use crate::gguf::Gguf;
use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;

/// The revision of a repository when none is named.
const MAIN: &str = "main";
/// A repository of up to so many models is compared whole; one of more has a file of every type.
const FEW: usize = 5;

pub(super) const KIND: Kind = Kind {
    name: "hf",
    keys: &["repo", "revision"],
    is_pinned: false,
    open: |fields| {
        Ok(Rc::new(Repository {
            repo: fields.text("repo", names::check_repo)?,
            revision: fields.optional("revision", names::check_revision)?,
            files: fields.files.clone(),
            listing: OnceCell::new(),
        }))
    },
    read: |given| Some(read(given.strip_prefix("hf:")?)),
};

#[derive(Debug)]
struct Repository {
    repo: String,
    revision: Option<String>,
    /// Its files as models.toml declares them; when empty, they are found by listing it.
    files: Vec<Listed>,
    listing: OnceCell<Listing>,
}

fn read(text: &str) -> Result<Given, CatalogError> {
    let wrong = |why: String| {
        CatalogError::Input(format!(
            "hf:{}: {why}; write hf:owner/repo, hf:owner/repo@revision or hf:owner/repo:Q4_K_M",
            names::shown(text)
        ))
    };
    let (rest, only) = text
        .split_once(':')
        .map_or((text, None), |(rest, only)| (rest, Some(only)));
    let (repo, revision) = rest.split_once('@').map_or((rest, None), |(repo, at)| (repo, Some(at)));
    names::check_repo(repo).map_err(wrong)?;
    revision.map_or(Ok(()), names::check_revision).map_err(wrong)?;
    let name = names::base_name(repo);
    Ok(Given {
        name: Some(name.trim_end_matches("-GGUF").trim_end_matches("-gguf").to_owned()),
        only: only.map(Only::parse).transpose().map_err(wrong)?,
        source: Rc::new(Repository {
            repo: repo.to_owned(),
            revision: revision.map(str::to_owned),
            files: Vec::new(),
            listing: OnceCell::new(),
        }),
    })
}

impl Repository {
    fn at(&self) -> RepoAt<'_> {
        RepoAt {
            repo: &self.repo,
            revision: self.revision.as_deref().unwrap_or(MAIN),
        }
    }

    fn listing(&self, tools: Tools<'_>) -> Result<&Listing, FetchError> {
        if let Some(listing) = self.listing.get() {
            return Ok(listing);
        }
        let listing = tools.hub.list(self.at())?;
        Ok(self.listing.get_or_init(|| listing))
    }

    fn remote(&self, file: &Listed, tools: Tools<'_>) -> Result<(&Listing, RemoteFile), FetchError> {
        let listing = self.listing(tools)?;
        let remote = listing.files.iter().find(|remote| remote.file == file.file);
        let none = || FetchError::failed(format!("{} has no file {}", self.repo, names::shown(&file.file)));
        Ok((listing, remote.cloned().ok_or_else(none)?))
    }

    /// The files of a listing, or the declared ones with all parts of split ones.
    fn files(&self, listing: Option<&Listing>, path: impl Fn(&str) -> Option<PathBuf>) -> Vec<Listed> {
        let remotes = listing.map_or(&[][..], |listing| &listing.files);
        if self.files.is_empty() {
            let found = remotes.iter().map(|remote| Listed {
                path: path(&remote.file),
                file: remote.file.clone(),
                bytes: Some(remote.bytes),
                sha256: remote.sha256.clone(),
                ..Listed::default()
            });
            return found.collect();
        }
        let mut declared = with_parts(&self.files, path);
        for part in &mut declared {
            let remote = remotes.iter().find(|remote| remote.file == part.file);
            part.bytes = part.bytes.or(remote.map(|remote| remote.bytes));
        }
        declared
    }
}

impl Source for Repository {
    fn label(&self) -> String {
        match &self.revision {
            Some(revision) => format!("hf:{}@{revision}", self.repo),
            None => format!("hf:{}", self.repo),
        }
    }

    fn location(&self, file: &Listed) -> String {
        let revision = self.listing.get().map_or(self.at().revision, |listing| &listing.commit);
        format!("hf:{}@{revision}:{}", self.repo, names::shown(&file.file))
    }

    fn owner(&self) -> Option<&str> {
        self.repo.split('/').next()
    }

    fn breadth(&self) -> Breadth {
        match self.files.is_empty() {
            true => Breadth::Few(FEW),
            false => Breadth::Usual,
        }
    }

    fn declared(&self) -> &[Listed] {
        &self.files
    }

    fn local(&self, tools: Tools<'_>) -> Result<Known, CatalogError> {
        let path = |file: &str| tools.hub.cache.cached(self.at(), file);
        let listing = match self.files.is_empty() {
            true => tools.hub.remembered(self.at(), tools.store),
            false => None,
        };
        if listing.is_some() || !self.files.is_empty() {
            return Ok(Known::all(self.files(listing.as_ref(), path).into_iter()));
        }
        // Fetched by another program.
        let files = tools.hub.cache.cached_files(self.at()).into_iter().map(|file| Listed {
            path: path(&file),
            file,
            ..Listed::default()
        });
        Ok(Known {
            files: files.collect(),
            is_whole: false,
        })
    }

    fn list(&self, tools: Tools<'_>) -> Result<Vec<Listed>, FetchError> {
        let listing = self.listing(tools)?;
        // What is here of an earlier state is another file until its hash tells.
        let is_same = tools.hub.cache.recorded_commit(self.at()).as_ref() == Some(&listing.commit);
        let path = |file: &str| tools.hub.cache.cached(self.at(), file).filter(|_| is_same);
        Ok(self.files(Some(listing), path))
    }

    fn header(&self, file: &Listed, keeps_head: bool, tools: Tools<'_>) -> Result<(Gguf, Vec<u8>), FetchError> {
        let (listing, remote) = self.remote(file, tools)?;
        tools
            .hub
            .open(self.at(), listing, &remote)?
            .gguf(&self.location(file), keeps_head)
    }

    fn fetch(&self, file: &Listed, tools: Tools<'_>, fetching: &mut Fetching<'_, '_>) -> Result<PathBuf, FetchError> {
        let (listing, mut remote) = self.remote(file, tools)?;
        if matches!((&file.sha256, &remote.sha256), (Some(ours), Some(theirs)) if ours != theirs) {
            return Err(FetchError::failed(format!(
                "{} of {} is not the file that models.toml pins; correct `sha256` there, or pin `revision`",
                file.file, self.repo
            )));
        }
        remote.sha256 = file.sha256.clone().or(remote.sha256);
        tools.hub.fetch(self.at(), listing, &remote, fetching)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_references_are_read() {
        let given = read("a/b@refs/pr/1:q4_k_m").expect("valid");
        assert_eq!(given.source.label(), "hf:a/b@refs/pr/1");
        assert_eq!(given.only, Some(Only::Variant("q4_k_m".into())));
        let given = read("a/b-GGUF:x/y.gguf").expect("valid");
        assert_eq!(given.only, Some(Only::File("x/y.gguf".into())));
        assert_eq!(given.name.as_deref(), Some("b"));
        for bad in [
            "",
            "a",
            "a/b:",
            "a/b:../x.gguf",
            "a/b@",
            "a/b@../..",
            "../../x",
            "a/b:Q 9",
            "a/b c",
        ] {
            let error = read(bad).err().expect(bad);
            assert_eq!(error.exit_code(), 2, "{bad}");
        }
    }
}

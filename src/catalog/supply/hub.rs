//! A repository of the Hub.

use super::{declared, Breadth, Known, Listed, Supply};
use crate::catalog::error::FetchError;
use crate::catalog::fetching::Fetching;
use crate::catalog::hub::{Listing, RangeFile, RepoAt};
use crate::catalog::known::Published;
use crate::catalog::means::Means;
use crate::catalog::present::problem_of;
use crate::catalog::{names, CatalogError};
use crate::data::PartName;
use crate::gguf::{Gguf, GgufProblem};
use std::cell::OnceCell;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The revision of a repository when none is named.
const MAIN: &str = "main";
/// A repository of up to so many models is compared whole; one of more has a file of every type.
const FEW: usize = 5;

/// A repository at a revision.
pub(super) struct Repository<'a> {
    repo: &'a str,
    revision: Option<&'a str>,
    /// Its files as models.toml declares them; when empty, they are found by listing it.
    files: &'a [Published],
    means: &'a Means<'a>,
    listing: OnceCell<Listing>,
}

impl<'a> Repository<'a> {
    pub(super) fn new(
        repo: &'a str,
        revision: Option<&'a str>,
        files: &'a [Published],
        means: &'a Means<'a>,
    ) -> Repository<'a> {
        Repository {
            repo,
            revision,
            files,
            means,
            listing: OnceCell::new(),
        }
    }

    fn at(&self) -> RepoAt<'_> {
        RepoAt {
            repo: self.repo,
            revision: self.revision.unwrap_or(MAIN),
        }
    }

    fn listing(&self) -> Result<&Listing, FetchError> {
        if let Some(listing) = self.listing.get() {
            return Ok(listing);
        }
        let listing = self.means.hub.list(self.at())?;
        Ok(self.listing.get_or_init(|| listing))
    }

    /// The declared files, with all parts of split ones.
    fn declared(&self, path: impl Fn(&str) -> Option<PathBuf>) -> Vec<Listed> {
        let parts = |published: &Published| {
            let names = match PartName::parse(&published.file) {
                Some(part) => part.all().collect(),
                None => vec![published.file.clone()],
            };
            let listed = names.into_iter().map(|name| {
                let mut file = declared(published, path(&name));
                if name != published.file {
                    (file.sha256, file.bytes) = (None, None);
                }
                file.file = name;
                file
            });
            listed.collect::<Vec<_>>()
        };
        self.files.iter().flat_map(parts).collect()
    }

    fn found(&self, listing: &Listing, path: impl Fn(&str) -> Option<PathBuf>) -> Vec<Listed> {
        let files = listing.files.iter().map(|remote| Listed {
            path: path(&remote.file),
            file: remote.file.clone(),
            ftype: None,
            bytes: Some(remote.bytes),
            sha256: remote.sha256.clone(),
        });
        files.collect()
    }
}

impl Supply for Repository<'_> {
    fn label(&self) -> String {
        match self.revision {
            Some(revision) => format!("hf:{}@{revision}", self.repo),
            None => format!("hf:{}", self.repo),
        }
    }

    fn argument(&self, file: &str) -> String {
        format!("{}:{file}", self.label())
    }

    fn place(&self, file: &Listed) -> String {
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

    fn known(&self) -> Result<Known, CatalogError> {
        let hub = self.means.hub;
        let path = |file: &str| hub.cached(self.at(), file);
        if !self.files.is_empty() {
            return Ok(Known {
                files: self.declared(path),
                is_whole: true,
            });
        }
        if let Some(listing) = hub.remembered(self.at(), self.means.store) {
            return Ok(Known {
                files: self.found(&listing, path),
                is_whole: true,
            });
        }
        // Fetched by another program.
        let files = hub.cached_files(self.at()).into_iter().map(|file| Listed {
            path: path(&file),
            file,
            ftype: None,
            bytes: None,
            sha256: None,
        });
        Ok(Known {
            files: files.collect(),
            is_whole: false,
        })
    }

    fn list(&self) -> Result<Vec<Listed>, FetchError> {
        let listing = self.listing()?;
        // What is here of an earlier state is another file until its hash tells.
        let is_same = self.means.hub.recorded_commit(self.at()).as_ref() == Some(&listing.commit);
        let path = |file: &str| self.means.hub.cached(self.at(), file).filter(|_| is_same);
        if self.files.is_empty() {
            return Ok(self.found(listing, path));
        }
        let mut files = self.declared(path);
        for file in &mut files {
            let remote = listing.files.iter().find(|remote| remote.file == file.file);
            file.bytes = file.bytes.or(remote.map(|remote| remote.bytes));
        }
        Ok(files)
    }

    fn header(&self, file: &Listed, keeps_head: bool) -> Result<(Gguf, Option<Vec<u8>>), FetchError> {
        let listing = self.listing()?;
        let remote = listing.files.iter().find(|remote| remote.file == file.file);
        let remote = remote.ok_or_else(|| self.has_no(file))?;
        let place = self.place(file);
        let damaged = |problem| problem_of(Path::new(&place), problem);
        let mut input = self.means.hub.open(self.at(), listing, remote)?;
        let bytes = RangeFile::bytes(&input);
        let gguf = Gguf::read(&mut input, bytes);
        if let Some(failure) = input.take_failure() {
            return Err(failure);
        }
        let gguf = gguf.map_err(damaged)?;
        if !keeps_head {
            return Ok((gguf, None));
        }
        let mut head = vec![0; gguf.data_offset.min(bytes) as usize];
        let again = input.seek(SeekFrom::Start(0)).and_then(|_| input.read_exact(&mut head));
        match (again, input.take_failure()) {
            (Ok(()), _) => Ok((gguf, Some(head))),
            (Err(_), Some(failure)) => Err(failure),
            (Err(e), None) => Err(damaged(GgufProblem::Unreadable(e.to_string())).into()),
        }
    }

    fn fetch(&self, file: &Listed, fetching: &mut Fetching<'_, '_>) -> Result<PathBuf, FetchError> {
        let listing = self.listing()?;
        let remote = listing.files.iter().find(|remote| remote.file == file.file);
        let mut remote = remote.cloned().ok_or_else(|| self.has_no(file))?;
        let is_contradicted =
            |ours: Option<&String>, theirs: Option<&String>| matches!((ours, theirs), (Some(a), Some(b)) if a != b);
        if is_contradicted(file.sha256.as_ref(), remote.sha256.as_ref()) {
            return Err(FetchError::failed(format!(
                "{} of {} is not the file that models.toml pins; correct `sha256` there, or pin `revision`",
                file.file, self.repo
            )));
        }
        remote.sha256 = file.sha256.clone().or(remote.sha256);
        let path = self.means.hub.fetch(self.at(), listing, &remote, fetching)?;
        self.means.hub.remember(self.at(), listing, self.means.store);
        Ok(path)
    }
}

impl Repository<'_> {
    fn has_no(&self, file: &Listed) -> FetchError {
        FetchError::failed(format!("{} has no file {}", self.repo, names::shown(&file.file)))
    }
}

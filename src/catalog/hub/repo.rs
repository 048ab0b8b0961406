//! A state of a repository.

use hf_hub::{Repo, RepoType};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::catalog) struct RepoAt<'a> {
    pub repo: &'a str,
    pub revision: &'a str,
}

impl<'a> RepoAt<'a> {
    pub(in crate::catalog) fn at(self, revision: &'a str) -> RepoAt<'a> {
        RepoAt { revision, ..self }
    }

    pub(super) fn named(self) -> Repo {
        Repo::with_revision(self.repo.to_owned(), RepoType::Model, self.revision.to_owned())
    }
}

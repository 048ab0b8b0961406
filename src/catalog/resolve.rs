//! The model argument and the wanted variants to files: [`resolve`].

use super::arg::{ModelArg, Only};
use super::known::{Catalog, DEFAULT_MODEL};
use super::make::Maker;
use super::obtain::Obtainer;
use super::pypi::Pip;
use super::source::{best, builtin, find, Present};
use super::{CatalogError, Hub, Quantize, Store};
use crate::data::{ModelInfo, VariantInfo};
use crate::gguf::{ftype_of, known_ftypes};
use std::path::{Path, PathBuf};

/// The variants compared unless told otherwise.
pub const DEFAULT_VARIANTS: &[&str] = &["F16", "Q8_0", "Q4_K_M"];

/// What is being done, for a progress line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// Reading a file for its hash.
    Hashing {
        /// The file.
        file: &'a Path,
        /// Bytes so far.
        done: u64,
    },
    /// A variant is being made.
    Making {
        /// Which.
        variant: &'a str,
        /// Name of the source file.
        from: &'a str,
        /// Bytes written so far.
        done: u64,
        /// Bytes it will have, roughly.
        total: u64,
    },
    /// It is made.
    Made {
        /// Which.
        variant: &'a str,
        /// Name of the source file.
        from: &'a str,
        /// Where.
        file: &'a Path,
        /// Its length.
        bytes: u64,
    },
    /// A file is being fetched.
    Fetching {
        /// Its name.
        file: &'a str,
        /// From where.
        from: &'a str,
        /// Bytes so far.
        done: u64,
        /// Its length.
        total: u64,
    },
    /// It is there, and verified.
    Fetched {
        /// Its name.
        file: &'a str,
        /// From where.
        from: &'a str,
        /// Its length.
        bytes: u64,
    },
    /// Another process fetches the same file.
    Waiting {
        /// Its name.
        file: &'a str,
    },
    /// Something the user should know.
    Note {
        /// In words.
        text: &'a str,
    },
}

/// Gets every [`Event`].
pub(super) type Progress<'a> = dyn FnMut(&Event<'_>) + 'a;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// A name, a path or `hf:...`; `None` is the default model.
    pub model: Option<&'a str>,
    /// Variants; [`DEFAULT_VARIANTS`] when empty.
    pub wanted: &'a [String],
    /// Make missing variants from what is here, in preference to fetching them.
    pub is_derived: bool,
}

/// What it is done with.
pub struct Means<'a> {
    /// The known models.
    pub catalog: &'a Catalog,
    /// Where files are made and kept.
    pub store: &'a Store,
    /// The Hub.
    pub hub: &'a Hub,
    /// The package index.
    pub pip: &'a Pip,
    /// Makes variants, and knows when the user wants to stop.
    pub quantizer: &'a dyn Quantize,
}

/// A model and its variants on disk, in the order they were wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFiles {
    /// The model.
    pub info: ModelInfo,
    /// Its variants and their files.
    pub variants: Vec<(VariantInfo, PathBuf)>,
    /// Why the default model could not be had, when the built-in one stands in for it.
    pub instead_of: Option<Missed>,
}

/// A model that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Its name.
    pub model: String,
    /// Each source and why it failed.
    pub why: String,
}

/// Finds, fetches or makes the wanted variants. Only the default model, when it was not named, is ever replaced: by
/// the built-in one, with [`ModelFiles::instead_of`] set.
pub fn resolve(
    request: &Request<'_>,
    means: &Means<'_>,
    progress: &mut dyn FnMut(&Event<'_>),
) -> Result<ModelFiles, CatalogError> {
    let wanted = parse_variants(request.wanted)?;
    match files_of(request, &wanted, means, progress) {
        Ok(files) => variants(&files, &wanted, means, progress),
        Err(CatalogError::Unobtainable { tried, .. }) if request.model.is_none() => {
            let mut files = variants(&[builtin(means.store)?], &wanted, means, progress)?;
            files.instead_of = Some(Missed {
                model: DEFAULT_MODEL.to_owned(),
                why: tried.join("; "),
            });
            Ok(files)
        }
        Err(e) => Err(e),
    }
}

/// The files the model argument stands for: at least one, all of one model.
fn files_of(
    request: &Request<'_>,
    wanted: &[&'static str],
    means: &Means<'_>,
    progress: &mut Progress<'_>,
) -> Result<Vec<Present>, CatalogError> {
    let (entry, only): (_, Option<Only>) = match ModelArg::parse(request.model, means.catalog)? {
        ModelArg::Builtin => return Ok(vec![builtin(means.store)?]),
        ModelArg::Path(path) => return find(&path),
        ModelArg::Known(entry) => (entry, None),
        ModelArg::Hub(hub) => (hub.entry(), hub.only),
    };
    Obtainer {
        means,
        wanted,
        is_derived: request.is_derived,
        only,
    }
    .obtain(&entry, progress)
}

/// The wanted ones of `files`, and those that are missing, made.
fn variants(
    files: &[Present],
    wanted: &[&'static str],
    means: &Means<'_>,
    progress: &mut Progress<'_>,
) -> Result<ModelFiles, CatalogError> {
    let store = means.store;
    let Some(source) = best(files) else {
        return Err(CatalogError::Unobtainable {
            model: "the model".into(),
            tried: vec!["it has no files".into()],
        });
    };
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|id| !files.iter().any(|file| file.id == *id))
        .collect();
    let mut made = if missing.is_empty() {
        Vec::new()
    } else {
        let source_sha256 = hash(source, store, progress)?;
        let dir = store.folder(&source_sha256)?;
        Maker {
            store,
            quantizer: means.quantizer,
            source,
            source_sha256,
            dir,
        }
        .make_all(&missing, progress)?
    };
    let mut variants = Vec::new();
    for id in wanted {
        if let Some(file) = files.iter().find(|file| file.id == *id) {
            variants.push((file.variant(hash(file, store, progress)?, None), file.path.clone()));
        } else if let Some(at) = made.iter().position(|(variant, _)| variant.id == *id) {
            variants.push(made.swap_remove(at));
        }
    }
    Ok(ModelFiles {
        info: source.info.clone(),
        variants,
        instead_of: None,
    })
}

/// Labels as llama.cpp writes them, each once.
pub(super) fn parse_variants(wanted: &[String]) -> Result<Vec<&'static str>, CatalogError> {
    if wanted.is_empty() {
        return Ok(DEFAULT_VARIANTS.to_vec());
    }
    let mut ids = Vec::new();
    for given in wanted {
        let id = ftype_of(given.trim()).ok_or_else(|| CatalogError::UnknownVariant {
            given: given.clone(),
            known: known_ftypes().collect::<Vec<_>>().join(", "),
        })?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn hash(file: &Present, store: &Store, progress: &mut Progress<'_>) -> Result<String, CatalogError> {
    let mut hashing = |done| progress(&Event::Hashing { file: &file.path, done });
    store.sha256(&file.path, &mut hashing).map_err(|e| {
        let problem = crate::gguf::GgufProblem::Unreadable(e.to_string());
        crate::gguf::GgufError {
            path: file.path.clone(),
            problem,
        }
        .into()
    })
}

//! The model argument and the wanted variants to files: [`resolve`].

use super::make::Maker;
use super::source::{best, find, Present};
use super::{CatalogError, Quantize, Store};
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
    },
    /// It is made.
    Made {
        /// Which.
        variant: &'a str,
        /// Where.
        file: &'a Path,
        /// Its length.
        bytes: u64,
    },
}

/// Gets every [`Event`].
pub(super) type Progress<'a> = dyn FnMut(&Event<'_>) + 'a;

/// A model and its variants on disk, in the order they were wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFiles {
    /// The model.
    pub info: ModelInfo,
    /// Its variants and their files.
    pub variants: Vec<(VariantInfo, PathBuf)>,
}

/// Finds or makes the `wanted` variants ([`DEFAULT_VARIANTS`] when empty) of the model that `model` names: a .gguf
/// file, a folder of them, or `builtin` (also for `None`).
pub fn resolve(
    model: Option<&str>,
    wanted: &[String],
    store: &Store,
    quantizer: &dyn Quantize,
    progress: &mut dyn FnMut(&Event<'_>),
) -> Result<ModelFiles, CatalogError> {
    let wanted = parse_variants(wanted)?;
    let files = find(model, store)?;
    // `find` returns at least one file.
    let source = best(&files).ok_or_else(|| CatalogError::NotFound(model.unwrap_or("builtin").to_owned()))?;
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
            quantizer,
            source,
            source_sha256,
            dir,
        }
        .make_all(&missing, progress)?
    };
    let mut variants = Vec::new();
    for id in &wanted {
        if let Some(file) = files.iter().find(|file| file.id == *id) {
            variants.push((file.variant(hash(file, store, progress)?, None), file.path.clone()));
        } else if let Some(at) = made.iter().position(|(variant, _)| variant.id == *id) {
            variants.push(made.swap_remove(at));
        }
    }
    Ok(ModelFiles {
        info: source.info.clone(),
        variants,
    })
}

/// Labels as llama.cpp writes them, each once.
fn parse_variants(wanted: &[String]) -> Result<Vec<&'static str>, CatalogError> {
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

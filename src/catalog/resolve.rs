//! Model arguments and the wanted variants to files: [`resolve`].

use super::arg::ModelArg;
use super::choice::Choice;
use super::choose::{Chooser, Depth};
use super::error::CatalogError;
use super::event::{Event, Progress};
use super::known::DEFAULT_MODEL;
use super::local_file::{identity, LocalFile};
use super::make::Maker;
use super::names::BUILTIN_MODEL;
use super::pick::Pick;
use super::request::{Context, Request};
use super::source::Tools;
use super::store::Store;
use crate::data::{ModelInfo, PassedOver, VariantInfo};
use crate::gguf::GgufProblem;
use std::path::{Path, PathBuf};

/// A model and its variants on disk, the baseline first.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFiles {
    pub info: ModelInfo,
    /// Its variants and their files; of a split model the first part.
    pub variants: Vec<(VariantInfo, PathBuf)>,
    pub passed_over: Vec<PassedOver>,
    /// Why the default model could not be had, when the built-in one stands in for it.
    pub fallback: Option<Fallback>,
}

impl ModelFiles {
    /// What the variants are called, the baseline first.
    pub fn ids(&self) -> Vec<String> {
        self.variants.iter().map(|(variant, _)| variant.id.clone()).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    pub model: String,
    /// Each source and why it failed.
    pub why: String,
}

/// Finds, fetches or makes the wanted variants. Only the default model, when it was not named, is ever replaced: by
/// the built-in one, with [`ModelFiles::fallback`] set.
pub fn resolve(
    request: &Request<'_>,
    context: Context<'_>,
    progress: &mut dyn FnMut(&Event<'_>),
) -> Result<ModelFiles, CatalogError> {
    let args = ModelArg::all(request, context)?;
    let mut of = |args: &[ModelArg]| {
        let mut chooser = Chooser {
            request,
            context,
            depth: Depth::Files,
            progress: &mut *progress,
        };
        let choice = chooser.choose(args)?;
        files(&choice, choice.info(args)?, context.tools, progress)
    };
    match of(&args) {
        Err(CatalogError::Unobtainable { why, .. }) if request.models.is_empty() => {
            let mut files = of(&[ModelArg::parse(Some(BUILTIN_MODEL), context.catalog)?])?;
            files.fallback = Some(Fallback {
                model: DEFAULT_MODEL.to_owned(),
                why,
            });
            Ok(files)
        }
        other => other,
    }
}

/// The wanted ones, and those that are missing, made.
fn files(
    choice: &Choice<'_>,
    info: ModelInfo,
    tools: Tools<'_>,
    progress: &mut Progress<'_>,
) -> Result<ModelFiles, CatalogError> {
    let store = tools.store;
    let missing = choice.picks.iter().filter_map(|pick| match *pick {
        Pick::Make(label) => Some(label),
        Pick::Offer(_) => None,
    });
    let missing: Vec<&str> = missing.collect();
    let mut made = match choice.source() {
        Some(source) if !missing.is_empty() => {
            let source_sha256 = identity(&hashes(source, store, progress)?);
            let dir = store.folder(&source_sha256)?;
            let maker = Maker {
                store,
                quantizer: tools.quantizer,
                source,
                source_sha256,
                dir,
            };
            maker.make_all(&missing, progress)?
        }
        _ => Vec::new(),
    };
    let mut variants: Vec<(VariantInfo, PathBuf)> = Vec::new();
    for pick in &choice.picks {
        match *pick {
            Pick::Offer(at) => {
                if let Some(local) = &choice.offer(at).local {
                    let sha256s = hashes(local, store, progress)?;
                    let variant = local.variant(choice.id(pick), &sha256s, None);
                    variants.push((variant, local.path().to_owned()));
                }
            }
            Pick::Make(label) => {
                let index = made.iter().position(|(variant, _)| variant.id == label);
                variants.extend(index.map(|index| made.swap_remove(index)));
            }
        }
    }
    Ok(ModelFiles {
        info,
        variants,
        passed_over: choice.beside(),
        fallback: None,
    })
}

fn hashes(file: &LocalFile, store: &Store, progress: &mut Progress<'_>) -> Result<Vec<String>, CatalogError> {
    let mut hash = |path: &Path| {
        let mut hashing = |done| progress(&Event::Hashing { file: path, done });
        store
            .sha256(path, &mut hashing)
            .map_err(|e| GgufProblem::Unreadable(e.to_string()).at(path).into())
    };
    file.paths.iter().map(|path| hash(path)).collect()
}

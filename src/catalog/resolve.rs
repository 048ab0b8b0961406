//! Model arguments and the wanted variants to files: [`resolve`].

use super::arg::ModelArg;
use super::choice::{Choice, Wanted};
use super::choose::{Chooser, Depth};
use super::known::{BUILTIN_MODEL, DEFAULT_MODEL};
use super::make::Maker;
use super::means::{Event, Means, Progress, Request};
use super::present::Present;
use super::{CatalogError, Store};
use crate::data::{ModelInfo, PassedOver, VariantInfo};
use crate::gguf::{GgufError, GgufProblem};
use std::path::{Path, PathBuf};

/// A model and its variants on disk, the baseline first.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFiles {
    /// The model.
    pub info: ModelInfo,
    /// Its variants and their files; of a split model the first part.
    pub variants: Vec<(VariantInfo, PathBuf)>,
    /// What lies beside them and is not measured.
    pub passed_over: Vec<PassedOver>,
    /// Why the default model could not be had, when the built-in one stands in for it.
    pub instead_of: Option<Missed>,
}

impl ModelFiles {
    /// What the variants are called, the baseline first.
    pub fn ids(&self) -> Vec<String> {
        self.variants.iter().map(|(variant, _)| variant.id.clone()).collect()
    }
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
    let args = parse_args(request, means)?;
    let mut chosen = |args: &[ModelArg]| {
        let mut chooser = Chooser {
            request,
            means,
            depth: Depth::Files,
            progress: &mut *progress,
        };
        chooser.choose(args)
    };
    let (choice, args, missed) = match chosen(&args) {
        Ok(choice) => (choice, args, None),
        Err(CatalogError::Unobtainable { tried, .. }) if request.models.is_empty() => {
            let builtin = vec![ModelArg::parse(Some(BUILTIN_MODEL), means.catalog)?];
            let missed = Missed {
                model: DEFAULT_MODEL.to_owned(),
                why: tried.join("; "),
            };
            (chosen(&builtin)?, builtin, Some(missed))
        }
        Err(e) => return Err(e),
    };
    let mut files = files(&choice, means, progress)?;
    if let Some(name) = name_of_model(&args) {
        files.info.name = name;
    }
    files.instead_of = missed;
    Ok(files)
}

/// The arguments, each once.
pub(super) fn parse_args(request: &Request<'_>, means: &Means<'_>) -> Result<Vec<ModelArg>, CatalogError> {
    if request.models.is_empty() {
        return Ok(vec![ModelArg::parse(None, means.catalog)?]);
    }
    let mut args: Vec<ModelArg> = Vec::new();
    for model in request.models {
        let arg = ModelArg::parse(Some(model), means.catalog)?;
        if !args.contains(&arg) {
            args.push(arg);
        }
    }
    Ok(args)
}

/// What the arguments call the model, where they do.
pub(super) fn name_of_model(args: &[ModelArg]) -> Option<String> {
    args.iter().find_map(ModelArg::name).map(str::to_owned)
}

/// The wanted ones, and those that are missing, made.
fn files(choice: &Choice, means: &Means<'_>, progress: &mut Progress<'_>) -> Result<ModelFiles, CatalogError> {
    let store = means.store;
    let missing = choice.picks.iter().filter_map(|wanted| match wanted {
        Wanted::Make(label) => Some(*label),
        Wanted::Offer(_) => None,
    });
    let missing: Vec<&str> = missing.collect();
    let mut made = match choice.source() {
        Some(source) if !missing.is_empty() => {
            let source_sha256 = super::present::identity(&hashes(source, store, progress)?);
            let dir = store.folder(&source_sha256)?;
            Maker {
                store,
                quantizer: means.quantizer,
                source,
                source_sha256,
                dir,
            }
            .make_all(&missing, progress)?
        }
        _ => Vec::new(),
    };
    let mut variants: Vec<(VariantInfo, PathBuf)> = Vec::new();
    let mut info = choice.source().map(|source| source.info.clone());
    for wanted in &choice.picks {
        match *wanted {
            Wanted::Offer(i) => {
                let Some(present) = &choice.offers[i].present else {
                    continue;
                };
                info.get_or_insert_with(|| present.info.clone());
                let sha256s = hashes(present, store, progress)?;
                let variant = present.variant(choice.id(wanted), &sha256s, None);
                variants.push((variant, present.path().to_owned()));
            }
            Wanted::Make(label) => {
                let place = made.iter().position(|(variant, _)| variant.id == label);
                variants.extend(place.map(|place| made.swap_remove(place)));
            }
        }
    }
    let info = info.ok_or_else(|| CatalogError::Unobtainable {
        model: "the model".into(),
        tried: vec!["it has no files".into()],
    })?;
    Ok(ModelFiles {
        info,
        variants,
        passed_over: choice.beside.clone(),
        instead_of: None,
    })
}

/// The SHA-256 of each part.
fn hashes(file: &Present, store: &Store, progress: &mut Progress<'_>) -> Result<Vec<String>, CatalogError> {
    let mut hash = |path: &Path| {
        let mut hashing = |done| progress(&Event::Hashing { file: path, done });
        store.sha256(path, &mut hashing).map_err(|e| {
            CatalogError::from(GgufError {
                path: path.to_owned(),
                problem: GgufProblem::Unreadable(e.to_string()),
            })
        })
    };
    file.paths.iter().map(|path| hash(path)).collect()
}

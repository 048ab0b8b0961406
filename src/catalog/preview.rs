//! What the variants of a model will be, before any of them is fetched or made: [`preview`].

use super::arg::ModelArg;
use super::choice::Choice;
use super::choose::{Chooser, Depth};
use super::error::CatalogError;
use super::event::Progress;
use super::local_file::{identity, name_of, LocalFile};
use super::offer::Offer;
use super::pick::{offers, Pick};
use super::request::{Context, Request};
use super::shelf::Shelf;
use super::source::{Known, Source};
use super::store::Store;
use crate::data::{ModelInfo, PassedOver, VariantInfo};
use std::path::Path;

/// What a triage looks at unless told otherwise, of a large repository.
pub const CANDIDATES: &[&str] = &["F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0"];

/// A model whose files need not be here.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    pub info: ModelInfo,
    /// The variants that are wanted, the baseline first.
    pub variants: Vec<PreviewVariant>,
    pub others: Vec<PreviewVariant>,
    pub passed_over: Vec<PassedOver>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PreviewVariant {
    /// What is known of it. Without a hash where it is not here; types and sizes are expected ones where it is to be made, and only
    /// names where its header was not read.
    pub info: VariantInfo,
    /// What its file is called where it lies; empty where there is none yet.
    pub file: String,
    pub origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Here,
    /// At a source, so many bytes long.
    Remote {
        bytes: u64,
    },
    ToMake,
}

/// Reads headers only: from files that are here, and by range requests where something wanted is not. Nothing is written.
pub fn preview(request: &Request<'_>, context: Context<'_>) -> Result<Preview, CatalogError> {
    let args = ModelArg::all(request, context)?;
    preview_to(request, context, &args, Depth::Headers, &mut |_| {})
}

fn preview_to(
    request: &Request<'_>,
    context: Context<'_>,
    args: &[ModelArg],
    depth: Depth,
    progress: &mut Progress<'_>,
) -> Result<Preview, CatalogError> {
    let mut chooser = Chooser {
        request,
        context,
        depth,
        progress,
    };
    let choice = chooser.choose(args)?;
    let best = choice.model()?;
    let store = context.tools.store;
    let wanted = choice
        .picks
        .iter()
        .filter_map(|pick| variant(&choice, pick, best, store));
    let others = offers(&choice.shelves).filter(|at| !choice.picks.contains(&Pick::Offer(*at)));
    Ok(Preview {
        info: choice.info(args)?,
        variants: wanted.collect(),
        others: others.map(|at| of_offer(choice.offer(at))).collect(),
        passed_over: choice.beside(),
    })
}

fn variant(choice: &Choice<'_>, pick: &Pick, best: &LocalFile, store: &Store) -> Option<PreviewVariant> {
    match *pick {
        Pick::Offer(at) => Some(of_offer(choice.offer(at))),
        Pick::Make(label) => made(best, label, store).or_else(|| {
            Some(PreviewVariant {
                info: expected(best, label)?,
                file: String::new(),
                origin: Origin::ToMake,
            })
        }),
    }
}

fn of_offer(offer: &Offer) -> PreviewVariant {
    let info = match &offer.local {
        Some(local) => local.variant(&offer.id, &[], None),
        None => unread(offer),
    };
    let origin = match offer.is_here() {
        true => Origin::Here,
        false => Origin::Remote {
            bytes: offer.bytes().unwrap_or(0),
        },
    };
    PreviewVariant {
        info,
        file: offer.shown.clone(),
        origin,
    }
}

fn unread(offer: &Offer) -> VariantInfo {
    VariantInfo {
        id: offer.id.clone(),
        file: name_of(Path::new(offer.file())),
        model_size: offer.bytes().unwrap_or(0),
        ftype: offer.ftype().map(str::to_owned),
        ..VariantInfo::default()
    }
}

/// A variant that was made from a file that is here. Where the hash of that file is not noted, nothing was made of it yet.
fn made(from: &LocalFile, label: &str, store: &Store) -> Option<PreviewVariant> {
    let sha256s: Option<Vec<String>> = from.paths.iter().map(|path| store.remembered(path)).collect();
    let made = store.made_of(&identity(&sha256s?));
    let (_, path) = made.into_iter().find(|(ftype, _)| ftype == label)?;
    let local = LocalFile::open(&path).ok()?;
    Some(PreviewVariant {
        file: name_of(&path),
        info: local.variant(label, &[], Some(from.derived(""))),
        origin: Origin::Here,
    })
}

fn expected(from: &LocalFile, label: &str) -> Option<VariantInfo> {
    let tensor_types = from.gguf.expected_types(label)?;
    let model_size = tensor_types.values().map(|share| share.bytes).sum();
    let n_params = from.gguf.n_params();
    Some(VariantInfo {
        model_size,
        bpw: 8.0 * model_size as f64 / n_params.max(1) as f64,
        tensor_types,
        n_fallback: 0,
        ftype: Some(label.to_owned()),
        parts: Vec::new(),
        ..from.variant(label, &[], Some(from.derived("")))
    })
}

/// What every file of a folder or a repository is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    pub preview: Option<Preview>,
    /// Models, where it cannot be told which is meant.
    pub models: Vec<PreviewVariant>,
    pub why_none: Option<String>,
    pub passed_over: Vec<PassedOver>,
}

/// Whether a model argument stands for several models or variants, none of which it names: a folder, or what some source of it lists.
pub fn is_collection(model: &str, context: Context<'_>) -> Result<bool, CatalogError> {
    let arg = ModelArg::parse(Some(model), context.catalog)?;
    if arg.only.is_some() || arg.entry.is_none() {
        return Ok(arg.only.is_none() && Path::new(model).is_dir());
    }
    let has_several = |source: &dyn Source| {
        let known = source
            .list(context.tools)
            .map(|files| Known::all(files.into_iter()))
            .ok();
        let shelf = Shelf::of(source, known.or(source.local(context.tools).ok())?, None).ok()?;
        Some(shelf.offers.len() > 1)
    };
    Ok(arg
        .sources
        .iter()
        .any(|source| has_several(source.as_ref()) == Some(true)))
}

/// Looks at all files of what a request names; reads headers only: of what would be compared, or `of_all`.
pub fn survey(
    request: &Request<'_>,
    context: Context<'_>,
    of_all: bool,
    progress: &mut Progress<'_>,
) -> Result<Survey, CatalogError> {
    let depth = if of_all { Depth::AllHeaders } else { Depth::Headers };
    let args = ModelArg::all(request, context)?;
    let own = || {
        args.iter()
            .flat_map(|arg| &arg.sources)
            .filter(|source| source.is_own())
    };
    let mut survey = Survey::default();
    match preview_to(request, context, &args, depth, progress) {
        Ok(preview) => {
            survey.passed_over.clone_from(&preview.passed_over);
            survey.preview = Some(preview);
        }
        Err(e) if own().all(|source| !Path::new(&source.label()).is_dir()) => return Err(e),
        Err(e) => survey.why_none = Some(e.to_string()),
    }
    for source in own() {
        if survey.why_none.is_some() {
            let shelf = Shelf::of(source.as_ref(), source.local(context.tools)?, None)?;
            survey.models.extend(shelf.offers.iter().map(of_offer));
            let beside = shelf.beside.into_iter().map(|beside| beside.passed);
            survey.passed_over.extend(beside);
        }
        survey.passed_over.extend(source.beside()?);
    }
    Ok(survey)
}

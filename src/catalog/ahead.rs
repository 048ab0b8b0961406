//! What the variants of a model will be, before any of them is fetched or made: [`look_ahead`].

use super::arg::Place;
use super::choice::{Choice, Wanted};
use super::choose::{Chooser, Depth};
use super::means::{Means, Request};
use super::offer::{Offer, Shelf};
use super::present::{name_of, Present};
use super::resolve::{name_of_model, parse_args};
use super::supply::{others_beside, OwnFolder, Supply};
use super::CatalogError;
use crate::data::{DerivedFrom, ModelInfo, PassedOver, VariantInfo};
use std::path::{Path, PathBuf};

/// What a triage looks at unless told otherwise, of a large repository.
pub const CANDIDATES: &[&str] = &["F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0"];

/// A model whose files need not be here.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahead {
    /// The model.
    pub info: ModelInfo,
    /// The variants that are wanted, the baseline first.
    pub variants: Vec<AheadVariant>,
    /// Variants that are there and not wanted.
    pub others: Vec<AheadVariant>,
    /// What else lies there.
    pub passed_over: Vec<PassedOver>,
}

/// A variant that need not be here.
#[derive(Debug, Clone, PartialEq)]
pub struct AheadVariant {
    /// What is known of it. Without a hash where it is not here; types and sizes are expected ones where it is to be made, and only
    /// names where its header was not read.
    pub info: VariantInfo,
    /// What its file is called where it lies; empty where there is none yet.
    pub file: String,
    /// Where it is.
    pub origin: Origin,
}

/// Where a variant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// On this machine.
    Here,
    /// At a source, so many bytes long.
    Remote {
        /// Bytes to fetch.
        bytes: u64,
    },
    /// It would be made from another one.
    ToMake,
}

/// Reads headers only: from files that are here, and from the Hub by range requests where something wanted is not. Nothing is written.
pub fn look_ahead(request: &Request<'_>, means: &Means<'_>) -> Result<Ahead, CatalogError> {
    let args = parse_args(request, means)?;
    let mut chooser = Chooser {
        request,
        means,
        depth: Depth::Headers,
        progress: &mut |_| {},
    };
    let choice = chooser.choose(&args)?;
    let first = choice.picks.iter().find_map(|wanted| match *wanted {
        Wanted::Offer(i) => choice.offers[i].present.as_ref(),
        Wanted::Make(_) => None,
    });
    let best = choice.source().or(first).ok_or_else(|| CatalogError::Unobtainable {
        model: "the model".into(),
        tried: vec!["it has no files".into()],
    })?;
    let mut info = best.info.clone();
    if let Some(name) = name_of_model(&args) {
        info.name = name;
    }
    let wanted = choice
        .picks
        .iter()
        .filter_map(|wanted| variant(&choice, wanted, best, means));
    let is_wanted = |i: usize| choice.picks.contains(&Wanted::Offer(i));
    let others = choice.offers.iter().enumerate().filter(|(i, _)| !is_wanted(*i));
    Ok(Ahead {
        info,
        variants: wanted.collect(),
        others: others.map(|(_, offer)| of_offer(offer)).collect(),
        passed_over: choice.beside.clone(),
    })
}

fn variant(choice: &Choice, wanted: &Wanted, best: &Present, means: &Means<'_>) -> Option<AheadVariant> {
    match *wanted {
        Wanted::Offer(i) => Some(of_offer(&choice.offers[i])),
        Wanted::Make(label) => made(best, label, means).or_else(|| {
            Some(AheadVariant {
                info: expected(best, label)?,
                file: String::new(),
                origin: Origin::ToMake,
            })
        }),
    }
}

fn of_offer(offer: &Offer) -> AheadVariant {
    let info = match &offer.present {
        Some(present) => present.variant(&offer.id, &[], None),
        None => unread(offer),
    };
    let origin = match offer.is_here() {
        true => Origin::Here,
        false => Origin::Remote {
            bytes: offer.bytes().unwrap_or(0),
        },
    };
    AheadVariant {
        info,
        file: offer.shown.clone(),
        origin,
    }
}

/// What a name and a listing tell.
fn unread(offer: &Offer) -> VariantInfo {
    VariantInfo {
        id: offer.id.clone(),
        file: name_of(Path::new(offer.file())),
        path: None,
        sha256: String::new(),
        model_size: offer.bytes().unwrap_or(0),
        model_n_params: 0,
        bpw: 0.0,
        tensor_types: std::collections::BTreeMap::new(),
        n_fallback: 0,
        n_tensors: 0,
        ftype: offer.ftype().map(str::to_owned),
        derived_from: None,
        quantization: None,
        parts: Vec::new(),
    }
}

/// A variant that was made from a file that is here. Where the hash of that file is not noted, nothing was made of it yet.
fn made(from: &Present, label: &str, means: &Means<'_>) -> Option<AheadVariant> {
    let sha256s: Option<Vec<String>> = from.paths.iter().map(|path| means.store.remembered(path)).collect();
    let made = means.store.made_of(&super::present::identity(&sha256s?));
    let (_, path) = made.into_iter().find(|(ftype, _)| ftype == label)?;
    let present = Present::open(&path).ok()?;
    Some(AheadVariant {
        file: name_of(&path),
        info: present.variant(label, &[], Some(derived(from))),
        origin: Origin::Here,
    })
}

fn derived(from: &Present) -> DerivedFrom {
    DerivedFrom {
        file: from.file(),
        sha256: String::new(),
        ftype: from.ftype.to_owned(),
        is_requantized: from.is_quantized(),
    }
}

/// A variant of this label made from a file.
fn expected(from: &Present, label: &str) -> Option<VariantInfo> {
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
        ..from.variant(label, &[], Some(derived(from)))
    })
}

/// What every file of a folder is.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// The variants that a comparison of the folder would have.
    pub ahead: Option<Ahead>,
    /// Models, where it cannot be told which is meant.
    pub models: Vec<AheadVariant>,
    /// Why there is no comparison.
    pub why_none: Option<String>,
    /// What else lies there.
    pub passed_over: Vec<PassedOver>,
}

/// Looks at all files of the folders that a request names; reads headers only.
pub fn survey(request: &Request<'_>, means: &Means<'_>) -> Result<Survey, CatalogError> {
    let args = parse_args(request, means)?;
    let folders = args.iter().filter_map(|arg| match &arg.place {
        Place::Path(path) if path.is_dir() => Some(path.clone()),
        _ => None,
    });
    let folders: Vec<PathBuf> = folders.collect();
    let mut survey = match look_ahead(request, means) {
        Ok(ahead) => Survey {
            passed_over: ahead.passed_over.clone(),
            ahead: Some(ahead),
            models: Vec::new(),
            why_none: None,
        },
        Err(e) if folders.is_empty() => return Err(e),
        Err(e) => Survey {
            ahead: None,
            models: Vec::new(),
            why_none: Some(e.to_string()),
            passed_over: Vec::new(),
        },
    };
    for folder in folders {
        if survey.why_none.is_some() {
            let supply = OwnFolder { path: folder.clone() };
            let shelf = Shelf::of(&supply, supply.known()?.files, None)?;
            survey.models.extend(shelf.offers.iter().map(of_offer));
            survey
                .passed_over
                .extend(shelf.beside.into_iter().map(|beside| beside.passed));
        }
        survey.passed_over.extend(others_beside(&folder)?);
    }
    Ok(survey)
}

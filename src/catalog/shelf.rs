//! From the files of a source to the variants it offers, and what lies beside them.

use super::error::CatalogError;
use super::ids::ids;
use super::local_file::{difference, name_of, LocalFile, ModelKey};
use super::offer::{sets, Beside, Offer};
use super::only::Only;
use super::source::{Known, Listed, Source};
use crate::data::{FileKind, PartName};
use std::path::Path;

/// What a source offers, and what else lies there.
pub(super) struct Shelf<'s> {
    pub source: &'s dyn Source,
    pub offers: Vec<Offer>,
    pub beside: Vec<Beside>,
    /// All that the source has was looked at.
    pub is_whole: bool,
    /// The command line names one file of it.
    pub is_only: bool,
}

impl<'s> Shelf<'s> {
    /// Sorts files into variants and what lies beside them. Headers are read where files are here; elsewhere names are
    /// believed until then. `only`: what the command line names of the source.
    pub(super) fn of(source: &'s dyn Source, known: Known, only: Option<&Only>) -> Result<Shelf<'s>, CatalogError> {
        let mut shelf = Shelf {
            source,
            offers: Vec::new(),
            beside: Vec::new(),
            is_whole: known.is_whole,
            is_only: only.is_some(),
        };
        let mut suspects = Vec::new();
        for parts in sets(known.files) {
            let mut offer = Offer::new(source, parts);
            // Which variant is meant by a name is seen when all have theirs.
            if matches!(only, Some(only @ Only::File(_)) if !offer.may_be(only)) {
                continue;
            }
            let kind = offer.name.suspected();
            if let Some(missing) = missing_part(&offer.parts) {
                let opened = offer.parts[0].path.as_ref().map(|path| LocalFile::open(path));
                // A whole model may be called like a part.
                if !matches!(opened, Some(Ok(_))) {
                    let detail = Some(format!("{missing} is missing"));
                    shelf.beside.push(Beside {
                        error: opened.and_then(Result::err),
                        ..Beside::unread(offer, FileKind::PartsMissing, detail)
                    });
                    continue;
                }
            }
            if offer.is_here() {
                match offer.open() {
                    Ok(()) => shelf.offers.push(offer),
                    Err(error @ CatalogError::Mislabelled { .. }) => return Err(error),
                    // Whether it is what was fetched is seen when it is used.
                    Err(CatalogError::Gguf(e)) if !source.is_own() && e.problem.kind() == FileKind::Unusable => {
                        shelf.offers.push(offer);
                    }
                    Err(error) => shelf.beside.push(Beside::of(offer, error)),
                }
            } else if kind == FileKind::Model || matches!(only, Some(Only::File(_))) {
                shelf.offers.push(offer);
            } else {
                suspects.push((kind, offer));
            }
        }
        if shelf.offers.is_empty() {
            // Nothing else is there: their headers tell.
            shelf.offers = suspects.into_iter().map(|(_, offer)| offer).collect();
        } else {
            let beside = suspects
                .into_iter()
                .map(|(kind, offer)| Beside::unread(offer, kind, None));
            shelf.beside.extend(beside);
        }
        shelf.pass_over_drafts();
        let ids = ids(&shelf.offers.iter().map(Offer::nameless).collect::<Vec<_>>());
        for (offer, id) in shelf.offers.iter_mut().zip(ids) {
            offer.id = id;
        }
        Ok(shelf)
    }

    /// Drafts are whole models; their names tell them from what they draft for.
    fn pass_over_drafts(&mut self) {
        let is_draft = |offer: &Offer| offer.name.suspected() == FileKind::Draft;
        if self.offers.iter().all(is_draft) {
            return;
        }
        for offer in self.offers.extract_if(.., |offer| is_draft(offer)) {
            self.beside.push(Beside::unread(offer, FileKind::Draft, None));
        }
    }

    /// Leaves one model: the one that lies nearest; of several the one with more files than all others together. Out: for each model what to name, when it cannot be
    /// told which is meant.
    pub(super) fn settle(&mut self) -> Result<(), Vec<Vec<String>>> {
        let mut models: Vec<(ModelKey, Vec<usize>)> = Vec::new();
        for (i, offer) in self.offers.iter().enumerate() {
            let Some(key) = offer.local.as_ref().map(LocalFile::key) else {
                continue;
            };
            match models.iter_mut().find(|(known, _)| *known == key) {
                Some((_, members)) => members.push(i),
                None => models.push((key, vec![i])),
            }
        }
        if models.len() < 2 {
            return Ok(());
        }
        let depth = |(_, members): &(ModelKey, Vec<usize>)| {
            let depths = members.iter().map(|&i| self.offers[i].file().matches('/').count());
            depths.min().unwrap_or(0)
        };
        let nearest = models.iter().map(depth).min();
        let near: Vec<_> = models.iter().filter(|model| Some(depth(model)) == nearest).collect();
        let n_files: usize = models.iter().map(|(_, members)| members.len()).sum();
        let is_most = |model: &&&(ModelKey, Vec<usize>)| near.len() == 1 || 2 * model.1.len() > n_files;
        let Some((key, meant)) = near.iter().find(is_most).map(|model| (*model).clone()) else {
            let arguments = |members: &[usize]| members.iter().map(|&i| self.offers[i].argument.clone()).collect();
            return Err(models.iter().map(|(_, members)| arguments(members)).collect());
        };
        for (place, offer) in std::mem::take(&mut self.offers).into_iter().enumerate() {
            let other = offer.local.as_ref().map(LocalFile::key);
            let other = other.filter(|_| !meant.contains(&place));
            match other {
                None => self.offers.push(offer),
                Some(other) => {
                    let detail = Some(difference(&other, &key));
                    self.beside.push(Beside::unread(offer, FileKind::OtherModel, detail));
                }
            }
        }
        Ok(())
    }
}

/// The first part of a split model that its source does not have.
fn missing_part(parts: &[Listed]) -> Option<String> {
    let part = PartName::parse(&parts.first()?.file)?;
    let missing = part.all().find(|name| !parts.iter().any(|own| own.file == *name))?;
    Some(name_of(Path::new(&missing)))
}

//! Bringing what is wanted here: its header, or its files, each checked against what its source promised.

use super::choose::{Chooser, Depth};
use super::error::FetchError;
use super::fetching::Fetching;
use super::hub::{promised_sha256, remove_cached};
use super::means::Event;
use super::offer::Offer;
use super::present::{join, problem_of, Present};
use super::supply::{Listed, Supply};
use super::{names, CatalogError};
use std::fs;
use std::path::{Path, PathBuf};

impl Chooser<'_, '_> {
    /// Brings an offer here, or its header.
    pub(super) fn get(&mut self, supply: &dyn Supply, offer: &mut Offer) -> Result<(), FetchError> {
        if self.depth == Depth::Headers {
            return match offer.present {
                Some(_) => Ok(()),
                None => read_header(supply, offer),
            };
        }
        let is_read = offer.present.is_some() && offer.is_here();
        for part in &mut offer.parts {
            if let Some(path) = part.path.clone() {
                if !self.is_right(supply, part, &path)? {
                    part.path = None;
                }
            }
            if part.path.is_none() {
                let is_stopped = || self.means.quantizer.is_stopped();
                let mut fetching = Fetching {
                    store: self.means.store,
                    is_stopped: &is_stopped,
                    progress: &mut *self.progress,
                };
                part.path = Some(supply.fetch(part, &mut fetching)?);
            }
        }
        if !is_read {
            offer.open()?;
        }
        Ok(())
    }

    /// Whether a file is what its source promised; if not, nothing of it is left, if it was fetched.
    pub(super) fn is_right(&mut self, supply: &dyn Supply, file: &Listed, path: &Path) -> Result<bool, CatalogError> {
        let promised = match supply.is_own() {
            true => file.sha256.clone(),
            false => file.sha256.clone().or_else(|| promised_sha256(path)),
        };
        let Some(promised) = promised else { return Ok(true) };
        let progress = &mut *self.progress;
        let mut hashing = |done| progress(&Event::Hashing { file: path, done });
        let found = self.means.store.sha256(path, &mut hashing);
        let found = found.map_err(|e| self.means.store.unusable(e))?;
        if found == promised {
            return Ok(true);
        }
        let removed = match !supply.is_own() && discard(path) {
            true => " and was removed",
            false => "",
        };
        self.note(&format!(
            "{} has the SHA-256 {found} instead of {promised}; it is not used{removed}",
            path.display()
        ));
        Ok(false)
    }
}

/// The header of an offer that is not here.
pub(super) fn read_header(supply: &dyn Supply, offer: &mut Offer) -> Result<(), FetchError> {
    let headers = offer.parts.iter().map(|part| Ok(supply.header(part, false)?.0));
    let headers = headers.collect::<Result<Vec<_>, FetchError>>()?;
    let place = supply.place(&offer.parts[0]);
    let gguf = join(headers).map_err(|problem| problem_of(Path::new(&place), problem))?;
    let paths: Vec<PathBuf> = offer.parts.iter().map(|part| PathBuf::from(&part.file)).collect();
    let present = Present::of(gguf, paths)?;
    offer.present = Some(offer.checked(present)?);
    Ok(())
}

/// Removes a fetched file that is not what it should be.
fn discard(path: &Path) -> bool {
    match promised_sha256(path) {
        Some(_) => remove_cached(path).is_ok(),
        None => {
            let is_in_store = path
                .parent()
                .and_then(Path::file_name)
                .and_then(|name| name.to_str())
                .is_some_and(names::is_sha256);
            is_in_store && fs::remove_file(path).is_ok()
        }
    }
}

//! Bringing what is wanted here: its header, or its files, each checked against what its source promised.

use super::error::{CatalogError, FetchError};
use super::event::{Event, Progress};
use super::fetching::Fetching;
use super::hub::{promised_sha256, remove_cached};
use super::local_file::{join, LocalFile};
use super::names;
use super::offer::Offer;
use super::source::{Listed, Source, Tools};
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn bring(
    source: &dyn Source,
    offer: &mut Offer,
    tools: Tools<'_>,
    progress: &mut Progress<'_>,
) -> Result<(), FetchError> {
    let is_read = offer.local.is_some() && offer.is_here();
    for part in &mut offer.parts {
        if let Some(path) = part.path.clone() {
            if !is_right(source, part, &path, tools, progress)? {
                part.path = None;
            }
        }
        if part.path.is_none() {
            let mut fetching = Fetching {
                store: tools.store,
                is_stopped: &|| tools.quantizer.is_stopped(),
                progress: &mut *progress,
            };
            part.path = Some(source.fetch(part, tools, &mut fetching)?);
        }
    }
    if !is_read {
        offer.open()?;
    }
    Ok(())
}

/// Whether a file is what its source promised; if not, nothing of it is left, if it was fetched.
fn is_right(
    source: &dyn Source,
    file: &Listed,
    path: &Path,
    tools: Tools<'_>,
    progress: &mut Progress<'_>,
) -> Result<bool, CatalogError> {
    let promised = || promised_sha256(path).filter(|_| !source.is_own());
    let Some(promised) = file.sha256.clone().or_else(promised) else {
        return Ok(true);
    };
    let mut hashing = |done| progress(&Event::Hashing { file: path, done });
    let found = tools.store.sha256(path, &mut hashing);
    let found = found.map_err(|e| tools.store.unusable(e))?;
    if found == promised {
        return Ok(true);
    }
    let removed = match !source.is_own() && discard(path) {
        true => " and was removed",
        false => "",
    };
    let text = format!(
        "{} has the SHA-256 {found} instead of {promised}; it is not used{removed}",
        path.display()
    );
    progress(&Event::Note { text: &text });
    Ok(false)
}

pub(super) fn read_header(source: &dyn Source, offer: &mut Offer, tools: Tools<'_>) -> Result<(), FetchError> {
    let headers = offer.parts.iter().map(|part| Ok(source.header(part, false, tools)?.0));
    let headers = headers.collect::<Result<Vec<_>, FetchError>>()?;
    let location = source.location(&offer.parts[0]);
    let gguf = join(headers).map_err(|problem| problem.at(Path::new(&location)))?;
    let paths: Vec<PathBuf> = offer.parts.iter().map(|part| PathBuf::from(&part.file)).collect();
    let local = LocalFile::of(gguf, paths)?;
    offer.local = Some(offer.checked(local)?);
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

//! What is known and what of it is on this machine: for `kvant models`.

use super::arg::{HubRef, ModelArg, Place};
use super::hub::{promised_sha256, remove_cached};
use super::known::{Entry, Source};
use super::label::FileName;
use super::means::{Means, Progress};
use super::supply::{builtin_file, open, Listed};
use super::{hash, CatalogError};
use std::fs;
use std::path::PathBuf;

/// A model and its files.
#[derive(Debug, Clone, PartialEq)]
pub struct Stock {
    /// The model.
    pub entry: Entry,
    /// Files that are here: fetched first, then made.
    pub files: Vec<StockFile>,
    /// Variants that a source has and that are not here.
    pub absent: Vec<&'static str>,
}

/// A file on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockFile {
    /// Its variant.
    pub variant: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// The source it came from, as [`Source::label`] puts it.
    pub source: String,
    /// The SHA-256 it must have, where it is known.
    pub sha256: Option<String>,
    /// The variant it was made from, if kvant made it.
    pub made_from: Option<String>,
    /// False for the files of a folder that is the user's own.
    pub is_ours: bool,
}

/// The stock of the named models, or of all known ones. Only presence is looked at.
pub fn stock(models: &[String], means: &Means<'_>) -> Result<Vec<Stock>, CatalogError> {
    if models.is_empty() {
        return Ok(means
            .catalog
            .entries
            .iter()
            .map(|entry| stock_of(entry, means))
            .collect());
    }
    let entries = models.iter().map(|model| entry_of(model, means));
    entries.map(|entry| Ok(stock_of(&entry?, means))).collect()
}

fn entry_of(model: &str, means: &Means<'_>) -> Result<Entry, CatalogError> {
    if let Some(text) = model.strip_prefix("hf:") {
        return Ok(HubRef::parse(text)?.entry());
    }
    if let Some(entry) = means.catalog.find(model) {
        return Ok(entry.clone());
    }
    match ModelArg::parse(Some(model), means.catalog)?.place {
        Place::Known(entry) => Ok(entry),
        // A path: the user's own files are no stock.
        _ => Err(CatalogError::NotFound {
            given: model.to_owned(),
            similar: Vec::new(),
        }),
    }
}

fn stock_of(entry: &Entry, means: &Means<'_>) -> Stock {
    let mut fetched = Vec::new();
    let mut made = Vec::new();
    for source in &entry.sources {
        let local = match source {
            Source::Builtin => builtin(means).into_iter().collect(),
            _ => open(source, means)
                .known()
                .map_or_else(|_| Vec::new(), |known| known.files),
        };
        for file in local {
            let Some(path) = file.path else { continue };
            let Ok(meta) = fs::metadata(&path) else { continue };
            let name = FileName::parse(&file.file);
            let variant = file.ftype.map(str::to_owned).or(name.full_label()).unwrap_or(file.file);
            let sha256 = file.sha256.clone().or_else(|| promised_sha256(&path));
            for (made_as, path) in sha256.iter().flat_map(|sha256| means.store.made_of(sha256)) {
                made.push(StockFile {
                    variant: made_as,
                    bytes: fs::metadata(&path).map_or(0, |meta| meta.len()),
                    sha256: means.store.recorded_sha256(&path),
                    path,
                    source: source.label(),
                    made_from: Some(variant.clone()),
                    is_ours: true,
                });
            }
            fetched.push(StockFile {
                variant,
                path,
                bytes: meta.len(),
                source: source.label(),
                sha256,
                made_from: None,
                is_ours: !matches!(source, Source::Folder { .. }),
            });
        }
    }
    let is_here = |variant: &str| fetched.iter().any(|file| file.variant == variant);
    let mut absent: Vec<_> = entry
        .sources
        .iter()
        .flat_map(Source::files)
        .map(|file| file.variant)
        .collect();
    absent.retain(|variant| !is_here(variant));
    fetched.append(&mut made);
    Stock {
        entry: entry.clone(),
        files: fetched,
        absent,
    }
}

/// The built-in model is here once it was used.
fn builtin(means: &Means<'_>) -> Option<Listed> {
    let (name, bytes, sha256) = builtin_file();
    let path = means.store.place(&sha256, name);
    path.is_file().then(|| Listed {
        file: name.to_owned(),
        ftype: Some("F16"),
        bytes: Some(bytes),
        sha256: Some(sha256),
        path: Some(path),
    })
}

/// Reads a file from end to end. `Ok(true)` when it has the hash it must have, `Ok(false)` when it had another and was
/// removed (the user's own files stay).
pub fn verify(file: &StockFile, progress: &mut Progress<'_>) -> Result<Option<bool>, CatalogError> {
    let Some(expected) = &file.sha256 else { return Ok(None) };
    let mut hashing = |done| {
        progress(&super::Event::Hashing { file: &file.path, done });
    };
    let found = hash::sha256_file(&file.path, &mut hashing).map_err(|e| unusable(file, e))?;
    if found == *expected {
        return Ok(Some(true));
    }
    if file.is_ours {
        remove(file)?;
    }
    Ok(Some(false))
}

/// Removes a fetched or made file; the user's own files stay.
pub fn remove(file: &StockFile) -> Result<(), CatalogError> {
    if !file.is_ours {
        return Ok(());
    }
    let is_cached = file.made_from.is_none() && promised_sha256(&file.path).is_some();
    let removed = match is_cached {
        true => remove_cached(&file.path),
        false => fs::remove_file(&file.path),
    };
    removed.map_err(|e| unusable(file, e))?;
    if file.made_from.is_some() {
        // Its record; that it is missing is no failure.
        let _ = fs::remove_file(file.path.with_extension("gguf.json"));
    }
    if let Some(folder) = file.path.parent().filter(|_| !is_cached) {
        // Only when it is empty now.
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

fn unusable(file: &StockFile, e: std::io::Error) -> CatalogError {
    CatalogError::Unwritable {
        path: file.path.clone(),
        why: e.to_string(),
    }
}

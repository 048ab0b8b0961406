//! What is known and what of it is on this machine: for `kvant models`.

use super::arg::ModelArg;
use super::error::CatalogError;
use super::event::{Event, Progress};
use super::hash::sha256_file;
use super::hub::{promised_sha256, remove_cached};
use super::known::Entry;
use super::label::FileName;
use super::request::Context;
use super::source::Tools;
use serde::Serialize;
use std::fs;
use std::path::PathBuf;

#[derive(Debug, Clone)]
pub struct Stock {
    pub entry: Entry,
    /// Files that are here: fetched first, then made.
    pub files: Vec<StockFile>,
    /// Variants that a source has and that are not here.
    pub absent: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StockFile {
    pub variant: String,
    pub path: PathBuf,
    pub bytes: u64,
    /// The source it came from, as its label names it.
    pub source: String,
    /// The SHA-256 it must have, where it is known.
    pub sha256: Option<String>,
    /// The variant it was made from, if kvant made it.
    pub made_from: Option<String>,
    /// False for the files of a folder that is the user's own.
    #[serde(skip)]
    pub is_ours: bool,
}

/// The stock of the named models, or of all known ones. Only presence is looked at.
pub fn stock(models: &[String], context: Context<'_>) -> Result<Vec<Stock>, CatalogError> {
    if models.is_empty() {
        let entries = context.catalog.entries.iter();
        return Ok(entries.map(|entry| stock_of(entry, context.tools)).collect());
    }
    let stock = |model: &String| {
        let arg = ModelArg::parse(Some(model), context.catalog)?;
        // A path: the user's own files are no stock.
        let entry = arg.entry.ok_or_else(|| CatalogError::not_found(model, &[]))?;
        Ok(stock_of(&entry, context.tools))
    };
    models.iter().map(stock).collect()
}

fn stock_of(entry: &Entry, tools: Tools<'_>) -> Stock {
    let (mut fetched, mut made) = (Vec::new(), Vec::new());
    for source in &entry.sources {
        for file in source.stock(tools) {
            let Some(path) = file.path else { continue };
            let Ok(meta) = fs::metadata(&path) else { continue };
            let name = FileName::parse(&file.file);
            let variant = file.ftype.map(str::to_owned).or(name.full_label()).unwrap_or(file.file);
            let sha256 = file.sha256.or_else(|| promised_sha256(&path));
            for (made_as, path) in sha256.iter().flat_map(|sha256| tools.store.made_of(sha256)) {
                made.push(StockFile {
                    variant: made_as,
                    bytes: fs::metadata(&path).map_or(0, |meta| meta.len()),
                    sha256: tools.store.recorded_sha256(&path),
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
                is_ours: !source.is_own(),
            });
        }
    }
    let declared = entry.sources.iter().flat_map(|source| source.declared());
    let mut absent: Vec<_> = declared.filter_map(|file| file.ftype).collect();
    absent.retain(|variant| !fetched.iter().any(|file: &StockFile| file.variant == *variant));
    fetched.append(&mut made);
    Stock {
        entry: entry.clone(),
        files: fetched,
        absent,
    }
}

/// Reads a file from end to end. `Ok(true)` when it has the hash it must have, `Ok(false)` when it had another and was
/// removed (the user's own files stay).
pub fn verify(file: &StockFile, progress: &mut Progress<'_>) -> Result<Option<bool>, CatalogError> {
    let Some(expected) = &file.sha256 else { return Ok(None) };
    let mut hashing = |done| {
        progress(&Event::Hashing { file: &file.path, done });
    };
    let found = sha256_file(&file.path, &mut hashing).map_err(|e| unusable(file, e))?;
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

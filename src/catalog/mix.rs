//! Mixes in the store: files whose tensors kvant gave types one by one, beside the other files that were made of the same source.

use super::error::CatalogError;
use super::event::Progress;
use super::local_file::LocalFile;
use super::quantize::QUANTIZER_TAG;
use super::store::Store;
use crate::data::{DerivedFrom, VariantInfo};
use crate::gguf::{Head, Piece, Quarry, MIX_LABEL_KEY, MIX_PREFIX, MIX_RECIPE_KEY};
use std::fs::File;
use std::path::{Path, PathBuf};

pub struct Mixed<'a> {
    pub file: &'a Path,
    pub label: &'a str,
    pub recipe: &'a str,
    /// Further metadata below `kvant.mix.`: name and text.
    pub notes: &'a [(&'a str, String)],
    pub from: &'a DerivedFrom,
}

/// Puts it into the store, labelled, unless an equal one is there. Out: what is recorded of it, and where it lies.
pub fn keep_mix(
    mixed: &Mixed<'_>,
    store: &Store,
    progress: &mut Progress<'_>,
) -> Result<(VariantInfo, PathBuf), CatalogError> {
    let mut head = Head::open(mixed.file)?;
    head.remove(MIX_PREFIX);
    head.set_text(MIX_LABEL_KEY, mixed.label);
    head.set_text(MIX_RECIPE_KEY, mixed.recipe);
    head.set_text("kvant.mix.source_sha256", &mixed.from.sha256);
    for (name, text) in mixed.notes {
        head.set_text(&format!("{MIX_PREFIX}{name}"), text);
    }
    let dir = store.folder(&mixed.from.sha256)?;
    let temp = store.temporary(&dir)?;
    let quarry = Quarry::open(mixed.file)?;
    let pieces: Vec<Piece<'_>> = quarry.pieces().collect();
    File::create(&temp)
        .and_then(|file| head.write(file, &pieces))
        .map_err(|e| store.unusable(e))?;
    let name = |sha256: &str| dir.join(format!("{}-{}-{QUANTIZER_TAG}.gguf", mixed.label, &sha256[..8]));
    let (path, sha256) = store.publish(&temp, name, mixed.label, mixed.from, progress)?;
    let made = LocalFile::open(&path)?;
    let info = made.variant(mixed.label, &[sha256], Some(mixed.from.clone()));
    Ok((info, path))
}

/// Mixes in the store that were made of the file of this hash, by label.
pub fn mixes_of(from: &DerivedFrom, store: &Store) -> Vec<(VariantInfo, PathBuf)> {
    let made = store.made_of(&from.sha256).into_iter();
    let mixes = made.filter(|(label, _)| label.starts_with("mix-"));
    let open = |(label, path): (String, PathBuf)| {
        let sha256 = store.recorded_sha256(&path)?;
        let local = LocalFile::open(&path)
            .ok()
            .filter(|p| p.gguf.mix_label() == Some(&label))?;
        Some((local.variant(&label, &[sha256], Some(from.clone())), path))
    };
    mixes.filter_map(open).collect()
}

//! Files of random weights that tell what a machine does with each tensor type.

use super::known::Dimensions;
use super::resolve::Means;
use super::shape::{is_supported, Shape};
use super::CatalogError;
use crate::gguf::{label_of, GgmlType};
use std::path::PathBuf;

/// Shapes that tell what a machine does with a type of weights: one of large layers, in all more than most caches hold, and one of many
/// small layers.
const WIDE: Dimensions = Dimensions {
    n_layer: 16,
    n_embd: 1024,
    n_ff: 2816,
    n_head: 16,
    n_head_kv: 4,
    n_vocab: 320,
    rope_freq_base: 10_000.0,
    is_tied: false,
};
const SMALL: Dimensions = Dimensions {
    n_layer: 32,
    n_embd: 256,
    n_ff: 256,
    n_head: 4,
    n_head_kv: 2,
    ..WIDE
};
/// Folder of the store.
const FOLDER: &str = "probes";
/// Context that probes are said to be trained with.
const N_CTX_PROBE: u32 = 2048;

/// Writes probes of random weights into folders of the store: `wide` with a file of each type (by label), and `small` with F16 alone.
/// Types without a label, or of which no random weights are made, are left out. Returns the labels, and the folders.
pub fn write_probes(types: &[GgmlType], means: &Means<'_>) -> Result<(Vec<&'static str>, [PathBuf; 2]), CatalogError> {
    let store = means.store;
    let folder = store.root().join(FOLDER);
    let (wide, small) = (folder.join("wide"), folder.join("small"));
    let mut labels = Vec::new();
    for &ggml_type in types.iter().filter(|ty| is_supported(**ty)) {
        let Some(label) = label_of(ggml_type) else { continue };
        Shape::of_type("wide", N_CTX_PROBE, &WIDE, (label, ggml_type)).write_into(&wide, store)?;
        labels.push(label);
    }
    Shape::of_dimensions("small", N_CTX_PROBE, &SMALL).write_into(&small, store)?;
    Ok((labels, [wide, small]))
}

/// Removes what [`write_probes`] wrote.
pub fn remove_probes(means: &Means<'_>) {
    // What stays is found and used the next time.
    let _ = std::fs::remove_dir_all(means.store.root().join(FOLDER));
}

//! Files of random weights that tell what a machine does with each tensor type.

use super::error::CatalogError;
use super::known::Dimensions;
use super::request::Context;
use super::shape::{is_supported, Shape};
use crate::gguf::{label_of, GgmlType};
use std::path::PathBuf;

const SMALL: Dimensions = Dimensions {
    n_layer: 32,
    n_embd: 256,
    n_ff: 256,
    n_head: 4,
    n_head_kv: 2,
    n_vocab: 320,
    rope_freq_base: 10_000.0,
    is_tied: false,
};
/// Weights of the wide shape at most: more than most caches hold.
const N_WEIGHTS_MAX: u64 = 180_000_000;
/// Folder of the store.
const FOLDER: &str = "probes";
/// Context that probes are said to be trained with.
const N_CTX_PROBE: u32 = 2048;

/// The model that probes stand for, as far as the speed of reading a matrix depends on it: how large its layers are, and whether caches
/// hold them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeShape {
    /// Embedding: a multiple of 256, which blocks of weights divide.
    pub n_embd: u32,
    pub n_layer: u32,
}

impl ProbeShape {
    /// Layers as large as those of a model with this embedding, and about as many weights, up to more than caches hold.
    pub fn of_model(n_embd: u32, n_params: u64) -> ProbeShape {
        let n_embd = ((n_embd.min(16_384) + 128) / 256 * 256).max(256);
        // Q and output, K and V a quarter of that, and the three of the feed-forward part.
        let (n, n_ff) = (u64::from(n_embd), u64::from(n_ff(n_embd)));
        let per_layer = n * n / 2 * 5 + 3 * n * n_ff;
        let n_layer = n_params.min(N_WEIGHTS_MAX).div_ceil(per_layer).clamp(2, 64);
        ProbeShape {
            n_embd,
            n_layer: n_layer as u32,
        }
    }

    fn dimensions(self) -> Dimensions {
        Dimensions {
            n_layer: self.n_layer,
            n_embd: self.n_embd,
            n_ff: n_ff(self.n_embd),
            n_head: self.n_embd / 64,
            n_head_kv: self.n_embd / 256,
            ..SMALL
        }
    }
}

/// As in many models, a little less than three times the embedding.
fn n_ff(n_embd: u32) -> u32 {
    (n_embd * 11 / 4).next_multiple_of(256)
}

/// Writes probes of random weights into folders of the store: `wide`, a file of each type (by label) in the given shape, and `small` with F16 alone. Types without a label, or of which no random weights are made, are left out. Returns the
/// labels, and the folders.
pub fn write_probes(
    types: &[GgmlType],
    wide: ProbeShape,
    context: Context<'_>,
) -> Result<(Vec<&'static str>, [PathBuf; 2]), CatalogError> {
    let store = context.tools.store;
    let folder = store.root().join(FOLDER);
    let (many, small) = (
        folder.join(format!("wide-{}-{}", wide.n_embd, wide.n_layer)),
        folder.join("small"),
    );
    let mut labels = Vec::new();
    for &ggml_type in types.iter().filter(|ty| is_supported(**ty)) {
        let Some(label) = label_of(ggml_type) else { continue };
        let shape = Shape::of_type("wide", N_CTX_PROBE, &wide.dimensions(), (label, ggml_type));
        shape.write_into(&many, &format!("{label}.gguf"), store)?;
        labels.push(label);
    }
    Shape::of_dimensions("small", N_CTX_PROBE, &SMALL).write_into(&small, "F16.gguf", store)?;
    Ok((labels, [many, small]))
}

/// Removes what [`write_probes`] wrote.
pub fn remove_probes(context: Context<'_>) {
    // What stays is found and used the next time.
    let _ = std::fs::remove_dir_all(context.tools.store.root().join(FOLDER));
}

//! What a file tells of how it was quantized, and what makes two files the same model.

use super::{Gguf, Value};
use crate::data::Quantization;

/// What keys of kvant's own metadata begin with.
pub const MIX_PREFIX: &str = "kvant.mix.";
pub const MIX_LABEL_KEY: &str = "kvant.mix.label";
pub const MIX_RECIPE_KEY: &str = "kvant.mix.recipe";

/// A label is a word: it stands in ids, tables and names of files.
fn is_label(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.starts_with("mix-") && text.len() <= 40 && text.chars().all(is_plain)
}

/// Longest text that is kept.
const MAX_CHARS: usize = 120;

impl Gguf {
    /// Who quantized the file, and with which importance matrix; `None` when it tells nothing of it.
    pub fn quantization(&self) -> Option<Quantization> {
        let text = |key: &str| {
            let text: String = self.str(key)?.trim().chars().take(MAX_CHARS).collect();
            let text: String = text.chars().filter(|c| !c.is_control()).collect();
            Some(text).filter(|text| !text.is_empty())
        };
        // llama.cpp writes counts as i32, others as they like.
        let count = |key: &str| self.u64(key).filter(|n| *n > 0);
        let found = Quantization {
            by: text("general.quantized_by"),
            imatrix_file: text("quantize.imatrix.file"),
            imatrix_dataset: text("quantize.imatrix.dataset"),
            imatrix_entries: count("quantize.imatrix.entries_count"),
            imatrix_chunks: count("quantize.imatrix.chunks_count"),
        };
        (found != Quantization::default()).then_some(found)
    }

    /// What kvant calls the file, if it chose the types of its tensors one by one.
    pub fn mix_label(&self) -> Option<&str> {
        self.str(MIX_LABEL_KEY).filter(|label| is_label(label))
    }

    /// The types of its tensors, as text, if kvant chose them one by one.
    pub fn mix_recipe(&self) -> Option<&str> {
        self.str(MIX_RECIPE_KEY)
    }

    /// How many tokens the vocabulary has, and a checksum of their texts.
    pub fn vocabulary(&self) -> Option<(u64, u32)> {
        match self.metadata.get("tokenizer.ggml.tokens")? {
            Value::Array(tokens) => Some((tokens.len, tokens.crc?)),
            _ => None,
        }
    }
}

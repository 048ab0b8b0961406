//! Is this a model that text can be generated with? If not, what is it?

use super::shape::problem;
use super::{Gguf, GgufProblem};
use crate::data::FileKind;

/// Architectures that give embeddings, or only encode.
const ENCODERS: &[&str] = &[
    "bert",
    "modern-bert",
    "neo-bert",
    "nomic-bert",
    "nomic-bert-moe",
    "jina-bert-v2",
    "jina-bert-v3",
    "eurobert",
    "gemma-embedding",
    "llama-embed",
    "t5encoder",
    "wavtokenizer-dec",
];

/// Architectures that only draft for the model they were trained with.
const DRAFTS: &[&str] = &["eagle3", "dflash"];

impl Gguf {
    /// `Ok` for a whole language model; otherwise says what the file is instead, and what to do.
    pub fn check_generative(&self) -> Result<(), GgufProblem> {
        let no = |kind, what: String| Err(GgufProblem::Unsuitable { kind, what });
        if let Some((index, count)) = self.part().filter(|_| self.n_parts == 1) {
            let what =
                format!("is part {index} of {count} parts of a split model; name the file with 00001 in its name");
            return no(FileKind::PartsMissing, what);
        }
        match self.str("general.type") {
            None | Some("model") => {}
            Some("adapter") => {
                let what = "is a LoRA adapter, not a model; name the model it belongs to";
                return no(FileKind::Adapter, what.into());
            }
            Some("mmproj") => return no(FileKind::Projector, PROJECTOR.into()),
            Some("imatrix") => {
                let what = "is an importance matrix, not a model; name a model's file";
                return no(FileKind::Imatrix, what.into());
            }
            Some(other) => {
                let what = format!("holds \"{}\", not a model; name a language model's file", short(other));
                return no(FileKind::Unusable, what);
            }
        }
        let Some(arch) = self.str("general.architecture") else {
            return Err(problem("general.architecture", "is missing"));
        };
        if arch == "clip" {
            return no(FileKind::Projector, PROJECTOR.into());
        }
        if DRAFTS.contains(&arch) {
            let what = "only drafts for the model it was trained with; name that model's file";
            return no(FileKind::Draft, what.into());
        }
        if arch == "t5" {
            let what = "is an encoder-decoder model (t5), which cannot be compared; name a decoder-only model";
            return no(FileKind::Encoder, what.into());
        }
        let pooling = self.u64(&format!("{arch}.pooling_type")).unwrap_or(0);
        let causal = self.metadata.get(&format!("{arch}.attention.causal"));
        let is_causal = causal.and_then(|v| v.as_bool()).unwrap_or(true);
        if ENCODERS.contains(&arch) || pooling != 0 || !is_causal {
            let what = format!(
                "is an embedding or encoder model ({}) that generates no text; name a language model",
                short(arch)
            );
            return no(FileKind::Encoder, what);
        }
        if self.tensors.is_empty() {
            let what = "has no tensors: only a vocabulary; name the model's file";
            return no(FileKind::Vocabulary, what.into());
        }
        let has = |prefix: &str| self.tensors.iter().any(|t| t.name.starts_with(prefix));
        if self.tensor("token_embd.weight").is_none() || (has("blk.") && !has("blk.0.")) {
            let what = "has no token embedding or no first layer, so it is no complete language model; name the model's main file";
            return no(FileKind::Heads, what.into());
        }
        Ok(())
    }
}

const PROJECTOR: &str = "is the vision or audio part of a model; name the language model's file";

fn short(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_default).collect()
}

//! Is this a model that text can be generated with?

use super::{Gguf, GgufProblem};

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

impl Gguf {
    /// `Ok` for a whole language model in one file; otherwise says what the file is instead, and what to do.
    pub fn check_generative(&self) -> Result<(), GgufProblem> {
        let no = |what: String| Err(GgufProblem::Unsuitable(what));
        if let Some(n) = self.u64("split.count").filter(|&n| n > 1) {
            return no(format!(
                "is one of {n} parts of a split model; join them with `llama-gguf-split --merge` and name the result"
            ));
        }
        match self.str("general.type") {
            None | Some("model") => {}
            Some("adapter") => return no("is a LoRA adapter, not a model; name the model it belongs to".into()),
            Some("mmproj") => {
                return no("is the vision or audio part of a model; name the language model's file".into())
            }
            Some(other) => {
                let other: String = other.chars().take(40).flat_map(char::escape_default).collect();
                return no(format!("holds \"{other}\", not a model; name a language model's file"));
            }
        }
        let Some(arch) = self.str("general.architecture") else {
            return Err(GgufProblem::Metadata {
                key: "general.architecture".into(),
                why: "is missing".into(),
            });
        };
        if arch == "clip" {
            return no("is the vision or audio part of a model; name the language model's file".into());
        }
        if arch == "t5" {
            return no("is an encoder-decoder model (t5), which cannot be compared; name a decoder-only model".into());
        }
        let pooling = self.u64(&format!("{arch}.pooling_type")).unwrap_or(0);
        let is_causal = self
            .metadata
            .get(&format!("{arch}.attention.causal"))
            .and_then(|v| v.as_bool())
            .unwrap_or(true);
        if ENCODERS.contains(&arch) || pooling != 0 || !is_causal {
            let arch: String = arch.chars().take(40).flat_map(char::escape_default).collect();
            return no(format!(
                "is an embedding or encoder model ({arch}) that generates no text; name a language model"
            ));
        }
        if self.tensors.is_empty() {
            return no("has no tensors: only a vocabulary; name the model's file".into());
        }
        if self.tensor("token_embd.weight").is_none() {
            return no(
                "has no token embedding, so it is no complete language model; name the model's main file".into(),
            );
        }
        Ok(())
    }
}

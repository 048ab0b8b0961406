//! Why a model's variants could not be had.

use crate::gguf::GgufError;
use std::path::PathBuf;

/// What kind of failure it is, for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// A flag or a file is not usable.
    BadInput,
    /// It does not fit this machine.
    DoesNotFit,
    /// The model could not be obtained.
    Unobtainable,
    /// The user stopped it.
    Interrupted,
}

impl ErrorClass {
    /// The exit code of DESIGN.md; 130 (128 + SIGINT) when interrupted.
    pub const fn exit_code(self) -> u8 {
        match self {
            ErrorClass::BadInput => 2,
            ErrorClass::DoesNotFit => 4,
            ErrorClass::Unobtainable => 7,
            ErrorClass::Interrupted => 130,
        }
    }
}

/// Why a model's variants could not be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CatalogError {
    /// Neither a known name nor a file nor a folder.
    #[error("{given}: no such file or folder, and no model of this name{}; `kvant models` lists the names, or name a .gguf file, a folder of them, or hf:owner/repo", did_you_mean(similar))]
    NotFound {
        /// As given.
        given: String,
        /// Names that have something in common with it.
        similar: Vec<String>,
    },
    /// What follows `hf:` cannot be read.
    #[error("hf:{given}: {why}; write hf:owner/repo, hf:owner/repo@revision or hf:owner/repo:Q4_K_M")]
    BadHubRef {
        /// As given, without `hf:`.
        given: String,
        /// In words.
        why: String,
    },
    /// HF_ENDPOINT is no address.
    #[error("HF_ENDPOINT is no http or https address without a query; set it to one, or unset it")]
    BadEndpoint,
    /// There is text where a token should be.
    #[error("{origin} holds a space, a line break or something else that no token has; set it again, or remove it (public models need none)")]
    BadToken {
        /// Where it was found.
        origin: String,
    },
    /// A models.toml that cannot be read.
    #[error("{}: cannot be read ({why}); check the path and its permissions", file.display())]
    CatalogUnreadable {
        /// The file.
        file: PathBuf,
        /// In words.
        why: String,
    },
    /// A type that random weights cannot be made of.
    #[error(
        "--shape: {tensor} is of type {ggml_type}, of which kvant makes no random weights; use a file of another type"
    )]
    NoRandom {
        /// The tensor.
        tensor: String,
        /// Its type.
        ggml_type: &'static str,
    },
    /// A model without known dimensions.
    #[error("--shape {given}: its dimensions are not known; name a .gguf file, hf:owner/repo, or one of {known}")]
    NoShape {
        /// What was given.
        given: String,
        /// Models with known dimensions.
        known: String,
    },
    /// A wrong entry in a models.toml.
    #[error("{file}:{line}: {key}: {why}")]
    CatalogEntry {
        /// The file, as it was named.
        file: String,
        /// Line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// In words, with what to do.
        why: String,
    },
    /// No source could give the model.
    #[error("{model} could not be obtained: {}", tried.join("; "))]
    Unobtainable {
        /// The model.
        model: String,
        /// Each source, why it failed, and what to do about that.
        tried: Vec<String>,
    },
    /// A file of another variant than its source says.
    #[error("{}: was to be {variant} and is {found}; correct the entry in models.toml, or remove the file", path.display())]
    Mislabelled {
        /// The file.
        path: PathBuf,
        /// As published.
        variant: String,
        /// As read from its tensors.
        found: String,
    },
    /// `:VARIANT` or `:FILE.gguf` of which there is none.
    #[error("{place}: has no such file as {only}; there are {there}")]
    NoSuchFile {
        /// Repository, folder or model.
        place: String,
        /// What was named.
        only: String,
        /// Names of files that are there.
        there: String,
    },
    /// A file that was named and is no model, as its name or its parts tell.
    #[error("{file}: is {what}; name another file")]
    NotMeasurable {
        /// The file.
        file: String,
        /// What it is.
        what: String,
    },
    /// Several models where one was to be named.
    #[error("{place}: holds several models or files that may be meant; name those to use:{}", lines.concat())]
    SeveralModels {
        /// Where.
        place: String,
        /// A line for each, with the command.
        lines: Vec<String>,
    },
    /// `--baseline` names something that is not compared.
    #[error("--baseline {given}: is not among the variants compared; use one of {ids}")]
    NoBaseline {
        /// As given.
        given: String,
        /// What is compared.
        ids: String,
    },
    /// The user stopped a download.
    #[error("interrupted while fetching {0}; what came is kept, and the same command goes on from there")]
    InterruptedFetch(String),
    /// A file or folder outside the store that cannot be written.
    #[error("{}: cannot be written ({why}); check its permissions, or set HF_HOME or KVANT_STORE to a folder you can write to", path.display())]
    Unwritable {
        /// The path.
        path: PathBuf,
        /// In words.
        why: String,
    },
    /// A folder or repository without any model.
    #[error("{place}: {}; name another, or a file", nothing_left(beside))]
    NoModels {
        /// The folder, or the repository.
        place: String,
        /// What was found and passed over.
        beside: String,
    },
    /// A folder that cannot be listed.
    #[error("{0}: cannot be listed ({1}); check its permissions")]
    Folder(String, String),
    /// A file that is no usable model.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// Files that were named together are not one model.
    #[error("{path}: is not the same model as {other} ({difference}); name files of one model")]
    OddFile {
        /// The odd one.
        path: String,
        /// One that was named before it.
        other: String,
        /// What differs.
        difference: String,
    },
    /// `--variants` names something that is neither there nor a file type.
    #[error("--variants: unknown variant '{given}'; there are {here}, and others can be made: {known}")]
    UnknownVariant {
        /// As given.
        given: String,
        /// Ids of what is offered.
        here: String,
        /// The known file types.
        known: String,
    },
    /// The quantizer failed.
    #[error("{variant} could not be made from {from}: {why}; leave {variant} out of --variants, or pass a file of it in a folder")]
    NotMade {
        /// Wanted variant.
        variant: String,
        /// Source file.
        from: String,
        /// In words.
        why: String,
    },
    /// The quantizer got no memory.
    #[error("{variant} could not be made: {why}; close other programs, or raise the limit of memory (ulimit -v)")]
    NoMemory {
        /// Wanted variant.
        variant: String,
        /// In words.
        why: String,
    },
    /// Not enough room on disk.
    #[error("no room for {what}: needs {} MiB at {}, {} MiB free; free some space, or set KVANT_STORE (for downloads of the Hub, HF_HOME) to a folder on another disk", mib_up(*needed), dir.display(), free >> 20)]
    NoRoom {
        /// What was to be written.
        what: String,
        /// Where.
        dir: PathBuf,
        /// Predicted bytes.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// The store cannot be written to.
    #[error("the store {} cannot be used ({why}); set KVANT_STORE to a folder you can write to", dir.display())]
    Store {
        /// Folder.
        dir: PathBuf,
        /// In words.
        why: String,
    },
    /// Neither a cache folder nor a home is known.
    #[error("no folder for made variants: none of KVANT_STORE, XDG_CACHE_HOME and HOME is set; set KVANT_STORE")]
    NoStore,
    /// The user stopped it.
    #[error("interrupted while making {0}; nothing half-made is left, run the same command again")]
    Interrupted(String),
}

/// Why one source could not give a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum FetchError {
    /// The next source may have it.
    #[error("{0}")]
    Failed(String),
    /// No source can help: no room, not writable, stopped.
    #[error(transparent)]
    Final(#[from] Box<CatalogError>),
}

impl FetchError {
    pub(super) fn failed(why: impl Into<String>) -> FetchError {
        FetchError::Failed(why.into())
    }
}

impl From<CatalogError> for FetchError {
    fn from(e: CatalogError) -> Self {
        FetchError::Final(Box::new(e))
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
    /// What kind of failure it is.
    pub fn class(&self) -> ErrorClass {
        match self {
            CatalogError::NoRoom { .. } | CatalogError::NoMemory { .. } => ErrorClass::DoesNotFit,
            CatalogError::NotMade { .. }
            | CatalogError::Unobtainable { .. }
            | CatalogError::Unwritable { .. }
            | CatalogError::Store { .. }
            | CatalogError::NoStore => ErrorClass::Unobtainable,
            CatalogError::Interrupted(_) | CatalogError::InterruptedFetch(_) => ErrorClass::Interrupted,
            _ => ErrorClass::BadInput,
        }
    }
}

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
    /// Neither a file nor a folder nor a known name.
    #[error("{0}: no such file or folder; name a .gguf file, a folder of them, or `builtin`")]
    NotFound(String),
    /// A folder without any .gguf file.
    #[error("{}: no .gguf file in this folder; name a folder that holds one, or a file", .0.display())]
    NoModels(PathBuf),
    /// A folder that cannot be listed.
    #[error("{0}: cannot be listed ({1}); check its permissions")]
    Folder(String, String),
    /// A file that is no usable model.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// A file in the folder belongs to another model.
    #[error("{}: is not the same model as {other} beside it ({difference}); move one of them away, or name the file to compare", path.display())]
    OddFile {
        /// The odd one.
        path: PathBuf,
        /// A file of the model that the others are of.
        other: String,
        /// What differs.
        difference: String,
    },
    /// Two files of the same variant.
    #[error("{}: {first} and {second} are both {variant}; name one of the files instead of the folder", folder.display())]
    SameVariant {
        /// The folder.
        folder: PathBuf,
        /// One file.
        first: String,
        /// The other.
        second: String,
        /// Their variant.
        variant: String,
    },
    /// `--variants` names something that is no file type.
    #[error("--variants: unknown variant '{given}'; use some of {known}")]
    UnknownVariant {
        /// As given.
        given: String,
        /// The known ones.
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
    /// Not enough room on disk.
    #[error("no room for {what}: needs {} MiB at {}, {} MiB free; free some space, or set KVANT_STORE to a folder on another disk", mib_up(*needed), dir.display(), free >> 20)]
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

/// MiB, rounded up: "needs 0 MiB" helps nobody.
fn mib_up(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

impl CatalogError {
    /// What kind of failure it is.
    pub fn class(&self) -> ErrorClass {
        match self {
            CatalogError::NoRoom { .. } => ErrorClass::DoesNotFit,
            CatalogError::NotMade { .. } | CatalogError::Store { .. } | CatalogError::NoStore => {
                ErrorClass::Unobtainable
            }
            CatalogError::Interrupted(_) => ErrorClass::Interrupted,
            _ => ErrorClass::BadInput,
        }
    }
}

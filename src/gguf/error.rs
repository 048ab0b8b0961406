//! What can be wrong with a GGUF file, in words.

use crate::data::FileKind;
use std::path::PathBuf;

/// A file that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct GgufError {
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: GgufProblem,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GgufProblem {
    /// It does not exist.
    #[error("no such file; check the path")]
    Missing,
    /// It cannot be opened or read.
    #[error("cannot be read ({0}); check its permissions and the disk")]
    Unreadable(String),
    /// It is a folder.
    #[error("is a folder, not a GGUF file; name a file in it")]
    IsFolder,
    /// It has no bytes.
    #[error("is empty; download or make it again")]
    Empty,
    /// It is something else.
    #[error("is not a GGUF file: {0}")]
    NotGguf(String),
    /// It is a GGUF file of another byte order.
    #[error("is a big-endian GGUF file; convert it to little-endian (gguf-py's gguf_convert_endian)")]
    BigEndian,
    /// It is of a version that cannot be read.
    #[error("is GGUF version {0}, and versions 2 and 3 can be read; convert the model again with a current llama.cpp")]
    Version(u32),
    /// The header goes on past the end of the file.
    #[error("truncated: the header goes on at byte {at} with {what}, but the file has {file_bytes} bytes; download or make it again")]
    HeaderTruncated {
        /// What should be there.
        what: String,
        /// Where it should start.
        at: u64,
        /// Length of the file.
        file_bytes: u64,
    },
    /// Tensor data goes on past the end of the file.
    #[error("truncated: tensor {tensor} ends at byte {end} but the file has {file_bytes}; download or make it again")]
    DataTruncated {
        /// First such tensor.
        tensor: String,
        /// Where it should end.
        end: u64,
        /// Length of the file.
        file_bytes: u64,
    },
    /// A header that contradicts itself.
    #[error("damaged header: {0}; download or make it again")]
    Damaged(String),
    /// A tensor of a type this version does not know.
    #[error("tensor {tensor} has the unknown ggml type {id}; the file needs a newer llama.cpp than this kvant has")]
    UnknownType {
        tensor: String,
        /// The type's number.
        id: u32,
    },
    /// Metadata that is needed is not there, or is of the wrong kind.
    #[error("the metadata {key} {why}; the file is no complete language model")]
    Metadata {
        key: String,
        /// What is wrong, e.g. "is missing".
        why: String,
    },
    /// It is whole, but no model that text can be generated with (or not by this version).
    #[error("{what}")]
    Unsuitable {
        /// What it is instead.
        kind: FileKind,
        /// The same in words, with what to do.
        what: String,
    },
    /// Parts of a split model are not there.
    #[error("is part of a split model of {count} parts, and {} missing; put {} beside it", list(missing), if missing.len() == 1 { "it" } else { "them" })]
    PartsMissing {
        /// Names of the missing ones.
        missing: Vec<String>,
        /// How many there should be.
        count: u32,
    },
}

impl GgufProblem {
    /// What such a file is.
    pub fn kind(&self) -> FileKind {
        match self {
            GgufProblem::Unsuitable { kind, .. } => *kind,
            GgufProblem::PartsMissing { .. } => FileKind::PartsMissing,
            _ => FileKind::Unusable,
        }
    }
}

/// `a is`, `a and b are`, `a, b, c and 9 more are`.
fn list(names: &[String]) -> String {
    match names {
        [] => "none is".to_owned(),
        [one] => format!("{one} is"),
        [names @ .., last] if names.len() < 4 => format!("{} and {last} are", names.join(", ")),
        names => format!("{} and {} more are", names[..3].join(", "), names.len() - 3),
    }
}

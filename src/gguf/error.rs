//! What can be wrong with a GGUF file, in words.

use crate::data::FileKind;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct GgufError {
    pub path: PathBuf,
    pub problem: GgufProblem,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GgufProblem {
    #[error("no such file; check the path")]
    Missing,
    #[error("cannot be read ({0}); check its permissions and the disk")]
    Unreadable(String),
    #[error("is a folder, not a GGUF file; name a file in it")]
    IsFolder,
    #[error("is empty; download or make it again")]
    Empty,
    #[error("is not a GGUF file: {0}")]
    NotGguf(String),
    #[error("is a big-endian GGUF file; convert it to little-endian (gguf-py's gguf_convert_endian)")]
    BigEndian,
    #[error("is GGUF version {0}, and versions 2 and 3 can be read; convert the model again with a current llama.cpp")]
    Version(u32),
    #[error("truncated: the header goes on at byte {at} with {what}, but the file has {file_bytes} bytes; download or make it again")]
    HeaderTruncated { what: String, at: u64, file_bytes: u64 },
    #[error("truncated: tensor {tensor} ends at byte {end} but the file has {file_bytes}; download or make it again")]
    DataTruncated { tensor: String, end: u64, file_bytes: u64 },
    #[error("damaged header: {0}; download or make it again")]
    Damaged(String),
    #[error("tensor {tensor} has the unknown ggml type {id}; the file needs a newer llama.cpp than this kvant has")]
    UnknownType { tensor: String, id: u32 },
    #[error("the metadata {key} {why}; the file is no complete language model")]
    Metadata { key: String, why: String },
    #[error("{what}")]
    Unsuitable { kind: FileKind, what: String },
    #[error("is part of a split model of {count} parts, and {} missing; put {} beside it", list(missing), if missing.len() == 1 { "it" } else { "them" })]
    PartsMissing { missing: Vec<String>, count: u32 },
}

impl GgufProblem {
    pub(crate) fn at(self, path: &Path) -> GgufError {
        GgufError {
            path: path.to_owned(),
            problem: self,
        }
    }

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

//! Reads the header of a GGUF file: metadata, tensor types and shapes, and what follows from them; and lays one out.
//!
//! In: a path, or any `Read + Seek` with its length. Out: [`Gguf`], or a [`GgufError`] in words. Little-endian
//! versions 2 and 3. A file is untrusted: no count, length or offset is believed before it is checked against the
//! length of the file; nothing panics; memory stays below the file's length plus a fixed [`SLACK_BYTES`]. Tensor data
//! is never read; [`Head`] copies it. Knows nothing of llama.cpp, of the store, or of which variants are wanted. No `unsafe`, no FFI.

mod error;
mod fallback;
mod ftype;
mod generative;
mod header;
mod imatrix;
mod parts;
mod provenance;
mod reader;
mod shape;
mod splice;
#[cfg(test)]
mod tests;
mod types;
mod value;
mod write;
#[cfg(test)]
pub(crate) mod write_test;

pub use error::{GgufError, GgufProblem};
pub(crate) use fallback::fallback_from;
pub(crate) use ftype::{ftype_bpw, ftype_id, ftype_of, known_ftypes, label_of};
pub use header::{Gguf, TensorInfo};
pub use imatrix::{write_imatrix, Imatrix};
pub use provenance::{MIX_LABEL_KEY, MIX_PREFIX, MIX_RECIPE_KEY};
pub use reader::SLACK_BYTES;
pub use shape::kv_bytes_per_token;
pub use splice::{Head, Piece, Quarry};
pub use types::GgmlType;
pub use value::{Array, Value};
pub use write::Writer;

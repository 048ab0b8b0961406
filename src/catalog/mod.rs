//! From what the user names to variants on disk whose hashes are known.
//!
//! In: the model argument (`builtin`, a .gguf file, a folder of them), the wanted variants, the [`Store`] and a
//! [`Quantize`]. Out: [`ModelFiles`], or a [`CatalogError`] that says what to do. Variants that are missing are made
//! from the best file present, under a temporary name that becomes the final one only when the file is whole.
//! What a file is comes from its header, never from its name. Knows nothing of plans, workers or reports.

mod error;
mod hash;
mod make;
mod quantize;
mod resolve;
mod source;
mod space;
mod store;
#[cfg(test)]
mod tests;

pub use error::{CatalogError, ErrorClass};
pub use quantize::{Quantize, SelfQuantizer, QUANTIZER_TAG};
pub use resolve::{resolve, Event, ModelFiles, DEFAULT_VARIANTS};
pub use store::Store;

//! Gathering an importance matrix: for each matrix the sums of squares of what it is multiplied with, over a text.
//!
//! In: a model file and a text. Out: sums and counts by tensor, as llama-imatrix has them; with a tied output matrix (`token_embd.weight`)
//! its column too, which llama-imatrix leaves out. Callers run this in a child process.

use super::EngineError;
use std::collections::BTreeMap;
use std::path::Path;

/// Tokens of a chunk, as llama-imatrix has them by default.
pub(crate) const N_CTX: u32 = 512;

/// Tensor to sums of squares for each column (of experts one after the other), and rows that were added up for each expert.
pub(crate) type Gathered = BTreeMap<String, (Vec<f32>, Vec<f32>)>;

/// Runs at most `n_chunks` chunks of [`N_CTX`] tokens of the text through the model. Out: the sums, and how many chunks there were.
///
/// # Errors
/// With llama.cpp's last error lines; for a text of less than a chunk; in a build without llama.cpp.
#[cfg(feature = "llama")]
pub(crate) fn gather(model: &Path, text: &str, n_chunks: u32, n_threads: u32) -> Result<(Gathered, u32), EngineError> {
    super::llama::gather(model, text, n_chunks, n_threads)
}

/// A build without llama.cpp gathers nothing.
#[cfg(not(feature = "llama"))]
pub(crate) fn gather(model: &Path, _: &str, _: u32, _: u32) -> Result<(Gathered, u32), EngineError> {
    Err(EngineError::Refused(format!(
        "this build has no llama.cpp, so it cannot gather an importance matrix of {}: build with the feature 'llama'",
        model.display()
    )))
}

//! Gathering an importance matrix: for each matrix the sums of squares of what it is multiplied with, over a text.
//!
//! In: a model file and a text. Out: sums and counts by tensor, as llama-imatrix has them; with a tied output matrix (`token_embd.weight`)
//! its column too, which llama-imatrix leaves out. Callers run this in a child process.

use super::api::EngineError;
use super::weights::Gathered;
use std::path::Path;

/// Runs at most `n_chunks` chunks of [`super::weights::N_CTX`] tokens of the text through the model. Out: the sums, and how many chunks there were.
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

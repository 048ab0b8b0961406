//! Pure maths of quality: from rows of logits to the sums of a chunk, and from the sums of chunks to figures.
//!
//! Definitions are llama-perplexity's (docs/method.md), without its 16-bit file: f64 sums over all terms, from f32 logits.
//! Intervals are made elsewhere, by `stats`.
//!
//! Invariants: no I/O, no clock, no unseeded randomness; a model against itself has a divergence of exactly 0; logits that
//! are not finite give an error, never a number.

mod figures;
mod sanity;
mod score;

pub(crate) use figures::{chunk_means, ChunkMeans, Figures, WithError};
pub(crate) use sanity::{kld_max, why_broken};
pub(crate) use score::{first_scored, n_scored, Baseline, Scorer, TopMismatch};

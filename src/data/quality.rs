//! Quality: what is planned, and what was seen of one chunk of text.
//!
//! A **window** is a context length; a text is cut into chunks of that many tokens, and the second half of each chunk
//! is scored, as llama-perplexity does. Sums are f64 over the scored tokens; probabilities are natural.

use super::{Arm, FailureKind, QualityLoss};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is scored, with which arms, and when it is enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityPlan {
    /// Arms; the baseline is the first, its control (which scores the first chunk only) the last.
    pub arms: Vec<Arm>,
    /// Windows, the shortest first.
    pub windows: Vec<QualityWindow>,
    pub stop: QualityStop,
    /// Before speed was measured (in journals before format 5; since then always).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_first: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityWindow {
    pub n_ctx: u32,
    /// At most so many chunks, over all texts.
    pub n_chunks_max: u32,
    /// Left out with a notice when a text is too short for it; otherwise that is an error.
    pub is_optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QualityStop {
    /// Chunks before anything is looked at.
    pub n_chunks_min: u32,
    /// Until it is known of every arm whether it keeps to this; absent: score all chunks (and before format 5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<QualityLoss>,
    /// And until ln(PPL ratio) is known to this half-width, e.g. 0.01, and the KLD to what follows from it.
    pub precision: Option<f64>,
    pub budget_ns: u64,
}

/// A text that is scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextInfo {
    /// File name (no folder), or `corpus`.
    pub name: String,
    /// Its bytes.
    pub n_bytes: u64,
    /// SHA-256 of them, lower-case hex.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextTokens {
    /// Tokens of each text, BOS included.
    pub n_tokens: Vec<u32>,
    /// Whether the vocabulary begins texts with BOS; then each chunk's first token is replaced by it.
    pub adds_bos: bool,
    /// SHA-256 over the tokens of all texts (little-endian i32).
    pub tokens_sha256: String,
    /// SHA-256 over the vocabulary: size, BOS, and the text of every token.
    pub vocab_sha256: String,
    pub n_vocab: u32,
}

/// A place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Chunk {
    /// Tokens per chunk: the window.
    pub n_ctx: u32,
    /// Which text, from 0.
    pub text: u32,
    /// Which chunk of it, from 0.
    pub index: u32,
}

/// Sums over the scored tokens of one chunk, in one arm.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChunkScore {
    /// Scored tokens: `n_ctx / 2 - 1` (`n_ctx - 1 - n_ctx / 2`).
    pub n_scored: u32,
    /// Sum of -ln p of the next token.
    pub nll_sum: f64,
    /// Sum of its squares.
    pub nll_sq_sum: f64,
    /// Against the baseline on the same chunk; absent for the baseline itself.
    pub vs_baseline: Option<Divergence>,
}

/// How far an arm's distributions are from the baseline's, over the scored tokens of a chunk.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Divergence {
    /// Sum of the products of the arm's and the baseline's -ln p.
    pub nll_cross_sum: f64,
    /// Sum of the KL divergences of the arm from the baseline, nats.
    pub kld_sum: f64,
    /// Sum of their squares.
    pub kld_sq_sum: f64,
    /// Tokens whose most likely successor is the same.
    pub n_same_top: u32,
    /// Sum of delta-p: probability of the next token in the arm less that in the baseline.
    pub dp_sum: f64,
    /// Sum of its squares.
    pub dp_sq_sum: f64,
    /// Sum of its fourth powers.
    pub dp_4_sum: f64,
    /// KL divergence of every scored token, in order.
    pub kld: Vec<f32>,
    /// Delta-p of every scored token, in order.
    pub dp: Vec<f32>,
    /// Where the most likely token is another one: the places with the largest divergence, largest first.
    #[serde(rename = "partings")]
    pub disagreements: Vec<Disagreement>,
}

/// A place where the arm's most likely next token is not the baseline's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disagreement {
    /// Position of the predicted token in the chunk.
    pub position: u32,
    /// KL divergence there, nats.
    pub kld: f64,
    /// Some tokens of text before it.
    pub before: String,
    /// The token that follows in the text.
    pub next: String,
    /// The baseline's most likely token.
    pub baseline_top: String,
    /// Its probability in the baseline and in the arm.
    pub baseline_top_p: (f64, f64),
    /// The arm's most likely token.
    pub top: String,
    /// Its probability in the baseline and in the arm.
    pub top_p: (f64, f64),
}

/// A chunk was scored: by every arm that still takes part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityRecord {
    pub chunk: Chunk,
    /// Index into `QualityPlan::arms`, and its score.
    pub scores: Vec<(usize, ChunkScore)>,
    /// Times of the forward passes alone, in the same order: what scoring adds to them is overhead.
    pub forward_ns: Vec<u64>,
    pub ns: u64,
    /// From an earlier run of the same files, texts and build.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[serde(rename = "is_kept")]
    pub is_cached: bool,
}

/// An arm could not be scored in a window. The others go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityFailure {
    pub n_ctx: u32,
    /// Index into `QualityPlan::arms`.
    pub arm: usize,
    pub kind: FailureKind,
    pub reason: String,
}

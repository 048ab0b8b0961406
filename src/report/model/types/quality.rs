//! Rows of quality.

use crate::data::{Arm, Chunk, Disagreement, Outcome, TextTokens};
use crate::report::wire;
use crate::stats::{Interval, QualityVerdict};
use schemars::JsonSchema;
use serde::Serialize;

/// A figure over all tokens, with its interval over chunks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Figure {
    /// Pooled over tokens, as llama-perplexity gives it.
    pub value: f64,
    /// Over chunks; absent with too few. Its estimate is the centre of the chunks.
    #[serde(flatten, serialize_with = "wire::ends")]
    #[schemars(with = "wire::Ends")]
    pub interval: Option<Interval>,
    /// The standard error if tokens were independent, which they are not: for parity with llama-perplexity.
    pub token_error: Option<f64>,
}

impl Figure {
    /// The value itself where there is no interval.
    pub fn or_bare(&self) -> Interval {
        self.interval.unwrap_or(Interval::bare(self.value))
    }

    pub(in crate::report) fn mapped(self, f: fn(f64) -> f64, slope: fn(f64) -> f64) -> Figure {
        Figure {
            value: f(self.value),
            interval: self.interval.map(|i| i.mapped(f)),
            token_error: self.token_error.map(|e| e * slope(self.value)),
        }
    }
}

/// Quality of one arm in one window.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct QualityReport {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
    pub arm: Arm,
    /// Tokens per chunk.
    pub n_ctx: u32,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Chunks scored.
    pub n_chunks: u32,
    /// Tokens scored.
    pub n_scored: u64,
    /// Tokens after which the target precision was first reached; absent when it was not.
    pub n_scored_precise: Option<u64>,
    /// Mean negative log-likelihood of a token in each chunk, nats.
    #[serde(skip)]
    pub nll_by_chunk: Vec<(Chunk, f64)>,
    /// Perplexity.
    pub ppl: Option<Figure>,
    /// ln(PPL / PPL of the baseline), paired by chunk.
    pub ln_ratio: Option<Figure>,
    /// PPL / PPL of the baseline.
    pub ppl_ratio: Option<Figure>,
    /// Mean KL divergence from the baseline, nats.
    pub kld_mean: Option<Figure>,
    /// Quantiles of the KL divergence of single tokens; absent where there are too few beyond.
    pub kld_p50: Option<Interval>,
    /// 99th percentile.
    pub kld_p99: Option<Interval>,
    /// 99.9th percentile.
    pub kld_p999: Option<Interval>,
    /// Share of places with the same most likely token.
    pub same_top: Option<Figure>,
    /// Mean delta-p.
    pub dp_mean: Option<Figure>,
    /// Root mean square of delta-p.
    pub dp_rms: Option<Figure>,
    /// Percentiles of delta-p.
    pub dp_quantiles: DpQuantiles,
    /// Absent for the baseline and its control, and for what was not scored.
    pub verdict: Option<QualityVerdict>,
    /// Divergence by position in the window.
    pub by_position: Vec<PositionBin>,
    /// Places where the most likely token is another one, the largest divergence of each chunk first.
    pub examples: Vec<Example>,
}

/// Percentiles of delta-p.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct DpQuantiles {
    pub(in crate::report) p1: Option<f64>,
    pub(in crate::report) p5: Option<f64>,
    pub(in crate::report) p25: Option<f64>,
    pub(in crate::report) p75: Option<f64>,
    pub(in crate::report) p95: Option<f64>,
    pub(in crate::report) p99: Option<f64>,
}

/// A place where two models expect another token.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Example {
    #[serde(flatten)]
    pub chunk: Chunk,
    #[serde(flatten)]
    #[serde(rename = "parting")]
    pub disagreement: Disagreement,
}

/// Mean KL divergence in a part of the window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct PositionBin {
    /// First position of the predicted tokens.
    pub from: u32,
    /// Last position.
    pub to: u32,
    /// Mean; absent interval ends stand at the mean.
    pub kld: Interval,
}

/// Why scoring a window ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QualityEnd {
    /// Every arm reached the target precision.
    Precision,
    /// All planned chunks were scored.
    AllChunks,
    /// The time or the text was spent.
    Spent,
}

/// Everything about quality in a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quality {
    pub tokens: Option<TextTokens>,
    /// By window, then in the order of the plan.
    pub rows: Vec<QualityReport>,
    /// Why scoring ended, per window.
    pub ended: Vec<(u32, QualityEnd)>,
    /// Wall time of all chunks but each window's first (workers start in it) over their bare forward passes.
    pub overhead: Option<f64>,
}

impl Quality {
    pub fn row(&self, arm_id: &str, n_ctx: u32) -> Option<&QualityReport> {
        self.rows.iter().find(|r| r.arm.id == arm_id && r.n_ctx == n_ctx)
    }

    /// Windows with at least one scored chunk, the shortest first.
    pub fn windows(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.rows.iter().filter(|r| r.n_chunks > 0).map(|r| r.n_ctx).collect();
        all.dedup();
        all
    }
}

impl QualityReport {
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }
}

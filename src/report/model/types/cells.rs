//! Rows of speed and memory.

use crate::data::{Arm, BufferSize, MemoryReading, Outcome, Work};
use crate::report::wire;
use crate::stats::{self, Interval, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

/// One cell with its estimates.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CellReport {
    /// Index into `Plan::cells`.
    #[serde(skip)]
    pub index: usize,
    #[serde(flatten, serialize_with = "wire::arm_in_full")]
    #[schemars(with = "wire::ArmInFull")]
    pub arm: Arm,
    #[serde(flatten)]
    pub spec: Work,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Duration of one execution in each complete round, in the order of rounds, nanoseconds.
    pub samples_ns: Vec<u64>,
    /// The rounds of those samples, from 0.
    pub sample_rounds: Vec<u32>,
    /// Their launches, from 0.
    pub sample_launches: Vec<u32>,
    /// Throughput, tokens per second.
    pub tps: Option<Interval>,
    /// Median absolute deviation of the samples from their median, as a share of it: how steady single executions are.
    pub mad: Option<f64>,
    /// Prefill and prefix_reuse: time to the first sampled token, nanoseconds.
    pub ttft_ns: Option<Interval>,
    /// Decode, no_reuse, batched and requests: gaps between tokens.
    pub itl_ns: Option<ItlQuantiles>,
    /// Decode on the CPU: bytes of weights and cache read per second, as a share of what the machine probe reads. Above 1
    /// when caches hold part of them.
    pub bandwidth_share: Option<f64>,
    /// Energy for each token that the throughput counts, joules; absent where the machine does not count it.
    pub joule_per_token: Option<Interval>,
    /// What a million of these tokens cost, where the price of an hour is known.
    pub cost_per_million: Option<Interval>,
    /// Joules that the GPUs drew for a token; absent where no driver tells.
    pub gpu_joule_per_token: Option<Interval>,
    /// Speed relative to the baseline arm on the same work.
    pub vs_baseline: Option<Comparison>,
    /// KV arms: speed relative to the same weights with an f16 KV cache.
    pub vs_f16_kv: Option<Comparison>,
    /// Arms in another build than the first: speed relative to that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vs_first_build: Option<Comparison>,
}

impl CellReport {
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }

    /// Tokens per second, whatever the number of rounds.
    pub fn centre_tps(&self) -> Option<f64> {
        let logs: Vec<f64> = self.samples_ns.iter().map(|&ns| (ns as f64).ln()).collect();
        let own = || Some(f64::from(self.spec.shape().n_counted) * 1e9 / stats::median(&logs)?.exp());
        self.tps.map(|tps| tps.estimate).or_else(own)
    }

    /// Tokens before the timed work: the x axis of charts.
    pub fn n_context(&self) -> u32 {
        self.spec.shape().n_context
    }
}

/// Quantiles of the gaps between tokens, or of the times of requests, nanoseconds; absent where there are too few.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ItlQuantiles {
    /// Median.
    pub p50: Option<Interval>,
    /// 95th percentile.
    pub p95: Option<Interval>,
    /// 99th percentile.
    pub p99: Option<Interval>,
}

/// A paired ratio of speeds (above 1: faster than the reference) and what may be said of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// Of the ratios within rounds, over launches.
    pub ratio: Interval,
    /// From the interval and the region that counts as the same alone.
    pub verdict: Verdict,
    /// What differs between the two arms: `variant`, `kv`, `variant+kv`, … or `control`.
    pub factor: String,
    /// Rounds in which both arms have a sample.
    pub n_rounds: u32,
    /// For "can't tell": further rounds that would probably settle it.
    pub n_rounds_more: Option<u32>,
}

/// The baseline measured against its disguised copy: what a difference of nothing looks like in this run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Control {
    /// Ratio per work.
    pub by_spec: Vec<(Work, Comparison)>,
    /// Over all headline works: the mean log-ratio of a round is one observation.
    pub pooled: Option<Comparison>,
}

/// Memory of one arm, from its own process.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MemoryReport {
    #[serde(flatten, serialize_with = "wire::arm_in_full")]
    #[schemars(with = "wire::ArmInFull")]
    pub arm: Arm,
    #[serde(flatten)]
    pub reading: MemoryReading,
    /// Exact bytes of the KV cache.
    pub kv_bytes: u64,
    /// Weights by buffer type.
    pub weights: Vec<BufferSize>,
    /// Compute and output buffers together.
    pub compute_bytes: u64,
    /// Tokens that were in the cache.
    pub n_depth: u32,
    /// Peak of the resident memory that was predicted before the run.
    pub predicted_bytes: Option<u64>,
    /// Memory of the devices that was predicted before the run.
    pub predicted_device_bytes: Option<u64>,
    /// Largest context, in whole steps of 256 tokens, whose peak would have fitted into what was available at the start; absent on a
    /// device.
    pub n_ctx_max: Option<u64>,
}

//! The head of a run: what was asked for, of what, on which machine.

use super::{Arm, BuildInfo, Cell, FailOn, Goal, Level, Limits, ModelInfo, QualityPlan, TextInfo, VariantInfo, Work};
use crate::units::{bytes, duration};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Version of the journal's format. Changes:
/// 1: first version.
/// 2: quality: `plan.quality` and `texts` in the header, the records `texts`, `speed_end`, `quality`, `quality_failure`.
/// 3: the workloads `prefix_reuse`, `batched` and `state`; `is_pp_shared` in works, `state` in samples,
/// `predicted_bytes` in memory; the workload `speculative`, `speculative` in samples and `draft` in the header.
/// 4: `goal` in the header, the record `dropped`, `is_first` in `plan.quality`, the end `decided`; the workload `requests`,
/// `requests` in samples; `energy_uj` in samples and `price_per_hour` in the header; `has_kv_rotation` in configurations,
/// true where absent.
/// `shards` in the header and the warning `shard_gaps`; `split_mode`, `no_kv_offload`, several devices in arms, `gpu` in the conditions of
/// samples, `predicted_device_bytes` in memory. `predicted` and `left_out` in the header, `layer_bytes` and `output_bytes` in tensor types.
/// `quantization` and `parts` in variants, the warnings `passed_over` and `requantized`.
/// 5: blocks: the record `block` says which samples count, `round` only that a round ended; `decision` and `pace` in the plan, in whose
/// `stop` numbers of launches stand in place of numbers of rounds; `request` and `regret` in the goal; `text_seed` in the header;
/// `is_cached` in quality; the failure kind `broken`; `path` in variants. `build` in configurations and `builds` and `gate` in the header; `kvant`,
/// `commit` and `flags` of an engine; `is_in_pairs` of a pace.
pub const JOURNAL_FORMAT: u32 = 5;

/// When to stop: when the answer is settled and the figures are precise, or the time is spent; never on significance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StopRule {
    /// Launches before the run may end by itself.
    #[serde(default)]
    pub n_launches_min: u32,
    /// Launches after which it ends in any case.
    #[serde(default)]
    pub n_launches_max: u32,
    /// Time budget for measuring (loading included), from the first launch on.
    pub budget_ns: u64,
    /// Target half-width of the interval of every headline ratio, e.g. 0.02.
    pub precision: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pace {
    pub n_rounds: u32,
    /// The works that decide are measured every round for the contenders, and every so many rounds for all arms.
    pub table_every: u32,
    /// The other works are measured every so many rounds.
    pub curve_every: u32,
    /// The dearest works are measured so many times in all.
    pub n_dear: u32,
    /// Arms that cannot become the choice stay in the rounds for all arms; otherwise they leave.
    pub keeps_all: bool,
    /// Every second launch starts its workers in the reverse order of the one before: two launches are one observation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_in_pairs: bool,
    /// Exactly so many rounds were asked for, each of them whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_rounds_asked: Option<u32>,
}

/// The matrix of a run: a pure function of the flags, the model and the seed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Seed of orders and bootstraps: drawn for each run unless it is given.
    pub seed: u64,
    pub level: Level,
    /// Arms; the baseline is the first, its control the last.
    pub arms: Vec<Arm>,
    /// Cells, grouped by work.
    pub cells: Vec<Cell>,
    /// Works whose times add up to that of the request that is to be short.
    #[serde(default)]
    pub decision: Vec<Work>,
    #[serde(default)]
    pub pace: Pace,
    pub stop: StopRule,
    /// Half-width of the region of practical equivalence, e.g. 0.02.
    pub equivalence: f64,
    /// Shortest timed sample aimed at.
    pub sample_ns_min: u64,
    #[serde(default)]
    pub limits: Limits,
    /// What is scored; absent when quality is off.
    #[serde(default)]
    pub quality: Option<QualityPlan>,
}

/// The machine, as far as it bears on speed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostInfo {
    /// CPU model name.
    pub cpu: String,
    /// Physical cores visible.
    pub n_cores: u32,
    /// Logical CPUs usable within affinity and cgroup quota.
    pub n_cpus: u32,
    /// Total memory (cgroup limit respected).
    pub memory_bytes: u64,
    /// Available memory at the start (cgroup limit respected).
    pub memory_available_bytes: u64,
    /// Operating system and kernel.
    pub os: String,
    /// CPU frequency governor, where the kernel tells.
    pub governor: Option<String>,
    /// Virtual machine or container, where it can be told.
    pub virtualization: Option<String>,
    /// One-minute load average times 100 at the start.
    pub load_percent: u32,
    /// Instruction-set flags of the CPU that ggml can use, in ggml's names, e.g. `AVX512_VNNI`.
    pub instructions: Vec<String>,
}

/// Line 1 of a journal: everything a report needs besides samples.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    /// [`JOURNAL_FORMAT`].
    pub format: u32,
    /// Folder-safe id, e.g. `built-in-20261121-213000`.
    pub run_id: String,
    /// Start, RFC 3339 UTC with seconds.
    pub started_at: String,
    pub command: Vec<String>,
    pub tool_version: String,
    pub llama_cpp: String,
    /// `llama_print_system_info()`.
    pub system_info: String,
    /// SHA-256 of the serialized plan.
    pub plan_sha256: String,
    pub plan: Plan,
    pub salt: String,
    /// Seed of the corpus; that of the plan before format 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_seed: Option<u64>,
    /// SHA-256 of the text prompts are cut from.
    pub corpus_sha256: String,
    #[serde(default)]
    pub texts: Vec<TextInfo>,
    pub host: HostInfo,
    pub model: ModelInfo,
    pub variants: Vec<VariantInfo>,
    /// The executables that were named (`--worker`), the baseline's first; `llama_cpp` and `system_info` are then that one's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<BuildInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<DraftInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// What a gate fails on; of other runs none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gate: Vec<FailOn>,
    /// What an hour of the machine costs (`--price-per-hour`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_hour: Option<f64>,
    /// What was predicted of arms before the run; without those of which nothing could be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicted: Vec<PredictedArm>,
    /// Candidates that were not measured (triage).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// Which parts of a larger plan this is; absent when it is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<Box<Shards>>,
}

impl RunHeader {
    /// What tells whether two runs were measured with the same executables.
    pub fn build_hashes(&self) -> Vec<&str> {
        self.builds.iter().map(|build| build.sha256.as_str()).collect()
    }
}

/// An arm as predicted from its file's header and, for speed, from what this machine does with each type of weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PredictedArm {
    /// The arm.
    pub arm: String,
    /// Decode at the plan's greatest depth, tokens per second.
    pub decode_tps: f64,
    /// Time to the first token of the plan's longest prompt, nanoseconds.
    pub ttft_ns: u64,
    /// Peak of the resident memory; absent on a device.
    pub peak_bytes: Option<u64>,
}

/// A candidate that was not measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// The variant.
    pub variant: String,
    /// Why.
    pub why: WhyLeftOut,
}

/// Why a candidate was not measured, by what was predicted of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum WhyLeftOut {
    /// It needs more memory than is available.
    DoesNotFit {
        /// Predicted.
        needed_bytes: u64,
        /// There.
        available_bytes: u64,
    },
    /// It needs much more memory than the user allows.
    OverLimit {
        /// Predicted.
        needed_bytes: u64,
        /// Allowed.
        limit_bytes: u64,
    },
    /// It is far slower than the user wants.
    TooSlow {
        /// Predicted.
        decode_tps: f64,
        /// Wanted.
        least_tps: f64,
    },
    /// The budget ends before its turn.
    NoTime {
        /// The budget.
        budget_ns: u64,
    },
}

impl fmt::Display for WhyLeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            WhyLeftOut::DoesNotFit {
                needed_bytes,
                available_bytes,
            } => write!(
                f,
                "needs about {} and {} are available",
                bytes(needed_bytes),
                bytes(available_bytes)
            ),
            WhyLeftOut::OverLimit {
                needed_bytes,
                limit_bytes,
            } => write!(
                f,
                "needs about {}, far more than {}",
                bytes(needed_bytes),
                bytes(limit_bytes)
            ),
            WhyLeftOut::TooSlow { decode_tps, least_tps } => {
                write!(f, "decodes at about {decode_tps:.1} t/s, far less than {least_tps}")
            }
            WhyLeftOut::NoTime { budget_ns } => {
                write!(
                    f,
                    "{} are too short for it; name it with --variants, or give more --budget",
                    duration(budget_ns)
                )
            }
        }
    }
}

/// The model that drafts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DraftInfo {
    /// The variant, or the name of the file.
    pub name: String,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// What a run holds of a larger plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shards {
    /// Numbers of the shards in this run, from 1: one when it was measured, more when it was merged.
    pub indices: Vec<u32>,
    pub count: u32,
    /// Name of the machine; absent where the system tells none.
    pub node: Option<String>,
    /// The plan that was split.
    pub whole: Plan,
}

impl Shards {
    /// Shards of the sweep that are in none of these runs.
    pub fn missing<'a>(count: u32, runs: impl IntoIterator<Item = &'a Shards>) -> Vec<u32> {
        let there: Vec<u32> = runs.into_iter().flat_map(|s| s.indices.iter().copied()).collect();
        (1..=count).filter(|i| !there.contains(i)).collect()
    }
}

//! The shape of the model: what renderers read.

use super::{DecisionReport, Quality};
use crate::data::{
    AnchorReading, Arm, BufferSize, Disturbance, EngineInfo, MemoryReading, Outcome, RunHeader, StoppedBy, VariantInfo,
    Warning, WorkSpec, Workload,
};
use crate::report::lang::Lang;
use crate::stats::{self, Interval, Verdict};

/// A run, ready to be rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportModel {
    /// Language of every text in it.
    pub lang: Lang,
    /// Line 1 of the journal.
    pub header: RunHeader,
    /// What the engine said of itself in the last launch; absent when nothing was loaded.
    pub engine: Option<EngineInfo>,
    /// Every cell of the plan, in its order.
    pub cells: Vec<CellReport>,
    /// The baseline against its disguised copy.
    pub control: Control,
    /// Memory of each arm that was measured.
    pub memory: Vec<MemoryReport>,
    /// Exact bytes of the KV cache of every arm that was loaded, by its id.
    pub kv_bytes: Vec<(String, u64)>,
    /// Per-token latency with and without KV reuse.
    pub reuse: Vec<ReuseRow>,
    /// Time to the first token of prompts that share a prefix with what is in the cache.
    pub prefix: Vec<PrefixRow>,
    /// Several sequences at once.
    pub batched: Vec<BatchedRow>,
    /// States: computed, saved and restored.
    pub states: Vec<StateRow>,
    /// With a draft and without.
    pub speculative: Vec<SpeculativeRow>,
    /// Users who send requests.
    pub requests: Vec<RequestRow>,
    /// From where on restoring a state beats computing it again, by arm.
    pub break_even: Vec<BreakEven>,
    /// What the variants and KV types cost in quality.
    pub quality: Quality,
    /// Times and counts of the run.
    pub totals: Totals,
    /// How far the figures can be relied on.
    pub trust: Trust,
    /// Warnings of the journal, each once, in order.
    pub warnings: Vec<Warning>,
    /// Which arm to take, and why; absent when no decode was planned.
    pub decision: Option<DecisionReport>,
    /// What stands above everything else: reasons not to trust the figures.
    pub banners: Vec<String>,
    /// The conclusion in words, one sentence or two per entry.
    pub conclusion: Vec<String>,
    /// What the terminal says before its table: the answer.
    pub opening: Vec<String>,
    /// And after it: what else could be the answer, and how sure the run is.
    pub closing: Option<String>,
}

/// One cell with its estimates.
#[derive(Debug, Clone, PartialEq)]
pub struct CellReport {
    /// Index into `Plan::cells`.
    pub index: usize,
    /// Its arm.
    pub arm: Arm,
    /// Its work.
    pub spec: WorkSpec,
    /// Measured, or why not.
    pub outcome: Outcome,
    /// Duration of one execution in each complete round, in the order of rounds, nanoseconds.
    pub samples_ns: Vec<u64>,
    /// The rounds of those samples, from 0.
    pub sample_rounds: Vec<u32>,
    /// Their launches, from 0.
    pub sample_launches: Vec<u32>,
    /// Throughput, tokens per second.
    pub tps: Option<Interval>,
    /// Prefill and prefix_reuse: time to the first sampled token, nanoseconds.
    pub ttft_ns: Option<Interval>,
    /// Decode, no_reuse, batched and requests: gaps between tokens.
    pub itl_ns: Option<ItlQuantiles>,
    /// Decode on the CPU: bytes of weights and cache read per second, as a share of what the anchor kernel reads. Above 1
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
}

/// Quantiles of the gaps between tokens, or of the times of requests, nanoseconds; absent where there are too few.
#[derive(Debug, Clone, PartialEq)]
pub struct ItlQuantiles {
    /// Median.
    pub p50: Option<Interval>,
    /// 95th percentile.
    pub p95: Option<Interval>,
    /// 99th percentile.
    pub p99: Option<Interval>,
}

/// A paired ratio of speeds (above 1: faster than the reference) and what may be said of it.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Ratio per work.
    pub by_spec: Vec<(WorkSpec, Comparison)>,
    /// Over all headline works: the mean log-ratio of a round is one observation.
    pub pooled: Option<Comparison>,
}

/// Memory of one arm, from its own process.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryReport {
    /// The arm.
    pub arm: Arm,
    /// The process.
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

/// Latency of one token at one depth, with the KV cache and without.
#[derive(Debug, Clone, PartialEq)]
pub struct ReuseRow {
    /// The arm.
    pub arm: Arm,
    /// Tokens before it.
    pub n_depth: u32,
    /// With the cache, nanoseconds per token.
    pub reuse_ns: Option<Interval>,
    /// Recomputing the whole prefix, nanoseconds per token.
    pub no_reuse_ns: Option<Interval>,
    /// How many times longer a token takes without the cache.
    pub factor: Option<Interval>,
    /// Rounds behind `reuse_ns`.
    pub n_reuse: u32,
    /// Rounds behind `no_reuse_ns`.
    pub n_no_reuse: u32,
    /// True when `no_reuse_ns` was not timed as such but is the time to prefill `n_depth` tokens.
    pub is_extrapolated: bool,
}

/// A follow-up prompt, part of which is in the cache, against the same prompt in an empty cache.
#[derive(Debug, Clone, PartialEq)]
pub struct PrefixRow {
    /// The arm.
    pub arm: Arm,
    /// Tokens of the prompt.
    pub n_prompt: u32,
    /// Of these, tokens that were in the cache.
    pub n_shared: u32,
    /// Time to its first token in an empty cache, nanoseconds.
    pub cold_ns: Option<Interval>,
    /// Time to its first token, nanoseconds.
    pub warm_ns: Option<Interval>,
    /// How many times sooner the first token comes than in an empty cache.
    pub factor: Option<Interval>,
    /// Rounds with an empty cache.
    pub n_cold: u32,
    /// Rounds with the prefix in the cache.
    pub n_warm: u32,
    /// Why it was not measured.
    pub reason: Option<String>,
}

/// Several sequences decoded at once.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchedRow {
    /// The arm.
    pub arm: Arm,
    /// Whether the sequences share their prompt, which is then in the cache once.
    pub is_pp_shared: bool,
    /// Tokens of the prompt of each.
    pub n_depth: u32,
    /// Sequences at once.
    pub n_seq: u32,
    /// Tokens per second of all sequences together.
    pub total_tps: Option<Interval>,
    /// Tokens per second of each.
    pub tps: Option<Interval>,
    /// Gaps between tokens of a sequence.
    pub itl_ns: Option<ItlQuantiles>,
    /// How many times as many tokens per second as with one sequence, all together; absent for one.
    pub gain: Option<Interval>,
    /// Rounds.
    pub n_rounds: u32,
    /// Why it was not measured.
    pub reason: Option<String>,
}

/// The state of a sequence: times are nanoseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct StateRow {
    /// The arm.
    pub arm: Arm,
    /// Tokens in it.
    pub n_depth: u32,
    /// Bytes in memory.
    pub state_bytes: Option<u64>,
    /// Bytes in a file.
    pub file_bytes: Option<u64>,
    /// Computing it from its tokens.
    pub recompute_ns: Option<Interval>,
    /// Copying it into memory.
    pub save_ns: Option<Interval>,
    /// Restoring it from memory.
    pub restore_ns: Option<Interval>,
    /// Saving it in a file that is on the disk.
    pub write_ns: Option<Interval>,
    /// Restoring it from a file.
    pub read_ns: Option<Interval>,
    /// How many times as long as restoring from memory computing takes.
    pub restore_factor: Option<Interval>,
    /// How many times as long as restoring from a file computing takes.
    pub read_factor: Option<Interval>,
    /// Rounds.
    pub n_rounds: u32,
    /// Why it was not measured.
    pub reason: Option<String>,
}

/// Greedy generation with a draft against the target alone: times are nanoseconds per token.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeculativeRow {
    /// The arm of the target.
    pub arm: Arm,
    /// Tokens in the cache.
    pub n_depth: u32,
    /// Without the draft.
    pub alone_ns: Option<Interval>,
    /// With it.
    pub drafted_ns: Option<Interval>,
    /// Share of the time with the draft that the draft itself takes.
    pub draft_share: Option<f64>,
    /// How many times as fast as the target alone.
    pub factor: Option<Interval>,
    /// Whether that is faster.
    pub verdict: Option<Verdict>,
    /// Share of the drafted tokens that the target accepted.
    pub acceptance: Option<f64>,
    /// Its interval over rounds, which differ in their texts.
    pub acceptance_interval: Option<Interval>,
    /// The same for the first drafted token, the second, and so on; what follows a rejected one is rejected.
    pub acceptance_by_place: Vec<f64>,
    /// Tokens that a pass of the target gave.
    pub tokens_per_pass: Option<f64>,
    /// Share that would have to be accepted for both to be equally fast; above 1 when no share would do.
    pub break_even: Option<f64>,
    /// Tokens generated with the draft.
    pub n_tokens: u64,
    /// Of these, tokens that the target alone would not have chosen after the same text.
    pub n_other: u64,
    /// Of these, ties: their logits are no further apart than rounding moves such tokens.
    pub n_ties: u64,
    /// How far passes of several tokens moved likely tokens of the texts that differ against each other, at most, in logits; absent where
    /// none differs.
    pub rounding: Option<f64>,
    /// Rounds.
    pub n_rounds: u32,
    /// Why it was not measured.
    pub reason: Option<String>,
}

/// Users who send a request, wait for its answer and send the next one.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRow {
    /// The arm.
    pub arm: Arm,
    /// Tokens of each prompt.
    pub n_prompt: u32,
    /// Tokens of each answer.
    pub n_gen: u32,
    /// Users at once.
    pub n_users: u32,
    /// Requests answered in a minute, all users together.
    pub per_minute: Option<Interval>,
    /// That, relative to the baseline arm.
    pub vs_baseline: Option<Comparison>,
    /// From sending a request to the end of its answer.
    pub latency_ns: ItlQuantiles,
    /// From sending a request to the first token of its answer.
    pub ttft_ns: ItlQuantiles,
    /// Requests behind these times.
    pub n_requests: u32,
    /// Rounds.
    pub n_rounds: u32,
    /// Why it was not measured.
    pub reason: Option<String>,
}

/// From where on restoring beats computing again.
#[derive(Debug, Clone, PartialEq)]
pub struct BreakEven {
    /// The arm.
    pub arm: Arm,
    /// From memory.
    pub memory: Threshold,
    /// From a file.
    pub disk: Threshold,
}

/// What the measured depths tell of a break-even.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// The smallest depth from which on restoring is faster at every measured depth, its whole interval.
    pub wins_from: Option<u32>,
    /// The depth measured before that one; absent when there is none.
    pub open_from: Option<u32>,
}

/// Times and counts of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Totals {
    /// Whether the run ended by itself.
    pub is_complete: bool,
    /// Why it ended; absent when the journal was cut short.
    pub stopped_by: Option<StoppedBy>,
    /// Wall time of all sessions, nanoseconds.
    pub wall_ns: u64,
    /// Of that: spawning and loading.
    pub loading_ns: u64,
    /// Of that: timed samples.
    pub timed_ns: u64,
    /// Of that: warm-up.
    pub warmup_ns: u64,
    /// Of that: scoring texts.
    pub quality_ns: u64,
    /// Complete rounds.
    pub n_rounds: u32,
    /// Launches with at least one complete round.
    pub n_launches: u32,
    /// Samples outside complete rounds: kept in the journal, not used.
    pub n_samples_unused: u32,
}

/// What bears on how far the figures can be relied on, besides the control.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trust {
    /// What made each void round void, in order.
    pub void: Vec<Disturbance>,
    /// Disturbed samples that stayed in, because the void rounds were used up.
    pub kept: Option<KeptDisturbance>,
    /// The anchor kernel before every complete round.
    pub anchors: Vec<(u32, AnchorReading)>,
    /// Time spent waiting for a slowed machine, nanoseconds.
    pub paused_ns: u64,
    /// Drift of the machine's memory reads, by the anchor kernel.
    pub read: Option<Drift>,
    /// Drift of its matrix products.
    pub product: Option<Drift>,
    /// Median speed of memory reads with all threads.
    pub read_bytes_per_s: Option<f64>,
    /// Median speed of f32 matrix products with all threads.
    pub flop_per_s: Option<f64>,
    /// Ratios that move with the machine's own speed: they hold for the machine as it was.
    pub moves: Vec<Moves>,
    /// The smallest difference between variants that would have been called.
    pub smallest_difference: Option<SmallestDifference>,
}

/// Disturbed samples in rounds that count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptDisturbance {
    /// How many samples.
    pub n_samples: u32,
    /// In how many rounds.
    pub n_rounds: u32,
    /// The first of them.
    pub first: Disturbance,
}

/// How the machine's own speed moved, relative to its median: -0.1 is 10 % slower.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// In its slowest round.
    pub slowest: f64,
    /// In its fastest round.
    pub fastest: f64,
    /// Rounds with a reading.
    pub n_rounds: u32,
}

/// A ratio to the baseline that moves with the machine's own speed.
#[derive(Debug, Clone, PartialEq)]
pub struct Moves {
    /// The cell, by index.
    pub cell: usize,
    /// Whether it moves with the anchor's memory reads; with its matrix products otherwise.
    pub is_with_reads: bool,
    /// The ratio where the machine was slowest, and where it was fastest.
    pub ratios: (f64, f64),
}

/// Relative differences of speed, e.g. 0.034.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmallestDifference {
    /// In the median headline comparison.
    pub median: f64,
    /// In the least certain one.
    pub worst: f64,
}

impl Totals {
    /// Share of the wall time after loading, without scoring, that went into timed samples and warm-up.
    pub fn measured_share(&self) -> Option<f64> {
        let without = self.loading_ns.saturating_add(self.quality_ns);
        let after_loading = self.wall_ns.checked_sub(without).filter(|&ns| ns > 0)?;
        Some((self.timed_ns.saturating_add(self.warmup_ns)) as f64 / after_loading as f64)
    }
}

impl CellReport {
    /// Whether it was measured.
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }

    /// Tokens per second, whatever the number of rounds.
    pub fn centre_tps(&self) -> Option<f64> {
        let logs: Vec<f64> = self.samples_ns.iter().map(|&ns| (ns as f64).ln()).collect();
        let own = || Some(f64::from(self.spec.n_tokens_counted()) * 1e9 / stats::median(&logs)?.exp());
        self.tps.map(|tps| tps.estimate).or_else(own)
    }

    /// Tokens before the timed work: the x axis of charts.
    pub fn n_context(&self) -> u32 {
        match self.spec.workload {
            Workload::Prefill | Workload::PrefixReuse | Workload::Requests => self.spec.n_prompt,
            Workload::Decode | Workload::NoReuse | Workload::Batched | Workload::State | Workload::Speculative => {
                self.spec.n_depth
            }
        }
    }
}

impl ReportModel {
    /// The arm others are compared with.
    pub fn baseline(&self) -> Option<&Arm> {
        self.header.plan.arms.iter().find(|a| a.is_baseline && !a.is_control)
    }

    /// Arms of the plan without the control.
    pub fn arms(&self) -> impl Iterator<Item = &Arm> {
        self.header.plan.arms.iter().filter(|a| !a.is_control)
    }

    /// The cell of an arm with this work.
    pub fn cell(&self, arm_id: &str, spec: &WorkSpec) -> Option<&CellReport> {
        self.cells.iter().find(|c| c.arm.id == arm_id && c.spec == *spec)
    }

    /// Works of one kind in the plan, by context.
    pub fn specs(&self, workload: Workload) -> Vec<WorkSpec> {
        let mut specs: Vec<WorkSpec> = self
            .header
            .plan
            .cells
            .iter()
            .map(|c| c.spec)
            .filter(|s| s.workload == workload)
            .collect();
        specs.sort_by_key(|s| (s.n_depth, s.n_prompt, s.n_gen, s.n_seq));
        specs.dedup();
        specs
    }

    /// The work of a kind that a table shows which has room for one: what the run decides by, else the middle one.
    pub fn shown(&self, workload: Workload) -> Option<WorkSpec> {
        let decides = self.header.plan.decision.iter().find(|s| s.workload == workload);
        let specs = self.specs(workload);
        decides.or(specs.get(specs.len().saturating_sub(1) / 2)).copied()
    }

    /// What is known of a variant's file.
    pub fn variant(&self, id: &str) -> Option<&VariantInfo> {
        self.header.variants.iter().find(|v| v.id == id)
    }

    /// Memory of an arm.
    pub fn memory_of(&self, arm_id: &str) -> Option<&MemoryReport> {
        self.memory.iter().find(|m| m.arm.id == arm_id)
    }
}

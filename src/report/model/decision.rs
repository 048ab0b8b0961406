//! What `decide` is told of each arm, and what it answers.

use super::cells::Rounds;
use super::compare::compare_pair;
use super::{CellReport, MemoryReport, QualityReport, ReportModel};
use crate::data::{Arm, Goal, WorkSpec, Workload};
use crate::decide::{decide, Candidate, Decision, Exactness};
use crate::stats::{self, Interval};

/// The recommendation of a run, with the arms it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionReport {
    /// The limits.
    pub goal: Goal,
    /// What was measured as decode.
    pub decode: WorkSpec,
    /// What was measured as prefill.
    pub prefill: Option<WorkSpec>,
    /// The candidates: arms of the plan without the control.
    pub arms: Vec<Arm>,
    /// What was known of each.
    pub candidates: Vec<Candidate>,
    /// Whether an arm's quality was put together from that of its weights and that of its KV types.
    pub is_composed: Vec<bool>,
    /// The recommendation.
    pub decision: Decision,
}

/// Decides at a level of confidence; `None` when no decode cell was planned.
pub(super) fn decision(model: &ReportModel, rounds: &Rounds, level: f64) -> Option<DecisionReport> {
    let goal = model.header.goal.unwrap_or_default();
    let decode = decode_spec(model, &goal)?;
    let prefill = model.specs(Workload::Prefill).into_iter().next_back();
    let arms: Vec<Arm> = model.arms().cloned().collect();
    let cells: Vec<Option<&CellReport>> = arms
        .iter()
        .map(|arm| model.cell(&arm.id, &decode).filter(|c| c.is_ok()))
        .collect();
    let qualities: Vec<(Exactness, bool)> = arms.iter().map(|arm| exactness(model, arm)).collect();
    let candidates: Vec<Candidate> = arms
        .iter()
        .zip(&cells)
        .zip(&qualities)
        .map(|((arm, cell), (quality, _))| {
            let first = prefill
                .and_then(|spec| model.cell(&arm.id, &spec))
                .filter(|c| c.is_ok());
            let memory = memory(model, arm);
            Candidate {
                decode_tps: cell.and_then(|c| per_user(c, level)),
                ttft_ns: first.and_then(|c| c.ttft_ns),
                ram_bytes: memory.as_ref().map(|m| ram_bytes(m, goal.users())),
                vram_bytes: memory.as_ref().and_then(|m| m.reading.device_bytes),
                n_ctx_max: memory.and_then(|m| m.n_ctx_max).map(|n| n / u64::from(goal.users())),
                quality: *quality,
            }
        })
        .collect();
    // All comparisons with the choice hold together at the level (Bonferroni).
    let n_others = cells.iter().flatten().count().saturating_sub(1).max(1);
    let level_of_pair = 1.0 - (1.0 - level) / n_others as f64;
    let pair = |a: usize, b: usize| {
        let comparison = compare_pair(
            &model.header,
            rounds,
            &model.control,
            cells[b]?,
            cells[a]?,
            level_of_pair,
        )?;
        Some((comparison.ratio, comparison.verdict))
    };
    let decision = decide(&goal, &candidates, &pair);
    Some(DecisionReport {
        goal,
        decode,
        prefill,
        is_composed: qualities.into_iter().map(|(_, is_composed)| is_composed).collect(),
        arms,
        candidates,
        decision,
    })
}

/// The deepest decode; for several users that of as many sequences, each with its own prompt.
fn decode_spec(model: &ReportModel, goal: &Goal) -> Option<WorkSpec> {
    if goal.users() == 1 {
        return model.specs(Workload::Decode).into_iter().next_back();
    }
    let mut batched = model.specs(Workload::Batched).into_iter();
    batched.rfind(|s| s.n_seq == goal.users() && !s.is_pp_shared)
}

/// Tokens per second of each sequence.
fn per_user(cell: &CellReport, level: f64) -> Option<Interval> {
    let n_tokens = f64::from(cell.spec.n_gen);
    let rates: Vec<f64> = cell.samples_ns.iter().map(|&ns| n_tokens * 1e9 / ns as f64).collect();
    stats::cell_interval(&rates, level)
}

/// The arm's own reading; where only the same file with another KV type was read, what the two caches differ by is exact.
fn memory(model: &ReportModel, arm: &Arm) -> Option<MemoryReport> {
    if let Some(own) = model.memory_of(&arm.id) {
        return Some(own.clone());
    }
    // Only the cache may differ.
    let place = |a: &Arm| (a.config.device.clone(), a.config.n_gpu_layers, a.config.n_ctx);
    let is_alike = |m: &&MemoryReport| m.arm.variant == arm.variant && place(&m.arm) == place(arm);
    let other = model.memory.iter().find(is_alike)?;
    let kv_bytes = kv_bytes(model, arm)?;
    let (more, less) = (
        kv_bytes.saturating_sub(other.kv_bytes),
        other.kv_bytes.saturating_sub(kv_bytes),
    );
    let mut derived = other.clone();
    derived.reading.rss_bytes_max = other.reading.rss_bytes_max.saturating_add(more).saturating_sub(less);
    // The room that a token takes differs too: nothing is said of it.
    derived.n_ctx_max = None;
    derived.kv_bytes = kv_bytes;
    Some(derived)
}

/// Bytes of the cache of an arm, as its context told.
fn kv_bytes(model: &ReportModel, arm: &Arm) -> Option<u64> {
    model
        .kv_bytes
        .iter()
        .find(|(id, _)| *id == arm.id)
        .map(|(_, bytes)| *bytes)
}

/// Its peak, and a cache for every further user.
fn ram_bytes(memory: &MemoryReport, n_users: u32) -> u64 {
    let more = memory.kv_bytes.saturating_mul(u64::from(n_users - 1));
    memory.reading.rss_bytes_max.saturating_add(more)
}

/// The score of the arm's weights and KV type in the shortest window: where they run changes rounding only. Where weights and KV types
/// were scored apart, what both may cost together.
fn exactness(model: &ReportModel, arm: &Arm) -> (Exactness, bool) {
    let Some(baseline) = model.baseline() else {
        return (Exactness::Unknown, false);
    };
    let (kv, kv_baseline) = (arm.config.kv(), baseline.config.kv());
    if arm.is_baseline || (&arm.variant, &kv) == (&baseline.variant, &kv_baseline) {
        return (Exactness::Baseline, false);
    }
    let Some(&n_ctx) = model.quality.windows().first() else {
        return (Exactness::Unknown, false);
    };
    let scored = |variant: &str, kv: &str| {
        let mut rows = model.quality.rows.iter().filter(|r| r.n_ctx == n_ctx && r.is_ok());
        rows.find(|r| !r.arm.is_control && r.arm.variant == variant && r.arm.config.kv() == kv)
    };
    if let Some(known) = scored(&arm.variant, &kv).and_then(known) {
        return (known, false);
    }
    let weights = scored(&arm.variant, &kv_baseline);
    let cache = scored(&baseline.variant, &kv);
    let both = weights.zip(cache).and_then(|(weights, cache)| together(weights, cache));
    (both.unwrap_or(Exactness::Unknown), both.is_some())
}

fn known(row: &QualityReport) -> Option<Exactness> {
    Some(Exactness::Known {
        ln_ratio: row.ln_ratio?,
        kld: row.kld?,
    })
}

/// What two changes may cost together: logarithms of perplexity ratios add up; a divergence is at most what it is when its square
/// root, which behaves like a distance, adds up.
fn together(a: &QualityReport, b: &QualityReport) -> Option<Exactness> {
    let (ln_a, ln_b, kld_a, kld_b) = (a.ln_ratio?, b.ln_ratio?, a.kld?, b.kld?);
    let ln_ratio = Interval {
        estimate: ln_a.estimate + ln_b.estimate,
        lo: ln_a.lo + ln_b.lo,
        hi: ln_a.hi + ln_b.hi,
        ..ln_a
    };
    let sum = |a: f64, b: f64| (a.max(0.0).sqrt() + b.max(0.0).sqrt()).powi(2);
    let kld = Interval {
        estimate: kld_a.estimate + kld_b.estimate,
        lo: kld_a.lo.max(kld_b.lo),
        hi: sum(kld_a.hi, kld_b.hi),
        ..kld_a
    };
    Some(Exactness::Known { ln_ratio, kld })
}

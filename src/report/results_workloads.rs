//! The workloads on request in `results.json`.

use super::model::{
    BatchedRow, BreakEven, Comparison, ItlQuantiles, PrefixRow, ReportModel, RequestRow, SpeculativeRow, StateRow,
    Threshold,
};
use super::results::{arm_head, median, median_ns, quantiles, ArmHead, Median, MedianNs, Quantiles};
use crate::stats::{Interval, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
pub(super) struct Workloads<'a> {
    prefix_reuse: Vec<Prefix<'a>>,
    batched: Vec<Batched<'a>>,
    state: Vec<State<'a>>,
    state_break_even: Vec<Even<'a>>,
    speculative: Vec<Speculative<'a>>,
    requests: Vec<Requests<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Prefix<'a> {
    #[serde(flatten)]
    arm: ArmHead<'a>,
    n_prompt: u32,
    n_shared: u32,
    cold_ns: Option<MedianNs>,
    warm_ns: Option<MedianNs>,
    factor: Option<Factor>,
    reason: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct Batched<'a> {
    #[serde(flatten)]
    arm: ArmHead<'a>,
    is_pp_shared: bool,
    n_depth: u32,
    n_seq: u32,
    total_tps: Option<Median>,
    tps: Option<Median>,
    itl_ns: Option<Quantiles>,
    gain: Option<Factor>,
    reason: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct State<'a> {
    #[serde(flatten)]
    arm: ArmHead<'a>,
    n_depth: u32,
    state_bytes: Option<u64>,
    file_bytes: Option<u64>,
    recompute_ns: Option<MedianNs>,
    save_ns: Option<MedianNs>,
    restore_ns: Option<MedianNs>,
    write_ns: Option<MedianNs>,
    read_ns: Option<MedianNs>,
    restore_factor: Option<Factor>,
    read_factor: Option<Factor>,
    reason: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct Even<'a> {
    variant: &'a str,
    arm: &'a str,
    memory: Depths,
    disk: Depths,
}

#[derive(Serialize, JsonSchema)]
struct Speculative<'a> {
    #[serde(flatten)]
    arm: ArmHead<'a>,
    n_depth: u32,
    draft: Option<&'a str>,
    draft_sha256: Option<&'a str>,
    alone_ns: Option<MedianNs>,
    drafted_ns: Option<MedianNs>,
    draft_share: Option<f64>,
    factor: Option<Factor>,
    verdict: Option<&'static str>,
    acceptance: Option<f64>,
    acceptance_lo: Option<f64>,
    acceptance_hi: Option<f64>,
    acceptance_by_place: &'a [f64],
    break_even: Option<f64>,
    tokens_per_pass: Option<f64>,
    n_tokens: u64,
    n_other: u64,
    n_ties: u64,
    rounding: Option<f64>,
    reason: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct Requests<'a> {
    #[serde(flatten)]
    arm: ArmHead<'a>,
    n_prompt: u32,
    n_gen: u32,
    n_users: u32,
    n_requests: u32,
    per_minute: Option<Median>,
    factor: Option<Factor>,
    verdict: Option<&'static str>,
    latency_ns: QuantilesNs,
    ttft_ns: QuantilesNs,
    reason: Option<&'a str>,
}

/// Quantiles with their intervals.
#[derive(Serialize, JsonSchema)]
struct QuantilesNs {
    p50: Option<MedianNs>,
    p95: Option<MedianNs>,
    p99: Option<MedianNs>,
}

#[derive(Serialize, JsonSchema)]
struct Depths {
    wins_from: Option<u32>,
    open_from: Option<u32>,
}

/// A paired ratio without a verdict.
#[derive(Serialize, JsonSchema)]
struct Factor {
    ratio: f64,
    lo: f64,
    hi: f64,
    level: f64,
}

/// What was measured of them.
pub(super) fn workloads(model: &ReportModel) -> Workloads<'_> {
    Workloads {
        prefix_reuse: model.prefix.iter().map(prefix).collect(),
        batched: model.batched.iter().map(batched).collect(),
        state: model.states.iter().map(state).collect(),
        state_break_even: model.break_even.iter().map(even).collect(),
        speculative: model.speculative.iter().map(|row| speculative(model, row)).collect(),
        requests: model.requests.iter().map(requests).collect(),
    }
}

fn prefix(row: &PrefixRow) -> Prefix<'_> {
    Prefix {
        arm: arm_head(&row.arm),
        n_prompt: row.n_prompt,
        n_shared: row.n_shared,
        cold_ns: row.cold_ns.as_ref().map(median_ns),
        warm_ns: row.warm_ns.as_ref().map(median_ns),
        factor: row.factor.as_ref().map(factor),
        reason: row.reason.as_deref(),
    }
}

fn batched(row: &BatchedRow) -> Batched<'_> {
    Batched {
        arm: arm_head(&row.arm),
        is_pp_shared: row.is_pp_shared,
        n_depth: row.n_depth,
        n_seq: row.n_seq,
        total_tps: row.total_tps.as_ref().map(median),
        tps: row.tps.as_ref().map(median),
        itl_ns: row.itl_ns.as_ref().map(quantiles),
        gain: row.gain.as_ref().map(factor),
        reason: row.reason.as_deref(),
    }
}

fn state(row: &StateRow) -> State<'_> {
    State {
        arm: arm_head(&row.arm),
        n_depth: row.n_depth,
        state_bytes: row.state_bytes,
        file_bytes: row.file_bytes,
        recompute_ns: row.recompute_ns.as_ref().map(median_ns),
        save_ns: row.save_ns.as_ref().map(median_ns),
        restore_ns: row.restore_ns.as_ref().map(median_ns),
        write_ns: row.write_ns.as_ref().map(median_ns),
        read_ns: row.read_ns.as_ref().map(median_ns),
        restore_factor: row.restore_factor.as_ref().map(factor),
        read_factor: row.read_factor.as_ref().map(factor),
        reason: row.reason.as_deref(),
    }
}

fn speculative<'a>(model: &'a ReportModel, row: &'a SpeculativeRow) -> Speculative<'a> {
    let draft = model.header.draft.as_ref();
    Speculative {
        arm: arm_head(&row.arm),
        n_depth: row.n_depth,
        draft: draft.map(|d| d.name.as_str()),
        draft_sha256: draft.map(|d| d.sha256.as_str()),
        alone_ns: row.alone_ns.as_ref().map(median_ns),
        drafted_ns: row.drafted_ns.as_ref().map(median_ns),
        draft_share: row.draft_share,
        factor: row.factor.as_ref().map(factor),
        verdict: row.verdict.map(Verdict::name),
        acceptance: row.acceptance,
        acceptance_lo: row.acceptance_interval.map(|i| i.lo),
        acceptance_hi: row.acceptance_interval.map(|i| i.hi),
        acceptance_by_place: &row.acceptance_by_place,
        break_even: row.break_even,
        tokens_per_pass: row.tokens_per_pass,
        n_tokens: row.n_tokens,
        n_other: row.n_other,
        n_ties: row.n_ties,
        rounding: row.rounding,
        reason: row.reason.as_deref(),
    }
}

fn requests(row: &RequestRow) -> Requests<'_> {
    let against = |of: &Comparison| (factor(&of.ratio), of.verdict.name());
    let (factor, verdict) = row.vs_baseline.as_ref().map(against).unzip();
    let quantiles = |q: &ItlQuantiles| QuantilesNs {
        p50: q.p50.as_ref().map(median_ns),
        p95: q.p95.as_ref().map(median_ns),
        p99: q.p99.as_ref().map(median_ns),
    };
    Requests {
        arm: arm_head(&row.arm),
        n_prompt: row.n_prompt,
        n_gen: row.n_gen,
        n_users: row.n_users,
        n_requests: row.n_requests,
        per_minute: row.per_minute.as_ref().map(median),
        factor,
        verdict,
        latency_ns: quantiles(&row.latency_ns),
        ttft_ns: quantiles(&row.ttft_ns),
        reason: row.reason.as_deref(),
    }
}

fn even(even: &BreakEven) -> Even<'_> {
    let depths = |t: &Threshold| Depths {
        wins_from: t.wins_from,
        open_from: t.open_from,
    };
    Even {
        variant: &even.arm.variant,
        arm: &even.arm.id,
        memory: depths(&even.memory),
        disk: depths(&even.disk),
    }
}

fn factor(interval: &Interval) -> Factor {
    Factor {
        ratio: interval.estimate,
        lo: interval.lo,
        hi: interval.hi,
        level: interval.level,
    }
}

//! Requests: how many are answered in a minute, and how long each of them waits.

use super::cells::Rounds;
use super::{by_arm, CellReport, Comparison, ItlQuantiles};
use crate::data::{Arm, Outcome, RequestTimes, RunHeader, Seen, Workload};
use crate::report::wire;
use crate::stats::Interval;
use schemars::JsonSchema;
use serde::Serialize;

/// Users who send a request, wait for its answer and send the next one.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RequestRow {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
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
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// One row per arm and number of users.
pub(super) fn request_rows(header: &RunHeader, rounds: &Rounds, cells: &[CellReport]) -> Vec<RequestRow> {
    let own = by_arm(cells, Workload::Requests);
    own.map(|cell| row(header, rounds, cell)).collect()
}

fn row(header: &RunHeader, rounds: &Rounds, cell: &CellReport) -> RequestRow {
    let requests = rounds.of(cell.index).filter_map(|(_, sample)| match &sample.seen {
        Seen::Requests { requests, .. } => Some(requests),
        _ => None,
    });
    let by_round: Vec<&Vec<RequestTimes>> = requests.filter(|_| cell.is_ok()).collect();
    let quantiles = |ns: fn(&RequestTimes) -> u64| {
        let groups = by_round.iter();
        let groups = groups.map(|all| all.iter().map(|r| ns(r) as f64).collect());
        ItlQuantiles::of(&groups.collect::<Vec<Vec<f64>>>(), header.plan.seed)
    };
    // Every answer has as many tokens.
    let per_minute = |rate: f64| rate * 60.0 / f64::from(cell.spec.n_gen().max(1));
    RequestRow {
        arm: cell.arm.clone(),
        n_prompt: cell.spec.n_prompt(),
        n_gen: cell.spec.n_gen(),
        n_users: cell.spec.n_seq(),
        per_minute: cell.tps.map(|tps| tps.mapped(per_minute)),
        vs_baseline: cell.vs_baseline.clone(),
        latency_ns: quantiles(|r| r.latency_ns),
        ttft_ns: quantiles(|r| r.ttft_ns),
        n_requests: by_round.iter().map(|all| all.len() as u32).sum(),
        n_rounds: cell.samples_ns.len() as u32,
        outcome: cell.outcome.clone(),
    }
}

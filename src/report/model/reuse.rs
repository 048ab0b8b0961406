//! KV reuse on and off: what one token costs with the cache, and what it would cost to recompute the prefix.

use super::CellReport;
use crate::data::{Arm, RunHeader, Workload};
use crate::report::wire;
use crate::stats::Interval;
use schemars::JsonSchema;
use serde::Serialize;

/// Latency of one token at one depth, with the KV cache and without.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ReuseRow {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
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

/// One row per arm and depth, for arms that have at least one no_reuse cell.
///
/// Where the recomputation was not timed, the time to prefill the same number of tokens stands in and the row is
/// labelled: without a cache a token costs one prefill of everything before it.
pub(super) fn reuse_rows(header: &RunHeader, cells: &[CellReport]) -> Vec<ReuseRow> {
    let mut rows = Vec::new();
    for arm in header.plan.arms.iter().filter(|a| !a.is_control) {
        let of_arm: Vec<&CellReport> = cells.iter().filter(|c| c.arm.id == arm.id && c.is_ok()).collect();
        if !of_arm.iter().any(|c| c.spec.workload() == Workload::NoReuse) {
            continue;
        }
        let mut depths: Vec<u32> = of_arm
            .iter()
            .filter(|c| matches!(c.spec.workload(), Workload::Decode | Workload::NoReuse))
            .map(|c| c.spec.n_depth())
            .collect();
        depths.sort_unstable();
        depths.dedup();
        rows.extend(depths.into_iter().map(|n_depth| row(arm, n_depth, &of_arm)));
    }
    rows
}

fn row(arm: &Arm, n_depth: u32, cells: &[&CellReport]) -> ReuseRow {
    let at_depth = |workload| {
        cells
            .iter()
            .copied()
            .find(|c| c.spec.workload() == workload && c.n_context() == n_depth)
    };
    let decode = at_depth(Workload::Decode);
    let timed = at_depth(Workload::NoReuse);
    let prefill = at_depth(Workload::Prefill);
    // A prefill cell counts its rate per prompt token; one generated token costs the whole prompt.
    let scale = if timed.is_some() { 1.0 } else { f64::from(n_depth) };
    let no_reuse = timed.or(prefill);
    let factor = decode
        .zip(no_reuse)
        .and_then(|(with, without)| Some(with.ratio_of_works(without)?.mapped(|ratio| ratio * scale)));
    let ns = |cell: Option<&CellReport>, scale: f64| Some(cell?.tps?.mapped(|rate| scale * 1e9 / rate));
    ReuseRow {
        arm: arm.clone(),
        n_depth,
        reuse_ns: ns(decode, 1.0),
        no_reuse_ns: ns(no_reuse, scale),
        factor,
        n_reuse: decode.map_or(0, |c| c.samples_ns.len() as u32),
        n_no_reuse: no_reuse.map_or(0, |c| c.samples_ns.len() as u32),
        is_extrapolated: timed.is_none() && prefill.is_some(),
    }
}

//! States: what saving and restoring costs, and from where on it beats computing again.

use super::cells::{Rounds, LEVEL};
use super::{by_arm, CellReport};
use crate::data::{Arm, Outcome, Seen, StateTimes, Workload};
use crate::report::wire;
use crate::stats::{self, Interval};
use schemars::JsonSchema;
use serde::Serialize;

/// The state of a sequence: times are nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StateRow {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
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
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// From where on restoring beats computing again.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BreakEven {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
    pub arm: Arm,
    /// From memory.
    pub memory: Threshold,
    /// From a file.
    pub disk: Threshold,
}

/// What the measured depths tell of a break-even.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Threshold {
    /// The smallest depth from which on restoring is faster at every measured depth, its whole interval.
    pub wins_from: Option<u32>,
    /// The depth measured before that one; absent when there is none.
    pub open_from: Option<u32>,
}

/// One row per arm and depth.
pub(super) fn state_rows(rounds: &Rounds, cells: &[CellReport]) -> Vec<StateRow> {
    by_arm(cells, Workload::State).map(|cell| row(rounds, cell)).collect()
}

fn row(rounds: &Rounds, cell: &CellReport) -> StateRow {
    let all = rounds.of(cell.index).filter_map(|(_, sample)| match &sample.seen {
        Seen::State(times) => Some(**times),
        _ => None,
    });
    let times: Vec<StateTimes> = all.filter(|_| cell.is_ok()).collect();
    let of = |ns: fn(&StateTimes) -> u64| -> Vec<f64> { times.iter().map(|t| ns(t) as f64).collect() };
    let median = |ns: fn(&StateTimes) -> u64| stats::cell_interval(&of(ns), LEVEL);
    let recompute = of(|t| t.recompute_ns);
    let factor = |ns: fn(&StateTimes) -> u64| stats::log_ratio_interval(&recompute, &of(ns), LEVEL);
    StateRow {
        arm: cell.arm.clone(),
        n_depth: cell.spec.n_depth(),
        state_bytes: times.last().map(|t| t.state_bytes),
        file_bytes: times.last().map(|t| t.file_bytes),
        recompute_ns: median(|t| t.recompute_ns),
        save_ns: median(|t| t.save_ns),
        restore_ns: median(|t| t.restore_ns),
        write_ns: median(|t| t.write_ns),
        read_ns: median(|t| t.read_ns),
        restore_factor: factor(|t| t.restore_ns),
        read_factor: factor(|t| t.read_ns),
        n_rounds: times.len() as u32,
        outcome: cell.outcome.clone(),
    }
}

/// One entry per arm with at least one measured depth.
pub(super) fn break_even(rows: &[StateRow]) -> Vec<BreakEven> {
    let mut found: Vec<BreakEven> = Vec::new();
    for row in rows.iter().filter(|r| r.read_factor.is_some()) {
        if found.last().is_some_and(|last| last.arm.id == row.arm.id) {
            continue;
        }
        let of_arm = || rows.iter().filter(|r| r.arm.id == row.arm.id);
        found.push(BreakEven {
            arm: row.arm.clone(),
            memory: threshold(of_arm().filter_map(|r| Some((r.n_depth, r.restore_factor?)))),
            disk: threshold(of_arm().filter_map(|r| Some((r.n_depth, r.read_factor?)))),
        });
    }
    found
}

fn threshold(factors: impl Iterator<Item = (u32, Interval)>) -> Threshold {
    let mut factors: Vec<(u32, Interval)> = factors.collect();
    factors.sort_by_key(|(depth, _)| *depth);
    let n_losing = factors
        .iter()
        .rposition(|(_, f)| f.lo <= 1.0)
        .map_or(0, |last| last + 1);
    Threshold {
        wins_from: factors.get(n_losing).map(|(depth, _)| *depth),
        open_from: n_losing
            .checked_sub(1)
            .and_then(|i| factors.get(i))
            .map(|(depth, _)| *depth),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(lo: f64, hi: f64) -> Interval {
        Interval {
            estimate: (lo * hi).sqrt(),
            lo,
            hi,
            level: LEVEL,
            method: crate::stats::Method::Bootstrap,
        }
    }

    #[test]
    fn the_break_even_lies_where_the_intervals_leave_one_behind() {
        let found = |all: &[(u32, f64, f64)]| {
            let threshold = threshold(all.iter().map(|&(depth, lo, hi)| (depth, factor(lo, hi))));
            (threshold.open_from, threshold.wins_from)
        };
        assert_eq!(found(&[(128, 2.0, 3.0), (512, 4.0, 5.0)]), (None, Some(128)));
        assert_eq!(found(&[(512, 4.0, 5.0), (128, 0.9, 1.2)]), (Some(128), Some(512)));
        assert_eq!(found(&[(128, 2.0, 3.0), (512, 0.5, 0.6)]), (Some(512), None));
        assert_eq!(found(&[]), (None, None));
    }
}

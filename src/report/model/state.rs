//! States: what saving and restoring costs, and from where on it beats computing again.

use super::cells::{Rounds, LEVEL};
use super::{group_by_arm, BreakEven, CellReport, ReportModel, StateRow, Threshold};
use crate::data::{Outcome, Seen, StateTimes, Workload};
use crate::stats::{self, Interval};
use crate::units;

/// One row per arm and depth.
pub(super) fn state_rows(rounds: &Rounds, cells: &[CellReport]) -> Vec<StateRow> {
    let mut rows: Vec<StateRow> = cells
        .iter()
        .filter(|c| c.spec.workload() == Workload::State)
        .map(|cell| row(rounds, cell))
        .collect();
    group_by_arm(&mut rows, |row| &row.arm);
    rows
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
        reason: match &cell.outcome {
            Outcome::Ok => None,
            Outcome::Failed(_, reason) => Some(reason.clone()),
        },
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

/// The baseline's greatest depth, in one sentence.
pub(super) fn conclusion(model: &ReportModel) -> Option<String> {
    let of_baseline = model.states.iter().filter(|row| row.arm.is_baseline);
    let row = of_baseline.max_by_key(|row| row.n_depth)?;
    let even = model.break_even.iter().find(|e| e.arm.id == row.arm.id)?;
    let t = model.lang;
    Some(t.state_restored(
        units::count(u64::from(row.n_depth)),
        t.or_na(row.state_bytes, |bytes| t.mib(bytes)),
        row.arm.label(),
        t.ratio(row.restore_factor.as_ref()?),
        t.ratio(row.read_factor.as_ref()?),
        t.threshold(&even.disk),
    ))
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

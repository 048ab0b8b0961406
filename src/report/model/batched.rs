//! Several sequences at once: what all of them get, and what each of them gets.

use super::cells::{Rounds, LEVEL};
use super::{group_by_arm, BatchedRow, CellReport, ReportModel};
use crate::data::{Outcome, Workload};
use crate::stats::Interval;
use crate::units;

/// One row per arm, kind of prompt and number of sequences.
pub(super) fn batched_rows(rounds: &Rounds, cells: &[CellReport]) -> Vec<BatchedRow> {
    let all = || cells.iter().filter(|c| c.spec.workload() == Workload::Batched);
    let row = |cell: &CellReport| {
        let of_kind = |c: &&CellReport| {
            (&c.arm.id, c.spec.n_depth(), c.spec.is_pp_shared())
                == (&cell.arm.id, cell.spec.n_depth(), cell.spec.is_pp_shared())
        };
        let one = all().filter(of_kind).find(|c| c.spec.n_seq() == 1 && c.is_ok());
        let gain = one
            .filter(|one| cell.is_ok() && one.index != cell.index)
            .and_then(|one| rounds.ratio_of_works(one, cell, LEVEL));
        BatchedRow {
            arm: cell.arm.clone(),
            is_pp_shared: cell.spec.is_pp_shared(),
            n_depth: cell.spec.n_depth(),
            n_seq: cell.spec.n_seq(),
            total_tps: cell.tps,
            tps: cell.tps.map(|tps| each(&tps, cell.spec.n_seq())),
            itl_ns: cell.itl_ns.clone(),
            gain,
            n_rounds: cell.samples_ns.len() as u32,
            reason: match &cell.outcome {
                Outcome::Ok => None,
                Outcome::Failed(_, reason) => Some(reason.clone()),
            },
        }
    };
    let mut rows: Vec<BatchedRow> = all().map(row).collect();
    group_by_arm(&mut rows, |row| &row.arm);
    rows
}

fn each(total: &Interval, n_seq: u32) -> Interval {
    let n = f64::from(n_seq.max(1));
    Interval {
        estimate: total.estimate / n,
        lo: total.lo / n,
        hi: total.hi / n,
        ..*total
    }
}

/// The baseline with the most sequences, in one sentence.
pub(super) fn conclusion(model: &ReportModel) -> Option<String> {
    let of_baseline = model
        .batched
        .iter()
        .filter(|row| row.arm.is_baseline && !row.is_pp_shared);
    let row = of_baseline.max_by_key(|row| row.n_seq).filter(|row| row.n_seq > 1)?;
    let gain = row.gain.as_ref()?;
    let t = model.lang;
    Some(t.batch_gain(
        units::count(u64::from(row.n_seq)),
        t.ratio(gain),
        row.arm.label(),
        t.tps(row.total_tps.as_ref()),
        t.tps(row.tps.as_ref()),
    ))
}

//! Several sequences at once: what all of them get, and what each of them gets.

use super::{by_arm, CellReport, ItlQuantiles};
use crate::data::{Arm, Outcome, Workload};
use crate::report::wire;
use crate::stats::Interval;
use schemars::JsonSchema;
use serde::Serialize;

/// Several sequences decoded at once.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BatchedRow {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
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
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// One row per arm, kind of prompt and number of sequences.
pub(super) fn batched_rows(cells: &[CellReport]) -> Vec<BatchedRow> {
    let all = || by_arm(cells, Workload::Batched);
    let row = |cell: &CellReport| {
        let of_kind = |c: &&CellReport| {
            (&c.arm.id, c.spec.n_depth(), c.spec.is_pp_shared())
                == (&cell.arm.id, cell.spec.n_depth(), cell.spec.is_pp_shared())
        };
        let one = all().filter(of_kind).find(|c| c.spec.n_seq() == 1 && c.is_ok());
        let gain = one
            .filter(|one| cell.is_ok() && one.index != cell.index)
            .and_then(|one| cell.ratio_of_works(one));
        BatchedRow {
            arm: cell.arm.clone(),
            is_pp_shared: cell.spec.is_pp_shared(),
            n_depth: cell.spec.n_depth(),
            n_seq: cell.spec.n_seq(),
            total_tps: cell.tps,
            tps: cell
                .tps
                .map(|tps| tps.mapped(|rate| rate / f64::from(cell.spec.n_seq().max(1)))),
            itl_ns: cell.itl_ns.clone(),
            gain,
            n_rounds: cell.samples_ns.len() as u32,
            outcome: cell.outcome.clone(),
        }
    };
    all().map(row).collect()
}

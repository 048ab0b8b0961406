//! Everything a report says, as data: [`ReportModel::build`] is a pure function of a journal's header and records.
//!
//! Only complete rounds count; within a round the arms are paired, so that the machine's drift cancels. A cell that
//! failed keeps its samples and has no estimate.
//!
//! Invariants: no I/O, no clock, no environment, no unseeded randomness; every statistic comes from `stats`; a
//! statistic that is undefined is `None`.

mod batched;
mod build;
mod cells;
mod compare;
mod conclude;
mod decided;
mod decision;
mod failed;
mod fastest;
mod prefix;
mod quality;
mod requests;
mod reuse;
mod speculative;
mod state;
mod totals;
mod trust;
mod types;

pub use decision::DecisionReport;
pub use quality::{PositionBin, Quality, QualityEnd, QualityReport};
pub use types::{
    BatchedRow, BreakEven, CellReport, Comparison, Control, Drift, ItlQuantiles, KeptDisturbance, MemoryReport, Moves,
    PrefixRow, ReportModel, RequestRow, ReuseRow, SmallestDifference, SpeculativeRow, StateRow, Threshold, Totals,
    Trust,
};

pub(in crate::report) use cells::process_sd;
pub(in crate::report) use decided::unmet;
pub(in crate::report) use failed::Failed;

use crate::data::Arm;

/// Rows of one arm after those of another, arms in the order of their first rows; the order within an arm stays.
fn group_by_arm<T>(rows: &mut [T], arm: impl Fn(&T) -> &Arm) {
    let mut ids: Vec<String> = Vec::new();
    for row in rows.iter() {
        if !ids.contains(&arm(row).id) {
            ids.push(arm(row).id.clone());
        }
    }
    rows.sort_by_key(|row| ids.iter().position(|id| *id == arm(row).id));
}

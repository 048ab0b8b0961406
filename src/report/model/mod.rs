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
mod chat;
mod compare;
mod decision;
mod failed;
mod gate;
mod memory;
mod prefix;
mod quality;
mod rankings;
mod requests;
mod reuse;
mod speculative;
mod state;
mod totals;
mod trust;
mod types;

pub use batched::BatchedRow;
pub use chat::ChatRow;
pub use prefix::PrefixRow;
pub use requests::RequestRow;
pub use reuse::ReuseRow;
pub use speculative::SpeculativeRow;
pub use state::{BreakEven, StateRow, Threshold};
pub use totals::Totals;
pub use trust::{Drift, Moves, RetainedDisturbance, SmallestDifference, Trust};
pub use types::{
    CellReport, Comparison, Control, DecisionReport, DpQuantiles, Example, Figure, GateKld, GateReport, GateRow,
    ItlQuantiles, MemoryReport, More, PositionBin, PurposeChoice, Quality, QualityEnd, QualityReport, Ranking,
    ReportModel,
};

pub(in crate::report) use cells::process_sd;

use crate::data::Workload;

/// Cells of one workload, those of one arm after those of another, arms in the order of their first cells; the order within an arm stays.
fn by_arm(cells: &[CellReport], workload: Workload) -> impl Iterator<Item = &CellReport> {
    let mut own: Vec<&CellReport> = cells.iter().filter(|c| c.spec.workload() == workload).collect();
    let firsts = own.clone();
    own.sort_by_key(|cell| firsts.iter().position(|first| first.arm.id == cell.arm.id));
    own.into_iter()
}

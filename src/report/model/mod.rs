//! Everything a report says, as data: [`ReportModel::build`] is a pure function of a journal's header and records.
//!
//! Only complete rounds count; within a round the arms are paired, so that the machine's drift cancels. A cell that
//! failed keeps its samples and has no estimate.
//!
//! Invariants: no I/O, no clock, no environment, no unseeded randomness; every statistic comes from `stats`; a
//! statistic that is undefined is `None`.

mod build;
mod cells;
mod compare;
mod conclude;
mod fastest;
mod quality;
mod reuse;
mod totals;
mod trust;
mod types;

pub use quality::{PositionBin, Quality, QualityEnd, QualityReport};
pub use types::{
    CellReport, Comparison, Control, Drift, ItlQuantiles, KeptDisturbance, MemoryReport, ReportModel, ReuseRow,
    SmallestDifference, Totals, Trust,
};

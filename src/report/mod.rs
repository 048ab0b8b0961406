//! A journal's header and records in, report files out.
//!
//! [`ReportModel::build`] turns records into everything a report says (a pure function); the renderers turn the
//! model into text and images; [`write_all`] puts them on disk. Renderers compute nothing: a figure that two of
//! them show is a field of the model.
//!
//! Invariants: the same journal gives byte-identical files; an undefined statistic is absent and prints "n/a";
//! nothing here knows the runner, a worker, an engine or the host.

mod charts;
mod csv;
mod explain;
mod markdown;
mod model;
mod results;
mod results_quality;
pub mod terminal;
mod text;
mod write;

pub use charts::{charts, Chart};
pub use csv::{quality_csv, results_csv};
pub use explain::explain;
pub use markdown::report_md;
pub use model::{
    CellReport, Comparison, Control, Drift, ItlQuantiles, KeptDisturbance, MemoryReport, PositionBin, Quality,
    QualityReport, ReportModel, ReuseRow, SmallestDifference, Totals, Trust,
};
pub use results::{results_json, RESULTS_SCHEMA};
pub use write::write_all;

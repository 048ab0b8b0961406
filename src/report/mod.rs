//! A journal's header and records in, report files out.
//!
//! [`ReportModel::build`] turns records into everything a report says (a pure function); `sections` arranges it as a
//! document, in the words of `lang`; the renderers turn both into text and images; [`write_all`] puts them on disk. Renderers compute nothing: a figure that two of
//! them show is a field of the model.
//!
//! Invariants: the same journal gives byte-identical files; an undefined statistic is absent and prints "n/a";
//! nothing here knows the runner, a worker, an engine or the host.

mod bench;
mod charts;
mod csv;
mod diff;
mod document;
mod emit;
mod escape;
mod explain;
mod files;
mod gate;
mod html;
mod lang;
mod markdown;
mod mix;
mod model;
mod notebook;
mod results;
mod results_decision;
mod say;
mod sections;
mod several;
mod table;
pub mod terminal;
mod text;
mod told;
mod wire;
mod write;

pub use bench::{llama_bench_jsonl, llama_bench_sql, llama_bench_table, parse_bench, BenchError, BenchRow};
pub use charts::{charts, Chart};
pub use csv::{quality_csv, results_csv};
pub use diff::{bench_document, diff_json, BenchReport, Diff, DiffQuality, DiffRow, QualityFigures, Side, DIFF_SCHEMA};
pub use emit::{emit_choice, emit_variant, Program};
pub use explain::explain;
pub use gate::{gate_junit, gate_md};
pub use html::report_html;
pub use lang::Lang;
pub use markdown::report_md;
pub use mix::{mix_json, MixChoice, MixLimits, MixMatrix, MixReport, MixRow, MixSensitivity, MixWeighing, MIX_SCHEMA};
pub use model::{
    BatchedRow, BreakEven, CellReport, Comparison, Control, DecisionReport, Drift, Figure, GateKld, GateReport,
    GateRow, ItlQuantiles, MemoryReport, PositionBin, PrefixRow, Quality, QualityEnd, QualityReport, ReportModel,
    RequestRow, RetainedDisturbance, ReuseRow, SmallestDifference, SpeculativeRow, StateRow, Threshold, Totals, Trust,
};
pub use notebook::notebook;
pub use results::{results_json, results_schema, RESULTS_SCHEMA};
pub use several::Several;
pub use told::Report;
pub use write::{write_all, write_file, write_several};

//! The files of a report: what lies beside the journal.

use super::lang::Lang;
use super::told::Report;

/// A file that lies beside the journal.
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) format: Format,
    /// What it holds, for the list of files in the report; absent for the report itself.
    pub(super) what: Option<fn(Lang) -> String>,
    /// Whether the run has anything for it.
    pub(super) is_there: fn(&Report) -> bool,
}

/// How it is written; `write` knows.
#[derive(Clone, Copy)]
pub(super) enum Format {
    Markdown,
    Page,
    Results,
    ResultsCsv,
    Notebook,
    QualityCsv,
    BenchRows,
    BenchTable,
    BenchSql,
    Gate,
    GateJunit,
}

const fn always(name: &'static str, format: Format, what: Option<fn(Lang) -> String>) -> File {
    some(name, format, what, |_| true)
}

const fn some(
    name: &'static str,
    format: Format,
    what: Option<fn(Lang) -> String>,
    is_there: fn(&Report) -> bool,
) -> File {
    File {
        name,
        format,
        what,
        is_there,
    }
}

fn has_rows(report: &Report) -> bool {
    report.has_llama_bench_rows()
}

/// All of them, the report first.
pub(super) const FILES: &[File] = &[
    always("report.md", Format::Markdown, None),
    always("report.html", Format::Page, None),
    always("results.json", Format::Results, Some(Lang::d_results)),
    always("results.csv", Format::ResultsCsv, Some(Lang::d_csv)),
    always("notebook.ipynb", Format::Notebook, Some(Lang::d_notebook)),
    some("quality.csv", Format::QualityCsv, Some(Lang::d_quality), |r| {
        !r.quality.rows.is_empty()
    }),
    some("llama-bench.jsonl", Format::BenchRows, Some(Lang::d_bench), has_rows),
    some("llama-bench.md", Format::BenchTable, Some(Lang::d_bench_md), has_rows),
    some("llama-bench.sql", Format::BenchSql, Some(Lang::d_bench_sql), has_rows),
    some("gate.md", Format::Gate, Some(Lang::d_gate), |r| r.gate.is_some()),
    some("junit.xml", Format::GateJunit, Some(Lang::d_junit), |r| {
        r.gate.is_some()
    }),
];

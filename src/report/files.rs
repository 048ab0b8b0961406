//! The files of a report: a format is a line here.

use super::lang::Lang;
use super::{
    llama_bench_jsonl, llama_bench_sql, llama_bench_table, notebook, quality_csv, report_html, report_md, results_csv, results_json,
    Report,
};
use std::io;

/// A file that lies beside the journal.
pub(super) struct File {
    pub(super) name: &'static str,
    /// What it holds, for the list of files in the report; absent for the report itself.
    pub(super) what: Option<fn(Lang) -> String>,
    /// Whether the run has anything for it.
    pub(super) is_there: fn(&Report) -> bool,
    pub(super) text: fn(&Report) -> io::Result<String>,
}

type Text = fn(&Report) -> io::Result<String>;

const fn always(name: &'static str, what: Option<fn(Lang) -> String>, text: Text) -> File {
    some(name, what, |_| true, text)
}

const fn some(name: &'static str, what: Option<fn(Lang) -> String>, is_there: fn(&Report) -> bool, text: Text) -> File {
    File {
        name,
        what,
        is_there,
        text,
    }
}

/// All of them, the report first.
pub(super) const FILES: &[File] = &[
    always("report.md", None, |r| Ok(report_md(r))),
    always("report.html", None, |r| Ok(report_html(r))),
    always("results.json", Some(Lang::d_results), |r| Ok(results_json(r)?)),
    always("results.csv", Some(Lang::d_csv), |r| Ok(results_csv(r))),
    always("notebook.ipynb", Some(Lang::d_notebook), |r| Ok(notebook(r)?)),
    some(
        "quality.csv",
        Some(Lang::d_quality),
        |r| !r.quality.rows.is_empty(),
        |r| Ok(quality_csv(r)),
    ),
    some(
        "llama-bench.jsonl",
        Some(Lang::d_bench),
        |r| r.has_llama_bench_rows(),
        |r| Ok(llama_bench_jsonl(r)),
    ),
    some(
        "llama-bench.md",
        Some(Lang::d_bench_md),
        |r| r.has_llama_bench_rows(),
        |r| Ok(llama_bench_table(r)),
    ),
    some(
        "llama-bench.sql",
        Some(Lang::d_bench_sql),
        |r| r.has_llama_bench_rows(),
        |r| Ok(llama_bench_sql(r)),
    ),
];

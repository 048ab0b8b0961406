//! A diff for other programs.

use super::{Diff, DiffQuality, DiffRow, QualityFigures};
use crate::report::model::Figure;
use crate::stats::Interval;
use serde::Serialize;

/// Name and version of the schema. Changes:
/// 1: first version.
pub const DIFF_SCHEMA: &str = "kvant.diff/1";

#[derive(Serialize)]
struct Wire<'a> {
    schema: &'static str,
    lang: &'static str,
    is_paired: bool,
    a: Side<'a>,
    b: Side<'a>,
    changed: Vec<Change<'a>>,
    n_settings: usize,
    cells: Vec<Cell<'a>>,
    quality: Vec<Quality<'a>>,
    only_a: &'a [String],
    only_b: &'a [String],
    failures: &'a [String],
}

#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    is_llama_bench: bool,
    is_complete: bool,
}

#[derive(Serialize)]
struct Change<'a> {
    setting: &'a str,
    a: &'a str,
    b: &'a str,
}

#[derive(Serialize)]
struct Cell<'a> {
    variant: &'a str,
    kv: &'a str,
    work: &'a str,
    a: Rate,
    b: Rate,
    ratio: f64,
    lo: Option<f64>,
    hi: Option<f64>,
    level: Option<f64>,
    verdict: Option<&'static str>,
}

/// `ln_ratio` is that of the perplexities, B over A, paired by window.
#[derive(Serialize)]
struct Quality<'a> {
    variant: &'a str,
    kv: &'a str,
    n_ctx: u32,
    a: Figures,
    b: Figures,
    ln_ratio: Option<f64>,
    lo: Option<f64>,
    hi: Option<f64>,
    level: Option<f64>,
    n_windows_a: u32,
    n_windows_b: u32,
    n_windows_both: u32,
}

#[derive(Serialize)]
struct Figures {
    ppl: Figure,
    kld: Option<Figure>,
}

#[derive(Serialize)]
struct Rate {
    tps: f64,
    lo: Option<f64>,
    hi: Option<f64>,
    n: u32,
}

/// The diff as JSON, ending in a line feed. `failures` are those of `--fail-on`.
///
/// # Errors
/// None in practice: the structs hold finite numbers and text only.
pub fn diff_json(diff: &Diff, failures: &[String]) -> serde_json::Result<String> {
    let wire = Wire {
        schema: DIFF_SCHEMA,
        lang: diff.lang.code(),
        is_paired: false,
        a: side(&diff.a),
        b: side(&diff.b),
        changed: diff
            .changed
            .iter()
            .map(|(setting, a, b)| Change { setting, a, b })
            .collect(),
        n_settings: diff.n_settings,
        cells: diff.rows.iter().map(cell).collect(),
        quality: diff.quality.iter().map(quality).collect(),
        only_a: &diff.only[0],
        only_b: &diff.only[1],
        failures,
    };
    serde_json::to_string_pretty(&wire).map(|text| text + "\n")
}

fn side(side: &super::Side) -> Side<'_> {
    Side {
        name: &side.name,
        is_llama_bench: side.is_bench,
        is_complete: side.is_complete,
    }
}

fn cell(row: &DiffRow) -> Cell<'_> {
    let rate = |(tps, interval): (f64, Option<Interval>), n| Rate {
        tps,
        lo: interval.map(|i| i.lo),
        hi: interval.map(|i| i.hi),
        n,
    };
    Cell {
        variant: &row.variant,
        kv: &row.kv,
        work: &row.work,
        a: rate(row.a, row.n.0),
        b: rate(row.b, row.n.1),
        ratio: row.ratio,
        lo: row.interval.map(|i| i.lo),
        hi: row.interval.map(|i| i.hi),
        level: row.interval.map(|i| i.level),
        verdict: row.verdict.map(|v| v.name()),
    }
}

fn quality(row: &DiffQuality) -> Quality<'_> {
    Quality {
        variant: &row.variant,
        kv: &row.kv,
        n_ctx: row.n_ctx,
        a: figures(&row.a),
        b: figures(&row.b),
        ln_ratio: row.ln_ratio,
        lo: row.interval.map(|i| i.lo),
        hi: row.interval.map(|i| i.hi),
        level: row.interval.map(|i| i.level),
        n_windows_a: row.n_windows[0],
        n_windows_b: row.n_windows[1],
        n_windows_both: row.n_windows[2],
    }
}

fn figures(of: &QualityFigures) -> Figures {
    Figures {
        ppl: of.ppl,
        kld: of.kld,
    }
}

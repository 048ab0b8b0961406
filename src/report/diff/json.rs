//! A diff for other programs.

use super::{Change, Diff, DiffQuality, DiffRow, Side};
use serde::Serialize;

/// Name and version of the schema. Changes:
/// 1: first version.
pub const DIFF_SCHEMA: &str = "kvant.diff/1";

#[derive(Serialize)]
struct Wire<'a> {
    schema: &'static str,
    lang: &'static str,
    is_paired: bool,
    a: WireSide<'a>,
    b: WireSide<'a>,
    changed: &'a [Change],
    n_settings: usize,
    cells: &'a [DiffRow],
    quality: &'a [DiffQuality],
    only_a: &'a [String],
    only_b: &'a [String],
    failures: &'a [String],
}

#[derive(Serialize)]
struct WireSide<'a> {
    name: &'a str,
    is_llama_bench: bool,
    is_complete: bool,
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
        changed: &diff.changed,
        n_settings: diff.n_settings,
        cells: &diff.rows,
        quality: &diff.quality,
        only_a: &diff.only[0],
        only_b: &diff.only[1],
        failures,
    };
    serde_json::to_string_pretty(&wire).map(|text| text + "\n")
}

fn side(side: &Side) -> WireSide<'_> {
    WireSide {
        name: &side.name,
        is_llama_bench: side.is_bench,
        is_complete: side.is_complete,
    }
}

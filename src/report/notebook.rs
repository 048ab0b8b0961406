//! `notebook.ipynb`: loads `results.json` with pandas, repeats the tables and charts of the report, and leaves room for
//! the reader's own conclusions. nbformat 4.5.
//!
//! Invariant: no text of a model file stands in its code; all of it is read from `results.json` when it runs.

use super::lang::Lang;
use super::markdown::escape;
use super::Report;
use serde_json::{json, Value};

const LOAD: &str = r#"import json
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

results = json.loads(Path("results.json").read_text(encoding="utf-8"))
print(results["model"]["name"], "|", results["host"]["cpu"], "|", results["run"]["started_at"])"#;

const VARIANTS: &str = r#"variants = pd.DataFrame(results["variants"])
variants["MiB"] = (variants["model_size"] / 2**20).round(1)
variants["compression"] = (variants["model_size"].iloc[0] / variants["model_size"]).round(2)
variants[["id", "file", "ftype", "MiB", "bpw", "compression", "n_fallback", "n_tensors"]].round(2)"#;

const SPEED: &str = r#"cells = pd.json_normalize(results["cells"])
for column in ["tps.value", "tps.lo", "tps.hi", "vs_baseline.ratio.value", "vs_baseline.ratio.lo", "vs_baseline.ratio.hi", "vs_baseline.verdict"]:
    if column not in cells:
        cells[column] = None
cells["kv"] = cells["type_k"].where(cells["type_k"] == cells["type_v"], cells["type_k"] + "/" + cells["type_v"])
cells["kv"] += cells["kv_rotation"].map({True: "", False: "-norot"})
cells["n"] = cells["samples_ns"].map(len)
measured = cells[(cells["outcome"] == "ok") & ~cells["is_control"] & cells["tps.value"].notna()].copy()
for column in ["tps.value", "tps.lo", "tps.hi", "vs_baseline.ratio.value", "vs_baseline.ratio.lo", "vs_baseline.ratio.hi"]:
    measured[column] = measured[column].astype(float)
measured[["variant", "kv", "workload", "n_prompt", "n_gen", "n_depth", "n", "tps.value", "tps.lo", "tps.hi",
          "vs_baseline.ratio.value", "vs_baseline.ratio.lo", "vs_baseline.ratio.hi", "vs_baseline.verdict"]].round(3)"#;

const LINES: &str = r#"def lines(data, x, x_label, y_label, scale=lambda rate: rate, log=False):
    """One line per arm: median and 95 % interval."""
    if data.empty:
        print("@none@")
        return
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for (variant, kv), arm in data.groupby(["variant", "kv"], sort=False):
        arm = arm.sort_values(x)
        middle = scale(arm["tps.value"])
        ends = [scale(arm["tps.lo"]), scale(arm["tps.hi"])]
        below = (middle - ends[0]).abs() if not log else (middle - ends[1]).abs()
        above = (ends[1] - middle).abs() if not log else (ends[0] - middle).abs()
        axes.errorbar(arm[x], middle, yerr=[below, above], marker="o", capsize=3, label=f"{variant}, KV {kv}")
    axes.set_xscale("log", base=2)
    if log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend()
    plt.show()


lines(measured[measured["workload"] == "decode"], "n_depth", "@cached@", "@tps@")
lines(measured[measured["workload"] == "prefill"], "n_prompt", "@prompt@", "@tps@")"#;

const REUSE: &str = r#"reuse = measured[measured["workload"].isin(["decode", "no_reuse"]) & (measured["kv"] == measured["kv"].iloc[0] if len(measured) else True)].copy()
reuse["kv"] = reuse["workload"]
lines(reuse, "n_depth", "@before@", "@ms@", scale=lambda rate: 1000 / rate, log=True)"#;

const MEMORY: &str = r#"memory = pd.DataFrame(results["memory"])
if memory.empty:
    print("@none@")
else:
    columns = ["kv_bytes", "compute_bytes", "rss_anon_bytes", "rss_file_bytes", "rss_bytes_max"]
    in_mib = memory.set_index("arm")[columns] / 2**20
    in_mib["rss_bytes_max"].plot.barh(figsize=(8, 0.5 * len(in_mib) + 1), xlabel="MiB").invert_yaxis()
    plt.show()
    display(in_mib.round(1))"#;

const QUALITY: &str = r#"quality = pd.json_normalize(results["quality"])
if quality.empty or "kld_mean.value" not in quality:
    print("@none@")
else:
    scored = quality[(quality["outcome"] == "ok") & ~quality["is_control"]]
    wanted = ["variant", "type_k", "type_v", "n_ctx", "n_scored", "ppl.value", "ppl.lo", "ppl.hi", "ppl_ratio.value",
              "kld_mean.value", "kld_mean.lo", "kld_mean.hi", "same_top.value", "verdict"]
    display(scored[[column for column in wanted if column in scored]].round(5))"#;

const SAMPLES: &str = r#"decode = measured[measured["workload"] == "decode"]
if decode.empty:
    print("@none@")
else:
    deepest = decode[decode["n_depth"] == decode["n_depth"].max()]
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for _, cell in deepest.iterrows():
        rates = [cell["n_gen"] * 1e9 / ns for ns in cell["samples_ns"]]
        axes.plot(range(1, len(rates) + 1), rates, marker=".", label=f"{cell['variant']}, KV {cell['kv']}")
    axes.set_xlabel("@round@")
    axes.set_ylabel("@tps@")
    axes.set_ylim(bottom=0)
    axes.legend()
    plt.show()"#;

/// The text of `notebook.ipynb`.
///
/// # Errors
/// None in practice: it is made of text.
pub fn notebook(model: &Report) -> serde_json::Result<String> {
    let t = model.lang;
    let title = format!("# {}\n\n{}", t.nb_title(plain(&model.header.model.name)), t.nb_intro());
    let head = |title: String| format!("## {title}");
    let noted = |title: String, note: String| format!("## {title}\n\n{note}");
    let cells = [
        (false, title),
        (true, LOAD.to_owned()),
        (false, format!("{}\n\n{}", head(t.nb_conclusion()), said(model))),
        (false, head(t.nb_variants())),
        (true, VARIANTS.to_owned()),
        (false, noted(t.nb_speed(), t.nb_speed_note())),
        (true, SPEED.to_owned()),
        (false, head(t.nb_decode())),
        (true, worded(t, LINES)),
        (false, head(t.nb_reuse())),
        (true, worded(t, REUSE)),
        (false, head(t.nb_memory())),
        (true, worded(t, MEMORY)),
        (false, noted(t.nb_quality(), t.nb_quality_note())),
        (true, worded(t, QUALITY)),
        (false, noted(t.nb_samples(), t.nb_samples_note())),
        (true, worded(t, SAMPLES)),
        (
            false,
            noted(t.nb_own(), format!("*{}*\n\n1. \n2. \n3. ", t.nb_own_note())),
        ),
        (true, String::new()),
    ];
    let cells: Vec<Value> = cells
        .iter()
        .enumerate()
        .map(|(index, (is_code, source))| cell(index, *is_code, source))
        .collect();
    let notebook = json!({
        "cells": cells,
        "metadata": {
            "kernelspec": { "display_name": "Python 3", "language": "python", "name": "python3" },
            "language_info": { "name": "python" },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    });
    serde_json::to_string_pretty(&notebook).map(|text| text + "\n")
}

fn cell(index: usize, is_code: bool, source: &str) -> Value {
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let id = format!("kvant-{index:02}");
    if is_code {
        return json!({
            "cell_type": "code", "id": id, "metadata": {}, "source": lines, "outputs": [], "execution_count": null,
        });
    }
    json!({ "cell_type": "markdown", "id": id, "metadata": {}, "source": lines })
}

/// What the run found, as a list that Markdown, the HTML in it and MathJax leave as text.
fn said(model: &Report) -> String {
    let sentences = model.banners().into_iter().chain(model.findings());
    let lines = sentences.map(|said| format!("- {}", escape(&said).replace('$', "\\$")));
    lines.collect::<Vec<String>>().join("\n")
}

/// The words of the language in a piece of code; they are our own, and hold no quotes.
fn worded(t: Lang, code: &str) -> String {
    let words = [
        ("@none@", t.nb_none()),
        ("@cached@", t.a_cached()),
        ("@prompt@", t.a_prompt()),
        ("@before@", t.a_before()),
        ("@tps@", t.a_tps()),
        ("@ms@", t.a_ms_per_token()),
        ("@round@", t.a_round()),
    ];
    words
        .iter()
        .fold(code.to_owned(), |code, (mark, word)| code.replace(mark, word))
}

/// A name that Markdown and the HTML in it leave as it is: in a notebook both are rendered.
fn plain(name: &str) -> String {
    let is_markup = |c: char| "<>&|`*_[]()\\#!$\"'".contains(c) || c.is_control();
    let is_plain = |c: &char| !is_markup(*c) || *c == '_';
    name.chars().filter(is_plain).collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_lose_their_markup() {
        assert_eq!(plain("<script>x|y</script> Q4_K_M"), "scriptxy/script Q4_K_M");
    }
}

//! Speed and latency against context, and what reusing the KV cache saves.

use super::shape::{count, label, point, style_of, variant_index, Axes, LineChart, Series};
use crate::data::{Arm, Workload};
use crate::report::charts::paint::Ink;
use crate::report::lang::Lang;
use crate::report::{CellReport, Report, ReuseRow};
use crate::stats::Interval;

pub(super) fn speed(model: &Report, workload: Workload) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let is_prefill = workload == Workload::Prefill;
    let (x_label, y_label) = (if is_prefill { t.a_prompt() } else { t.a_cached() }, t.a_tps());
    let series = by_arm(model, workload, |cell, series| {
        let tps = cell.tps?;
        let tip = tip(t, series, &x_label, cell, &y_label, t.tps(Some(&tps)));
        Some((tps, 1.0, tip))
    });
    LineChart {
        name: if is_prefill { "prefill" } else { "decode" },
        title: if is_prefill {
            t.c_prefill(name)
        } else {
            t.c_decode(name)
        },
        subtitle: if is_prefill {
            t.c_prefill_sub()
        } else {
            t.c_decode_sub()
        },
        axes: Axes::LogX,
        series,
        x_label,
        y_label,
    }
}

pub(super) fn ttft(model: &Report) -> LineChart {
    let t = model.lang;
    let (x_label, y_label) = (t.a_prompt(), t.a_ms());
    let series = by_arm(model, Workload::Prefill, |cell, series| {
        let ttft = cell.ttft_ns?;
        let tip = tip(t, series, &x_label, cell, &y_label, t.ms(Some(&ttft)));
        Some((ttft, 1e-6, tip))
    });
    LineChart {
        name: "ttft",
        title: t.c_ttft(&model.header.model.name),
        subtitle: t.c_ttft_sub(),
        axes: Axes::LogBoth,
        series,
        x_label,
        y_label,
    }
}

pub(super) fn kv_reuse(model: &Report) -> LineChart {
    let t = model.lang;
    LineChart {
        name: "kv_reuse",
        title: t.c_reuse(&model.header.model.name),
        subtitle: t.c_reuse_sub(),
        x_label: t.a_before(),
        y_label: t.a_ms_per_token(),
        axes: Axes::LogBoth,
        series: reuse(model),
    }
}

fn tip(t: Lang, series: &str, x_label: &str, cell: &CellReport, y_label: &str, y: String) -> String {
    let n = t.rounds(cell.samples_ns.len() as u32);
    t.tip(series, x_label, count(cell.n_context()), y_label, y, n)
}

/// One line per arm. `shown` gives a value, the scale that brings it to the unit of the axis, and what its mark says,
/// from a cell and the name of its series.
fn by_arm(
    model: &Report,
    workload: Workload,
    shown: impl Fn(&CellReport, &str) -> Option<(Interval, f64, String)>,
) -> Vec<Series> {
    let specs = model.specs(workload);
    let series = |(slot, arm): (usize, &Arm)| {
        let cells = specs.iter().filter_map(|spec| model.cell(&arm.id, spec));
        let label = label(model, arm);
        Series {
            ink: Ink::of(variant_index(model, arm)),
            style: style_of(model, arm),
            slot,
            points: cells
                .filter_map(|cell| {
                    let (value, scale, tip) = shown(cell, &label)?;
                    Some(point(cell.n_context(), &value, scale, false, tip))
                })
                .collect(),
            label,
        }
    };
    model
        .arms()
        .enumerate()
        .map(series)
        .filter(|s| !s.points.is_empty())
        .collect()
}

/// Arms with the baseline's KV type: with all of them the chart would hold a dozen lines.
fn reuse(model: &Report) -> Vec<Series> {
    let t = model.lang;
    let mut all = Vec::new();
    for arm in model.arms().filter(|arm| style_of(model, arm) == 0) {
        let rows: Vec<&ReuseRow> = model.reuse.iter().filter(|row| row.arm.id == arm.id).collect();
        for (style, label) in [(1, t.series_without(&arm.variant)), (0, t.series_with(&arm.variant))] {
            let of_row = |row: &&ReuseRow| {
                let (value, n, is_hollow) = match style {
                    0 => (row.reuse_ns.as_ref()?, row.n_reuse, false),
                    _ => (row.no_reuse_ns.as_ref()?, row.n_no_reuse, row.is_extrapolated),
                };
                let (x, y) = (count(row.n_depth), t.ms(Some(value)));
                let tip = t.tip(&label, t.a_before(), x, t.a_ms_per_token(), y, t.rounds(n));
                let tip = if is_hollow { t.tip_extrapolated(tip) } else { tip };
                Some(point(row.n_depth, value, 1e-6, is_hollow, tip))
            };
            all.push(Series {
                ink: Ink::of(variant_index(model, arm)),
                style,
                slot: variant_index(model, arm),
                points: rows.iter().filter_map(of_row).collect(),
                label,
            });
        }
    }
    // In the order the lines stand in the chart: recomputing on top.
    all.sort_by_key(|series| std::cmp::Reverse(series.style));
    all.retain(|series| !series.points.is_empty());
    all
}

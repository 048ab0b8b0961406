//! Speed and latency against context, and what reusing the KV cache saves.

use super::shape::{label, pen_of, style_of, variant_index, Axes, LineChart, Mark, MS};
use crate::data::Workload;
use crate::report::charts::paint::Ink;
use crate::report::{CellReport, Report, ReuseRow};
use crate::stats::Interval;

pub(super) fn decode(model: &Report) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let chart = LineChart::of(
        "decode",
        (t.c_decode(name), t.c_decode_sub()),
        (t.a_cached(), t.a_tps()),
    );
    by_arm(model, chart, Workload::Decode, |cell| cell.tps)
}

pub(super) fn prefill(model: &Report) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let chart = LineChart::of(
        "prefill",
        (t.c_prefill(name), t.c_prefill_sub()),
        (t.a_prompt(), t.a_tps()),
    );
    by_arm(model, chart, Workload::Prefill, |cell| cell.tps)
}

pub(super) fn ttft(model: &Report) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let texts = (t.c_ttft(name), t.c_ttft_sub());
    let chart = LineChart::of("ttft", texts, (t.a_prompt(), t.a_ms())).on(Axes::LogBoth, MS);
    by_arm(model, chart, Workload::Prefill, |cell| cell.ttft_ns)
}

/// One line per arm.
fn by_arm(
    model: &Report,
    mut chart: LineChart,
    workload: Workload,
    value: fn(&CellReport) -> Option<Interval>,
) -> LineChart {
    let t = model.lang;
    let specs = model.specs(workload);
    for (slot, arm) in model.arms().enumerate() {
        let cells = specs.iter().filter_map(|spec| model.cell(&arm.id, spec));
        let marks = cells.filter_map(|c| Some((c.n_context(), value(c)?, t.rounds(c.samples_ns.len() as u32))));
        chart.line(t, label(model, arm), pen_of(model, arm, slot), marks);
    }
    chart
}

/// Arms with the baseline's KV type: with all of them the chart would hold a dozen lines.
pub(super) fn kv_reuse(model: &Report) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let texts = (t.c_reuse(name), t.c_reuse_sub());
    let mut chart = LineChart::of("kv_reuse", texts, (t.a_before(), t.a_ms_per_token())).on(Axes::LogBoth, MS);
    // In the order the lines stand in the chart: recomputing on top.
    for style in [1, 0] {
        for arm in model.arms().filter(|arm| style_of(model, arm) == 0) {
            let mark = |row: &ReuseRow| {
                let (value, n, is_hollow) = match style {
                    0 => (row.reuse_ns?, row.n_reuse, false),
                    _ => (row.no_reuse_ns?, row.n_no_reuse, row.is_extrapolated),
                };
                Some(Mark {
                    x: row.n_depth,
                    value,
                    n: t.rounds(n),
                    is_hollow,
                })
            };
            let label = match style {
                0 => t.series_with(&arm.variant),
                _ => t.series_without(&arm.variant),
            };
            let index = variant_index(model, arm);
            let rows = model.reuse.iter().filter(|row| row.arm.id == arm.id);
            chart.line(t, label, (Ink::of(index), style, index), rows.filter_map(mark));
        }
    }
    chart
}

//! A run over time: every round beside the machine's own speed.

use super::shape::{label, pen_of, style_of, Axes, LineChart, PERCENT};
use crate::data::{ProbeReading, Workload};
use crate::report::charts::paint::Ink;
use crate::report::Report;
use crate::stats::{self, Interval};

/// The deepest decode of every arm with the baseline's KV type, round by round, and the machine probe.
pub(super) fn rounds(model: &Report) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let spec = model.specs(Workload::Decode).into_iter().next_back();
    let texts = (t.c_rounds(name), t.c_rounds_sub(t.or_na(spec, |s| s.to_string())));
    let mut chart = LineChart::of("rounds", texts, (t.a_round(), t.a_relative())).on(Axes::Linear, PERCENT);
    let mut line = |label: String, style: (Ink, usize, usize), times: Vec<(u32, u64)>| {
        let speeds: Vec<f64> = times.iter().map(|(_, ns)| 1e9 / *ns as f64).collect();
        // One round shows no change.
        let Some(median) = stats::median(&speeds).filter(|m| *m > 0.0 && speeds.len() > 1) else {
            return;
        };
        let share = |speed: f64| Interval::bare(speed / median * 100.0);
        let marks = times.iter().zip(&speeds);
        chart.line(
            t,
            label,
            style,
            marks.map(|((round, _), &speed)| (round + 1, share(speed), String::new())),
        );
    };
    for arm in model.arms().filter(|arm| style_of(model, arm) == 0) {
        if let Some(cell) = spec.and_then(|spec| model.cell(&arm.id, &spec)).filter(|c| c.is_ok()) {
            let times = cell.sample_rounds.iter().copied().zip(cell.samples_ns.iter().copied());
            line(label(model, arm), pen_of(model, arm, 0), times.collect());
        }
    }
    for (name, style, of) in [
        (t.memory_reads(), 1, (|a| a.read_ns) as fn(&ProbeReading) -> u64),
        (t.matrix_products(), 2, |a| a.product_ns),
    ] {
        let times = model.trust.probes.iter().map(|(round, a)| (*round, of(a)));
        line(name, (Ink::Muted, style, 0), times.filter(|(_, ns)| *ns > 0).collect());
    }
    chart
}

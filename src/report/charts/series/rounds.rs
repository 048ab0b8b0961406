//! The course of a run: every round beside the machine's own speed.

use super::shape::{label, point, style_of, variant_index, Axes, LineChart, Series};
use crate::data::{AnchorReading, Workload};
use crate::report::charts::paint::Ink;
use crate::report::Report;
use crate::stats::{self, Interval};

/// The deepest decode of every arm with the baseline's KV type, round by round, and the anchor kernel.
pub(super) fn rounds(model: &Report) -> LineChart {
    let t = model.lang;
    let spec = model.specs(Workload::Decode).into_iter().next_back();
    let line = |label: String, ink: Ink, style: usize, speeds: Vec<(u32, f64)>| {
        let values: Vec<f64> = speeds.iter().map(|(_, speed)| *speed).collect();
        let median = stats::median(&values).filter(|m| *m > 0.0)?;
        let points = speeds.iter().map(|&(round, speed)| {
            let share = speed / median * 100.0;
            let shown = t.number(format!("{share:.1}"));
            let tip = t.tip_round(&label, t.a_round(), round + 1, t.a_relative(), shown);
            point(round + 1, &Interval::bare(share), 1.0, false, tip)
        });
        Some(Series {
            ink,
            style,
            slot: 0,
            points: points.collect(),
            label,
        })
    };
    let cells = model.arms().filter(|arm| style_of(model, arm) == 0);
    let cells = cells.filter_map(|arm| model.cell(&arm.id, spec.as_ref()?).filter(|c| c.is_ok()));
    let mut series: Vec<Series> = cells
        .filter_map(|cell| {
            let speeds = cell
                .sample_rounds
                .iter()
                .zip(&cell.samples_ns)
                .map(|(&r, &ns)| (r, 1e9 / ns as f64));
            line(
                label(model, &cell.arm),
                Ink::of(variant_index(model, &cell.arm)),
                0,
                speeds.collect(),
            )
        })
        .collect();
    for (name, style, of) in [
        (t.memory_reads(), 1, (|a| a.read_ns) as fn(&AnchorReading) -> u64),
        (t.matrix_products(), 2, |a| a.product_ns),
    ] {
        let speeds = model.trust.anchors.iter().filter(|(_, a)| of(a) > 0);
        let speeds = speeds.map(|(round, a)| (*round, 1e9 / of(a) as f64)).collect();
        series.extend(line(name, Ink::Muted, style, speeds));
    }
    // One round is no course.
    series.retain(|s| s.points.len() > 1);
    LineChart {
        name: "rounds",
        title: t.c_rounds(&model.header.model.name),
        subtitle: t.c_rounds_sub(t.or_na(spec, |s| s.to_string())),
        x_label: t.a_round(),
        y_label: t.a_relative(),
        axes: Axes::Linear,
        series,
    }
}

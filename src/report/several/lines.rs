//! Decode speed of several runs against context: a colour per run, dashes and markers per variant.

use super::run::OneRun;
use super::tables::plain_arms;
use crate::data::{Arm, Workload};
use crate::report::charts::{Ink, LineChart};
use crate::report::lang::Lang;
use crate::report::ReportModel;

/// Lines that a legend has room for.
const N_LINES: usize = 12;

/// The chart; with more lines than it has room for, the fastest variant of each run only. Absent without anything to draw.
pub(super) fn decode(t: Lang, runs: &[OneRun]) -> Option<LineChart> {
    let chart = |pick: &dyn Fn(&ReportModel, &Arm) -> bool| {
        let mut chart = LineChart::of("decode", (t.s_chart(), t.s_chart_sub()), (t.a_cached(), t.a_tps()));
        for (index, run) in runs.iter().enumerate() {
            let Some(model) = &run.model else { continue };
            for (style, arm) in plain_arms(model).enumerate().filter(|(_, arm)| pick(model, arm)) {
                let label = t.s_line(index + 1, arm.label());
                let specs = model.specs(Workload::Decode);
                let cells = specs.iter().filter_map(|spec| model.cell(&arm.id, spec));
                let marks = cells.filter_map(|c| Some((c.n_context(), c.tps?, t.rounds(c.samples_ns.len() as u32))));
                chart.line(t, label, (Ink::of(index), style, index), marks);
            }
        }
        Some(chart).filter(|chart| (1..=N_LINES).contains(&chart.series.len()))
    };
    chart(&|_, _| true).or_else(|| {
        chart(&|model, arm| {
            let speed = |arm: &&Arm| deepest(model, arm);
            let fastest = plain_arms(model).max_by(|a, b| speed(a).total_cmp(&speed(b)));
            fastest.is_some_and(|fastest| fastest.id == arm.id)
        })
    })
}

/// Decode speed at the greatest depth; 0 when there is none.
fn deepest(model: &ReportModel, arm: &Arm) -> f64 {
    let spec = model.specs(Workload::Decode).into_iter().next_back();
    let cell = spec.and_then(|spec| model.cell(&arm.id, &spec));
    cell.and_then(|cell| cell.tps).map_or(0.0, |tps| tps.estimate)
}

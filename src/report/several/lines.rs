//! Decode speed of several runs against context: a colour per run, dashes and markers per variant.

use super::run::OneRun;
use super::tables::plain_arms;
use crate::data::{Arm, Workload};
use crate::report::charts::{count, point, Axes, Ink, LineChart, Series};
use crate::report::lang::Lang;
use crate::report::ReportModel;

/// Lines that a legend has room for.
const N_LINES: usize = 12;

/// The chart; with more lines than it has room for, the fastest variant of each run only. Absent without anything to draw.
pub(super) fn decode(t: Lang, runs: &[OneRun]) -> Option<LineChart> {
    let models: Vec<(usize, &ReportModel)> = runs
        .iter()
        .enumerate()
        .filter_map(|(index, run)| Some((index, run.model.as_ref()?)))
        .collect();
    let lines = |pick: &dyn Fn(&ReportModel) -> Vec<(usize, &Arm)>| -> Vec<Series> {
        let each = models.iter().flat_map(|&(index, model)| {
            let arms = pick(model).into_iter();
            arms.map(move |(style, arm)| line(t, index, model, style, arm))
        });
        each.filter(|series| !series.points.is_empty()).collect()
    };
    let mut series = lines(&arms_of);
    if series.len() > N_LINES {
        series = lines(&|model| {
            let fastest = arms_of(model).into_iter();
            fastest
                .max_by(|a, b| deepest(model, a.1).total_cmp(&deepest(model, b.1)))
                .into_iter()
                .collect()
        });
    }
    (!series.is_empty() && series.len() <= N_LINES).then(|| LineChart {
        name: "decode",
        title: t.s_chart(),
        subtitle: t.s_chart_sub(),
        x_label: t.a_cached(),
        y_label: t.a_tps(),
        axes: Axes::LogX,
        series,
    })
}

/// Arms with their styles.
fn arms_of(model: &ReportModel) -> Vec<(usize, &Arm)> {
    plain_arms(model).enumerate().collect()
}

/// Decode speed at the greatest depth; 0 when there is none.
fn deepest(model: &ReportModel, arm: &Arm) -> f64 {
    let spec = model.specs(Workload::Decode).into_iter().next_back();
    let cell = spec.and_then(|spec| model.cell(&arm.id, &spec));
    cell.and_then(|cell| cell.tps).map_or(0.0, |tps| tps.estimate)
}

fn line(t: Lang, index: usize, model: &ReportModel, style: usize, arm: &Arm) -> Series {
    let label = t.s_line(index + 1, arm.label());
    let specs = model.specs(Workload::Decode);
    let cells = specs.iter().filter_map(|spec| model.cell(&arm.id, spec));
    let points = cells.filter_map(|cell| {
        let tps = cell.tps?;
        let n = t.rounds(cell.samples_ns.len() as u32);
        let x = count(cell.n_context());
        let tip = t.tip(&label, t.a_cached(), x, t.a_tps(), t.tps(Some(&tps)), n);
        Some(point(cell.n_context(), &tps, 1.0, false, tip))
    });
    Series {
        ink: Ink::of(index),
        style,
        slot: index,
        points: points.collect(),
        label,
    }
}

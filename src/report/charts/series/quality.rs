//! Divergence against size, position and speed.

use super::shape::{label, style_of, variant_index, Axes, LineChart, NATS};
use crate::data::{Arm, Workload};
use crate::report::charts::paint::Ink;
use crate::report::charts::pareto::{Mark, ParetoChart};
use crate::report::{QualityReport, Report};
use crate::stats::Interval;

pub(super) fn kld_size(model: &Report) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let texts = (t.c_kld_size(name), t.c_kld_sub());
    let chart = LineChart::of("kld_size", texts, (t.a_size(), t.a_kld())).on(Axes::LogBoth, NATS);
    divergence(model, chart, model.quality.windows().first().copied(), |row| {
        let size = model
            .variant(&row.arm.variant)
            .map(|v| ((v.model_size + (1 << 19)) >> 20).max(1) as u32);
        let kld = row.kld_mean.map(|f| f.or_bare());
        size.zip(kld).into_iter().collect()
    })
}

pub(super) fn kld_position(model: &Report) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let window = model.quality.windows().last().copied();
    let texts = (
        window.map_or(String::new(), |n_ctx| t.c_kld_position(name, n_ctx)),
        t.c_kld_sub(),
    );
    let chart = LineChart::of("kld_position", texts, (t.a_before_predicted(), t.a_kld())).on(Axes::LogBoth, NATS);
    divergence(model, chart, window, |row| {
        row.by_position.iter().map(|b| ((b.from + b.to) / 2, b.kld)).collect()
    })
}

/// Arms that were scored in the first window, by decode speed, divergence and size.
pub(in crate::report::charts) fn pareto_chart(model: &Report) -> Option<ParetoChart> {
    let t = model.lang;
    let spec = model.shown(Workload::Decode)?;
    let n_ctx = model.quality.windows().first().copied()?;
    let mark = |arm: &Arm| {
        let cell = model.cell(&arm.id, &spec).filter(|c| c.is_ok())?;
        let row = model.quality.row(&arm.id, n_ctx).filter(|r| r.is_ok())?;
        let (tps, size) = (cell.tps?, model.variant(&arm.variant)?.model_size);
        let kld = if arm.is_baseline {
            Interval::bare(0.0)
        } else {
            row.kld_mean?.or_bare()
        };
        let interval = Some(&kld).filter(|i| i.lo < i.hi);
        let (label, mib) = (label(model, arm), t.mib(size));
        let y = t.figure(kld.estimate, interval, |x| t.nats(x));
        let n = t.rounds_and_windows(t.rounds(cell.samples_ns.len() as u32), t.windows(row.n_chunks));
        Some(Mark {
            tip: t.pareto_tip(&label, &mib, t.tps(Some(&tps)), y, n),
            label: t.pareto_label(&label, &mib),
            variant: variant_index(model, arm),
            style: style_of(model, arm),
            x: [tps.estimate, tps.lo, tps.hi],
            y: [kld.estimate, kld.lo, kld.hi],
            size,
        })
    };
    let marks: Vec<Mark> = model.arms().filter_map(mark).collect();
    // With nothing but the baseline there is nothing to weigh up.
    marks.iter().any(|m| m.y[0] > 0.0).then(|| ParetoChart {
        name: "pareto",
        title: t.c_pareto(&model.header.model.name),
        subtitle: t.c_pareto_sub(),
        x_label: t.a_decode_at(spec),
        y_label: t.a_kld(),
        marks,
    })
}

/// Divergences in a window: the variants with the baseline's KV type and the baseline's weights with the other KV types;
/// with every pair the chart would hold twenty lines. A divergence of exactly 0 has no place on a logarithmic axis.
fn divergence(
    model: &Report,
    mut chart: LineChart,
    n_ctx: Option<u32>,
    values: impl Fn(&QualityReport) -> Vec<(u32, Interval)>,
) -> LineChart {
    let Some(baseline) = model.baseline() else {
        return chart;
    };
    let t = model.lang;
    let base_kv = baseline.config.kv();
    let is_drawn = |row: &&QualityReport| {
        Some(row.n_ctx) == n_ctx
            && row.is_ok()
            && row.verdict.is_some()
            && (row.arm.config.kv() == base_kv || row.arm.variant == baseline.variant)
    };
    let mut kinds = vec![(base_kv.clone(), baseline.config.build.clone())];
    for (slot, row) in model.quality.rows.iter().filter(is_drawn).enumerate() {
        let kind = (row.arm.config.kv(), row.arm.config.build.clone());
        let style = kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
            kinds.push(kind.clone());
            kinds.len() - 1
        });
        let values = values(row).into_iter().filter(|(_, kld)| kld.estimate > 0.0);
        let marks = values.map(|(x, kld)| (x, kld, t.windows(row.n_chunks)));
        let ink = Ink::of(variant_index(model, &row.arm));
        chart.line(t, t.series_kv(row.arm.label(), kind.0), (ink, style, slot), marks);
    }
    chart
}

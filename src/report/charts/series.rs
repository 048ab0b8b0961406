//! What each chart shows: series of points with their intervals, taken from the model as they are.

use crate::data::{Arm, Workload};
use crate::report::{text, QualityReport, ReportModel};
use crate::stats::Interval;

/// A chart of values against context.
pub(super) struct LineChart {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) subtitle: &'static str,
    pub(super) x_label: &'static str,
    pub(super) y_label: &'static str,
    /// Times span orders of magnitude and get a logarithmic axis; rates start at 0.
    pub(super) is_y_log: bool,
    pub(super) series: Vec<Series>,
}

/// One line of a chart.
pub(super) struct Series {
    pub(super) label: String,
    /// Index of the variant: fixes the colour.
    pub(super) variant: usize,
    /// Index of the KV type, or 1 for "without reuse": fixes dashes and marker.
    pub(super) style: usize,
    /// Place beside the others at the same context, from the left.
    pub(super) slot: usize,
    pub(super) points: Vec<Point>,
}

/// One value with its interval.
pub(super) struct Point {
    pub(super) x: u32,
    pub(super) y: f64,
    pub(super) lo: f64,
    pub(super) hi: f64,
    /// Extrapolated: drawn hollow.
    pub(super) is_hollow: bool,
}

/// Memory per arm in three parts.
pub(super) struct BarChart {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) bars: Vec<Bar>,
}

/// One bar.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) variant: usize,
    /// Bytes of each of [`PARTS`].
    pub(super) parts: [u64; 3],
    pub(super) peak: u64,
}

/// What the parts of a bar are.
pub(super) const PARTS: [&str; 3] = ["model file (RssFile)", "KV cache", "other (RssAnon less KV)"];

/// Every line chart with at least one point.
pub(super) fn line_charts(model: &ReportModel) -> Vec<LineChart> {
    let name = &model.header.model.name;
    let charts = [
        LineChart {
            name: "decode",
            title: format!("{name}: decode speed against context"),
            subtitle: "Higher is better. Median and its 95 % interval; arms stand side by side at each depth.",
            x_label: "tokens in the cache",
            y_label: "tokens per second",
            is_y_log: false,
            series: by_arm(model, Workload::Decode, |cell| cell.tps, 1.0),
        },
        LineChart {
            name: "prefill",
            title: format!("{name}: prefill speed against prompt length"),
            subtitle: "Higher is better. Median and its 95 % interval; arms stand side by side at each length.",
            x_label: "prompt tokens",
            y_label: "tokens per second",
            is_y_log: false,
            series: by_arm(model, Workload::Prefill, |cell| cell.tps, 1.0),
        },
        LineChart {
            name: "ttft",
            title: format!("{name}: time to first token"),
            subtitle: "Lower is better. Median and its 95 % interval; both axes are logarithmic.",
            x_label: "prompt tokens",
            y_label: "milliseconds",
            is_y_log: true,
            series: by_arm(model, Workload::Prefill, |cell| cell.ttft_ns, 1e-6),
        },
        LineChart {
            name: "kv_reuse",
            title: format!("{name}: one more token, with and without KV reuse"),
            subtitle: "Lower is better. Both axes are logarithmic; hollow marks are extrapolated from prefill.",
            x_label: "tokens before it",
            y_label: "milliseconds per token",
            is_y_log: true,
            series: reuse(model),
        },
        LineChart {
            name: "kld_size",
            title: format!("{name}: divergence against size"),
            subtitle:
                "Lower is closer to the baseline. Mean and its 95 % interval over windows; both axes are logarithmic.",
            x_label: "model file, MiB",
            y_label: "mean KL divergence, nats",
            is_y_log: true,
            series: divergence(model, model.quality.windows().first().copied(), |model, row| {
                let size = model
                    .variant(&row.arm.variant)
                    .map(|v| ((v.model_size + (1 << 19)) >> 20).max(1) as u32);
                let kld = row.kld.or(row.figures.map(|f| bare(f.kld.value)));
                kld.zip(size).map(|(kld, mib)| vec![(mib, kld)]).unwrap_or_default()
            }),
        },
        LineChart {
            name: "kld_position",
            title: match model.quality.windows().last() {
                Some(n_ctx) => format!("{name}: divergence by position in a window of {n_ctx}"),
                None => String::new(),
            },
            subtitle:
                "Lower is closer to the baseline. Mean and its 95 % interval over windows; both axes are logarithmic.",
            x_label: "tokens before the predicted one",
            y_label: "mean KL divergence, nats",
            is_y_log: true,
            series: divergence(model, model.quality.windows().last().copied(), |_, row| {
                row.by_position.iter().map(|b| ((b.from + b.to) / 2, b.kld)).collect()
            }),
        },
    ];
    charts.into_iter().filter(|chart| !chart.series.is_empty()).collect()
}

fn by_arm(
    model: &ReportModel,
    workload: Workload,
    value: impl Fn(&crate::report::CellReport) -> Option<Interval>,
    scale: f64,
) -> Vec<Series> {
    let specs = model.specs(workload);
    let series = |(slot, arm): (usize, &Arm)| {
        let cells = specs.iter().filter_map(|spec| model.cell(&arm.id, spec));
        Series {
            label: label(model, arm),
            variant: variant_index(model, arm),
            style: kv_index(model, arm),
            slot,
            points: cells
                .filter_map(|cell| Some(point(cell.n_context(), &value(cell)?, scale, false)))
                .collect(),
        }
    };
    model
        .arms()
        .enumerate()
        .map(series)
        .filter(|s| !s.points.is_empty())
        .collect()
}

/// Divergences in a window: the variants with the baseline's KV type and the baseline's weights with the other KV types;
/// with every pair the chart would hold twenty lines. A divergence of exactly 0 has no place on a logarithmic axis.
fn divergence(
    model: &ReportModel,
    n_ctx: Option<u32>,
    points: impl Fn(&ReportModel, &QualityReport) -> Vec<(u32, Interval)>,
) -> Vec<Series> {
    let Some(baseline) = model.baseline() else {
        return Vec::new();
    };
    let base_kv = text::kv(&baseline.config);
    let is_drawn = |row: &&QualityReport| {
        Some(row.n_ctx) == n_ctx
            && row.is_ok()
            && row.verdict.is_some()
            && (text::kv(&row.arm.config) == base_kv || row.arm.variant == baseline.variant)
    };
    let mut kinds: Vec<String> = vec![base_kv.clone()];
    let mut all = Vec::new();
    for (slot, row) in model.quality.rows.iter().filter(is_drawn).enumerate() {
        let kv = text::kv(&row.arm.config);
        if !kinds.contains(&kv) {
            kinds.push(kv.clone());
        }
        let points = points(model, row).into_iter().filter(|(_, kld)| kld.estimate > 0.0);
        all.push(Series {
            label: format!("{}, KV {kv}", row.arm.variant),
            variant: variant_index(model, &row.arm),
            style: kinds.iter().position(|kind| *kind == kv).unwrap_or(0),
            slot,
            points: points.map(|(x, kld)| point(x, &kld, 1.0, false)).collect(),
        });
    }
    all.retain(|series| !series.points.is_empty());
    all
}

/// A value without an interval.
fn bare(value: f64) -> Interval {
    Interval {
        estimate: value,
        lo: value,
        hi: value,
        level: 0.95,
        method: crate::stats::Method::Bootstrap,
    }
}

/// Arms with the baseline's KV type: with all of them the chart would hold a dozen lines.
fn reuse(model: &ReportModel) -> Vec<Series> {
    let mut all = Vec::new();
    for arm in model.arms().filter(|arm| kv_index(model, arm) == 0) {
        let rows: Vec<_> = model.reuse.iter().filter(|row| row.arm.id == arm.id).collect();
        let with = rows
            .iter()
            .filter_map(|row| Some(point(row.n_depth, row.reuse_ns.as_ref()?, 1e-6, false)));
        let without = rows
            .iter()
            .filter_map(|row| Some(point(row.n_depth, row.no_reuse_ns.as_ref()?, 1e-6, row.is_extrapolated)));
        for (style, kind, points) in [(1, "without", without.collect::<Vec<_>>()), (0, "with", with.collect())] {
            let label = format!("{} {kind}", arm.variant);
            all.push(Series {
                label,
                variant: variant_index(model, arm),
                style,
                slot: variant_index(model, arm),
                points,
            });
        }
    }
    // In the order the lines stand in the chart: recomputing on top.
    all.sort_by_key(|series| std::cmp::Reverse(series.style));
    all.retain(|series| !series.points.is_empty());
    all
}

fn point(x: u32, interval: &Interval, scale: f64, is_hollow: bool) -> Point {
    Point {
        x,
        y: interval.estimate * scale,
        lo: interval.lo * scale,
        hi: interval.hi * scale,
        is_hollow,
    }
}

/// Memory of each arm without the control.
pub(super) fn memory_chart(model: &ReportModel) -> Option<BarChart> {
    let bars: Vec<Bar> = model
        .memory
        .iter()
        .filter(|m| !m.arm.is_control)
        .map(|m| Bar {
            label: label(model, &m.arm),
            variant: variant_index(model, &m.arm),
            parts: [
                m.reading.rss_file_bytes,
                m.kv_bytes.min(m.reading.rss_anon_bytes),
                m.reading.rss_anon_bytes.saturating_sub(m.kv_bytes),
            ],
            peak: m.reading.rss_bytes_max,
        })
        .collect();
    let title = format!("{}: resident memory", model.header.model.name);
    (!bars.is_empty()).then_some(BarChart {
        name: "memory",
        title,
        bars,
    })
}

/// The KV type is named where the run has more than one.
fn label(model: &ReportModel, arm: &Arm) -> String {
    let kv = text::kv(&arm.config);
    if model.arms().all(|other| text::kv(&other.config) == kv) {
        arm.variant.clone()
    } else {
        format!("{}, KV {kv}", arm.variant)
    }
}

fn variant_index(model: &ReportModel, arm: &Arm) -> usize {
    model
        .header
        .variants
        .iter()
        .position(|v| v.id == arm.variant)
        .unwrap_or(0)
}

/// 0 for the baseline's KV type (the plan has it first), then the others in the order of the plan.
fn kv_index(model: &ReportModel, arm: &Arm) -> usize {
    let mut kinds: Vec<String> = Vec::new();
    for other in model.arms() {
        let kv = text::kv(&other.config);
        if !kinds.contains(&kv) {
            kinds.push(kv);
        }
    }
    let kv = text::kv(&arm.config);
    kinds.iter().position(|kind| *kind == kv).unwrap_or(0)
}

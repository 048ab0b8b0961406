//! What each chart shows: series of points with their intervals, taken from the model as they are.

use super::paint::Ink;
use super::pareto::{Mark, ParetoChart};
use super::workloads;
use crate::data::{AnchorReading, Arm, Workload};
use crate::report::lang::Lang;
use crate::report::text::{kv, middle};
use crate::report::{CellReport, MemoryReport, QualityReport, ReportModel, ReuseRow};
use crate::stats::{self, Interval};
use crate::units;

/// A chart of values against context.
pub(super) struct LineChart {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    /// Where its axes begin, and how they grow.
    pub(super) axes: Axes,
    pub(super) series: Vec<Series>,
}

/// The axes of a chart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Axes {
    /// Contexts span orders of magnitude: logarithmic. Rates start at 0.
    LogX,
    /// Times span orders of magnitude too.
    LogBoth,
    /// Round by round, around a middle.
    Linear,
}

/// One line of a chart.
pub(super) struct Series {
    pub(super) label: String,
    /// The colour: that of its variant.
    pub(super) ink: Ink,
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
    /// What it says when it is pointed at.
    pub(super) tip: String,
}

/// Memory per arm in three parts.
pub(super) struct BarChart {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) part_names: [String; 3],
    pub(super) peak_name: String,
    pub(super) bars: Vec<Bar>,
}

/// One bar.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) variant: usize,
    /// Bytes of each part.
    pub(super) parts: [u64; 3],
    pub(super) peak: u64,
    /// The number beside its end.
    pub(super) peak_label: String,
    /// What it says when it is pointed at.
    pub(super) tip: String,
}

/// Every line chart with at least one point.
pub(super) fn line_charts(model: &ReportModel) -> Vec<LineChart> {
    let charts = [
        speed(model, Workload::Decode),
        speed(model, Workload::Prefill),
        ttft(model),
        kv_reuse(model),
        workloads::prefix_reuse(model),
        workloads::batched(model),
        workloads::state(model),
        kld_size(model),
        kld_position(model),
        rounds(model),
    ];
    charts.into_iter().filter(|chart| !chart.series.is_empty()).collect()
}

fn speed(model: &ReportModel, workload: Workload) -> LineChart {
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

fn ttft(model: &ReportModel) -> LineChart {
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

fn kv_reuse(model: &ReportModel) -> LineChart {
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

fn kld_size(model: &ReportModel) -> LineChart {
    let t = model.lang;
    let window = model.quality.windows().first().copied();
    let x_label = t.a_size();
    LineChart {
        name: "kld_size",
        title: t.c_kld_size(&model.header.model.name),
        subtitle: t.c_kld_sub(),
        series: divergence(model, window, &x_label, |model, row| {
            let size = model
                .variant(&row.arm.variant)
                .map(|v| ((v.model_size + (1 << 19)) >> 20).max(1) as u32);
            let kld = row.kld.or(row.figures.map(|f| bare(f.kld.value)));
            kld.zip(size).map(|(kld, mib)| vec![(mib, kld)]).unwrap_or_default()
        }),
        x_label,
        y_label: t.a_kld(),
        axes: Axes::LogBoth,
    }
}

fn kld_position(model: &ReportModel) -> LineChart {
    let t = model.lang;
    let window = model.quality.windows().last().copied();
    let x_label = t.a_before_predicted();
    LineChart {
        name: "kld_position",
        title: window.map_or(String::new(), |n_ctx| t.c_kld_position(&model.header.model.name, n_ctx)),
        subtitle: t.c_kld_sub(),
        series: divergence(model, window, &x_label, |_, row| {
            row.by_position.iter().map(|b| ((b.from + b.to) / 2, b.kld)).collect()
        }),
        x_label,
        y_label: t.a_kld(),
        axes: Axes::LogBoth,
    }
}

/// The deepest decode of every arm with the baseline's KV type, round by round, and the anchor kernel.
fn rounds(model: &ReportModel) -> LineChart {
    let t = model.lang;
    let spec = model.specs(Workload::Decode).into_iter().next_back();
    let line = |label: String, ink: Ink, style: usize, speeds: Vec<(u32, f64)>| {
        let values: Vec<f64> = speeds.iter().map(|(_, speed)| *speed).collect();
        let median = stats::median(&values).filter(|m| *m > 0.0)?;
        let points = speeds.iter().map(|&(round, speed)| {
            let share = speed / median * 100.0;
            let shown = t.number(format!("{share:.1}"));
            let tip = t.tip_round(&label, t.a_round(), round + 1, t.a_relative(), shown);
            point(round + 1, &bare(share), 1.0, false, tip)
        });
        Some(Series {
            ink,
            style,
            slot: 0,
            points: points.collect(),
            label,
        })
    };
    let cells = model.arms().filter(|arm| kv_index(model, arm) == 0);
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

/// Arms that were scored in the first window, by decode speed, divergence and size.
pub(super) fn pareto_chart(model: &ReportModel) -> Option<ParetoChart> {
    let t = model.lang;
    let spec = middle(&model.specs(Workload::Decode))?;
    let n_ctx = model.quality.windows().first().copied()?;
    let mark = |arm: &Arm| {
        let cell = model.cell(&arm.id, &spec).filter(|c| c.is_ok())?;
        let row = model.quality.row(&arm.id, n_ctx).filter(|r| r.is_ok())?;
        let (tps, size) = (cell.tps?, model.variant(&arm.variant)?.model_size);
        let kld = if arm.is_baseline {
            bare(0.0)
        } else {
            row.kld.or(row.figures.map(|f| bare(f.kld.value)))?
        };
        let interval = Some(&kld).filter(|i| i.lo < i.hi);
        let (label, mib) = (label(model, arm), t.mib(size));
        let y = t.figure(kld.estimate, interval, |x| t.nats(x));
        let n = t.rounds_and_windows(t.rounds(cell.samples_ns.len() as u32), t.windows(row.n_chunks));
        Some(Mark {
            tip: t.pareto_tip(&label, &mib, t.tps(Some(&tps)), y, n),
            label: t.pareto_label(&label, &mib),
            variant: variant_index(model, arm),
            is_ring: kv_index(model, arm) > 0,
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

fn tip(t: Lang, series: &str, x_label: &str, cell: &CellReport, y_label: &str, y: String) -> String {
    let n = t.rounds(cell.samples_ns.len() as u32);
    t.tip(series, x_label, count(cell.n_context()), y_label, y, n)
}

pub(super) fn count(n: u32) -> String {
    units::count(u64::from(n))
}

/// One line per arm. `shown` gives a value, the scale that brings it to the unit of the axis, and what its mark says,
/// from a cell and the name of its series.
fn by_arm(
    model: &ReportModel,
    workload: Workload,
    shown: impl Fn(&CellReport, &str) -> Option<(Interval, f64, String)>,
) -> Vec<Series> {
    let specs = model.specs(workload);
    let series = |(slot, arm): (usize, &Arm)| {
        let cells = specs.iter().filter_map(|spec| model.cell(&arm.id, spec));
        let label = label(model, arm);
        Series {
            ink: Ink::of(variant_index(model, arm)),
            style: kv_index(model, arm),
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

/// Divergences in a window: the variants with the baseline's KV type and the baseline's weights with the other KV types;
/// with every pair the chart would hold twenty lines. A divergence of exactly 0 has no place on a logarithmic axis.
fn divergence(
    model: &ReportModel,
    n_ctx: Option<u32>,
    x_label: &str,
    points: impl Fn(&ReportModel, &QualityReport) -> Vec<(u32, Interval)>,
) -> Vec<Series> {
    let Some(baseline) = model.baseline() else {
        return Vec::new();
    };
    let t = model.lang;
    let base_kv = kv(&baseline.config);
    let is_drawn = |row: &&QualityReport| {
        Some(row.n_ctx) == n_ctx
            && row.is_ok()
            && row.verdict.is_some()
            && (kv(&row.arm.config) == base_kv || row.arm.variant == baseline.variant)
    };
    let mut kinds: Vec<String> = vec![base_kv.clone()];
    let mut all = Vec::new();
    for (slot, row) in model.quality.rows.iter().filter(is_drawn).enumerate() {
        let kind = kv(&row.arm.config);
        if !kinds.contains(&kind) {
            kinds.push(kind.clone());
        }
        let points = points(model, row).into_iter().filter(|(_, kld)| kld.estimate > 0.0);
        let label = t.series_kv(&row.arm.variant, &kind);
        let tip = |x: u32, kld: &Interval| {
            let interval = Some(kld).filter(|i| i.lo < i.hi);
            let value = t.figure(kld.estimate, interval, |x| t.nats(x));
            t.tip(&label, x_label, count(x), t.a_kld(), value, t.windows(row.n_chunks))
        };
        all.push(Series {
            ink: Ink::of(variant_index(model, &row.arm)),
            style: kinds.iter().position(|known| *known == kind).unwrap_or(0),
            slot,
            points: points
                .map(|(x, kld)| point(x, &kld, 1.0, false, tip(x, &kld)))
                .collect(),
            label,
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
    let t = model.lang;
    let mut all = Vec::new();
    for arm in model.arms().filter(|arm| kv_index(model, arm) == 0) {
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

pub(super) fn point(x: u32, interval: &Interval, scale: f64, is_hollow: bool, tip: String) -> Point {
    Point {
        x,
        y: interval.estimate * scale,
        lo: interval.lo * scale,
        hi: interval.hi * scale,
        is_hollow,
        tip,
    }
}

/// Memory of each arm without the control.
pub(super) fn memory_chart(model: &ReportModel) -> Option<BarChart> {
    let t = model.lang;
    let part_names = [t.p_file(), t.p_kv(), t.p_other()];
    let bar = |m: &MemoryReport| {
        let parts = [
            m.reading.rss_file_bytes,
            m.kv_bytes.min(m.reading.rss_anon_bytes),
            m.reading.rss_anon_bytes.saturating_sub(m.kv_bytes),
        ];
        let label = label(model, &m.arm);
        let mib = |bytes: u64| format!("{} MiB", t.mib(bytes));
        let named = part_names
            .iter()
            .zip(parts)
            .map(|(name, bytes)| format!("{name}: {}", mib(bytes)));
        let mut tip = vec![label.clone()];
        tip.extend(named);
        tip.push(format!("{}: {}", t.p_peak(), mib(m.reading.rss_bytes_max)));
        Bar {
            label,
            variant: variant_index(model, &m.arm),
            parts,
            peak: m.reading.rss_bytes_max,
            peak_label: mib(m.reading.rss_bytes_max),
            tip: tip.join("\n"),
        }
    };
    let bars: Vec<Bar> = model.memory.iter().filter(|m| !m.arm.is_control).map(bar).collect();
    (!bars.is_empty()).then(|| BarChart {
        name: "memory",
        title: t.c_memory(&model.header.model.name),
        subtitle: t.c_memory_sub(),
        peak_name: t.p_peak(),
        part_names,
        bars,
    })
}

/// The KV type is named where the run has more than one.
pub(super) fn label(model: &ReportModel, arm: &Arm) -> String {
    let own = kv(&arm.config);
    if model.arms().all(|other| kv(&other.config) == own) {
        arm.variant.clone()
    } else {
        model.lang.series_kv(&arm.variant, own)
    }
}

pub(super) fn variant_index(model: &ReportModel, arm: &Arm) -> usize {
    model
        .header
        .variants
        .iter()
        .position(|v| v.id == arm.variant)
        .unwrap_or(0)
}

/// 0 for the baseline's KV type (the plan has it first), then the others in the order of the plan.
pub(super) fn kv_index(model: &ReportModel, arm: &Arm) -> usize {
    let mut kinds: Vec<String> = Vec::new();
    for other in model.arms() {
        let kind = kv(&other.config);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let own = kv(&arm.config);
    kinds.iter().position(|kind| *kind == own).unwrap_or(0)
}

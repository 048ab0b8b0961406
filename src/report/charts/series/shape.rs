//! What a chart is made of, and what all series share.

use crate::data::Arm;
use crate::report::charts::paint::Ink;
use crate::report::text::kv;
use crate::report::Report;
use crate::stats::Interval;
use crate::units;

/// A chart of values against context.
pub(in crate::report) struct LineChart {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) title: String,
    pub(in crate::report) subtitle: String,
    pub(in crate::report) x_label: String,
    pub(in crate::report) y_label: String,
    /// Where its axes begin, and how they grow.
    pub(in crate::report) axes: Axes,
    pub(in crate::report) series: Vec<Series>,
}

/// The axes of a chart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Axes {
    /// Contexts span orders of magnitude: logarithmic. Rates start at 0.
    LogX,
    /// Times span orders of magnitude too.
    LogBoth,
    /// Round by round, around a middle.
    Linear,
}

/// One line of a chart.
pub(in crate::report) struct Series {
    pub(in crate::report) label: String,
    /// The colour: that of its variant.
    pub(in crate::report) ink: Ink,
    /// Index of the KV type, or 1 for "without reuse": fixes dashes and marker.
    pub(in crate::report) style: usize,
    /// Place beside the others at the same context, from the left.
    pub(in crate::report) slot: usize,
    pub(in crate::report) points: Vec<Point>,
}

/// One value with its interval.
pub(in crate::report) struct Point {
    pub(in crate::report) x: u32,
    pub(in crate::report) y: f64,
    pub(in crate::report) lo: f64,
    pub(in crate::report) hi: f64,
    /// Extrapolated: drawn hollow.
    pub(in crate::report) is_hollow: bool,
    /// What it says when it is pointed at.
    pub(in crate::report) tip: String,
}

/// Memory per arm in three parts.
pub(in crate::report) struct BarChart {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) title: String,
    pub(in crate::report) subtitle: String,
    pub(in crate::report) part_names: [String; 3],
    pub(in crate::report) peak_name: String,
    pub(in crate::report) bars: Vec<Bar>,
}

/// One bar.
pub(in crate::report) struct Bar {
    pub(in crate::report) label: String,
    pub(in crate::report) variant: usize,
    /// Bytes of each part.
    pub(in crate::report) parts: [u64; 3],
    pub(in crate::report) peak: u64,
    /// The number beside its end.
    pub(in crate::report) peak_label: String,
    /// What it says when it is pointed at.
    pub(in crate::report) tip: String,
}

pub(in crate::report) fn point(x: u32, interval: &Interval, scale: f64, is_hollow: bool, tip: String) -> Point {
    Point {
        x,
        y: interval.estimate * scale,
        lo: interval.lo * scale,
        hi: interval.hi * scale,
        is_hollow,
        tip,
    }
}

pub(in crate::report) fn count(n: u32) -> String {
    units::count(u64::from(n))
}

/// The KV type is named where the run has more than one.
pub(in crate::report) fn label(model: &Report, arm: &Arm) -> String {
    let own = kv(&arm.config);
    if model.arms().all(|other| kv(&other.config) == own) {
        arm.label().to_owned()
    } else {
        model.lang.series_kv(arm.label(), own)
    }
}

pub(in crate::report) fn variant_index(model: &Report, arm: &Arm) -> usize {
    model
        .header
        .variants
        .iter()
        .position(|v| v.id == arm.variant)
        .unwrap_or(0)
}

/// What sets arms of one variant apart: 0 for the baseline's KV type and place (the plan has it first), then the others in the order of
/// the plan.
pub(in crate::report) fn style_of(model: &Report, arm: &Arm) -> usize {
    let kind = |arm: &Arm| {
        let c = &arm.config;
        (kv(c), c.build.clone(), c.n_gpu_layers, c.n_threads)
    };
    let mut kinds = Vec::new();
    for other in model.arms().map(kind) {
        if !kinds.contains(&other) {
            kinds.push(other);
        }
    }
    let own = kind(arm);
    kinds.iter().position(|kind| *kind == own).unwrap_or(0)
}

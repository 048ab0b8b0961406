//! What a chart is made of, and what all series share.

use crate::data::Arm;
use crate::report::charts::paint::Ink;
use crate::report::lang::Lang;
use crate::report::Report;
use crate::stats::Interval;
use crate::units;

/// A chart of values against context, to which lines are added one by one.
pub(in crate::report) struct LineChart {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) title: String,
    pub(in crate::report) subtitle: String,
    pub(in crate::report) x_label: String,
    pub(in crate::report) y_label: String,
    /// Where its axes begin, and how they grow.
    pub(in crate::report) axes: Axes,
    pub(in crate::report) unit: Unit,
    pub(in crate::report) series: Vec<Series>,
}

/// From a value to the y axis.
#[derive(Clone, Copy)]
pub(in crate::report) struct Unit {
    scale: f64,
    shown: fn(Lang, &Interval) -> String,
}

/// Of anything in a time.
pub(super) const RATE: Unit = Unit {
    scale: 1.0,
    shown: |t, rate| t.rate_interval(rate),
};
/// From nanoseconds.
pub(super) const MS: Unit = Unit {
    scale: 1e-6,
    shown: |t, ns| t.ms(Some(ns)),
};
/// From nanoseconds, with the digits of a rate: of seconds, single milliseconds say nothing.
pub(super) const LONG_MS: Unit = Unit {
    scale: 1e-6,
    shown: |t, ns| t.with_ends(ns, |ns| t.rate(ns * 1e-6)),
};
pub(super) const NATS: Unit = Unit {
    scale: 1.0,
    shown: |t, kld| t.figure(kld.estimate, Some(kld).filter(|i| i.lo < i.hi), |x| t.nats(x)),
};
/// Of the median.
pub(super) const PERCENT: Unit = Unit {
    scale: 1.0,
    shown: |t, share| t.number(format!("{:.1}", share.estimate)),
};

impl LineChart {
    /// Of rates; with its title and subtitle, and the labels of x and y.
    pub(in crate::report) fn of(
        name: &'static str,
        (title, subtitle): (String, String),
        (x_label, y_label): (String, String),
    ) -> LineChart {
        LineChart {
            name,
            title,
            subtitle,
            x_label,
            y_label,
            axes: Axes::LogX,
            unit: RATE,
            series: Vec::new(),
        }
    }

    pub(super) fn on(self, axes: Axes, unit: Unit) -> LineChart {
        LineChart { axes, unit, ..self }
    }

    /// A line more, unless it has no point: each an x, its value, and of how many rounds or windows (empty: of one).
    pub(in crate::report) fn line<P: Into<Mark>>(
        &mut self,
        t: Lang,
        label: String,
        (ink, style, slot): (Ink, usize, usize),
        marks: impl IntoIterator<Item = P>,
    ) {
        let Unit { scale, shown } = self.unit;
        let point = |mark: P| {
            let Mark { x, value, n, is_hollow } = mark.into();
            let mut tip = t.tip(
                &label,
                &self.x_label,
                units::count(x),
                &self.y_label,
                shown(t, &value),
                n,
            );
            if is_hollow {
                tip = t.tip_extrapolated(tip);
            }
            Point {
                x,
                y: value.estimate * scale,
                lo: value.lo * scale,
                hi: value.hi * scale,
                is_hollow,
                tip,
            }
        };
        let points: Vec<Point> = marks.into_iter().map(point).collect();
        if !points.is_empty() {
            self.series.push(Series {
                label,
                ink,
                style,
                slot,
                points,
            });
        }
    }
}

pub(in crate::report) struct Mark {
    pub(super) x: u32,
    pub(super) value: Interval,
    pub(super) n: String,
    pub(super) is_hollow: bool,
}

impl From<(u32, Interval, String)> for Mark {
    fn from((x, value, n): (u32, Interval, String)) -> Mark {
        Mark {
            x,
            value,
            n,
            is_hollow: false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Axes {
    /// Contexts span orders of magnitude: logarithmic. Rates start at 0.
    LogX,
    /// Times span orders of magnitude too.
    LogBoth,
    /// Round by round, around a middle.
    Linear,
}

pub(in crate::report) struct Series {
    pub(in crate::report) label: String,
    /// That of its variant.
    pub(in crate::report) ink: Ink,
    /// Index of the KV type, or 1 for "without reuse": fixes dashes and marker.
    pub(in crate::report) style: usize,
    /// Place beside the others at the same context, from the left.
    pub(in crate::report) slot: usize,
    pub(in crate::report) points: Vec<Point>,
}

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

/// How an arm's line looks: its variant's colour, its kind's dashes, and its place beside the others.
pub(super) fn pen_of(model: &Report, arm: &Arm, slot: usize) -> (Ink, usize, usize) {
    (Ink::of(variant_index(model, arm)), style_of(model, arm), slot)
}

/// The KV type is named where the run has more than one.
pub(super) fn label(model: &Report, arm: &Arm) -> String {
    let own = arm.config.kv();
    if model.arms().all(|other| other.config.kv() == own) {
        arm.label().to_owned()
    } else {
        model.lang.series_kv(arm.label(), own)
    }
}

pub(super) fn variant_index(model: &Report, arm: &Arm) -> usize {
    model
        .header
        .variants
        .iter()
        .position(|v| v.id == arm.variant)
        .unwrap_or(0)
}

/// What sets arms of one variant apart: 0 for the baseline's KV type and place (the plan has it first), then the others in the order of
/// the plan.
pub(super) fn style_of(model: &Report, arm: &Arm) -> usize {
    let kind = |arm: &Arm| {
        let c = &arm.config;
        (c.kv(), c.build.clone(), c.n_gpu_layers, c.n_threads)
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

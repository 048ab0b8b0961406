//! Series of the workloads that are measured on request.

use super::shape::{count, label, point, style_of, variant_index, Axes, LineChart, Series};
use crate::data::Arm;
use crate::report::charts::paint::Ink;
use crate::report::{BatchedRow, PrefixRow, Report, RequestRow, SpeculativeRow, StateRow};
use crate::stats::Interval;

/// The longest prompt, from the most that is in the cache to the cold one.
pub(super) fn prefix_reuse(model: &Report) -> LineChart {
    let t = model.lang;
    let (x_label, y_label) = (t.a_left(), t.a_ms());
    let n_prompt = model.prefix.iter().map(|row| row.n_prompt).max();
    let series = |(slot, arm): (usize, &Arm)| {
        let label = label(model, arm);
        let is_drawn = |row: &&PrefixRow| row.arm.id == arm.id && Some(row.n_prompt) == n_prompt;
        let rows: Vec<&PrefixRow> = model.prefix.iter().filter(is_drawn).collect();
        let mark = |n_left: u32, ns: &Interval, n: u32| {
            let tip = t.tip(&label, &x_label, count(n_left), &y_label, t.ms(Some(ns)), t.rounds(n));
            point(n_left, ns, 1e-6, false, tip)
        };
        let warm = rows
            .iter()
            .rev()
            .filter_map(|row| Some(mark(row.n_prompt - row.n_shared, row.warm_ns.as_ref()?, row.n_warm)));
        let cold = rows
            .first()
            .and_then(|row| Some(mark(row.n_prompt, row.cold_ns.as_ref()?, row.n_cold)));
        Series {
            ink: Ink::of(variant_index(model, arm)),
            style: style_of(model, arm),
            slot,
            points: warm.chain(cold).collect(),
            label,
        }
    };
    let series = model.arms().enumerate().map(series);
    LineChart {
        name: "prefix_reuse",
        title: n_prompt.map_or(String::new(), |n| t.c_prefix(&model.header.model.name, count(n))),
        subtitle: t.c_prefix_sub(),
        axes: Axes::LogBoth,
        series: series.filter(|s| !s.points.is_empty()).collect(),
        x_label,
        y_label,
    }
}

/// A line per variant and kind of prompt. Arms with the baseline's KV type: dashes tell the kinds of prompt apart.
pub(super) fn batched(model: &Report) -> LineChart {
    let t = model.lang;
    let (x_label, y_label) = (t.a_sequences(), t.a_tps());
    let mut series = Vec::new();
    let arms = model.arms().filter(|arm| style_of(model, arm) == 0);
    for (index, arm) in arms.enumerate() {
        for (style, label) in [(0, t.series_own(&arm.variant)), (1, t.series_shared(&arm.variant))] {
            let is_drawn = |row: &&BatchedRow| row.arm.id == arm.id && row.is_pp_shared == (style == 1);
            let mark = |row: &BatchedRow| {
                let (tps, n) = (row.total_tps.as_ref()?, t.rounds(row.n_rounds));
                let tip = t.tip(&label, &x_label, count(row.n_seq), &y_label, t.tps(Some(tps)), n);
                Some(point(row.n_seq, tps, 1.0, false, tip))
            };
            series.push(Series {
                ink: Ink::of(variant_index(model, arm)),
                style,
                slot: 2 * index + style,
                points: model.batched.iter().filter(is_drawn).filter_map(mark).collect(),
                label,
            });
        }
    }
    series.retain(|s| !s.points.is_empty());
    LineChart {
        name: "batched",
        title: t.c_batched(&model.header.model.name),
        subtitle: t.c_batched_sub(),
        axes: Axes::LogX,
        series,
        x_label,
        y_label,
    }
}

/// The baseline's three ways to a filled cache.
pub(super) fn state(model: &Report) -> LineChart {
    type Times = fn(&StateRow) -> Option<Interval>;
    let t = model.lang;
    let (x_label, y_label) = (t.a_state_tokens(), t.a_ms());
    let kinds: [(String, Times); 3] = [
        (t.series_computed(), |row| row.recompute_ns),
        (t.series_from_disk(), |row| row.read_ns),
        (t.series_from_memory(), |row| row.restore_ns),
    ];
    let series = |(style, (label, ns)): (usize, (String, Times))| {
        let mark = |row: &StateRow| {
            let (ns, n) = (ns(row)?, t.rounds(row.n_rounds));
            let tip = t.tip(&label, &x_label, count(row.n_depth), &y_label, t.ms(Some(&ns)), n);
            Some(point(row.n_depth, &ns, 1e-6, false, tip))
        };
        let rows = model.states.iter().filter(|row| row.arm.is_baseline);
        Series {
            ink: Ink::of(model.baseline().map_or(0, |arm| variant_index(model, arm))),
            style,
            slot: 0,
            points: rows.filter_map(mark).collect(),
            label,
        }
    };
    let series = kinds.into_iter().enumerate().map(series);
    LineChart {
        name: "state",
        title: t.c_state(&model.header.model.name),
        subtitle: t.c_state_sub(),
        axes: Axes::LogBoth,
        series: series.filter(|s| !s.points.is_empty()).collect(),
        x_label,
        y_label,
    }
}

/// The target alone and with its draft.
pub(super) fn speculative(model: &Report) -> LineChart {
    type Times = fn(&SpeculativeRow) -> Option<Interval>;
    let t = model.lang;
    let (x_label, y_label) = (t.a_cached(), t.a_ms_per_token());
    let target = model.baseline().map_or(String::new(), |arm| arm.variant.clone());
    let kinds: [(String, Times); 2] = [
        (t.series_alone(&target), |row| row.alone_ns),
        (t.series_drafted(&target), |row| row.drafted_ns),
    ];
    let series = |(style, (label, ns)): (usize, (String, Times))| {
        let mark = |row: &SpeculativeRow| {
            let (ns, n) = (ns(row)?, t.rounds(row.n_rounds));
            let tip = t.tip(&label, &x_label, count(row.n_depth), &y_label, t.ms(Some(&ns)), n);
            Some(point(row.n_depth, &ns, 1e-6, false, tip))
        };
        Series {
            ink: Ink::of(model.baseline().map_or(0, |arm| variant_index(model, arm))),
            style,
            slot: style,
            points: model.speculative.iter().filter_map(mark).collect(),
            label,
        }
    };
    let series = kinds.into_iter().enumerate().map(series);
    let draft = model.header.draft.as_ref().map_or("", |d| d.name.as_str());
    LineChart {
        name: "speculative",
        title: t.c_speculative(&model.header.model.name),
        subtitle: t.c_speculative_sub(draft),
        axes: Axes::LogBoth,
        series: series.filter(|s| !s.points.is_empty()).collect(),
        x_label,
        y_label,
    }
}

/// Requests per minute, a line per variant.
pub(super) fn requests(model: &Report) -> LineChart {
    let t = model.lang;
    let (prompt, answer) = sizes(model);
    LineChart {
        name: "requests",
        title: t.c_requests(&model.header.model.name),
        subtitle: t.c_requests_sub(prompt, answer),
        axes: Axes::LogX,
        series: by_users(model, t.h_per_minute(), 1.0, |row| row.per_minute),
        x_label: t.a_users(),
        y_label: t.h_per_minute(),
    }
}

/// Median latency of a request, a line per variant.
pub(super) fn latency(model: &Report) -> LineChart {
    let t = model.lang;
    let (prompt, answer) = sizes(model);
    LineChart {
        name: "latency",
        title: t.c_latency(&model.header.model.name),
        subtitle: t.c_latency_sub(prompt, answer),
        axes: Axes::LogX,
        series: by_users(model, t.a_latency(), 1e-6, |row| row.latency_ns.p50),
        x_label: t.a_users(),
        y_label: t.a_latency(),
    }
}

/// Tokens of a prompt and of its answer.
fn sizes(model: &Report) -> (String, String) {
    let row = model.requests.first();
    row.map_or_else(Default::default, |row| (count(row.n_prompt), count(row.n_gen)))
}

/// `scale`: from the value to the unit of the axis.
fn by_users(model: &Report, y_label: String, scale: f64, of: fn(&RequestRow) -> Option<Interval>) -> Vec<Series> {
    let t = model.lang;
    let arms = model.arms().filter(|arm| style_of(model, arm) == 0);
    let series = arms.enumerate().map(|(slot, arm)| {
        let mark = |row: &RequestRow| {
            let value = of(row)?;
            let shown = t.with_ends(&value, |v| t.rate(v * scale));
            let n = t.rounds(row.n_rounds);
            let tip = t.tip(&arm.variant, t.a_users(), count(row.n_users), &y_label, shown, n);
            Some(point(row.n_users, &value, scale, false, tip))
        };
        let rows = model.requests.iter().filter(|row| row.arm.id == arm.id);
        Series {
            ink: Ink::of(variant_index(model, arm)),
            style: 0,
            slot,
            points: rows.filter_map(mark).collect(),
            label: arm.variant.clone(),
        }
    });
    series.filter(|s| !s.points.is_empty()).collect()
}

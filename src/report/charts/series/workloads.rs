//! Series of the workloads that are measured on request.

use super::shape::{label, pen_of, style_of, variant_index, Axes, LineChart, Unit, LONG_MS, MS, RATE};
use crate::data::Arm;
use crate::report::charts::paint::Ink;
use crate::report::{BatchedRow, PrefixRow, Report, RequestRow, SpeculativeRow, StateRow};
use crate::stats::Interval;

/// The longest prompt, from the most that is in the cache to the cold one.
pub(super) fn prefix_reuse(model: &Report) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let n_prompt = model.prefix.iter().map(|row| row.n_prompt).max();
    let texts = (
        n_prompt.map_or(String::new(), |n| t.c_prefix(name, n)),
        t.c_prefix_sub(),
    );
    let mut chart = LineChart::of("prefix_reuse", texts, (t.a_left(), t.a_ms())).on(Axes::LogBoth, MS);
    for (slot, arm) in model.arms().enumerate() {
        let is_drawn = |row: &&PrefixRow| row.arm.id == arm.id && Some(row.n_prompt) == n_prompt;
        let rows: Vec<&PrefixRow> = model.prefix.iter().filter(is_drawn).collect();
        let warm = rows
            .iter()
            .rev()
            .filter_map(|row| Some((row.n_prompt - row.n_shared, row.warm_ns?, t.rounds(row.n_warm))));
        let cold = rows
            .first()
            .and_then(|row| Some((row.n_prompt, row.cold_ns?, t.rounds(row.n_cold))));
        chart.line(t, label(model, arm), pen_of(model, arm, slot), warm.chain(cold));
    }
    chart
}

/// A line per variant and kind of prompt.
pub(super) fn batched(model: &Report) -> LineChart {
    let (t, name) = (model.lang, &model.header.model.name);
    let texts = (t.c_batched(name), t.c_batched_sub());
    let mut chart = LineChart::of("batched", texts, (t.a_sequences(), t.a_tps()));
    for (index, arm) in plain(model) {
        for (style, label) in [(0, t.series_own(&arm.variant)), (1, t.series_shared(&arm.variant))] {
            let is_drawn = |row: &&BatchedRow| row.arm.id == arm.id && row.is_pp_shared == (style == 1);
            let mark = |row: &BatchedRow| Some((row.n_seq, row.total_tps?, t.rounds(row.n_rounds)));
            let marks = model.batched.iter().filter(is_drawn).filter_map(mark);
            let ink = Ink::of(variant_index(model, arm));
            chart.line(t, label, (ink, style, 2 * index + style), marks);
        }
    }
    chart
}

/// The baseline's three ways to a filled cache.
pub(super) fn state(model: &Report) -> LineChart {
    type Times = fn(&StateRow) -> Option<Interval>;
    let (t, name) = (model.lang, &model.header.model.name);
    let texts = (t.c_state(name), t.c_state_sub());
    let mut chart = LineChart::of("state", texts, (t.a_state_tokens(), t.a_ms())).on(Axes::LogBoth, MS);
    let kinds: [(String, Times); 3] = [
        (t.series_computed(), |row| row.recompute_ns),
        (t.series_from_disk(), |row| row.read_ns),
        (t.series_from_memory(), |row| row.restore_ns),
    ];
    for (style, (label, ns)) in kinds.into_iter().enumerate() {
        let rows = model.states.iter().filter(|row| row.arm.is_baseline);
        let marks = rows.filter_map(|row| Some((row.n_depth, ns(row)?, t.rounds(row.n_rounds))));
        chart.line(t, label, (baseline_ink(model), style, 0), marks);
    }
    chart
}

/// The target alone and with its draft.
pub(super) fn speculative(model: &Report) -> LineChart {
    type Times = fn(&SpeculativeRow) -> Option<Interval>;
    let (t, name) = (model.lang, &model.header.model.name);
    let draft = model.header.draft.as_ref().map_or("", |d| d.name.as_str());
    let texts = (t.c_speculative(name), t.c_speculative_sub(draft));
    let mut chart = LineChart::of("speculative", texts, (t.a_cached(), t.a_ms_per_token())).on(Axes::LogBoth, MS);
    let target = model.baseline().map_or("", |arm| arm.variant.as_str());
    let kinds: [(String, Times); 2] = [
        (t.series_alone(target), |row| row.alone_ns),
        (t.series_drafted(target), |row| row.drafted_ns),
    ];
    for (style, (label, ns)) in kinds.into_iter().enumerate() {
        let mark = |row: &SpeculativeRow| Some((row.n_depth, ns(row)?, t.rounds(row.n_rounds)));
        let marks = model.speculative.iter().filter_map(mark);
        chart.line(t, label, (baseline_ink(model), style, style), marks);
    }
    chart
}

/// Requests per minute, a line per variant.
pub(super) fn requests(model: &Report) -> LineChart {
    let t = model.lang;
    let (prompt, answer) = sizes(model);
    let texts = (t.c_requests(&model.header.model.name), t.c_requests_sub(prompt, answer));
    by_users(model, "requests", texts, (t.h_per_minute(), RATE), |row| row.per_minute)
}

/// Median latency of a request, a line per variant.
pub(super) fn latency(model: &Report) -> LineChart {
    let t = model.lang;
    let (prompt, answer) = sizes(model);
    let texts = (t.c_latency(&model.header.model.name), t.c_latency_sub(prompt, answer));
    by_users(model, "latency", texts, (t.a_latency(), LONG_MS), |row| {
        row.latency_ns.p50
    })
}

/// Tokens of a prompt and of its answer.
fn sizes(model: &Report) -> (u32, u32) {
    model.requests.first().map_or((0, 0), |row| (row.n_prompt, row.n_gen))
}

fn by_users(
    model: &Report,
    name: &'static str,
    (title, subtitle): (String, String),
    (y_label, unit): (String, Unit),
    of: fn(&RequestRow) -> Option<Interval>,
) -> LineChart {
    let t = model.lang;
    let mut chart = LineChart::of(name, (title, subtitle), (t.a_users(), y_label)).on(Axes::LogX, unit);
    for (slot, arm) in plain(model) {
        let rows = model.requests.iter().filter(|row| row.arm.id == arm.id);
        let marks = rows.filter_map(|row| Some((row.n_users, of(row)?, t.rounds(row.n_rounds))));
        let ink = Ink::of(variant_index(model, arm));
        chart.line(t, arm.variant.clone(), (ink, 0, slot), marks);
    }
    chart
}

/// Arms with the baseline's KV type: with all of them a chart would hold a dozen lines.
fn plain<'a>(model: &'a Report<'_>) -> impl Iterator<Item = (usize, &'a Arm)> {
    model.arms().filter(|arm| style_of(model, arm) == 0).enumerate()
}

fn baseline_ink(model: &Report) -> Ink {
    Ink::of(model.baseline().map_or(0, |arm| variant_index(model, arm)))
}

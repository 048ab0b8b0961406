//! "How sure are we": the noise floor, what was disturbed, how the machine drifted, and what the run could not have seen.

use crate::report::charts::ChartName;
use crate::report::document::{found, image, Block};
use crate::report::table::Rows;
use crate::report::{Drift, Report};
use crate::stats;

pub(super) fn section(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let rows = [
        (t.q_noise(), control(model)),
        (t.q_smallest(), smallest(model)),
        (t.q_rounds(), rounds(model)),
        (t.q_disturbed(), disturbed(model)),
        (t.q_drift(), drift(model)),
    ];
    let table = Rows::of(t, rows)
        .column(t.h_question(), |(question, _)| question.clone())
        .column(t.h_answer(), |(_, answer)| answer.clone());
    let body = [table.blocks(), image(charts, "rounds")].concat();
    found(t.how_sure(), model.doubts(), t.how_sure_intro(), body)
}

fn control(model: &Report) -> String {
    let t = model.lang;
    match &model.control.pooled {
        None => t.no_control(),
        Some(control) if stats::sure_bias(&control.ratio) > 0.0 => t.noise_excludes(t.ratio(&control.ratio)),
        Some(control) => t.noise_includes(t.ratio(&control.ratio)),
    }
}

fn smallest(model: &Report) -> String {
    let t = model.lang;
    t.or_na(model.trust.smallest_difference, |s| {
        t.smallest_seen(t.percent(s.median), t.percent(s.worst))
    })
}

fn rounds(model: &Report) -> String {
    let (t, totals) = (model.lang, &model.totals);
    let sets = t.process_sets(totals.n_launches);
    t.rounds_ended(t.rounds(totals.n_rounds), sets, t.stopped_by(totals.stopped_by))
}

fn disturbed(model: &Report) -> String {
    let (t, trust) = (model.lang, &model.trust);
    let mut said = match trust.discarded.as_slice() {
        [] => t.none_discarded(),
        [first, ..] => t.discarded_blocks(trust.discarded.len(), t.disturbance(*first)),
    };
    if let Some(kept) = trust.retained {
        said.push_str(&t.retained_disturbed(
            t.disturbed_samples(kept.n_samples),
            t.rounds(kept.n_rounds),
            t.disturbance(kept.first),
        ));
    }
    said
}

fn drift(model: &Report) -> String {
    let (t, trust) = (model.lang, &model.trust);
    let half = |name: String, drift: Option<Drift>| {
        drift.map(|d| t.drifted(name, signed(model, d.slowest), signed(model, d.fastest)))
    };
    let halves: Vec<String> = half(t.memory_reads(), trust.read)
        .into_iter()
        .chain(half(t.matrix_products(), trust.product))
        .collect();
    if halves.is_empty() {
        return t.na();
    }
    let paused = match trust.paused_ns {
        0 => String::new(),
        ns => t.paused_for(t.duration(ns)),
    };
    t.drift_for_all(t.list(&halves), paused)
}

fn signed(model: &Report, fraction: f64) -> String {
    let sign = if fraction < 0.0 { "-" } else { "+" };
    format!("{sign}{}", model.lang.percent(fraction.abs()))
}

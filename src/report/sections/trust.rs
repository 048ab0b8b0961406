//! "How sure are we": the noise floor, what was disturbed, how the machine drifted, and what the run could not have seen.

use crate::report::charts::ChartName;
use crate::report::document::{image, section as section_of, table, Block};
use crate::report::{Drift, ReportModel};
use crate::stats;

pub(super) fn section(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let rows: Vec<Vec<String>> = [
        (t.q_noise(), control(model)),
        (t.q_smallest(), smallest(model)),
        (t.q_rounds(), rounds(model)),
        (t.q_disturbed(), disturbed(model)),
        (t.q_drift(), drift(model)),
    ]
    .into_iter()
    .map(|(question, answer)| vec![question, answer])
    .collect();
    let head = vec![t.h_question(), t.h_answer()];
    let body = [table(head, rows), image(charts, "rounds")].concat();
    section_of(t.how_sure(), String::new(), body)
}

fn control(model: &ReportModel) -> String {
    let t = model.lang;
    match &model.control.pooled {
        None => t.no_control(),
        Some(control) if stats::sure_bias(&control.ratio) > 0.0 => t.noise_excludes(t.ratio(&control.ratio)),
        Some(control) => t.noise_includes(t.ratio(&control.ratio)),
    }
}

fn smallest(model: &ReportModel) -> String {
    let t = model.lang;
    t.or_na(model.trust.smallest_difference, |s| {
        t.smallest_seen(t.percent(s.median), t.percent(s.worst))
    })
}

fn rounds(model: &ReportModel) -> String {
    let (t, totals) = (model.lang, &model.totals);
    let sets = t.process_sets(totals.n_launches);
    t.rounds_ended(t.rounds(totals.n_rounds), sets, t.stopped_by(totals.stopped_by))
}

fn disturbed(model: &ReportModel) -> String {
    let (t, trust) = (model.lang, &model.trust);
    let mut said = match trust.void.as_slice() {
        [] => t.none_void(),
        [first, ..] => t.void_blocks(trust.void.len(), t.disturbance(*first)),
    };
    if let Some(kept) = trust.kept {
        said.push_str(&t.kept_disturbed(
            t.disturbed_samples(kept.n_samples),
            t.rounds(kept.n_rounds),
            t.disturbance(kept.first),
        ));
    }
    said
}

fn drift(model: &ReportModel) -> String {
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

fn signed(model: &ReportModel, fraction: f64) -> String {
    let sign = if fraction < 0.0 { "-" } else { "+" };
    format!("{sign}{}", model.lang.percent(fraction.abs()))
}

//! "How sure are we": the noise floor, what was disturbed, how the machine drifted, and what the run could not have seen.

use super::table::table;
use crate::report::{text, Drift, ReportModel};
use crate::units;

pub(super) fn section(model: &ReportModel) -> String {
    let rows: Vec<Vec<String>> = [
        ("The same thing measured twice", control(model)),
        ("Smallest difference it could have seen", smallest(model)),
        ("Rounds", rounds(model)),
        ("Disturbed", disturbed(model)),
        ("Drift of the machine", drift(model)),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value])
    .collect();
    format!("## How sure are we\n\n{}", table(&["question", "answer"], &rows))
}

fn control(model: &ReportModel) -> String {
    let Some(control) = &model.control.pooled else {
        return "there was no control, so the noise of this run is not known".to_owned();
    };
    let judgement = if model.control.is_failed {
        "which excludes 1: no speed verdict is given"
    } else {
        "as it should be, 1 is inside"
    };
    format!(
        "the baseline against itself: {}; {judgement}",
        text::ratio(&control.ratio)
    )
}

fn smallest(model: &ReportModel) -> String {
    units::or_na(model.trust.smallest_difference, |s| {
        format!(
            "{} in the median comparison of two variants, {} in the least certain one",
            units::percent(s.median),
            units::percent(s.worst)
        )
    })
}

fn rounds(model: &ReportModel) -> String {
    let totals = &model.totals;
    let launches = match totals.n_launches {
        1 => "1 set of fresh processes".to_owned(),
        n => format!("{n} sets of fresh processes"),
    };
    format!(
        "{} in {launches}; it ended because {}",
        text::plural(totals.n_rounds, "round"),
        text::stopped_by(totals.stopped_by)
    )
}

fn disturbed(model: &ReportModel) -> String {
    let trust = &model.trust;
    let mut said = match trust.void.as_slice() {
        [] => "no round was void".to_owned(),
        [first, ..] => format!(
            "{} void and run again (first: {first})",
            text::plural(trust.void.len() as u32, "round")
        ),
    };
    if let Some(kept) = trust.kept {
        said.push_str(&format!(
            "; the limit of void rounds was reached, so {} in {} stayed in (first: {})",
            text::plural(kept.n_samples, "disturbed sample"),
            text::plural(kept.n_rounds, "round"),
            kept.first
        ));
    }
    said
}

fn drift(model: &ReportModel) -> String {
    let trust = &model.trust;
    let half = |name: &str, drift: Option<Drift>| {
        drift.map(|d| {
            format!(
                "{name} {} to {} around its median",
                signed(d.slowest),
                signed(d.fastest)
            )
        })
    };
    let halves: Vec<String> = half("memory reads", trust.read)
        .into_iter()
        .chain(half("matrix products", trust.product))
        .collect();
    if halves.is_empty() {
        return units::NOT_AVAILABLE.to_owned();
    }
    let paused = match trust.paused_ns {
        0 => String::new(),
        ns => format!("; paused for {} to wait for it", units::duration(ns)),
    };
    format!("{}{paused}; it falls on all arms alike", text::list(&halves))
}

fn signed(fraction: f64) -> String {
    let sign = if fraction < 0.0 { "-" } else { "+" };
    format!("{sign}{}", units::percent(fraction.abs()))
}

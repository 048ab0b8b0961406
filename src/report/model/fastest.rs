//! Who is fastest, in words, and by how much over the next one.

use super::cells::Rounds;
use super::compare::compare;
use super::{CellReport, Comparison, ReportModel};
use crate::data::{Arm, Work, Workload};
use crate::report::lang::Lang;
use crate::stats::Verdict;

/// Who is fastest at a kind of work: one sentence where it is the same variant in every context, else one each.
pub(super) fn fastest(model: &ReportModel, rounds: &Rounds, workload: Workload) -> Vec<String> {
    let Some(baseline) = model.baseline() else {
        return Vec::new();
    };
    let rankings: Vec<Vec<&CellReport>> = model
        .specs(workload)
        .iter()
        .map(|spec| ranked(model, spec))
        .filter(|cells| cells.len() > 1)
        .collect();
    if let Some(said) = fastest_everywhere(model, rounds, baseline, workload, &rankings) {
        return said;
    }
    rankings
        .iter()
        .filter_map(|cells| fastest_here(model, rounds, baseline, workload, cells))
        .collect()
}

fn fastest_everywhere(
    model: &ReportModel,
    rounds: &Rounds,
    baseline: &Arm,
    workload: Workload,
    rankings: &[Vec<&CellReport>],
) -> Option<Vec<String>> {
    let (best, second) = (rankings.first()?[0], rankings.first()?[1]);
    let is_settled = |cells: &Vec<&CellReport>| {
        let verdict = cells[0].vs_baseline.as_ref().map(|c| c.verdict);
        (cells[0].arm.id == best.arm.id && verdict == Some(Verdict::Faster)).then_some(())
    };
    if rankings.len() < 2 || rankings.iter().any(|cells| is_settled(cells).is_none()) {
        return None;
    }
    let t = model.lang;
    let at = |cell: &CellReport| match workload {
        Workload::Prefill => t.at_prompt(cell.n_context()),
        _ => t.at_depth(cell.n_context()),
    };
    let ratios: Vec<String> = rankings
        .iter()
        .filter_map(|cells| {
            let ratio = t.ratio(&cells[0].vs_baseline.as_ref()?.ratio);
            Some(t.ratio_here(ratio, at(cells[0])))
        })
        .collect();
    let deepest = rankings.last()?[0];
    let name = best.arm.label();
    let (ratios, rate) = (t.list(&ratios), t.tps(deepest.tps.as_ref()));
    let mut said = vec![match workload {
        Workload::Prefill => t.prefills_fastest(name, ratios, &baseline.variant, rate, at(deepest)),
        _ => t.decodes_fastest(name, ratios, &baseline.variant, rate, at(deepest)),
    }];
    if rankings
        .iter()
        .all(|cells| cells[1].arm.id == second.arm.id && !second.arm.is_baseline)
    {
        let pairs = rankings.iter().filter_map(|cells| {
            let pair = compare(&model.header, rounds, &model.control, cells[1], cells[0])?;
            Some(t.pair_here(t.ratio(&pair.ratio), at(cells[0]), t.verdict(pair.verdict)))
        });
        let pairs: Vec<String> = pairs.collect();
        said.push(t.against_next_everywhere(name, second.arm.label(), t.list(&pairs)));
    }
    Some(said)
}

fn fastest_here(
    model: &ReportModel,
    rounds: &Rounds,
    baseline: &Arm,
    workload: Workload,
    cells: &[&CellReport],
) -> Option<String> {
    let t = model.lang;
    let best = cells.first()?;
    let place = match workload {
        Workload::Prefill => t.place_prompt(best.n_context()),
        _ => t.place_depth(best.n_context()),
    };
    let Some(comparison) = &best.vs_baseline else {
        let next = cells
            .iter()
            .find_map(|cell| cell.vs_baseline.as_ref().map(|c| (cell, c)))?;
        let next = decodes(t, next.0, next.1, &baseline.variant, workload);
        return Some(t.nobody_ahead(place, &baseline.variant, next));
    };
    let lead = decodes(t, best, comparison, &baseline.variant, workload);
    let rate = t.tps(best.tps.as_ref());
    Some(t.leads(place, lead, rate, against_runner_up(model, rounds, cells)))
}

/// The winner against the next variant: without it "fastest" would claim more than was measured.
fn against_runner_up(model: &ReportModel, rounds: &Rounds, cells: &[&CellReport]) -> String {
    let [best, second, ..] = cells else {
        return String::new();
    };
    if best.arm.is_baseline || second.arm.is_baseline {
        return String::new();
    }
    let pair = compare(&model.header, rounds, &model.control, second, best);
    let t = model.lang;
    pair.map_or(String::new(), |pair| {
        t.against_next(second.arm.label(), t.ratio(&pair.ratio), t.verdict(pair.verdict))
    })
}

/// Plain-cache arms on one work, fastest first: by ratio to the baseline, which is itself in the list with ratio 1.
pub(super) fn ranked<'a>(model: &'a ReportModel, spec: &Work) -> Vec<&'a CellReport> {
    let Some(baseline) = model.baseline() else {
        return Vec::new();
    };
    let kv = baseline.config.kv();
    let speed = |cell: &CellReport| match &cell.vs_baseline {
        Some(comparison) => comparison.ratio.estimate,
        None if cell.arm.is_baseline => 1.0,
        None => 0.0,
    };
    let mut cells: Vec<&CellReport> = model
        .cells
        .iter()
        .filter(|c| c.spec == *spec && c.is_ok() && !c.arm.is_control)
        .filter(|c| c.arm.config.kv() == kv && speed(c) > 0.0)
        .collect();
    cells.sort_by(|a, b| speed(b).total_cmp(&speed(a)));
    cells
}

/// `Q8_0 decodes 1.71x [1.66, 1.76] faster than F16`.
pub(super) fn decodes(
    t: Lang,
    cell: &CellReport,
    comparison: &Comparison,
    baseline: &str,
    workload: Workload,
) -> String {
    let (name, ratio) = (cell.arm.label(), t.ratio(&comparison.ratio));
    let verb = match workload {
        Workload::Prefill => t.prefills(),
        _ => t.decodes(),
    };
    match comparison.verdict {
        Verdict::Faster => t.is_faster(name, verb, ratio, baseline),
        Verdict::Slower => t.is_slower(name, verb, ratio, baseline),
        Verdict::Same => t.is_same(name, verb, ratio, baseline),
        Verdict::CantTell => t.is_unknown(name, verb, ratio, baseline),
    }
}

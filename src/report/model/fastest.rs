//! Who is fastest, in words, and by how much over the next one.

use super::cells::Rounds;
use super::compare::compare_pair;
use super::{CellReport, Comparison, ReportModel};
use crate::data::{Arm, WorkSpec, Workload};
use crate::report::text;
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
    let at = |cell: &CellReport| match workload {
        Workload::Prefill => format!("for {} tokens", cell.n_context()),
        _ => format!("at depth {}", cell.n_context()),
    };
    let ratios: Vec<String> = rankings
        .iter()
        .filter_map(|cells| {
            Some(format!(
                "{} {}",
                text::ratio(&cells[0].vs_baseline.as_ref()?.ratio),
                at(cells[0])
            ))
        })
        .collect();
    let deepest = rankings.last()?[0];
    let name = &best.arm.variant;
    let mut said = vec![format!(
        "{name} {} fastest in every context: {} faster than {}; {} t/s {}.",
        verb(workload),
        text::list(&ratios),
        baseline.variant,
        text::tps(deepest.tps.as_ref()),
        at(deepest)
    )];
    if rankings
        .iter()
        .all(|cells| cells[1].arm.id == second.arm.id && !second.arm.is_baseline)
    {
        let pairs = rankings.iter().filter_map(|cells| {
            let pair = compare_pair(&model.header, rounds, &model.control, cells[1], cells[0])?;
            let verdict = pair.verdict;
            Some(format!("{} {} ({verdict})", text::ratio(&pair.ratio), at(cells[0])))
        });
        let pairs: Vec<String> = pairs.collect();
        said.push(format!(
            "{name} against {}, the next one: {}.",
            second.arm.variant,
            text::list(&pairs)
        ));
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
    let best = cells.first()?;
    let place = match workload {
        Workload::Prefill => format!("For a prompt of {} tokens", best.n_context()),
        _ => format!("At depth {}", best.n_context()),
    };
    let Some(comparison) = &best.vs_baseline else {
        let next = cells
            .iter()
            .find_map(|cell| cell.vs_baseline.as_ref().map(|c| (cell, c)))?;
        let next = decodes(next.0, next.1, &baseline.variant, verb(workload));
        return Some(format!(
            "{place}, no variant comes out ahead of {}: {next}.",
            baseline.variant
        ));
    };
    let lead = decodes(best, comparison, &baseline.variant, verb(workload));
    let rate = text::tps(best.tps.as_ref());
    Some(format!(
        "{place}, {lead} ({rate} t/s){}.",
        against_runner_up(model, rounds, cells)
    ))
}

fn verb(workload: Workload) -> &'static str {
    if workload == Workload::Prefill {
        "prefills"
    } else {
        "decodes"
    }
}

/// The winner against the next variant: without it "fastest" would claim more than was measured.
fn against_runner_up(model: &ReportModel, rounds: &Rounds, cells: &[&CellReport]) -> String {
    let [best, second, ..] = cells else {
        return String::new();
    };
    if best.arm.is_baseline || second.arm.is_baseline {
        return String::new();
    }
    let pair = compare_pair(&model.header, rounds, &model.control, second, best);
    pair.map_or(String::new(), |pair| {
        format!(
            "; against {}, the next one: {} ({})",
            second.arm.variant,
            text::ratio(&pair.ratio),
            pair.verdict
        )
    })
}

/// Plain-cache arms on one work, fastest first: by ratio to the baseline, which is itself in the list with ratio 1.
pub(super) fn ranked<'a>(model: &'a ReportModel, spec: &WorkSpec) -> Vec<&'a CellReport> {
    let Some(baseline) = model.baseline() else {
        return Vec::new();
    };
    let kv = (baseline.config.type_k, baseline.config.type_v);
    let speed = |cell: &CellReport| match &cell.vs_baseline {
        Some(comparison) => comparison.ratio.estimate,
        None if cell.arm.is_baseline => 1.0,
        None => 0.0,
    };
    let mut cells: Vec<&CellReport> = model
        .cells
        .iter()
        .filter(|c| c.spec == *spec && c.is_ok() && !c.arm.is_control)
        .filter(|c| (c.arm.config.type_k, c.arm.config.type_v) == kv && speed(c) > 0.0)
        .collect();
    cells.sort_by(|a, b| speed(b).total_cmp(&speed(a)));
    cells
}

/// `Q8_0 decodes 1.71x [1.66, 1.76] faster than F16`.
pub(super) fn decodes(cell: &CellReport, comparison: &Comparison, baseline: &str, verb: &str) -> String {
    let (name, ratio) = (&cell.arm.variant, text::ratio(&comparison.ratio));
    match comparison.verdict {
        Verdict::Faster => format!("{name} {verb} {ratio} faster than {baseline}"),
        Verdict::Slower => format!("{name} {verb} at {ratio} the speed of {baseline}, slower"),
        Verdict::Same => format!("{name} {verb} at {ratio} the speed of {baseline}: the same"),
        Verdict::CantTell => {
            format!("{name} {verb} at {ratio} the speed of {baseline}: whether that is a difference cannot be told")
        }
    }
}

//! Who is fastest, in words, and by how much over the next one.

use crate::data::{Arm, Workload};
use crate::report::lang::Lang;
use crate::report::model::Ranking;
use crate::report::{CellReport, Comparison, Report};
use crate::stats::Verdict;

impl Report<'_> {
    /// Who is fastest at a kind of work: one sentence where it is the same variant in every context, else one each.
    pub(in crate::report) fn fastest(&self, workload: Workload) -> Vec<String> {
        let Some(baseline) = self.baseline() else {
            return Vec::new();
        };
        let rankings = self.rankings.iter().filter(|r| r.work.workload() == workload);
        let rankings: Vec<Ranked> = rankings.filter_map(|ranking| Ranked::of(self, ranking)).collect();
        if let Some(said) = fastest_everywhere(self, baseline, workload, &rankings) {
            return said;
        }
        rankings
            .iter()
            .filter_map(|cells| fastest_here(self, baseline, workload, cells))
            .collect()
    }
}

/// The cells of a ranking.
struct Ranked<'a> {
    cells: Vec<&'a CellReport>,
    lead: Option<&'a Comparison>,
}

impl<'a> Ranked<'a> {
    fn of(model: &'a Report, ranking: &'a Ranking) -> Option<Ranked<'a>> {
        let cells = ranking.arms.iter().map(|arm| model.cell(arm, &ranking.work));
        Some(Ranked {
            cells: cells.collect::<Option<_>>()?,
            lead: ranking.lead.as_ref(),
        })
    }
}

fn fastest_everywhere(model: &Report, baseline: &Arm, workload: Workload, rankings: &[Ranked]) -> Option<Vec<String>> {
    let first = rankings.first()?;
    let (best, second) = (first.cells[0], first.cells[1]);
    let is_settled = |Ranked { cells, .. }: &Ranked| {
        let verdict = cells[0].vs_baseline.as_ref().map(|c| c.verdict);
        (cells[0].arm.id == best.arm.id && verdict == Some(Verdict::Faster)).then_some(())
    };
    if rankings.len() < 2 || rankings.iter().any(|ranked| is_settled(ranked).is_none()) {
        return None;
    }
    let t = model.lang;
    let at = |cell: &CellReport| match workload {
        Workload::Prefill => t.at_prompt(cell.n_context()),
        _ => t.at_depth(cell.n_context()),
    };
    let ratios: Vec<String> = rankings
        .iter()
        .filter_map(|Ranked { cells, .. }| {
            let ratio = t.ratio(&cells[0].vs_baseline.as_ref()?.ratio);
            Some(t.ratio_here(ratio, at(cells[0])))
        })
        .collect();
    let deepest = rankings.last()?.cells[0];
    let name = best.arm.label();
    let (ratios, rate) = (t.list(&ratios), t.tps(deepest.tps.as_ref()));
    let setting = at(deepest);
    let mut said = vec![t.fastest_everywhere(workload.name(), name, ratios, baseline.label(), rate, setting)];
    if rankings
        .iter()
        .all(|r| r.cells[1].arm.id == second.arm.id && !second.arm.is_baseline)
    {
        let pairs = rankings.iter().filter_map(|ranked| {
            let pair = ranked.lead?;
            Some(t.pair_here(t.ratio(&pair.ratio), at(ranked.cells[0]), t.verdict(pair.verdict)))
        });
        let pairs: Vec<String> = pairs.collect();
        said.push(t.against_next_everywhere(name, second.arm.label(), t.list(&pairs)));
    }
    Some(said)
}

fn fastest_here(model: &Report, baseline: &Arm, workload: Workload, ranked: &Ranked) -> Option<String> {
    let (t, cells) = (model.lang, &ranked.cells);
    let best = cells.first()?;
    let at = match workload {
        Workload::Prefill => t.setting_prompt(best.n_context()),
        _ => t.setting_depth(best.n_context()),
    };
    let Some(comparison) = &best.vs_baseline else {
        let next = cells
            .iter()
            .find_map(|cell| cell.vs_baseline.as_ref().map(|c| (cell, c)))?;
        let next = decodes(t, next.0, next.1, baseline.label(), workload);
        return Some(t.nobody_ahead(at, baseline.label(), next));
    };
    let lead = decodes(t, best, comparison, baseline.label(), workload);
    let rate = t.tps(best.tps.as_ref());
    Some(t.leads(at, lead, rate, against_runner_up(t, ranked)))
}

/// The winner against the next variant: without it "fastest" would claim more than was measured.
fn against_runner_up(t: Lang, ranked: &Ranked) -> String {
    let [best, second, ..] = ranked.cells.as_slice() else {
        return String::new();
    };
    if best.arm.is_baseline || second.arm.is_baseline {
        return String::new();
    }
    ranked.lead.map_or(String::new(), |pair| {
        t.against_next(second.arm.label(), t.ratio(&pair.ratio), t.verdict(pair.verdict))
    })
}

/// `Q8_0 decodes 1.71x [1.66, 1.76] faster than F16`.
fn decodes(t: Lang, cell: &CellReport, comparison: &Comparison, baseline: &str, workload: Workload) -> String {
    let (work, verdict) = (workload.name(), comparison.verdict.name());
    t.speed_against(cell.arm.label(), work, verdict, t.ratio(&comparison.ratio), baseline)
}

//! The recommendation in sentences.

use super::{DecisionReport, ReportModel};
use crate::decide::{Answer, Row, Standing};
use crate::stats::Verdict;

/// Rivals that are named in the sentence; the table has all.
const SHOWN: usize = 3;

/// The answer with its evidence, a sentence or two.
fn sentences(model: &ReportModel) -> Vec<String> {
    let Some(report) = &model.decision else {
        return Vec::new();
    };
    let t = model.lang;
    let arm = |i: usize| t.arm(&report.arms[i]);
    match &report.decision.answer {
        Answer::Take(one) => vec![t.take(arm(*one), facts(model, report, *one))],
        Answer::CantTell { lead, rivals } => {
            let mut each: Vec<String> = rivals.iter().map(|&i| rival(model, report, *lead, i)).collect();
            if each.len() > SHOWN {
                let n_more = each.len() - SHOWN;
                each.truncate(SHOWN);
                each.push(t.rivals_more(n_more));
            }
            let mut said = vec![t.cant_tell_which(each.join("; "))];
            said.extend(lead.map(|one| t.until_then(arm(one), facts(model, report, one))));
            said
        }
        Answer::None { closest: None } => Vec::new(),
        Answer::None { closest: Some(one) } => {
            let missed = unmet(model, &report.decision.rows[*one], |s| s != Standing::Met);
            vec![t.none_meets(), t.closest_is(arm(*one), missed)]
        }
    }
}

/// What would make another arm the choice, a sentence each.
pub(super) fn trade_offs(model: &ReportModel) -> Vec<String> {
    let Some(report) = &model.decision else {
        return Vec::new();
    };
    let t = model.lang;
    let rows = report.decision.rows.iter();
    rows.filter_map(|row| {
        let (wins_if, (ratio, _)) = (row.wins_if?, row.vs_lead?);
        let lead = report.decision.answer.lead()?;
        let (arm, lead) = (t.arm(&report.arms[row.candidate]), t.arm(&report.arms[lead]));
        Some(t.would_win(arm, t.wins_if(wins_if), t.fact_ratio(t.ratio(&ratio), lead)))
    })
    .collect()
}

/// Why it is this one: speed, quality, memory.
fn facts(model: &ReportModel, report: &DecisionReport, one: usize) -> String {
    let t = model.lang;
    let (arm, candidate) = (&report.arms[one], &report.candidates[one]);
    let baseline = model.baseline();
    let name = baseline.map_or_else(|| t.the_baseline(), |b| t.arm(b));
    let mut facts = Vec::new();
    let spec = &report.decode;
    if let Some(tps) = &candidate.decode_tps {
        let rate = t.tps(Some(tps));
        facts.push(match report.goal.users() {
            1 => t.fact_decode(rate, spec.n_depth),
            n => t.fact_users(rate, n),
        });
        let ratio = model.cell(&arm.id, spec).and_then(|c| c.vs_baseline.as_ref());
        facts.extend(ratio.map(|c| t.fact_ratio(t.ratio(&c.ratio), &name)));
    }
    facts.push(t.exactness(&candidate.quality, &name));
    facts.extend(candidate.ram_bytes.map(|bytes| t.fact_ram(t.bytes(bytes))));
    facts.join(", ")
}

fn rival(model: &ReportModel, report: &DecisionReport, lead: Option<usize>, i: usize) -> String {
    let t = model.lang;
    let row = &report.decision.rows[i];
    let arm = t.arm(&report.arms[i]);
    match (row.standing, &row.vs_lead, lead) {
        (Standing::Met, Some((ratio, _)), Some(lead)) => t.rival_speed(arm, t.ratio(ratio), t.arm(&report.arms[lead])),
        _ => t.rival_open(arm, unmet(model, row, |s| s == Standing::Open)),
    }
}

/// The limits that an arm does not (surely) keep to, with what was seen.
pub(in crate::report) fn unmet(model: &ReportModel, row: &Row, is_told: fn(Standing) -> bool) -> String {
    let told = row.checks.iter().filter(|c| is_told(c.standing));
    let told: Vec<String> = told.map(|c| model.lang.check(c)).collect();
    if told.is_empty() {
        model.lang.not_seen()
    } else {
        model.lang.list(&told)
    }
}

impl ReportModel {
    /// The recommendation in sentences; empty when there is none.
    pub fn answer(&self) -> Vec<String> {
        sentences(self)
    }
}

impl DecisionReport {
    /// Name of the answer in files.
    pub fn name(&self) -> &'static str {
        match self.decision.answer {
            Answer::Take(_) => "take",
            Answer::CantTell { .. } => "cant_tell",
            Answer::None { .. } => "none",
        }
    }

    /// Whether an arm keeps to the limits, or may.
    pub fn is_met(&self) -> bool {
        !matches!(self.decision.answer, Answer::None { .. })
    }

    /// Whether an arm may still become the choice, or is needed to judge the others: the baseline always is.
    pub fn is_in_race(&self, arm_id: &str) -> bool {
        let row = |i: usize| &self.decision.rows[i];
        self.arms
            .iter()
            .enumerate()
            .any(|(i, arm)| arm.id == arm_id && (arm.is_baseline || !is_hopeless(row(i))))
    }
}

/// Beyond doubt: it misses a limit, or is slower than the one that leads.
fn is_hopeless(row: &Row) -> bool {
    let is_slower = row.vs_lead.is_some_and(|(_, verdict)| verdict == Verdict::Slower);
    row.is_out && (row.standing == Standing::Missed || is_slower)
}

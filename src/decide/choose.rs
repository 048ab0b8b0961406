//! The choice among arms.

use super::check::{checks, Check, Limit, Standing};
use super::{Candidate, Exactness};
use crate::data::Goal;
use crate::stats::{Interval, Verdict, NEAR_KLD};
use std::cmp::Ordering;

/// Speed of one arm (the first index) relative to another's, and what may be said of it.
pub type Pair<'a> = dyn Fn(usize, usize) -> Option<(Interval, Verdict)> + 'a;

/// What is sought among the arms that meet every limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// The fastest in decode.
    Fastest,
    /// The most exact: where speed, latency or memory is limited and quality is not.
    MostExact,
}

/// The answer: indices of candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This one.
    Take(usize),
    /// One of several, of which the first is the best guess.
    CantTell {
        /// The best guess among those that meet the limits; absent when none is known to.
        lead: Option<usize>,
        /// The others that may be better, or may meet the limits.
        rivals: Vec<usize>,
    },
    /// None meets the limits.
    None {
        /// The one that comes closest; absent when nothing was measured.
        closest: Option<usize>,
    },
}

/// What would make another arm the choice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WinsIf {
    /// So much more perplexity were acceptable, as a fraction.
    PplLoss(f64),
    /// Such a mean KL divergence were acceptable, nats.
    Kld(f64),
    /// Memory were limited to this many bytes.
    Ram(u64),
    /// Memory of the device were limited to this many bytes.
    Vram(u64),
    /// So many tokens per second were enough.
    Decode(f64),
}

/// An arm in the decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Index of the candidate.
    pub candidate: usize,
    /// Every limit against it.
    pub checks: Vec<Check>,
    /// The worst of these.
    pub standing: Standing,
    /// Its speed relative to the choice or the best guess; absent for that one.
    pub vs_lead: Option<(Interval, Verdict)>,
    /// What would make it the choice, where one thing would.
    pub wins_if: Option<WinsIf>,
    /// Whether more measuring cannot make it the choice.
    pub is_out: bool,
}

/// A recommendation.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What was sought.
    pub objective: Objective,
    /// The answer.
    pub answer: Answer,
    /// Every candidate, in the order given.
    pub rows: Vec<Row>,
}

impl Answer {
    /// The choice, or the best guess.
    pub fn lead(&self) -> Option<usize> {
        match self {
            Answer::Take(one) => Some(*one),
            Answer::CantTell { lead, .. } => *lead,
            Answer::None { .. } => None,
        }
    }

    /// The others that may be it.
    pub fn rivals(&self) -> &[usize] {
        match self {
            Answer::CantTell { rivals, .. } => rivals,
            Answer::Take(_) | Answer::None { .. } => &[],
        }
    }

    /// Whether more measuring may change it.
    pub const fn is_open(&self) -> bool {
        matches!(self, Answer::CantTell { .. })
    }
}

/// Decides. Among arms of the same speed the one that takes less memory is chosen.
///
/// `pair` gives the speed of one candidate relative to another's, from rounds in which both were measured.
pub fn decide(goal: &Goal, arms: &[Candidate], pair: &Pair<'_>) -> Decision {
    let is_scored = arms.iter().any(|a| matches!(a.quality, Exactness::Known { .. }));
    let objective = if goal.limits_cost() && goal.max_quality_loss.is_none() && is_scored {
        Objective::MostExact
    } else {
        Objective::Fastest
    };
    // Where nothing was scored, or the most exact is sought, quality is no limit.
    let needs_quality = objective == Objective::Fastest && is_scored;
    let mut rows: Vec<Row> = arms
        .iter()
        .enumerate()
        .map(|(candidate, arm)| row(candidate, checks(goal, arm, needs_quality)))
        .collect();
    let answer = match objective {
        Objective::Fastest => {
            let in_race = |standing| {
                indices(&rows, |r| {
                    r.standing == standing && arms[r.candidate].decode_tps.is_some()
                })
            };
            fastest(arms, &in_race(Standing::Met), &in_race(Standing::Open), pair)
        }
        Objective::MostExact => most_exact(arms, &rows, pair),
    };
    let answer = answer.unwrap_or_else(|| none(&rows));
    let lead = answer.lead();
    for (i, row) in rows.iter_mut().enumerate() {
        row.vs_lead = lead.filter(|&l| l != i).and_then(|l| pair(i, l));
        row.is_out = lead != Some(i) && !answer.rivals().contains(&i);
    }
    if let Some(lead) = lead {
        for i in 0..rows.len() {
            rows[i].wins_if = wins_if(arms, &rows, i, lead, objective);
        }
    }
    Decision {
        objective,
        answer,
        rows,
    }
}

fn row(candidate: usize, checks: Vec<Check>) -> Row {
    Row {
        candidate,
        standing: checks.iter().map(|c| c.standing).max().unwrap_or(Standing::Met),
        checks,
        vs_lead: None,
        wins_if: None,
        is_out: false,
    }
}

fn indices(rows: &[Row], is_in: impl Fn(&Row) -> bool) -> Vec<usize> {
    rows.iter().filter(|r| is_in(r)).map(|r| r.candidate).collect()
}

/// By the estimates of decode; what was not measured comes first.
fn by_speed(arms: &[Candidate], a: usize, b: usize) -> Ordering {
    let speed = |i: usize| arms[i].decode_tps.map_or(0.0, |tps| tps.estimate);
    speed(a).total_cmp(&speed(b))
}

/// The fastest of those that meet the limits, unless another of them, or one that may meet them, may be faster.
fn fastest(arms: &[Candidate], met: &[usize], open: &[usize], pair: &Pair<'_>) -> Option<Answer> {
    let verdict = |a: usize, b: usize| pair(a, b).map_or(Verdict::CantTell, |(_, verdict)| verdict);
    let Some(best) = met.iter().copied().max_by(|&a, &b| by_speed(arms, a, b)) else {
        return (!open.is_empty()).then(|| Answer::CantTell {
            lead: None,
            rivals: open.to_vec(),
        });
    };
    let equals = met
        .iter()
        .copied()
        .filter(|&i| i == best || verdict(i, best) == Verdict::Same);
    let lead = equals
        .min_by_key(|&i| arms[i].ram_bytes.unwrap_or(u64::MAX))
        .unwrap_or(best);
    let may_beat = |&i: &usize| i != lead && !matches!(verdict(i, lead), Verdict::Slower | Verdict::Same);
    let mut rivals: Vec<usize> = met.iter().copied().filter(may_beat).collect();
    rivals.extend(open.iter().copied().filter(|&i| verdict(i, lead) != Verdict::Slower));
    Some(if rivals.is_empty() {
        Answer::Take(lead)
    } else {
        let lead = Some(lead);
        Answer::CantTell { lead, rivals }
    })
}

/// The fastest of those near the baseline; without such a one that with the smallest divergence.
fn most_exact(arms: &[Candidate], rows: &[Row], pair: &Pair<'_>) -> Option<Answer> {
    let loss = |i: usize| match arms[i].quality {
        Exactness::Baseline => 0.0,
        Exactness::Known { kld, .. } if kld.hi <= NEAR_KLD => 0.0,
        Exactness::Known { kld, .. } => kld.estimate,
        Exactness::Unknown => f64::INFINITY,
    };
    let of = |standing| indices(rows, |r| r.standing == standing);
    let (met, open) = (of(Standing::Met), of(Standing::Open));
    let least = met.iter().map(|&i| loss(i)).fold(f64::INFINITY, f64::min);
    if met.is_empty() {
        return fastest(arms, &met, &open, pair);
    }
    let as_exact = |all: &[usize]| {
        all.iter()
            .copied()
            .filter(|&i| loss(i) <= least)
            .collect::<Vec<usize>>()
    };
    let (met, mut open) = (as_exact(&met), as_exact(&open));
    if least > 0.0 {
        // Any that may meet the limits and is more exact would be the better choice, however fast.
        let lead = met.first().copied();
        open.retain(|&i| loss(i) < least);
        return Some(match (lead, open.is_empty()) {
            (Some(lead), true) => Answer::Take(lead),
            _ => Answer::CantTell { lead, rivals: open },
        });
    }
    fastest(arms, &met, &open, pair)
}

fn none(rows: &[Row]) -> Answer {
    let worst = |row: &Row| row.checks.iter().map(Check::shortfall).fold(0.0, f64::max);
    let limited = rows.iter().filter(|r| !r.checks.is_empty());
    let closest = limited.min_by(|a, b| worst(a).total_cmp(&worst(b)));
    Answer::None {
        closest: closest.map(|r| r.candidate),
    }
}

/// One change of the limits that would make arm `i` the choice.
fn wins_if(arms: &[Candidate], rows: &[Row], i: usize, lead: usize, objective: Objective) -> Option<WinsIf> {
    if i == lead {
        return None;
    }
    let unmet: Vec<&Check> = rows[i].checks.iter().filter(|c| c.standing != Standing::Met).collect();
    let is_faster = rows[i].vs_lead.is_some_and(|(_, verdict)| verdict == Verdict::Faster);
    match (unmet.as_slice(), arms[i].quality) {
        ([one], _) if objective == Objective::MostExact && matches!(one.limit, Limit::Decode(_)) => {
            Some(WinsIf::Decode(arms[i].decode_tps?.lo))
        }
        ([one], Exactness::Known { ln_ratio, kld }) if is_faster => match one.limit {
            Limit::Ppl(_) => Some(WinsIf::PplLoss(ln_ratio.hi.exp_m1().max(0.0))),
            Limit::Kld(_) => Some(WinsIf::Kld(kld.hi)),
            _ => None,
        },
        ([], _) => with_less_ram(arms, rows, i, lead).or_else(|| with_least_vram(arms, rows, i, lead)),
        _ => None,
    }
}

/// The fastest of those that keep to every limit with less memory than the lead.
fn with_less_ram(arms: &[Candidate], rows: &[Row], i: usize, lead: usize) -> Option<WinsIf> {
    let smaller = |r: &&Row| r.standing == Standing::Met && arms[r.candidate].ram_bytes < arms[lead].ram_bytes;
    let first = rows
        .iter()
        .filter(smaller)
        .max_by(|a, b| by_speed(arms, a.candidate, b.candidate))?;
    (first.candidate == i).then_some(WinsIf::Ram(arms[i].ram_bytes?))
}

/// The one with the least memory of the device that keeps to every limit: with layers as candidates, the fewest there that do.
fn with_least_vram(arms: &[Candidate], rows: &[Row], i: usize, lead: usize) -> Option<WinsIf> {
    let is_less = |bytes: &u64| arms[lead].vram_bytes.is_some_and(|most| *bytes < most);
    let own = arms[i].vram_bytes.filter(is_less)?;
    let met = rows.iter().filter(|r| r.standing == Standing::Met);
    let least = met.filter_map(|r| arms[r.candidate].vram_bytes).min()?;
    (own == least).then_some(WinsIf::Vram(own))
}

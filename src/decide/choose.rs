//! The choice among arms.

use super::check::{checks, Check, Seen, Standing};
use super::regret::{bound, is_beaten, Looks, Speeds};
use super::{Candidate, Exactness};
use crate::data::{Goal, Limit, Limited, QualityLoss};
use crate::stats::{Interval, NEAR_KLD};
use schemars::JsonSchema;
use serde::Serialize;

/// A prompt that takes longer than that of another arm as good by this factor tells against an arm.
const PROMPT_SLOWER: f64 = 1.05;
/// Differences of time and memory that do not put an arm on the front.
const ALIKE: f64 = 1.02;

/// What is sought among the arms that keep to every limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// The shortest request.
    Fastest,
    /// The most exact: where speed, latency or memory is limited and quality is not.
    MostExact,
}

/// What told the choice from the arms that are as good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettledBy {
    /// No other arm keeps to the limits.
    Limits,
    /// None is as good: it is the fastest.
    Speed,
    /// The others take longer over a prompt.
    Prompt,
    /// Its divergence from the baseline is the smallest.
    Quality,
    /// It takes the least memory.
    Memory,
}

/// The arm that is named.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Index of the candidate.
    pub arm: usize,
    /// Bound on how much faster the best of the others can be, as a fraction: 0.024 is 2.4 %. Absent where others were not measured
    /// beside it.
    pub regret: Option<f64>,
    /// Others that are as good: no arm can be faster than they are by more than the user accepts.
    pub as_good: Vec<usize>,
    /// What settled the choice.
    pub settled_by: SettledBy,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// This one.
    Take(Choice),
    /// None keeps to the limits.
    None {
        /// The one that comes closest; absent when nothing was measured.
        closest: Option<usize>,
    },
}

/// An arm in the decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Contestant {
    /// Index of the candidate.
    pub candidate: usize,
    /// Every limit against it.
    pub checks: Vec<Check>,
    /// The worst of these.
    pub standing: Standing,
    /// Speed of its requests relative to the choice's, by itself at 95 %; absent for that one.
    pub vs_choice: Option<Interval>,
    /// No other arm is better in everything: time of a request, memory and quality.
    pub is_on_front: bool,
    /// What would make it the choice, where one limit would.
    pub wins_if: Option<Limit>,
    /// Whether more measuring of speed cannot make it the choice.
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
    pub contestants: Vec<Contestant>,
}

impl Decision {
    /// The arm that is named.
    pub const fn choice(&self) -> Option<&Choice> {
        match &self.answer {
            Answer::Take(choice) => Some(choice),
            Answer::None { .. } => None,
        }
    }

    /// Limits of the arm that is named of which it is open whether it keeps to them.
    pub fn open(&self) -> Vec<&Check> {
        let contestant = self.choice().and_then(|c| self.contestants.get(c.arm));
        let checks = contestant.into_iter().flat_map(|contestant| &contestant.checks);
        checks.filter(|c| c.standing.is_open()).collect()
    }

    /// Whether more measuring can change nothing that matters: the bound is what the user accepts, no limit of the choice is open, and
    /// no other arm waits for one.
    pub fn is_settled(&self, goal: &Goal) -> bool {
        match &self.answer {
            Answer::Take(choice) => {
                let waits = |contestant: &Contestant| !contestant.is_out && contestant.standing.is_open();
                choice.regret.is_some_and(|r| r <= goal.regret()) && !self.contestants.iter().any(waits)
            }
            Answer::None { .. } => self.contestants.iter().all(|contestant| contestant.is_out),
        }
    }
}

/// What is known, and what is asked.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub arms: &'a [Candidate],
    pub speeds: &'a Speeds<'a>,
    pub has_quality: bool,
    pub looks: Looks,
}

/// Decides. `speeds` tells two arms' speeds apart, from launches in which both were measured; `has_quality`: texts were to be scored, so
/// what is not known of quality is open.
pub fn decide(goal: &Goal, arms: &[Candidate], speeds: &Speeds<'_>, has_quality: bool, looks: Looks) -> Decision {
    let case = Case {
        arms,
        speeds,
        has_quality,
        looks,
    };
    let mut decision = choose(goal, case);
    let chosen = decision.choice().map(|c| c.arm);
    for i in 0..arms.len() {
        decision.contestants[i].is_on_front = is_on_front(arms, i);
        decision.contestants[i].is_out = is_out(&decision, case, i);
        if let Some(lead) = chosen.filter(|&lead| lead != i) {
            decision.contestants[i].vs_choice = speeds(i, lead).and_then(|seen| seen.interval(0.05));
            decision.contestants[i].wins_if = wins_if(goal, case, i);
        }
    }
    decision
}

fn choose(goal: &Goal, case: Case) -> Decision {
    let objective = if goal.limits_cost() && goal.max_quality_loss.is_none() && case.has_quality {
        Objective::MostExact
    } else {
        Objective::Fastest
    };
    // Where nothing is scored, or the most exact is sought, quality is no limit.
    let needs_quality = objective == Objective::Fastest && case.has_quality;
    let contestant = |(candidate, arm): (usize, &Candidate)| {
        let checks = checks(goal, arm, needs_quality);
        Contestant {
            candidate,
            standing: checks.iter().map(|c| c.standing).max().unwrap_or(Standing::Met),
            checks,
            vs_choice: None,
            is_on_front: false,
            wins_if: None,
            is_out: false,
        }
    };
    let contestants: Vec<Contestant> = case.arms.iter().enumerate().map(contestant).collect();
    let pool = pool(&contestants, case.arms, objective);
    let answer = match lead(&pool, case.speeds) {
        Some(lead) => Answer::Take(take(goal, case, &contestants, &pool, lead)),
        None => Answer::None {
            closest: closest(&contestants),
        },
    };
    Decision {
        objective,
        answer,
        contestants,
    }
}

/// The arms that may be named: those that keep to every limit beyond doubt; where there are none, those that may. Of them the most
/// exact ones where that is sought.
fn pool(contestants: &[Contestant], arms: &[Candidate], objective: Objective) -> Vec<usize> {
    let of = |standing: Standing| -> Vec<usize> {
        let is_in = |contestant: &&Contestant| {
            let arm = &arms[contestant.candidate];
            contestant.standing == standing && !arm.is_dropped && arm.request_ns.is_some()
        };
        contestants
            .iter()
            .filter(is_in)
            .map(|contestant| contestant.candidate)
            .collect()
    };
    let met = of(Standing::Met);
    let all = if met.is_empty() { of(Standing::Open) } else { met };
    if objective == Objective::Fastest {
        return all;
    }
    let least = all.iter().map(|&i| loss(&arms[i])).fold(f64::INFINITY, f64::min);
    all.into_iter().filter(|&i| loss(&arms[i]) <= least).collect()
}

/// Divergence as it counts: nothing is ranked near the baseline.
fn loss(arm: &Candidate) -> f64 {
    match arm.quality {
        Exactness::Baseline => 0.0,
        Exactness::Scored { kld, .. } if kld.estimate() <= NEAR_KLD => 0.0,
        Exactness::Scored { kld, .. } => kld.estimate(),
        Exactness::Unscored => f64::INFINITY,
    }
}

/// The fastest by the estimates: no other one of them is ahead of it by more than it has to be.
fn lead(pool: &[usize], speeds: &Speeds<'_>) -> Option<usize> {
    let behind = |i: usize| {
        let others = pool.iter().filter(|&&j| j != i);
        others
            .filter_map(|&j| speeds(j, i))
            .map(|seen| seen.mean)
            .fold(f64::NEG_INFINITY, f64::max)
    };
    pool.iter().copied().min_by(|&a, &b| behind(a).total_cmp(&behind(b)))
}

fn take(goal: &Goal, case: Case, contestants: &[Contestant], pool: &[usize], lead: usize) -> Choice {
    let alpha = case.looks.alpha();
    let bound_of = |i: usize| bound(i, pool, case.speeds, alpha);
    let is_good = |i: usize| bound_of(i).is_some_and(|u| u <= goal.regret().ln_1p());
    let mut good: Vec<usize> = pool.iter().copied().filter(|&i| i == lead || is_good(i)).collect();
    // What left because it is slower was a candidate too.
    let is_alone = pool.len() == 1
        && !contestants
            .iter()
            .any(|r| r.standing == Standing::Met && r.candidate != lead);
    let (arm, settled_by) = if is_alone {
        (lead, SettledBy::Limits)
    } else if good.len() == 1 || !is_good(lead) {
        good = vec![lead];
        (lead, SettledBy::Speed)
    } else {
        settle(goal, case.arms, &good)
    };
    Choice {
        arm,
        regret: bound_of(arm).map(f64::exp_m1),
        as_good: good.into_iter().filter(|&i| i != arm).collect(),
        settled_by,
    }
}

/// What settles a tie, the figure that is to be small, and by which factor it may be larger.
type Rule<'a> = (SettledBy, &'a dyn Fn(usize) -> f64, f64);

/// One of several that are as good: by the time of a prompt, divergence, memory; by memory first where memory is limited.
fn settle(goal: &Goal, arms: &[Candidate], good: &[usize]) -> (usize, SettledBy) {
    let mut left = good.to_vec();
    let ram = |i: usize| arms[i].ram_bytes.map_or(f64::INFINITY, |bytes| bytes as f64);
    let kld = |i: usize| loss(&arms[i]);
    let prompt = |i: usize| arms[i].prompt_ns.unwrap_or(0.0);
    let rules: [Rule<'_>; 4] = [
        (
            SettledBy::Memory,
            &ram,
            if goal.max_ram_bytes.is_some() {
                1.0
            } else {
                f64::INFINITY
            },
        ),
        (SettledBy::Prompt, &prompt, PROMPT_SLOWER),
        (SettledBy::Quality, &kld, 1.0),
        (SettledBy::Memory, &ram, 1.0),
    ];
    for (by, of, slack) in rules {
        let least = left.iter().map(|&i| of(i)).fold(f64::INFINITY, f64::min);
        let most = if least == 0.0 && slack.is_finite() {
            0.0
        } else {
            least * slack
        };
        if !most.is_nan() {
            left.retain(|&i| of(i) <= most);
        }
        if left.len() == 1 {
            return (left[0], by);
        }
    }
    // Alike in everything.
    (left.first().copied().unwrap_or(good[0]), SettledBy::Memory)
}

/// The arm whose worst shortfall is the smallest; one of which something is not known only where that is so of all.
fn closest(contestants: &[Contestant]) -> Option<usize> {
    let worst = |contestant: &Contestant| contestant.checks.iter().map(Check::shortfall).fold(0.0, f64::max);
    let is_unknown = |contestant: &Contestant| contestant.checks.iter().any(|c| c.seen == Seen::Nothing);
    let order =
        |a: &&Contestant, b: &&Contestant| is_unknown(a).cmp(&is_unknown(b)).then(worst(a).total_cmp(&worst(b)));
    let limited = contestants.iter().filter(|r| !r.checks.is_empty());
    limited.min_by(order).map(|r| r.candidate)
}

/// Whether no more of its speed need be known: it misses a limit, its quality does not keep to one (texts are scored before), it is
/// less exact than an arm that keeps to the limits where exactness is sought, or it is slower beyond doubt than such an arm.
fn is_out(decision: &Decision, case: Case, i: usize) -> bool {
    let contestant = &decision.contestants[i];
    let is_quality = |c: &&Check| c.limit.on.is_quality();
    let vetoed = contestant
        .checks
        .iter()
        .filter(is_quality)
        .any(|c| !c.standing.may_be_chosen());
    if case.arms[i].is_dropped || contestant.standing == Standing::Missed || vetoed {
        return true;
    }
    let Some(choice) = decision
        .choice()
        .filter(|c| decision.contestants[c.arm].standing == Standing::Met)
    else {
        return false;
    };
    if decision.objective == Objective::MostExact && loss(&case.arms[i]) != loss(&case.arms[choice.arm]) {
        return loss(&case.arms[i]) > loss(&case.arms[choice.arm]);
    }
    let keeps = |&j: &usize| j == i || decision.contestants[j].standing == Standing::Met && !case.arms[j].is_dropped;
    let rivals: Vec<usize> = (0..case.arms.len()).filter(keeps).collect();
    is_beaten(i, &rivals, case.speeds, case.looks.alpha())
}

/// Whether none of the others is at least as good in time, memory and quality.
fn is_on_front(arms: &[Candidate], i: usize) -> bool {
    let figures = |arm: &Candidate| {
        Some([
            arm.request_ns?,
            arm.ram_bytes.map_or(0.0, |bytes| bytes as f64),
            loss(arm),
        ])
    };
    let Some(own) = figures(&arms[i]) else { return false };
    let beats = |other: [f64; 3]| {
        let [time, ram, kld] = other;
        let is_no_worse = time <= own[0] * ALIKE && ram <= own[1] * ALIKE && kld <= own[2];
        let is_better = time * ALIKE < own[0] || ram * ALIKE < own[1] || kld < own[2];
        is_no_worse && is_better
    };
    !arms.iter().filter_map(figures).any(beats)
}

/// The limit that would make arm `i` the choice: one on quality as loose, or one on memory as tight, as it needs. With other limits
/// nothing would have left.
fn wins_if(goal: &Goal, case: Case, i: usize) -> Option<Limit> {
    let all: Vec<Candidate> = case
        .arms
        .iter()
        .map(|arm| Candidate {
            is_dropped: false,
            ..arm.clone()
        })
        .collect();
    let case = Case { arms: &all, ..case };
    let arm = &case.arms[i];
    let is_chosen = |goal: Goal| choose(&goal, case).choice().is_some_and(|c| c.arm == i);
    let upper = |known: super::Known| match known {
        super::Known::Interval(interval) => interval.hi,
        super::Known::Point(x) => x,
    };
    let (on, most) = match (goal.max_quality_loss, arm.quality) {
        (Some(QualityLoss::Ppl(_)), Exactness::Scored { ln_ratio, .. }) => {
            (Limited::Ppl, Some(rounded_up(upper(ln_ratio).exp_m1())))
        }
        (_, Exactness::Scored { kld, .. }) => (Limited::Kld, Some(rounded_up(upper(kld)))),
        _ => (Limited::Kld, None),
    };
    let mib = |bytes: u64| bytes.next_multiple_of(1 << 20) as f64;
    let changes = [
        (on, most),
        (Limited::RamBytes, arm.ram_bytes.map(mib)),
        (Limited::DeviceBytes, arm.vram_bytes.map(mib)),
    ];
    let changes = changes
        .into_iter()
        .filter_map(|(on, value)| Some(Limit { on, value: value? }));
    changes.into_iter().find(|&limit| is_chosen(goal.with(limit)))
}

/// The next number of two digits that is not below: what a person would type.
fn rounded_up(x: f64) -> f64 {
    if !(x > 0.0 && x.is_finite()) {
        return x.max(0.0);
    }
    let unit = 10f64.powf(x.log10().floor() - 1.0);
    let digits = (x / unit).ceil();
    let typed = |digits: f64| (digits * unit * 1e12).round() / 1e12;
    Some(typed(digits))
        .filter(|y| *y >= x)
        .unwrap_or_else(|| typed(digits + 1.0))
}

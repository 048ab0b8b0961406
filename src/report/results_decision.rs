//! The recommendation in `results.json`.

use super::lang::Lang;
use super::model::{DecisionReport, More, ReportModel};
use crate::data::{Goal, LeftOut, Limit, Purpose, RequestShape};
use crate::decide::{Answer, Check, Exactness, Known, Objective, SettledBy, Standing};
use crate::stats::Interval;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
pub(super) struct Decision<'a> {
    answer: &'static str,
    objective: Objective,
    goal: Goal,
    request: RequestShape,
    arm: Option<&'a str>,
    regret: Option<f64>,
    regret_target: f64,
    as_good: Vec<&'a str>,
    settled_by: Option<SettledBy>,
    open: Vec<&'a Check>,
    n_launches: u32,
    n_rounds: u32,
    more: Option<More>,
    closest: Option<&'a str>,
    said: Vec<String>,
    alternatives: Vec<String>,
    by_purpose: Vec<ByPurpose<'a>>,
    candidates: Vec<Candidate<'a>>,
    left_out: &'a [LeftOut],
}

#[derive(Serialize, JsonSchema)]
struct ByPurpose<'a> {
    purpose: Purpose,
    request: RequestShape,
    arm: Option<&'a str>,
    regret: Option<f64>,
    request_ns: Option<u64>,
    is_between: bool,
}

#[derive(Serialize, JsonSchema)]
struct Candidate<'a> {
    arm: &'a str,
    standing: Standing,
    is_dropped: bool,
    is_on_front: bool,
    request_ns: Option<u64>,
    decode_tps: Option<Interval>,
    ttft_ns: Option<Interval>,
    ram_bytes: Option<u64>,
    device_bytes: Option<u64>,
    n_ctx_max: Option<u64>,
    quality: Option<Quality>,
    vs_choice: Option<Interval>,
    checks: &'a [Check],
    wins_if: Option<Limit>,
    predicted: Option<Predicted>,
}

#[derive(Serialize, JsonSchema)]
struct Predicted {
    decode_tps: f64,
    ttft_ns: u64,
    ram_bytes: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Quality {
    ln_ratio: Figure,
    kld: Figure,
    is_composed: bool,
}

/// With fewer chunks than an interval needs there is none.
#[derive(Serialize, JsonSchema)]
struct Figure {
    estimate: f64,
    interval: Option<Interval>,
}

pub(super) fn decision(model: &ReportModel) -> Option<Decision<'_>> {
    let report = model.decision.as_ref()?;
    let id = |i: usize| report.arms[i].id.as_str();
    let choice = report.decision.choice();
    let by_purpose = report.by_purpose.iter().map(|p| ByPurpose {
        purpose: p.purpose,
        request: p.purpose.request(),
        arm: p.arm.map(id),
        regret: p.regret,
        request_ns: p.request_ns.map(|ns| ns as u64),
        is_between: p.is_between,
    });
    Some(Decision {
        answer: report.name(),
        objective: report.decision.objective,
        goal: report.goal,
        request: report.request,
        arm: choice.map(|c| id(c.arm)),
        regret: choice.and_then(|c| c.regret),
        regret_target: report.goal.regret(),
        as_good: choice.map_or_else(Vec::new, |c| c.as_good.iter().map(|&i| id(i)).collect()),
        settled_by: choice.map(|c| c.settled_by),
        open: report.decision.open(),
        n_launches: report.n_launches,
        n_rounds: report.n_rounds,
        more: report.more,
        closest: match &report.decision.answer {
            Answer::None { closest } => closest.map(id),
            Answer::Take(_) => None,
        },
        said: model.told(Lang::default()).answer(),
        alternatives: model.told(Lang::default()).alternatives(),
        by_purpose: by_purpose.collect(),
        candidates: (0..report.arms.len()).map(|i| candidate(model, report, i)).collect(),
        left_out: &model.header.left_out,
    })
}

fn candidate<'a>(model: &'a ReportModel, report: &'a DecisionReport, i: usize) -> Candidate<'a> {
    let predicted = model.header.predicted.iter().find(|p| p.arm == report.arms[i].id);
    let (seen, contestant) = (&report.candidates[i], &report.decision.contestants[i]);
    let figure = |known: &Known| Figure {
        estimate: known.estimate(),
        interval: match known {
            Known::Interval(i) => Some(*i),
            Known::Point(_) => None,
        },
    };
    Candidate {
        arm: &report.arms[i].id,
        standing: contestant.standing,
        is_dropped: seen.is_dropped,
        is_on_front: contestant.is_on_front,
        request_ns: seen.request_ns.map(|ns| ns as u64),
        decode_tps: seen.decode_tps,
        ttft_ns: seen.ttft_ns,
        ram_bytes: seen.ram_bytes,
        device_bytes: seen.vram_bytes,
        n_ctx_max: seen.n_ctx_max,
        quality: match &seen.quality {
            Exactness::Scored { ln_ratio, kld } => Some(Quality {
                ln_ratio: figure(ln_ratio),
                kld: figure(kld),
                is_composed: report.is_composed[i],
            }),
            Exactness::Baseline | Exactness::Unscored => None,
        },
        vs_choice: contestant.vs_choice,
        checks: &contestant.checks,
        wins_if: contestant.wins_if,
        predicted: predicted.map(|p| Predicted {
            decode_tps: p.decode_tps,
            ttft_ns: p.ttft_ns,
            ram_bytes: p.peak_bytes,
        }),
    }
}

//! The recommendation in `results.json`.

use super::model::{DecisionReport, ReportModel};
use super::results::{median, median_ns, Median, MedianNs};
use crate::data::{Goal, LeftOut};
use crate::decide::{Answer, Check, Exactness, Limit, Objective, Seen, Standing, WinsIf};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Decision<'a> {
    answer: &'static str,
    objective: &'static str,
    goal: Goal,
    arm: Option<&'a str>,
    rivals: Vec<&'a str>,
    closest: Option<&'a str>,
    said: Vec<String>,
    candidates: Vec<Candidate<'a>>,
    left_out: &'a [LeftOut],
}

#[derive(Serialize)]
struct Candidate<'a> {
    arm: &'a str,
    standing: &'static str,
    decode_tps: Option<Median>,
    ttft_ns: Option<MedianNs>,
    ram_bytes: Option<u64>,
    device_bytes: Option<u64>,
    n_ctx_max: Option<u64>,
    quality: Option<Quality>,
    vs_lead: Option<VsLead>,
    checks: Vec<CheckOf>,
    wins_if: Option<Wins>,
    predicted: Option<Predicted>,
}

#[derive(Serialize)]
struct Predicted {
    decode_tps: f64,
    ttft_ns: u64,
    ram_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Quality {
    ln_ratio: Median,
    kld: Median,
    is_composed: bool,
}

#[derive(Serialize)]
struct VsLead {
    #[serde(flatten)]
    ratio: Median,
    verdict: &'static str,
}

#[derive(Serialize)]
struct CheckOf {
    limit: &'static str,
    value: f64,
    seen: Option<f64>,
    standing: &'static str,
}

#[derive(Serialize)]
struct Wins {
    limit: &'static str,
    value: f64,
}

pub(super) fn decision(model: &ReportModel) -> Option<Decision<'_>> {
    let report = model.decision.as_ref()?;
    let id = |i: usize| report.arms[i].id.as_str();
    let answer = &report.decision.answer;
    let closest = match answer {
        Answer::None { closest } => closest.map(id),
        Answer::Take(_) | Answer::CantTell { .. } => None,
    };
    Some(Decision {
        answer: report.name(),
        objective: match report.decision.objective {
            Objective::Fastest => "fastest",
            Objective::MostExact => "most_exact",
        },
        goal: report.goal,
        arm: answer.lead().map(id),
        rivals: answer.rivals().iter().map(|&i| id(i)).collect(),
        closest,
        said: model.answer(),
        candidates: (0..report.arms.len()).map(|i| candidate(model, report, i)).collect(),
        left_out: &model.header.left_out,
    })
}

fn candidate<'a>(model: &'a ReportModel, report: &'a DecisionReport, i: usize) -> Candidate<'a> {
    let predicted = model.header.predicted.iter().find(|p| p.arm == report.arms[i].id);
    let (seen, row) = (&report.candidates[i], &report.decision.rows[i]);
    Candidate {
        arm: &report.arms[i].id,
        standing: standing(row.standing),
        decode_tps: seen.decode_tps.as_ref().map(median),
        ttft_ns: seen.ttft_ns.as_ref().map(median_ns),
        ram_bytes: seen.ram_bytes,
        device_bytes: seen.vram_bytes,
        n_ctx_max: seen.n_ctx_max,
        quality: match &seen.quality {
            Exactness::Known { ln_ratio, kld } => Some(Quality {
                ln_ratio: median(ln_ratio),
                kld: median(kld),
                is_composed: report.is_composed[i],
            }),
            Exactness::Baseline | Exactness::Unknown => None,
        },
        vs_lead: row.vs_lead.as_ref().map(|(ratio, verdict)| VsLead {
            ratio: median(ratio),
            verdict: verdict.name(),
        }),
        checks: row.checks.iter().map(check).collect(),
        wins_if: row.wins_if.map(|what| match what {
            WinsIf::PplLoss(value) => Wins { limit: "ppl", value },
            WinsIf::Kld(value) => Wins { limit: "kld", value },
            WinsIf::Ram(bytes) => Wins {
                limit: "ram_bytes",
                value: bytes as f64,
            },
            WinsIf::Vram(bytes) => Wins {
                limit: "device_bytes",
                value: bytes as f64,
            },
            WinsIf::Decode(value) => Wins {
                limit: "decode_tps",
                value,
            },
        }),
        predicted: predicted.map(|p| Predicted {
            decode_tps: p.decode_tps,
            ttft_ns: p.ttft_ns,
            ram_bytes: p.peak_bytes,
        }),
    }
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Met => "met",
        Standing::Open => "open",
        Standing::Missed => "missed",
    }
}

fn check(check: &Check) -> CheckOf {
    let (limit, value) = match check.limit {
        Limit::Decode(tps) => ("decode_tps", tps),
        Limit::Ttft(ns) => ("ttft_ns", ns as f64),
        Limit::Ram(bytes) => ("ram_bytes", bytes as f64),
        Limit::Vram(bytes) => ("device_bytes", bytes as f64),
        Limit::Context(n) => ("n_ctx", f64::from(n)),
        Limit::Ppl(loss) => ("ppl", loss),
        Limit::Kld(nats) => ("kld", nats),
    };
    let seen = match check.seen {
        Seen::Interval(i) => Some(i.estimate),
        Seen::Exact(n) => Some(n as f64),
        Seen::Baseline | Seen::Nothing => None,
    };
    CheckOf {
        limit,
        value,
        seen,
        standing: standing(check.standing),
    }
}

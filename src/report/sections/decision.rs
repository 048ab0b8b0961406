//! "Which one to run": the recommendation, every candidate against it, and how to run it.

use super::opening::{command, divergence};
use crate::data::{FailureKind, Goal, Outcome};
use crate::decide::{Objective, Standing};
use crate::report::document::{introduced, paragraph, said, section, Block, Value};
use crate::report::emit::Program;
use crate::report::model::DecisionReport;
use crate::report::say::unmet;
use crate::report::table::Rows;
use crate::report::Report;
use crate::units;

pub(super) fn decision(model: &Report) -> Vec<Block> {
    let Some(report) = model.decision.as_ref().filter(|_| model.has_results()) else {
        return Vec::new();
    };
    let t = model.lang;
    let (request, limits) = (model.request_words(report.request), limits(model, report));
    let intro = match report.decision.objective {
        Objective::Fastest => t.which_intro_fastest(request, limits),
        Objective::MostExact => t.which_intro_exact(request, limits),
    };
    let mut body = candidates(model, report);
    body.extend(said(model.alternatives()));
    if report.decision.contestants.iter().any(|r| r.vs_choice.is_some()) {
        let (launches, rounds) = (t.launches(report.n_launches), t.rounds(report.n_rounds));
        body.extend(paragraph(&t.regret_note(launches, rounds)));
    }
    if report.is_composed.contains(&true) {
        body.extend(paragraph(&t.composed_note()));
    }
    body.extend(purposes(model, report));
    body.extend(predicted(model, report));
    body.extend(left_out(model));
    section(t.which_one(), intro, body)
}

/// What runs the choice elsewhere, and how large a context it may have.
pub(super) fn running(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let Some((report, choice)) = model.choice() else {
        return Vec::new();
    };
    let mut body = Vec::new();
    if let Some(n) = report.candidates[choice.arm].n_ctx_max {
        let n_ctx_train = model.header.model.n_ctx_train;
        let beyond = if n > u64::from(n_ctx_train) {
            t.beyond_training(n_ctx_train)
        } else {
            String::new()
        };
        let name = t.arm(&report.arms[choice.arm]);
        body.extend(said(vec![t.context_that_fits(name, units::count(n)) + &beyond]));
    }
    for (name, program) in [
        ("llama-cli", Program::LlamaCli),
        ("Ollama", Program::Ollama),
        ("LM Studio", Program::LmStudio),
    ] {
        if let Some(shown) = command(model, program) {
            body.extend([Block::Part(name.to_owned()), shown]);
        }
    }
    section(t.running(), t.running_intro(), body)
}

fn limits(model: &Report, report: &DecisionReport) -> String {
    let t = model.lang;
    let checks = report
        .decision
        .contestants
        .first()
        .map(|r| r.checks.as_slice())
        .unwrap_or_default();
    let mut named: Vec<String> = checks.iter().map(|c| t.limit(c.limit)).collect();
    let Goal { n_users, .. } = report.goal;
    named.extend(n_users.map(|n| t.limit_of_users(n)));
    if named.is_empty() {
        t.no_limits()
    } else {
        t.list(&named)
    }
}

fn candidates(model: &Report, report: &DecisionReport) -> Vec<Block> {
    let t = model.lang;
    let choice = report.decision.choice().map(|c| c.arm);
    let is_broken = |i: usize| {
        let cell = model.cell(&report.arms[i].id, &report.decode);
        cell.is_some_and(|c| matches!(c.outcome, Outcome::Failed(FailureKind::Broken, _)))
    };
    Rows::of(
        t,
        report
            .decision
            .contestants
            .iter()
            .map(|contestant| (contestant, &report.candidates[contestant.candidate])),
    )
    .column(t.h_variant(), |(contestant, _)| {
        t.arm(&report.arms[contestant.candidate])
    })
    .column(t.h_request_time(), |(_, seen)| {
        Value::some(t, seen.request_ns, |ns| (ns, t.time(ns)))
    })
    .column(
        t.h_speed_against(choice.map_or_else(|| t.na(), |i| t.arm(&report.arms[i]))),
        |(contestant, _)| match choice == Some(contestant.candidate) {
            true => Value::number(1.0, t.the_choice()),
            false => Value::ratio(t, contestant.vs_choice),
        },
    )
    .column(t.h_decode_tps(report.decode), |(_, seen)| {
        Value::rate(t, seen.decode_tps)
    })
    .column(
        t.h_ttft(t.or_na(report.prefill, |spec| spec.to_string())),
        |(_, seen)| Value::ms(t, seen.ttft_ns),
    )
    .column(t.h_peak(), |(_, seen)| Value::mib(t, seen.ram_bytes))
    .column(t.h_quality_loss(), |(contestant, _)| {
        divergence(model, &report.arms[contestant.candidate])
    })
    .column(t.h_limits(), |(contestant, _)| match contestant.standing {
        _ if is_broken(contestant.candidate) => t.l_broken(),
        Standing::Met => t.l_met(),
        _ => unmet(model, contestant, |s| s != Standing::Met),
    })
    .column(t.h_choice_if(), |(contestant, _)| {
        contestant.wins_if.map_or(String::new(), |what| t.wins_flag(what))
    })
    .blocks()
}

/// The choice for each usual kind of request.
fn purposes(model: &Report, report: &DecisionReport) -> Vec<Block> {
    let t = model.lang;
    if report.by_purpose.len() < 2 {
        return Vec::new();
    }
    let regret = |r: f64| if r > 0.0 { t.up_to(t.percent(r)) } else { t.percent(0.0) };
    let table = Rows::of(t, &report.by_purpose)
        .column(t.h_purpose(), |p| p.purpose.name())
        .column(t.h_request(), |p| match p.purpose.request() {
            request if request.is_decode_alone() => t.in_decode(),
            request => request.to_string(),
        })
        .column(t.h_choice(), |p| {
            p.arm.map_or_else(|| t.no_choice(), |i| t.arm(&report.arms[i]))
        })
        .column(t.h_regret(), |p| Value::some(t, p.regret, |r| (r, regret(r))))
        .column(t.h_request_time(), |p| {
            Value::some(t, p.request_ns, |ns| match p.is_between {
                true => (ns, t.approximately(t.time(ns))),
                false => (ns, t.time(ns)),
            })
        });
    let mut body = introduced(&t.purposes_intro(), table.blocks());
    if report.by_purpose.iter().any(|p| p.is_between) {
        body.extend(paragraph(&t.purposes_between()));
    }
    body.extend(model.other_purposes().iter().filter_map(|said| paragraph(said)));
    body
}

/// What was predicted before the run beside what was measured.
fn predicted(model: &Report, report: &DecisionReport) -> Vec<Block> {
    let t = model.lang;
    let is_one_user = report.goal.users() == 1;
    let rows = model.header.predicted.iter().filter_map(|p| {
        let i = report.arms.iter().position(|arm| arm.id == p.arm)?;
        Some((p, &report.arms[i], &report.candidates[i]))
    });
    let beside = |text: String, predicted: f64, measured: Option<f64>| match measured.filter(|_| is_one_user) {
        Some(measured) => {
            let off = t.signed_percent(predicted / measured - 1.0);
            Value::number(predicted, t.off_by(text, off))
        }
        None => Value::number(predicted, text),
    };
    let table = Rows::of(t, rows)
        .column(t.h_variant(), |(_, arm, _)| t.arm(arm))
        .column(t.h_predicted_tps(), |(p, _, seen)| {
            beside(t.rate(p.decode_tps), p.decode_tps, seen.decode_tps.map(|i| i.estimate))
        })
        .column(t.h_measured_tps(), |(_, _, seen)| Value::rate(t, seen.decode_tps))
        .column(t.h_predicted_peak(), |(p, _, seen)| match p.peak_bytes {
            Some(bytes) => beside(t.mib(bytes), bytes as f64, seen.ram_bytes.map(|ram| ram as f64)),
            None => Value::absent(t),
        })
        .column(t.h_measured_peak(), |(_, _, seen)| Value::mib(t, seen.ram_bytes));
    introduced(&t.predicted_intro(), table.blocks())
}

/// Candidates that were not measured.
fn left_out(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let table = Rows::of(t, &model.header.left_out)
        .column(t.h_variant(), |out| out.variant.as_str())
        .column(t.h_why(), |out| t.why_left_out(out.why));
    introduced(&t.left_out_intro(), table.blocks())
}

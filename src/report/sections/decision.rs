//! "Which one to run": the recommendation, every candidate against it, and how to run it.

use crate::data::{FailureKind, Goal, Outcome};
use crate::decide::{Exactness, Objective, Standing};
use crate::report::document::{paragraph, section, table, Block};
use crate::report::model::{unmet, DecisionReport};
use crate::report::{emit, ReportModel};

pub(super) fn decision(model: &ReportModel) -> Vec<Block> {
    let Some(report) = model
        .decision
        .as_ref()
        .filter(|_| model.cells.iter().any(|c| c.is_ok()))
    else {
        return Vec::new();
    };
    let t = model.lang;
    let (request, limits) = (model.request_words(report.request), limits(model, report));
    let intro = match report.decision.objective {
        Objective::Fastest => t.which_intro_fastest(request, limits),
        Objective::MostExact => t.which_intro_exact(request, limits),
    };
    let mut body = candidates(model, report);
    if report.decision.rows.iter().any(|r| r.vs_choice.is_some()) {
        let (launches, rounds) = (t.launches(report.n_launches), t.rounds(report.n_rounds));
        body.extend(paragraph(&t.regret_note(launches, rounds)));
    }
    if report.is_composed.contains(&true) {
        body.extend(paragraph(&t.composed_note()));
    }
    body.extend(purposes(model, report));
    body.extend(predicted(model, report));
    body.extend(left_out(model));
    if let Some(lead) = report.decision.choice().map(|c| c.arm) {
        let arm = &report.arms[lead];
        if let Some(n) = report.candidates[lead].n_ctx_max {
            let n_ctx_train = model.header.model.n_ctx_train;
            let beyond = if n > u64::from(n_ctx_train) {
                t.beyond_training(n_ctx_train)
            } else {
                String::new()
            };
            body.extend(paragraph(&(t.context_that_fits(t.arm(arm), n) + &beyond)));
        }
        if let Some(file) = model
            .variant(&arm.variant)
            .map(|v| v.path.clone().unwrap_or_else(|| v.file.clone()))
        {
            body.extend(paragraph(&t.to_run_it()));
            body.push(Block::Command(emit::llama_server(
                &emit::of_choice(model, report, lead),
                &report.goal,
                &file,
            )));
        }
    }
    section(t.which_one(), intro, body)
}

fn limits(model: &ReportModel, report: &DecisionReport) -> String {
    let t = model.lang;
    let checks = report
        .decision
        .rows
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

fn candidates(model: &ReportModel, report: &DecisionReport) -> Vec<Block> {
    let t = model.lang;
    let choice = report.decision.choice().map(|c| c.arm);
    let rows = report.decision.rows.iter().map(|row| {
        let i = row.candidate;
        let candidate = &report.candidates[i];
        let against = match &row.vs_choice {
            _ if choice == Some(i) => t.the_choice(),
            Some(ratio) => t.ratio(ratio),
            None => t.na(),
        };
        let kld = match &candidate.quality {
            Exactness::Baseline => t.baseline(),
            Exactness::Scored { kld, .. } if report.is_composed[i] => format!("{} +", t.kld(kld)),
            Exactness::Scored { kld, .. } => t.kld(kld),
            Exactness::Unscored => t.na(),
        };
        let cell = model.cell(&report.arms[i].id, &report.decode);
        let is_broken = cell.is_some_and(|c| matches!(c.outcome, Outcome::Failed(FailureKind::Broken, _)));
        let limits = match row.standing {
            _ if is_broken => t.l_broken(),
            Standing::Met => t.l_met(),
            _ => unmet(model, row, |s| s != Standing::Met),
        };
        vec![
            t.arm(&report.arms[i]),
            t.or_na(candidate.request_ns, |ns| t.time(ns)),
            against,
            t.tps(candidate.decode_tps.as_ref()),
            t.ms(candidate.ttft_ns.as_ref()),
            t.or_na(candidate.ram_bytes, |bytes| t.mib(bytes)),
            kld,
            limits,
            row.wins_if.map_or(String::new(), |what| t.wins_flag(what)),
        ]
    });
    let head = vec![
        t.h_variant(),
        t.h_request_time(),
        t.h_speed_against(choice.map_or_else(|| t.na(), |i| t.arm(&report.arms[i]))),
        t.h_decode_tps(report.decode),
        t.h_ttft(t.or_na(report.prefill, |spec| spec.to_string())),
        t.h_peak(),
        t.h_quality_loss(),
        t.h_limits(),
        t.h_choice_if(),
    ];
    table(head, rows.collect())
}

/// The choice for each usual kind of request.
fn purposes(model: &ReportModel, report: &DecisionReport) -> Vec<Block> {
    let t = model.lang;
    if report.by_purpose.len() < 2 {
        return Vec::new();
    }
    let rows = report.by_purpose.iter().map(|p| {
        let request = p.purpose.request();
        let regret = |r: f64| if r > 0.0 { t.up_to(t.percent(r)) } else { t.percent(0.0) };
        let time = |ns: f64| {
            if p.is_between {
                t.approximately(t.time(ns))
            } else {
                t.time(ns)
            }
        };
        vec![
            p.purpose.to_string(),
            if request.is_decode_alone() {
                t.in_decode()
            } else {
                request.to_string()
            },
            p.arm.map_or_else(|| t.no_choice(), |i| t.arm(&report.arms[i])),
            t.or_na(p.regret, regret),
            t.or_na(p.request_ns, time),
        ]
    });
    let head = vec![
        t.h_purpose(),
        t.h_request(),
        t.h_choice(),
        t.h_regret(),
        t.h_request_time(),
    ];
    let mut body: Vec<Block> = paragraph(&t.purposes_intro())
        .into_iter()
        .chain(table(head, rows.collect()))
        .collect();
    if report.by_purpose.iter().any(|p| p.is_between) {
        body.extend(paragraph(&t.purposes_between()));
    }
    for said in model.other_purposes() {
        body.extend(paragraph(&said));
    }
    body
}

/// What was predicted before the run beside what was measured.
fn predicted(model: &ReportModel, report: &DecisionReport) -> Vec<Block> {
    let t = model.lang;
    let off = |predicted: f64, measured: f64| t.signed_percent(predicted / measured - 1.0);
    let rows = model.header.predicted.iter().filter_map(|p| {
        let i = report.arms.iter().position(|arm| arm.id == p.arm)?;
        let seen = &report.candidates[i];
        let tps = t.rate(p.decode_tps);
        let decode = match seen.decode_tps {
            Some(tps_seen) if report.goal.users() == 1 => t.off_by(tps, off(p.decode_tps, tps_seen.estimate)),
            _ => tps,
        };
        let peak = t.or_na(p.peak_bytes, |bytes| {
            match seen.ram_bytes.filter(|_| report.goal.users() == 1) {
                Some(ram) => t.off_by(t.mib(bytes), off(bytes as f64, ram as f64)),
                None => t.mib(bytes),
            }
        });
        Some(vec![
            t.arm(&report.arms[i]),
            decode,
            t.tps(seen.decode_tps.as_ref()),
            peak,
            t.or_na(seen.ram_bytes, |bytes| t.mib(bytes)),
        ])
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let head = vec![
        t.h_variant(),
        t.h_predicted_tps(),
        t.h_measured_tps(),
        t.h_predicted_peak(),
        t.h_measured_peak(),
    ];
    paragraph(&t.predicted_intro())
        .into_iter()
        .chain(table(head, rows))
        .collect()
}

/// Candidates that were not measured.
fn left_out(model: &ReportModel) -> Vec<Block> {
    let t = model.lang;
    if model.header.left_out.is_empty() {
        return Vec::new();
    }
    let rows = model
        .header
        .left_out
        .iter()
        .map(|out| vec![out.variant.clone(), t.why_left_out(out.why)]);
    let head = vec![t.h_variant(), t.h_why()];
    let table = table(head, rows.collect());
    paragraph(&t.left_out_intro()).into_iter().chain(table).collect()
}

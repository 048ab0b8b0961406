//! What a gate says: a summary for a pull request, and JUnit's XML for what runs the tests.

use super::document::{section, Block, Document, Span, Tone, Value};
use super::escape::escape;
use super::lang::Lang;
use super::markdown::markdown;
use super::model::{GateKld, GateReport, GateRow};
use super::table::Rows;
use super::text::command_line;
use super::Report;
use crate::data::{FailOn, Outcome};
use crate::decide::GateStanding;

/// The text of `gate.md`; empty where the run is no gate.
pub fn gate_md(model: &Report) -> String {
    let Some(gate) = &model.gate else { return String::new() };
    markdown(model.lang, &document(model, gate))
}

fn document(model: &Report, gate: &GateReport) -> Document {
    let t = model.lang;
    let table = Rows::of(t, &gate.speed)
        .column(t.h_variant(), |row| row.arm.variant.clone())
        .column(t.h_kv(), |row| row.arm.config.kv())
        .column(t.h_work(), |row| row.spec.to_string())
        .column(t.g_h_tps(&gate.base), |row| Value::rate(t, row.base_tps))
        .column(t.g_h_tps(&gate.candidate), |row| Value::rate(t, row.tps))
        .column(t.g_h_ratio(&gate.candidate, &gate.base), |row| {
            Value::ratio(t, row.ratio)
        })
        .column(t.h_verdict(), |row| verdict(t, row));
    let n_pairs = gate.speed.iter().map(|row| row.n_pairs).max().unwrap_or(0);
    let mut blocks = table.blocks();
    let rule = t.g_rule(listed(t, gate), n_pairs, t.duration(model.totals.wall_ns));
    blocks.push(Block::Text(vec![Span::Text(rule)]));
    blocks.extend(super::sections::builds(model));
    let command = Block::Command(command_line(&model.header.command));
    blocks.extend(section(t.repeat(), String::new(), vec![command]));
    Document {
        title: title(t, gate),
        banners: model.banners(),
        conclusion: conclusion(model, gate),
        warnings: Vec::new(),
        blocks,
    }
}

fn title(t: Lang, gate: &GateReport) -> String {
    let (candidate, base) = (&gate.candidate, &gate.base);
    match gate.standing {
        GateStanding::Failed => t.g_title_failed(candidate, base),
        _ if !gate.is_measured() => t.g_title_unmeasured(candidate, base),
        GateStanding::Passed => t.g_title_passed(candidate, base),
        GateStanding::Open => t.g_title_open(candidate, base),
    }
}

fn conclusion(model: &Report, gate: &GateReport) -> Vec<String> {
    let t = model.lang;
    let failed = |row: &&GateRow| row.standing == Some(GateStanding::Failed);
    let mut said: Vec<String> = gate
        .speed
        .iter()
        .filter(failed)
        .map(|row| slower(t, gate, row))
        .collect();
    said.extend(gate.kld.iter().map(|kld| diverges(t, gate, kld)));
    let is_open = |row: &&GateRow| row.is_measured && row.standing == Some(GateStanding::Open);
    let open: Vec<String> = gate.speed.iter().filter(is_open).map(|row| what(t, row)).collect();
    if !open.is_empty() {
        said.push(t.g_open(t.list(&open), listed(t, gate)));
    }
    if gate.standing == GateStanding::Passed {
        said.push(t.g_passed(listed(t, gate)));
    }
    if gate.is_unscored() {
        said.push(t.quality_not_measured());
    }
    let failures = model.failures();
    said.extend(
        failures
            .iter()
            .map(|f| t.g_unmeasured(f.what.join("; "), t.reason(f.kind, f.reason))),
    );
    said
}

fn listed(t: Lang, gate: &GateReport) -> String {
    t.list(&gate.fail_on.iter().map(FailOn::to_string).collect::<Vec<_>>())
}

fn what(t: Lang, row: &GateRow) -> String {
    t.g_what(t.arm_with_kv(&row.arm.variant, row.arm.config.kv()), t.work(&row.spec))
}

fn slower(t: Lang, gate: &GateReport, row: &GateRow) -> String {
    let ratio = t.or_na(row.ratio.as_ref(), |ratio| t.ratio(ratio));
    t.g_slower(what(t, row), &gate.candidate, ratio, &gate.base)
}

fn diverges(t: Lang, gate: &GateReport, kld: &GateKld) -> String {
    let (nats, n_ctx) = (t.pooled(Some(&kld.kld), |x| t.nats(x)), kld.n_ctx);
    match kld.standing {
        GateStanding::Failed => t.g_kld_failed(&gate.candidate, &gate.base, nats, n_ctx),
        GateStanding::Passed => t.g_kld_passed(&gate.candidate, &gate.base, nats, n_ctx),
        GateStanding::Open => t.g_kld_open(&gate.candidate, &gate.base, nats, n_ctx),
    }
}

fn verdict(t: Lang, row: &GateRow) -> Value {
    let (text, tone) = match row.standing {
        _ if !row.is_measured => (t.h_not_measured(), Tone::Bad),
        Some(GateStanding::Failed) => (t.slower(), Tone::Bad),
        Some(GateStanding::Passed) => (t.g_within(), Tone::Good),
        Some(GateStanding::Open) => (t.cant_tell(), Tone::Open),
        None => return Value::absent(t),
    };
    Value {
        tone: Some(tone),
        ..Value::from(text)
    }
}

/// The text of `junit.xml`: a case for each condition on each work. What could not be measured is an error, what cannot be told passes.
pub fn gate_junit(model: &Report) -> String {
    let Some(gate) = &model.gate else { return String::new() };
    let t = model.lang;
    let mut cases: Vec<(String, &str, Option<String>)> = Vec::new();
    let reason = |row: &GateRow| {
        let cell = model.cell(&row.arm.id, &row.spec);
        let both = [cell, cell.and_then(|cell| model.in_first_build(cell))];
        let failed = both.into_iter().flatten().find_map(|cell| match &cell.outcome {
            Outcome::Failed(kind, reason) => Some(t.reason(*kind, reason)),
            Outcome::Ok => None,
        });
        failed.unwrap_or_else(|| t.h_not_measured())
    };
    for row in &gate.speed {
        let outcome = match row.standing {
            _ if !row.is_measured => ("error", Some(reason(row))),
            Some(GateStanding::Failed) => ("failure", Some(slower(t, gate, row))),
            _ => ("", None),
        };
        cases.push((format!("{} {}", row.arm.id, row.spec), outcome.0, outcome.1));
    }
    if let Some(kld) = &gate.kld {
        let is_failed = kld.standing == GateStanding::Failed;
        cases.push(("KLD".to_owned(), "failure", is_failed.then(|| diverges(t, gate, kld))));
    }
    if gate.is_unscored() {
        cases.push(("KLD".to_owned(), "error", Some(t.quality_not_measured())));
    }
    let n = |kind: &str| cases.iter().filter(|(_, k, why)| *k == kind && why.is_some()).count();
    let seconds = model.totals.wall_ns as f64 / 1e9;
    let suite = format!(
        "name=\"kvant gate\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{seconds:.3}\"",
        cases.len(),
        n("failure"),
        n("error")
    );
    let case = |(name, kind, why): &(String, &str, Option<String>)| {
        let class = escape(&model.header.model.name);
        let open = format!("    <testcase classname=\"{class}\" name=\"{}\"", escape(name));
        match why {
            Some(why) => format!(
                "{open}>\n      <{kind} message=\"{}\"/>\n    </testcase>\n",
                escape(why)
            ),
            None => format!("{open}/>\n"),
        }
    };
    let cases: String = cases.iter().map(case).collect();
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    format!("{head}\n<testsuites>\n  <testsuite {suite}>\n{cases}  </testsuite>\n</testsuites>\n")
}

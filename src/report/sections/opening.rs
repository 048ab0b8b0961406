//! What stands beside the answer on the first screen: one table, one chart, and the command to paste.

use crate::data::{Arm, Work, Workload};
use crate::decide::{Exactness, Known};
use crate::report::charts::ChartName;
use crate::report::document::{image, Block, Value};
use crate::report::emit::{emit_choice, Program};
use crate::report::table::Rows;
use crate::report::Report;

/// Blocks before the first section.
pub(super) fn opening(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    if !model.has_results() {
        return Vec::new();
    }
    let drawn = ["pareto", "decode"].map(|name| image(charts, name));
    let chart = drawn.into_iter().find(|blocks| !blocks.is_empty());
    let mut blocks = [one_table(model), chart.unwrap_or_default()].concat();
    blocks.extend(command(model, Program::LlamaServer));
    blocks
}

/// What makes a program run the choice.
pub(super) fn command(model: &Report, program: Program) -> Option<Block> {
    let file = |variant: &str| {
        let info = model.variant(variant);
        info.map_or_else(String::new, |v| v.path.clone().unwrap_or_else(|| v.file.clone()))
    };
    let text = emit_choice(program, model, file);
    (!text.is_empty()).then(|| Block::Command(text.trim_end().to_owned()))
}

/// Everything that counts: a row per variant with the baseline's KV type, and the choice.
fn one_table(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let choice = model
        .choice()
        .map(|(report, choice)| report.arms[choice.arm].id.clone());
    let is_choice = |arm: &Arm| choice.as_ref() == Some(&arm.id);
    let n_ctx = model.quality.windows().first().copied();
    let scored = |arm: &Arm| model.quality.row(&arm.id, n_ctx?).filter(|row| row.is_ok());
    let (prefill, decode) = (model.shown(Workload::Prefill), model.shown(Workload::Decode));
    let name = |work: Option<Work>| t.or_na(work, |work| work.to_string());
    let cell = |arm: &Arm, work: Option<Work>| model.cell(&arm.id, &work?);
    let rate = |arm: &Arm, work| Value::rate(t, cell(arm, work).and_then(|c| c.tps));
    Rows::of(t, model.arms().filter(|arm| model.has_base_kv(arm) || is_choice(arm)))
        .column(t.h_variant(), |arm| {
            let name = if model.has_base_kv(arm) {
                arm.label().to_owned()
            } else {
                t.arm(arm)
            };
            if is_choice(arm) {
                t.chosen(name)
            } else {
                name
            }
        })
        .column(t.h_size(), |arm| {
            let size = model.variant(&arm.variant).map(|v| v.model_size);
            Value::mib(t, size.filter(|size| *size > 0))
        })
        .column_if(n_ctx.is_some(), t.h_ppl_change(), |arm| match arm.is_baseline {
            true => Value::baseline(t),
            false => Value::ppl_change(t, scored(arm)),
        })
        .column_if(n_ctx.is_some(), t.h_quality_loss(), |arm| divergence(model, arm))
        .column_if(prefill.is_some(), t.h_prefill_tps(name(prefill)), |arm| {
            rate(arm, prefill)
        })
        .column_if(decode.is_some(), t.h_decode_tps(name(decode)), |arm| rate(arm, decode))
        .column_if(prefill.is_some(), t.h_ttft(name(prefill)), |arm| {
            Value::ms(t, cell(arm, prefill).and_then(|c| c.ttft_ns))
        })
        .column(t.h_peak(), |arm| Value::mib(t, model.peak_of(&arm.id)))
        .blocks()
}

/// Divergence from the baseline: of the arm itself, or a bound of its weights and cache together.
pub(super) fn divergence(model: &Report, arm: &Arm) -> Value {
    let t = model.lang;
    divergence_as(model, arm, Value::baseline(t), |kld| t.kld(kld))
}

pub(in crate::report) fn divergence_as(
    model: &Report,
    arm: &Arm,
    baseline: Value,
    show: impl Fn(&Known) -> String,
) -> Value {
    let t = model.lang;
    let decided = model.decision.as_ref().and_then(|report| {
        let i = report.arms.iter().position(|a| a.id == arm.id)?;
        let plus = if report.is_composed[i] { " +" } else { "" };
        match &report.candidates[i].quality {
            Exactness::Baseline => Some(baseline),
            Exactness::Scored { kld, .. } => Some(Value::number(kld.estimate(), show(kld) + plus)),
            Exactness::Unscored => None,
        }
    });
    decided.unwrap_or_else(|| Value::absent(t))
}

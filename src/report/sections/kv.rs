//! KV-cache types: what each does to speed, memory and quality, by depth, in one table.

use crate::data::{Arm, Workload};
use crate::report::document::{found, Block, Value};
use crate::report::lang::Lang;
use crate::report::table::Rows;
use crate::report::{CellReport, Comparison, QualityReport, Report};
use crate::units;

/// A row for each KV type and depth, the baseline's weights first; weights with one KV type only are left out.
pub(super) fn kv_types(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let contexts = contexts(model);
    let has_quality = !model.quality.windows().is_empty();
    let rows = groups(model).into_iter().flatten().flat_map(|arm| {
        let contexts = contexts_of(model, arm, &contexts);
        contexts
            .into_iter()
            .map(move |n_context| Row::of(model, arm, n_context))
    });
    let reference = reference_kv(model);
    let versus = |cell: Option<&CellReport>, row: &Row, one: Value, shown: fn(Lang, Option<&Comparison>) -> Value| {
        let is_reference = row.arm.config.kv() == reference && cell.is_some_and(CellReport::is_ok);
        match is_reference {
            true => one,
            false => shown(t, cell.and_then(comparison)),
        }
    };
    let one = || Value::number(1.0, "1".to_owned());
    let is_baseline = |row: &Row| row.arm.is_baseline && row.quality.is_some();
    let table = Rows::of(t, rows)
        .column(t.h_weights(), |row| row.arm.variant.as_str())
        .column(t.h_kv_type(), |row| row.arm.config.kv())
        .column(t.h_depth(), |row| Value::count(row.n_context))
        .column(t.h_decode_ratio(), |row| {
            versus(row.decode, row, one(), Value::ratio_of)
        })
        .column(t.h_decode_verdict(), |row| {
            versus(row.decode, row, t.reference().into(), Value::verdict_of)
        })
        .column(t.h_prefill_ratio(), |row| {
            versus(row.prefill, row, one(), Value::ratio_of)
        })
        .column(t.h_kv_mib(), |row| {
            Value::mib(t, model.memory_of(&row.arm.id).map(|m| m.kv_bytes))
        })
        .column(t.h_peak(), |row| Value::mib(t, model.peak_of(&row.arm.id)))
        .column_if(has_quality, t.h_window(), |row| {
            Value::some(t, row.quality, |q| (q.n_ctx.into(), units::count(q.n_ctx)))
        });
    let table = match has_quality {
        false => table,
        true => table
            .against(t.h_ppl_change(), is_baseline, |row| Value::ppl_change(t, row.quality))
            .against(t.h_mean_kld(), is_baseline, |row| {
                Value::nats(t, row.quality.and_then(|q| q.kld_mean))
            })
            .against(t.h_same_top(), is_baseline, |row| {
                Value::figure(t, row.quality.and_then(|q| q.same_top), |x| t.percent(x))
            }),
    };
    let n_ctx = model.baseline().map_or(0, |arm| arm.config.n_ctx);
    let intro = t.kv_types_intro(&reference, units::count(n_ctx));
    found(t.kv_types(), model.kv_effect(), intro, table.blocks())
}

/// An arm at one depth.
struct Row<'a> {
    arm: &'a Arm,
    n_context: u32,
    decode: Option<&'a CellReport>,
    prefill: Option<&'a CellReport>,
    /// In the window whose length is nearest to the depth.
    quality: Option<&'a QualityReport>,
}

impl<'a> Row<'a> {
    fn of(model: &'a Report, arm: &'a Arm, n_context: u32) -> Row<'a> {
        let find = |workload| {
            let mut cells = model.cells.iter();
            cells.find(|c| c.arm.id == arm.id && c.n_context() == n_context && c.spec.workload() == workload)
        };
        let scored = model.quality.rows.iter().filter(|r| r.arm.id == arm.id && r.is_ok());
        Row {
            arm,
            n_context,
            decode: find(Workload::Decode),
            prefill: find(Workload::Prefill),
            quality: scored.min_by_key(|r| r.n_ctx.abs_diff(n_context)),
        }
    }
}

/// Depths of the decode cells, or lengths of the prompts where none was decoded.
fn contexts(model: &Report) -> Vec<u32> {
    let decode = model.specs(Workload::Decode);
    let mut contexts: Vec<u32> = match decode.is_empty() {
        false => decode.iter().map(|s| s.n_depth()).collect(),
        true => model.specs(Workload::Prefill).iter().map(|s| s.n_prompt()).collect(),
    };
    contexts.dedup();
    contexts
}

/// Those of an arm; of one that was scored only, the nearest to each window.
fn contexts_of(model: &Report, arm: &Arm, contexts: &[u32]) -> Vec<u32> {
    if model.cells.iter().any(|cell| cell.arm.id == arm.id) {
        return contexts.to_vec();
    }
    let of_arm = model.quality.rows.iter().filter(|r| r.arm.id == arm.id && r.is_ok());
    let nearest = of_arm.filter_map(|row| contexts.iter().copied().min_by_key(|n| n.abs_diff(row.n_ctx)));
    let mut contexts: Vec<u32> = nearest.collect();
    contexts.dedup();
    contexts
}

/// Arms with the same weights, timed or scored, where they differ in their KV type; the baseline's first.
fn groups<'a>(model: &'a Report) -> Vec<Vec<&'a Arm>> {
    let scored = model.quality.rows.iter().filter(|row| row.is_ok()).map(|row| &row.arm);
    let mut groups: Vec<Vec<&Arm>> = Vec::new();
    for arm in model.arms().chain(scored).filter(|arm| !arm.is_control) {
        match groups.iter_mut().find(|group| group[0].variant == arm.variant) {
            Some(group) if group.iter().any(|other| other.id == arm.id) => {}
            Some(group) => group.push(arm),
            None => groups.push(vec![arm]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// What speeds are relative to.
fn reference_kv(model: &Report) -> String {
    let has_f16 = model.arms().any(|arm| arm.config.kv() == "f16");
    let of_baseline = || model.baseline().map_or_else(|| model.lang.na(), |arm| arm.config.kv());
    if has_f16 {
        "f16".to_owned()
    } else {
        of_baseline()
    }
}

/// Against the same weights with an f16 cache; where that was not measured, against the baseline.
fn comparison(cell: &CellReport) -> Option<&Comparison> {
    cell.vs_f16_kv.as_ref().or_else(|| {
        let against = cell.vs_baseline.as_ref();
        against.filter(|comparison| comparison.factor == "kv")
    })
}

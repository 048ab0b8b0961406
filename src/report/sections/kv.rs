//! KV-cache types: what each does to speed, memory and quality, by depth, in one table.

use crate::data::{Arm, Work, Workload};
use crate::quality::Figures;
use crate::report::document::{section, table, Block};
use crate::report::model::ReportModel;
use crate::report::text::kv;
use crate::report::{CellReport, Comparison};
use crate::units;

/// A row for each KV type and depth, the baseline's weights first; weights with one KV type only are left out.
pub(super) fn kv_types(model: &ReportModel) -> Vec<Block> {
    let t = model.lang;
    let contexts = contexts(model);
    let has_quality = !model.quality.windows().is_empty();
    let groups = groups(model);
    let of_group = |arms: &Vec<&Arm>| -> Vec<Vec<String>> {
        let at = |arm: &Arm| {
            let contexts = contexts_of(model, arm, &contexts).into_iter();
            contexts.map(|n| row(model, arm, n, has_quality)).collect()
        };
        arms.iter().flat_map(|arm| -> Vec<Vec<String>> { at(arm) }).collect()
    };
    let rows: Vec<Vec<String>> = groups.iter().flat_map(of_group).collect();
    let mut head = vec![
        t.h_weights(),
        t.h_kv_type(),
        t.h_depth(),
        t.h_decode_ratio(),
        t.h_decode_verdict(),
        t.h_prefill_ratio(),
        t.h_kv_mib(),
        t.h_peak(),
    ];
    if has_quality {
        head.extend([t.h_window(), t.h_ppl_change(), t.h_mean_kld(), t.h_same_top()]);
    }
    let n_ctx = model.baseline().map_or(0, |arm| arm.config.n_ctx);
    let reference = reference_kv(model);
    let intro = t.kv_types_intro(reference, units::count(u64::from(n_ctx)));
    section(t.kv_types(), intro, table(head, rows))
}

/// Depths of the decode cells, or lengths of the prompts where none was decoded.
fn contexts(model: &ReportModel) -> Vec<u32> {
    let decode = model.specs(Workload::Decode);
    let mut contexts: Vec<u32> = match decode.is_empty() {
        false => decode.iter().map(|s| s.n_depth()).collect(),
        true => model.specs(Workload::Prefill).iter().map(|s| s.n_prompt()).collect(),
    };
    contexts.dedup();
    contexts
}

/// Those of an arm; of one that was scored only, the nearest to each window.
fn contexts_of(model: &ReportModel, arm: &Arm, contexts: &[u32]) -> Vec<u32> {
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
fn groups(model: &ReportModel) -> Vec<Vec<&Arm>> {
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
fn reference_kv(model: &ReportModel) -> String {
    let has_f16 = model.arms().any(|arm| kv(&arm.config) == "f16");
    let of_baseline = || model.baseline().map_or_else(|| model.lang.na(), |arm| kv(&arm.config));
    if has_f16 {
        "f16".to_owned()
    } else {
        of_baseline()
    }
}

fn row(model: &ReportModel, arm: &Arm, n_context: u32, has_quality: bool) -> Vec<String> {
    let t = model.lang;
    let find = |is_it: &dyn Fn(&Work) -> bool| {
        let mut cells = model.cells.iter();
        cells.find(|c| c.arm.id == arm.id && c.n_context() == n_context && is_it(&c.spec))
    };
    let decode = find(&|s| s.workload() == Workload::Decode);
    let prefill = find(&|s| s.workload() == Workload::Prefill);
    let is_reference = kv(&arm.config) == reference_kv(model);
    let instead = |cell: Option<&CellReport>, one: String, shown: String| match cell {
        Some(cell) if is_reference && cell.is_ok() => one,
        _ => shown,
    };
    let or_one = |cell, shown| instead(cell, "1".to_owned(), shown);
    let (of_decode, of_prefill) = (decode.and_then(comparison), prefill.and_then(comparison));
    let memory = model.memory_of(&arm.id);
    let mut row = vec![
        arm.variant.clone(),
        kv(&arm.config),
        units::count(u64::from(n_context)),
        or_one(decode, t.ratio_of(of_decode)),
        instead(decode, t.reference(), t.verdict_of(of_decode)),
        or_one(prefill, t.ratio_of(of_prefill)),
        t.or_na(memory, |m| t.mib(m.kv_bytes)),
        t.or_na(memory, |m| t.mib(m.reading.rss_bytes_max)),
    ];
    if has_quality {
        row.extend(quality(model, arm, n_context));
    }
    row
}

/// Against the same weights with an f16 cache; where that was not measured, against the baseline.
fn comparison(cell: &CellReport) -> Option<&Comparison> {
    cell.vs_f16_kv.as_ref().or_else(|| {
        let against = cell.vs_baseline.as_ref();
        against.filter(|comparison| comparison.factor == "kv")
    })
}

/// In the window whose length is nearest to the depth: window, change in PPL, KLD, same top token.
fn quality(model: &ReportModel, arm: &Arm, n_context: u32) -> [String; 4] {
    let t = model.lang;
    let of_arm = model.quality.rows.iter().filter(|r| r.arm.id == arm.id && r.is_ok());
    let nearest = of_arm.min_by_key(|r| r.n_ctx.abs_diff(n_context));
    let Some(row) = nearest else {
        return [t.na(), t.na(), t.na(), t.na()];
    };
    let window = units::count(u64::from(row.n_ctx));
    if arm.is_baseline {
        return [window, t.baseline(), t.baseline(), t.baseline()];
    }
    let figure = |of: &dyn Fn(&Figures) -> String| t.or_na(row.figures.as_ref(), of);
    [
        window,
        t.ppl_change(row),
        figure(&|f| t.figure(f.kld.value, row.kld.as_ref(), |x| t.nats(x))),
        figure(&|f| t.figure(f.same_top.value, row.same_top.as_ref(), |x| t.percent(x))),
    ]
}

//! The conclusion in words, and what must be read before it.

use super::cells::Rounds;
use super::fastest::{decodes, fastest, ranked};
use super::{CellReport, Comparison, MemoryReport, QualityReport, ReportModel};
use crate::data::{Arm, Outcome, StoppedBy, Warning, Workload};
use crate::report::text;
use crate::stats::Verdict;
use crate::units;

/// Reasons not to trust the figures, most serious first.
pub(super) fn banners(model: &ReportModel) -> Vec<String> {
    let mut banners = Vec::new();
    if model.warnings.contains(&Warning::FakeEngine) {
        banners.push(sentence(&Warning::FakeEngine.to_string()));
    }
    let instead = model
        .warnings
        .iter()
        .find(|w| matches!(w, Warning::BuiltinInstead { .. }));
    banners.extend(instead.map(|warning| sentence(&warning.to_string())));
    if let (true, Some(control)) = (model.control.is_failed, &model.control.pooled) {
        banners.push(format!(
            "The A/A control failed: the baseline measured against itself gave {}, which excludes 1, so this run cannot \
             tell a difference from its own noise. Every speed verdict reads \"can't tell\"; run again on a quieter machine.",
            text::ratio(&control.ratio)
        ));
    }
    match model.totals.stopped_by {
        _ if model.totals.n_rounds == 0 => {}
        None => banners.push(
            "The run was cut short: its figures come from the rounds that are complete. Continue it with --resume."
                .to_owned(),
        ),
        Some(StoppedBy::Interrupt) => banners.push(
            "The run was interrupted: its figures come from the rounds that are complete. Continue it with --resume."
                .to_owned(),
        ),
        Some(_) => {}
    }
    banners
}

/// The answer, then its cost, then how far to trust it.
pub(super) fn conclusion(model: &ReportModel, rounds: &Rounds) -> Vec<String> {
    if !model.cells.iter().any(CellReport::is_ok) {
        let mut nothing = vec![nothing_measured(model)];
        nothing.extend(failures(model));
        return nothing;
    }
    let mut said = Vec::new();
    said.extend(fastest(model, rounds, Workload::Decode));
    said.extend(fastest(model, rounds, Workload::Prefill));
    said.extend(cost(model));
    said.extend(kv_effect(model));
    said.extend(quality(model));
    said.extend(control(model));
    said.extend(unsettled(model));
    said.extend(failures(model));
    if model.quality.windows().is_empty() {
        said.push("What the smaller types cost in quality was not measured in this run.".to_owned());
    }
    said
}

/// The last lines of the terminal output; the answer comes last.
pub(super) fn closing(model: &ReportModel) -> Vec<String> {
    if !model.cells.iter().any(CellReport::is_ok) {
        return vec![nothing_measured(model)];
    }
    let baseline = model.baseline().map_or("the baseline", |arm| arm.variant.as_str());
    let deepest = model.specs(Workload::Decode).into_iter().next_back();
    let best = deepest.and_then(|spec| ranked(model, &spec).into_iter().find(|c| c.vs_baseline.is_some()));
    let answer = match best.and_then(|cell| cell.vs_baseline.as_ref().map(|c| (cell, c))) {
        Some((cell, comparison)) => {
            format!(
                "{} (decode at depth {}).",
                decodes(cell, comparison, baseline, "decodes"),
                cell.spec.n_depth
            )
        }
        None => format!("No variant could be compared with {baseline} in decode."),
    };
    control(model)
        .into_iter()
        .chain(quality(model).into_iter().take(1))
        .chain([answer])
        .collect()
}

/// What variants cost in the shortest window, and what KV types cost in the longest.
fn quality(model: &ReportModel) -> Vec<String> {
    let windows = model.quality.windows();
    let (Some(&shortest), Some(&longest)) = (windows.first(), windows.last()) else {
        return Vec::new();
    };
    let baseline = model.baseline().map_or("the baseline", |arm| arm.variant.as_str());
    let base_kv = model.baseline().map(|arm| text::kv(&arm.config));
    let is_base_kv = |row: &QualityReport| Some(text::kv(&row.arm.config)) == base_kv;
    let compared = |n_ctx: u32| {
        let rows = model.quality.rows.iter();
        rows.filter(move |r| r.n_ctx == n_ctx && r.is_ok() && r.verdict.is_some())
    };
    let said = |row: &QualityReport, name: String| {
        let kld = units::or_na(row.figures.as_ref(), |f| units::nats(f.kld.value));
        let same = units::or_na(row.figures.as_ref(), |f| units::percent(f.same_top.value));
        let verdict = text::quality_verdict(row);
        format!(
            "{name} {verdict} (PPL {}, KLD {kld}, same top token {same})",
            text::ppl_change(row)
        )
    };
    let variants: Vec<String> = compared(shortest)
        .filter(|r| is_base_kv(r))
        .map(|r| said(r, r.arm.variant.clone()))
        .collect();
    let kv: Vec<String> = compared(longest)
        .filter(|r| !is_base_kv(r) && r.arm.variant == baseline)
        .map(|r| said(r, format!("{} KV", text::kv(&r.arm.config))))
        .collect();
    let mut sentences = Vec::new();
    if !variants.is_empty() {
        sentences.push(format!(
            "Quality against {baseline}, in windows of {shortest} tokens: {}.",
            variants.join("; ")
        ));
    }
    if !kv.is_empty() {
        sentences.push(format!(
            "Quality of KV types with {baseline}, in windows of {longest} tokens: {}.",
            kv.join("; ")
        ));
    }
    sentences
}

fn nothing_measured(model: &ReportModel) -> String {
    let n_failed = model.cells.iter().filter(|c| is_failure(c)).count() as u32;
    if n_failed > 0 {
        format!(
            "Nothing was measured: {} of {} failed.",
            n_failed,
            text::plural(model.cells.len() as u32, "cell")
        )
    } else {
        "Nothing was measured: no round was completed.".to_owned()
    }
}

/// Size and memory of each variant: what the speed costs, or saves.
fn cost(model: &ReportModel) -> Option<String> {
    let base = model.baseline()?;
    let kv = text::kv(&base.config);
    let peak = |variant: &str| {
        let of_variant =
            |m: &&MemoryReport| m.arm.variant == variant && text::kv(&m.arm.config) == kv && !m.arm.is_control;
        model.memory.iter().find(of_variant).map(|m| m.reading.rss_bytes_max)
    };
    let each: Vec<String> = model
        .header
        .variants
        .iter()
        .map(|v| {
            let peak = peak(&v.id).map_or(String::new(), |p| {
                format!(", {} of memory at its peak", units::bytes(p))
            });
            format!(
                "{} {} ({:.2} bits per weight{peak})",
                v.id,
                units::bytes(v.model_size),
                v.bpw
            )
        })
        .collect();
    (!each.is_empty()).then(|| format!("Size: {}.", text::list(&each)))
}

/// What each other KV type does to the cache and to decode, on the baseline's weights at the greatest depth.
fn kv_effect(model: &ReportModel) -> Vec<String> {
    let Some(spec) = model.specs(Workload::Decode).into_iter().next_back() else {
        return Vec::new();
    };
    let mut said = Vec::new();
    let mut kinds: Vec<String> = Vec::new();
    for arm in model
        .arms()
        .filter(|a| model.cell(&a.id, &spec).is_some_and(|c| c.vs_f16_kv.is_some()))
    {
        let kind = text::kv(&arm.config);
        if kinds.contains(&kind) {
            continue;
        }
        let effects: Vec<String> = model
            .arms()
            .filter(|a| text::kv(&a.config) == kind)
            .filter_map(|a| model.cell(&a.id, &spec)?.vs_f16_kv.as_ref().map(|c| (a, c)))
            .map(|(a, c)| format!("{} for {} ({})", text::ratio(&c.ratio), a.variant, c.verdict))
            .collect();
        let size = kv_size(model, arm).unwrap_or_default();
        let effects = text::list(&effects);
        said.push(format!(
            "A {kind} KV cache{size} changes the decode speed at depth {} to {effects}.",
            spec.n_depth
        ));
        kinds.push(kind);
    }
    said
}

fn kv_size(model: &ReportModel, arm: &Arm) -> Option<String> {
    let own = model.memory_of(&arm.id)?;
    let f16 = model.memory.iter().find(|m| {
        m.arm.variant == arm.variant && m.arm.config.type_k.name() == "f16" && m.arm.config.type_v.name() == "f16"
    })?;
    Some(format!(
        " takes {} instead of {} and",
        units::bytes(own.kv_bytes),
        units::bytes(f16.kv_bytes)
    ))
}

fn control(model: &ReportModel) -> Option<String> {
    let control = model.control.pooled.as_ref()?;
    let baseline = model.baseline().map_or("the baseline", |arm| arm.variant.as_str());
    let ratio = text::ratio(&control.ratio);
    Some(if model.control.is_failed {
        format!("Control: {baseline} against itself gave {ratio}, which excludes 1: no speed verdict is given.")
    } else {
        format!("Control: {baseline} against itself gave {ratio}, which includes 1, as it should.")
    })
}

/// Headline comparisons that stay open, with what would settle them.
fn unsettled(model: &ReportModel) -> Option<String> {
    let is_headline = |c: &&CellReport| !c.arm.is_control && c.spec.workload != Workload::NoReuse;
    let open: Vec<(&CellReport, &Comparison)> = model
        .cells
        .iter()
        .filter(is_headline)
        .filter_map(|cell| {
            let comparison = if cell.vs_f16_kv.is_some() {
                &cell.vs_f16_kv
            } else {
                &cell.vs_baseline
            };
            comparison.as_ref().map(|c| (cell, c))
        })
        .filter(|(_, c)| c.verdict == Verdict::CantTell)
        .collect();
    if open.is_empty() || model.control.is_failed {
        return None;
    }
    const SHOWN: usize = 3;
    let named: Vec<String> = open
        .iter()
        .take(SHOWN)
        .map(|(cell, c)| {
            format!(
                "{} in {} ({})",
                text::arm_in_words(&cell.arm),
                text::work_in_words(&cell.spec),
                text::ratio(&c.ratio)
            )
        })
        .collect();
    let others = open.len().saturating_sub(SHOWN);
    let others = if others > 0 {
        format!(", and {others} more")
    } else {
        String::new()
    };
    // The median: one ratio on the very edge of "the same" would ask for thousands of rounds.
    let mut more: Vec<u32> = open.iter().filter_map(|(_, c)| c.n_rounds_more).collect();
    more.sort_unstable();
    let settle = more.get(more.len().saturating_sub(1) / 2).map_or(String::new(), |&n| {
        let what = if open.len() == 1 { "it" } else { "half of them" };
        format!("; {}{} would settle {what}", text::more_rounds(n), time_of(model, n))
    });
    Some(format!("Could not be told: {}{others}{settle}.", text::list(&named)))
}

/// ` (25 min 10 s)`, at the pace of this run.
fn time_of(model: &ReportModel, n_rounds: u32) -> String {
    let totals = &model.totals;
    let per_round = totals
        .wall_ns
        .saturating_sub(totals.loading_ns)
        .checked_div(u64::from(totals.n_rounds));
    let time = per_round
        .filter(|&ns| ns > 0)
        .map(|ns| ns.saturating_mul(u64::from(n_rounds)));
    time.map_or(String::new(), |ns| format!(" ({})", units::duration(ns)))
}

fn failures(model: &ReportModel) -> Option<String> {
    let n_failed = model.cells.iter().filter(|c| is_failure(c)).count();
    let verb = if n_failed == 1 { "was" } else { "were" };
    (n_failed > 0).then(|| {
        format!(
            "{n_failed} of {} {verb} not measured; the reasons are below.",
            text::plural(model.cells.len() as u32, "cell")
        )
    })
}

fn is_failure(cell: &CellReport) -> bool {
    !matches!(
        &cell.outcome,
        Outcome::Ok | Outcome::Failed(crate::data::FailureKind::NotRun, _)
    )
}

/// A lower-case fragment as a sentence.
fn sentence(fragment: &str) -> String {
    let mut chars = fragment.chars();
    chars.next().map_or(String::new(), |first| {
        format!("{}{}.", first.to_uppercase(), chars.as_str())
    })
}

//! The conclusion in words, and what must be read before it.

use super::cells::Rounds;
use super::compare::compare_pair;
use super::{CellReport, Comparison, ReportModel};
use crate::data::{Outcome, StoppedBy, Warning, WorkSpec, Workload};
use crate::report::text;
use crate::stats::Verdict;
use crate::units;

/// Reasons not to trust the figures, most serious first.
pub(super) fn banners(model: &ReportModel) -> Vec<String> {
    let mut banners = Vec::new();
    if model.warnings.contains(&Warning::FakeEngine) {
        banners.push(sentence(&Warning::FakeEngine.to_string()));
    }
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
    said.extend(control(model));
    said.extend(unsettled(model));
    said.extend(failures(model));
    said.push("What the smaller types cost in quality was not measured in this run.".to_owned());
    said
}

/// One sentence for the end of the terminal output.
pub(super) fn closing(model: &ReportModel) -> String {
    if !model.cells.iter().any(CellReport::is_ok) {
        return nothing_measured(model);
    }
    let baseline = model.baseline().map_or("the baseline", |arm| arm.variant.as_str());
    let deepest = model.specs(Workload::Decode).into_iter().next_back();
    let best = deepest.and_then(|spec| ranked(model, &spec).into_iter().next());
    match best.and_then(|cell| cell.vs_baseline.as_ref().map(|c| (cell, c))) {
        Some((cell, comparison)) => {
            format!(
                "{} at depth {}.",
                decodes(cell, comparison, baseline, "decodes"),
                cell.spec.n_depth
            )
        }
        None => format!("No variant could be compared with {baseline} in decode."),
    }
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

/// Plain-cache arms on one work, fastest first: by ratio to the baseline, which is itself in the list with ratio 1.
fn ranked<'a>(model: &'a ReportModel, spec: &WorkSpec) -> Vec<&'a CellReport> {
    let Some(baseline) = model.baseline() else {
        return Vec::new();
    };
    let kv = (baseline.config.type_k, baseline.config.type_v);
    let speed = |cell: &CellReport| match &cell.vs_baseline {
        Some(comparison) => comparison.ratio.estimate,
        None if cell.arm.is_baseline => 1.0,
        None => 0.0,
    };
    let mut cells: Vec<&CellReport> = model
        .cells
        .iter()
        .filter(|c| c.spec == *spec && c.is_ok() && !c.arm.is_control)
        .filter(|c| (c.arm.config.type_k, c.arm.config.type_v) == kv && speed(c) > 0.0)
        .collect();
    cells.sort_by(|a, b| speed(b).total_cmp(&speed(a)));
    cells
}

fn fastest(model: &ReportModel, rounds: &Rounds, workload: Workload) -> Vec<String> {
    let Some(baseline) = model.baseline() else {
        return Vec::new();
    };
    let verb = if workload == Workload::Prefill {
        "prefills"
    } else {
        "decodes"
    };
    let mut said: Vec<String> = Vec::new();
    for spec in model.specs(workload) {
        let place = match workload {
            Workload::Prefill => format!("For a prompt of {} tokens", spec.n_prompt),
            _ => format!("At depth {}", spec.n_depth),
        };
        let cells = ranked(model, &spec);
        let Some(&best) = cells.first().filter(|_| cells.len() > 1) else {
            continue;
        };
        let lead = match &best.vs_baseline {
            Some(comparison) => decodes(best, comparison, &baseline.variant, verb),
            None => {
                let second = cells[1];
                let Some(comparison) = &second.vs_baseline else {
                    continue;
                };
                decodes(second, comparison, &baseline.variant, verb)
            }
        };
        let rate = text::tps(best.tps.as_ref());
        let rate = if best.vs_baseline.is_some() {
            format!(" ({rate} t/s)")
        } else {
            String::new()
        };
        said.push(format!(
            "{place}, {lead}{rate}{}.",
            against_runner_up(model, rounds, &cells)
        ));
    }
    said
}

/// The winner against the next variant: without it "fastest" would claim more than was measured.
fn against_runner_up(model: &ReportModel, rounds: &Rounds, cells: &[&CellReport]) -> String {
    let [best, second, ..] = cells else {
        return String::new();
    };
    if best.arm.is_baseline || second.arm.is_baseline {
        return String::new();
    }
    match compare_pair(&model.header, rounds, &model.control, second, best) {
        Some(pair) if pair.verdict == Verdict::Faster => {
            format!(", and {} faster than {}", text::ratio(&pair.ratio), second.arm.variant)
        }
        Some(pair) if pair.verdict == Verdict::Same => {
            format!(
                ", the same as {} within {}",
                second.arm.variant,
                units::percent(model.header.plan.equivalence)
            )
        }
        Some(pair) => {
            format!(
                "; whether it beats {} cannot be told ({})",
                second.arm.variant,
                text::ratio(&pair.ratio)
            )
        }
        None => String::new(),
    }
}

/// `Q8_0 decodes 1.71x [1.66, 1.76] faster than F16`.
fn decodes(cell: &CellReport, comparison: &Comparison, baseline: &str, verb: &str) -> String {
    let (name, ratio) = (&cell.arm.variant, text::ratio(&comparison.ratio));
    match comparison.verdict {
        Verdict::Faster => format!("{name} {verb} {ratio} faster than {baseline}"),
        Verdict::Slower => format!("{name} {verb} at {ratio} the speed of {baseline}, slower"),
        Verdict::Same => format!("{name} {verb} at {ratio} the speed of {baseline}: the same"),
        Verdict::CantTell => {
            format!("{name} {verb} at {ratio} the speed of {baseline}: whether that is a difference cannot be told")
        }
    }
}

/// Size and memory of each variant against the baseline.
fn cost(model: &ReportModel) -> Option<String> {
    let base_arm = model.baseline()?;
    let base = model.variant(&base_arm.variant)?;
    let kv = (base_arm.config.type_k, base_arm.config.type_v);
    let peak = |variant: &str| {
        let of_variant = |m: &&super::MemoryReport| {
            m.arm.variant == variant && (m.arm.config.type_k, m.arm.config.type_v) == kv && !m.arm.is_control
        };
        model.memory.iter().find(of_variant).map(|m| m.reading.rss_bytes_max)
    };
    let each: Vec<String> = model
        .header
        .variants
        .iter()
        .filter(|v| v.id != base.id)
        .map(|v| {
            let peak = peak(&v.id).map_or(String::new(), |p| {
                format!(" and {} of memory at its peak", units::bytes(p))
            });
            format!(
                "{} takes {} ({:.2} bits per weight){peak}",
                v.id,
                units::bytes(v.model_size),
                v.bpw
            )
        })
        .collect();
    let base_peak = peak(&base.id).map_or(String::new(), |p| format!(" and {}", units::bytes(p)));
    (!each.is_empty()).then(|| {
        format!(
            "{}, against {}{base_peak} of {}.",
            text::list(&each),
            units::bytes(base.model_size),
            base.id
        )
    })
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

fn kv_size(model: &ReportModel, arm: &crate::data::Arm) -> Option<String> {
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
        format!("; {} would settle half of them", text::more_rounds(n))
    });
    let settle = if open.len() == 1 {
        settle.replace("half of them", "it")
    } else {
        settle
    };
    Some(format!("Could not be told: {}{others}{settle}.", text::list(&named)))
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

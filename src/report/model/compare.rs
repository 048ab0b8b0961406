//! Paired comparisons, the A/A control, and verdicts (METHOD, section 5).

use super::cells::{Rounds, LEVEL};
use super::{CellReport, Comparison, Control};
use crate::data::{ArmConfig, KvType, RunHeader, WorkSpec};
use crate::stats::{self, Interval, Verdict};

/// Pairs of one comparison, in the order of rounds: seconds per token of the reference and of the arm.
struct Paired {
    reference: Vec<f64>,
    arm: Vec<f64>,
}

impl Paired {
    fn of(rounds: &Rounds, reference: &CellReport, arm: &CellReport) -> Paired {
        let (reference, arm) = rounds.pairs(reference, arm).into_values().unzip();
        Paired { reference, arm }
    }

    /// Speed of the arm relative to the reference: time of the reference over time of the arm.
    fn ratio(&self, level: f64) -> Option<Interval> {
        stats::log_ratio_interval(&self.reference, &self.arm, level)
    }

    /// NaN where it is undefined: never rejected.
    fn p_value(&self) -> f64 {
        stats::t_test_p(&self.reference, &self.arm).unwrap_or(f64::NAN)
    }
}

/// Which comparison of a cell.
#[derive(Clone, Copy, PartialEq)]
enum Against {
    Baseline,
    F16Kv,
}

/// A comparison before its verdict.
struct Draft {
    cell: usize,
    against: Against,
    is_headline: bool,
    paired: Paired,
    ratio: Interval,
    factor: String,
}

/// Fills `vs_baseline` and `vs_f16_kv` of every measured cell and returns the control.
pub(super) fn compare_all(header: &RunHeader, rounds: &Rounds, cells: &mut [CellReport]) -> Control {
    let control = control(header, rounds, cells);
    let drafts = drafts(rounds, cells);
    for is_headline in [true, false] {
        let family: Vec<&Draft> = drafts.iter().filter(|d| d.is_headline == is_headline).collect();
        let p_values: Vec<f64> = family.iter().map(|d| d.paired.p_value()).collect();
        let rejected = stats::holm_rejects(&p_values, 1.0 - LEVEL);
        for (draft, is_rejected) in family.into_iter().zip(rejected) {
            let spec = cells[draft.cell].spec;
            let comparison = settle(header, &control, draft, is_rejected, &spec);
            match draft.against {
                Against::Baseline => cells[draft.cell].vs_baseline = Some(comparison),
                Against::F16Kv => cells[draft.cell].vs_f16_kv = Some(comparison),
            }
        }
    }
    for (spec, comparison) in &control.by_spec {
        if let Some(cell) = cells.iter_mut().find(|c| c.arm.is_control && c.spec == *spec) {
            cell.vs_baseline = Some(comparison.clone());
        }
    }
    control
}

/// The ratio of two measured cells without any correction for how many are looked at: for sentences about one pair.
pub(super) fn compare_pair(
    header: &RunHeader,
    rounds: &Rounds,
    control: &Control,
    reference: &CellReport,
    arm: &CellReport,
    level: f64,
) -> Option<Comparison> {
    let paired = Paired::of(rounds, reference, arm);
    let draft = Draft {
        cell: arm.index,
        against: Against::Baseline,
        is_headline: true,
        ratio: paired.ratio(level)?,
        factor: factor(reference, arm),
        paired,
    };
    Some(settle(header, control, &draft, true, &arm.spec))
}

fn drafts(rounds: &Rounds, cells: &[CellReport]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (index, cell) in cells.iter().enumerate().filter(|(_, c)| c.is_ok() && !c.arm.is_control) {
        let is_measured = |c: &&CellReport| c.is_ok() && !c.arm.is_control && c.spec == cell.spec;
        let same_spec = || cells.iter().filter(is_measured);
        let baseline = same_spec()
            .find(|c| c.arm.is_baseline)
            .filter(|_| !cell.arm.is_baseline);
        let f16_kv = same_spec().find(|c| is_f16_kv_of(c, cell));
        for (against, reference) in [(Against::Baseline, baseline), (Against::F16Kv, f16_kv)] {
            let Some(reference) = reference else { continue };
            let paired = Paired::of(rounds, reference, cell);
            let Some(ratio) = paired.ratio(LEVEL) else { continue };
            let factor = factor(reference, cell);
            // Headline: what changes with one factor, for the two works people wait for.
            let is_headline = cell.spec.workload.is_headline() && !factor.contains('+');
            drafts.push(Draft {
                cell: index,
                against,
                is_headline,
                paired,
                ratio,
                factor,
            });
        }
    }
    drafts
}

fn settle(header: &RunHeader, control: &Control, draft: &Draft, is_rejected: bool, spec: &WorkSpec) -> Comparison {
    let of_spec = control.by_spec.iter().find(|(s, _)| s == spec).map(|(_, c)| &c.ratio);
    let noise = of_spec.or(control.pooled.as_ref().map(|c| &c.ratio));
    let mut verdict = stats::verdict(&draft.ratio, header.plan.equivalence, noise);
    let is_difference = matches!(verdict, Verdict::Faster | Verdict::Slower);
    if control.is_failed || (is_difference && !is_rejected) {
        verdict = Verdict::CantTell;
    }
    let n_rounds = draft.paired.arm.len() as u32;
    let n_rounds_more = rounds_more(verdict, &draft.ratio, n_rounds, header.plan.equivalence);
    Comparison {
        ratio: draft.ratio,
        verdict,
        factor: draft.factor.clone(),
        n_rounds,
        n_rounds_more,
    }
}

fn rounds_more(verdict: Verdict, ratio: &Interval, n_rounds: u32, equivalence: f64) -> Option<u32> {
    if verdict != Verdict::CantTell {
        return None;
    }
    let half_width = stats::settling_half_width(ratio, equivalence)?;
    let needed = stats::rounds_to_settle(ratio, n_rounds, half_width)?;
    needed.checked_sub(n_rounds).filter(|&more| more > 0)
}

fn control(header: &RunHeader, rounds: &Rounds, cells: &[CellReport]) -> Control {
    let mut by_spec = Vec::new();
    let mut sums: std::collections::BTreeMap<u32, (f64, usize)> = Default::default();
    for copy in cells.iter().filter(|c| c.arm.is_control && c.is_ok()) {
        let original = cells
            .iter()
            .find(|c| c.arm.is_baseline && !c.arm.is_control && c.is_ok() && c.spec == copy.spec);
        let Some(original) = original else { continue };
        let paired = Paired::of(rounds, original, copy);
        if let Some(comparison) = control_comparison(header, paired) {
            by_spec.push((copy.spec, comparison));
        }
        if copy.spec.workload.is_headline() {
            for (round, (reference, arm)) in rounds.pairs(original, copy) {
                let sum = sums.entry(round).or_insert((0.0, 0));
                *sum = (sum.0 + (reference / arm).ln(), sum.1 + 1);
            }
        }
    }
    // One observation per round: works of one round share its disturbances, so they are averaged, not counted.
    let reference: Vec<f64> = sums.values().map(|(sum, n)| (sum / *n as f64).exp()).collect();
    let arm = vec![1.0; reference.len()];
    let pooled = control_comparison(header, Paired { reference, arm });
    let is_failed = pooled.as_ref().is_some_and(|c| stats::control_excludes_one(&c.ratio));
    let noise = pooled.as_ref().map(|c| (c.ratio.hi - 1.0).max(1.0 - c.ratio.lo).abs());
    Control {
        by_spec,
        pooled,
        is_failed,
        noise,
    }
}

/// The control is judged by the equivalence region alone: it is the noise the others are held against.
fn control_comparison(header: &RunHeader, paired: Paired) -> Option<Comparison> {
    let ratio = paired.ratio(LEVEL)?;
    let verdict = stats::verdict(&ratio, header.plan.equivalence, None);
    let n_rounds = paired.arm.len() as u32;
    let n_rounds_more = rounds_more(verdict, &ratio, n_rounds, header.plan.equivalence);
    Some(Comparison {
        ratio,
        verdict,
        factor: "control".to_owned(),
        n_rounds,
        n_rounds_more,
    })
}

/// What differs between two arms on the same work, joined by `+`; `none` when nothing does.
fn factor(reference: &CellReport, arm: &CellReport) -> String {
    let (a, b) = (&reference.arm.config, &arm.arm.config);
    let differs = [
        ("variant", reference.arm.variant != arm.arm.variant),
        ("kv", a.kv() != b.kv()),
        ("flash_attn", a.flash_attn != b.flash_attn),
        ("device", (&a.device, a.n_gpu_layers) != (&b.device, b.n_gpu_layers)),
        ("threads", a.n_threads != b.n_threads),
        ("batch", (a.n_batch, a.n_ubatch) != (b.n_batch, b.n_ubatch)),
    ];
    let names: Vec<&str> = differs
        .iter()
        .filter(|(_, is_different)| *is_different)
        .map(|(name, _)| *name)
        .collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join("+")
    }
}

/// Whether `a` is `b` with an f16 cache and nothing else changed (n_ctx may: it costs memory, not time).
fn is_f16_kv_of(a: &CellReport, b: &CellReport) -> bool {
    let f16 = (KvType::F16, KvType::F16);
    let as_f16 = |c: &ArmConfig| ArmConfig {
        type_k: f16.0,
        type_v: f16.1,
        has_kv_rotation: true,
        n_ctx: 0,
        ..c.clone()
    };
    a.arm.variant == b.arm.variant
        && (a.arm.config.type_k, a.arm.config.type_v) == f16
        && (b.arm.config.type_k, b.arm.config.type_v) != f16
        && as_f16(&a.arm.config) == as_f16(&b.arm.config)
}

//! Paired comparisons, the A/A control, and verdicts.
//!
//! A verdict follows from the interval that is printed beside it and the region that counts as the same, and from nothing else. The
//! bias that the control shows beyond doubt is part of every interval: it is that much wider to both sides.

use super::cells::{centre, grouped};
use super::{CellReport, Comparison, Control};
use crate::data::{ArmConfig, KvType, RunHeader, Work, Workload};
use crate::stats::{self, Interval, Verdict};
use std::collections::BTreeMap;

/// Fills `vs_baseline`, `vs_f16_kv` and `vs_first_build` of every measured cell and returns the control.
pub(super) fn compare_all(header: &RunHeader, cells: &mut [CellReport]) -> Control {
    let control = control(header, cells);
    let comparisons: Vec<[Option<Comparison>; 3]> =
        cells.iter().map(|cell| own(header, &control, cells, cell)).collect();
    for (cell, comparisons) in cells.iter_mut().zip(comparisons) {
        [cell.vs_baseline, cell.vs_f16_kv, cell.vs_first_build] = comparisons;
    }
    for (spec, comparison) in &control.by_spec {
        if let Some(cell) = cells.iter_mut().find(|c| c.arm.is_control && c.spec == *spec) {
            cell.vs_baseline = Some(comparison.clone());
        }
    }
    control
}

/// A cell against the baseline, against the same weights with an f16 cache, and against itself in the first build.
fn own(header: &RunHeader, control: &Control, cells: &[CellReport], cell: &CellReport) -> [Option<Comparison>; 3] {
    if !cell.is_ok() || cell.arm.is_control {
        return [None, None, None];
    }
    let is_measured = |c: &&CellReport| c.is_ok() && !c.arm.is_control && c.spec == cell.spec;
    let against = |reference: Option<&CellReport>| compare(header, control, reference?, cell);
    let same_spec = || cells.iter().filter(is_measured);
    let baseline = same_spec()
        .find(|c| c.arm.is_baseline)
        .filter(|_| !cell.arm.is_baseline);
    [
        against(baseline),
        against(same_spec().find(|c| is_f16_kv_of(c, cell))),
        against(same_spec().find(|c| is_first_build_of(header, c, cell))),
    ]
}

impl super::ReportModel {
    /// The same cell in the first of the executables, for one in another.
    pub fn in_first_build(&self, cell: &CellReport) -> Option<&CellReport> {
        self.cells
            .iter()
            .find(|other| is_first_build_of(&self.header, other, cell))
    }

    /// Speed of one measured cell relative to another on the same work, wider by the bias that the control shows.
    pub fn speed_ratio(&self, reference: &CellReport, arm: &CellReport) -> Option<Interval> {
        Some(self.control.widened(arm.ratio(reference)?, &arm.spec))
    }
}

/// The ratio of two measured cells and what may be said of it.
pub(super) fn compare(
    header: &RunHeader,
    control: &Control,
    reference: &CellReport,
    arm: &CellReport,
) -> Option<Comparison> {
    let ratio = control.widened(arm.ratio(reference)?, &arm.spec);
    let n_rounds = reference.pairs(arm).len() as u32;
    Some(judged(header, ratio, factor(reference, arm), n_rounds))
}

fn judged(header: &RunHeader, ratio: Interval, factor: String, n_rounds: u32) -> Comparison {
    let verdict = stats::verdict(&ratio, header.plan.equivalence);
    Comparison {
        ratio,
        verdict,
        factor,
        n_rounds,
        n_rounds_more: rounds_more(verdict, &ratio, n_rounds, header.plan.equivalence),
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

impl Control {
    fn widened(&self, ratio: Interval, spec: &Work) -> Interval {
        stats::widened(ratio, self.bias(spec))
    }

    /// The bias that it shows beyond doubt, log space: on this work, or on all together where it has no figure for that.
    pub(in crate::report) fn bias(&self, spec: &Work) -> f64 {
        let of_spec = self.by_spec.iter().find(|(s, _)| s == spec).map(|(_, c)| &c.ratio);
        let ratio = of_spec.or(self.pooled.as_ref().map(|c| &c.ratio));
        ratio.map_or(0.0, stats::sure_bias)
    }
}

fn control(header: &RunHeader, cells: &[CellReport]) -> Control {
    let mut by_spec = Vec::new();
    let mut sums: BTreeMap<(u32, u32), (f64, usize)> = BTreeMap::new();
    for copy in cells.iter().filter(|c| c.arm.is_control && c.is_ok()) {
        let original = cells
            .iter()
            .find(|c| c.arm.is_baseline && !c.arm.is_control && c.is_ok() && c.spec == copy.spec);
        let Some(original) = original else { continue };
        let pairs = original.pairs(copy);
        if let Some(ratio) = copy.ratio(original) {
            let n_rounds = pairs.len() as u32;
            by_spec.push((copy.spec, judged(header, ratio, "control".to_owned(), n_rounds)));
        }
        if copy.spec.workload().is_headline() {
            for (round, (reference, arm)) in pairs {
                let sum = sums.entry((copy.launch(round), round)).or_insert((0.0, 0));
                *sum = (sum.0 + (reference / arm).ln(), sum.1 + 1);
            }
        }
    }
    // One observation per round: works of one round share its disturbances, so they are averaged, not counted.
    let n_rounds = sums.len() as u32;
    let means = sums.into_iter().map(|((launch, _), (sum, n))| (launch, sum / n as f64));
    let ratio = centre(Workload::Decode, grouped(means));
    Control {
        by_spec,
        pooled: ratio.map(|ratio| judged(header, ratio, "control".to_owned(), n_rounds)),
    }
}

/// What differs between two arms on the same work, joined by `+`; `none` when nothing does.
fn factor(reference: &CellReport, arm: &CellReport) -> String {
    let (a, b) = (&reference.arm.config, &arm.arm.config);
    let differs = [
        ("variant", reference.arm.variant != arm.arm.variant),
        ("build", a.build != b.build),
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

/// Whether `a` is what `b`, in another build, is in the first one: on the same place, whatever the device is called there.
fn is_first_build_of(header: &RunHeader, a: &CellReport, b: &CellReport) -> bool {
    let (Some(first), Some(own)) = (header.builds.first(), &b.arm.config.build) else {
        return false;
    };
    let in_first = b
        .arm
        .id
        .replacen(&format!(" ({own})"), &format!(" ({})", first.name), 1);
    first.name != *own && a.arm.id == in_first && a.spec == b.spec
}

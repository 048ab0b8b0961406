//! The arms that are fastest so far, for the live line: what is known by now, without intervals.

use crate::data::{Arm, Plan, Workload};
use std::collections::{BTreeMap, BTreeSet};

/// Arms that are named.
const N_SHOWN: usize = 2;

/// `Q8_0 106, Q4_1 103 t/s` of decode, in the work that decides; nothing before two arms have a sample. `samples` holds (launch,
/// nanoseconds) per cell and round.
pub(super) fn fastest(
    plan: &Plan,
    samples: &BTreeMap<(usize, u32), (u32, u64)>,
    dropped: &BTreeSet<usize>,
) -> Option<String> {
    let decides = |index: &usize| {
        let cell = &plan.cells[*index];
        cell.spec.workload() == Workload::Decode
            && plan.decision.contains(&cell.spec)
            && !dropped.contains(&cell.arm)
            && !plan.arms[cell.arm].is_control
    };
    let middle = |index: usize| {
        let range = samples.range((index, 0)..=(index, u32::MAX));
        let mut ns: Vec<u64> = range.map(|(_, &(_, ns))| ns).collect();
        ns.sort_unstable();
        ns.get(ns.len() / 2).copied().filter(|&ns| ns > 0)
    };
    let rate = |index: usize| {
        let cell = &plan.cells[index];
        let tokens = f64::from(cell.spec.shape().n_counted);
        Some((&plan.arms[cell.arm], tokens * 1e9 / middle(index)? as f64))
    };
    let mut rates: Vec<(&Arm, f64)> = (0..plan.cells.len()).filter(decides).filter_map(rate).collect();
    rates.sort_by(|a, b| b.1.total_cmp(&a.1));
    let named: Vec<String> = rates
        .iter()
        .take(N_SHOWN)
        .map(|(arm, tps)| format!("{} {}", arm.id, shown(*tps)))
        .collect();
    (named.len() == N_SHOWN).then(|| format!("{} t/s", named.join(", ")))
}

fn shown(tps: f64) -> String {
    if tps < 10.0 {
        format!("{tps:.1}")
    } else {
        format!("{tps:.0}")
    }
}

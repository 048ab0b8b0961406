//! The order of a round: seeded, counter-balanced, comparisons side by side.

use crate::data::{Plan, WorkSpec};
use crate::rng::SplitMix64;
use std::collections::BTreeMap;

/// Arms in the order in which a launch brings their workers up: a seeded order, the other way round in every second
/// launch. The order matters: of two equal workers the one that was started later decoded 5 % faster for as long as both
/// lived (measured both ways round), and only launches in opposite orders let that cancel.
pub fn launch_order(plan: &Plan, launch: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..plan.arms.len()).collect();
    SplitMix64::new(plan.seed ^ (u64::from(launch / 2) << 32) ^ 0x1A0C).shuffle(&mut order);
    if launch % 2 == 1 {
        order.reverse();
    }
    order
}

/// The launch of the `round`-th round that counts: the minimum of rounds is split evenly, further ones run in the last
/// launch.
pub fn launch_of(plan: &Plan, round: u32) -> u32 {
    let per_launch = (plan.stop.n_rounds_min / plan.n_launches).max(1);
    (round / per_launch).min(plan.n_launches - 1)
}

/// Cells (indices into `Plan::cells`) in the order of a round.
///
/// Works come in a seeded order that changes every round; within a work the arms run one after the other, so that what
/// is compared is adjacent in time. Arms follow a Williams square (each arm equally often in each position, and after
/// each other arm; Williams, Aust. J. Sci. Res. A 2, 1949), its rows and labels drawn from the seed. With
/// `by_arm` all cells of one arm run together (models are loaded in turn), arms counter-balanced instead.
pub fn round_order(plan: &Plan, round: u32, by_arm: bool) -> Vec<usize> {
    let mut groups: BTreeMap<WorkSpec, Vec<usize>> = BTreeMap::new();
    for (index, cell) in plan.cells.iter().enumerate() {
        groups.entry(cell.spec).or_default().push(index);
    }
    let mut order: Vec<Vec<usize>> = groups.into_values().collect();
    SplitMix64::new(plan.seed ^ (u64::from(round) << 32) ^ 0x5EED).shuffle(&mut order);
    for cells in &mut order {
        // The offset is drawn per work, so that works do not all start with the same arm in a round.
        let key = cells.first().map_or(0, |&c| c as u64);
        let mut rng = SplitMix64::new(plan.seed.wrapping_add(key.wrapping_mul(0x9E37)));
        let mut labels: Vec<usize> = (0..cells.len()).collect();
        rng.shuffle(&mut labels);
        let offset = rng.below(cells.len().max(1)) as u32;
        *cells = williams_row(cells.len(), round + offset)
            .into_iter()
            .map(|i| cells[labels[i]])
            .collect();
    }
    if by_arm {
        return grouped_by_arm(plan, round, order);
    }
    order.concat()
}

fn grouped_by_arm(plan: &Plan, round: u32, order: Vec<Vec<usize>>) -> Vec<usize> {
    let cells = order.concat();
    let arms = williams_row(plan.arms.len(), round).into_iter();
    arms.flat_map(|arm| cells.iter().copied().filter(move |&c| plan.cells[c].arm == arm))
        .collect()
}

/// Row `row` of a Williams square of `n` items: 0, 1, n-1, 2, n-2 … shifted by the row; for odd `n` every second pass
/// over the rows is mirrored, which completes the balance.
fn williams_row(n: usize, row: u32) -> Vec<usize> {
    if n == 0 {
        return Vec::new();
    }
    let row = row as usize;
    let base = (0..n).map(|i| if i % 2 == 1 { i.div_ceil(2) } else { (n - i / 2) % n });
    let mut items: Vec<usize> = base.map(|i| (i + row) % n).collect();
    if n % 2 == 1 && (row / n) % 2 == 1 {
        items.reverse();
    }
    items
}

/// The headline family: (cell, baseline cell) for every prefill and decode cell of another variant with the
/// baseline's KV type. The control's pairs are not in it.
pub fn headline_pairs(plan: &Plan) -> Vec<(usize, usize)> {
    let Some(baseline) = plan.arms.iter().position(|a| a.is_baseline) else {
        return Vec::new();
    };
    let same_config = |arm: usize| plan.arms[arm].config == plan.arms[baseline].config;
    plan.cells
        .iter()
        .enumerate()
        .filter(|(_, c)| c.arm != baseline && !plan.arms[c.arm].is_control && same_config(c.arm))
        .filter(|(_, c)| c.spec.workload.is_headline())
        .filter_map(|(i, c)| {
            plan.cells
                .iter()
                .position(|b| b.arm == baseline && b.spec == c.spec)
                .map(|base| (i, base))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::matrix::{build, tests::settings};
    use super::*;

    #[test]
    fn williams_rows_balance_positions_and_neighbours() {
        for n in 2..9 {
            let rows = if n % 2 == 0 { n } else { 2 * n };
            let mut position = vec![vec![0; n]; n];
            let mut after = vec![vec![0; n]; n];
            for r in 0..rows {
                let row = williams_row(n, r as u32);
                for (p, &item) in row.iter().enumerate() {
                    position[p][item] += 1;
                }
                row.windows(2).for_each(|w| after[w[0]][w[1]] += 1);
            }
            assert!(
                position.iter().flatten().all(|&c| c == rows / n),
                "n = {n}: {position:?}"
            );
            for (a, row) in after.iter().enumerate() {
                assert!(
                    row.iter().enumerate().all(|(b, &c)| a == b || c == rows / n),
                    "n = {n}: {after:?}"
                );
            }
        }
    }

    #[test]
    fn every_round_runs_every_cell_once_and_compared_cells_are_adjacent() {
        let plan = build(&settings()).expect("valid");
        for round in 0..20 {
            for by_arm in [false, true] {
                let mut order = round_order(&plan, round, by_arm);
                assert_eq!(order, round_order(&plan, round, by_arm));
                if !by_arm {
                    let specs: Vec<WorkSpec> = order.iter().map(|&c| plan.cells[c].spec).collect();
                    let changes = specs.windows(2).filter(|w| w[0] != w[1]).count();
                    assert_eq!(
                        changes + 1,
                        specs.iter().collect::<std::collections::BTreeSet<_>>().len()
                    );
                }
                order.sort_unstable();
                assert_eq!(order, (0..plan.cells.len()).collect::<Vec<_>>());
            }
        }
        assert_ne!(round_order(&plan, 0, false), round_order(&plan, 1, false));
    }

    #[test]
    fn launches_start_their_workers_in_opposite_orders() {
        let plan = build(&settings()).expect("valid");
        let mut second = launch_order(&plan, 1);
        second.reverse();
        assert_eq!(launch_order(&plan, 0), second);
        second.sort_unstable();
        assert_eq!(second, (0..plan.arms.len()).collect::<Vec<_>>());
    }

    #[test]
    fn rounds_are_split_over_launches() {
        let plan = build(&settings()).expect("valid");
        let launches: Vec<u32> = (0..12).map(|r| launch_of(&plan, r)).collect();
        assert_eq!(launches, [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn headline_pairs_differ_in_the_variant_only() {
        let plan = build(&settings()).expect("valid");
        let pairs = headline_pairs(&plan);
        assert_eq!(pairs.len(), 2 * 6);
        for (cell, base) in pairs {
            assert_eq!(plan.cells[cell].spec, plan.cells[base].spec);
            assert_eq!(
                plan.arms[plan.cells[cell].arm].config,
                plan.arms[plan.cells[base].arm].config
            );
        }
    }
}

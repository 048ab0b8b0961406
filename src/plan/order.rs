//! What a round measures, and in which order: seeded, counter-balanced, comparisons side by side.

use super::works::planned;
use crate::data::{ArmConfig, Plan, Work, Workload};
use crate::rng::SplitMix64;
use std::collections::{BTreeMap, BTreeSet};

/// Where in a run a round is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Launch, from 0.
    pub launch: u32,
    /// Round over the whole run, from 0.
    pub round: u32,
    /// Round within the launch, from 0.
    pub in_launch: u32,
}

/// Arms in the order in which a launch brings their workers up, drawn for each launch on its own: of two equal workers the one that was
/// started later decoded 5 to 12 % faster for as long as both lived, and only orders that know nothing of each other make
/// launches independent. Launches in pairs do: with the order reversed the two cancel it, and are one observation.
pub fn launch_order(plan: &Plan, launch: u32) -> Vec<usize> {
    let is_mirrored = plan.pace.is_in_pairs && launch % 2 == 1;
    let drawn = launch - u32::from(is_mirrored);
    let mut order: Vec<usize> = (0..plan.arms.len()).collect();
    SplitMix64::new(plan.seed ^ (u64::from(drawn) << 32) ^ 0x1A0C).shuffle(&mut order);
    if is_mirrored {
        order.reverse();
    }
    order
}

/// The blocks of a round: of each work that is due the cells of its arms, in the order in which they are measured.
///
/// Works come in a seeded order that changes every round; within a work the arms run one after the other, so that what
/// is compared is adjacent in time. Arms follow a Williams square (each arm equally often in each position, and after
/// each other arm; Williams, Aust. J. Sci. Res. A 2, 1949), its rows and labels drawn from the seed: two arms take turns, AB BA. `live`:
/// the cells that are still measured; `contenders`: the arms that may become the choice.
pub fn blocks(plan: &Plan, turn: Turn, live: &BTreeSet<usize>, contenders: &BTreeSet<usize>) -> Vec<Vec<usize>> {
    let n_contenders = contenders.iter().filter(|&&arm| !plan.arms[arm].is_control).count();
    let mut groups: BTreeMap<Work, Vec<usize>> = BTreeMap::new();
    for (index, cell) in plan.cells.iter().enumerate() {
        let takes_part = match due(plan, &cell.spec, turn) {
            Due::No => false,
            // One that is left alone has nothing to be held against.
            Due::Contenders if plan.pace.keeps_all && n_contenders < 2 => false,
            Due::Contenders => contenders.contains(&cell.arm) && !plan.arms[cell.arm].is_control,
            Due::All => true,
        };
        if takes_part && live.contains(&index) {
            groups.entry(cell.spec).or_default().push(index);
        }
    }
    let mut order: Vec<Vec<usize>> = groups.into_values().collect();
    SplitMix64::new(plan.seed ^ (u64::from(turn.round) << 32) ^ 0x5EED).shuffle(&mut order);
    if turn.round == 0 {
        // What a prompt leaves in the cache is what decode starts from: it need not be filled for it.
        order.sort_by_key(|cells| plan.cells[cells[0]].spec.workload() != Workload::Prefill);
    }
    for cells in &mut order {
        // The offset is drawn per work, so that works do not all start with the same arm in a round.
        let mut rng = SplitMix64::new(plan.seed.wrapping_add((cells[0] as u64).wrapping_mul(0x9E37)));
        let mut labels: Vec<usize> = (0..cells.len()).collect();
        rng.shuffle(&mut labels);
        let offset = rng.below(cells.len().max(1)) as u32;
        *cells = williams_row(cells.len(), turn.round + offset)
            .into_iter()
            .map(|i| cells[labels[i]])
            .collect();
    }
    order
}

/// Who takes part in a work in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    No,
    Contenders,
    All,
}

fn due(plan: &Plan, spec: &Work, turn: Turn) -> Due {
    let pace = &plan.pace;
    let every = |n: u32, offset: u32| (turn.in_launch + offset).is_multiple_of(n.max(1));
    if plan.decision.contains(spec) {
        // A launch of a triage has one round.
        let at = if pace.keeps_all { turn.in_launch } else { turn.round };
        return match at.is_multiple_of(pace.table_every.max(1)) {
            true => Due::All,
            false => Due::Contenders,
        };
    }
    let n_prompt = plan.decision.iter().map(Work::n_prompt).max().filter(|n| *n > 0);
    let is_due = match pace.n_rounds_asked {
        Some(_) => true,
        None if planned(spec).is_dear(n_prompt) => turn.in_launch == 0 && is_dear_launch(plan, turn.launch),
        None => every(pace.curve_every, spec.n_prompt() / 64 + spec.n_depth() / 64),
    };
    if is_due {
        Due::All
    } else {
        Due::No
    }
}

/// `n_dear` launches, spread evenly over those that there are at least.
fn is_dear_launch(plan: &Plan, launch: u32) -> bool {
    let (n_dear, n) = (plan.pace.n_dear, plan.stop.n_launches_min.max(1));
    launch < n && (launch == 0 || launch * n_dear / n != (launch - 1) * n_dear / n)
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
/// baseline's KV type, and of its own in another build. The control's pairs are not in it.
pub fn headline_pairs(plan: &Plan) -> Vec<(usize, usize)> {
    let Some(baseline) = plan.arms.iter().position(|a| a.is_baseline) else {
        return Vec::new();
    };
    let base = &plan.arms[baseline].config;
    let same_config = |arm: usize| {
        let in_base = ArmConfig {
            build: base.build.clone(),
            ..plan.arms[arm].config.clone()
        };
        in_base == *base
    };
    plan.cells
        .iter()
        .enumerate()
        .filter(|(_, c)| c.arm != baseline && !plan.arms[c.arm].is_control && same_config(c.arm))
        .filter(|(_, c)| c.spec.workload().is_headline())
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

    fn turn(round: u32, n_rounds: u32) -> Turn {
        Turn {
            launch: round / n_rounds,
            round,
            in_launch: round % n_rounds,
        }
    }

    #[test]
    fn rounds_that_were_asked_for_are_whole_and_compared_cells_are_adjacent() {
        let mut asked = settings();
        asked.n_rounds = Some(20);
        let plan = build(&asked).expect("valid");
        let (all, arms) = ((0..plan.cells.len()).collect(), (0..plan.arms.len()).collect());
        for round in 0..20 {
            let found = blocks(&plan, turn(round, 4), &all, &arms);
            assert_eq!(found, blocks(&plan, turn(round, 4), &all, &arms));
            for block in &found {
                assert!(block.iter().all(|&c| plan.cells[c].spec == plan.cells[block[0]].spec));
            }
            let mut cells = found.concat();
            cells.sort_unstable();
            assert_eq!(cells, (0..plan.cells.len()).collect::<Vec<_>>());
        }
        assert_ne!(
            blocks(&plan, turn(1, 4), &all, &arms),
            blocks(&plan, turn(2, 4), &all, &arms)
        );
    }

    #[test]
    fn what_decides_comes_every_round_and_what_is_dear_three_times() {
        let plan = build(&settings()).expect("valid");
        let (all, contenders): (BTreeSet<usize>, BTreeSet<usize>) = ((0..plan.cells.len()).collect(), [0, 1].into());
        let mut times: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for round in 0..24 {
            for block in blocks(&plan, turn(round, 4), &all, &contenders) {
                times
                    .entry(plan.cells[block[0]].spec.to_string())
                    .or_default()
                    .push(block.len());
            }
        }
        let of = |work: &str| times[work].clone();
        assert_eq!(of("pp512"), [[5, 2]; 12].concat(), "all arms, then the contenders");
        assert_eq!(of("tg32 @ d512"), [[5, 2]; 12].concat());
        assert_eq!(of("tg32 @ d2048").len(), 6, "once a launch");
        assert_eq!((of("pp2048").len(), of("nr1 @ d128").len()), (3, 3));
    }

    #[test]
    fn two_contenders_take_turns() {
        let mut triage = settings();
        triage.is_triage = true;
        triage.workloads = vec![Workload::Prefill, Workload::Decode];
        (triage.work_flags.n_prompt, triage.work_flags.depths) = (vec![512], vec![512]);
        let plan = build(&triage).expect("valid");
        let live: BTreeSet<usize> = (0..plan.cells.len())
            .filter(|&c| [1, 2].contains(&plan.cells[c].arm))
            .collect();
        let first: Vec<usize> = (0..8)
            .map(|round| {
                let found = blocks(&plan, turn(round, 1), &live, &[1, 2].into());
                let block = found
                    .iter()
                    .find(|b| plan.cells[b[0]].spec.workload() == Workload::Decode);
                plan.cells[block.expect("it decides")[0]].arm
            })
            .collect();
        assert!(first.windows(2).all(|w| w[0] != w[1]), "{first:?}");
        let plan = build(&settings()).expect("valid");
        let all = (0..plan.cells.len()).collect();
        assert_eq!(
            blocks(&plan, turn(25, 4), &all, &[1].into()),
            Vec::<Vec<usize>>::new(),
            "one alone"
        );
    }

    #[test]
    fn every_launch_starts_its_workers_in_an_order_of_its_own() {
        let plan = build(&settings()).expect("valid");
        let orders: BTreeSet<Vec<usize>> = (0..12).map(|launch| launch_order(&plan, launch)).collect();
        assert!(orders.len() > 9, "{orders:?}");
        let last: BTreeSet<usize> = orders.iter().filter_map(|o| o.last().copied()).collect();
        assert!(last.len() > 2, "the favoured place goes round: {last:?}");
    }

    #[test]
    fn launches_of_a_gate_come_in_pairs_of_opposite_orders() {
        let mut gate = settings();
        let build = |name: &str| super::super::PlannedBuild {
            name: name.into(),
            device: "cpu".into(),
        };
        (gate.is_gate, gate.builds) = (true, ["base", "new"].map(build).to_vec());
        (gate.variants, gate.kv) = (vec!["Q8_0".into()], gate.kv[..1].to_vec());
        let plan = super::super::build(&gate).expect("valid");
        let ids: Vec<&str> = plan.arms.iter().map(|a| a.id.as_str()).collect();
        assert_eq!(ids, ["Q8_0 (base)", "Q8_0 (new)"], "no control");
        for pair in 0..8 {
            let mirrored: Vec<usize> = launch_order(&plan, 2 * pair + 1).into_iter().rev().collect();
            assert_eq!(launch_order(&plan, 2 * pair), mirrored);
        }
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

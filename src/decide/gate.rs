//! Whether one build is slower than another.
//!
//! Of two processes that are up at the same time the one started later is faster, so launches come in pairs of opposite orders, and a pair
//! is one observation. A work is slower when the bound on its ratio, one-sided and for all works and looks together, lies below 1, and the
//! estimate is slower by the margin or more: the first keeps chance out, the second what nobody minds.

use super::regret::{is_look, Looks};
use crate::stats::{Interval, LogMean, N_LAUNCHES_MIN};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How a condition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateStanding {
    /// It is met: the gate fails.
    Failed,
    /// Surely not met.
    Passed,
    /// It cannot be told; the gate does not fail.
    Open,
}

/// Observations of pairs of launches (2k, 2k + 1), from one value a launch; half a pair is none.
pub fn pairs(by_launch: &BTreeMap<u32, f64>) -> Vec<f64> {
    let first = by_launch.iter().filter(|(launch, _)| *launch % 2 == 0);
    let both = first.filter_map(|(launch, x)| Some((x, by_launch.get(&(launch + 1))?)));
    both.map(|(x, y)| f64::midpoint(*x, *y)).collect()
}

/// Whether a gate may end because of what was seen after so many launches.
pub fn is_gate_look(n_launches: u32) -> bool {
    n_launches.is_multiple_of(2) && is_look(n_launches / 2)
}

/// Whether the speed of a candidate (`seen`: ln of its ratio to the base) is below by `margin`, with the interval of which each end is
/// the bound that this is told by. `n_works`: judged beside each other.
pub fn slower(seen: &LogMean, margin: f64, n_works: usize, looks: Looks) -> (GateStanding, Option<Interval>) {
    let each = looks.alpha() / n_works.max(1) as f64;
    let least = (1.0 - margin).ln();
    let (mean, upper) = (seen.mean, seen.upper(each));
    let standing = if seen.n < N_LAUNCHES_MIN {
        GateStanding::Open
    } else if upper < 0.0 && mean <= least {
        GateStanding::Failed
    } else if mean - (upper - mean) > least {
        GateStanding::Passed
    } else {
        GateStanding::Open
    };
    (standing, seen.interval(2.0 * each))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_and_what_nobody_minds_do_not_fail_a_gate() {
        let judged = |mean: f64, spread: f64| {
            let seen = LogMean::of(&[mean - spread, mean, mean, mean, mean, mean + spread], 0.0).expect("six");
            slower(&seen, 0.03, 2, Looks::End).0
        };
        assert_eq!(judged(-0.05, 0.01), GateStanding::Failed);
        assert_eq!(judged(-0.05, 0.1), GateStanding::Open, "it may be chance");
        assert_eq!(
            judged(-0.02, 0.001),
            GateStanding::Passed,
            "surely slower, by less than the margin"
        );
        assert_eq!(judged(0.0, 0.01), GateStanding::Passed);
        let few = LogMean::of(&[-0.5, -0.5], 0.01).expect("two");
        assert_eq!(slower(&few, 0.03, 1, Looks::End).0, GateStanding::Open);
    }

    #[test]
    fn launches_are_paired_with_their_mirror() {
        let seen = BTreeMap::from([(0, 0.1), (1, -0.1), (2, 0.3), (4, 0.2), (5, 0.4)]);
        let found = pairs(&seen);
        assert!(
            found.len() == 2 && found[0].abs() < 1e-12 && (found[1] - 0.3).abs() < 1e-12,
            "{found:?}"
        );
        assert!(is_gate_look(8) && !is_gate_look(9) && !is_gate_look(4));
    }
}

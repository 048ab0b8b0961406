//! Which candidates are worth measuring, by what is predicted of them.

use crate::data::{Goal, WhyLeftOut};

/// How far measured memory was from its prediction at most, as a factor: what is over a limit by more is over it.
const MEMORY_TRUST: f64 = 1.1;
/// The same of speed, doubly careful: a shared machine may be much faster a minute later.
const SPEED_TRUST: f64 = 1.5;

/// A variant, with its cheapest KV type where it has several.
#[derive(Debug, Clone, PartialEq)]
pub struct Contender {
    pub variant: String,
    pub worker_bytes: u64,
    /// Its peak alone; absent on a device.
    pub arm_bytes: Option<u64>,
    /// Decode; absent where nothing can be predicted.
    pub decode_tps: Option<f64>,
    /// Time that measuring it takes.
    pub predicted_ns: u64,
}

/// What candidates are held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub available_bytes: u64,
    pub goal: Goal,
    /// Time for all; absent where the user named the variants.
    pub budget_ns: Option<u64>,
}

/// Variants that are tried first where time is short; the others follow in their order.
const FIRST: [&str; 2] = ["Q8_0", "Q4_K_M"];

/// Of each candidate why it is left out, if it is. `all` has the most exact one, the baseline, first: what fits first stays however slow
/// it is, because quality is measured against it.
pub fn left_out(all: &[Contender], bounds: &Bounds) -> Vec<Option<WhyLeftOut>> {
    let mut why: Vec<Option<WhyLeftOut>> = all.iter().map(|c| memory(c, bounds)).collect();
    if why.iter().all(Option::is_some) {
        // Nothing keeps to the user's limit: the smallest shows how far it is from it.
        let fits = (0..all.len()).filter(|&i| matches!(why[i], Some(WhyLeftOut::OverLimit { .. })));
        if let Some(smallest) = fits.min_by_key(|&i| all[i].arm_bytes) {
            why[smallest] = None;
        }
    }
    let baseline = why.iter().position(Option::is_none);
    for (i, c) in all.iter().enumerate() {
        if why[i].is_none() && Some(i) != baseline {
            why[i] = speed(c, bounds);
        }
    }
    let Some(budget_ns) = bounds.budget_ns else { return why };
    let mut order: Vec<usize> = (0..all.len()).filter(|&i| why[i].is_none()).collect();
    order.sort_by_key(|&i| {
        let rank = FIRST.iter().position(|id| *id == all[i].variant);
        (Some(i) != baseline, rank.unwrap_or(FIRST.len()))
    });
    let mut spent = 0u64;
    for (rank, i) in order.into_iter().enumerate() {
        spent = spent.saturating_add(all[i].predicted_ns);
        // Less than two would be no comparison.
        if rank > 1 && spent > budget_ns {
            why[i] = Some(WhyLeftOut::NoTime { budget_ns });
        }
    }
    why
}

fn memory(c: &Contender, bounds: &Bounds) -> Option<WhyLeftOut> {
    if c.worker_bytes > bounds.available_bytes {
        return Some(WhyLeftOut::DoesNotFit {
            needed_bytes: c.worker_bytes,
            available_bytes: bounds.available_bytes,
        });
    }
    let (needed_bytes, limit_bytes) = (c.arm_bytes?, bounds.goal.max_ram_bytes?);
    (needed_bytes as f64 > limit_bytes as f64 * MEMORY_TRUST).then_some(WhyLeftOut::OverLimit {
        needed_bytes,
        limit_bytes,
    })
}

fn speed(c: &Contender, bounds: &Bounds) -> Option<WhyLeftOut> {
    let (decode_tps, least_tps) = (c.decode_tps?, bounds.goal.min_decode_tps?);
    (decode_tps * SPEED_TRUST < least_tps).then_some(WhyLeftOut::TooSlow { decode_tps, least_tps })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contender(variant: &str, mb: u64, tps: f64, seconds: u64) -> Contender {
        Contender {
            variant: variant.into(),
            worker_bytes: mb * 1_000_000,
            arm_bytes: Some(mb * 1_000_000),
            decode_tps: Some(tps),
            predicted_ns: seconds * 1_000_000_000,
        }
    }

    fn bounds(goal: Goal, budget_s: Option<u64>) -> Bounds {
        Bounds {
            available_bytes: 1_000_000_000,
            goal,
            budget_ns: budget_s.map(|s| s * 1_000_000_000),
        }
    }

    #[test]
    fn what_cannot_fit_or_is_far_too_slow_is_left_out_and_the_baseline_stays() {
        let all = [
            contender("F16", 1100, 5.0, 1),
            contender("Q8_0", 900, 9.0, 1),
            contender("Q6_K", 700, 13.0, 1),
            contender("Q4_K_M", 500, 14.0, 1),
        ];
        let goal = Goal {
            min_decode_tps: Some(20.0),
            ..Goal::default()
        };
        let why = left_out(&all, &bounds(goal, None));
        assert!(matches!(why[0], Some(WhyLeftOut::DoesNotFit { .. })));
        assert_eq!(why[1], None, "quality is measured against it");
        assert!(matches!(why[2], Some(WhyLeftOut::TooSlow { .. })));
        assert_eq!(why[3], None, "14 x 1.5 may be 20");
        let goal = Goal {
            max_ram_bytes: Some(640_000_000),
            ..Goal::default()
        };
        let over: Vec<bool> = left_out(&all, &bounds(goal, None))
            .iter()
            .map(Option::is_some)
            .collect();
        assert_eq!(over, [true, true, false, false], "700 may be 640, 900 not");
        let goal = Goal {
            max_ram_bytes: Some(1000),
            ..Goal::default()
        };
        let over: Vec<bool> = left_out(&all, &bounds(goal, None))
            .iter()
            .map(Option::is_some)
            .collect();
        assert_eq!(over, [true, true, true, false], "the smallest comes closest");
    }

    #[test]
    fn a_short_budget_is_for_the_usual_ones() {
        let all = ["F16", "Q8_0", "Q6_K", "Q4_K_M"].map(|id| contender(id, 100, 50.0, 20));
        let measured = |budget| {
            let why = left_out(&all, &bounds(Goal::default(), budget));
            why.iter().map(Option::is_none).collect::<Vec<_>>()
        };
        assert_eq!(measured(Some(60)), [true, true, false, true]);
        assert_eq!(measured(Some(80)), [true; 4]);
        assert_eq!(measured(Some(1)), [true, true, false, false], "two at least");
        assert_eq!(measured(None), [true; 4], "what is named is measured");
    }
}

//! How much faster than the choice another arm can be, and when that is looked at.

use crate::stats::{LogMean, N_LAUNCHES_MIN};

/// Launches after which a run may end, or an arm leave, because of what was seen.
const LOOKS: [u32; 4] = [4, 8, 16, 32];
/// Chance of error that each of these looks may have, all comparisons together: little, because there are several (Haybittle, British
/// Journal of Radiology 44, 1971).
const ALPHA_LOOK: f64 = 0.005;
/// That of the last one: all together 5 %.
const ALPHA_END: f64 = 0.05 - LOOKS.len() as f64 * ALPHA_LOOK;
/// An arm that is this much slower in every launch so far leaves without waiting for a look, as a ratio: ten times what processes were
/// seen to differ by.
const FAR_BEHIND: f64 = 1.35;
/// Launches that this takes.
const N_FAR_BEHIND: usize = 2;

/// Whether the answer may end the run after so many launches.
pub fn is_look(n_launches: u32) -> bool {
    LOOKS.contains(&n_launches)
}

/// Which of the looks a bound is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// One that may end the run.
    Interim,
    /// What a run says when it has ended for another reason.
    End,
}

impl Looks {
    /// Chance that a bound among `n` arms is exceeded.
    pub(super) const fn alpha(self) -> f64 {
        match self {
            Looks::Interim => ALPHA_LOOK,
            Looks::End => ALPHA_END,
        }
    }
}

/// ln of the speed of the first arm over that of the second, launch by launch.
pub type Speeds<'a> = dyn Fn(usize, usize) -> Option<LogMean> + 'a;

/// The bound on ln(speed of the best other arm / speed of `lead`): at least 0; absent where one of the others was never measured beside
/// it. Every comparison is one of the true best with another arm, so each may miss with `alpha / (n - 1)`, whichever arm was picked.
pub(super) fn bound(lead: usize, arms: &[usize], speeds: &Speeds<'_>, alpha: f64) -> Option<f64> {
    let others = arms.iter().copied().filter(|&i| i != lead);
    let each = alpha / (arms.len().saturating_sub(1)).max(1) as f64;
    let bounds: Option<Vec<f64>> = others.map(|i| Some(speeds(i, lead)?.upper(each))).collect();
    Some(bounds?.into_iter().fold(0.0, f64::max))
}

/// Whether `arm` is surely not the best: another one is faster beyond doubt.
pub(super) fn is_beaten(arm: usize, arms: &[usize], speeds: &Speeds<'_>, alpha: f64) -> bool {
    let each = alpha / (arms.len().saturating_sub(1)).max(1) as f64;
    let others = arms.iter().copied().filter(|&i| i != arm);
    let known = others
        .filter_map(|i| speeds(arm, i))
        .filter(|seen| seen.n >= N_LAUNCHES_MIN);
    known.into_iter().any(|seen| seen.upper(each) < 0.0)
}

/// Whether an arm is so much slower in each launch (ln of its speed over that of the lead) that no look is needed. Only launches in which
/// nothing was seen to disturb the two may be told: a neighbour can make one of them three times as slow.
pub fn is_far_behind(by_launch: &[f64]) -> bool {
    by_launch.len() >= N_FAR_BEHIND && by_launch.iter().all(|x| *x < -FAR_BEHIND.ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(mean: f64) -> Option<LogMean> {
        LogMean::of(&[mean - 0.01, mean, mean, mean + 0.01], 0.0)
    }

    #[test]
    fn the_bound_is_that_of_the_best_other_arm_and_never_below_zero() {
        // Standard error 0.00408248, t(3) at 0.975 3.182446: 0.0129923.
        let speeds = |i: usize, _: usize| seen([0.0, -0.3, 0.02][i]);
        let found = bound(0, &[0, 1, 2], &speeds, 0.05).expect("all were measured");
        assert!((found - 0.032_992_3).abs() < 1e-5, "{found}");
        assert_eq!(bound(0, &[0, 1], &speeds, 0.05), Some(0.0));
        assert_eq!(bound(0, &[0], &speeds, 0.05), Some(0.0));
        assert_eq!(bound(0, &[0, 1], &|_, _| None, 0.05), None);
    }

    #[test]
    fn an_arm_is_beaten_only_on_launches_that_show_their_own_spread() {
        let speeds = |i: usize, j: usize| seen([0.0, -0.1, 0.0][i] - [0.0, -0.1, 0.0][j]);
        assert!(is_beaten(1, &[0, 1, 2], &speeds, 0.005));
        assert!(!is_beaten(0, &[0, 1, 2], &speeds, 0.005));
        let few = |i: usize, j: usize| LogMean::of(&[[0.0, -0.5][i] - [0.0, -0.5][j]], 0.01);
        assert!(!is_beaten(1, &[0, 1], &few, 0.005));
        assert!(is_far_behind(&[-0.5, -0.31]) && !is_far_behind(&[-0.5, -0.2]) && !is_far_behind(&[-0.5]));
        assert!(is_look(4) && !is_look(5));
    }
}

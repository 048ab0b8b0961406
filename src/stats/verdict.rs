//! From intervals to words: faster, slower, same, or can't tell.

use super::interval::half_width;
use super::Interval;
use std::fmt;

/// What may be said of an arm's speed against the baseline's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Faster by more than is practically the same, and by more than this run's own noise.
    Faster,
    /// Slower, likewise.
    Slower,
    /// The whole interval lies within what counts as the same.
    Same,
    /// None of these.
    CantTell,
}

impl Verdict {
    /// Name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::Same => "same",
            Verdict::CantTell => "cant_tell",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::CantTell => "can't tell",
            other => other.name(),
        })
    }
}

/// The verdict on a ratio of speeds (above 1: the arm is faster than the baseline).
///
/// `equivalence` is the half-width of the region that counts as the same: 0.02 is 1/1.02 to 1.02, the same for both
/// directions. `noise` is the ratio of the disguised second baseline (A') to the baseline in the same run.
///
/// - [`Verdict::Same`]: the whole interval lies in the region.
/// - [`Verdict::Faster`], [`Verdict::Slower`]: the whole interval lies beyond the region, and the estimate beyond
///   the farther end of the noise.
/// - [`Verdict::CantTell`]: otherwise, and always when the control fails ([`control_demotes`]).
pub fn verdict(ratio: &Interval, equivalence: f64, noise: Option<&Interval>) -> Verdict {
    let (Some((lo, hi)), Some(region)) = (log_ends(ratio), region(equivalence)) else {
        return Verdict::CantTell;
    };
    let noise_reach = match noise {
        None => 0.0,
        Some(noise) if control_demotes(noise, equivalence) => return Verdict::CantTell,
        Some(noise) => match log_ends(noise) {
            Some((lo, hi)) => lo.abs().max(hi.abs()),
            None => return Verdict::CantTell,
        },
    };
    let estimate = ratio.estimate.ln();
    if lo >= -region && hi <= region {
        Verdict::Same
    } else if lo > region && estimate > noise_reach {
        Verdict::Faster
    } else if hi < -region && estimate < -noise_reach {
        Verdict::Slower
    } else {
        Verdict::CantTell
    }
}

/// Whether the interval of the A/A control excludes 1, though both its arms are the same: at a level of 95 % this
/// happens by chance in one run in twenty, and whenever the run has a bias of its own. Worth a banner.
///
/// A control whose interval is undefined counts as excluding 1.
pub fn control_excludes_one(control: &Interval) -> bool {
    !(control.lo <= 1.0 && 1.0 <= control.hi)
}

/// Whether the control makes every speed verdict of its work "can't tell": it excludes 1, and part of its interval
/// lies beyond what counts as the same. (A bias that is known to lie within that region is too small to matter.)
pub fn control_demotes(control: &Interval, equivalence: f64) -> bool {
    let is_equivalent = match (log_ends(control), region(equivalence)) {
        (Some((lo, hi)), Some(region)) => lo >= -region && hi <= region,
        _ => false,
    };
    control_excludes_one(control) && !is_equivalent
}

/// Which of several hypotheses are rejected at `alpha` over the whole family, in the order given (Holm 1979,
/// Scandinavian Journal of Statistics 6, 65-70).
///
/// The smallest p-value is held against `alpha / m`, the next against `alpha / (m - 1)`, and so on until the first
/// that fails. A p-value that is NaN is never rejected, and counts in m.
pub fn holm_rejects(p: &[f64], alpha: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    // A NaN may sort first (by its sign); it goes to the end.
    order.sort_by_key(|&i| p[i].is_nan());
    let mut rejected = vec![false; p.len()];
    for (rank, &i) in order.iter().enumerate() {
        let is_rejected = p[i] <= alpha / (p.len() - rank) as f64;
        if !is_rejected {
            break;
        }
        rejected[i] = true;
    }
    rejected
}

/// Rounds in all that would bring the interval to `half_width` (log space), at the noise seen in `n` rounds: an
/// interval shrinks with the square root of the number of rounds. At least `n`.
///
/// `None` when no number of rounds can be named: a target or an interval that is zero, infinite or undefined, or
/// more rounds than `u32` holds.
pub fn rounds_to_settle(interval: &Interval, n: u32, half_width: f64) -> Option<u32> {
    let now = self::half_width(interval);
    if n == 0 || !now.is_finite() || !half_width.is_finite() || half_width <= 0.0 {
        return None;
    }
    let rounds = (f64::from(n) * (now / half_width).powi(2)).ceil().max(f64::from(n));
    (rounds <= f64::from(u32::MAX)).then_some(rounds as u32)
}

/// The half-width (log space) at which a "can't tell" would settle, if the estimate stays where it is: its distance
/// to the nearer edge of what counts as the same. `None` when it sits on the edge, where no precision helps.
pub fn settling_half_width(ratio: &Interval, equivalence: f64) -> Option<f64> {
    let distance = (ratio.estimate.ln().abs() - region(equivalence)?).abs();
    (distance.is_finite() && distance > 0.0).then_some(distance)
}

/// Half-width of the region of practical equivalence in log space.
fn region(equivalence: f64) -> Option<f64> {
    let region = equivalence.ln_1p();
    (region.is_finite() && region >= 0.0).then_some(region)
}

/// Both ends in log space; `None` where a ratio cannot be (not positive, not finite).
fn log_ends(ratio: &Interval) -> Option<(f64, f64)> {
    let (lo, hi) = (ratio.lo.ln(), ratio.hi.ln());
    (lo.is_finite() && hi.is_finite() && ratio.estimate.ln().is_finite()).then_some((lo, hi))
}

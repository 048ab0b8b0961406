//! From intervals to words: faster, slower, same, or can't tell.

use super::interval::half_width;
use super::Interval;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// What may be said of an arm's speed against the baseline's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Faster, by more than is practically the same.
    Faster,
    /// Slower, likewise.
    Slower,
    /// The whole interval lies within what counts as the same.
    Same,
    /// None of these.
    CantTell,
}

impl Verdict {
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

/// The verdict on a ratio of speeds (above 1: the arm is faster than the baseline), from its interval alone.
///
/// `equivalence` is the half-width of the region that counts as the same: 0.02 is 1/1.02 to 1.02, the same for both
/// directions. [`Verdict::Same`]: the whole interval lies in the region. [`Verdict::Faster`], [`Verdict::Slower`]: the whole
/// interval lies beyond it. [`Verdict::CantTell`]: neither.
pub fn verdict(ratio: &Interval, equivalence: f64) -> Verdict {
    let (Some((lo, hi)), Some(region)) = (log_ends(ratio), region(equivalence)) else {
        return Verdict::CantTell;
    };
    if lo >= -region && hi <= region {
        Verdict::Same
    } else if lo > region {
        Verdict::Faster
    } else if hi < -region {
        Verdict::Slower
    } else {
        Verdict::CantTell
    }
}

/// The bias that an A/A control shows beyond doubt: how far the nearer end of its interval is from 1, in log space; 0 when the
/// interval includes 1 or is undefined.
pub fn sure_bias(control: &Interval) -> f64 {
    match log_ends(control) {
        Some((lo, hi)) => lo.max(-hi).max(0.0),
        None => 0.0,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn interval(lo: f64, estimate: f64, hi: f64) -> Interval {
        Interval {
            lo,
            hi,
            ..Interval::bare(estimate)
        }
    }

    #[test]
    fn verdicts_follow_from_the_interval_and_the_region_alone() {
        for (ratio, expected) in [
            (interval(1.66, 1.71, 1.76), Verdict::Faster),
            (interval(0.56, 0.58, 0.60), Verdict::Slower),
            (interval(0.99, 1.0, 1.01), Verdict::Same),
            (interval(1.001, 1.01, 1.019), Verdict::Same),
            (interval(1.01, 1.03, 1.05), Verdict::CantTell),
            (interval(0.97, 1.0, 1.03), Verdict::CantTell),
            (interval(1.25, 1.31, 1.39), Verdict::Faster),
            (interval(0.692, 0.736, 0.800), Verdict::Slower),
        ] {
            assert_eq!(verdict(&ratio, 0.02), expected, "{ratio:?}");
        }
        assert_eq!(Verdict::CantTell.to_string(), "can't tell");
        assert_eq!(Verdict::CantTell.name(), "cant_tell");
        assert_eq!(format!("{:>8}", Verdict::Faster), "  faster");
    }

    #[test]
    fn a_control_shows_as_much_bias_as_its_interval_leaves_no_doubt_of() {
        assert_eq!(sure_bias(&interval(0.99, 1.0, 1.01)), 0.0);
        assert!((sure_bias(&interval(1.012, 1.075, 1.135)) - 1.012f64.ln()).abs() < 1e-12);
        assert!((sure_bias(&interval(0.9, 0.95, 0.98)) + 0.98f64.ln()).abs() < 1e-12);
        assert_eq!(sure_bias(&interval(f64::NAN, 1.0, 1.0)), 0.0);
    }

    #[test]
    fn what_is_undefined_is_never_a_claim() {
        for broken in [
            interval(0.0, 1.0, 2.0),
            interval(f64::NAN, 2.0, 2.0),
            interval(2.0, 2.0, f64::INFINITY),
        ] {
            assert_eq!(verdict(&broken, 0.02), Verdict::CantTell);
        }
        let clear = interval(1.66, 1.71, 1.76);
        for equivalence in [-0.1, -2.0, f64::NAN, f64::INFINITY] {
            assert_eq!(verdict(&clear, equivalence), Verdict::CantTell);
        }
        assert_eq!(verdict(&clear, 0.0), Verdict::Faster);
    }

    #[test]
    fn rounds_grow_with_the_square_of_the_precision() {
        let wide = interval((-0.04f64).exp(), 1.0, 0.04f64.exp());
        assert_eq!(rounds_to_settle(&wide, 8, 0.0201), Some(32));
        assert_eq!(rounds_to_settle(&wide, 8, 0.05), Some(8));
        assert_eq!(rounds_to_settle(&wide, 8, 0.0), None);
        assert_eq!(rounds_to_settle(&wide, 8, f64::NAN), None);
        assert_eq!(rounds_to_settle(&wide, 0, 0.02), None);
        assert_eq!(rounds_to_settle(&wide, 8, 1e-9), None);
        assert_eq!(rounds_to_settle(&interval(0.0, 1.0, 2.0), 8, 0.02), None);
        // An estimate of 1.05 with a region to 1.02 settles once the interval is narrower than the gap.
        let gap = settling_half_width(&interval(1.0, 1.05, 1.1), 0.02).unwrap();
        assert!((gap - (1.05f64 / 1.02).ln()).abs() < 1e-12);
        assert!((settling_half_width(&interval(0.9, 1.0, 1.1), 0.02).unwrap() - 1.02f64.ln()).abs() < 1e-12);
        assert_eq!(settling_half_width(&interval(0.9, 0.0, 1.1), 0.02), None);
        assert_eq!(settling_half_width(&interval(0.9, 1.0, 1.1), 0.0), None);
    }

    proptest! {
        #[test]
        fn swapping_the_arms_swaps_faster_and_slower(ends in prop::array::uniform3(0.5f64..2.0)) {
            let mut ends = ends;
            ends.sort_by(f64::total_cmp);
            let ratio = interval(ends[0], ends[1], ends[2]);
            let swapped = interval(1.0 / ends[2], 1.0 / ends[1], 1.0 / ends[0]);
            let mirrored = match verdict(&swapped, 0.02) {
                Verdict::Faster => Verdict::Slower,
                Verdict::Slower => Verdict::Faster,
                other => other,
            };
            prop_assert_eq!(verdict(&ratio, 0.02), mirrored);
        }

        /// A difference is claimed only where the interval leaves 1 out, and sameness only where it holds nothing else.
        #[test]
        fn no_verdict_contradicts_its_interval(x in prop::array::uniform3(0.01f64..100.0), equivalence in 0.0f64..0.2) {
            let mut x = x;
            x.sort_by(f64::total_cmp);
            let ratio = interval(x[0], x[1], x[2]);
            let same = 1.0 / (1.0 + equivalence)..=1.0 + equivalence;
            match verdict(&ratio, equivalence) {
                Verdict::Faster => prop_assert!(ratio.lo > *same.end()),
                Verdict::Slower => prop_assert!(ratio.hi < *same.start()),
                Verdict::Same => prop_assert!(ratio.lo >= same.start() * (1.0 - 1e-12) && ratio.hi <= same.end() * (1.0 + 1e-12)),
                Verdict::CantTell => prop_assert!(ratio.lo <= same.end() * (1.0 + 1e-12) && ratio.hi >= same.start() * (1.0 - 1e-12)),
            }
        }

        #[test]
        fn nothing_panics(x in prop::array::uniform4(any::<f64>()), n in any::<u32>()) {
            let ratio = interval(x[0], x[1], x[2]);
            let _ = (verdict(&ratio, x[3]), sure_bias(&ratio), half_width(&ratio));
            prop_assert!(rounds_to_settle(&ratio, n, x[3]).is_none_or(|rounds| rounds >= n));
            prop_assert!(settling_half_width(&ratio, x[3]).is_none_or(|width| width > 0.0));
        }
    }
}

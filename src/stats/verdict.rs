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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Method;
    use proptest::prelude::*;

    fn interval(lo: f64, estimate: f64, hi: f64) -> Interval {
        Interval {
            estimate,
            lo,
            hi,
            level: 0.95,
            method: Method::OrderStatistics,
        }
    }

    #[test]
    fn verdicts_as_the_region_and_the_noise_have_it() {
        let quiet = interval(0.99, 1.0, 1.01);
        let noisy = interval(0.94, 1.0, 1.06);
        for (ratio, noise, expected) in [
            (interval(1.66, 1.71, 1.76), None, Verdict::Faster),
            (interval(1.66, 1.71, 1.76), Some(&quiet), Verdict::Faster),
            (interval(0.56, 0.58, 0.60), Some(&quiet), Verdict::Slower),
            (interval(0.99, 1.0, 1.01), Some(&quiet), Verdict::Same),
            (interval(1.001, 1.01, 1.019), Some(&quiet), Verdict::Same),
            (interval(1.01, 1.03, 1.05), Some(&quiet), Verdict::CantTell),
            (interval(0.97, 1.0, 1.03), Some(&quiet), Verdict::CantTell),
            (interval(1.03, 1.05, 1.07), Some(&quiet), Verdict::Faster),
            (interval(1.03, 1.05, 1.07), Some(&noisy), Verdict::CantTell),
            (interval(1.03, 1.07, 1.11), Some(&noisy), Verdict::Faster),
            (interval(0.90, 0.93, 0.96), Some(&noisy), Verdict::Slower),
            (interval(0.94, 0.95, 0.96), Some(&noisy), Verdict::CantTell),
        ] {
            assert_eq!(verdict(&ratio, 0.02, noise), expected, "{ratio:?} {noise:?}");
        }
        assert_eq!(Verdict::CantTell.to_string(), "can't tell");
        assert_eq!(Verdict::CantTell.name(), "cant_tell");
        assert_eq!(format!("{:>8}", Verdict::Faster), "  faster");
    }

    #[test]
    fn a_control_that_fails_demotes_every_verdict() {
        let biased = interval(1.01, 1.03, 1.05);
        assert!(control_excludes_one(&biased) && control_demotes(&biased, 0.02));
        assert_eq!(
            verdict(&interval(1.66, 1.71, 1.76), 0.02, Some(&biased)),
            Verdict::CantTell
        );
        assert_eq!(
            verdict(&interval(0.99, 1.0, 1.01), 0.02, Some(&biased)),
            Verdict::CantTell
        );
        // A bias known to be smaller than what counts as the same is told of, but changes no verdict.
        let slight = interval(1.001, 1.003, 1.005);
        assert!(control_excludes_one(&slight) && !control_demotes(&slight, 0.02));
        assert_eq!(
            verdict(&interval(1.66, 1.71, 1.76), 0.02, Some(&slight)),
            Verdict::Faster
        );
        assert!(!control_excludes_one(&interval(0.9, 1.0, 1.0)));
        assert!(control_demotes(&interval(f64::NAN, 1.0, 1.0), 0.02));
    }

    #[test]
    fn what_is_undefined_is_never_a_claim() {
        let clear = interval(1.66, 1.71, 1.76);
        for broken in [
            interval(0.0, 1.0, 2.0),
            interval(f64::NAN, 2.0, 2.0),
            interval(2.0, 2.0, f64::INFINITY),
        ] {
            assert_eq!(verdict(&broken, 0.02, None), Verdict::CantTell);
            assert_eq!(verdict(&clear, 0.02, Some(&broken)), Verdict::CantTell);
        }
        for equivalence in [-0.1, -2.0, f64::NAN, f64::INFINITY] {
            assert_eq!(verdict(&clear, equivalence, None), Verdict::CantTell);
        }
        assert_eq!(verdict(&clear, 0.0, None), Verdict::Faster);
    }

    #[test]
    fn holm_by_hand() {
        // 0.01 <= 0.05/4; 0.013 <= 0.05/3; 0.03 > 0.05/2 stops, and 0.04 with it though 0.04 <= 0.05/1.
        assert_eq!(
            holm_rejects(&[0.01, 0.04, 0.03, 0.013], 0.05),
            [true, false, false, true]
        );
        assert_eq!(holm_rejects(&[0.04], 0.05), [true]);
        assert_eq!(holm_rejects(&[0.026, 0.04], 0.05), [false, false]);
        assert_eq!(holm_rejects(&[f64::NAN, 0.02, -f64::NAN], 0.05), [false, false, false]);
        assert_eq!(holm_rejects(&[f64::NAN, 0.01, -f64::NAN], 0.05), [false, true, false]);
        assert!(holm_rejects(&[], 0.05).is_empty());
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
        fn swapping_the_arms_swaps_faster_and_slower(
            ends in prop::array::uniform3(0.5f64..2.0),
            noise in prop::option::of((0.9f64..1.1, 0.9f64..1.1)),
        ) {
            let mut ends = ends;
            ends.sort_by(f64::total_cmp);
            let noise = noise.map(|(a, b)| interval(a.min(b), (a * b).sqrt(), a.max(b)));
            let ratio = interval(ends[0], ends[1], ends[2]);
            let swapped = interval(1.0 / ends[2], 1.0 / ends[1], 1.0 / ends[0]);
            let mirrored = match verdict(&swapped, 0.02, noise.as_ref()) {
                Verdict::Faster => Verdict::Slower,
                Verdict::Slower => Verdict::Faster,
                other => other,
            };
            prop_assert_eq!(verdict(&ratio, 0.02, noise.as_ref()), mirrored);
        }

        #[test]
        fn holm_rejects_no_more_than_single_tests_and_at_least_bonferroni(
            p in prop::collection::vec(0.0f64..=0.1, 0..12),
        ) {
            let rejected = holm_rejects(&p, 0.05);
            prop_assert_eq!(rejected.len(), p.len());
            for (p_i, is_rejected) in p.iter().zip(rejected) {
                prop_assert!(!is_rejected || *p_i <= 0.05);
                prop_assert!(is_rejected || *p_i > 0.05 / p.len() as f64);
            }
        }

        #[test]
        fn nothing_panics(x in prop::array::uniform4(any::<f64>()), n in any::<u32>(), p in prop::collection::vec(any::<f64>(), 0..9)) {
            let ratio = interval(x[0], x[1], x[2]);
            let _ = (verdict(&ratio, x[3], None), verdict(&ratio, x[3], Some(&ratio)), half_width(&ratio));
            prop_assert!(rounds_to_settle(&ratio, n, x[3]).is_none_or(|rounds| rounds >= n));
            prop_assert!(settling_half_width(&ratio, x[3]).is_none_or(|width| width > 0.0));
            prop_assert_eq!(holm_rejects(&p, x[3]).len(), p.len());
        }
    }
}

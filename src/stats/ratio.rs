//! Two arms compared: the ratio within each round.
//!
//! Slices are paired by index: position i of both is round i. Within a round both arms ran close together in time, so
//! what the machine did then is in both and cancels; across rounds it does not (docs/method.md).

use super::interval::{exponentiated, location_interval, logarithms};
use super::Interval;

/// The ratio of two arms: median over rounds of the log-ratio within the round, with its interval, exponentiated.
///
/// For "how many times faster is the arm", pass rates as (arm, baseline), or times as (baseline, arm).
/// Order statistics from 6 rounds up (level 0.95), Student's t below. `None` for fewer than 2 rounds, slices of
/// different length, or values that are not positive and finite.
pub fn log_ratio_interval(numerator: &[f64], denominator: &[f64], level: f64) -> Option<Interval> {
    exponentiated(location_interval(&log_ratios(numerator, denominator)?, level)?)
}

/// `ln(numerator / denominator)` round by round.
fn log_ratios(numerator: &[f64], denominator: &[f64]) -> Option<Vec<f64>> {
    if numerator.len() != denominator.len() {
        return None;
    }
    let (above, below) = (logarithms(numerator)?, logarithms(denominator)?);
    Some(above.iter().zip(&below).map(|(a, b)| a - b).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::student_t;
    use crate::stats::Method;
    use proptest::prelude::*;

    /// Extra hours of sleep with the second drug over the first, ten patients (Student 1908, Biometrika 6, 1-25).
    const SLEEP: [f64; 10] = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];

    #[test]
    fn students_own_example_comes_out() {
        let interval = student_t(&SLEEP, 0.95).unwrap();
        // R: t.test(sleep, paired = TRUE): 1.58 [0.7001142, 2.4598858]
        assert!((interval.estimate - 1.58).abs() < 1e-9);
        assert!((interval.lo - 0.700_114_2).abs() < 1e-6);
        assert!((interval.hi - 2.459_885_8).abs() < 1e-6);
        let robust = log_ratio_interval(&SLEEP.map(f64::exp), &[1.0; 10], 0.95).unwrap();
        assert!((robust.estimate.ln() - 1.3).abs() < 1e-9);
        assert_eq!(robust.method, Method::OrderStatistics);
    }

    #[test]
    fn what_is_in_both_arms_of_a_round_cancels() {
        let machine = [100.0, 50.0, 180.0, 99.0, 130.0, 70.0, 111.0];
        let arm: Vec<f64> = machine.iter().map(|x| x * 1.71).collect();
        let interval = log_ratio_interval(&arm, &machine, 0.95).unwrap();
        for end in [interval.lo, interval.estimate, interval.hi] {
            assert!((end - 1.71).abs() < 1e-9);
        }
    }

    #[test]
    fn undefined_ratios_are_absent() {
        for (a, b) in [
            (&[1.0, 2.0][..], &[1.0][..]),
            (&[1.0], &[1.0]),
            (&[], &[]),
            (&[1.0, 0.0], &[1.0, 1.0]),
            (&[1.0, -1.0], &[1.0, 1.0]),
            (&[1.0, f64::NAN], &[1.0, 1.0]),
            (&[1.0, 1.0], &[1.0, f64::INFINITY]),
        ] {
            assert_eq!(log_ratio_interval(a, b, 0.95), None, "{a:?} {b:?}");
        }
    }

    fn pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
        prop::collection::vec((1e-3f64..1e3, 1e-3f64..1e3), 2..30)
    }

    fn close(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-9
    }

    proptest! {
        #[test]
        fn swapping_scaling_and_reordering_change_nothing_else(
            pairs in pairs(),
            scale in 1e-3f64..1e3,
            turn in any::<prop::sample::Index>(),
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let plain = log_ratio_interval(&a, &b, 0.95).unwrap();
            let swapped = log_ratio_interval(&b, &a, 0.95).unwrap();
            prop_assert!(close(swapped.lo, 1.0 / plain.hi) && close(swapped.hi, 1.0 / plain.lo));
            prop_assert!(close(swapped.estimate, 1.0 / plain.estimate));
            let scaled: Vec<f64> = a.iter().map(|x| x * scale).collect();
            let scaled = log_ratio_interval(&scaled, &b, 0.95).unwrap();
            prop_assert!(close(scaled.lo, plain.lo * scale) && close(scaled.hi, plain.hi * scale));
            let mut turned = pairs.clone();
            turned.rotate_left(turn.index(pairs.len()));
            let (a, b): (Vec<f64>, Vec<f64>) = turned.into_iter().unzip();
            let turned = log_ratio_interval(&a, &b, 0.95).unwrap();
            prop_assert!(close(turned.lo, plain.lo) && close(turned.hi, plain.hi));
        }

        #[test]
        fn nothing_panics_and_nothing_is_nan(
            a in prop::collection::vec(any::<f64>(), 0..12),
            b in prop::collection::vec(any::<f64>(), 0..12),
            level in any::<f64>(),
        ) {
            let a_positive: Vec<f64> = a.iter().map(|x| x.abs()).collect();
            let b_positive: Vec<f64> = a_positive.iter().rev().copied().collect();
            for (a, b) in [(&a, &b), (&a_positive, &b_positive)] {
                for level in [level, 0.95, 1.0, 0.0] {
                    if let Some(i) = log_ratio_interval(a, b, level) {
                        prop_assert!(0.0 < i.lo && i.lo <= i.estimate && i.estimate <= i.hi && i.hi.is_finite());
                    }
                }
            }
        }
    }
}

//! Two runs compared: nothing pairs their rounds, so the noise of both stays in.

use super::interval::{half_width, median_interval};
use super::quantile::autocorrelation;
use super::Interval;
use statrs::distribution::{ContinuousCDF, Normal};

/// Largest correlation of neighbouring rounds that is believed: beyond it the widening would rest on a few values.
const CORRELATION_MAX: f64 = 0.9;

/// Largest logarithm of a ratio.
const LN_MAX: f64 = 700.0;

/// The ratio of the medians of two independent series of positive values (rates or times, in the order of rounds), with its
/// interval.
///
/// Each series gets the interval of its median ([`median_interval`]), widened by `sqrt((1 + r) / (1 - r))` in log space for
/// the correlation r of neighbouring rounds, which makes n rounds worth fewer (Bartlett 1946, JRSS Supplement 8, 27-41). Both
/// are then joined by MOVER: the distance of each end is the root of the summed squares of the distances of the two intervals'
/// ends (Zou & Donner 2008, Statistics in Medicine 27, 1693-1702).
///
/// What changed between the two runs beyond what was meant to (temperature, neighbours, placement in memory) is in the
/// ratio and not in the interval. `None` where either interval is undefined.
pub fn unpaired_ratio_interval(numerator: &[f64], denominator: &[f64], level: f64) -> Option<Interval> {
    let (above, below) = (log_interval(numerator, level)?, log_interval(denominator, level)?);
    let root = |a: f64, b: f64| (a * a + b * b).sqrt();
    let center = above.estimate - below.estimate;
    let lo = center - root(above.estimate - above.lo, below.hi - below.estimate);
    let hi = center + root(above.hi - above.estimate, below.estimate - below.lo);
    // Beyond this a ratio or its reciprocal is no number any more.
    let is_defined = lo > -LN_MAX && hi < LN_MAX;
    is_defined.then(|| Interval {
        estimate: center.exp(),
        lo: lo.exp(),
        hi: hi.exp(),
        level,
        method: above.method,
    })
}

/// Two-sided p-value of "the ratio is 1", from the width of its interval (normal): for Holm's correction over many cells.
pub fn ratio_p(ratio: &Interval) -> Option<f64> {
    let normal = Normal::standard();
    let quantile = normal.inverse_cdf(0.5 + ratio.level / 2.0);
    let error = half_width(ratio) / quantile;
    let z = ratio.estimate.ln().abs() / error;
    let p = 2.0 * normal.cdf(-z);
    (error > 0.0 && p.is_finite()).then(|| p.clamp(0.0, 1.0))
}

/// The median's interval in log space, as wide as neighbouring rounds' likeness asks for.
fn log_interval(values: &[f64], level: f64) -> Option<Interval> {
    let plain = median_interval(values, level)?;
    let logs: Vec<f64> = values.iter().map(|x| x.ln()).collect();
    let r = autocorrelation(&logs, 1).unwrap_or(0.0).clamp(0.0, CORRELATION_MAX);
    let widening = ((1.0 + r) / (1.0 - r)).sqrt();
    let estimate = plain.estimate.ln();
    Some(Interval {
        estimate,
        lo: estimate - (estimate - plain.lo.ln()) * widening,
        hi: estimate + (plain.hi.ln() - estimate) * widening,
        ..plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SplitMix64;
    use crate::stats::Method;
    use proptest::prelude::*;

    #[test]
    fn ends_join_as_zou_and_donner_join_them() {
        // Geometric series: medians 4 and 2 exactly, order statistics of 6 values reach from end to end.
        let a = [1.0, 2.0, 4.0, 4.0, 8.0, 16.0];
        let b = [0.5, 1.0, 2.0, 2.0, 4.0, 8.0];
        let (ia, ib) = (log_interval(&a, 0.95).unwrap(), log_interval(&b, 0.95).unwrap());
        let ratio = unpaired_ratio_interval(&a, &b, 0.95).unwrap();
        assert!((ratio.estimate - 2.0).abs() < 1e-12);
        let reach = ((ia.hi - ia.estimate).powi(2) + (ib.estimate - ib.lo).powi(2)).sqrt();
        assert!((ratio.hi.ln() - (2f64.ln() + reach)).abs() < 1e-12);
        assert_eq!(ratio.method, Method::OrderStatistics);
    }

    #[test]
    fn likeness_of_neighbours_widens() {
        let calm = [1.0, 1.2, 1.1, 1.3, 1.05, 1.25, 1.15, 1.08];
        let mut drifting = calm;
        drifting.sort_by(f64::total_cmp);
        let width = |xs: &[f64]| half_width(&unpaired_ratio_interval(xs, &calm, 0.95).unwrap());
        assert!(width(&drifting) > 1.2 * width(&calm));
    }

    #[test]
    fn equal_runs_are_called_different_about_as_often_as_the_level_says() {
        let mut rng = SplitMix64::new(7);
        let mut uniform = move || rng.unit();
        let mut run = || -> Vec<f64> {
            let mut last = 0.0;
            (0..12)
                .map(|_| {
                    let shock: f64 = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                    last = 0.4 * last + shock;
                    (0.02f64 * last).exp()
                })
                .collect()
        };
        let n = 2000;
        let missed = (0..n)
            .filter(|_| {
                let i = unpaired_ratio_interval(&run(), &run(), 0.95).unwrap();
                i.lo > 1.0 || i.hi < 1.0
            })
            .count();
        // Twelve values know little of their own correlation, so some is missed; blocks that ignore it miss 15 % and more.
        assert!((40..220).contains(&missed), "{missed} of {n}");
    }

    #[test]
    fn p_values_fit_their_interval() {
        let interval = |lo: f64, hi: f64| Interval {
            estimate: (lo * hi).sqrt(),
            lo,
            hi,
            level: 0.95,
            method: Method::StudentT,
        };
        assert!((ratio_p(&interval(1.0, 1.21)).unwrap() - 0.05).abs() < 1e-6);
        assert!(ratio_p(&interval(1.1, 1.21)).unwrap() < 0.001);
        assert_eq!(ratio_p(&interval(1.0, 1.0)), None);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_swapping_gives_the_reciprocal(
            a in prop::collection::vec(1e-3f64..1e3, 0..14),
            b in prop::collection::vec(any::<f64>(), 0..14),
        ) {
            let b: Vec<f64> = b.iter().map(|x| x.abs()).collect();
            for (x, y) in [(&a, &b), (&a, &a)] {
                let (plain, swapped) = (unpaired_ratio_interval(x, y, 0.95), unpaired_ratio_interval(y, x, 0.95));
                prop_assert_eq!(plain.is_some(), swapped.is_some());
                if let (Some(i), Some(s)) = (plain, swapped) {
                    prop_assert!(0.0 < i.lo && i.lo <= i.estimate && i.estimate <= i.hi && i.hi.is_finite());
                    prop_assert!((i.lo * s.hi - 1.0).abs() < 1e-6 && (i.estimate * s.estimate - 1.0).abs() < 1e-6);
                }
            }
        }
    }
}

//! Two runs compared: nothing pairs their rounds, so the noise of both stays in.

use super::interval::logarithms;
use super::launches::{grouped_interval, N_LAUNCHES_MIN};
use super::quantile::autocorrelation;
use super::Interval;

/// Largest correlation of neighbouring rounds that is believed: beyond it the widening would rest on a few values.
const CORRELATION_MAX: f64 = 0.9;

/// Largest logarithm of a ratio.
const LN_MAX: f64 = 700.0;

/// The ratio of two independent series of positive values (rates or times, in the order of rounds, one group per launch), with its
/// interval.
///
/// From [`N_LAUNCHES_MIN`] launches up a series has the interval over the medians of its launches (Student's t). With fewer it is that of
/// the median of all values, widened by `sqrt((1 + r) / (1 - r))` in log space for the correlation r of neighbouring rounds, which
/// makes n rounds worth fewer (Bartlett 1946, JRSS Supplement 8, 27-41), and by what processes are known to differ by, `process_sd`. Both
/// are then joined by MOVER: the distance of each end is the root of the summed squares of the distances of the two intervals'
/// ends (Zou & Donner 2008, Statistics in Medicine 27, 1693-1702).
///
/// What changed between the two runs beyond what was meant to (temperature, neighbours, placement in memory) is in the
/// ratio and not in the interval. `None` where either interval is undefined.
pub fn unpaired_ratio_interval(
    numerator: &[Vec<f64>],
    denominator: &[Vec<f64>],
    process_sd: f64,
    level: f64,
) -> Option<Interval> {
    let (above, below) = (
        log_interval(numerator, process_sd, level)?,
        log_interval(denominator, process_sd, level)?,
    );
    let root = |a: f64, b: f64| (a * a + b * b).sqrt();
    let center = above.estimate - below.estimate;
    let lo = center - root(above.estimate - above.lo, below.hi - below.estimate);
    let hi = center + root(above.hi - above.estimate, below.estimate - below.lo);
    // Beyond this a ratio or its reciprocal is no number any more.
    let is_defined = lo > -LN_MAX && hi < LN_MAX;
    is_defined.then(|| Interval::new(center.exp(), lo.exp(), hi.exp(), level, above.method))
}

/// The interval of a series in log space.
fn log_interval(launches: &[Vec<f64>], process_sd: f64, level: f64) -> Option<Interval> {
    let logs: Option<Vec<Vec<f64>>> = launches.iter().map(|values| logarithms(values)).collect();
    let logs = logs?;
    let found = grouped_interval(&logs, process_sd, level)?;
    let own = Interval {
        estimate: found.estimate.ln(),
        lo: found.lo.ln(),
        hi: found.hi.ln(),
        ..found
    };
    if launches.len() >= N_LAUNCHES_MIN {
        return Some(own);
    }
    let r = autocorrelation(&logs.concat(), 1)
        .unwrap_or(0.0)
        .clamp(0.0, CORRELATION_MAX);
    let widening = ((1.0 + r) / (1.0 - r)).sqrt();
    Some(Interval {
        lo: own.estimate - (own.estimate - own.lo) * widening,
        hi: own.estimate + (own.hi - own.estimate) * widening,
        ..own
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SplitMix64;
    use crate::stats::{half_width, Method};
    use proptest::prelude::*;

    fn ratio_of(a: &[f64], b: &[f64]) -> Option<Interval> {
        unpaired_ratio_interval(&[a.to_vec()], &[b.to_vec()], 0.0, 0.95)
    }

    #[test]
    fn what_processes_differ_by_is_in_the_interval() {
        let one: Vec<f64> = (0..12).map(|i| 1.0 + 0.001 * f64::from(i)).collect();
        let apart: Vec<Vec<f64>> = [1.0, 1.1, 0.9, 1.05]
            .iter()
            .map(|f| one.iter().map(|x| x * f).collect())
            .collect();
        let single = [one];
        let together = unpaired_ratio_interval(&single, &single, 0.0, 0.95).unwrap();
        let known = unpaired_ratio_interval(&single, &single, 0.05, 0.95).unwrap();
        let seen = unpaired_ratio_interval(&apart, &apart, 0.0, 0.95).unwrap();
        assert!(half_width(&together) < 0.02 && half_width(&known) > 0.1 && half_width(&seen) > 0.1);
    }

    #[test]
    fn ends_join_as_zou_and_donner_join_them() {
        // Geometric series: medians 4 and 2 exactly, order statistics of 6 values reach from end to end.
        let a = [1.0, 2.0, 4.0, 4.0, 8.0, 16.0];
        let b = [0.5, 1.0, 2.0, 2.0, 4.0, 8.0];
        let of = |xs: &[f64]| log_interval(&[xs.to_vec()], 0.0, 0.95).unwrap();
        let (ia, ib) = (of(&a), of(&b));
        let ratio = ratio_of(&a, &b).unwrap();
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
        let width = |xs: &[f64]| half_width(&ratio_of(xs, &calm).unwrap());
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
                let i = ratio_of(&run(), &run()).unwrap();
                i.lo > 1.0 || i.hi < 1.0
            })
            .count();
        // Twelve values know little of their own correlation, so some is missed; blocks that ignore it miss 15 % and more.
        assert!((40..220).contains(&missed), "{missed} of {n}");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_swapping_gives_the_reciprocal(
            a in prop::collection::vec(1e-3f64..1e3, 0..14),
            b in prop::collection::vec(any::<f64>(), 0..14),
        ) {
            let b: Vec<f64> = b.iter().map(|x| x.abs()).collect();
            for (x, y) in [(&a, &b), (&a, &a)] {
                let (plain, swapped) = (ratio_of(x, y), ratio_of(y, x));
                prop_assert_eq!(plain.is_some(), swapped.is_some());
                if let (Some(i), Some(s)) = (plain, swapped) {
                    prop_assert!(0.0 < i.lo && i.lo <= i.estimate && i.estimate <= i.hi && i.hi.is_finite());
                    prop_assert!((i.lo * s.hi - 1.0).abs() < 1e-6 && (i.estimate * s.estimate - 1.0).abs() < 1e-6);
                }
            }
        }
    }
}

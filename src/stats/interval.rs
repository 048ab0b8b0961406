//! Medians of positive values, and intervals for them.

use schemars::JsonSchema;
use serde::Serialize;
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};
use std::fmt;

/// Well above the rounding errors of a computed coverage, well below what matters.
const ROUNDING: f64 = 1e-9;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Order statistics: no assumption on the distribution.
    OrderStatistics,
    /// Student's t on logarithms: for samples too few for order statistics.
    StudentT,
    /// Bootstrap over groups, percentile interval.
    Bootstrap,
}

impl Method {
    pub const fn name(self) -> &'static str {
        match self {
            Method::OrderStatistics => "order statistics",
            Method::StudentT => "Student's t",
            Method::Bootstrap => "bootstrap",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An estimate with a confidence interval around it. All numbers are finite, and `lo <= estimate <= hi`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// The estimate.
    #[serde(rename = "value")]
    pub estimate: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Coverage the interval was built for, e.g. 0.95.
    pub level: f64,
    /// How it was computed.
    #[serde(skip)]
    pub method: Method,
}

impl Interval {
    /// With ends no further in than the estimate.
    pub(crate) const fn new(estimate: f64, lo: f64, hi: f64, level: f64, method: Method) -> Interval {
        Interval {
            estimate,
            lo: lo.min(estimate),
            hi: hi.max(estimate),
            level,
            method,
        }
    }

    /// A value of which no interval is known.
    pub const fn bare(value: f64) -> Interval {
        Interval::new(value, value, value, 0.95, Method::Bootstrap)
    }

    /// All three values through a function that keeps their order, or turns it round.
    pub(crate) fn mapped(self, f: impl Fn(f64) -> f64) -> Interval {
        let (a, b) = (f(self.lo), f(self.hi));
        Interval {
            estimate: f(self.estimate),
            lo: a.min(b),
            hi: a.max(b),
            ..self
        }
    }
}

/// Half the width of a ratio's interval in log space: 0.02 means about ±2 %.
///
/// Infinite when the interval has an end that is not positive, so that a comparison with a target fails.
pub fn half_width(ratio: &Interval) -> f64 {
    let width = (ratio.hi.ln() - ratio.lo.ln()) / 2.0;
    if width.is_finite() {
        width.max(0.0)
    } else {
        f64::INFINITY
    }
}

/// The median: the middle value, or the mean of the two middle ones. `None` when empty or not all finite.
pub fn median(xs: &[f64]) -> Option<f64> {
    sorted(xs).map(|sorted| middle(&sorted))
}

/// The median of positive values (times or rates of one cell) with its interval.
///
/// From 6 values up (for a level of 0.95) by order statistics, see [`order_statistics`]; with fewer, Student's t on
/// the logarithms, whose estimate is the geometric mean. With an even number of values the median is the geometric
/// mean of the two middle ones, so that times and rates give the same answer.
///
/// `None` for fewer than 2 values, values that are not positive and finite, or a level outside (0, 1).
pub fn median_interval(xs: &[f64], level: f64) -> Option<Interval> {
    exponentiated(location_interval(&logarithms(xs)?, level)?)
}

/// The same for the samples of a cell. They are rounds apart and still resemble each other a little, so the interval is
/// built for seven tenths of the misses (96.5 % for 95 %): on a machine that drifts it then covers as often as it says
/// (this module's simulations).
pub fn cell_interval(xs: &[f64], level: f64) -> Option<Interval> {
    let interval = median_interval(xs, 1.0 - 0.7 * (1.0 - level))?;
    Some(Interval { level, ..interval })
}

/// The logarithms of positive, finite values; `None` if any is neither.
pub(super) fn logarithms(xs: &[f64]) -> Option<Vec<f64>> {
    xs.iter().map(|&x| (x.is_finite() && x > 0.0).then(|| x.ln())).collect()
}

/// From log space back to ratios or times; `None` where that overflows.
pub(super) fn exponentiated(log: Interval) -> Option<Interval> {
    let (estimate, lo, hi) = (log.estimate.exp(), log.lo.exp(), log.hi.exp());
    let is_defined = lo > 0.0 && hi.is_finite();
    is_defined.then_some(Interval::new(estimate, lo, hi, log.level, log.method))
}

/// The interval for the centre of `xs` (any sign): order statistics where the level can be had, else Student's t.
pub(super) fn location_interval(xs: &[f64], level: f64) -> Option<Interval> {
    if xs.len() < 2 || !(level > 0.0 && level < 1.0) {
        return None;
    }
    order_statistics(xs, level).or_else(|| student_t(xs, level))
}

/// Interpolated order statistics (Hettmansperger & Sheather 1986, Statistics & Probability Letters 4, 75-79).
///
/// `[x(d), x(n+1-d)]` covers the median with probability `1 - 2 P(B <= d-1)`, B binomial (n, 1/2), whatever the
/// distribution. These coverages come in coarse steps (8 values: 99.2 % or 93.0 %), so the ends are interpolated
/// between the narrowest interval at or above the level and the next one. The coverage is then the level, nearly,
/// for any distribution (Nyblom 1992; simulated in this module's tests).
///
/// `None` when even the full range falls short of the level: below 6 values for 95 %.
fn order_statistics(xs: &[f64], level: f64) -> Option<Interval> {
    let x = sorted(xs)?;
    let n = x.len();
    let binomial = Binomial::new(0.5, n as u64).ok()?;
    let coverage = |d: usize| 1.0 - 2.0 * binomial.cdf(d as u64 - 1);
    let suffices = |d: usize| coverage(d) >= level - ROUNDING;
    if !suffices(1) {
        return None;
    }
    // The largest d with enough coverage, by bisection: coverage falls with d.
    let (mut d, mut beyond) = (1, n / 2 + 1);
    while d + 1 < beyond {
        let trial = d + (beyond - d) / 2;
        if suffices(trial) {
            d = trial;
        } else {
            beyond = trial;
        }
    }
    let (mut lo, mut hi) = (x[d - 1], x[n - d]);
    if d < n - d {
        let excess = (coverage(d) - level).max(0.0) / (coverage(d) - coverage(d + 1));
        let weight = (n - d) as f64 * excess / (d as f64 + (n - 2 * d) as f64 * excess);
        lo += weight * (x[d] - lo);
        hi += weight * (x[n - d - 1] - hi);
    }
    let estimate = middle(&x);
    Some(Interval::new(estimate, lo, hi, level, Method::OrderStatistics))
}

/// Student's t interval for the mean (Student 1908, Biometrika 6, 1-25). `None` below 2 values.
pub(super) fn student_t(xs: &[f64], level: f64) -> Option<Interval> {
    let (mean, standard_error) = mean_and_standard_error(xs)?;
    let t = StudentsT::new(0.0, 1.0, (xs.len() - 1) as f64)
        .ok()?
        .inverse_cdf(f64::midpoint(1.0, level));
    let half = t * standard_error;
    let is_defined = mean.is_finite() && half.is_finite();
    is_defined.then_some(Interval::new(mean, mean - half, mean + half, level, Method::StudentT))
}

/// Mean, and standard deviation (divisor n-1) over the square root of n; `None` below 2 values.
pub(super) fn mean_and_standard_error(xs: &[f64]) -> Option<(f64, f64)> {
    if xs.len() < 2 {
        return None;
    }
    let n = xs.len() as f64;
    let mean = xs.iter().sum::<f64>() / n;
    let variance = xs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some((mean, (variance / n).sqrt()))
}

/// Ascending order; `None` when empty or not all finite.
pub(super) fn sorted(xs: &[f64]) -> Option<Vec<f64>> {
    if xs.is_empty() || !xs.iter().all(|x| x.is_finite()) {
        return None;
    }
    let mut sorted = xs.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(sorted)
}

/// The median of a slice in ascending order, which is not empty.
fn middle(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn median_by_hand() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[-1.0]), Some(-1.0));
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, f64::NAN]), None);
        assert_eq!(median(&[f64::MAX, f64::MAX]), Some(f64::MAX));
    }

    /// Values 0, 1, 2 …, so that an end of the interval is its (fractional) rank, from 0.
    fn ends_of_ranks(n: usize, level: f64) -> (f64, f64) {
        let interval = order_statistics(&(0..n).map(|i| i as f64).collect::<Vec<_>>(), level).unwrap();
        (interval.lo, interval.hi)
    }

    #[test]
    fn exact_coverages_give_the_tabulated_order_statistics() {
        // Binomial tables: [x(1), x(6)] 31/32, [x(2), x(7)] 119/128, [x(1), x(8)] 127/128, [x(6), x(15)] of 20 0.9586.
        for (n, level, first, last) in [
            (6, 0.96875, 1.0, 6.0),
            (8, 0.9296875, 2.0, 7.0),
            (8, 0.9921875, 1.0, 8.0),
            (20, 0.958_610_534_667_968_8, 6.0, 15.0),
        ] {
            let (lo, hi) = ends_of_ranks(n, level);
            assert!(
                (lo + 1.0 - first).abs() < 1e-6 && (hi + 1.0 - last).abs() < 1e-6,
                "{n} {level}: {lo} {hi}"
            );
        }
    }

    #[test]
    fn between_exact_coverages_the_ends_are_interpolated() {
        // n = 8: coverages 127/128 and 119/128, excess (0.9921875 - 0.95) / 0.0625 = 0.675,
        // weight 7 * 0.675 / (1 + 6 * 0.675) = 4.725 / 5.05.
        let (lo, hi) = ends_of_ranks(8, 0.95);
        assert!(close(lo, 4.725 / 5.05) && close(hi, 7.0 - 4.725 / 5.05), "{lo} {hi}");
    }

    #[test]
    fn a_published_interpolated_interval_comes_out() {
        // Minitab's manual, 1-sample sign: 29 house prices with x(9..10) = 101, 110, median 144, x(20..21) = 210, 220.
        // Achieved 0.9386 (110, 210) and 0.9759 (101, 220); interpolated to 0.95: (108.5, 211.7).
        let prices = [
            vec![90.0; 8],
            vec![101.0, 110.0],
            vec![144.0; 9],
            vec![210.0, 220.0],
            vec![300.0; 8],
        ]
        .concat();
        let interval = order_statistics(&prices, 0.95).unwrap();
        assert_eq!(interval.estimate, 144.0);
        assert!(
            (interval.lo - 108.5).abs() < 0.05 && (interval.hi - 211.7).abs() < 0.06,
            "{interval:?}"
        );
    }

    #[test]
    fn the_method_depends_on_the_number_of_samples_and_the_level() {
        let xs: Vec<f64> = (1..=12).map(f64::from).collect();
        let method = |n: usize, level| median_interval(&xs[..n], level).map(|interval| interval.method);
        assert_eq!(method(1, 0.95), None);
        assert_eq!(method(2, 0.95), Some(Method::StudentT));
        assert_eq!(method(5, 0.95), Some(Method::StudentT));
        assert_eq!(method(6, 0.95), Some(Method::OrderStatistics));
        assert_eq!(method(6, 0.99), Some(Method::StudentT));
        assert_eq!(method(8, 0.99), Some(Method::OrderStatistics));
        assert_eq!(method(12, 1.0), None);
        assert_eq!(method(12, f64::NAN), None);
        assert_eq!(Method::StudentT.to_string(), "Student's t");
    }

    #[test]
    fn students_t_by_hand() {
        // ln 1 and ln 4: mean ln 2, standard error ln 2; t(1) = tan(pi/2 * 0.95) = 12.706.
        let interval = median_interval(&[1.0, 4.0], 0.95).unwrap();
        let reach = 2f64.ln() * (std::f64::consts::FRAC_PI_2 * 0.95).tan();
        assert!(close(interval.estimate, 2.0));
        assert!(
            (interval.hi.ln() - 2f64.ln() - reach).abs() < 1e-6 && (2f64.ln() - interval.lo.ln() - reach).abs() < 1e-6
        );
    }

    #[test]
    fn half_width_is_in_log_space() {
        let of = |lo, hi| {
            half_width(&Interval {
                lo,
                hi,
                ..Interval::bare(1.0)
            })
        };
        assert!(close(of(1.0 / 1.02, 1.02), 1.02f64.ln()));
        assert_eq!(of(3.0, 3.0), 0.0);
        assert_eq!(of(0.0, 1.0), f64::INFINITY);
        assert_eq!(of(-1.0, f64::NAN), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn times_and_rates_agree_and_scale(xs in prop::collection::vec(1e-3f64..1e3, 2..40), scale in 1e-3f64..1e3) {
            let of = |f: &dyn Fn(f64) -> f64| {
                median_interval(&xs.iter().map(|&x| f(x)).collect::<Vec<_>>(), 0.95).unwrap()
            };
            let (plain, rates, scaled) = (of(&|x| x), of(&|x| 1.0 / x), of(&|x| x * scale));
            prop_assert!((plain.lo * rates.hi - 1.0).abs() < 1e-9 && (plain.hi * rates.lo - 1.0).abs() < 1e-9);
            prop_assert!((plain.estimate * rates.estimate - 1.0).abs() < 1e-9);
            prop_assert!((scaled.lo / (plain.lo * scale) - 1.0).abs() < 1e-9);
            prop_assert!(plain.lo <= plain.estimate && plain.estimate <= plain.hi);
        }

        #[test]
        fn a_higher_level_is_never_narrower(xs in prop::collection::vec(1e-3f64..1e3, 8..40)) {
            let levels = [0.1, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99];
            let intervals: Vec<_> = levels.iter().map(|&level| median_interval(&xs, level).unwrap()).collect();
            for pair in intervals.windows(2) {
                prop_assert!(pair[1].lo <= pair[0].lo * (1.0 + 1e-12) && pair[0].hi <= pair[1].hi * (1.0 + 1e-12));
            }
        }

        #[test]
        fn nothing_panics_and_nothing_is_nan(xs in prop::collection::vec(any::<f64>(), 0..20), level in any::<f64>()) {
            let positive: Vec<f64> = xs.iter().map(|x| x.abs()).collect();
            prop_assert!(median(&xs).is_none_or(f64::is_finite));
            for level in [level, level.fract().abs(), 0.95] {
                for i in [median_interval(&xs, level), median_interval(&positive, level)].into_iter().flatten() {
                    prop_assert!(0.0 < i.lo && i.lo <= i.estimate && i.estimate <= i.hi && i.hi.is_finite());
                }
            }
        }
    }
}

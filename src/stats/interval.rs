//! Medians of positive values, and intervals for them.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};
use std::fmt;

/// How an interval was computed.
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
    /// Name in tables and files.
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
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Coverage the interval was built for, e.g. 0.95.
    pub level: f64,
    /// How it was computed.
    pub method: Method,
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

/// The logarithms of positive, finite values; `None` if any is neither.
pub(super) fn logarithms(xs: &[f64]) -> Option<Vec<f64>> {
    xs.iter().map(|&x| (x.is_finite() && x > 0.0).then(|| x.ln())).collect()
}

/// From log space back to ratios or times; `None` where that overflows.
pub(super) fn exponentiated(log: Interval) -> Option<Interval> {
    let (estimate, lo, hi) = (log.estimate.exp(), log.lo.exp(), log.hi.exp());
    let is_defined = lo > 0.0 && hi.is_finite();
    is_defined.then_some(Interval {
        estimate,
        lo: lo.min(estimate),
        hi: hi.max(estimate),
        ..log
    })
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
    if coverage(1) < level {
        return None;
    }
    // The largest d with enough coverage, by bisection: coverage falls with d.
    let (mut d, mut beyond) = (1, n / 2 + 1);
    while d + 1 < beyond {
        let trial = d + (beyond - d) / 2;
        if coverage(trial) >= level {
            d = trial;
        } else {
            beyond = trial;
        }
    }
    let (mut lo, mut hi) = (x[d - 1], x[n - d]);
    if d < n - d {
        let excess = (coverage(d) - level) / (coverage(d) - coverage(d + 1));
        let weight = (n - d) as f64 * excess / (d as f64 + (n - 2 * d) as f64 * excess);
        lo += weight * (x[d] - lo);
        hi += weight * (x[n - d - 1] - hi);
    }
    let estimate = middle(&x);
    Some(Interval {
        estimate,
        lo: lo.min(estimate),
        hi: hi.max(estimate),
        level,
        method: Method::OrderStatistics,
    })
}

/// Student's t interval for the mean (Student 1908, Biometrika 6, 1-25). `None` below 2 values.
pub(super) fn student_t(xs: &[f64], level: f64) -> Option<Interval> {
    let (mean, standard_error) = mean_and_standard_error(xs)?;
    let t = StudentsT::new(0.0, 1.0, (xs.len() - 1) as f64)
        .ok()?
        .inverse_cdf(f64::midpoint(1.0, level));
    let half = t * standard_error;
    let is_defined = mean.is_finite() && half.is_finite();
    is_defined.then_some(Interval {
        estimate: mean,
        lo: mean - half,
        hi: mean + half,
        level,
        method: Method::StudentT,
    })
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

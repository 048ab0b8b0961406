//! Two arms compared: the ratio within each round.
//!
//! Slices are paired by index: position i of both is round i. Within a round both arms ran close together in time, so
//! what the machine did then is in both and cancels; across rounds it does not (docs/method.md).

use super::interval::{exponentiated, location_interval, logarithms, mean_and_standard_error, student_t};
use super::Interval;
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

/// The ratio of two arms: median over rounds of the log-ratio within the round, with its interval, exponentiated.
///
/// For "how many times faster is the arm", pass rates as (arm, baseline), or times as (baseline, arm).
/// Order statistics from 6 rounds up (level 0.95), Student's t below. `None` for fewer than 2 rounds, slices of
/// different length, or values that are not positive and finite.
pub fn log_ratio_interval(numerator: &[f64], denominator: &[f64], level: f64) -> Option<Interval> {
    exponentiated(location_interval(&log_ratios(numerator, denominator)?, level)?)
}

/// The same with Student's t on the log-ratios whatever their number: a cross-check that trusts the tails more.
pub fn t_log_ratio_interval(numerator: &[f64], denominator: &[f64], level: f64) -> Option<Interval> {
    if !(level > 0.0 && level < 1.0) {
        return None;
    }
    exponentiated(student_t(&log_ratios(numerator, denominator)?, level)?)
}

/// Two-sided p-value of "the ratio is 1" from the signs of the log-ratios alone (exact binomial; rounds with equal
/// values are left out, as in Dixon & Mood 1946, JASA 41, 557-566). `None` where the log-ratios are undefined.
///
/// It cannot fall below `2^(1-n)`: 0.008 with 8 rounds. For several comparisons at once in few rounds use
/// [`t_test_p`], or nothing can ever be rejected.
pub fn sign_test_p(numerator: &[f64], denominator: &[f64]) -> Option<f64> {
    let log_ratios = log_ratios(numerator, denominator)?;
    let n_up = log_ratios.iter().filter(|&&x| x > 0.0).count() as u64;
    let n_down = log_ratios.iter().filter(|&&x| x < 0.0).count() as u64;
    if n_up + n_down == 0 {
        return (!log_ratios.is_empty()).then_some(1.0);
    }
    let binomial = Binomial::new(0.5, n_up + n_down).ok()?;
    Some((2.0 * binomial.cdf(n_up.min(n_down))).clamp(0.0, 1.0))
}

/// Two-sided p-value of "the ratio is 1" by Student's t on the log-ratios. `None` for fewer than 2 rounds.
pub fn t_test_p(numerator: &[f64], denominator: &[f64]) -> Option<f64> {
    let log_ratios = log_ratios(numerator, denominator)?;
    let (mean, standard_error) = mean_and_standard_error(&log_ratios)?;
    if standard_error == 0.0 {
        // Every round gave the very same ratio: the limit of t towards infinity, or no difference at all.
        return Some(if mean == 0.0 { 1.0 } else { 0.0 });
    }
    let student = StudentsT::new(0.0, 1.0, (log_ratios.len() - 1) as f64).ok()?;
    let p = 2.0 * student.cdf(-(mean / standard_error).abs());
    p.is_finite().then(|| p.clamp(0.0, 1.0))
}

/// `ln(numerator / denominator)` round by round.
fn log_ratios(numerator: &[f64], denominator: &[f64]) -> Option<Vec<f64>> {
    if numerator.len() != denominator.len() {
        return None;
    }
    let (above, below) = (logarithms(numerator)?, logarithms(denominator)?);
    Some(above.iter().zip(&below).map(|(a, b)| a - b).collect())
}

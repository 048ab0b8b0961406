//! Values that come from several launches: fresh processes differ for as long as they live, so a launch is one observation.

use super::interval::{exponentiated, location_interval, median, student_t};
use super::{Interval, Method};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Launches from which their own spread is the error; with fewer it is mostly luck.
pub const N_LAUNCHES_MIN: usize = 4;
/// What processes were seen to differ by on other machines counts as much as the spread of this many launches and one more: little,
/// because machines differ in that.
const PRIOR_FREEDOM: f64 = 3.0;
/// Values below which no interval is given.
const N_VALUES_MIN: usize = 3;

/// The centre of log-values that come in groups, one per launch, with its interval, exponentiated.
///
/// From [`N_LAUNCHES_MIN`] groups up: Student's t over the medians of the groups (one degree of freedom less than there are
/// groups; Kalibera & Jones, ISMM 2013: the highest level that is repeated is the unit). With fewer groups: the interval over all
/// values, widened by what processes are known to differ by, `process_sd` in log space (root of the summed squares of the two
/// half-widths). `None` for fewer than three values, or values that are not finite.
pub fn grouped_interval(groups: &[Vec<f64>], process_sd: f64, level: f64) -> Option<Interval> {
    let groups: Vec<&Vec<f64>> = groups.iter().filter(|g| !g.is_empty()).collect();
    let n_values: usize = groups.iter().map(|g| g.len()).sum();
    if groups.len() >= N_LAUNCHES_MIN {
        let medians: Option<Vec<f64>> = groups.iter().map(|g| median(g)).collect();
        return exponentiated(student_t(&medians?, level)?);
    }
    if n_values < N_VALUES_MIN || process_sd.is_nan() || process_sd < 0.0 {
        return None;
    }
    let all: Vec<f64> = groups.iter().flat_map(|g| g.iter().copied()).collect();
    let own = location_interval(&all, level)?;
    let of_processes = normal_quantile(f64::midpoint(1.0, level))? * process_sd / (groups.len() as f64).sqrt();
    exponentiated(Interval {
        lo: own.estimate - (own.estimate - own.lo).hypot(of_processes),
        hi: own.estimate + (own.hi - own.estimate).hypot(of_processes),
        ..own
    })
}

/// An interval of a ratio, wider by a bias (log space) to either side.
pub fn widened(ratio: Interval, bias: f64) -> Interval {
    Interval {
        lo: ratio.lo * (-bias).exp(),
        hi: ratio.hi * bias.exp(),
        ..ratio
    }
}

/// The mean of a log-ratio over launches, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogMean {
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom of the error.
    pub freedom: f64,
    pub n: usize,
}

impl LogMean {
    /// Of one value per launch. With fewer than [`N_LAUNCHES_MIN`] their spread is mostly luck, and is moderated by what processes are known
    /// to differ by, `process_sd` (Smyth, Statistical Applications in Genetics and Molecular Biology 3, 2004). `None` without values, or with
    /// one that is not finite.
    pub fn of(values: &[f64], process_sd: f64) -> Option<LogMean> {
        let n = values.len();
        if n == 0 || !values.iter().all(|x| x.is_finite()) {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        let own_freedom = (n - 1) as f64;
        let (squares, freedom) = match n < N_LAUNCHES_MIN {
            true => (
                squares + PRIOR_FREEDOM * process_sd.powi(2),
                own_freedom + PRIOR_FREEDOM,
            ),
            false => (squares, own_freedom),
        };
        Some(LogMean {
            mean,
            error: (squares / freedom / n as f64).sqrt(),
            freedom,
            n,
        })
    }

    /// The bound that the true mean exceeds with probability `alpha` at most.
    pub fn upper(&self, alpha: f64) -> f64 {
        self.mean + self.error * self.quantile(alpha)
    }

    /// The interval that misses the true mean with probability `alpha` at most, exponentiated.
    pub fn interval(&self, alpha: f64) -> Option<Interval> {
        let half = self.error * self.quantile(alpha / 2.0);
        let (lo, hi) = (self.mean - half, self.mean + half);
        exponentiated(Interval::new(self.mean, lo, hi, 1.0 - alpha, Method::StudentT))
    }

    fn quantile(&self, alpha: f64) -> f64 {
        let student = StudentsT::new(0.0, 1.0, self.freedom).ok();
        let found = student.map(|t| t.inverse_cdf(1.0 - alpha));
        found.filter(|q| q.is_finite()).unwrap_or(f64::INFINITY)
    }
}

fn normal_quantile(p: f64) -> Option<f64> {
    let found = (p > 0.0 && p < 1.0).then(|| Normal::standard().inverse_cdf(p))?;
    found.is_finite().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-4
    }

    #[test]
    fn from_four_launches_up_their_medians_are_the_observations() {
        // Medians 0.0, 0.1, 0.2, 0.3: mean 0.15, standard error 0.0645497, t(3) = 3.182446.
        let groups: Vec<Vec<f64>> = [0.0, 0.1, 0.2, 0.3].map(|m| vec![m - 5.0, m, m + 0.01]).to_vec();
        let found = grouped_interval(&groups, 0.5, 0.95).unwrap();
        assert!(close(found.estimate.ln(), 0.15));
        assert!(close(found.hi.ln(), 0.15 + 3.182446 * 0.0645497) && close(found.lo.ln(), 0.15 - 3.182446 * 0.0645497));
    }

    #[test]
    fn below_that_the_rounds_are_widened_by_what_processes_differ_by() {
        let groups = vec![vec![0.0; 8], vec![0.0; 4]];
        let found = grouped_interval(&groups, 0.1, 0.95).unwrap();
        assert!(close(found.hi.ln(), 1.959964 * 0.1 / 2f64.sqrt()), "{found:?}");
        let alone = grouped_interval(&[vec![0.0, 0.01, 0.02]], 0.0, 0.95).unwrap();
        assert!(close(alone.estimate.ln(), 0.01));
        assert_eq!(
            grouped_interval(&[vec![0.0, 0.01]], 0.1, 0.95),
            None,
            "two rounds say nothing"
        );
        assert_eq!(grouped_interval(&[], 0.1, 0.95), None);
        assert_eq!(grouped_interval(&[vec![0.0, 0.1, f64::NAN]], 0.1, 0.95), None);
    }

    #[test]
    fn bounds_by_hand() {
        let seen = LogMean::of(&[0.0, 0.1, 0.2, 0.3], 1.0).unwrap();
        // t(3) at 0.95 one-sided: 2.353363.
        assert!(close(seen.upper(0.05), 0.15 + 2.353363 * 0.0645497));
        assert!(close(seen.interval(0.05).unwrap().hi.ln(), 0.15 + 3.182446 * 0.0645497));
        let few = LogMean::of(&[0.1, 0.1], 0.04).unwrap();
        // Variance (3 * 0.04^2 + 0) / 4, t(4) at 0.95 one-sided: 2.131847.
        assert!(close(few.upper(0.05), 0.1 + 2.131847 * 0.0346410 / 2f64.sqrt()));
        assert_eq!(LogMean::of(&[], 0.04), None);
        assert_eq!(LogMean::of(&[f64::NAN], 0.04), None);
        assert_eq!(seen.upper(0.0), f64::INFINITY, "no certainty");
    }

    #[test]
    fn a_bias_widens_to_both_sides() {
        let ratio = grouped_interval(&[vec![0.0; 3]], 0.0, 0.95).unwrap();
        let wide = widened(ratio, 0.02);
        assert!(close(wide.lo, (-0.02f64).exp()) && close(wide.hi, 0.02f64.exp()));
    }
}

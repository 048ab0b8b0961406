//! Means over chunks of a text, which resemble their neighbours.

use super::interval::{logarithms, mean_and_standard_error, sorted, student_t};
use super::quantile::{quantile_of_sorted, N_RESAMPLES};
use super::{Interval, Method};
use crate::rng::SplitMix64;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Chunks below which the bootstrap says next to nothing of the spread, and a distribution is assumed.
const N_BOOTSTRAP: usize = 8;
/// Chunks below which no interval is given.
const N_MIN: usize = 3;
/// Share of resamples that must have a spread of their own for the studentized interval.
const MIN_USABLE: f64 = 0.9;

/// Mean of `values` (one per chunk, in the order of the text) with an interval from a moving-block bootstrap.
///
/// Blocks of about `n^(1/3)` neighbouring chunks are drawn with replacement until there are `n` again (Künsch 1989, Annals of
/// Statistics 17, 1217-1241; wrapped around, Politis & Romano 1992), so that what neighbours share stays in the spread. The
/// interval is the studentized one (bootstrap-t; Davison & Hinkley 1997, section 5.2.1): it leans as the values do, and divergences
/// lean a lot. Values that are nearly all equal have resamples without a spread; there the percentiles stand in.
///
/// From 3 to 7 values: Student's t. `None` for fewer, or one that is not finite.
pub fn block_mean_interval(values: &[f64], level: f64, seed: u64) -> Option<Interval> {
    let n = values.len();
    if n < N_MIN || !(level > 0.0 && level < 1.0) || !values.iter().all(|x| x.is_finite()) {
        return None;
    }
    let estimate = values.iter().sum::<f64>() / n as f64;
    if values.iter().all(|x| *x == values[0]) {
        return Some(Interval {
            level,
            ..Interval::bare(values[0])
        });
    }
    if n < N_BOOTSTRAP {
        return student_t(values, level);
    }
    let block = block_length(n);
    let mean_from = |start: usize| (0..block).map(|i| values[(start + i) % n]).sum::<f64>() / block as f64;
    let blocks: Vec<f64> = (0..n).map(mean_from).collect();
    let resamples = resamples(&blocks, n / block, seed);
    let tail = (1.0 - level) / 2.0;
    let studentized: Vec<f64> = resamples
        .iter()
        .filter(|r| r.error > 0.0)
        .map(|r| (r.mean - estimate) / r.error)
        .collect();
    if studentized.len() as f64 >= MIN_USABLE * N_RESAMPLES as f64 {
        let studentized = sorted(&studentized)?;
        let (low, high) = (
            quantile_of_sorted(&studentized, tail)?,
            quantile_of_sorted(&studentized, 1.0 - tail)?,
        );
        let error = standard_error(&blocks, estimate, block);
        let (lo, hi) = (estimate - high * error, estimate - low * error);
        return Some(Interval::new(estimate, lo, hi, level, Method::Bootstrap));
    }
    let means = sorted(&resamples.iter().map(|r| r.mean).collect::<Vec<_>>())?;
    let (lo, hi) = (
        quantile_of_sorted(&means, tail)?,
        quantile_of_sorted(&means, 1.0 - tail)?,
    );
    Some(Interval::new(estimate, lo, hi, level, Method::Bootstrap))
}

/// The same for divergences (of any sort that is never below 0). A few chunks diverge ten times as much as the rest, and
/// where none of them is among `values` the interval falls short; so it is built for four fifths of the misses (96 % for
/// 95 %), which real scores then bear out (this module's tests).
///
/// From 3 to 7 values they are taken to be log-normal: the mean's logarithm has the estimate `m + s^2 / 2` and the variance
/// `s^2 / n + s^4 / (2 (n - 1))`, m and s^2 of the logarithms, with Student's quantile (Cox's method as modified by Olsson 2005,
/// Journal of Statistics Education 13).
pub fn divergence_interval(values: &[f64], level: f64, seed: u64) -> Option<Interval> {
    if (N_MIN..N_BOOTSTRAP).contains(&values.len()) && values.iter().all(|x| *x > 0.0) {
        return log_normal_interval(values, level);
    }
    let interval = block_mean_interval(values, 1.0 - 0.8 * (1.0 - level), seed)?;
    Some(Interval { level, ..interval })
}

/// Ratio of two means over the same chunks, with an interval: paired, by the delta method in log space (what the chunks share cancels).
/// `None` where either has no interval, or a mean is not positive.
pub fn mean_ratio_interval(of: &[f64], to: &[f64], level: f64, seed: u64) -> Option<Interval> {
    let mean = |xs: &[f64]| xs.iter().sum::<f64>() / xs.len() as f64;
    let (a, b) = (mean(of), mean(to));
    if of.len() != to.len() || !(a > 0.0 && b > 0.0) {
        return None;
    }
    let values: Vec<f64> = of.iter().zip(to).map(|(x, y)| x / a - y / b).collect();
    // Built as for divergences.
    let around = block_mean_interval(&values, 1.0 - 0.8 * (1.0 - level), seed)?;
    let log = (a / b).ln();
    let (lo, hi) = ((log + around.lo).exp(), (log + around.hi).exp());
    Some(Interval::new(a / b, lo, hi, level, around.method))
}

fn log_normal_interval(values: &[f64], level: f64) -> Option<Interval> {
    let logs = logarithms(values)?;
    let n = logs.len() as f64;
    let (mean, error) = mean_and_standard_error(&logs)?;
    let variance = error * error * n;
    let center = mean + variance / 2.0;
    let quantile = StudentsT::new(0.0, 1.0, n - 1.0)
        .ok()?
        .inverse_cdf(f64::midpoint(1.0, level));
    let half = quantile * (variance / n + variance * variance / (2.0 * (n - 1.0))).sqrt();
    let estimate = values.iter().sum::<f64>() / n;
    let (lo, hi) = ((center - half).exp(), (center + half).exp());
    hi.is_finite()
        .then_some(Interval::new(estimate, lo, hi, level, Method::StudentT))
}

/// Of the mean of all values, from the means of overlapping blocks; the last factor takes out the bias of long blocks.
fn standard_error(blocks: &[f64], mean: f64, length: usize) -> f64 {
    let (n, length) = (blocks.len() as f64, length as f64);
    let variance = blocks.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / n;
    (variance * length / (n - length)).sqrt()
}

/// One sample drawn anew: its mean and the standard error of that.
struct Resample {
    mean: f64,
    error: f64,
}

fn resamples(blocks: &[f64], n_drawn: usize, seed: u64) -> Vec<Resample> {
    let mut rng = SplitMix64::new(seed);
    let k = n_drawn as f64;
    let mut drawn = vec![0.0; n_drawn];
    let mut resample = || {
        drawn.fill_with(|| blocks[rng.below(blocks.len())]);
        let mean = drawn.iter().sum::<f64>() / k;
        let spread = drawn.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (k - 1.0);
        Resample {
            mean,
            error: (spread / k).sqrt(),
        }
    };
    (0..N_RESAMPLES).map(|_| resample()).collect()
}

/// `n^(1/3)` rounded up, and at least four blocks: 2 for 8 chunks, 3 for 12, 4 for 64.
fn block_length(n: usize) -> usize {
    let root = (1..).find(|l| l * l * l >= n).unwrap_or(1);
    root.min(n / 4).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Share of intervals that hold the true mean, for `n` values of a series with this correlation of neighbours.
    fn coverage(n: usize, rho: f64, shape: fn(f64) -> f64, mean: f64) -> f64 {
        let mut rng = SplitMix64::new(n as u64);
        let n_runs = 1500;
        let hits = (0..n_runs).filter(|&run| {
            let mut x = rng.normal();
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    x = rho * x + (1.0 - rho * rho).sqrt() * rng.normal();
                    shape(x)
                })
                .collect();
            block_mean_interval(&values, 0.95, run).is_some_and(|i| i.lo <= mean && mean <= i.hi)
        });
        hits.count() as f64 / f64::from(n_runs as u32)
    }

    #[test]
    fn the_interval_covers_in_95_of_100_cases() {
        for n in [8, 12, 16, 24, 64] {
            let found = coverage(n, 0.0, |x| x, 0.0);
            assert!((0.93..=0.975).contains(&found), "{n} independent values: {found}");
        }
        for n in [24, 64] {
            let found = coverage(n, 0.25, |x| x, 0.0);
            assert!(
                (0.89..=0.97).contains(&found),
                "{n} values that resemble their neighbours: {found}"
            );
        }
        // Skewed as KL divergences are: lognormal with a variation of about 0.5.
        let found = coverage(24, 0.1, |x| (0.47 * x).exp(), (0.47f64 * 0.47 / 2.0).exp());
        assert!((0.9..=0.97).contains(&found), "skewed: {found}");
    }

    type OfMean = fn(&[f64], f64, u64) -> Option<Interval>;

    /// Shares of disjoint runs of `n` chunks whose 95 % interval holds the mean of all chunks: by blocks of chunks, and as
    /// if every token stood for itself. In: means and mean squares over the tokens of a chunk.
    fn coverage_of_runs(chunks: &[(f64, f64)], n: usize, of_mean: OfMean) -> (f64, f64) {
        const N_SCORED: f64 = 255.0;
        let mean = |of: fn(&(f64, f64)) -> f64, of_chunks: &[(f64, f64)]| {
            of_chunks.iter().map(of).sum::<f64>() / of_chunks.len() as f64
        };
        let truth = mean(|c| c.0, chunks);
        let (mut n_runs, mut by_chunks, mut by_tokens) = (0.0, 0.0, 0.0);
        for (i, run) in chunks.chunks_exact(n).enumerate() {
            let values: Vec<f64> = run.iter().map(|c| c.0).collect();
            let interval = of_mean(&values, 0.95, i as u64).expect("defined");
            let own = mean(|c| c.0, run);
            let variance = mean(|c| c.1, run) - own * own;
            let half = 1.96 * (variance / (n as f64 * N_SCORED)).sqrt();
            n_runs += 1.0;
            by_chunks += f64::from(u8::from(interval.lo <= truth && truth <= interval.hi));
            by_tokens += f64::from(u8::from((own - truth).abs() <= half));
        }
        (by_chunks / n_runs, by_tokens / n_runs)
    }

    /// Q4_K_M against F16 of the built-in model, on texts of several seeds (scripts/chunks-of-quality).
    #[test]
    fn intervals_of_real_scores_hold_what_a_long_run_gives() {
        let table = include_str!("../../tests/data/quality_chunks.csv");
        let rows: Vec<Vec<f64>> = table
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(|x| x.parse().expect("a number")).collect())
            .collect();
        let of = |value: usize, square: usize| rows.iter().map(|r| (r[value], r[square])).collect::<Vec<(f64, f64)>>();
        for (name, chunks, of_mean) in [
            ("ln(PPL ratio)", of(0, 2), block_mean_interval as OfMean),
            ("mean KLD", of(1, 3), divergence_interval),
        ] {
            for n in [3, 4, 6, 12, 16, 24, 36, 48] {
                let (by_chunks, by_tokens) = coverage_of_runs(&chunks, n, of_mean);
                println!(
                    "{name}, {} runs of {n} chunks: {by_chunks:.3}, token by token {by_tokens:.3}",
                    chunks.len() / n
                );
                // 93 to 97 %, give or take two standard errors of a share of so many runs.
                let give = 2.0 * (0.05 * 0.95 / (chunks.len() / n) as f64).sqrt();
                assert!(
                    (0.93 - give..=0.97 + give).contains(&by_chunks),
                    "{name}, {n} chunks: {by_chunks}"
                );
            }
        }
    }

    #[test]
    fn a_ratio_of_means_is_known_better_than_the_means() {
        let mut rng = SplitMix64::new(11);
        let shared: Vec<f64> = (0..40).map(|_| (0.5 * rng.normal()).exp()).collect();
        let of: Vec<f64> = shared.iter().map(|x| 0.7 * x * (0.05 * rng.normal()).exp()).collect();
        let ratio = mean_ratio_interval(&of, &shared, 0.95, 1).expect("defined");
        assert!(
            ratio.lo < 0.7 && 0.7 < ratio.hi && ratio.hi - ratio.lo < 0.06,
            "{ratio:?}"
        );
        assert_eq!(mean_ratio_interval(&[0.0; 9], &shared[..9], 0.95, 1), None);
        assert_eq!(mean_ratio_interval(&of, &shared[1..], 0.95, 1), None);
    }

    #[test]
    fn undefined_means_are_absent_and_equal_values_have_no_width() {
        assert_eq!(block_mean_interval(&[1.0; 2], 0.95, 1), None);
        assert_eq!(divergence_interval(&[0.1; 2], 0.95, 1), None);
        let zero = divergence_interval(&[0.0; 3], 0.95, 1).expect("identical models");
        assert_eq!((zero.lo, zero.hi), (0.0, 0.0));
        assert_eq!(
            block_mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, f64::NAN], 0.95, 1),
            None
        );
        let i = block_mean_interval(&[0.1; 9], 0.95, 1).expect("defined");
        assert_eq!((i.lo, i.estimate, i.hi), (0.1, 0.1, 0.1));
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let of_seed = |seed| block_mean_interval(&values, 0.95, seed);
        assert_eq!(of_seed(3), of_seed(3));
        let i = of_seed(3).expect("defined");
        assert!(i.lo < 9.5 && i.estimate == 9.5 && 9.5 < i.hi);
    }
}

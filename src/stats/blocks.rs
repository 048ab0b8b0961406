//! Means over chunks of a text, which resemble their neighbours.

use super::quantile::quantile;
use super::{Interval, Method};
use crate::rng::SplitMix64;
use statrs::distribution::{ContinuousCDF, Normal};

/// Resamples: the ends of a 95 % interval then rest on 50 each.
const N_RESAMPLES: usize = 2000;
/// Chunks below which no interval is given.
const N_MIN: usize = 5;

/// Mean of `values` (one per chunk, in the order of the text) with an interval from a moving-block bootstrap.
///
/// Blocks of `n^(1/3)` neighbouring chunks are drawn with replacement until there are `n` again (Künsch 1989, Annals of
/// Statistics 17, 1217-1241; wrapped around, Politis & Romano 1992), so that what neighbours share stays in the spread. A
/// bootstrap of few values is too narrow: percentiles are moved outwards by `sqrt(n/(n-l))` and by Student's t over the
/// normal quantile (Hesterberg 2015, The American Statistician 69, 371-386), with as many degrees of freedom as there
/// are independent blocks, overlap counted (1.5 n/l; Bartlett's weights).
///
/// `None` for fewer than 5 values, or one that is not finite.
pub fn block_mean_interval(values: &[f64], level: f64, seed: u64) -> Option<Interval> {
    let n = values.len();
    if n < N_MIN || !(level > 0.0 && level < 1.0) || !values.iter().all(|x| x.is_finite()) {
        return None;
    }
    let estimate = values.iter().sum::<f64>() / n as f64;
    if values.iter().all(|x| *x == values[0]) {
        return Some(interval(values[0], values[0], values[0], level));
    }
    let block = block_length(n);
    // Sums of a block, and of the shorter one that fills up the sample, from every start.
    let sums_of = |length: usize| -> Vec<f64> {
        (0..n)
            .map(|start| (0..length).map(|i| values[(start + i) % n]).sum())
            .collect()
    };
    let (n_whole, rest) = (n / block, n % block);
    let (whole, partial) = (sums_of(block), sums_of(rest));
    let mut rng = SplitMix64::new(seed);
    let means: Vec<f64> = (0..N_RESAMPLES)
        .map(|_| {
            let blocks: f64 = (0..n_whole).map(|_| whole[rng.below(n)]).sum();
            (blocks + partial[rng.below(n)]) / n as f64
        })
        .collect();
    let tail = (1.0 - level) / 2.0;
    let (lo, hi) = (quantile(&means, tail)?, quantile(&means, 1.0 - tail)?);
    let factor = expansion(n, block, level)?;
    let out = |end: f64| estimate + (end - estimate) * factor;
    Some(interval(estimate, out(lo), out(hi), level))
}

fn interval(estimate: f64, lo: f64, hi: f64, level: f64) -> Interval {
    Interval {
        estimate,
        lo: lo.min(estimate),
        hi: hi.max(estimate),
        level,
        method: Method::Bootstrap,
    }
}

/// `n^(1/3)` rounded down: 1 below 8 chunks, 4 from 64.
fn block_length(n: usize) -> usize {
    (1..).take_while(|l| l * l * l <= n).last().unwrap_or(1)
}

fn expansion(n: usize, block: usize, level: f64) -> Option<f64> {
    let (n, l) = (n as f64, block as f64);
    let freedom = if block == 1 { n - 1.0 } else { 1.5 * n / l - 1.0 };
    let p = 1.0 - (1.0 - level) / 2.0;
    let z = Normal::new(0.0, 1.0).ok()?.inverse_cdf(p);
    Some(student_quantile(z, freedom.max(3.0)) / z * (n / (n - l)).sqrt())
}

/// Student's t from the normal quantile `z` (Abramowitz & Stegun 1964, 26.7.5): within 1 % from 3 degrees of freedom up, which is
/// closer than the expansion is meant. statrs' own search for it does not end for some degrees of freedom.
fn student_quantile(z: f64, freedom: f64) -> f64 {
    let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
    z + (z3 + z) / (4.0 * freedom)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * freedom.powi(2))
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * freedom.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Standard normal, by Box and Muller.
    fn normal(rng: &mut SplitMix64) -> f64 {
        (-2.0 * (1.0 - rng.unit()).ln()).sqrt() * (std::f64::consts::TAU * rng.unit()).cos()
    }

    /// Share of intervals that hold the true mean, for `n` values of a series with this correlation of neighbours.
    fn coverage(n: usize, rho: f64, shape: fn(f64) -> f64, mean: f64) -> f64 {
        let mut rng = SplitMix64::new(n as u64);
        let n_runs = 1500;
        let hits = (0..n_runs).filter(|&run| {
            let mut x = normal(&mut rng);
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    x = rho * x + (1.0 - rho * rho).sqrt() * normal(&mut rng);
                    shape(x)
                })
                .collect();
            block_mean_interval(&values, 0.95, run).is_some_and(|i| i.lo <= mean && mean <= i.hi)
        });
        hits.count() as f64 / f64::from(n_runs as u32)
    }

    #[test]
    fn the_interval_covers_in_95_of_100_cases() {
        for n in [6, 12, 16, 24, 64] {
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

    #[test]
    fn student_quantiles_are_those_of_the_tables() {
        for (freedom, t) in [
            (3.0, 3.182_45),
            (4.0, 2.776_45),
            (7.0, 2.364_62),
            (23.0, 2.068_66),
            (1e9, 1.959_96),
        ] {
            let found = student_quantile(1.959_964, freedom);
            assert!((found / t - 1.0).abs() < 0.01, "{freedom}: {found} for {t}");
        }
    }

    #[test]
    fn undefined_means_are_absent_and_equal_values_have_no_width() {
        assert_eq!(block_mean_interval(&[1.0; 4], 0.95, 1), None);
        assert_eq!(block_mean_interval(&[1.0, 2.0, 3.0, 4.0, f64::NAN], 0.95, 1), None);
        let i = block_mean_interval(&[0.1; 9], 0.95, 1).expect("defined");
        assert_eq!((i.lo, i.estimate, i.hi), (0.1, 0.1, 0.1));
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let of_seed = |seed| block_mean_interval(&values, 0.95, seed);
        assert_eq!(of_seed(3), of_seed(3));
        let i = of_seed(3).expect("defined");
        assert!(i.lo < 9.5 && i.estimate == 9.5 && 9.5 < i.hi);
    }
}

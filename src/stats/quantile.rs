//! Quantiles of pooled samples (gaps between tokens), and how samples depend on their neighbours.

use super::interval::sorted;
use super::{Interval, Method};
use crate::rng::SplitMix64;

/// Resamples of a bootstrap: the ends of a 95 % interval then rest on 50 resamples each.
pub const N_RESAMPLES: usize = 2000;

/// Samples wanted beyond a quantile before it is reported; with fewer it is nearly the maximum.
const N_BEYOND_MIN: f64 = 5.0;

/// Groups below which a bootstrap over groups says too little: its intervals are too narrow.
const N_GROUPS_MIN: usize = 5;

/// Quantiles `qs` in [0, 1], interpolated between the neighbouring order statistics (type 7 of Hyndman & Fan 1996,
/// The American Statistician 50, 361-365; numpy's and R's default). `None` when empty or not all finite.
pub fn quantiles<const N: usize>(xs: &[f64], qs: [f64; N]) -> [Option<f64>; N] {
    let sorted = sorted(xs);
    qs.map(|q| quantile_of_sorted(sorted.as_ref()?, q))
}

/// One, of values in ascending order.
pub(super) fn quantile_of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    if sorted.is_empty() || !(0.0..=1.0).contains(&q) {
        return None;
    }
    let at = (sorted.len() - 1) as f64 * q;
    let below = sorted[at.floor() as usize];
    Some(interpolated(below, sorted[at.ceil() as usize], at.fract()))
}

/// Quantiles of all groups pooled, with intervals from a bootstrap that draws whole groups with replacement
/// (Davison & Hinkley 1997, Bootstrap Methods and their Application, section 3.8; percentile interval).
///
/// One entry per quantile, all from the same `n_resamples` resamples. A group is one generation: its gaps are not
/// independent, the generations nearly are. `None` when fewer than 5 samples are expected beyond the quantile (p95 needs
/// 100 samples, p99 500), with fewer than 5 groups, or with a value that is not finite. With fewer than about 20 groups
/// the interval is somewhat too narrow.
pub fn cluster_quantile_intervals(
    groups: &[Vec<f64>],
    qs: &[f64],
    level: f64,
    seed: u64,
    n_resamples: usize,
) -> Vec<Option<Interval>> {
    let groups: Vec<&Vec<f64>> = groups.iter().filter(|group| !group.is_empty()).collect();
    let is_level = level > 0.0 && level < 1.0;
    if !is_level || groups.len() < N_GROUPS_MIN || !groups.iter().all(|group| group.iter().all(|x| x.is_finite())) {
        return vec![None; qs.len()];
    }
    let pooled = Pooled::of(&groups);
    let n_samples = pooled.values.len() as f64;
    // The product is rounded: 100 samples and 1 - 0.95 make 5.000000000000004.
    let has_enough = |q: f64| (0.0..=1.0).contains(&q) && n_samples * q.min(1.0 - q) >= N_BEYOND_MIN - 1e-9;
    let starts: Vec<Option<Start>> = qs
        .iter()
        .map(|&q| has_enough(q).then(|| pooled.start(q, groups.len())))
        .collect();

    let mut rng = SplitMix64::new(seed);
    let mut resampled = vec![Vec::with_capacity(n_resamples); qs.len()];
    let mut times_drawn = vec![0usize; groups.len()];
    for _ in 0..n_resamples {
        times_drawn.fill(0);
        for _ in 0..groups.len() {
            times_drawn[rng.below(groups.len())] += 1;
        }
        let n_drawn = dot(&pooled.n_of_group, &times_drawn);
        for (values, start) in resampled.iter_mut().zip(&starts) {
            values.extend(
                start
                    .as_ref()
                    .and_then(|start| pooled.weighted_quantile(&times_drawn, n_drawn, start)),
            );
        }
    }
    let tail = (1.0 - level) / 2.0;
    let interval = |(values, start): (&Vec<f64>, &Option<Start>)| {
        let estimate = quantile_of_sorted(&pooled.values, start.as_ref()?.q)?;
        let values = sorted(values)?;
        let (lo, hi) = (
            quantile_of_sorted(&values, tail)?,
            quantile_of_sorted(&values, 1.0 - tail)?,
        );
        Some(Interval::new(estimate, lo, hi, level, Method::Bootstrap))
    };
    resampled.iter().zip(&starts).map(interval).collect()
}

#[cfg(test)]
pub(super) fn cluster_quantile_interval(groups: &[Vec<f64>], q: f64, level: f64, seed: u64) -> Option<Interval> {
    cluster_quantile_intervals(groups, &[q], level, seed, N_RESAMPLES).pop()?
}

/// Correlation of a series with itself `lag` places on, about its mean (Box & Jenkins 1976, section 2.1.5).
///
/// `None` when the lag leaves no pair, the series does not vary, or a value is not finite.
pub fn autocorrelation(xs: &[f64], lag: usize) -> Option<f64> {
    if lag >= xs.len() {
        return None;
    }
    let mean = xs.iter().sum::<f64>() / xs.len() as f64;
    let total: f64 = xs.iter().map(|x| (x - mean).powi(2)).sum();
    let lagged: f64 = xs.iter().zip(&xs[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum();
    let r = lagged / total;
    r.is_finite().then_some(r)
}

/// The values of all groups in one order, and whose each is: a resample is then nothing but how often each group counts.
struct Pooled {
    /// Ascending.
    values: Vec<f64>,
    /// Index of the group of each value.
    group_of: Vec<usize>,
    /// Values of each group.
    n_of_group: Vec<usize>,
}

/// Where the search for a quantile starts: at its place among all values, from which no resample is far.
struct Start {
    q: f64,
    /// Place in the order.
    at: usize,
    /// Values of each group before it.
    n_before: Vec<usize>,
}

impl Pooled {
    fn of(groups: &[&Vec<f64>]) -> Pooled {
        let of_group = |(index, group): (usize, &&Vec<f64>)| group.iter().map(|&x| (x, index)).collect::<Vec<_>>();
        let mut by_value: Vec<(f64, usize)> = groups.iter().enumerate().flat_map(of_group).collect();
        by_value.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (values, group_of) = by_value.into_iter().unzip();
        Pooled {
            values,
            group_of,
            n_of_group: groups.iter().map(|group| group.len()).collect(),
        }
    }

    fn start(&self, q: f64, n_groups: usize) -> Start {
        let at = (self.values.len().saturating_sub(1) as f64 * q) as usize;
        let mut n_before = vec![0; n_groups];
        self.group_of[..at].iter().for_each(|&group| n_before[group] += 1);
        Start { q, at, n_before }
    }

    /// Type-7 quantile of a sample of `n` in which every value counts as often as its group was drawn.
    fn weighted_quantile(&self, times_drawn: &[usize], n: usize, start: &Start) -> Option<f64> {
        let rank = n.checked_sub(1)? as f64 * start.q;
        let (first, second) = (rank.floor() as usize, rank.ceil() as usize);
        // The value of a rank is the first one with more than so many of the sample up to it, itself included.
        let times = |at: usize| times_drawn[self.group_of[at]];
        let (mut at, mut n_before) = (start.at, dot(&start.n_before, times_drawn));
        while n_before > first {
            at -= 1;
            n_before -= times(at);
        }
        while n_before + times(at) <= first {
            n_before += times(at);
            at += 1;
        }
        let below = self.values[at];
        while n_before + times(at) <= second {
            n_before += times(at);
            at += 1;
        }
        Some(interpolated(below, self.values[at], rank.fract()))
    }
}

fn dot(a: &[usize], b: &[usize]) -> usize {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Between two values, `weight` of the way; exact at equal values, and without overflow.
fn interpolated(below: f64, above: f64, weight: f64) -> f64 {
    if below == above {
        return below;
    }
    below * (1.0 - weight) + above * weight
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantile(xs: &[f64], q: f64) -> Option<f64> {
        quantiles(xs, [q])[0]
    }

    #[test]
    fn quantiles_interpolate_as_numpy_and_r_do() {
        let xs = [40.0, 15.0, 35.0, 20.0, 50.0];
        // numpy.quantile([15, 20, 35, 40, 50], [0, .05, .4, .5, .95, 1])
        for (q, value) in [
            (0.0, 15.0),
            (0.05, 16.0),
            (0.4, 29.0),
            (0.5, 35.0),
            (0.95, 48.0),
            (1.0, 50.0),
        ] {
            assert!((quantile(&xs, q).unwrap() - value).abs() < 1e-9, "{q}");
        }
        assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0, f64::NAN], 0.5), None);
        assert_eq!(quantile(&xs, 1.1), None);
        assert_eq!(quantile(&xs, f64::NAN), None);
    }

    #[test]
    fn a_quantile_with_too_few_samples_is_absent() {
        let groups = |n_groups: usize, n: usize| vec![(0..n).map(|i| i as f64).collect::<Vec<_>>(); n_groups];
        assert!(cluster_quantile_interval(&groups(10, 10), 0.95, 0.95, 1).is_some());
        assert_eq!(cluster_quantile_interval(&groups(9, 11), 0.95, 0.95, 1), None);
        assert_eq!(cluster_quantile_interval(&groups(10, 10), 0.99, 0.95, 1), None);
        assert!(cluster_quantile_interval(&groups(10, 50), 0.99, 0.95, 1).is_some());
        assert_eq!(cluster_quantile_interval(&groups(4, 1000), 0.5, 0.95, 1), None);
        assert_eq!(cluster_quantile_interval(&[], 0.5, 0.95, 1), None);
        let mut with_empty = groups(4, 1000);
        with_empty.extend(vec![Vec::new(); 9]);
        assert_eq!(
            cluster_quantile_interval(&with_empty, 0.5, 0.95, 1),
            None,
            "empty groups do not count"
        );
    }

    #[test]
    fn equal_groups_have_an_interval_without_width_and_a_seed_repeats() {
        let same = vec![(0..32).map(f64::from).collect::<Vec<_>>(); 8];
        let interval = cluster_quantile_interval(&same, 0.5, 0.95, 1).unwrap();
        assert_eq!((interval.lo, interval.estimate, interval.hi), (15.5, 15.5, 15.5));
        assert_eq!(interval.method, Method::Bootstrap);
        let different: Vec<Vec<f64>> = (0..8)
            .map(|g| (0..32).map(|i| f64::from(g * 3 + i)).collect())
            .collect();
        let of_seed = |seed| cluster_quantile_interval(&different, 0.5, 0.95, seed);
        assert_eq!(of_seed(1), of_seed(1));
        let interval = of_seed(1).unwrap();
        assert!(interval.lo < interval.estimate && interval.estimate < interval.hi);
    }

    #[test]
    fn a_resample_weighs_its_groups_as_often_as_they_were_drawn() {
        let (odd, even) = (vec![1.0, 3.0, 5.0], vec![2.0, 4.0, 6.0]);
        let pooled = Pooled::of(&[&odd, &even]);
        for drawn in [[1, 1], [2, 0], [0, 2]] {
            let sample = [odd.repeat(drawn[0]), even.repeat(drawn[1])].concat();
            for q in [0.0, 0.1, 0.5, 0.9, 1.0] {
                let found = pooled.weighted_quantile(&drawn, sample.len(), &pooled.start(q, 2));
                assert_eq!(found, quantile(&sample, q), "{drawn:?} {q}");
            }
        }
        assert_eq!(pooled.weighted_quantile(&[0, 0], 0, &pooled.start(0.5, 2)), None);
    }

    #[test]
    fn autocorrelation_by_hand() {
        // Mean 2; products of neighbours' deviations: (-1)(0) + (0)(1) = 0; second lag: (-1)(1) = -1; total 2.
        assert_eq!(autocorrelation(&[1.0, 2.0, 3.0], 0), Some(1.0));
        assert_eq!(autocorrelation(&[1.0, 2.0, 3.0], 1), Some(0.0));
        assert_eq!(autocorrelation(&[1.0, 2.0, 3.0], 2), Some(-0.5));
        assert_eq!(autocorrelation(&[1.0, 2.0, 3.0], 3), None);
        assert_eq!(autocorrelation(&[5.0; 9], 1), None);
        assert_eq!(autocorrelation(&[], 0), None);
        assert_eq!(autocorrelation(&[1.0, f64::INFINITY], 1), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_panics_and_nothing_is_nan(
            groups in prop::collection::vec(prop::collection::vec(any::<f64>(), 0..12), 0..8),
            q in any::<f64>(),
            lag in 0usize..12,
        ) {
            let pooled = groups.concat();
            for value in [quantile(&pooled, q), autocorrelation(&pooled, lag)].into_iter().flatten() {
                prop_assert!(value.is_finite());
            }
            for q in [q, q.fract().abs(), 0.5] {
                if let Some(interval) = cluster_quantile_interval(&groups, q, 0.95, 1) {
                    prop_assert!(interval.lo <= interval.estimate && interval.estimate <= interval.hi);
                }
            }
        }
    }
}

//! Seeded simulations: do the intervals cover, do identical arms stay "not different", are real shifts found?
//!
//! The figures in `docs/method.md` come from these, with `KVANT_SIMULATIONS=10` in the environment for ten times the
//! repetitions, and `--nocapture`. The bounds asserted leave room for about four standard errors of the simulated share.

use super::interval::median_interval;
use super::*;
use crate::rng::SplitMix64;

/// The distributions that log-speeds are drawn from. All have median 0.
#[derive(Debug, Clone, Copy)]
enum Noise {
    Normal,
    /// Student's t with 2 degrees of freedom: infinite variance.
    HeavyTailed,
    /// Exponential, moved to median 0: interference only ever makes a sample slower.
    Skewed,
    /// Normal, and one sample in ten hit by something up to ten times larger, to one side.
    Spiked,
}

const NOISES: [Noise; 4] = [Noise::Normal, Noise::HeavyTailed, Noise::Skewed, Noise::Spiked];

/// Median of the spiked mixture before it is moved to 0, found by simulation (2e6 draws).
const SPIKED_MEDIAN: f64 = 0.1284;

fn draw(noise: Noise, rng: &mut SplitMix64) -> f64 {
    match noise {
        Noise::Normal => rng.normal(),
        Noise::HeavyTailed => rng.normal() / (-(1.0 - rng.unit()).ln()).sqrt(),
        Noise::Skewed => -(1.0 - rng.unit()).ln() - 2f64.ln(),
        Noise::Spiked => {
            let spike = if rng.unit() < 0.1 {
                10.0 * rng.normal().abs()
            } else {
                0.0
            };
            rng.normal() + spike - SPIKED_MEDIAN
        }
    }
}

fn covers(interval: &Interval, truth: f64) -> bool {
    interval.lo <= truth && truth <= interval.hi
}

/// Share of `n` repetitions (or as many times more as `KVANT_SIMULATIONS` says) in which something holds.
fn share(n: usize, mut holds: impl FnMut() -> bool) -> f64 {
    let times = std::env::var("KVANT_SIMULATIONS")
        .ok()
        .and_then(|times| times.parse().ok());
    let n = n * times.unwrap_or(1);
    (0..n).filter(|_| holds()).count() as f64 / n as f64
}

#[test]
fn order_statistic_intervals_cover_95_percent_whatever_the_noise() {
    let mut rng = SplitMix64::new(1);
    for noise in NOISES {
        for n in [6, 7, 8, 12, 24] {
            let coverage = share(3000, || {
                let rates: Vec<f64> = (0..n).map(|_| 170.0 * (0.02 * draw(noise, &mut rng)).exp()).collect();
                covers(&median_interval(&rates, 0.95).unwrap(), 170.0)
            });
            println!("{noise:?}, n = {n}: {coverage}");
            assert!((0.93..0.97).contains(&coverage), "{noise:?}, n = {n}: {coverage}");
        }
    }
}

#[test]
fn few_samples_are_covered_by_students_t_when_the_noise_is_normal() {
    let mut rng = SplitMix64::new(2);
    for n in [2, 3, 5] {
        let coverage = share(3000, || {
            let rates: Vec<f64> = (0..n).map(|_| (0.02 * rng.normal()).exp()).collect();
            let interval = median_interval(&rates, 0.95).unwrap();
            assert_eq!(interval.method, Method::StudentT);
            covers(&interval, 1.0)
        });
        assert!((0.93..0.97).contains(&coverage), "n = {n}: {coverage}");
    }
}

/// Log-speed of a shared machine, sample by sample: a neighbour that comes and goes (12 % for 20 samples or so), slow
/// drift, noise of the sample's own, and now and then a spike. Neighbouring samples correlate at 0.6 to 0.8.
struct Machine {
    rng: SplitMix64,
    has_neighbour: bool,
    drift: f64,
}

impl Machine {
    fn new(seed: u64) -> Machine {
        let mut rng = SplitMix64::new(seed);
        let has_neighbour = rng.unit() < 0.5;
        let drift = 0.02 * rng.normal();
        Machine {
            rng,
            has_neighbour,
            drift,
        }
    }

    /// Tokens per second of one sample of an arm that is `speed` times the baseline.
    fn sample(&mut self, speed: f64) -> f64 {
        let rng = &mut self.rng;
        if rng.unit() < 0.05 {
            self.has_neighbour = !self.has_neighbour;
        }
        self.drift = 0.95 * self.drift + 0.02 * (1.0f64 - 0.95 * 0.95).sqrt() * rng.normal();
        let neighbour = if self.has_neighbour { -0.12 } else { 0.0 };
        let spike = if rng.unit() < 0.03 { -0.2 * rng.unit() } else { 0.0 };
        170.0 * speed * (neighbour + self.drift + spike + 0.015 * rng.normal()).exp()
    }

    /// `n` samples of one arm, then `n` of the other: how benchmarks are usually run.
    fn blocks(&mut self, n: usize, speed: f64) -> (Vec<f64>, Vec<f64>) {
        let baseline = (0..n).map(|_| self.sample(1.0)).collect();
        let arm = (0..n).map(|_| self.sample(speed)).collect();
        (arm, baseline)
    }

    /// `n` rounds of four arms in random order, of which two are compared.
    fn rounds(&mut self, n: usize, speed: f64) -> (Vec<f64>, Vec<f64>) {
        let speeds = [speed, 1.0, 1.3, 0.8];
        let (mut arm, mut baseline) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let mut order = [0, 1, 2, 3];
            self.rng.shuffle(&mut order);
            for which in order {
                let rate = self.sample(speeds[which]);
                match which {
                    0 => arm.push(rate),
                    1 => baseline.push(rate),
                    _ => {}
                }
            }
        }
        (arm, baseline)
    }
}

/// Welch's t interval for the ratio of two blocks (on logarithms), as if all samples were independent.
fn excludes_one_unpaired(arm: &[f64], baseline: &[f64]) -> bool {
    let moments = |xs: &[f64]| {
        let logs: Vec<f64> = xs.iter().map(|x| x.ln()).collect();
        interval::mean_and_standard_error(&logs).unwrap()
    };
    let ((a, se_a), (b, se_b)) = (moments(arm), moments(baseline));
    // 2.1 is the two-sided 95 % point for the degrees of freedom of 10 + 10 samples.
    (a - b).abs() > 2.1 * se_a.hypot(se_b)
}

#[test]
fn pairing_within_rounds_keeps_false_alarms_at_5_percent_where_blocks_do_not() {
    let n_runs = 2000;
    let mut seed = 0;
    let mut next_machine = || {
        seed += 1;
        Machine::new(seed)
    };
    let in_blocks = share(n_runs, || {
        let (arm, baseline) = next_machine().blocks(10, 1.0);
        excludes_one_unpaired(&arm, &baseline)
    });
    let in_rounds = share(n_runs, || {
        let (arm, baseline) = next_machine().rounds(10, 1.0);
        !covers(&log_ratio_interval(&arm, &baseline, 0.95).unwrap(), 1.0)
    });
    let false_verdicts = share(n_runs, || {
        let (arm, baseline) = next_machine().rounds(10, 1.0);
        let ratio = log_ratio_interval(&arm, &baseline, 0.95).unwrap();
        matches!(verdict(&ratio, 0.02), Verdict::Faster | Verdict::Slower)
    });
    println!("A/A false alarms: blocks {in_blocks}, rounds {in_rounds}; wrong verdicts {false_verdicts}");
    assert!(in_blocks > 0.30, "blocks: {in_blocks}");
    assert!((0.03..0.07).contains(&in_rounds), "rounds: {in_rounds}");
    assert!(false_verdicts < 0.02, "verdicts: {false_verdicts}");
}

#[test]
fn pairing_makes_the_estimate_several_times_more_precise() {
    let root_mean_square = |errors: &[f64]| (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
    let (mut in_blocks, mut in_rounds) = (Vec::new(), Vec::new());
    for seed in 40_000..41_000 {
        let (arm, baseline) = Machine::new(seed).blocks(10, 1.0);
        in_blocks.push((median(&arm).unwrap() / median(&baseline).unwrap()).ln());
        let (arm, baseline) = Machine::new(seed).rounds(10, 1.0);
        in_rounds.push(log_ratio_interval(&arm, &baseline, 0.95).unwrap().estimate.ln());
    }
    let (in_blocks, in_rounds) = (root_mean_square(&in_blocks), root_mean_square(&in_rounds));
    println!("error of the ratio: blocks {in_blocks}, rounds {in_rounds}");
    assert!(in_blocks > 3.0 * in_rounds);
}

/// Rounds of identical arms, looked at after 8 and then every 4, up to 60: the interval at which a rule stops.
fn stopped_at(seed: u64, stops: impl Fn(&Interval) -> bool) -> Interval {
    let (arm, baseline) = Machine::new(seed).rounds(60, 1.0);
    let at = |n: usize| log_ratio_interval(&arm[..n], &baseline[..n], 0.95).unwrap();
    (8..60).step_by(4).map(at).find(stops).unwrap_or_else(|| at(60))
}

#[test]
fn stopping_on_precision_is_honest_and_stopping_on_significance_is_not() {
    let alarms = |stops: fn(&Interval) -> bool| {
        let mut seed = 30_000;
        share(1000, || {
            seed += 1;
            !covers(&stopped_at(seed, stops), 1.0)
        })
    };
    let on_precision = alarms(|interval| half_width(interval) <= 0.02);
    let on_significance = alarms(|interval| !covers(interval, 1.0));
    println!("A/A false alarms when stopping on precision {on_precision}, on significance {on_significance}");
    assert!(on_precision < 0.09, "{on_precision}");
    assert!(on_significance > 0.12, "{on_significance}");
}

#[test]
fn a_shift_of_5_percent_is_found() {
    for (n, at_least) in [(12, 0.70), (40, 0.98)] {
        let mut seed = 10_000;
        let mut wrong = 0;
        let power = share(1000, || {
            seed += 1;
            let (arm, baseline) = Machine::new(seed).rounds(n, 1.05);
            let ratio = log_ratio_interval(&arm, &baseline, 0.95).unwrap();
            let verdict = verdict(&ratio, 0.02);
            wrong += usize::from(verdict == Verdict::Slower);
            verdict == Verdict::Faster
        });
        println!("5 % shift, {n} rounds: found in {power}");
        assert!(power > at_least, "{n} rounds: {power}");
        assert_eq!(wrong, 0);
    }
}

#[test]
fn paired_intervals_cover_the_true_ratio_under_drift() {
    for (n, truth) in [(6, 1.0), (8, 1.05), (12, 0.7), (24, 1.71)] {
        let mut seed = 20_000;
        let coverage = share(2000, || {
            seed += 1;
            let (arm, baseline) = Machine::new(seed).rounds(n, truth);
            covers(&log_ratio_interval(&arm, &baseline, 0.95).unwrap(), truth)
        });
        println!("{n} rounds, ratio {truth}: {coverage}");
        assert!((0.93..0.97).contains(&coverage), "{n} rounds: {coverage}");
    }
}

/// One sample of a cell, then the other cells of its round: what disturbs one sample is over by the next.
#[test]
fn intervals_of_a_cell_cover_its_median_when_its_samples_are_rounds_apart() {
    const N_CELLS: usize = 33;
    let mut machine = Machine::new(1);
    let all: Vec<f64> = (0..400_000).map(|_| machine.sample(1.0)).collect();
    let truth = median(&all).unwrap();
    let mut seed = 40_000;
    let mut coverage = |n: usize, n_cells: usize| {
        share(2000, || {
            seed += 1;
            let mut machine = Machine::new(seed);
            let samples: Vec<f64> = (0..n * n_cells).map(|_| machine.sample(1.0)).collect();
            let own: Vec<f64> = samples.into_iter().step_by(n_cells).collect();
            covers(&cell_interval(&own, 0.95).unwrap(), truth)
        })
    };
    for n in [8, 12, 24] {
        let (apart, adjacent) = (coverage(n, N_CELLS), coverage(n, 1));
        println!("{n} samples: rounds apart {apart}, back to back {adjacent}");
        assert!((0.93..0.97).contains(&apart), "{n} samples: {apart}");
        assert!(adjacent < 0.85, "{n} samples back to back: {adjacent}");
    }
}

#[test]
fn machine_samples_correlate_with_their_neighbours_and_ratios_do_not() {
    let mut machine = Machine::new(5);
    let (arm, baseline) = machine.rounds(2000, 1.0);
    let series: Vec<f64> = (0..4000).map(|_| machine.sample(1.0)).collect();
    let ratios: Vec<f64> = arm.iter().zip(&baseline).map(|(a, b)| (a / b).ln()).collect();
    let (of_samples, of_ratios) = (
        autocorrelation(&series, 1).unwrap(),
        autocorrelation(&ratios, 1).unwrap(),
    );
    println!("lag-1 autocorrelation: samples {of_samples}, ratios {of_ratios}");
    assert!((0.5..0.85).contains(&of_samples), "{of_samples}");
    assert!(of_ratios.abs() < 0.1, "{of_ratios}");
}

#[test]
fn cluster_bootstrap_covers_where_samples_share_their_generation() {
    let mut rng = SplitMix64::new(3);
    for (n_groups, q, at_least) in [(12, 0.5, 0.80), (24, 0.5, 0.84), (24, 0.95, 0.82)] {
        // Gap = generation's own speed + noise, both normal: the pooled quantile is that of their sum.
        let truth = 100.0 + z(q) * 2f64.hypot(3.0);
        let coverage = share(100, || {
            let groups: Vec<Vec<f64>> = (0..n_groups)
                .map(|_| {
                    let centre = 100.0 + 2.0 * rng.normal();
                    (0..32).map(|_| centre + 3.0 * rng.normal()).collect()
                })
                .collect();
            let seed = rng.next_u64();
            covers(&cluster_quantile_interval(&groups, q, 0.95, seed).unwrap(), truth)
        });
        println!("p{} of {n_groups} generations: {coverage}", q * 100.0);
        assert!(coverage > at_least, "{n_groups} groups, q = {q}: {coverage}");
    }
}

fn z(q: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    Normal::new(0.0, 1.0).unwrap().inverse_cdf(q)
}

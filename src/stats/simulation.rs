//! Seeded simulations: do the intervals cover, do identical arms stay "not different", are real shifts found?
//!
//! The tolerances are about three standard errors of the simulated share, around what is claimed in
//! `docs/method.md`.

use super::rng::Rng;
use super::*;

/// The distributions that log-speeds are drawn from. All have median 0.
#[derive(Debug, Clone, Copy)]
enum Noise {
    Normal,
    /// Student's t with 2 degrees of freedom: infinite variance.
    HeavyTailed,
    /// Exponential, moved to median 0: interference only ever makes a sample slower.
    Skewed,
    /// Normal, and one sample in ten hit by something ten times larger, one-sided.
    Spiked,
}

const NOISES: [Noise; 4] = [Noise::Normal, Noise::HeavyTailed, Noise::Skewed, Noise::Spiked];

fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.uniform()).ln()).sqrt() * (std::f64::consts::TAU * rng.uniform()).cos()
}

fn draw(noise: Noise, rng: &mut Rng) -> f64 {
    match noise {
        Noise::Normal => normal(rng),
        Noise::HeavyTailed => normal(rng) / (-(1.0 - rng.uniform()).ln()).sqrt(),
        Noise::Skewed => -(1.0 - rng.uniform()).ln() - 2f64.ln(),
        Noise::Spiked => {
            // The median of the mixture: 0.9 Phi(x) + 0.1 * P(spike below x) = 1/2.
            let spike = if rng.uniform() < 0.1 { 10.0 * normal(rng).abs() } else { 0.0 };
            normal(rng) + spike - SPIKED_MEDIAN
        }
    }
}

const SPIKED_MEDIAN: f64 = 0.1297;

#[test]
fn explore() {
    let mut rng = Rng::seeded(7);
    let mut v: Vec<f64> = (0..2_000_000).map(|_| draw(Noise::Spiked, &mut rng)).collect();
    v.sort_by(f64::total_cmp);
    println!("spiked median offset {}", v[1_000_000]);
    for noise in NOISES {
        for n in [6, 7, 8, 10, 12, 16, 24, 40] {
            let (mut hit, mut hit_t, mut w, mut wt) = (0, 0, 0.0, 0.0);
            let reps = 40_000;
            for _ in 0..reps {
                let x: Vec<f64> = (0..n).map(|_| (0.02 * draw(noise, &mut rng)).exp()).collect();
                let i = median_interval(&x, 0.95).unwrap();
                let ones = vec![1.0; n];
                let t = t_log_ratio_interval(&x, &ones, 0.95).unwrap();
                hit += usize::from(i.lo <= 1.0 && 1.0 <= i.hi);
                hit_t += usize::from(t.lo <= 1.0 && 1.0 <= t.hi);
                w += half_width(&i);
                wt += half_width(&t);
            }
            println!(
                "{noise:?} n={n}: order {:.4} width {:.4}; t {:.4} width {:.4}",
                hit as f64 / reps as f64,
                w / reps as f64,
                hit_t as f64 / reps as f64,
                wt / reps as f64
            );
        }
    }
}

//! Seeded noise of the fake engine: SplitMix64 and Box-Muller. Not for statistics, only for tests.

use crate::rng::SplitMix64;

/// One step of the generator is a good hash of its seed.
fn mix(x: u64) -> u64 {
    SplitMix64::new(x).next_u64()
}

/// A hash of bytes, starting from `seed`.
pub(super) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(mix(seed), |h, &b| mix(h ^ u64::from(b)))
}

/// A standard normal number that is a function of `x`.
pub(super) fn normal(x: u64) -> f64 {
    let unit = |h: u64| ((h >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let (u, v) = (unit(mix(x)), unit(mix(x ^ 0xa5a5_a5a5_a5a5_a5a5)));
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

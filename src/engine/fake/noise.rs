//! Seeded noise of the fake engine: splitmix64 and Box-Muller. Not for statistics, only for tests.

/// One step of splitmix64 (Steele, Lea & Flood, OOPSLA 2014): a good hash of its input.
pub(super) fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
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

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let n = 20_000u64;
        let mean = (0..n).map(normal).sum::<f64>() / n as f64;
        let variance = (0..n).map(|x| normal(x).powi(2)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }
}

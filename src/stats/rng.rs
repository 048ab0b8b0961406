//! Seeded randomness: the same numbers on every machine and in every version.
//!
//! xoshiro256** (Blackman & Vigna 2021, ACM TOMS 47, 36; public domain), seeded through SplitMix64 as its authors
//! advise. Not for secrets.

/// One step of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA): advances the state, gives the next number.
pub fn split_mix_64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of random numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream of a seed. Neighbouring seeds give unrelated streams.
    pub fn seeded(seed: u64) -> Rng {
        let mut state = seed;
        Rng {
            state: std::array::from_fn(|_| split_mix_64(&mut state)),
        }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform below `n`, without bias (rejection); 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        // Numbers under 2^64 mod n would make the small remainders too frequent.
        let n_rejected = n.wrapping_neg() % n;
        loop {
            let x = self.next_u64();
            if x >= n_rejected {
                return x % n;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_those_the_authors_published() {
        let mut state = 1_234_567;
        let first: Vec<u64> = (0..3).map(|_| split_mix_64(&mut state)).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
        let mut rng = Rng { state: [1, 2, 3, 4] };
        let first: Vec<u64> = (0..4).map(|_| rng.next_u64()).collect();
        assert_eq!(first, [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_its_neighbour_others() {
        let numbers = |seed| {
            let mut rng = Rng::seeded(seed);
            (0..8).map(|_| rng.next_u64()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(0), numbers(0));
        assert!(numbers(0).iter().zip(&numbers(1)).all(|(a, b)| a != b));
    }

    #[test]
    fn uniform_numbers_stay_in_range_and_spread_evenly() {
        let mut rng = Rng::seeded(1);
        let mut counts = [0; 7];
        for _ in 0..70_000 {
            counts[rng.below(7) as usize] += 1;
            let x = rng.uniform();
            assert!((0.0..1.0).contains(&x));
        }
        assert!(counts.iter().all(|n| (9_600..10_400).contains(n)), "{counts:?}");
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.below(1), 0);
        assert!(rng.below(u64::MAX) < u64::MAX);
    }
}

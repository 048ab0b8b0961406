//! The loops over a row of logits that quality is computed from.
//!
//! In: rows of f32 logits. Out: normalisers and expectations, as f64 sums over all terms. A row of a
//! large vocabulary costs tens of microseconds, because every loop is written so that the compiler turns it into vector
//! code; that is why this is a crate of its own, built with everything the compiler has (kvant's own code is built
//! fast instead). No I/O, no allocation, no dependency.

/// Sums kept side by side: a multiple of the lanes of any current vector unit.
const LANES: usize = 16;

/// What a row of logits says by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Index of the largest logit, the first of equals.
    pub top: usize,
    /// `ln Σ exp(z)`: the log-probability of entry `i` is `z[i] - log_sum`.
    pub log_sum: f64,
}

/// Largest logit and normaliser of a row; `None` for an empty row or one with a value that is not finite.
pub fn row(logits: &[f32]) -> Option<Row> {
    let max = finite_max(logits)?;
    let top = logits.iter().position(|&z| z == max)?;
    let max = f64::from(max);
    let log_sum = max + sum(logits, |z| exp(z - max)).ln();
    Some(Row { top, log_sum })
}

/// `Σ p[i] (z[i] - other[i])` with `p[i] = exp(z[i] - log_sum)`: with the two normalisers it makes the Kullback-Leibler
/// divergence of `other` from `logits`, and it is exactly 0 for equal rows.
pub fn expected_gap(logits: &[f32], log_sum: f64, other: &[f32]) -> f64 {
    let mut sums = [0.0; LANES];
    let n = logits.len().min(other.len());
    let (head, tail) = logits[..n].as_chunks::<LANES>();
    let (other_head, other_tail) = other[..n].as_chunks::<LANES>();
    let term = |z: f32, q: f32| {
        let z = f64::from(z);
        exp(z - log_sum) * (z - f64::from(q))
    };
    for (z, q) in head.iter().zip(other_head) {
        for lane in 0..LANES {
            sums[lane] += term(z[lane], q[lane]);
        }
    }
    for (lane, (z, q)) in tail.iter().zip(other_tail).enumerate() {
        sums[lane] += term(*z, *q);
    }
    pairwise(sums)
}

/// The bytes of `logits` in this machine's order, into `out`, which must have four per value.
pub fn to_bytes(logits: &[f32], out: &mut [u8]) {
    for (bytes, z) in out.as_chunks_mut::<4>().0.iter_mut().zip(logits) {
        *bytes = z.to_ne_bytes();
    }
}

/// Values from bytes that [`to_bytes`] made.
pub fn from_bytes(bytes: &[u8], out: &mut [f32]) {
    for (z, bytes) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *z = f32::from_ne_bytes(*bytes);
    }
}

/// The largest value, or `None` when one is not finite or there is none.
fn finite_max(logits: &[f32]) -> Option<f32> {
    let mut largest = [f32::MIN; LANES];
    // Zero as long as everything is finite; infinity and NaN make it NaN for good.
    let mut poison = [0.0f32; LANES];
    let (head, tail) = logits.as_chunks::<LANES>();
    for z in head {
        for lane in 0..LANES {
            largest[lane] = if z[lane] > largest[lane] {
                z[lane]
            } else {
                largest[lane]
            };
            poison[lane] += z[lane] * 0.0;
        }
    }
    for &z in tail {
        largest[0] = largest[0].max(z);
        poison[0] += z * 0.0;
    }
    let is_finite = poison.iter().all(|p| *p == 0.0) && !logits.is_empty();
    is_finite.then(|| largest.into_iter().fold(f32::MIN, f32::max))
}

#[inline(always)]
fn sum(logits: &[f32], term: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; LANES];
    let (head, tail) = logits.as_chunks::<LANES>();
    for z in head {
        for lane in 0..LANES {
            sums[lane] += term(f64::from(z[lane]));
        }
    }
    for (lane, z) in tail.iter().enumerate() {
        sums[lane] += term(f64::from(*z));
    }
    pairwise(sums)
}

fn pairwise(mut sums: [f64; LANES]) -> f64 {
    let mut n = LANES;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            sums[i] += sums[i + n];
        }
    }
    sums[0]
}

/// `e^x` for `x` up to some hundreds, without a branch; below -708, where the result is no normal number, about 1e-308.
///
/// Reduction to `|r| <= ln(2)/2` (Cody & Waite 1980), Taylor's polynomial of degree 11 there: relative error
/// below 1e-14, far below that of the logits.
#[inline(always)]
fn exp(x: f64) -> f64 {
    /// Adding it leaves the nearest whole number in the lowest bits.
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    const LN_2_HI: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LO: f64 = 1.908_214_929_270_587_7e-10;
    const INVERSE_FACTORIALS: [f64; 12] = [
        1.0,
        1.0,
        0.5,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5_040.0,
        1.0 / 40_320.0,
        1.0 / 362_880.0,
        1.0 / 3_628_800.0,
        1.0 / 39_916_800.0,
    ];
    let x = if x > -708.0 { x } else { -708.0 };
    let shifted = times_plus(x, std::f64::consts::LOG2_E, MAGIC);
    let k = shifted - MAGIC;
    let r = times_plus(k, -LN_2_LO, times_plus(k, -LN_2_HI, x));
    let mut value = INVERSE_FACTORIALS[11];
    let mut i = 11;
    while i > 0 {
        i -= 1;
        value = times_plus(value, r, INVERSE_FACTORIALS[i]);
    }
    // Multiplies by 2^k: k stands in the lowest bits of `shifted`.
    f64::from_bits(value.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// `a b + c`, in one instruction where the target has it; elsewhere the fused form would be a slow call.
#[inline(always)]
fn times_plus(a: f64, b: f64, c: f64) -> f64 {
    if cfg!(target_feature = "fma") {
        a.mul_add(b, c)
    } else {
        a * b + c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_the_librarys() {
        let mut x = -700.0;
        while x < 20.0 {
            let (ours, theirs) = (exp(x), f64::exp(x));
            assert!((ours / theirs - 1.0).abs() < 1e-14, "{x}: {ours} for {theirs}");
            x += 0.003_7;
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e9) < 1e-307 && exp(-1e9) >= 0.0);
    }

    /// Rows of every length around the lanes, against the definition.
    #[test]
    fn rows_are_what_the_definition_says() {
        for n in 1..70usize {
            let z: Vec<f32> = (0..n).map(|i| ((i * 37 % 23) as f32 - 11.0) * 0.7).collect();
            let q: Vec<f32> = (0..n).map(|i| ((i * 29 % 19) as f32 - 9.0) * 0.5).collect();
            let found = row(&z).expect("finite");
            let log_sum = z.iter().map(|&z| f64::from(z).exp()).sum::<f64>().ln();
            assert!((found.log_sum - log_sum).abs() < 1e-12);
            let largest = z.iter().copied().fold(f32::MIN, f32::max);
            assert_eq!(Some(found.top), z.iter().position(|&v| v == largest));
            let gap: f64 = z
                .iter()
                .zip(&q)
                .map(|(&z, &q)| (f64::from(z) - log_sum).exp() * f64::from(z - q))
                .sum();
            assert!((expected_gap(&z, found.log_sum, &q) - gap).abs() < 1e-6);
            assert_eq!(expected_gap(&z, found.log_sum, &z), 0.0);
            let mut bytes = vec![0; 4 * n];
            to_bytes(&z, &mut bytes);
            let mut back = vec![0.0; n];
            from_bytes(&bytes, &mut back);
            assert_eq!(back, z);
        }
    }

    #[test]
    fn what_is_not_finite_is_no_row() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in [0, 5, 16, 39] {
                let mut z = vec![1.0; 40];
                z[at] = bad;
                assert_eq!(row(&z), None, "{bad} at {at}");
            }
        }
        assert_eq!(row(&[]), None);
    }

    #[test]
    fn logits_near_the_end_of_the_range_do_not_overflow() {
        let found = row(&[3e38, 3e38, -3e38]).expect("finite");
        assert_eq!(found.top, 0);
        assert!(found.log_sum.is_finite());
        let found = row(&[-1e4, -1e4]).expect("finite");
        assert!((found.log_sum - (-1e4 + 2f64.ln())).abs() < 1e-9);
    }
}

//! The sums of chunks as figures: pooled over tokens, and one value per chunk for intervals.

use crate::data::ChunkScore;

/// Below so many tokens llama-perplexity prints nothing; a standard error is left out below 11, as there.
const N_FOR_ERROR: f64 = 10.0;

/// One value per chunk: its mean over the scored tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ChunkMeans {
    /// -ln p of the next token.
    pub(crate) nll: f64,
    /// That less the baseline's: the chunk's ln(PPL ratio).
    pub(crate) ln_ratio: f64,
    pub(crate) kld: f64,
    /// Share of tokens with the same most likely successor.
    pub(crate) same_top: f64,
    pub(crate) dp: f64,
    pub(crate) dp_sq: f64,
}

/// The means of one chunk of an arm and of the baseline; for the baseline itself, what compares is 0 and 1.
pub(crate) fn chunk_means(arm: &ChunkScore, baseline: &ChunkScore) -> Option<ChunkMeans> {
    let n = f64::from(arm.n_scored);
    if arm.n_scored == 0 || arm.n_scored != baseline.n_scored {
        return None;
    }
    let sums = arm.vs_baseline.as_ref();
    Some(ChunkMeans {
        nll: arm.nll_sum / n,
        ln_ratio: (arm.nll_sum - baseline.nll_sum) / n,
        kld: sums.map_or(0.0, |s| s.kld_sum / n),
        same_top: sums.map_or(1.0, |s| f64::from(s.n_same_top) / n),
        dp: sums.map_or(0.0, |s| s.dp_sum / n),
        dp_sq: sums.map_or(0.0, |s| s.dp_sq_sum / n),
    })
}

/// A figure with its standard error if tokens were independent, which they are not: for parity with llama-perplexity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WithError {
    pub(crate) value: f64,
    /// Its standard error, token by token; absent with too few tokens.
    pub(crate) token_error: Option<f64>,
}

/// Figures over all tokens of some chunks, as llama-perplexity prints them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    pub(crate) n_scored: u64,
    pub(crate) ppl: WithError,
    /// ln(PPL of the arm / PPL of the baseline).
    pub(crate) ln_ratio: WithError,
    pub(crate) kld: WithError,
    /// Share of the same most likely tokens.
    pub(crate) same_top: WithError,
    pub(crate) dp: WithError,
    pub(crate) dp_rms: WithError,
}

impl Figures {
    /// Pools pairs of (arm, baseline) on the same chunks; `None` when there is nothing.
    pub(crate) fn pool<'a>(pairs: impl Iterator<Item = (&'a ChunkScore, &'a ChunkScore)>) -> Option<Figures> {
        let mut n = 0.0;
        let (mut arm_sum, mut arm_sq, mut base_sum, mut base_sq, mut cross) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let (mut kld, mut kld_sq, mut same, mut dp, mut dp_sq, mut dp_4) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (arm, base) in pairs {
            n += f64::from(arm.n_scored);
            arm_sum += arm.nll_sum;
            arm_sq += arm.nll_sq_sum;
            base_sum += base.nll_sum;
            base_sq += base.nll_sq_sum;
            match &arm.vs_baseline {
                Some(sums) => {
                    cross += sums.nll_cross_sum;
                    kld += sums.kld_sum;
                    kld_sq += sums.kld_sq_sum;
                    same += f64::from(sums.n_same_top);
                    dp += sums.dp_sum;
                    dp_sq += sums.dp_sq_sum;
                    dp_4 += sums.dp_4_sum;
                }
                None => {
                    cross += arm.nll_sq_sum;
                    same += f64::from(arm.n_scored);
                }
            }
        }
        if n == 0.0 {
            return None;
        }
        let mean = |sum: f64, sq: f64| error_of_mean(sum / n, sq / n, n);
        let (arm, base) = (mean(arm_sum, arm_sq), mean(base_sum, base_sq));
        let ppl = arm.value.exp();
        let covariance = (cross / n - arm.value * base.value) / (n - 1.0);
        let ln_ratio_error = arm
            .token_error
            .zip(base.token_error)
            // Without a divergence it is the same model: what rounding leaves is no error.
            .map(|(a, b)| {
                if kld == 0.0 {
                    0.0
                } else {
                    (a * a + b * b - 2.0 * covariance).max(0.0).sqrt()
                }
            });
        let share = same / n;
        let dp_rms = (dp_sq / n).sqrt();
        let dp_sq_mean = mean(dp_sq, dp_4);
        Some(Figures {
            n_scored: n as u64,
            ppl: WithError {
                value: ppl,
                token_error: arm.token_error.map(|e| ppl * e),
            },
            ln_ratio: WithError {
                value: arm.value - base.value,
                token_error: ln_ratio_error,
            },
            kld: mean(kld, kld_sq),
            same_top: WithError {
                value: share,
                token_error: (n > N_FOR_ERROR).then(|| (share * (1.0 - share) / (n - 1.0)).sqrt()),
            },
            dp: mean(dp, dp_sq),
            dp_rms: WithError {
                value: dp_rms,
                token_error: dp_sq_mean
                    .token_error
                    .map(|e| if dp_rms > 0.0 { e / (2.0 * dp_rms) } else { 0.0 }),
            },
        })
    }
}

fn error_of_mean(mean: f64, mean_sq: f64, n: f64) -> WithError {
    let error = ((mean_sq - mean * mean).max(0.0) / (n - 1.0)).sqrt();
    WithError {
        value: mean,
        token_error: (n > N_FOR_ERROR).then_some(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Divergence;

    fn chunk(nll: &[f64], base: Option<&[f64]>) -> ChunkScore {
        let sum = |of: &dyn Fn(usize) -> f64| (0..nll.len()).map(of).sum::<f64>();
        ChunkScore {
            n_scored: nll.len() as u32,
            nll_sum: sum(&|i| nll[i]),
            nll_sq_sum: sum(&|i| nll[i] * nll[i]),
            vs_baseline: base.map(|base| Divergence {
                nll_cross_sum: sum(&|i| nll[i] * base[i]),
                kld_sum: 0.5,
                kld_sq_sum: 0.25,
                n_same_top: nll.len() as u32 - 1,
                dp_sum: -0.5,
                dp_sq_sum: 0.25,
                dp_4_sum: 0.0625,
                ..Divergence::default()
            }),
        }
    }

    /// The error of a difference of means is that of the paired differences.
    #[test]
    fn the_token_error_of_the_ratio_is_that_of_paired_differences() {
        let base: Vec<f64> = (0..40).map(|i| 2.0 + (i % 7) as f64 * 0.3).collect();
        let arm: Vec<f64> = base
            .iter()
            .enumerate()
            .map(|(i, b)| b + 0.1 + (i % 3) as f64 * 0.05)
            .collect();
        let (one, two) = (chunk(&arm, Some(&base)), chunk(&base, None));
        let found = Figures::pool([(&one, &two)].into_iter()).expect("tokens");
        let d: Vec<f64> = arm.iter().zip(&base).map(|(a, b)| a - b).collect();
        let mean = d.iter().sum::<f64>() / 40.0;
        let variance = d.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 40.0 / 39.0;
        assert!((found.ln_ratio.value - mean).abs() < 1e-12);
        assert!((found.ln_ratio.token_error.expect("enough") - variance.sqrt()).abs() < 1e-9);
        assert!((found.ppl.value - (arm.iter().sum::<f64>() / 40.0).exp()).abs() < 1e-12);
        assert_eq!(found.same_top.value, 39.0 / 40.0);
        let means = chunk_means(&one, &two).expect("same length");
        assert!((means.ln_ratio - mean).abs() < 1e-12 && (means.kld - 0.5 / 40.0).abs() < 1e-12);
    }

    #[test]
    fn the_baseline_against_itself_is_1_and_0() {
        let base = chunk(&[1.0, 2.0, 4.0], None);
        let found = Figures::pool([(&base, &base)].into_iter()).expect("tokens");
        assert_eq!(
            (found.ln_ratio.value, found.kld.value, found.same_top.value),
            (0.0, 0.0, 1.0)
        );
        assert_eq!(found.ppl.token_error, None, "three tokens have no standard error");
        assert_eq!(Figures::pool([].into_iter()), None);
    }
}

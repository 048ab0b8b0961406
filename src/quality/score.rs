//! One chunk of text in one arm: a row of logits in, sums out.

use crate::data::{ChunkScore, Divergence};

/// Places kept for the report, per chunk.
const N_DISAGREEMENTS: usize = 3;

/// A row of logits holds infinity or something that is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("after the token at position {position} of a text")]
pub(crate) struct NotFinite {
    pub(crate) position: u32,
}

/// First position whose logits are used: they predict the token after it (llama-perplexity's rule).
pub(crate) const fn first_scored(n_ctx: u32) -> u32 {
    n_ctx / 2
}

pub(crate) const fn n_scored(n_ctx: u32) -> u32 {
    n_ctx.saturating_sub(1).saturating_sub(first_scored(n_ctx))
}

/// What the baseline says at one place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Baseline<'a> {
    pub(crate) logits: &'a [f32],
    /// Their normaliser and largest.
    pub(crate) row: softmax::Row,
}

/// Where the most likely tokens part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TopMismatch {
    /// Position of the predicted token in the chunk.
    pub(crate) position: u32,
    pub(crate) kld: f64,
    /// Tokens: the baseline's most likely one and the arm's.
    pub(crate) tops: (usize, usize),
    /// Probabilities of the first of them: in the baseline and in the arm.
    pub(crate) first_p: (f64, f64),
    /// Probabilities of the second.
    pub(crate) second_p: (f64, f64),
}

/// Adds up a chunk, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Scorer {
    score: ChunkScore,
    mismatches: Vec<TopMismatch>,
}

impl Scorer {
    /// The baseline is held against nothing, all others against it.
    pub(crate) fn new(is_baseline: bool) -> Self {
        let score = ChunkScore {
            vs_baseline: (!is_baseline).then(Divergence::default),
            ..ChunkScore::default()
        };
        let mismatches = Vec::new();
        Self { score, mismatches }
    }

    /// Adds the logits that predict the token `next` at `position`. Out: their normaliser and largest.
    pub(crate) fn add(
        &mut self,
        position: u32,
        next: usize,
        logits: &[f32],
        baseline: Option<Baseline<'_>>,
    ) -> Result<softmax::Row, NotFinite> {
        let row = softmax::row(logits).ok_or(NotFinite { position })?;
        let z = logits.get(next).copied().ok_or(NotFinite { position })?;
        let nll = row.log_sum - f64::from(z);
        self.score.n_scored += 1;
        self.score.nll_sum += nll;
        self.score.nll_sq_sum += nll * nll;
        if let (Some(sums), Some(base)) = (&mut self.score.vs_baseline, baseline) {
            let base_nll = base.row.log_sum - f64::from(base.logits[next]);
            let gap = softmax::expected_gap(base.logits, base.row.log_sum, logits);
            // Gibbs: never negative; the sums are good to about 1e-13.
            let kld = (gap + (row.log_sum - base.row.log_sum)).max(0.0);
            let dp = (-nll).exp() - (-base_nll).exp();
            sums.nll_cross_sum += nll * base_nll;
            sums.kld_sum += kld;
            sums.kld_sq_sum += kld * kld;
            sums.dp_sum += dp;
            sums.dp_sq_sum += dp * dp;
            sums.dp_4_sum += (dp * dp) * (dp * dp);
            sums.kld.push(kld as f32);
            sums.dp.push(dp as f32);
            if row.top == base.row.top {
                sums.n_same_top += 1;
            } else {
                let p = |logits: &[f32], row: &softmax::Row, i: usize| (f64::from(logits[i]) - row.log_sum).exp();
                let both = |i: usize| (p(base.logits, &base.row, i), p(logits, &row, i));
                self.mismatches.push(TopMismatch {
                    position,
                    kld,
                    tops: (base.row.top, row.top),
                    first_p: both(base.row.top),
                    second_p: both(row.top),
                });
            }
        }
        Ok(row)
    }

    /// The sums (without texts for the disagreements), and the mismatches with the largest divergence, largest first.
    pub(crate) fn finish(mut self) -> (ChunkScore, Vec<TopMismatch>) {
        self.mismatches.sort_by(|a, b| b.kld.total_cmp(&a.kld));
        self.mismatches.truncate(N_DISAGREEMENTS);
        (self.score, self.mismatches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(base: &[f32], arm: &[f32], next: usize) -> (ChunkScore, Vec<TopMismatch>) {
        let row = softmax::row(base).expect("finite");
        let mut scorer = Scorer::new(false);
        scorer
            .add(9, next, arm, Some(Baseline { logits: base, row }))
            .expect("finite");
        scorer.finish()
    }

    #[test]
    fn half_of_a_window_is_scored_as_in_llama_perplexity() {
        assert_eq!((first_scored(512), n_scored(512)), (256, 255));
        assert_eq!(
            (n_scored(128), n_scored(2048), n_scored(1), n_scored(0)),
            (63, 1023, 0, 0)
        );
    }

    #[test]
    fn two_tokens_by_hand() {
        // Baseline 3:1, arm 1:1. KLD = 0.75 ln(0.75/0.5) + 0.25 ln(0.25/0.5).
        let base = [3f32.ln(), 0.0];
        let (score, mismatches) = scored(&base, &[0.0, 0.0], 0);
        let kld = 0.75 * 1.5f64.ln() + 0.25 * 0.5f64.ln();
        let sums = score.vs_baseline.expect("against the baseline");
        assert!((sums.kld_sum - kld).abs() < 1e-7, "{}", sums.kld_sum);
        assert!((score.nll_sum - 2f64.ln()).abs() < 1e-12);
        assert!((sums.dp_sum + 0.25).abs() < 1e-7);
        assert!((sums.nll_cross_sum - 2f64.ln() * (4.0f64 / 3.0).ln()).abs() < 1e-7);
        assert_eq!(
            (sums.n_same_top, mismatches.len()),
            (1, 0),
            "equal logits: the first one leads"
        );
        let (score, mismatches) = scored(&base, &[0.0, 1.0], 1);
        assert_eq!(score.vs_baseline.expect("there").n_same_top, 0);
        assert_eq!((mismatches[0].position, mismatches[0].tops), (9, (0, 1)));
        assert!((mismatches[0].first_p.0 - 0.75).abs() < 1e-7);
        assert!((mismatches[0].second_p.1 - 1.0 / (1.0 + (-1f64).exp())).abs() < 1e-7);
    }

    #[test]
    fn a_distribution_against_itself_is_exactly_0() {
        let z: Vec<f32> = (0..3001).map(|i| ((i * 7919 % 1009) as f32) * 0.031 - 12.0).collect();
        let (score, mismatches) = scored(&z, &z, 17);
        let sums = score.vs_baseline.expect("there");
        assert_eq!((sums.kld_sum, sums.dp_sum, sums.n_same_top), (0.0, 0.0, 1));
        assert!(mismatches.is_empty());
    }

    #[test]
    fn a_shift_of_all_logits_changes_nothing_and_nothing_is_negative() {
        let z: Vec<f32> = (0..500).map(|i| (i % 37) as f32 * 0.25).collect();
        let shifted: Vec<f32> = z.iter().map(|z| z + 64.0).collect();
        let sums = scored(&z, &shifted, 3).0.vs_baseline.expect("there");
        assert!((0.0..1e-12).contains(&sums.kld_sum), "{}", sums.kld_sum);
    }

    #[test]
    fn logits_that_are_not_finite_give_no_number() {
        let mut scorer = Scorer::new(true);
        let found = scorer.add(7, 0, &[0.0, f32::NAN], None);
        assert_eq!(found, Err(NotFinite { position: 7 }));
        assert!(scorer.add(7, 5, &[0.0, 1.0], None).is_err(), "a token outside the row");
    }
}

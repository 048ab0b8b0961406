//! Texts to training windows: which documents, which stretch of them, at which positions. Seeded throughout.

use crate::rng::Rng;
use crate::tokenizer::{Tokenizer, END_OF_TEXT_ID};
use anyhow::Result;
use kvant::corpus::Corpus;

/// Documents to learn from: seed and salt differ from those of measurements, so that no measured text was learnt.
pub const TRAIN_SEED: u64 = 20_261;
/// Documents to test on.
pub const HELD_OUT_SEED: u64 = 20_262;
/// The salt of both.
pub const SALT: &str = "kvant forge";

/// One tensor's worth of windows, all of the same length.
pub struct Batch {
    pub n_seq: usize,
    pub tokens: Vec<u32>,
    pub targets: Vec<u32>,
    pub positions: Vec<u32>,
}

/// All training documents as one stream of tokens.
pub struct Stream(Vec<u32>);

impl Stream {
    /// `n_documents` documents; mostly a blank line between two, as in the texts that are measured, sometimes the end-of-text token.
    pub fn new(tokenizer: &Tokenizer, corpus: &Corpus, n_documents: u64) -> Result<Self> {
        let blank_line = tokenizer.encode("\n\nA")?;
        let blank_line = &blank_line[..blank_line.len() - 1];
        let mut rng = Rng::new(TRAIN_SEED);
        let mut tokens = Vec::new();
        for index in 0..n_documents {
            tokens.extend(tokenizer.encode(&corpus.document(index))?);
            if rng.below(4) == 0 {
                tokens.push(END_OF_TEXT_ID);
            } else {
                tokens.extend_from_slice(blank_line);
            }
        }
        Ok(Self(tokens))
    }

    pub fn n_tokens(&self) -> usize {
        self.0.len()
    }

    /// How often each token occurs.
    pub fn counts(&self, n_vocab: usize) -> Vec<u64> {
        let mut counts = vec![0; n_vocab];
        self.0.iter().for_each(|t| counts[*t as usize] += 1);
        counts
    }

    /// The batch that belongs to this seed: windows from anywhere in the stream, the end-of-text token in front.
    ///
    /// With `n_reach` above the window's length, half of the windows skip positions in the manner of PoSE (Zhu et al.,
    /// arXiv 2309.10400): a short window then meets distances up to `n_reach`.
    pub fn batch(&self, seed: u64, n_seq: usize, n_window: usize, n_reach: usize) -> Batch {
        let mut rng = Rng::new(seed);
        let n = n_seq * n_window;
        let mut batch = Batch {
            n_seq,
            tokens: Vec::with_capacity(n),
            targets: Vec::with_capacity(n),
            positions: Vec::with_capacity(n),
        };
        for _ in 0..n_seq {
            let start = rng.below(self.0.len() - n_window);
            let window = &self.0[start..start + n_window];
            batch.tokens.push(END_OF_TEXT_ID);
            batch.tokens.extend_from_slice(&window[..n_window - 1]);
            batch.targets.extend_from_slice(window);
            let skips = n_reach > n_window && rng.below(2) == 0;
            let (cut, gap) = if skips {
                (1 + rng.below(n_window - 1), rng.below(n_reach - n_window + 1))
            } else {
                (n_window, 0)
            };
            batch
                .positions
                .extend((0..n_window).map(|i| (if i < cut { i } else { i + gap }) as u32));
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_next_tokens_and_positions_only_ever_skip_forward() {
        let stream = Stream((1..5000).collect());
        let batch = stream.batch(5, 8, 256, 2048);
        for seq in 0..batch.n_seq {
            let rows = seq * 256..(seq + 1) * 256;
            assert_eq!(batch.tokens[rows.start], END_OF_TEXT_ID);
            assert_eq!(
                batch.tokens[rows.start + 1..rows.end],
                batch.targets[rows.start..rows.end - 1]
            );
            let positions = &batch.positions[rows];
            assert_eq!(positions[0], 0);
            assert!(positions[255] < 2048);
            assert!(positions.windows(2).filter(|p| p[1] != p[0] + 1).count() <= 1);
            assert!(positions.windows(2).all(|p| p[1] > p[0]));
        }
        assert!(batch.positions.iter().any(|p| *p > 255), "no window skips");
    }

    #[test]
    fn the_same_seed_gives_the_same_batch() {
        let stream = Stream((1..5000).collect());
        assert_eq!(stream.batch(5, 2, 64, 64).tokens, stream.batch(5, 2, 64, 64).tokens);
        assert_ne!(stream.batch(5, 2, 64, 64).tokens, stream.batch(6, 2, 64, 64).tokens);
    }
}

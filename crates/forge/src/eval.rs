//! Perplexity exactly as llama-perplexity computes it: the text with the beginning-of-text token in front is cut into whole
//! chunks of n_ctx tokens, the first token of each is replaced by that token, and the second half of each is scored.

use crate::model::{Model, HEAD_DIM, ROPE_BASE};
use crate::ops::{log_sum_exp, Rotation};
use crate::tokenizer::{Tokenizer, END_OF_TEXT_ID};
use anyhow::Result;
use candle_core::{Device, Tensor};
use std::sync::Arc;

/// The perplexity of a text, and over how many scored tokens.
pub struct Perplexity {
    pub ppl: f64,
    pub n_scored: usize,
}

/// A text as llama-perplexity sees it.
pub fn tokens(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>> {
    let mut tokens = vec![END_OF_TEXT_ID];
    tokens.extend(tokenizer.encode(text)?);
    Ok(tokens)
}

/// The model's perplexity over at most `n_chunks` chunks.
pub fn perplexity(model: &Model, tokens: &[u32], n_ctx: usize, n_chunks: usize) -> Result<Perplexity> {
    let positions: Vec<u32> = (0..n_ctx as u32).collect();
    let rotation = Arc::new(Rotation::new(&positions, HEAD_DIM, ROPE_BASE));
    let (mut nll, mut n_scored) = (0.0, 0);
    for chunk in tokens.chunks_exact(n_ctx).take(n_chunks) {
        let mut input = chunk.to_vec();
        input[0] = END_OF_TEXT_ID;
        let logits = model.logits(&Tensor::new(input, &Device::Cpu)?, 1, &rotation)?.detach();
        for (i, row) in logits
            .narrow(0, n_ctx / 2, n_ctx - n_ctx / 2 - 1)?
            .to_vec2::<f32>()?
            .iter()
            .enumerate()
        {
            let target = chunk[n_ctx / 2 + i + 1] as usize;
            nll += f64::from(log_sum_exp(row) - row[target]);
            n_scored += 1;
        }
    }
    Ok(Perplexity {
        ppl: (nll / n_scored as f64).exp(),
        n_scored,
    })
}

/// The perplexity of the same tokens when nothing is known but how often each occurs in the training texts.
pub fn unigram_perplexity(counts: &[u64], tokens: &[u32], n_ctx: usize) -> f64 {
    let total = (counts.iter().sum::<u64>() + counts.len() as u64) as f64;
    let scored = tokens.chunks_exact(n_ctx).flat_map(|chunk| &chunk[n_ctx / 2 + 1..]);
    let nll: Vec<f64> = scored
        .map(|t| -((counts[*t as usize] + 1) as f64 / total).ln())
        .collect();
    (nll.iter().sum::<f64>() / nll.len() as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unigram_perplexity_of_a_uniform_text_is_the_number_of_tokens() {
        let tokens: Vec<u32> = (0..400).map(|i| i % 4).collect();
        let ppl = unigram_perplexity(&[999_999; 4], &tokens, 100);
        assert!((ppl - 4.0).abs() < 1e-6, "{ppl}");
    }

    #[test]
    fn an_untrained_model_knows_next_to_nothing_and_half_of_each_chunk_is_scored() {
        let model = Model::new(1).unwrap();
        let tokens: Vec<u32> = (0..300).map(|i| i * 7 % 2048).collect();
        let result = perplexity(&model, &tokens, 64, 4).unwrap();
        assert_eq!(result.n_scored, 4 * 31);
        assert!((1500.0..3000.0).contains(&result.ppl), "{}", result.ppl);
    }
}

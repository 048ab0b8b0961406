//! Perplexity exactly as llama-perplexity computes it: whole chunks of n_ctx tokens, the first token of each replaced by
//! the beginning-of-text token, the second half of each scored.

use crate::model::{Model, HEAD_DIM, ROPE_BASE};
use crate::ops::{log_sum_exp, Rotation};
use crate::tokenizer::END_OF_TEXT_ID;
use anyhow::Result;
use candle_core::{Device, Tensor};
use std::sync::Arc;

/// The perplexity of a text, and over how many scored tokens.
pub struct Perplexity {
    pub ppl: f64,
    pub n_scored: usize,
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
        for (i, row) in logits.narrow(0, n_ctx / 2, n_ctx - n_ctx / 2 - 1)?.to_vec2::<f32>()?.iter().enumerate() {
            let target = chunk[n_ctx / 2 + i + 1] as usize;
            nll += f64::from(log_sum_exp(row) - row[target]);
            n_scored += 1;
        }
    }
    Ok(Perplexity { ppl: (nll / n_scored as f64).exp(), n_scored })
}

/// The perplexity of the same tokens when nothing is known but how often each occurs in the training texts.
pub fn unigram_perplexity(counts: &[u64], tokens: &[u32], n_ctx: usize) -> f64 {
    let total = (counts.iter().sum::<u64>() + counts.len() as u64) as f64;
    let scored = tokens.chunks_exact(n_ctx).flat_map(|chunk| &chunk[n_ctx / 2 + 1..]);
    let nll: Vec<f64> = scored.map(|t| -((counts[*t as usize] + 1) as f64 / total).ln()).collect();
    (nll.iter().sum::<f64>() / nll.len() as f64).exp()
}

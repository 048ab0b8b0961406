//! The built-in model: a small llama with grouped-query attention, RoPE, RMSNorm, SwiGLU and tied embeddings.
//!
//! In: token ids and positions. Out: logits. It knows nothing of files and texts. Matrices are kept as `[n_in, n_out]`,
//! so that no product needs a transposed copy; the GGUF export turns them round.

use crate::ops::{self, Rotation};
use crate::rng::Rng;
use anyhow::Result;
use candle_core::{Device, Tensor, Var};
use std::sync::Arc;

pub const N_LAYER: usize = 4;
pub const N_EMBD: usize = 256;
pub const N_HEAD: usize = 4;
pub const N_HEAD_KV: usize = 2;
pub const HEAD_DIM: usize = 64;
pub const N_FF: usize = 768;
pub const N_VOCAB: usize = 2048;
pub const N_CTX_TRAIN: usize = 2048;
/// Rows of attention that are computed at a time.
const N_BLOCK: usize = 512;
pub const RMS_EPS: f32 = 1e-5;
pub const ROPE_BASE: f32 = 10_000.0;

/// One transformer block.
struct Layer {
    attn_norm: Var,
    attn_q: Var,
    attn_k: Var,
    attn_v: Var,
    attn_output: Var,
    ffn_norm: Var,
    ffn_gate: Var,
    ffn_up: Var,
    ffn_down: Var,
}

/// All weights, as trainable variables.
pub struct Model {
    token_embd: Var,
    layers: Vec<Layer>,
    output_norm: Var,
}

impl Model {
    /// Weights drawn from the seed: N(0, 0.02), the two matrices that write to the residual stream scaled down by
    /// sqrt(2 * N_LAYER) as in GPT-2.
    pub fn new(seed: u64) -> Result<Self> {
        let mut rng = Rng::new(seed);
        let mut normal = |rows: usize, cols: usize, std: f32| -> Result<Var> {
            let values: Vec<f32> = (0..rows * cols).map(|_| rng.normal() * std).collect();
            Ok(Var::from_tensor(&Tensor::from_vec(
                values,
                (rows, cols),
                &Device::Cpu,
            )?)?)
        };
        let ones = || -> Result<Var> {
            Ok(Var::from_tensor(&Tensor::from_vec(
                vec![1_f32; N_EMBD],
                N_EMBD,
                &Device::Cpu,
            )?)?)
        };
        let (std, out_std) = (0.02, 0.02 / (2.0 * N_LAYER as f32).sqrt());
        let token_embd = normal(N_VOCAB, N_EMBD, std)?;
        let mut layers = Vec::with_capacity(N_LAYER);
        for _ in 0..N_LAYER {
            layers.push(Layer {
                attn_norm: ones()?,
                attn_q: normal(N_EMBD, N_HEAD * HEAD_DIM, std * 2.0)?,
                attn_k: normal(N_EMBD, N_HEAD_KV * HEAD_DIM, std * 2.0)?,
                attn_v: normal(N_EMBD, N_HEAD_KV * HEAD_DIM, std)?,
                attn_output: normal(N_HEAD * HEAD_DIM, N_EMBD, out_std)?,
                ffn_norm: ones()?,
                ffn_gate: normal(N_EMBD, N_FF, std)?,
                ffn_up: normal(N_EMBD, N_FF, std)?,
                ffn_down: normal(N_FF, N_EMBD, out_std)?,
            });
        }
        Ok(Self {
            token_embd,
            layers,
            output_norm: ones()?,
        })
    }

    /// Every weight with its name in llama.cpp, without the ending `.weight`.
    pub fn named(&self) -> Vec<(String, &Var)> {
        let mut all = vec![("token_embd".to_string(), &self.token_embd)];
        for (i, l) in self.layers.iter().enumerate() {
            for (name, var) in [
                ("attn_norm", &l.attn_norm),
                ("attn_q", &l.attn_q),
                ("attn_k", &l.attn_k),
                ("attn_v", &l.attn_v),
                ("attn_output", &l.attn_output),
                ("ffn_norm", &l.ffn_norm),
                ("ffn_gate", &l.ffn_gate),
                ("ffn_up", &l.ffn_up),
                ("ffn_down", &l.ffn_down),
            ] {
                all.push((format!("blk.{i}.{name}"), var));
            }
        }
        all.push(("output_norm".to_string(), &self.output_norm));
        all
    }

    /// Number of trained values.
    pub fn n_params(&self) -> usize {
        self.named().iter().map(|(_, v)| v.elem_count()).sum()
    }

    /// Logits `[n_seq * n_tokens, N_VOCAB]` of token ids `[n_seq * n_tokens]`, every token seeing those before it in its sequence.
    pub fn logits(&self, tokens: &Tensor, n_seq: usize, rotation: &Arc<Rotation>) -> Result<Tensor> {
        let n_rows = tokens.elem_count();
        let n_tokens = n_rows / n_seq;
        let mut x = self.token_embd.index_select(tokens, 0)?;
        for layer in &self.layers {
            let h = ops::rms_norm(&x, &layer.attn_norm, RMS_EPS)?;
            x = (x + layer.attention(&h, n_seq, n_tokens, rotation)?)?;
            let h = ops::rms_norm(&x, &layer.ffn_norm, RMS_EPS)?;
            let gated = ops::swiglu(&h.matmul(&layer.ffn_gate)?, &h.matmul(&layer.ffn_up)?)?;
            x = (x + gated.matmul(&layer.ffn_down)?)?;
        }
        let h = ops::rms_norm(&x, &self.output_norm, RMS_EPS)?;
        Ok(h.matmul(&self.token_embd.t()?)?)
    }
}

impl Layer {
    /// Grouped-query attention of `[n_seq * n_tokens, N_EMBD]`. The query heads of a group are stacked along the rows, so that
    /// keys and values are never repeated; long sequences go in blocks of rows, which leaves out most of what lies ahead.
    fn attention(&self, h: &Tensor, n_seq: usize, n_tokens: usize, rotation: &Arc<Rotation>) -> Result<Tensor> {
        let q = ops::split_heads(&h.matmul(&self.attn_q)?, n_seq, N_HEAD, Some(rotation))?;
        let k = ops::split_heads(&h.matmul(&self.attn_k)?, n_seq, N_HEAD_KV, Some(rotation))?;
        let v = ops::split_heads(&h.matmul(&self.attn_v)?, n_seq, N_HEAD_KV, None)?;
        let k = k.reshape((n_seq * N_HEAD_KV, n_tokens, HEAD_DIM))?;
        let v = v.reshape((n_seq * N_HEAD_KV, n_tokens, HEAD_DIM))?;
        let mut blocks = Vec::new();
        for first in (0..n_tokens).step_by(N_BLOCK) {
            let n_rows = N_BLOCK.min(n_tokens - first);
            let n_seen = first + n_rows;
            let q = q.narrow(2, first, n_rows)?.contiguous()?;
            let q = q.reshape((n_seq * N_HEAD_KV, N_HEAD / N_HEAD_KV * n_rows, HEAD_DIM))?;
            let scores = q.matmul(&k.narrow(1, 0, n_seen)?.t()?)?;
            let weights = ops::causal_softmax(&scores, 1.0 / (HEAD_DIM as f32).sqrt(), n_rows, first)?;
            let mixed = weights.matmul(&v.narrow(1, 0, n_seen)?)?;
            blocks.push(mixed.reshape((n_seq, N_HEAD, n_rows, HEAD_DIM))?);
        }
        let mixed = if blocks.len() == 1 {
            blocks.swap_remove(0)
        } else {
            Tensor::cat(&blocks, 2)?
        };
        Ok(ops::merge_heads(&mixed)?.matmul(&self.attn_output)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(model: &Model, tokens: &[u32]) -> Tensor {
        let positions: Vec<u32> = (0..tokens.len() as u32).collect();
        let rotation = Arc::new(Rotation::new(&positions, HEAD_DIM, ROPE_BASE));
        let logits = model
            .logits(&Tensor::new(tokens, &Device::Cpu).unwrap(), 1, &rotation)
            .unwrap();
        let targets = tokens.iter().map(|t| (t + 1) % N_VOCAB as u32).collect();
        ops::cross_entropy(&logits, Arc::new(targets)).unwrap()
    }

    #[test]
    fn a_step_along_the_gradient_changes_the_loss_as_it_says() {
        // More than one block of attention, so that the blocks' gradients are in it.
        let tokens: Vec<u32> = (0..N_BLOCK as u32 + 100).map(|i| i * i % 97).collect();
        let model = Model::new(3).unwrap();
        let grads = loss(&model, &tokens).backward().unwrap();
        for (name, var) in model.named() {
            let grad = grads.get(var).unwrap().contiguous().unwrap();
            let norm = f64::from(grad.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap()).sqrt();
            let start = var.as_tensor().copy().unwrap();
            let at = |distance: f64| {
                var.set(&(&start + (&grad * (distance / norm)).unwrap()).unwrap())
                    .unwrap();
                f64::from(loss(&model, &tokens).to_scalar::<f32>().unwrap())
            };
            let distance = (2e-3 / norm).min(0.5);
            let slope = (at(distance) - at(-distance)) / (2.0 * distance);
            at(0.0);
            assert!(
                (slope / norm - 1.0).abs() < 0.05,
                "{name}: slope {slope}, gradient {norm}"
            );
        }
    }

    #[test]
    fn a_token_sees_nothing_of_what_follows() {
        let model = Model::new(4).unwrap();
        let positions: Vec<u32> = (0..600).collect();
        let rotation = Arc::new(Rotation::new(&positions, HEAD_DIM, ROPE_BASE));
        let first = |last: u32| {
            let mut tokens: Vec<u32> = (0..600).map(|i| i * 7 % 2048).collect();
            tokens[599] = last;
            let logits = model
                .logits(&Tensor::new(tokens, &Device::Cpu).unwrap(), 1, &rotation)
                .unwrap();
            logits.narrow(0, 0, 599).unwrap().to_vec2::<f32>().unwrap()
        };
        assert_eq!(first(1), first(2));
    }

    #[test]
    fn every_row_of_a_matrix_suits_k_quants() {
        for (name, var) in Model::new(1).unwrap().named() {
            let dims = var.dims();
            let row = if name == "token_embd" { dims[1] } else { dims[0] };
            assert_eq!(row % 256, 0, "{name}");
        }
    }
}

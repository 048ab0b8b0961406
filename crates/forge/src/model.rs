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
    /// keys and values are never repeated.
    fn attention(&self, h: &Tensor, n_seq: usize, n_tokens: usize, rotation: &Arc<Rotation>) -> Result<Tensor> {
        let group_rows = N_HEAD / N_HEAD_KV * n_tokens;
        let q = ops::split_heads(&h.matmul(&self.attn_q)?, n_seq, N_HEAD, Some(rotation))?;
        let k = ops::split_heads(&h.matmul(&self.attn_k)?, n_seq, N_HEAD_KV, Some(rotation))?;
        let v = ops::split_heads(&h.matmul(&self.attn_v)?, n_seq, N_HEAD_KV, None)?;
        let q = q.reshape((n_seq * N_HEAD_KV, group_rows, HEAD_DIM))?;
        let k = k.reshape((n_seq * N_HEAD_KV, n_tokens, HEAD_DIM))?;
        let v = v.reshape((n_seq * N_HEAD_KV, n_tokens, HEAD_DIM))?;
        let weights = ops::causal_softmax(&q.matmul(&k.t()?)?, 1.0 / (HEAD_DIM as f32).sqrt())?;
        let mixed = weights.matmul(&v)?.reshape((n_seq, N_HEAD, n_tokens, HEAD_DIM))?;
        Ok(ops::merge_heads(&mixed)?.matmul(&self.attn_output)?)
    }
}

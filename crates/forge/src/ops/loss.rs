//! Cross-entropy over the vocabulary, fused with its softmax.

use super::{exp, floats, made, max};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use std::sync::Arc;

/// Targets with this value do not count.
pub const IGNORED: u32 = u32::MAX;

/// Mean of `-ln softmax(logits)[target]` over the targets that are not [`IGNORED`]; logits are `[n, n_vocab]`.
pub fn cross_entropy(logits: &Tensor, targets: Arc<Vec<u32>>) -> Result<Tensor> {
    logits.apply_op1(CrossEntropy { targets })
}

struct CrossEntropy {
    targets: Arc<Vec<u32>>,
}

impl CrossEntropy {
    fn n_counted(&self) -> f32 {
        self.targets.iter().filter(|t| **t != IGNORED).count() as f32
    }
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let logits = floats(s, l)?;
        let n_vocab = l.dims()[1];
        let mut total = 0_f64;
        for (row, target) in logits.chunks_exact(n_vocab).zip(self.targets.iter()) {
            if *target != IGNORED {
                total += f64::from(log_sum_exp(row) - row[*target as usize]);
            }
        }
        made(vec![(total / f64::from(self.n_counted())) as f32], &Shape::from(()))
    }

    fn bwd(&self, logits: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let scale = dy.to_scalar::<f32>()? / self.n_counted();
        let grad = CrossEntropyGrad {
            targets: self.targets.clone(),
            scale,
        };
        Ok(Some(logits.apply_op1_no_bwd(&grad)?))
    }
}

struct CrossEntropyGrad {
    targets: Arc<Vec<u32>>,
    scale: f32,
}

impl CustomOp1 for CrossEntropyGrad {
    fn name(&self) -> &'static str {
        "cross-entropy-grad"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let logits = floats(s, l)?;
        let n_vocab = l.dims()[1];
        let mut grad = vec![0_f32; logits.len()];
        let rows = logits
            .chunks_exact(n_vocab)
            .zip(grad.chunks_exact_mut(n_vocab))
            .zip(self.targets.iter());
        for ((row, grad), target) in rows {
            if *target == IGNORED {
                continue;
            }
            let lse = log_sum_exp(row);
            grad.iter_mut()
                .zip(row)
                .for_each(|(g, x)| *g = exp(x - lse) * self.scale);
            grad[*target as usize] -= self.scale;
        }
        made(grad, l.shape())
    }
}

/// `ln sum e^x`, safe for any finite logits.
pub fn log_sum_exp(row: &[f32]) -> f32 {
    let top = max(row);
    let mut lanes = [0_f32; 16];
    let chunks = row.chunks_exact(16);
    let rest: f32 = chunks.remainder().iter().map(|x| exp(x - top)).sum();
    for x in chunks {
        for i in 0..16 {
            lanes[i] += exp(x[i] - top);
        }
    }
    top + (lanes.iter().sum::<f32>() + rest).ln()
}

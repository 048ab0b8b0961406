//! The steps of the model between the matrix products, each as one candle operation with its own gradient.
//!
//! candle has all of these in primitive steps, each of which allocates and walks the whole tensor on one thread; fused,
//! a training step takes less than half the time. Everything here is f32 on the CPU and contiguous.

use candle_core::{bail, CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use std::sync::Arc;

mod loss;

pub use loss::{cross_entropy, log_sum_exp};

/// `x / rms(x) * weight` over the rows of `[n, d]` (Zhang and Sennrich, arXiv 1910.07467).
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f32) -> Result<Tensor> {
    x.apply_op2(weight, RmsNorm { eps })
}

/// `silu(gate) * up` (Shazeer, arXiv 2002.05202).
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.apply_op2(up, SwiGlu)
}

/// `[n_seq * n_tokens, n_head * head_dim]` to `[n_seq, n_head, n_tokens, head_dim]`, rotated by position when asked.
pub fn split_heads(x: &Tensor, n_seq: usize, n_head: usize, rotation: Option<&Arc<Rotation>>) -> Result<Tensor> {
    let (rows, cols) = x.dims2()?;
    let dims = HeadDims {
        n_seq,
        n_head,
        n_tokens: rows / n_seq,
        head_dim: cols / n_head,
    };
    x.apply_op1(Heads {
        dims,
        rotation: rotation.cloned(),
        is_split: true,
    })
}

/// `[n_seq, n_head, n_tokens, head_dim]` to `[n_seq * n_tokens, n_head * head_dim]`.
pub fn merge_heads(x: &Tensor) -> Result<Tensor> {
    let (n_seq, n_head, n_tokens, head_dim) = x.dims4()?;
    let dims = HeadDims {
        n_seq,
        n_head,
        n_tokens,
        head_dim,
    };
    x.contiguous()?.apply_op1(Heads {
        dims,
        rotation: None,
        is_split: false,
    })
}

/// Softmax of `scale * x` over the last axis of `[n, heads * n_rows, n_columns]`; row r of a head sees the columns up to
/// `first + r`, the rest is 0. A block of rows from the middle of a sequence starts at `first`.
pub fn causal_softmax(x: &Tensor, scale: f32, n_rows: usize, first: usize) -> Result<Tensor> {
    x.apply_op1(CausalSoftmax { scale, n_rows, first })
}

/// Cosines and sines of RoPE for every row of a batch (Su et al., arXiv 2104.09864), adjacent pairs as llama.cpp's "norm" type.
pub struct Rotation {
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Rotation {
    /// `positions` holds one position per row of the batch.
    pub fn new(positions: &[u32], head_dim: usize, base: f32) -> Self {
        let half = head_dim / 2;
        let freqs: Vec<f64> = (0..half)
            .map(|i| f64::from(base).powf(-2.0 * i as f64 / head_dim as f64))
            .collect();
        let angles = positions
            .iter()
            .flat_map(|p| freqs.iter().map(move |f| f64::from(*p) * f));
        let (cos, sin) = angles.map(|a| (a.cos() as f32, a.sin() as f32)).unzip();
        Self { cos, sin }
    }
}

fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("a fused operation needs contiguous input"),
    }
}

fn made(values: Vec<f32>, shape: &Shape) -> Result<(CpuStorage, Shape)> {
    Ok((CpuStorage::F32(values), shape.clone()))
}

/// Sum of products in 16 lanes: floating-point addition is not reordered by the compiler, so the lanes are spelt out.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0_f32; 16];
    let (a16, b16) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a16.remainder().iter().zip(b16.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a16.zip(b16) {
        for i in 0..16 {
            lanes[i] += x[i] * y[i];
        }
    }
    lanes.iter().sum::<f32>() + rest
}

fn max(a: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let chunks = a.chunks_exact(16);
    let rest = chunks.remainder().iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for x in chunks {
        for i in 0..16 {
            lanes[i] = if x[i] > lanes[i] { x[i] } else { lanes[i] };
        }
    }
    lanes.iter().copied().fold(rest, f32::max)
}

/// e^x to about 2e-7 relative, in a form that the compiler turns into vector code (the polynomial of Cephes' expf).
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let n = (x * std::f32::consts::LOG2_E).round_ties_even();
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let p = 1.987_569_1e-4_f32;
    let p = p.mul_add(r, 1.398_2e-3);
    let p = p.mul_add(r, 8.333_452e-3);
    let p = p.mul_add(r, 4.166_579_6e-2);
    let p = p.mul_add(r, 1.666_666_5e-1);
    let p = p.mul_add(r, 0.5);
    let e = p.mul_add(r * r, r + 1.0);
    e * f32::from_bits((((n as i32) + 127) << 23) as u32)
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

struct RmsNorm {
    eps: f32,
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, w) = (floats(s1, l1)?, floats(s2, l2)?);
        let d = w.len();
        let mut y = Vec::with_capacity(x.len());
        for row in x.chunks_exact(d) {
            let inv = 1.0 / (dot(row, row) / d as f32 + self.eps).sqrt();
            y.extend(row.iter().zip(w).map(|(x, w)| x * inv * w));
        }
        made(y, l1.shape())
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dy = dy.contiguous()?;
        let dx = x.apply_op3_no_bwd(
            w,
            &dy,
            &RmsNormGrad {
                eps: self.eps,
                of_weight: false,
            },
        )?;
        let dw = x.apply_op3_no_bwd(
            w,
            &dy,
            &RmsNormGrad {
                eps: self.eps,
                of_weight: true,
            },
        )?;
        Ok((Some(dx), Some(dw)))
    }
}

struct RmsNormGrad {
    eps: f32,
    of_weight: bool,
}

impl CustomOp3 for RmsNormGrad {
    fn name(&self) -> &'static str {
        "rms-norm-grad"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, w, dy) = (floats(s1, l1)?, floats(s2, l2)?, floats(s3, l3)?);
        let d = w.len();
        let mut out = if self.of_weight {
            vec![0_f32; d]
        } else {
            Vec::with_capacity(x.len())
        };
        let mut wdy = vec![0_f32; d];
        for (x, dy) in x.chunks_exact(d).zip(dy.chunks_exact(d)) {
            let inv = 1.0 / (dot(x, x) / d as f32 + self.eps).sqrt();
            if self.of_weight {
                out.iter_mut()
                    .zip(x)
                    .zip(dy)
                    .for_each(|((o, x), dy)| *o += x * dy * inv);
            } else {
                wdy.iter_mut().zip(w).zip(dy).for_each(|((o, w), dy)| *o = w * dy);
                let pull = dot(x, &wdy) * inv * inv * inv / d as f32;
                out.extend(x.iter().zip(&wdy).map(|(x, g)| g * inv - x * pull));
            }
        }
        made(out, if self.of_weight { l2.shape() } else { l1.shape() })
    }
}

struct SwiGlu;

impl CustomOp2 for SwiGlu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (gate, up) = (floats(s1, l1)?, floats(s2, l2)?);
        made(
            gate.iter().zip(up).map(|(g, u)| g * sigmoid(*g) * u).collect(),
            l1.shape(),
        )
    }

    fn bwd(&self, gate: &Tensor, up: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dy = dy.contiguous()?;
        let d_gate = gate.apply_op3_no_bwd(up, &dy, &SwiGluGrad)?;
        // The gradient of `up` is silu(gate) * dy, which is the operation itself.
        let d_up = gate.apply_op2_no_bwd(&dy, &SwiGlu)?;
        Ok((Some(d_gate), Some(d_up)))
    }
}

struct SwiGluGrad;

impl CustomOp3 for SwiGluGrad {
    fn name(&self) -> &'static str {
        "swiglu-grad"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (gate, up, dy) = (floats(s1, l1)?, floats(s2, l2)?, floats(s3, l3)?);
        let out = gate.iter().zip(up).zip(dy).map(|((g, u), dy)| {
            let s = sigmoid(*g);
            dy * u * s * (1.0 + g * (1.0 - s))
        });
        made(out.collect(), l1.shape())
    }
}

#[derive(Clone, Copy)]
struct HeadDims {
    n_seq: usize,
    n_head: usize,
    n_tokens: usize,
    head_dim: usize,
}

/// Splits rows into heads, or puts heads back into rows; with a rotation, splitting turns and merging turns back.
struct Heads {
    dims: HeadDims,
    rotation: Option<Arc<Rotation>>,
    is_split: bool,
}

impl CustomOp1 for Heads {
    fn name(&self) -> &'static str {
        "heads"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = floats(s, l)?;
        let HeadDims {
            n_seq,
            n_head,
            n_tokens,
            head_dim,
        } = self.dims;
        let half = head_dim / 2;
        let mut y = vec![0_f32; x.len()];
        for seq in 0..n_seq {
            for head in 0..n_head {
                for token in 0..n_tokens {
                    let row = seq * n_tokens + token;
                    let joined = (row * n_head + head) * head_dim;
                    let apart = ((seq * n_head + head) * n_tokens + token) * head_dim;
                    let (from, to) = if self.is_split {
                        (joined, apart)
                    } else {
                        (apart, joined)
                    };
                    let (from, to) = (&x[from..from + head_dim], &mut y[to..to + head_dim]);
                    match &self.rotation {
                        None => to.copy_from_slice(from),
                        Some(r) => {
                            let (cos, sin) = (&r.cos[row * half..][..half], &r.sin[row * half..][..half]);
                            let sign = if self.is_split { 1.0 } else { -1.0 };
                            for (((to, from), cos), sin) in
                                to.chunks_exact_mut(2).zip(from.chunks_exact(2)).zip(cos).zip(sin)
                            {
                                let sin = sin * sign;
                                to[0] = from[0] * cos - from[1] * sin;
                                to[1] = from[0] * sin + from[1] * cos;
                            }
                        }
                    }
                }
            }
        }
        let shape: Shape = if self.is_split {
            (n_seq, n_head, n_tokens, head_dim).into()
        } else {
            (n_seq * n_tokens, n_head * head_dim).into()
        };
        made(y, &shape)
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let back = Heads {
            dims: self.dims,
            rotation: self.rotation.clone(),
            is_split: !self.is_split,
        };
        Ok(Some(dy.contiguous()?.apply_op1_no_bwd(&back)?))
    }
}

#[derive(Clone, Copy)]
struct CausalSoftmax {
    scale: f32,
    n_rows: usize,
    first: usize,
}

impl CausalSoftmax {
    fn n_seen(&self, row: usize) -> usize {
        self.first + row % self.n_rows + 1
    }
}

impl CustomOp1 for CausalSoftmax {
    fn name(&self) -> &'static str {
        "causal-softmax"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = floats(s, l)?;
        let n_tokens = l.dims()[l.dims().len() - 1];
        let mut y = vec![0_f32; x.len()];
        for (row, (x, y)) in x.chunks_exact(n_tokens).zip(y.chunks_exact_mut(n_tokens)).enumerate() {
            let n_seen = self.n_seen(row);
            let (x, y) = (&x[..n_seen], &mut y[..n_seen]);
            let top = max(x);
            y.iter_mut().zip(x).for_each(|(y, x)| *y = exp((x - top) * self.scale));
            let inv = 1.0 / y.iter().sum::<f32>();
            y.iter_mut().for_each(|y| *y *= inv);
        }
        made(y, l.shape())
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(y.apply_op2_no_bwd(&dy.contiguous()?, &CausalSoftmaxGrad(*self))?))
    }
}

struct CausalSoftmaxGrad(CausalSoftmax);

impl CustomOp2 for CausalSoftmaxGrad {
    fn name(&self) -> &'static str {
        "causal-softmax-grad"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (y, dy) = (floats(s1, l1)?, floats(s2, l2)?);
        let n_tokens = l1.dims()[l1.dims().len() - 1];
        let mut dx = vec![0_f32; y.len()];
        let rows = y
            .chunks_exact(n_tokens)
            .zip(dy.chunks_exact(n_tokens))
            .zip(dx.chunks_exact_mut(n_tokens));
        for (row, ((y, dy), dx)) in rows.enumerate() {
            let n_seen = self.0.n_seen(row);
            let (y, dy) = (&y[..n_seen], &dy[..n_seen]);
            let mean = dot(y, dy);
            dx[..n_seen]
                .iter_mut()
                .zip(y)
                .zip(dy)
                .for_each(|((dx, y), dy)| *dx = self.0.scale * y * (dy - mean));
        }
        made(dx, l1.shape())
    }
}

#[cfg(test)]
mod tests;

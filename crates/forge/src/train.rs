//! The training loop: two halves of a batch on two threads, gradients added, clipped and given to AdamW.
//!
//! The data of a step depend on its number alone. Lengths of windows and learning rates depend on the share of the run that is
//! over: of its steps, which makes a run repeatable, or of its minutes, which makes it end in time on a busy machine. It leaves
//! a checkpoint now and then; after an interruption it goes on from there, with AdamW's moments starting afresh.

use crate::data::Stream;
use crate::model::{Model, HEAD_DIM, N_CTX_TRAIN, ROPE_BASE};
use crate::ops::{self, Rotation};
use anyhow::{Context, Result};
use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const N_THREADS: usize = 2;
/// Tokens of one thread's share of a step; one window, where a window is longer.
const N_THREAD_TOKENS: usize = 1024;
const WARMUP_STEPS: f64 = 60.0;
const PEAK_RATE: f64 = 2.5e-3;
const MAX_GRAD_NORM: f64 = 1.0;
const STEPS_PER_LINE: usize = 20;
const STEPS_PER_CHECKPOINT: usize = 60;

/// When a run is over.
#[derive(Serialize, Deserialize, Clone, Copy)]
pub enum Length {
    Steps(usize),
    Minutes(f64),
}

impl Length {
    /// How much of the run is over, 0 to 1.
    fn share(self, step: usize, wall_s: f64) -> f64 {
        match self {
            Length::Steps(n) => step as f64 / n as f64,
            Length::Minutes(m) => wall_s / (m * 60.0),
        }
    }
}

/// How far a run has come.
#[derive(Serialize, Deserialize, Clone, Default)]
pub struct Progress {
    pub step: usize,
    pub n_tokens: usize,
    pub wall_s: f64,
    /// Steps at which an interrupted run went on from a checkpoint.
    #[serde(default)]
    pub resumed_at: Vec<usize>,
    /// (step, mean loss in nats since the line before)
    pub curve: Vec<(usize, f64)>,
}

/// What a step at `share` of the run (0 to 1) works on: windows of this length. Positions reach up to N_CTX_TRAIN.
fn window(share: f64, step: usize) -> usize {
    match share {
        s if s < 0.30 => 256,
        s if s < 0.55 => 512,
        _ if step.is_multiple_of(2) => 1024,
        _ => 2048,
    }
}

/// Tokens of a step with windows of this length.
fn step_tokens(n_window: usize) -> usize {
    N_THREADS * N_THREAD_TOKENS.max(n_window)
}

/// Warm-up, a plateau, then a straight line down over the last 45 % of the run ("warmup-stable-decay", Hu et al., arXiv 2404.06395).
fn learning_rate(n_since_start: usize, share: f64) -> f64 {
    let warm = ((n_since_start + 1) as f64 / WARMUP_STEPS).min(1.0);
    PEAK_RATE * warm * ((1.0 - share) / 0.45).clamp(0.02, 1.0)
}

/// Trains to the end of the run, from the checkpoint in `work` if there is one.
pub fn train(model: &Model, stream: &Stream, length: Length, seed: u64, work: &Path) -> Result<Progress> {
    let mut progress = load_checkpoint(model, work)?.unwrap_or_default();
    let first_step = progress.step;
    if first_step > 0 {
        progress.resumed_at.push(first_step);
    }
    let mut optimizers = optimizers(model)?;
    let (mut loss_sum, mut n_summed, mut n_tokens) = (0.0, 0, 0);
    let mut clock = Instant::now();
    loop {
        let step = progress.step;
        let share = length.share(step, progress.wall_s + clock.elapsed().as_secs_f64());
        let is_over = share >= 1.0;
        if n_summed > 0 && (n_summed == STEPS_PER_LINE || is_over) {
            let seconds = clock.elapsed().as_secs_f64();
            clock = Instant::now();
            progress.wall_s += seconds;
            let mean = loss_sum / n_summed as f64;
            progress.curve.push((step, mean));
            let speed = n_tokens as f64 / seconds;
            let rate = learning_rate(step - first_step, share);
            eprintln!(
                "step {step:5}  {:5.1} %  loss {mean:.4}  rate {rate:.2e}  {speed:.0} t/s",
                share * 100.0
            );
            (loss_sum, n_summed, n_tokens) = (0.0, 0, 0);
        }
        if step > first_step && n_summed == 0 && (step.is_multiple_of(STEPS_PER_CHECKPOINT) || is_over) {
            save_checkpoint(model, &progress, work)?;
        }
        if is_over {
            return Ok(progress);
        }
        let n_window = window(share, step);
        let (loss, grads) = gradients(model, stream, step_seed(seed, step), n_window)?;
        let rate = learning_rate(step - first_step, share);
        for optimizer in &mut optimizers {
            optimizer.set_learning_rate(rate);
            optimizer.step(&grads)?;
        }
        progress.step += 1;
        progress.n_tokens += step_tokens(n_window);
        n_tokens += step_tokens(n_window);
        loss_sum += loss;
        n_summed += 1;
    }
}

/// Seconds per step at each length of window, the mean of `n_steps` after one untimed step.
pub fn bench(model: &Model, stream: &Stream, n_steps: usize) -> Result<()> {
    let mut optimizers = optimizers(model)?;
    for n_window in [256, 512, 1024, 2048] {
        let mut clock = Instant::now();
        let (mut in_gradients, mut in_optimizer) = (0.0, 0.0);
        for step in 0..=n_steps {
            let began = Instant::now();
            let (_, grads) = gradients(model, stream, step_seed(0, step), n_window)?;
            let middle = Instant::now();
            for optimizer in &mut optimizers {
                optimizer.step(&grads)?;
            }
            if step == 0 {
                clock = Instant::now();
            } else {
                in_gradients += (middle - began).as_secs_f64() / n_steps as f64;
                in_optimizer += middle.elapsed().as_secs_f64() / n_steps as f64;
            }
        }
        let seconds = clock.elapsed().as_secs_f64() / n_steps as f64;
        let speed = step_tokens(n_window) as f64 / seconds;
        eprintln!("window {n_window:4}: {speed:.0} t/s ({seconds:.2} s a step: gradients {in_gradients:.2}, optimizer {in_optimizer:.2})");
    }
    Ok(())
}

/// Matrices decay, norms do not.
fn optimizers(model: &Model) -> Result<[AdamW; 2]> {
    let params = ParamsAdamW {
        lr: PEAK_RATE,
        beta1: 0.9,
        beta2: 0.95,
        eps: 1e-8,
        weight_decay: 0.05,
    };
    let (norms, matrices): (Vec<Var>, Vec<Var>) = model
        .named()
        .into_iter()
        .map(|(_, v)| v.clone())
        .partition(|v| v.dims().len() == 1);
    Ok([
        AdamW::new(matrices, params.clone())?,
        AdamW::new(
            norms,
            ParamsAdamW {
                weight_decay: 0.0,
                ..params
            },
        )?,
    ])
}

fn step_seed(seed: u64, step: usize) -> u64 {
    seed.wrapping_mul(0x2545_F491_4F6C_DD1D)
        .wrapping_add((step * N_THREADS) as u64)
}

/// Mean loss of one batch and its clipped gradient.
fn gradients(model: &Model, stream: &Stream, seed: u64, n_window: usize) -> Result<(f64, GradStore)> {
    let parts: Vec<Result<(f64, GradStore)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..N_THREADS as u64)
            .map(|i| scope.spawn(move || half(model, stream, seed.wrapping_add(i), n_window)))
            .collect();
        threads
            .into_iter()
            .map(|t| t.join().expect("a training thread does not panic"))
            .collect()
    });
    let mut parts = parts.into_iter().collect::<Result<Vec<_>>>()?;
    let n_parts = parts.len() as f64;
    let loss = parts.iter().map(|(loss, _)| loss).sum::<f64>() / n_parts;
    let vars: Vec<&Var> = model.named().into_iter().map(|(_, v)| v).collect();
    let mut sums = Vec::with_capacity(vars.len());
    let mut norm = 0.0;
    for var in &vars {
        let mut sum: Option<Tensor> = None;
        for (_, grads) in &parts {
            let grad = grads.get(var).context("a weight without a gradient")?;
            sum = Some(match sum {
                None => grad.contiguous()?,
                Some(sum) => (sum + grad)?,
            });
        }
        let sum = sum.context("a batch without parts")?;
        norm += f64::from(sum.sqr()?.sum_all()?.to_scalar::<f32>()?);
        sums.push(sum);
    }
    let norm = norm.sqrt() / n_parts;
    let scale = (MAX_GRAD_NORM / (norm + 1e-6)).min(1.0) / n_parts;
    let (_, mut grads) = parts.swap_remove(0);
    for (var, sum) in vars.iter().zip(sums) {
        grads.insert(var, (sum * scale)?);
    }
    Ok((loss, grads))
}

/// Mean loss of one thread's share of a batch and its gradient.
fn half(model: &Model, stream: &Stream, seed: u64, n_window: usize) -> Result<(f64, GradStore)> {
    let batch = stream.batch(seed, (N_THREAD_TOKENS / n_window).max(1), n_window, N_CTX_TRAIN);
    let rotation = Arc::new(Rotation::new(&batch.positions, HEAD_DIM, ROPE_BASE));
    let logits = model.logits(&Tensor::new(batch.tokens, &Device::Cpu)?, batch.n_seq, &rotation)?;
    let loss = ops::cross_entropy(&logits, Arc::new(batch.targets))?;
    Ok((f64::from(loss.to_scalar::<f32>()?), loss.backward()?))
}

/// Writes weights and progress, each under a temporary name first.
fn save_checkpoint(model: &Model, progress: &Progress, work: &Path) -> Result<()> {
    let tensors: HashMap<String, Tensor> = model
        .named()
        .into_iter()
        .map(|(n, v)| (n, v.as_tensor().clone()))
        .collect();
    let fresh = work.join("model.safetensors.new");
    candle_core::safetensors::save(&tensors, &fresh)?;
    std::fs::write(work.join("progress.json.new"), serde_json::to_string(progress)?)?;
    std::fs::rename(&fresh, work.join("model.safetensors"))?;
    std::fs::rename(work.join("progress.json.new"), work.join("progress.json"))?;
    Ok(())
}

/// Reads the last checkpoint into the model; none when the run has not begun.
pub fn load_checkpoint(model: &Model, work: &Path) -> Result<Option<Progress>> {
    let path = work.join("progress.json");
    if !path.exists() {
        return Ok(None);
    }
    let progress =
        serde_json::from_str(&std::fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
    let tensors = candle_core::safetensors::load(work.join("model.safetensors"), &Device::Cpu)?;
    for (name, var) in model.named() {
        var.set(
            tensors
                .get(&name)
                .with_context(|| format!("the checkpoint has no {name}"))?,
        )?;
    }
    Ok(Some(progress))
}

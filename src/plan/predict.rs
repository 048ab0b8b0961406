//! Predictions of time, made before the work starts and replaced by measurements as they come.

use crate::data::{ModelInfo, WorkSpec, Workload};

/// A rough idea of a machine's speed, to order the plan's costs and set deadlines before anything is measured.
#[derive(Debug, Clone, Copy)]
pub struct SpeedGuess {
    /// Arithmetic, floating-point operations per second.
    pub flops: f64,
    /// Memory bandwidth, bytes per second.
    pub bandwidth: f64,
}

impl SpeedGuess {
    /// What a current CPU core does in llama.cpp: about 60 GFLOP/s of prefill (100 with AVX-512) and 12 GB/s of decode.
    pub fn of_cpu(n_threads: u32, has_avx512: bool) -> Self {
        let cores = f64::from(n_threads.max(1));
        let flops = if has_avx512 { 100e9 } else { 60e9 };
        SpeedGuess {
            flops: flops * cores,
            bandwidth: 12e9 * cores.min(6.0),
        }
    }
}

/// Predicted duration of one execution of `spec`.
///
/// Prefill: `2 * n_params * n_tokens` operations plus attention (`4 * n_layer * n_embd * n_tokens^2 / 2`). Decode: the
/// weights and the filled cache are read once per token, at a fixed cost of 0.1 ms per token.
pub fn execution_guess_ns(
    spec: &WorkSpec,
    model: &ModelInfo,
    n_params: u64,
    model_size: u64,
    kv_bytes_per_token: u64,
    speed: &SpeedGuess,
) -> u64 {
    let prefill = |n: f64| {
        let attention = 2.0 * f64::from(model.n_layer) * f64::from(model.n_embd) * n * n;
        (2.0 * n_params as f64 * n + attention) / speed.flops
    };
    // One step of so many sequences: the weights are read once for all, each cache for its own.
    let step = |n_seq: f64| {
        let bytes = model_size as f64 + n_seq * kv_bytes_per_token as f64 * f64::from(spec.n_depth);
        bytes / speed.bandwidth + 1e-4
    };
    let n_gen = f64::from(spec.n_gen);
    let seconds = match spec.workload {
        Workload::Prefill => prefill(f64::from(spec.n_prompt)),
        Workload::Decode => n_gen * step(1.0),
        // Alone, and with a draft that is about as costly: at worst twice as long.
        Workload::Speculative => 3.0 * n_gen * step(1.0),
        Workload::NoReuse => n_gen * prefill(f64::from(spec.n_depth + 1)),
        Workload::PrefixReuse => prefill(f64::from(spec.n_prompt)) - prefill(f64::from(spec.n_depth)),
        // Computed once, then copied and restored twice, at the speed of memory; the disk is left out.
        Workload::State => {
            let bytes = 6.0 * kv_bytes_per_token as f64 * f64::from(spec.n_depth);
            prefill(f64::from(spec.n_depth)) + bytes / speed.bandwidth
        }
        Workload::Requests => {
            let (n_seq, n) = (f64::from(spec.n_seq), f64::from(spec.n_requests()));
            let each = prefill(f64::from(spec.n_prompt)) + n_gen * 2.0 * n_params as f64 / speed.flops;
            n * each + n / n_seq * n_gen * step(n_seq)
        }
        // The arithmetic is each sequence's own.
        Workload::Batched => {
            let n_seq = f64::from(spec.n_seq);
            n_gen * (step(n_seq) + n_seq * 2.0 * n_params as f64 / speed.flops)
        }
    };
    (seconds * 1e9) as u64
}

/// Executions per sample so that it lasts at least `sample_ns_min`; at most 1000.
pub fn n_repeat(execution_ns: u64, sample_ns_min: u64) -> u32 {
    sample_ns_min.div_ceil(execution_ns.max(1)).clamp(1, 1000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_last_long_enough() {
        assert_eq!(n_repeat(300_000_000, 300_000_000), 1);
        assert_eq!(n_repeat(299_999_999, 300_000_000), 2);
        assert_eq!(n_repeat(0, 300_000_000), 1000);
        assert_eq!(n_repeat(u64::MAX, 300_000_000), 1);
    }

    #[test]
    fn deeper_and_larger_costs_more() {
        let model = ModelInfo {
            name: "m".into(),
            architecture: "llama".into(),
            n_layer: 30,
            n_embd: 576,
            n_head: 9,
            n_head_kv: 3,
            n_embd_k_gqa: 192,
            n_embd_v_gqa: 192,
            n_vocab: 49152,
            n_ctx_train: 2048,
        };
        let speed = SpeedGuess::of_cpu(2, true);
        let guess = |workload, n_prompt, n_gen, n_depth, size| {
            let spec = WorkSpec::single(workload, n_prompt, n_gen, n_depth);
            execution_guess_ns(&spec, &model, 135_000_000, size, 23040, &speed)
        };
        let size = 270_000_000;
        assert!(guess(Workload::Prefill, 2048, 0, 0, size) > 4 * guess(Workload::Prefill, 512, 0, 0, size));
        assert!(guess(Workload::Decode, 0, 32, 2048, size) > guess(Workload::Decode, 0, 32, 128, size));
        assert!(guess(Workload::Decode, 0, 32, 128, size) > guess(Workload::Decode, 0, 32, 128, size / 2));
        assert!(guess(Workload::NoReuse, 0, 2, 512, size) > guess(Workload::NoReuse, 0, 2, 128, size));
    }
}

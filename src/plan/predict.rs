//! Predictions of time, made before the work starts and replaced by measurements as they come.

use crate::data::ModelInfo;

/// A rough idea of a machine's speed, to order the plan's costs and set deadlines before anything is measured.
#[derive(Debug, Clone, Copy)]
pub struct AssumedSpeed {
    /// Arithmetic, floating-point operations per second.
    pub flops: f64,
    /// Memory bandwidth, bytes per second.
    pub bandwidth: f64,
}

impl AssumedSpeed {
    /// What a current CPU core does in llama.cpp: about 60 GFLOP/s of prefill (100 with AVX-512) and 12 GB/s of decode.
    pub fn of_cpu(n_threads: u32, has_avx512: bool) -> Self {
        let cores = f64::from(n_threads.max(1));
        let flops = if has_avx512 { 100e9 } else { 60e9 };
        AssumedSpeed {
            flops: flops * cores,
            bandwidth: 12e9 * cores.min(6.0),
        }
    }
}

/// What the time of a work is predicted from: the model, one of its files, and the machine.
#[derive(Debug, Clone, Copy)]
pub struct Cost<'a> {
    pub model: &'a ModelInfo,
    pub n_params: u64,
    pub model_size: u64,
    pub kv_bytes_per_token: u64,
    pub speed: AssumedSpeed,
}

impl Cost<'_> {
    /// Seconds of a prompt into an empty cache: the arithmetic of each token, and attention (`4 * n_layer * n_embd * n^2 / 2`).
    pub(super) fn prompt(&self, n: u32) -> f64 {
        let n = f64::from(n);
        let attention = 2.0 * f64::from(self.model.n_layer) * f64::from(self.model.n_embd) * n * n;
        n * self.arithmetic() + attention / self.speed.flops
    }

    /// One token's: two operations for each weight.
    pub(super) fn arithmetic(&self) -> f64 {
        2.0 * self.n_params as f64 / self.speed.flops
    }

    /// One step of so many sequences: the weights are read once for all, each cache for its own, at a fixed cost of 0.1 ms.
    pub(super) fn step(&self, n_seq: u32, n_depth: u32) -> f64 {
        self.model_size as f64 / self.speed.bandwidth + f64::from(n_seq) * self.cache(n_depth) + 1e-4
    }

    /// Reading or writing so many tokens of a cache.
    pub(super) fn cache(&self, n_tokens: u32) -> f64 {
        self.kv_bytes_per_token as f64 * f64::from(n_tokens) / self.speed.bandwidth
    }
}

/// Executions per sample so that it lasts at least `sample_ns_min`; at most 1000.
pub fn n_repeat(execution_ns: u64, sample_ns_min: u64) -> u32 {
    sample_ns_min.div_ceil(execution_ns.max(1)).clamp(1, 1000) as u32
}

#[cfg(test)]
mod tests {
    use super::super::memory::tests::model;
    use super::*;
    use crate::data::work::NoReuse;
    use crate::data::Work;

    #[test]
    fn samples_last_long_enough() {
        assert_eq!(n_repeat(300_000_000, 300_000_000), 1);
        assert_eq!(n_repeat(299_999_999, 300_000_000), 2);
        assert_eq!(n_repeat(0, 300_000_000), 1000);
        assert_eq!(n_repeat(u64::MAX, 300_000_000), 1);
    }

    #[test]
    fn deeper_and_larger_costs_more() {
        let model = model(576, 30, 192, 49_152);
        let cost = |work: Work, model_size| {
            let cost = Cost {
                model: &model,
                n_params: 135_000_000,
                model_size,
                kv_bytes_per_token: 23040,
                speed: AssumedSpeed::of_cpu(2, true),
            };
            cost.execution_ns(&work)
        };
        let size = 270_000_000;
        assert!(cost(Work::prefill(2048), size) > 4 * cost(Work::prefill(512), size));
        assert!(cost(Work::decode(32, 2048), size) > cost(Work::decode(32, 128), size));
        assert!(cost(Work::decode(32, 128), size) > cost(Work::decode(32, 128), size / 2));
        let no_reuse = |n_depth| Work::NoReuse(NoReuse { n_gen: 2, n_depth });
        assert!(cost(no_reuse(512), size) > cost(no_reuse(128), size));
    }
}

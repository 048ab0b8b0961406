//! What llama.cpp does on this machine, from a few probes, and what that makes of a model of which only the header is known.
//!
//! Decode: `sum over types of bytes * ns_per_byte + n_layer * layer_ns + attention * depth`, where bytes are what a token reads (layers and output
//! matrix). Prefill of n tokens: `n * sum over types of weights * ns_per_weight + attention * n^2 / 2`, and the output matrix once. Attention counts
//! `n_layer * n_head * head_dim` multiplications per position; what one costs depends on the KV type. All factors are least-effort solutions
//! of as many probes: random weights of two shapes, one wide and one of many small layers.

use crate::data::{ArmConfig, ModelInfo, TensorTypeShare, VariantInfo};
use crate::gguf::GgmlType;
use std::collections::BTreeMap;

/// Something that was timed: a model, a cache, and nanoseconds.
#[derive(Debug, Clone)]
pub struct Probe<'a> {
    pub model: &'a ModelInfo,
    pub variant: &'a VariantInfo,
    /// KV type, as [`ArmConfig::kv`] writes it.
    pub kv: String,
    /// Tokens of a prompt; 0 for one step of decode.
    pub n_prompt: u32,
    /// Tokens in the cache before it.
    pub n_depth: u32,
    /// How long it took: the whole prompt, or one token.
    pub ns: f64,
}

/// Speeds of one machine, by tensor type and KV type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// Decode: nanoseconds per byte that is read.
    ns_per_byte: BTreeMap<String, f64>,
    /// Decode: what a layer costs however small it is, nanoseconds.
    layer_ns: f64,
    /// Decode: nanoseconds per multiplication of attention.
    attention_ns: BTreeMap<String, f64>,
    /// Prefill: nanoseconds per weight and token.
    ns_per_weight: BTreeMap<String, f64>,
    /// Prefill: nanoseconds per multiplication of attention.
    prefill_attention_ns: BTreeMap<String, f64>,
}

/// What an arm is predicted to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictedSpeed {
    /// One token of decode, nanoseconds.
    pub decode_ns: f64,
    /// A prompt until its first token, nanoseconds.
    pub prefill_ns: f64,
}

/// Types with less than this share of the bytes are taken to be as fast as the slowest known one.
const MINOR_SHARE: f64 = 0.02;

impl PredictedSpeed {
    pub fn decode_tps(&self) -> f64 {
        1e9 / self.decode_ns
    }
}

impl Profile {
    /// From probes of two shapes. The first probe's is one of few large layers: of each type a decode and a prompt, the first type F16 or
    /// another that the second shape has too. That has many small layers, where what is not weights weighs most: decodes at two
    /// depths and prompts of one length for each KV type, and of the first KV type a second length. `None` when they do not determine it.
    pub fn fit(probes: &[Probe<'_>]) -> Option<Profile> {
        let first = probes.first()?;
        let (base, kv) = (main_type(first.variant)?, first.kv.as_str());
        let (wide, small): (Vec<Probe<'_>>, Vec<Probe<'_>>) =
            probes.iter().cloned().partition(|p| p.model.name == first.model.name);
        let mut profile = Profile::default();
        profile.fit_attention(&small, kv);
        // Two shapes of one type, two unknowns: time per byte and per layer.
        let (large, many) = (first_step(&wide, base, kv)?, first_step(&small, base, kv)?);
        let (a, b) = (read_bytes(large.variant) as f64, read_bytes(many.variant) as f64);
        let (m, n) = (f64::from(large.model.n_layer), f64::from(many.model.n_layer));
        let (t, u) = (profile.without_cache(&large), profile.without_cache(&many));
        let per_layer = (u * a - t * b) / (a * n - b * m);
        profile.layer_ns = if per_layer.is_finite() {
            per_layer.clamp(0.0, u / n)
        } else {
            0.0
        };
        for p in wide.iter().filter(|p| p.kv == kv) {
            let name = main_type(p.variant)?.to_owned();
            let layers = profile.layer_ns * f64::from(p.model.n_layer);
            let left = profile.without_cache(p);
            if p.n_prompt > 0 {
                let per_weight = left / f64::from(p.n_prompt) / n_weights(p.variant);
                profile.ns_per_weight.insert(name, per_weight.max(0.0));
            } else {
                let per_byte = (left - layers) / read_bytes(p.variant) as f64;
                profile.ns_per_byte.insert(name, per_byte.max(0.0));
            }
        }
        (!profile.ns_per_byte.is_empty() && !profile.ns_per_weight.is_empty()).then_some(profile)
    }

    /// What is left of a probe without attention.
    fn without_cache(&self, p: &Probe<'_>) -> f64 {
        let (by_kv, positions) = match f64::from(p.n_prompt) {
            0.0 => (&self.attention_ns, f64::from(p.n_depth)),
            n => (&self.prefill_attention_ns, n * n / 2.0),
        };
        p.ns - self.attention(by_kv, p.model, &p.kv) * positions
    }

    pub fn knows_type(&self, name: &str) -> bool {
        self.ns_per_byte.contains_key(name) && self.ns_per_weight.contains_key(name)
    }

    pub fn ns_per_byte(&self, name: &str) -> Option<f64> {
        self.ns_per_byte.get(name).copied()
    }

    /// Whether a KV type was probed, as [`ArmConfig::kv`] writes it.
    pub fn knows_kv(&self, kv: &str) -> bool {
        self.attention_ns.contains_key(kv) && self.prefill_attention_ns.contains_key(kv)
    }

    /// What a position of the cache costs: in decode from a shallow and a deep probe of each KV type; in prompts from two lengths with the
    /// first, by which time per weight is known, and one with each other type.
    fn fit_attention(&mut self, probes: &[Probe<'_>], first_kv: &str) {
        for deep in probes.iter().filter(|p| p.n_prompt == 0) {
            let of_kv = |p: &&Probe<'_>| p.n_prompt == 0 && p.kv == deep.kv && p.n_depth < deep.n_depth;
            if let Some(shallow) = probes.iter().filter(of_kv).min_by_key(|p| p.n_depth) {
                let per_position = (deep.ns - shallow.ns) / f64::from(deep.n_depth - shallow.n_depth);
                let ns = (per_position / multiplications(deep.model)).max(0.0);
                self.attention_ns.insert(deep.kv.clone(), ns);
            }
        }
        let mut prompts: Vec<&Probe<'_>> = probes.iter().filter(|p| p.n_prompt > 0).collect();
        prompts.sort_by_key(|p| (p.kv != first_kv, p.n_prompt));
        let Some([short, long]) = prompts.get(..2) else { return };
        let (n, m) = (f64::from(short.n_prompt), f64::from(long.n_prompt));
        if short.kv != long.kv || n >= m {
            return;
        }
        // t = n w + n^2 / 2 q for both.
        let per_position = (2.0 * (long.ns / m - short.ns / n) / (m - n)).max(0.0);
        let weights = short.ns / n - per_position * n / 2.0;
        for p in prompts.iter().filter(|p| p.n_prompt == long.n_prompt) {
            let q = 2.0 * (p.ns / m - weights) / m;
            self.prefill_attention_ns
                .insert(p.kv.clone(), (q / multiplications(p.model)).max(0.0));
        }
    }

    fn attention(&self, by_kv: &BTreeMap<String, f64>, model: &ModelInfo, kv: &str) -> f64 {
        by_kv.get(kv).copied().unwrap_or(0.0) * multiplications(model)
    }

    /// Decode at `n_depth` and a prompt of `n_prompt` tokens; `None` where a type or KV type of it was not probed.
    pub fn predict(
        &self,
        model: &ModelInfo,
        variant: &VariantInfo,
        config: &ArmConfig,
        n_depth: u32,
        n_prompt: u32,
    ) -> Option<PredictedSpeed> {
        let kv = config.kv();
        if config.device != "cpu" || !self.attention_ns.contains_key(&kv) {
            return None;
        }
        let bytes = |share: &TensorTypeShare| (share.layer_bytes + share.output_bytes) as f64;
        let weights = sum(variant, &self.ns_per_byte, |_, share| bytes(share))?;
        let layers = self.layer_ns * f64::from(model.n_layer);
        let decode_ns = weights + layers + self.attention(&self.attention_ns, model, &kv) * f64::from(n_depth);
        let per_token = sum(variant, &self.ns_per_weight, |name, share| {
            elements(name, share.layer_bytes)
        })?;
        let output = sum(variant, &self.ns_per_byte, |_, share| share.output_bytes as f64)?;
        let n = f64::from(n_prompt);
        let attention = self.attention(&self.prefill_attention_ns, model, &kv);
        let prefill_ns = per_token * n + attention * n * n / 2.0 + output;
        Some(PredictedSpeed { decode_ns, prefill_ns })
    }
}

/// The shallowest decode of a type.
fn first_step<'a>(probes: &[Probe<'a>], base: &str, kv: &str) -> Option<Probe<'a>> {
    let is_meant = |p: &&Probe<'_>| p.n_prompt == 0 && p.kv == kv && main_type(p.variant) == Some(base);
    probes.iter().filter(is_meant).min_by_key(|p| p.n_depth).cloned()
}

/// Sum over types of an amount times its price; `None` when a type without a price has more than a minor share.
fn sum(
    variant: &VariantInfo,
    prices: &BTreeMap<String, f64>,
    amount: impl Fn(&str, &TensorTypeShare) -> f64,
) -> Option<f64> {
    let dearest = prices.values().copied().fold(0.0, f64::max);
    let total: f64 = variant
        .tensor_types
        .iter()
        .map(|(name, share)| amount(name, share))
        .sum();
    let mut ns = 0.0;
    for (name, share) in &variant.tensor_types {
        let amount = amount(name, share);
        ns += match prices.get(name) {
            Some(price) => price * amount,
            None if amount <= MINOR_SHARE * total => dearest * amount,
            None => return None,
        };
    }
    Some(ns)
}

/// The type with most bytes in the layers.
fn main_type(variant: &VariantInfo) -> Option<&str> {
    let largest = variant.tensor_types.iter().max_by_key(|(_, share)| share.layer_bytes);
    largest.map(|(name, _)| name.as_str())
}

/// Bytes that a token of decode reads.
fn read_bytes(variant: &VariantInfo) -> u64 {
    let shares = variant.tensor_types.values();
    shares.map(|share| share.layer_bytes + share.output_bytes).sum()
}

fn n_weights(variant: &VariantInfo) -> f64 {
    let shares = variant.tensor_types.iter();
    shares.map(|(name, share)| elements(name, share.layer_bytes)).sum()
}

fn elements(ggml_type: &str, bytes: u64) -> f64 {
    let known = GgmlType::ALL.iter().find(|ty| ty.name() == ggml_type);
    known.map_or(0.0, |ty| bytes as f64 / ty.block().1 as f64 * ty.block().0 as f64)
}

/// Multiplications of queries with keys per position of the cache, all layers.
fn multiplications(model: &ModelInfo) -> f64 {
    let head = f64::from(model.n_embd_k_gqa) / f64::from(model.n_head_kv.max(1));
    f64::from(model.n_layer) * f64::from(model.n_head) * head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::KvType;
    use crate::plan::memory::tests as memory;

    fn model(name: &str, n_layer: u32, n_embd: u32, n_head: u32) -> ModelInfo {
        ModelInfo {
            name: name.into(),
            n_head,
            n_head_kv: 4,
            ..memory::model(n_embd, n_layer, 256, 320)
        }
    }

    fn variant(types: &[(&str, u64, u64)]) -> VariantInfo {
        let share = |&(name, layer_bytes, output_bytes): &(&str, u64, u64)| {
            let share = TensorTypeShare {
                n_tensors: 1,
                bytes: layer_bytes + output_bytes,
                layer_bytes,
                output_bytes,
            };
            (name.to_owned(), share)
        };
        VariantInfo {
            tensor_types: types.iter().map(share).collect(),
            ..memory::variant(&[])
        }
    }

    fn config(kv: KvType) -> ArmConfig {
        memory::config(kv, 4096)
    }

    /// A machine that does exactly what the model of it says.
    struct Machine;

    impl Machine {
        fn per_byte(name: &str) -> f64 {
            if name == "f16" {
                0.05
            } else {
                0.08
            }
        }

        fn decode(m: &ModelInfo, v: &VariantInfo, kv: &str, n_depth: u32) -> f64 {
            let weights: f64 = v
                .tensor_types
                .iter()
                .map(|(name, s)| Machine::per_byte(name) * (s.layer_bytes + s.output_bytes) as f64)
                .sum();
            let attention = if kv == "f16" { 0.01 } else { 0.03 } * multiplications(m) * f64::from(n_depth);
            weights + 40_000.0 * f64::from(m.n_layer) + attention
        }

        fn prefill(m: &ModelInfo, v: &VariantInfo, kv: &str, n: u32) -> f64 {
            let n = f64::from(n);
            let per_weight = |name: &str| if name == "f16" { 0.002 } else { 0.004 };
            let weights: f64 = v
                .tensor_types
                .iter()
                .map(|(name, s)| per_weight(name) * elements(name, s.layer_bytes))
                .sum();
            let attention = if kv == "f16" { 0.004 } else { 0.04 } * multiplications(m);
            weights * n + attention * n * n / 2.0
        }
    }

    #[test]
    fn a_machine_that_follows_the_model_is_found_and_predicted_exactly() {
        let (wide, small) = (model("wide", 4, 1024, 16), model("small", 32, 256, 4));
        let f16 = variant(&[("f16", 90_000_000, 0), ("f32", 40_000, 0)]);
        let q8 = variant(&[("q8_0", 48_000_000, 0), ("f32", 40_000, 0)]);
        let many = variant(&[("f16", 25_000_000, 0)]);
        // Vectors are taken to be as fast as matrices, which for so few bytes makes no difference.
        let mut probes = Vec::new();
        let mut add = |model, variant, kv: &str, n_prompt, n_depth| {
            let ns = match n_prompt {
                0 => Machine::decode(model, variant, kv, n_depth),
                n => Machine::prefill(model, variant, kv, n),
            };
            probes.push(Probe {
                model,
                variant,
                kv: kv.to_owned(),
                n_prompt,
                n_depth,
                ns,
            });
        };
        add(&wide, &f16, "f16", 0, 64);
        add(&wide, &f16, "f16", 256, 0);
        add(&wide, &q8, "f16", 0, 64);
        add(&wide, &q8, "f16", 256, 0);
        for kv in ["f16", "q8_0"] {
            add(&small, &many, kv, 0, 64);
            add(&small, &many, kv, 0, 1024);
            add(&small, &many, kv, 1024, 0);
        }
        add(&small, &many, "f16", 256, 0);
        let profile = Profile::fit(&probes).expect("enough probes");
        let (real, file) = (model("real", 30, 576, 9), variant(&[("q8_0", 100_000_000, 30_000_000)]));
        for (kv, name) in [(KvType::F16, "f16"), (KvType::Q8_0, "q8_0")] {
            let got = profile
                .predict(&real, &file, &config(kv), 512, 2048)
                .expect("all types were probed");
            let output = Machine::per_byte("q8_0") * 30e6;
            let (decode, prefill) = (
                Machine::decode(&real, &file, name, 512),
                Machine::prefill(&real, &file, name, 2048) + output,
            );
            assert!(
                (got.decode_ns / decode - 1.0).abs() < 0.01,
                "{name}: {} for {decode}",
                got.decode_ns
            );
            assert!(
                (got.prefill_ns / prefill - 1.0).abs() < 0.01,
                "{name}: {} for {prefill}",
                got.prefill_ns
            );
        }
        assert!(profile.knows_type("q8_0") && !profile.knows_type("q4_k"));
        let other = variant(&[("q4_k", 100_000_000, 0)]);
        assert_eq!(profile.predict(&real, &other, &config(KvType::F16), 512, 128), None);
        assert_eq!(profile.predict(&real, &file, &config(KvType::Q4_0), 512, 128), None);
        assert_eq!(Profile::fit(&probes[..1]), None);
    }
}

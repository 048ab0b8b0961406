//! The arms of a plan: variants, KV types, and what they run on.

use super::kv_pair::KvPair;
use super::settings::Settings;
use crate::data::{Arm, ArmConfig, SplitMode};

/// Every variant with the first KV type and on everything it may run on, the baseline with every KV type, and its control.
pub(super) fn arms(s: &Settings, n_ctx: u32) -> Vec<Arm> {
    let mut arms = Vec::new();
    for (k, &kv) in s.kv.iter().enumerate() {
        let is_whole = k == 0 || s.is_full_matrix || s.is_triage;
        for (p, place) in places(s).into_iter().enumerate() {
            if p > 0 && !is_whole {
                continue;
            }
            let n_variants = if is_whole { s.variants.len() } else { 1 };
            for (v, variant) in s.variants.iter().take(n_variants).enumerate() {
                arms.push(Arm {
                    id: arm_id(&place.named(variant, s), kv, k == 0),
                    variant: variant.clone(),
                    is_control: false,
                    is_baseline: k == 0 && p == 0 && v == 0,
                    config: config_of(s, kv, place, n_ctx),
                });
            }
        }
    }
    if let Some(baseline) = arms.first().cloned() {
        let id = format!("{} control", baseline.id);
        arms.push(Arm {
            id,
            is_control: true,
            is_baseline: false,
            ..baseline
        });
    }
    arms
}

/// What an arm runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    layers: i32,
    n_threads: u32,
}

/// Every number of layers with every number of threads, the baseline's first.
pub(super) fn places(s: &Settings) -> Vec<Place> {
    let with_threads = |&layers: &i32| s.n_threads.iter().map(move |&n_threads| Place { layers, n_threads });
    s.n_gpu_layers.iter().flat_map(with_threads).collect()
}

impl Place {
    /// `Q8_0` on the baseline's place; `Q8_0 ngl 16` with another number of layers on the device, `Q8_0 t 4` with other threads.
    fn named(self, variant: &str, s: &Settings) -> String {
        let mut name = variant.to_owned();
        if s.n_gpu_layers.first() != Some(&self.layers) {
            name += &match self.layers {
                -1 => " ngl all".to_owned(),
                n => format!(" ngl {n}"),
            };
        }
        if s.n_threads.first() != Some(&self.n_threads) {
            name += &format!(" t {}", self.n_threads);
        }
        name
    }
}

/// `Q8_0` with the first KV type, `Q8_0 kv q4_0` with another.
pub(super) fn arm_id(variant: &str, kv: KvPair, is_first_kv: bool) -> String {
    if is_first_kv {
        variant.to_owned()
    } else {
        format!("{variant} kv {kv}")
    }
}

/// Without a layer on the device nothing is on it: llama.cpp would still ship large products there.
pub(super) fn config_of(s: &Settings, kv: KvPair, place: Place, n_ctx: u32) -> ArmConfig {
    let is_cpu = place.layers == 0 || s.device == "cpu";
    ArmConfig {
        type_k: kv.k,
        type_v: kv.v,
        has_kv_rotation: kv.is_rotated,
        flash_attn: s.flash_attn,
        device: if is_cpu { "cpu".to_owned() } else { s.device.clone() },
        n_gpu_layers: if is_cpu { 0 } else { place.layers },
        n_threads: place.n_threads,
        n_batch: s.n_batch,
        n_ubatch: s.n_ubatch,
        n_ctx,
        split_mode: if is_cpu { SplitMode::Layer } else { s.split_mode },
        no_kv_offload: !is_cpu && s.no_kv_offload,
    }
}

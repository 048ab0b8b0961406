//! The arms of a plan: variants, KV types, and what they run on.

use super::kv_pair::KvPair;
use super::settings::Settings;
use crate::data::{is_server, Arm, ArmConfig, SplitMode};

/// Every variant with the first KV type and on everything it may run on, the baseline with every KV type, and its control; all of them in
/// every executable but the control, which is of the first.
pub(super) fn arms(s: &Settings, n_ctx: u32) -> Vec<Arm> {
    let mut arms = Vec::new();
    for (k, &kv) in s.kv.iter().enumerate() {
        let is_whole = k == 0 || s.is_full_matrix || s.is_triage;
        for (p, setup) in setups(s).into_iter().enumerate() {
            // Executables are compared in everything.
            if p >= first_setups(s).len() && !is_whole {
                continue;
            }
            let n_variants = if is_whole { s.variants.len() } else { 1 };
            for (v, variant) in s.variants.iter().take(n_variants).enumerate() {
                arms.push(Arm {
                    id: arm_id(&setup.named(variant, s), kv, k == 0),
                    variant: variant.clone(),
                    is_control: false,
                    is_baseline: k == 0 && p == 0 && v == 0,
                    config: config_of(s, kv, setup, n_ctx),
                });
            }
        }
    }
    if let Some(baseline) = arms.first().cloned().filter(|_| !s.is_gate) {
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
pub(super) struct Setup {
    layers: i32,
    n_threads: u32,
    /// Index of its executable among those of the settings.
    build: Option<usize>,
}

/// Every number of layers with every number of threads and every executable, the baseline's first.
pub(super) fn setups(s: &Settings) -> Vec<Setup> {
    let mut setups = Vec::new();
    for &layers in &s.n_gpu_layers {
        for &n_threads in &s.n_threads {
            setups.extend(builds(s).map(|build| Setup {
                layers,
                n_threads,
                build,
            }));
        }
    }
    setups
}

/// The first of them, in every executable.
pub(super) fn first_setups(s: &Settings) -> Vec<Setup> {
    setups(s).into_iter().take(s.builds.len().max(1)).collect()
}

fn builds(s: &Settings) -> impl Iterator<Item = Option<usize>> {
    let own = s.builds.is_empty().then_some(None);
    own.into_iter().chain((0..s.builds.len()).map(Some))
}

impl Setup {
    /// Its probabilities can be had.
    pub(super) fn is_scored(self, s: &Settings) -> bool {
        self.build.is_none_or(|index| !is_server(&s.builds[index].device))
    }

    /// `Q8_0` in the baseline's setup; `Q8_0 (new)` in an executable of that name, `Q8_0 ngl 16` with another number of layers on the
    /// device, `Q8_0 t 4` with other threads.
    pub(super) fn named(self, variant: &str, s: &Settings) -> String {
        let mut name = variant.to_owned();
        if let Some(build) = self.build {
            name += &format!(" ({})", s.builds[build].name);
        }
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
pub(super) fn config_of(s: &Settings, kv: KvPair, setup: Setup, n_ctx: u32) -> ArmConfig {
    let build = setup.build.map(|index| &s.builds[index]);
    let device = build.map_or(&s.device, |b| &b.device);
    let is_cpu = device == "cpu" || (setup.layers == 0 && !is_server(device));
    ArmConfig {
        type_k: kv.k,
        type_v: kv.v,
        has_kv_rotation: kv.is_rotated,
        flash_attn: s.flash_attn,
        device: if is_cpu { "cpu".to_owned() } else { device.clone() },
        n_gpu_layers: if is_cpu { 0 } else { setup.layers },
        n_threads: setup.n_threads,
        n_batch: s.n_batch,
        n_ubatch: s.n_ubatch,
        n_ctx,
        split_mode: if is_cpu { SplitMode::Layer } else { s.split_mode },
        no_kv_offload: !is_cpu && s.no_kv_offload,
        build: build.map(|b| b.name.clone()),
    }
}

//! Time and memory of a whole plan, before the work starts.

use super::memory::{arm_memory_bytes, device_memory_bytes, worker_memory_bytes, Layout};
use super::predict::{AssumedSpeed, Cost};
use super::profile::{PredictedSpeed, Profile};
use super::quality::scoring_bytes;
use crate::data::{Arm, HostInfo, ModelInfo, Plan, PredictedArm, VariantInfo, Workload};
use crate::gguf::kv_bytes_per_token;
use std::collections::BTreeMap;

/// One part in so many of the memory may hold such states.
const STATE_SHARE: u64 = 8;

pub struct Prediction {
    /// One execution of each cell.
    pub execution_ns: Vec<u64>,
    /// Peak of the memory of each arm alone; absent on a device, where weights are elsewhere.
    pub arm_bytes: Vec<Option<u64>>,
    pub device_bytes: Vec<Option<u64>>,
    /// Speed of each arm at the greatest depth and with the longest prompt of the plan, where a profile of the machine tells.
    pub speeds: Vec<Option<PredictedSpeed>>,
    /// Memory of each worker, by name.
    pub worker_bytes: BTreeMap<String, u64>,
    /// What may be used for all of them: 60 % of what is available.
    pub limit_bytes: u64,
    pub available_bytes: u64,
    /// One scored token, per arm of the quality plan.
    pub score_ns: Vec<u64>,
    /// All scoring workers together, with the baseline's logits.
    pub scoring_bytes: u64,
    /// An arm is on an RPC server, which takes one client at a time.
    pub has_servers: bool,
    /// States of caches that arms start from.
    pub state_bytes: u64,
}

impl Prediction {
    /// The draft model is of `n_draft_bytes`, 0 where there is none.
    pub fn of(
        plan: &Plan,
        model: &ModelInfo,
        variants: &[VariantInfo],
        n_draft_bytes: u64,
        host: &HostInfo,
        system_info: &str,
        profile: Option<&Profile>,
    ) -> Prediction {
        let layout = Layout {
            system_info,
            instructions: &host.instructions,
        };
        let has_avx512 = host.instructions.iter().any(|i| i == "AVX512");
        let assumed = |arm: &Arm| AssumedSpeed::of_cpu(arm.config.n_threads, has_avx512);
        let find = |id: &str| variants.iter().find(|v| v.id == id);
        let arm_variant = |arm: usize| find(&plan.arms[arm].variant);
        let scores = plan.quality.iter().flat_map(|q| &q.arms).map(|arm| {
            let n_params = find(&arm.variant).map_or(0, |v| v.model_n_params);
            (2.0 * n_params as f64 / assumed(arm).flops * 1e9) as u64
        });
        let kv_bytes = |arm: &Arm| kv_bytes_per_token(model, arm.config.type_k, arm.config.type_v);
        let executions = plan.cells.iter().map(|cell| {
            let arm = &plan.arms[cell.arm];
            let (n_params, model_size) = arm_variant(cell.arm).map_or((0, 0), |v| (v.model_n_params, v.model_size));
            let cost = Cost {
                model,
                n_params,
                model_size,
                kv_bytes_per_token: kv_bytes(arm),
                speed: assumed(arm),
            };
            cost.execution_ns(&cell.spec)
        });
        let arms = plan.arms.iter().enumerate();
        let workers = arms.clone().map(|(index, arm)| {
            let works = plan.cells.iter().filter(|c| c.arm == index).map(|c| c.spec);
            let is_drafted = n_draft_bytes > 0 && works.clone().any(|w| w.needs_draft());
            let bytes = arm_variant(index).map(|v| worker_memory_bytes(model, v, &layout, &arm.config, works));
            // The draft beside it: its file, copied weights, and a cache as large as the target's.
            let n_ctx = u64::from(arm.config.n_ctx.next_multiple_of(256));
            let draft = n_draft_bytes
                .saturating_mul(2)
                .saturating_add(n_ctx.saturating_mul(kv_bytes(arm)));
            let beside = if is_drafted { draft } else { 0 };
            (arm.id.clone(), bytes.unwrap_or(0).saturating_add(beside))
        });
        // As the memory probe: the longest prompt, or as much of it as a physical batch takes.
        let longest = plan.cells.iter().map(|c| c.spec.shape().n_context).max();
        let longest = longest.unwrap_or(1);
        let alone = arms.clone().map(|(index, arm)| {
            let variant = arm_variant(index).filter(|_| arm.config.device == "cpu")?;
            Some(arm_memory_bytes(model, variant, &layout, &arm.config, longest))
        });
        let on_devices = arms
            .clone()
            .map(|(index, arm)| device_memory_bytes(model, arm_variant(index)?, &arm.config));
        let all = plan.cells.iter().map(|c| c.spec);
        let specs = |workload| all.clone().filter(move |s| s.workload() == workload);
        let n_depth = specs(Workload::Decode).map(|s| s.n_depth()).max().unwrap_or(0);
        let n_prompt = specs(Workload::Prefill).map(|s| s.n_prompt()).max().unwrap_or(0);
        // The profile is of the baseline's number of threads.
        let n_threads = plan.arms.first().map(|arm| arm.config.n_threads);
        let speeds = arms.map(|(index, arm)| {
            let profile = profile.filter(|_| Some(arm.config.n_threads) == n_threads)?;
            profile.predict(model, arm_variant(index)?, &arm.config, n_depth, n_prompt)
        });
        let states = plan
            .cells
            .iter()
            .map(|c| kv_bytes(&plan.arms[c.arm]).saturating_mul(u64::from(c.spec.shape().n_cached)));
        let scoring = plan
            .quality
            .as_ref()
            .map(|q| scoring_bytes(q, model, variants, &layout));
        Prediction {
            execution_ns: executions.collect(),
            arm_bytes: alone.collect(),
            device_bytes: on_devices.collect(),
            speeds: speeds.collect(),
            worker_bytes: workers.collect(),
            limit_bytes: host.memory_available_bytes / 10 * 6,
            available_bytes: host.memory_available_bytes,
            score_ns: scores.collect(),
            scoring_bytes: scoring.unwrap_or(0),
            has_servers: plan.arms.iter().any(|arm| arm.config.device.contains("rpc:")),
            state_bytes: states.fold(0, u64::saturating_add),
        }
    }

    pub fn of_arms(&self, plan: &Plan) -> Vec<PredictedArm> {
        let speeds = self.speeds.iter().zip(&self.arm_bytes);
        let arms = plan.arms.iter().zip(speeds).filter(|(arm, _)| !arm.is_control);
        arms.filter_map(|(arm, (speed, peak_bytes))| {
            let speed = speed.filter(|s| s.decode_ns > 0.0)?;
            Some(PredictedArm {
                arm: arm.id.clone(),
                decode_tps: speed.decode_tps(),
                ttft_ns: speed.prefill_ns as u64,
                peak_bytes: *peak_bytes,
            })
        })
        .collect()
    }

    /// All workers stay up; otherwise every round loads them in turn.
    pub fn is_resident(&self) -> bool {
        !self.has_servers && self.fits_at_once()
    }

    pub fn fits_at_once(&self) -> bool {
        self.worker_bytes.values().sum::<u64>() <= self.limit_bytes
    }

    /// States of caches may outlive the workers that compute them.
    pub fn keeps_states(&self) -> bool {
        self.state_bytes <= self.available_bytes / STATE_SHARE
    }

    /// All scoring workers stay up; otherwise every chunk loads them in turn.
    pub fn is_quality_resident(&self) -> bool {
        !self.has_servers && self.scoring_bytes <= self.limit_bytes
    }

    /// The largest worker does not fit at all.
    pub fn does_not_fit(&self) -> Option<(&str, u64)> {
        let (name, bytes) = self.worker_bytes.iter().max_by_key(|(_, bytes)| **bytes)?;
        (*bytes > self.available_bytes).then_some((name.as_str(), *bytes))
    }
}

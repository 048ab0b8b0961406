//! From flags to checked settings: what can fail early fails here, before a process is started.

use super::args::CompareArgs;
use super::builds::{self, Build};
use super::device;
use super::exit::{Failure, BAD_INPUT};
use super::values::WorkloadChoice;
use crate::data::{
    is_server, Arm, EngineInfo, Goal, HostInfo, KvType, ModelInfo, Plan, PredictedArm, VariantInfo, Warning, Workload,
};
use crate::gguf::kv_bytes_per_token;
use crate::host;
use crate::plan::{
    arm_memory_bytes, device_memory_bytes, scoring_bytes, worker_memory_bytes, AssumedSpeed, Cost, Layout,
    PredictedSpeed, Profile, QualityMode, QualitySettings, Settings,
};
use std::collections::BTreeMap;

/// Load average per usable CPU (in percent) above which the machine is called busy.
pub const BUSY_PERCENT: u32 = 50;

pub fn settings(
    args: &CompareArgs,
    host: &HostInfo,
    devices: &[String],
    builds: &[Build],
) -> Result<Settings, Failure> {
    let is_asked = |choice| args.workloads.contains(&choice);
    let asked = Workload::ALL.iter().copied();
    let asked = asked.filter(|w| is_asked(WorkloadChoice::All) || is_asked(WorkloadChoice::One(*w)));
    // What several users get is measured, not derived from one.
    let users = args.goal.n_users.filter(|&n| n > 1);
    let (mut workloads, mut work_flags) = (asked.collect::<Vec<_>>(), args.work_flags.clone());
    let n_seqs = &mut work_flags.batched.n_seq;
    if let Some(n) = users {
        if !workloads.contains(&Workload::Batched) {
            workloads.push(Workload::Batched);
            *n_seqs = vec![n];
        } else if !n_seqs.contains(&n) {
            n_seqs.push(n);
        }
    }
    let builds = builds::planned(builds, &args.device, &args.rpc)?;
    let device = match builds.first() {
        Some(first) => first.device.clone(),
        None => device::resolve(&args.device, &args.rpc, devices)?,
    };
    let is_cpu = device == "cpu" && builds.iter().all(|b| b.device == "cpu" || is_server(&b.device));
    let asked = args.n_gpu_layers.iter().find(|n| **n != 0);
    if let (true, Some(n)) = (is_cpu, asked) {
        let layers = if *n < 0 { "all".to_owned() } else { n.to_string() };
        let why = format!(
            "--n-gpu-layers {layers}: the run is on the CPU, which is all that there is or that --device names; leave it out, or name a device (kvant doctor lists: {})",
            std::iter::once("cpu").chain(devices.iter().map(String::as_str)).collect::<Vec<_>>().join(", ")
        );
        return Err(Failure::msg(BAD_INPUT, why));
    }
    let every = vec![if is_cpu { 0 } else { -1 }];
    let n_gpu_layers = if args.n_gpu_layers.is_empty() {
        every
    } else {
        args.n_gpu_layers.clone()
    };
    Ok(Settings {
        level: args.level,
        variants: args.variants.iter().map(|v| v.to_ascii_uppercase()).collect(),
        // The cache of a server is what it was started with.
        kv: args
            .kv
            .iter()
            .take(if args.server.is_some() { 1 } else { usize::MAX })
            .copied()
            .collect(),
        flash_attn: args.flash_attn,
        device,
        builds,
        n_gpu_layers,
        split_mode: args.split_mode,
        no_kv_offload: !args.kv_offload,
        n_threads: match args.threads.as_slice() {
            [] => vec![host::default_threads(host)],
            given => given.to_vec(),
        },
        n_batch: args.n_batch,
        n_ubatch: args.n_ubatch.min(args.n_batch),
        n_ctx: args.n_ctx,
        workloads,
        work_flags,
        is_full_matrix: args.full_matrix,
        request: args.goal.request,
        max_quality_loss: args.goal.max_quality_loss,
        seed: args.seed.unwrap_or_else(drawn_seed),
        budget_ns: args.budget,
        precision: args.precision,
        equivalence: args.equivalence,
        n_rounds: args.rounds,
        n_launches: args.launches,
        quality: QualitySettings {
            // Random weights have none.
            mode: if args.shape.is_some() {
                QualityMode::Off
            } else {
                args.quality
            },
            windows: args.quality_ctx.clone(),
            kv: args.quality_kv.clone(),
            precision: args.quality_precision,
            n_chunks: args.quality_chunks,
            is_own_text: !args.text.is_empty(),
        },
        is_triage: false,
        is_gate: false,
    })
}

/// Of the system's randomness. Short enough to be typed again.
fn drawn_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() >> 40
}

/// ggml types that llama.cpp computes fastest with here; of devices nothing of the kind is known.
pub fn fast_types(host: &HostInfo, engine: &EngineInfo, device: &str) -> Vec<String> {
    let is_cpu = device.eq_ignore_ascii_case("cpu") || (device == "auto" && engine.devices.is_empty());
    let layout = Layout {
        system_info: &engine.system_info,
        instructions: &host.instructions,
    };
    match is_cpu {
        true => layout.fast_types(),
        false => Vec::new(),
    }
}

/// What the recommendation has to keep to; absent when nothing was asked.
pub fn goal(args: &CompareArgs) -> Option<Goal> {
    let goal = Goal {
        n_ctx: args.n_ctx,
        ..args.goal
    };
    (goal != Goal::default()).then_some(goal)
}

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

    pub fn is_resident(&self) -> bool {
        !self.has_servers && self.fits_at_once()
    }

    fn fits_at_once(&self) -> bool {
        self.worker_bytes.values().sum::<u64>() <= self.limit_bytes
    }

    /// States of caches may outlive the workers that compute them.
    pub fn keeps_states(&self) -> bool {
        self.state_bytes <= self.available_bytes / STATE_SHARE
    }

    pub fn is_quality_resident(&self) -> bool {
        !self.has_servers && self.scoring_bytes <= self.limit_bytes
    }

    /// The largest worker does not fit at all.
    pub fn does_not_fit(&self) -> Option<(&str, u64)> {
        let (name, bytes) = self.worker_bytes.iter().max_by_key(|(_, bytes)| **bytes)?;
        (*bytes > self.available_bytes).then_some((name.as_str(), *bytes))
    }
}

/// One part in so many of the memory may hold such states.
const STATE_SHARE: u64 = 8;

/// Predicts time and memory of `plan`.
pub fn predict(
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
    let score_ns = plan.quality.iter().flat_map(|q| &q.arms).map(|arm| {
        let n_params = find(&arm.variant).map_or(0, |v| v.model_n_params);
        (2.0 * n_params as f64 / assumed(arm).flops * 1e9) as u64
    });
    let score_ns = score_ns.collect();
    let execution_ns = plan
        .cells
        .iter()
        .map(|cell| {
            let arm = &plan.arms[cell.arm];
            let config = &arm.config;
            let (n_params, model_size) = arm_variant(cell.arm).map_or((0, 0), |v| (v.model_n_params, v.model_size));
            let cost = Cost {
                model,
                n_params,
                model_size,
                kv_bytes_per_token: kv_bytes_per_token(model, config.type_k, config.type_v),
                speed: assumed(arm),
            };
            cost.execution_ns(&cell.spec)
        })
        .collect();
    let worker_bytes = plan
        .arms
        .iter()
        .enumerate()
        .map(|(index, arm)| {
            let works = plan.cells.iter().filter(|c| c.arm == index).map(|c| c.spec);
            let bytes = arm_variant(index).map(|v| worker_memory_bytes(model, v, &layout, &arm.config, works));
            // The draft beside it: its file, copied weights, and a cache as large as the target's.
            let mut works = plan.cells.iter().filter(|c| c.arm == index);
            let drafted = works.any(|c| c.spec.needs_draft());
            let n_ctx = u64::from(arm.config.n_ctx.next_multiple_of(256));
            let cache = n_ctx.saturating_mul(kv_bytes_per_token(model, arm.config.type_k, arm.config.type_v));
            let draft = n_draft_bytes.saturating_mul(2).saturating_add(cache);
            let beside = if drafted && n_draft_bytes > 0 { draft } else { 0 };
            (arm.id.clone(), bytes.unwrap_or(0).saturating_add(beside))
        })
        .collect();
    // As the memory probe: the longest prompt, or as much of it as a physical batch takes.
    let longest = plan.cells.iter().map(|c| c.spec.shape().n_context).max();
    let longest = longest.unwrap_or(1);
    let alone = plan.arms.iter().enumerate().map(|(index, arm)| {
        let variant = arm_variant(index).filter(|_| arm.config.device == "cpu")?;
        Some(arm_memory_bytes(model, variant, &layout, &arm.config, longest))
    });
    let arm_bytes = alone.collect();
    let arms = plan.arms.iter().enumerate();
    let device_bytes = arms.map(|(index, arm)| device_memory_bytes(model, arm_variant(index)?, &arm.config));
    let device_bytes = device_bytes.collect();
    let specs = |workload| {
        plan.cells
            .iter()
            .map(|c| c.spec)
            .filter(move |s| s.workload() == workload)
    };
    let n_depth = specs(Workload::Decode).map(|s| s.n_depth()).max().unwrap_or(0);
    let n_prompt = specs(Workload::Prefill).map(|s| s.n_prompt()).max().unwrap_or(0);
    // The profile is of the baseline's number of threads.
    let n_threads = plan.arms.first().map(|arm| arm.config.n_threads);
    let speed = |(index, arm): (usize, &Arm)| {
        let profile = profile.filter(|_| Some(arm.config.n_threads) == n_threads)?;
        profile.predict(model, arm_variant(index)?, &arm.config, n_depth, n_prompt)
    };
    let speeds = plan.arms.iter().enumerate().map(speed).collect();
    let starts = plan.cells.iter();
    let state = |c: &crate::data::Cell| {
        let config = &plan.arms[c.arm].config;
        kv_bytes_per_token(model, config.type_k, config.type_v).saturating_mul(u64::from(c.spec.shape().n_cached))
    };
    let state_bytes = starts.map(state).fold(0, u64::saturating_add);
    let available_bytes = host.memory_available_bytes;
    let scoring_bytes = plan
        .quality
        .as_ref()
        .map_or(0, |q| scoring_bytes(q, model, variants, &layout));
    Prediction {
        has_servers: plan.arms.iter().any(|arm| arm.config.device.contains("rpc:")),
        score_ns,
        speeds,
        state_bytes,
        scoring_bytes,
        execution_ns,
        arm_bytes,
        device_bytes,
        worker_bytes,
        limit_bytes: available_bytes / 10 * 6,
        available_bytes,
    }
}

/// What the user is warned of before the start.
pub fn warnings(
    plan: &Plan,
    model: &ModelInfo,
    variants: &[VariantInfo],
    host: &HostInfo,
    unused_instructions: Vec<String>,
    prediction: &Prediction,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if !unused_instructions.is_empty() {
        warnings.push(Warning::UnusedInstructions {
            names: unused_instructions,
        });
    }
    if host.load_percent > BUSY_PERCENT * host.n_cpus {
        warnings.push(Warning::BusyMachine {
            load_percent: host.load_percent,
            n_cpus: host.n_cpus,
        });
    }
    let n_cpus = host.n_cpus;
    let n_threads = plan.arms.iter().map(|arm| arm.config.n_threads).max().unwrap_or(0);
    if n_threads > n_cpus {
        warnings.push(Warning::TooManyThreads { n_threads, n_cpus });
    }
    if prediction.has_servers {
        warnings.push(Warning::OneClientPerServer);
    }
    if !prediction.fits_at_once() {
        let needed_bytes = prediction.worker_bytes.values().sum();
        warnings.push(Warning::WorkersNotResident {
            needed_bytes,
            limit_bytes: prediction.limit_bytes,
        });
    }
    let deepest = plan.cells.iter().map(|c| c.spec.shape().n_context).max().unwrap_or(0);
    if deepest > model.n_ctx_train {
        warnings.push(Warning::BeyondTrainedContext {
            n_depth: deepest,
            n_ctx_train: model.n_ctx_train,
        });
    }
    let not_rotated = plan.arms.iter().find(|a| !a.config.has_kv_rotation);
    if let Some(config) = not_rotated.map(|a| &a.config) {
        let heads = (model.n_embd_k_gqa, model.n_embd_v_gqa);
        let heads = (heads.0 / model.n_head_kv.max(1), heads.1 / model.n_head_kv.max(1));
        let is_rotated = |kind: KvType, head: u32| kind.is_quantized() && head > 0 && head.is_multiple_of(64);
        if !is_rotated(config.type_k, heads.0) && !is_rotated(config.type_v, heads.1) {
            let kv = config.kv();
            warnings.push(Warning::NothingRotated { kv, heads });
        }
    }
    let baseline = plan.arms.first().map(|a| a.variant.as_str());
    let remade = variants.iter().filter(|v| Some(v.id.as_str()) != baseline);
    let remade = remade.filter_map(|v| Some((v, v.derived_from.as_ref().filter(|d| d.is_requantized)?)));
    let remade: Vec<_> = remade.collect();
    if let Some((_, from)) = remade.first() {
        warnings.push(Warning::Requantized {
            variants: remade.iter().map(|(v, _)| v.id.clone()).collect(),
            from: from.ftype.clone(),
        });
    }
    for variant in variants {
        let made_from = variant.derived_from.as_ref().filter(|d| d.is_requantized);
        if let (true, Some(from)) = (Some(variant.id.as_str()) == baseline, made_from) {
            warnings.push(Warning::RequantizedBaseline {
                variant: variant.id.clone(),
                from: from.ftype.clone(),
            });
        }
        if variant.n_fallback > 0 {
            let (n_fallback, n_tensors) = (variant.n_fallback, variant.n_tensors);
            warnings.push(Warning::FallbackTensors {
                variant: variant.id.clone(),
                n_fallback,
                n_tensors,
            });
        }
    }
    warnings
}

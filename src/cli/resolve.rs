//! From flags to checked settings: what can fail early fails here, before a process is started.

use super::args::CompareArgs;
use super::builds::{self, Build};
use super::device;
use super::exit::{Failure, BAD_INPUT};
use super::values::WorkloadChoice;
use crate::data::{is_server, EngineInfo, Goal, HostInfo, Workload};
use crate::host;
use crate::plan::{Layout, QualityMode, QualitySettings, Settings};

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

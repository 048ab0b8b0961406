//! Measures what this machine does with each type of weights, with probes of random weights.

use super::compare::default_args;
use super::desk::Desk;
use super::exit::{Failure, INTERRUPTED};
use super::job::Job;
use super::lock;
use super::profile::{folder, read, Needs};
use crate::catalog::{remove_probes, write_probes, Request};
use crate::data::{KvType, Level, Workload};
use crate::gguf::GgmlType;
use crate::plan::{self, KvPair, Profile, QualityMode, QualitySettings, Settings, WorkFlags};
use crate::runner::MemoryTurn;

/// Prompts and depths of the probes: shallow and deep.
const N_PROMPTS: [u32; 2] = [256, 1024];
const N_DEPTHS: [u32; 2] = [64, 1024];
const N_ROUNDS: u32 = 4;
/// Shortest sample of a probe, nanoseconds.
const SAMPLE_NS: u64 = 100_000_000;

/// Measures one and keeps it. `None` where probes cannot be measured as asked: no figure is better than a wrong one.
pub fn measure(desk: &Desk<'_>, n_threads: u32, needs: &Needs) -> Result<Option<Profile>, Failure> {
    let Desk {
        live, stop, sources, ..
    } = desk;
    live.line("measuring what this machine does with each type of weights (once; cached in the store)");
    let types: Vec<GgmlType> = std::iter::once(GgmlType::F16)
        .chain(needs.types.iter().copied().filter(|ty| *ty != GgmlType::F16))
        .collect();
    let (labels, [wide, small]) = write_probes(&types, needs.shape, sources.context())?;
    let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
    let mut kv = needs.kv.clone();
    let plain = KvPair::of(KvType::F16);
    kv.retain(|pair| *pair != plain);
    kv.insert(0, plain);
    let _lock = lock::wait_for_machine(live, stop)?;
    let mut kept_in = None;
    let sets = [
        ("wide", wide, labels, vec![plain], 1),
        ("small", small, vec!["F16".to_owned()], kv, N_DEPTHS.len()),
    ];
    for (name, model, variants, kv, n_lengths) in sets {
        let mut args = default_args()?;
        args.models = vec![model.display().to_string()];
        let files = sources.resolve(&Request::of(&args.models, &variants), live)?;
        let settings = Settings {
            variants,
            kv,
            n_threads: vec![n_threads],
            work_flags: WorkFlags {
                n_prompt: N_PROMPTS[..n_lengths].to_vec(),
                depths: N_DEPTHS[..n_lengths].to_vec(),
                n_gen: 16,
                ..WorkFlags::default()
            },
            n_rounds: Some(N_ROUNDS),
            n_launches: Some(1),
            is_full_matrix: true,
            workloads: vec![Workload::Prefill, Workload::Decode],
            level: Level::Quick,
            quality: QualitySettings {
                mode: QualityMode::Off,
                ..QualitySettings::default()
            },
            ..Settings::default()
        };
        let mut plan = plan::build(&settings)?;
        plan.sample_ns_min = SAMPLE_NS;
        let mut job = Job::prepare(&args, settings, (plan, None), files, desk)?;
        let of_run = || folder(desk, n_threads, needs).join(&job.header.run_id);
        let dir = kept_in.get_or_insert_with(of_run).join(name);
        job.memory = MemoryTurn::Never;
        job.measure(&dir, None, desk)?;
        if stop.is_raised() {
            break;
        }
    }
    remove_probes(sources.context());
    if stop.is_raised() {
        // A part of a profile is of no use.
        let _ = kept_in.map(std::fs::remove_dir_all);
        return Err(Failure::msg(
            INTERRUPTED,
            "stopped before the speed of this machine was known; the same command measures it again",
        ));
    }
    let profile = kept_in.and_then(|dir| read(&dir));
    if profile.is_none() {
        live.line("the probes could not all be measured: no speeds are predicted");
    }
    Ok(profile)
}

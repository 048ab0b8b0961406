//! What this machine does with each type of weights: measured once with probes of random weights, and kept.

use super::compare::{default_args, Job};
use super::exit::{Failure, INTERRUPTED};
use super::progress::LiveLine;
use super::sources::Sources;
use super::stop::Stop;
use super::{kept, lock};
use crate::catalog::{remove_probes, write_probes, ProbeShape, Request};
use crate::data::{EngineInfo, HostInfo, KvType, Level, ModelInfo, VariantInfo, Workload};
use crate::gguf::GgmlType;
use crate::plan::{self, KvPair, Probe, Profile, QualityMode, QualitySettings, Settings};
use crate::report::ReportModel;
use crate::runner::MemoryTurn;
use crate::{corpus, stats};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folder of kept profiles in the store.
const PROFILES: &str = "profiles";
/// Prompts and depths of the probes: shallow and deep.
const N_PROMPTS: [u32; 2] = [256, 1024];
const N_DEPTHS: [u32; 2] = [64, 1024];
/// Rounds of each set of probes.
const N_ROUNDS: u32 = 4;
/// Shortest sample of a probe, nanoseconds.
const SAMPLE_NS: u64 = 100_000_000;

/// The machine and the build that a profile is of.
pub struct Machine<'a> {
    pub host: &'a HostInfo,
    pub engine: &'a EngineInfo,
    pub n_threads: u32,
}

/// What a profile has to know.
pub struct Needs {
    pub types: BTreeSet<GgmlType>,
    pub kv: Vec<KvPair>,
    pub shape: ProbeShape,
}

impl Needs {
    /// Every type of these variants, and F16, which probes of caches and layers have.
    pub fn of(model: &ModelInfo, variants: &[VariantInfo], kv: &[KvPair]) -> Needs {
        let n_params = variants.iter().map(|v| v.model_n_params).max();
        let names: BTreeSet<&str> = variants
            .iter()
            .flat_map(|v| v.tensor_types.iter())
            .filter(|(_, share)| share.layer_bytes + share.output_bytes > 0)
            .map(|(name, _)| name.as_str())
            .collect();
        let of_names = GgmlType::ALL.iter().copied().filter(|ty| names.contains(ty.name()));
        Needs {
            types: of_names
                .filter(|ty| *ty != GgmlType::F32)
                .chain([GgmlType::F16])
                .collect(),
            kv: kv.to_vec(),
            shape: ProbeShape::of_model(model.n_embd, n_params.unwrap_or(0)),
        }
    }

    fn are_met_by(&self, profile: &Profile) -> bool {
        self.types.iter().all(|ty| profile.knows_type(ty.name()))
            && self.kv.iter().all(|kv| profile.knows_kv(&kv.to_string()))
    }
}

/// The last kept profile of this machine and build that knows what is needed.
pub fn kept(machine: &Machine<'_>, needs: &Needs, sources: &Sources) -> Option<Profile> {
    kept::newest_first(&folder(machine, needs, sources))
        .filter_map(|dir| read(&dir))
        .find(|profile| needs.are_met_by(profile))
}

/// Measures one and keeps it. `None` where probes cannot be measured as asked: no figure is better than a wrong one.
pub fn measure(
    machine: &Machine<'_>,
    needs: &Needs,
    sources: &Sources,
    live: impl Fn() -> LiveLine,
    stop: &Stop,
) -> Result<Option<Profile>, Failure> {
    live().line("measuring what this machine does with each type of weights (once; kept in the store)");
    let types: Vec<GgmlType> = std::iter::once(GgmlType::F16)
        .chain(needs.types.iter().copied().filter(|ty| *ty != GgmlType::F16))
        .collect();
    let (labels, [wide, small]) = write_probes(&types, needs.shape, &sources.means())?;
    let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
    let mut kv = needs.kv.clone();
    let plain = KvPair::of(KvType::F16);
    kv.retain(|pair| *pair != plain);
    kv.insert(0, plain);
    let _lock = lock::wait_for_machine(&live(), stop)?;
    let mut kept_in = None;
    let sets = [
        ("wide", wide, labels, vec![plain], 1),
        ("small", small, vec!["F16".to_owned()], kv, N_DEPTHS.len()),
    ];
    for (name, model, variants, kv, n_lengths) in sets {
        let mut args = default_args()?;
        args.models = vec![model.display().to_string()];
        let files = sources.resolve(&Request::of(&args.models, &variants), &live())?;
        let settings = Settings {
            variants,
            kv,
            n_threads: vec![machine.n_threads],
            n_prompts: N_PROMPTS[..n_lengths].to_vec(),
            n_depths: N_DEPTHS[..n_lengths].to_vec(),
            n_gen: 16,
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
        let mut job = Job::prepare(
            &args,
            settings,
            (plan, None),
            (machine.host.clone(), machine.engine.clone()),
            files,
            sources,
            &live(),
        )?;
        let of_run = || folder(machine, needs, sources).join(&job.header.run_id);
        job.dir = kept_in.get_or_insert_with(of_run).join(name);
        job.memory = MemoryTurn::Never;
        job.measure(None, live(), stop)?;
        if stop.is_raised() {
            break;
        }
    }
    remove_probes(&sources.means());
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
        live().line("the probes could not all be measured: no speeds are predicted");
    }
    Ok(profile)
}

fn folder(machine: &Machine<'_>, needs: &Needs, sources: &Sources) -> PathBuf {
    let (host, engine) = (machine.host, machine.engine);
    let words = [
        env!("CARGO_PKG_VERSION"),
        &engine.version,
        &engine.system_info,
        &host.cpu,
        &host.os,
        &format!("{} {} {}", host.n_cpus, host.memory_bytes, machine.n_threads),
        &format!("{} layers of {}", needs.shape.n_layer, needs.shape.n_embd),
    ];
    sources
        .store_root()
        .join(PROFILES)
        .join(corpus::sha256_hex(&words.join("\n")))
}

/// The profile that a run of probes gives.
fn read(dir: &Path) -> Option<Profile> {
    let model = |name: &str| {
        let journal = kept::read(&dir.join(name))?;
        let model = ReportModel::build(&journal.header, &journal.records);
        model.totals.is_complete.then_some(model)
    };
    let models = [model("wide")?, model("small")?];
    let mut probes = Vec::new();
    for model in &models {
        for cell in model.cells.iter().filter(|c| c.is_ok() && !c.arm.is_control) {
            let samples: Vec<f64> = cell.samples_ns.iter().map(|&ns| ns as f64).collect();
            let Some(ns) = stats::median(&samples) else { continue };
            probes.push(Probe {
                model: &model.header.model,
                variant: model.variant(&cell.arm.variant)?,
                kv: cell.arm.config.kv(),
                n_prompt: cell.spec.n_prompt(),
                n_depth: cell.spec.n_depth(),
                ns: ns / f64::from(cell.spec.n_gen().max(1)),
            });
        }
    }
    Profile::fit(&probes)
}

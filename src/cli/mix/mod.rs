//! `kvant mix`: a better file of a size, made and proven.
//!
//! Sensitivities (`search`, kept by `kept`) of files that `forge` makes; the choice (`crate::mix`); the mix in the store; the proof
//! against its rivals on a text of its own (`prove`); the answer (`render`).

mod cached;
mod calibration;
mod forge;
mod imatrix;
mod make;
mod picture;
mod prove;
mod render;
mod search;
mod setting;
mod target;

use super::args::{self, Global, MixArgs};
use super::builds;
use super::desk::Desk;
use super::exit::{Failure, BAD_INPUT, DOES_NOT_FIT, NOT_MET, UNEXPECTED};
use super::job::unused;
use super::runs::JOURNAL_NAME;
use crate::catalog::{free_at, mixes_of};
use crate::data::{ArmConfig, VariantInfo};
use crate::mix::{groups, Limits, Matrix};
use crate::runner::TrialConfig;
use crate::{engine, host, units};
use cached::{stopped, Cache};
use calibration::{Calibration, N_CHUNKS_MAX};
use forge::Forge;
use make::{label, made_from, make};
use search::{Chosen, Search, Wanted};
use setting::Setting;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use target::Target;

/// Longest wait for an answer of a trial.
const DEADLINE: Duration = Duration::from_secs(1800);
/// Time for sensitivities, of small models and of others.
const BUDGET_SMALL: Duration = Duration::from_secs(90);
const BUDGET: Duration = Duration::from_secs(300);
const N_PARAMS_SMALL: u64 = 50_000_000;
/// Metadata of a mix, besides its recipe.
const METADATA_BYTES: u64 = 1024;

pub fn run(args: &MixArgs, global: &Global) -> Result<u8, Failure> {
    let target = Target::of(args)?;
    target::types(args, args.imatrix != "off")?;
    let calibration = Calibration::of(args)?;
    if let Some(out) = args.out.as_ref().filter(|out| out.join(JOURNAL_NAME).exists()) {
        let why = format!("--out {}: a run is there already; choose another folder", out.display());
        return Err(Failure::msg(BAD_INPUT, why));
    }
    let desk = Desk::new(global, host::gather(), engine::info())?;
    let started = Instant::now();
    let setting = Setting::of(args, (target, calibration), &desk)?;
    let (mut search, wanted, mut chosen, mut mix) = find(args, &setting, &desk)?;
    if let Some(least) = setting.target.min_decode.filter(|_| wanted.limits.ns.is_finite()) {
        let mut alone = setting.files.all.clone();
        alone.variants = vec![mix.clone()];
        let tps = prove::decode_tps(args, alone, &desk)?;
        if let Some(tps) = tps.filter(|tps| *tps < least) {
            // The prediction was too fast: once more, for as much less time.
            let ns = chosen.predicted.ns * tps / least;
            let limits = Limits { ns, ..wanted.limits };
            let again = search.run(&Wanted { limits, ..wanted })?;
            if let Some(again) = again.filter(|again| again.picks != chosen.picks) {
                mix = file(&search, &again, &setting, &desk)?;
                chosen = again;
            }
        }
    }
    let n_chunks = args.chunks.unwrap_or_else(|| n_chunks_to_prove(&search));
    let compare = prove::compare_args(args, n_chunks)?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => unused(&setting.folder, &mix.0.id),
    };
    let mut all = setting.files.all.clone();
    all.variants.push(mix.clone());
    let proof = prove::prove(&compare, all, &out, &desk)?;
    if desk.stop.is_raised() {
        return Err(stopped());
    }
    let known = search.known()?;
    let answer = render::Answer {
        setting: &setting,
        search: &search,
        known: &known,
        chosen: &chosen,
        mix: &mix,
        proof: &proof,
        seconds: started.elapsed().as_secs_f64(),
    };
    answer.tell(args, global, &out)
}

type Mix = (VariantInfo, PathBuf);

/// What is wanted, the choice, and the file of it in the store.
fn find<'a>(
    args: &MixArgs,
    setting: &'a Setting,
    desk: &'a Desk<'_>,
) -> Result<(Search<'a>, Wanted, Chosen, Mix), Failure> {
    let mut search = begin(args, setting, desk)?;
    let wanted = wanted(setting, &search.forge)?;
    let found = search.run(&wanted)?;
    desk.live.clear();
    let Some(chosen) = found else {
        return Err(not_met(&setting.target, &search));
    };
    let mix = file(&search, &chosen, setting, desk)?;
    Ok((search, wanted, chosen, mix))
}

fn file(search: &Search<'_>, chosen: &Chosen, setting: &Setting, desk: &Desk<'_>) -> Result<Mix, Failure> {
    let label = label(search, chosen, setting.weighing.is_some());
    make(search, chosen, &label, setting, desk)
}

/// Mixes of a model for other commands: those in the store, or else one of the size of Q4_K_M, which is made.
pub fn candidates(models: &[String], desk: &Desk<'_>) -> Result<Vec<Mix>, Failure> {
    let args = MixArgs {
        models: models.to_vec(),
        ..args::given(&[])?
    };
    let setting = Setting::of(&args, (Target::of(&args)?, Calibration::of(&args)?), desk)?;
    let made = mixes_of(&made_from(&setting.files.reference.0), desk.sources.store());
    match made.is_empty() {
        false => Ok(made),
        true => Ok(vec![find(&args, &setting, desk)?.3]),
    }
}

fn begin<'a>(args: &MixArgs, setting: &'a Setting, desk: &'a Desk<'_>) -> Result<Search<'a>, Failure> {
    let sources = &desk.sources;
    let Setting {
        files, folder, types, ..
    } = setting;
    let weighing = setting.weighing.as_ref();
    let is_timed = setting.target.min_decode.is_some() || setting.target.max_kld.is_some();
    let unusable = |e: std::io::Error| {
        let why = format!("the store cannot be used ({e}); free some space, or set KVANT_STORE");
        Failure::msg(UNEXPECTED, why)
    };
    let cache = Cache::open(&folder.join("sensitivities.jsonl"), args.fresh).map_err(unusable)?;
    check_room(folder, files.reference.0.model_size, types.len())?;
    let dir = sources.store().temporary_folder()?;
    let exe = std::env::current_exe().map_err(|e| Failure::new(UNEXPECTED, e))?;
    let forge = Forge::new(
        sources.quantizer(),
        &files.reference.1,
        weighing.map(|w| (w.path.clone(), w.matrix.clone())),
        dir,
    )?;
    let found = groups(&forge.matrices, args.groups);
    // A thread for each file loses nothing to waiting, as long as the files fit side by side.
    let available = host::memory_available_bytes().unwrap_or(0);
    let n_fit = available / 2 / (2 * files.reference.0.model_size).max(1);
    // A quarter of the memory for the reference's logits.
    let chunk_bytes = u64::from(prove::N_CTX / 2) * (16 + 4 * u64::from(files.all.info.n_vocab));
    let n_chunks = (available / 4 / chunk_bytes).clamp(2, u64::from(N_CHUNKS_MAX)) as u32;
    let config = &setting.config;
    let n_lanes = config
        .n_threads
        .clamp(1, u32::try_from(n_fit).unwrap_or(u32::MAX).max(1)) as usize;
    let config = ArmConfig {
        n_threads: (config.n_threads / n_lanes as u32).max(1),
        ..config.clone()
    };
    let trials = TrialConfig {
        command: builds::command(exe, BTreeMap::new(), &folder.join("logs")),
        reference: files.reference.1.clone(),
        text: setting.calibration.for_choice().to_owned(),
        config,
        deadline: DEADLINE,
    };
    Ok(Search::new(
        forge,
        found,
        types.clone(),
        cache,
        setting.profile.as_ref().filter(|_| is_timed),
        (trials, n_chunks, n_lanes),
        budget(args, files.reference.0.model_n_params),
        (&desk.live, &desk.stop),
    ))
}

/// Whole files in every type, a trial, and the mix must fit.
fn check_room(folder: &Path, file_bytes: u64, n_types: usize) -> Result<(), Failure> {
    let room = file_bytes * (n_types as u64 / 2 + 2);
    let Some(free) = free_at(folder).filter(|free| *free < room) else {
        return Ok(());
    };
    let text = format!(
        "trying types takes about {} in {}, where {} are free; free some space, set KVANT_STORE, or name fewer --types",
        units::bytes(room),
        folder.display(),
        units::bytes(free)
    );
    Err(Failure::msg(DOES_NOT_FIT, text))
}

/// The target as sums over the matrices.
fn wanted(setting: &Setting, forge: &Forge<'_>) -> Result<Wanted, Failure> {
    let Setting {
        target, files, config, ..
    } = setting;
    let profile = setting.profile.as_ref();
    let like = match &target.like {
        None => None,
        Some(like) => {
            let size = files.size(like);
            Some(size.ok_or_else(|| Failure::msg(BAD_INPUT, format!("--like {like}: the model has no such variant")))?)
        }
    };
    let size = target.max_size.into_iter().chain(like).min();
    let n_elements: u64 = forge.matrices.iter().map(|m| m.n_elements).sum();
    let bytes = size.map(|size| size.saturating_sub(bytes_besides(forge)) as f64);
    let ns = target.min_decode.zip(profile).and_then(|(tps, profile)| {
        let exact = profile.predict(&files.all.info, &files.reference.0, config, prove::N_DEPTH, 1)?;
        let read = |m: &Matrix| {
            let ns = profile.ns_per_byte(m.source.name())?;
            Some(m.bytes(m.source) as f64 * m.read_share * ns)
        };
        let weights: f64 = forge.matrices.iter().filter_map(read).sum();
        Some((1e9 / tps - (exact.decode_ns - weights)).max(0.0))
    });
    let bpw = bytes.map_or(5.0, |bytes| 8.0 * bytes / n_elements.max(1) as f64);
    Ok(Wanted {
        aim: target.aim(profile.is_some()),
        limits: Limits {
            loss: target.max_kld.unwrap_or(f64::INFINITY),
            bytes: bytes.unwrap_or(f64::INFINITY),
            ns: ns.unwrap_or(f64::INFINITY),
        },
        bpw,
    })
}

/// Of the file of a mix what is not its matrices.
fn bytes_besides(forge: &Forge<'_>) -> u64 {
    let recipe = forge.matrices.len() as u64 * 12;
    forge.other_bytes() + recipe + METADATA_BYTES
}

/// No choice keeps to the limits: what comes nearest.
fn not_met(target: &Target, search: &Search<'_>) -> Failure {
    let smallest = search.smallest().map(|bytes| {
        let bytes = bytes + bytes_besides(&search.forge);
        format!("the smallest that these types give is {}", units::bytes(bytes))
    });
    let smallest = smallest.unwrap_or_else(|| "no type fits all rows".to_owned());
    let what = match (target.max_size, target.min_decode) {
        (Some(size), _) => format!("no mix of {} or less", units::bytes(size)),
        (None, Some(tps)) => format!("no mix that is predicted to decode {tps} t/s"),
        _ => "no mix within the limits".to_owned(),
    };
    Failure::msg(
        NOT_MET,
        format!("{what}: {smallest}; ask for less, or name other --types"),
    )
}

fn budget(args: &MixArgs, n_params: u64) -> Duration {
    let usual = if n_params < N_PARAMS_SMALL {
        BUDGET_SMALL
    } else {
        BUDGET
    };
    args.budget.map_or(usual, Duration::from_nanos)
}

/// As many as a minute takes, by what the trials took.
fn n_chunks_to_prove(search: &Search<'_>) -> u32 {
    let per_chunk = search.chunk_seconds().max(1e-3);
    ((60.0 / (5.0 * per_chunk)) as u32).clamp(16, 64)
}

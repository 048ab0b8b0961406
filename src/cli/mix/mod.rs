//! `kvant mix`: a better file of a size, made and proven.
//!
//! Sensitivities (`search`, kept by `kept`) of files that `forge` makes; the choice (`crate::mix`); the mix in the store; the proof
//! against its rivals on a text of its own (`prove`); the answer (`render`).

mod forge;
mod imatrix;
mod kept;
mod picture;
mod prove;
mod render;
mod search;
mod target;

use super::args::{Global, MixArgs};
use super::compare::unused;
use super::exit::{Failure, BAD_INPUT, DOES_NOT_FIT, INTERRUPTED, NOT_MET, UNEXPECTED};
use super::profile::{self, Machine, Needs};
use super::progress::LiveLine;
use super::sources::Sources;
use super::stop::Stop;
use super::texts;
use crate::catalog::{free_at, keep_mix, Mixed, ModelFiles, ProbeShape, Request, QUANTIZER_TAG};
use crate::corpus::{self, Corpus};
use crate::data::{ArmConfig, DerivedFrom, EngineInfo, VariantInfo};
use crate::gguf::GgmlType;
use crate::mix::{groups, Limits};
use crate::plan::Profile;
use crate::runner::{TrialConfig, WorkerCommand};
use crate::{engine, host, units};
use forge::{label_of, Forge};
use imatrix::Weighing;
use kept::Kept;
use search::{Chosen, Search, Wanted};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use target::Target;

/// Folder of what is kept in the store.
const FOLDER: &str = "mix";
/// Chunks of the text that sensitivities are measured on, at most.
const N_CHUNKS_MAX: u32 = 24;
/// Bytes of text for a token, more than any tokenizer's tokens have on average.
const BYTES_PER_TOKEN: usize = 8;
/// Chunks of an importance matrix.
const N_CHUNKS_IMATRIX: u32 = 64;
/// Longest wait for an answer of a trial.
const DEADLINE: Duration = Duration::from_secs(1800);
/// Metadata of a mix, besides its recipe.
const METADATA_BYTES: u64 = 1024;

/// A run that was stopped.
fn stopped() -> Failure {
    Failure::msg(
        INTERRUPTED,
        "stopped; what was measured is kept, and the same command goes on from there",
    )
}

/// The text that calibrates.
struct Calibration {
    name: String,
    text: String,
    sha256: String,
}

impl Calibration {
    fn of(args: &MixArgs) -> Result<Calibration, Failure> {
        let (name, text) = match &args.calibrate {
            Some(path) => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                (name.into_owned(), texts::read_file(path)?)
            }
            None => {
                let n_tokens = (N_CHUNKS_MAX + N_CHUNKS_IMATRIX) as usize * prove::N_CTX as usize;
                let corpus = Corpus::new(args.text_seed, &format!("{}/mix", args.salt));
                ("corpus".to_owned(), corpus.text(n_tokens * BYTES_PER_TOKEN))
            }
        };
        let sha256 = corpus::sha256_hex(&text);
        if let Some(path) = &args.text {
            if corpus::sha256_hex(&texts::read_file(path)?) == sha256 {
                let why = "--calibrate and --text are one text: what chooses must not prove; give two";
                return Err(Failure::msg(BAD_INPUT, why));
            }
        }
        Ok(Calibration { name, text, sha256 })
    }

    /// The part that sensitivities are measured on: the first of it.
    fn for_choice(&self) -> &str {
        let n = N_CHUNKS_MAX as usize * prove::N_CTX as usize * BYTES_PER_TOKEN;
        &self.text[..self.text.floor_char_boundary(n.min(self.text.len() / 2))]
    }

    /// The part that an importance matrix is gathered on: the rest.
    fn for_imatrix(&self) -> &str {
        &self.text[self.for_choice().len()..]
    }
}

/// The files to begin with.
struct Files {
    all: ModelFiles,
    /// What everything is made from and held against.
    reference: (VariantInfo, PathBuf),
    /// The user's file that the reference was made from, where that was quantized.
    given: Option<String>,
}

impl Files {
    fn of(args: &MixArgs, target: &Target, sources: &Sources, live: &LiveLine) -> Result<Files, Failure> {
        let mut wanted = vec!["F16".to_owned(), "Q8_0".to_owned(), "Q4_K_M".to_owned()];
        wanted.extend(target.like.clone().filter(|like| !wanted.contains(like)));
        let resolve = |wanted: &[String]| {
            let request = Request {
                command: "mix",
                ..Request::of(&args.models, wanted)
            };
            sources.resolve(&request, live)
        };
        let mut all = resolve(&wanted)?;
        let first = |all: &ModelFiles| all.variants.first().cloned();
        let reference = first(&all).ok_or_else(|| Failure::msg(UNEXPECTED, "the model has no files"))?;
        let from = reference.0.derived_from.clone().filter(|from| from.is_requantized);
        let given = from.map(|from| from.ftype);
        if let Some(given) = given.as_ref().filter(|given| !wanted.contains(given)) {
            wanted.push(given.clone());
            all = resolve(&wanted)?;
        }
        if !reference.0.parts.is_empty() {
            let why = "the exact file of this model is split into parts, which mix cannot read yet; join them with llama-gguf-split --merge";
            return Err(Failure::msg(BAD_INPUT, why));
        }
        Ok(Files { all, reference, given })
    }

    fn size(&self, id: &str) -> Option<u64> {
        let (_, path) = self.all.variants.iter().find(|(info, _)| info.id == id)?;
        Some(path.metadata().ok()?.len())
    }
}

/// Searches, makes, proves, answers.
pub fn run(args: &MixArgs, global: &Global) -> Result<u8, Failure> {
    let target = Target::of(args)?;
    target::types(args, args.imatrix != "off")?;
    let calibration = Calibration::of(args)?;
    let (host, engine) = (host::gather(), engine::info());
    let stop = Stop::install()?;
    let live = LiveLine::new(global);
    let sources = Sources::of_user(global, &stop, &live)?;
    let files = Files::of(args, &target, &sources, &live)?;
    let compare = prove::compare_args(args, args.chunks.unwrap_or(8))?;
    let (_, plan) = prove::planned(&compare, files.all.ids(), (&host, &engine))?;
    let config = prove::scoring_config(&plan)?;
    let started = std::time::Instant::now();
    let weighing = imatrix::of(args, &files.reference, &calibration, config.n_threads, &sources, &live)?;
    let types = target::types(args, weighing.is_some())?;
    let machine = Machine {
        host: &host,
        engine: &engine,
        n_threads: config.n_threads,
    };
    let profile = speeds(&machine, &types, &files, &target, &sources, (global, &stop))?;
    let question = question(&files, &calibration, weighing.as_ref(), args, &engine);
    let folder = sources.store_root().join(FOLDER).join(&question);
    let mut search = begin(
        args,
        (&files, &calibration, weighing.as_ref()),
        (types, profile.as_ref()),
        (config, &folder),
        &sources,
        (&live, &stop),
    )?;
    let wanted = wanted(&target, &files, &search.forge, (profile.as_ref(), &plan.arms[0].config))?;
    let found = search.run(&wanted)?;
    live.clear();
    let Some(chosen) = found else {
        return Err(not_met(&target, &search, &wanted));
    };
    let label = label(&search, &chosen, weighing.is_some());
    let mix = make(&search, &chosen, (&label, &calibration), &files, &sources, &live)?;
    let n_chunks = args.chunks.unwrap_or_else(|| n_chunks_to_prove(&search));
    let compare = prove::compare_args(args, n_chunks)?;
    let started_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let out = match &args.out {
        Some(out) => out.clone(),
        None => unused(&folder, &format!("{label}-{}", started_at.replace([':', '-'], ""))),
    };
    let mut all = files.all.clone();
    all.variants.push(mix.clone());
    let line = LiveLine::new(global);
    let proof = prove::prove(&compare, all, (host, engine), &out, &sources, (line, &stop, global))?;
    if stop.is_raised() {
        return Err(stopped());
    }
    let known = search.known()?;
    let answer = render::Answer {
        target: &target,
        files: &files,
        search: &search,
        known: &known,
        chosen: &chosen,
        weighing: weighing.as_ref(),
        calibration: &calibration,
        mix: &mix,
        proof: &proof,
        seconds: started.elapsed().as_secs_f64(),
        lang: global.lang.into(),
    };
    answer.tell(args, global, &out)
}

/// Speeds of types on this machine: kept ones, and measured where the target is a speed.
fn speeds(
    machine: &Machine<'_>,
    types: &[GgmlType],
    files: &Files,
    target: &Target,
    sources: &Sources,
    (global, stop): (&Global, &Stop),
) -> Result<Option<Profile>, Failure> {
    let (model, info) = (&files.all.info, &files.reference.0);
    let needs = Needs {
        types: types.iter().copied().chain([GgmlType::F16]).collect(),
        kv: vec![crate::plan::KvPair {
            k: crate::data::KvType::F16,
            v: crate::data::KvType::F16,
            is_rotated: true,
        }],
        shape: ProbeShape::of_model(model.n_embd, info.model_n_params),
    };
    match profile::kept(machine, &needs, sources) {
        None if target.min_decode.is_some() => {
            let profile = profile::measure(machine, &needs, sources, || LiveLine::new(global), stop)?;
            let why = "--min-decode: this machine's speed with each type of weights could not be measured; leave it out";
            profile.map(Some).ok_or_else(|| Failure::msg(UNEXPECTED, why))
        }
        kept => Ok(kept),
    }
}

/// Names what sensitivities are of.
fn question(
    files: &Files,
    calibration: &Calibration,
    weighing: Option<&Weighing>,
    args: &MixArgs,
    engine: &EngineInfo,
) -> String {
    let words = [
        env!("CARGO_PKG_VERSION").to_owned(),
        files.reference.0.sha256.clone(),
        corpus::sha256_hex(calibration.for_choice()),
        weighing.map_or(String::new(), |w| w.sha256.clone()),
        format!("{:?} {}", args.groups, prove::N_CTX),
        engine.version.clone(),
        engine.system_info.clone(),
    ];
    corpus::sha256_hex(&words.join("\n"))
}

fn begin<'a>(
    args: &MixArgs,
    (files, calibration, weighing): (&Files, &Calibration, Option<&Weighing>),
    (types, profile): (Vec<GgmlType>, Option<&'a Profile>),
    (config, folder): (ArmConfig, &Path),
    sources: &'a Sources,
    (live, stop): (&'a LiveLine, &'a Stop),
) -> Result<Search<'a>, Failure> {
    let unusable = |e: std::io::Error| {
        let why = format!("the store cannot be used ({e}); free some space, or set KVANT_STORE");
        Failure::msg(UNEXPECTED, why)
    };
    let kept = Kept::open(&folder.join("sensitivities.jsonl"), args.fresh).map_err(unusable)?;
    // Whole files in every type, a trial, and the mix.
    let room = files.reference.0.model_size * (types.len() as u64 / 2 + 2);
    if let Some(free) = free_at(folder).filter(|free| *free < room) {
        let text = format!(
            "trying types takes about {} in {}, where {} are free; free some space, set KVANT_STORE, or name fewer --types",
            units::bytes(room),
            folder.display(),
            units::bytes(free)
        );
        return Err(Failure::msg(DOES_NOT_FIT, text));
    }
    let dir = tempfile::Builder::new().prefix(".tmp-mix").tempdir_in(folder).map_err(unusable)?;
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
    let n_lanes = config.n_threads.clamp(1, u32::try_from(n_fit).unwrap_or(u32::MAX).max(1)) as usize;
    let config = ArmConfig {
        n_threads: (config.n_threads / n_lanes as u32).max(1),
        ..config
    };
    let trials = TrialConfig {
        command: WorkerCommand {
            exe,
            env: vec![(crate::worker::PARENT_ENV.into(), std::process::id().to_string().into())],
            log_dir: folder.join("logs"),
        },
        reference: files.reference.1.clone(),
        text: calibration.for_choice().to_owned(),
        config,
        deadline: DEADLINE,
    };
    let speed = move |ty: GgmlType| profile?.ns_per_byte(ty.name());
    Ok(Search::new(
        forge,
        found,
        types,
        kept,
        Box::new(speed),
        (trials, n_chunks, n_lanes),
        Duration::from_nanos(args.budget),
        (live, stop),
    ))
}

/// The target as sums over the matrices.
fn wanted(
    target: &Target,
    files: &Files,
    forge: &Forge<'_>,
    (profile, config): (Option<&Profile>, &ArmConfig),
) -> Result<Wanted, Failure> {
    let like = match &target.like {
        None => None,
        Some(like) => {
            let size = files.size(like);
            Some(size.ok_or_else(|| Failure::msg(BAD_INPUT, format!("--like {like}: the model has no such variant")))?)
        }
    };
    let size = target.max_size.into_iter().chain(like).min();
    let n_elements: u64 = forge.matrices.iter().map(|m| m.n_elements).sum();
    let recipe_bytes: u64 = forge.matrices.len() as u64 * 12 + METADATA_BYTES;
    let bytes = size.map(|size| size.saturating_sub(forge.other_bytes() + recipe_bytes) as f64);
    let ns = target.min_decode.zip(profile).and_then(|(tps, profile)| {
        let exact = profile.predict(&files.all.info, &files.reference.0, config, 128, 1)?;
        let read = |m: &crate::mix::Matrix| {
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

/// No choice keeps to the limits: what comes nearest.
fn not_met(target: &Target, search: &Search<'_>, wanted: &Wanted) -> Failure {
    let least = search.nearest(wanted);
    let recipe_bytes: u64 = search.forge.matrices.len() as u64 * 12 + METADATA_BYTES;
    let smallest = least.filter(|c| c.bytes.is_finite()).map(|c| {
        let bytes = c.bytes as u64 + search.forge.other_bytes() + recipe_bytes;
        format!("the smallest that these types give is {}", units::bytes(bytes))
    });
    let smallest = smallest.unwrap_or_else(|| "no type fits all rows".to_owned());
    let what = match (target.max_size, target.min_decode) {
        (Some(size), _) => format!("no mix of {} or less", units::bytes(size)),
        (None, Some(tps)) => format!("no mix that is predicted to decode {tps} t/s"),
        _ => "no mix within the limits".to_owned(),
    };
    Failure::msg(NOT_MET, format!("{what}: {smallest}; ask for less, or name other --types"))
}

/// What to call the mix: its size, and what its weights were weighed with.
fn label(search: &Search<'_>, chosen: &Chosen, is_weighed: bool) -> String {
    let bytes = chosen.recipe.bytes(&search.forge.matrices) + search.forge.other_bytes();
    let size = units::bytes(bytes).replace(' ', "");
    let weighed = if is_weighed { "-imatrix" } else { "" };
    format!("mix-{size}{weighed}")
}

/// The file, by llama.cpp's quantizer, checked and put into the store.
fn make(
    search: &Search<'_>,
    chosen: &Chosen,
    (label, calibration): (&str, &Calibration),
    files: &Files,
    sources: &Sources,
    live: &LiveLine,
) -> Result<(VariantInfo, PathBuf), Failure> {
    let forge = &search.forge;
    let main = chosen.recipe.main_type(&forge.matrices).unwrap_or(GgmlType::Q8_0);
    let path = forge.place("mix.gguf");
    let total = chosen.recipe.bytes(&forge.matrices);
    let label_line = format!("making {label}");
    forge.quantize(&chosen.recipe, main, &path, &mut |done| live.share(&label_line, done.min(total), total))?;
    check(&path, search, chosen)?;
    let (reference, _) = &files.reference;
    let from = reference.derived_from.clone().unwrap_or(DerivedFrom {
        file: reference.file.clone(),
        sha256: reference.sha256.clone(),
        ftype: reference.ftype.clone().unwrap_or_else(|| reference.id.clone()),
        is_requantized: false,
    });
    let imatrix = forge.imatrix.as_ref();
    let notes = [
        ("calibration", format!("{} {}", calibration.name, calibration.sha256)),
        ("quantizer", format!("{QUANTIZER_TAG} {}", label_of(main))),
        (
            "imatrix",
            imatrix.map_or("none".to_owned(), |(path, _)| {
                path.file_name().unwrap_or_default().to_string_lossy().into_owned()
            }),
        ),
    ];
    let mixed = Mixed {
        file: &path,
        label,
        recipe: &chosen.recipe.text(&forge.matrices),
        notes: &notes,
        from: &from,
    };
    Ok(keep_mix(&mixed, sources.store(), &mut |event| live.file(event))?)
}

/// The quantizer must have done what it was asked.
fn check(path: &Path, search: &Search<'_>, chosen: &Chosen) -> Result<(), Failure> {
    let made = crate::gguf::Gguf::open(path).map_err(|e| Failure::new(UNEXPECTED, e))?;
    let reference = crate::gguf::Gguf::open(&search.forge.reference).map_err(|e| Failure::new(UNEXPECTED, e))?;
    for tensor in &reference.tensors {
        let asked = chosen.recipe.0.get(&tensor.name).copied().unwrap_or(tensor.ggml_type);
        let found = made.tensors.iter().find(|t| t.name == tensor.name).map(|t| t.ggml_type);
        if found != Some(asked) {
            let found = found.map_or("nothing", GgmlType::name);
            let text = format!(
                "llama.cpp's quantizer made {} {found} instead of {}; please report this",
                tensor.name,
                asked.name()
            );
            return Err(Failure::msg(UNEXPECTED, text));
        }
    }
    Ok(())
}

/// As many as a minute takes, by what the trials took.
fn n_chunks_to_prove(search: &Search<'_>) -> u32 {
    let per_chunk = search.chunk_seconds().max(1e-3);
    ((60.0 / (5.0 * per_chunk)) as u32).clamp(16, 64)
}

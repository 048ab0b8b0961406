//! What is settled before anything is measured: texts, files, types, and where what is found is kept.

use super::super::args::MixArgs;
use super::super::desk::Desk;
use super::super::exit::{Failure, BAD_INPUT, UNEXPECTED};
use super::super::probe;
use super::super::profile::{self, Needs};
use super::calibration::Calibration;
use super::imatrix::{self, Weighing};
use super::prove;
use super::target::{self, Target};
use crate::catalog::{ModelFiles, ProbeShape, Request};
use crate::corpus;
use crate::data::{ArmConfig, EngineInfo, KvType, VariantInfo};
use crate::gguf::GgmlType;
use crate::plan::{KvPair, Profile};
use std::path::PathBuf;

/// Folder of what is cached in the store.
const FOLDER: &str = "mix";

/// The files to begin with.
pub struct Files {
    pub all: ModelFiles,
    /// What everything is made from and held against.
    pub reference: (VariantInfo, PathBuf),
    /// The user's file that the reference was made from, where that was quantized.
    pub given: Option<String>,
}

impl Files {
    fn of(args: &MixArgs, target: &Target, desk: &Desk<'_>) -> Result<Files, Failure> {
        let mut wanted = vec!["F16".to_owned(), "Q8_0".to_owned(), "Q4_K_M".to_owned()];
        wanted.extend(target.like.clone().filter(|like| !wanted.contains(like)));
        let resolve = |wanted: &[String]| {
            let request = Request {
                command: "mix",
                ..Request::of(&args.models, wanted)
            };
            desk.sources.resolve(&request, &desk.live)
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

    pub fn size(&self, id: &str) -> Option<u64> {
        let (_, path) = self.all.variants.iter().find(|(info, _)| info.id == id)?;
        Some(path.metadata().ok()?.len())
    }
}

pub struct Setting {
    pub target: Target,
    pub calibration: Calibration,
    pub files: Files,
    pub config: ArmConfig,
    pub weighing: Option<Weighing>,
    pub types: Vec<GgmlType>,
    pub profile: Option<Profile>,
    /// In the store.
    pub folder: PathBuf,
}

impl Setting {
    /// Gets the files, and what else is needed of them.
    pub fn of(
        args: &MixArgs,
        (target, calibration): (Target, Calibration),
        desk: &Desk<'_>,
    ) -> Result<Setting, Failure> {
        let files = Files::of(args, &target, desk)?;
        let compare = prove::compare_args(args, args.chunks.unwrap_or(8))?;
        let (_, plan) = prove::planned(&compare, files.all.ids(), desk)?;
        let config = prove::scoring_config(&plan)?;
        let weighing = imatrix::of(args, &files.reference, &calibration, config.n_threads, desk)?;
        let types = target::types(args, weighing.is_some())?;
        let profile = speeds(desk, config.n_threads, &types, &files, &target)?;
        let question = question(&files, &calibration, weighing.as_ref(), args, &desk.engine);
        Ok(Setting {
            folder: desk.sources.store().root().join(FOLDER).join(question),
            target,
            calibration,
            files,
            config,
            weighing,
            types,
            profile,
        })
    }
}

/// Speeds of types on this machine: kept ones, and measured where the target is a speed.
fn speeds(
    desk: &Desk<'_>,
    n_threads: u32,
    types: &[GgmlType],
    files: &Files,
    target: &Target,
) -> Result<Option<Profile>, Failure> {
    let (model, info) = (&files.all.info, &files.reference.0);
    let needs = Needs {
        types: types.iter().copied().chain([GgmlType::F16]).collect(),
        kv: vec![KvPair::of(KvType::F16)],
        shape: ProbeShape::of_model(model.n_embd, info.model_n_params),
    };
    match profile::cached(desk, n_threads, &needs) {
        None if target.min_decode.is_some() => {
            let profile = probe::measure(desk, n_threads, &needs)?;
            let why =
                "--min-decode: this machine's speed with each type of weights could not be measured; leave it out";
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

//! What is asked for, checked as far as it can be without a model.

use super::kv_pair::KvPair;
use super::works::WorkFlags;
use crate::data::{ArmConfig, FlashAttn, KvType, Level, QualityLoss, RequestShape, SplitMode, Workload};

/// What the user asked for, after parsing; nothing here is measured yet.
#[derive(Debug, Clone)]
pub struct Settings {
    pub level: Level,
    /// Variant ids, the baseline first.
    pub variants: Vec<String>,
    /// KV types, the baseline's first.
    pub kv: Vec<KvPair>,
    /// Flash attention, the same for all arms.
    pub flash_attn: FlashAttn,
    /// `cpu`, or devices as in [`ArmConfig`].
    pub device: String,
    /// Layers on the device, the baseline's first; 0 is the CPU alone, -1 all.
    pub n_gpu_layers: Vec<i32>,
    pub split_mode: SplitMode,
    pub no_kv_offload: bool,
    /// Threads, the baseline's first.
    pub n_threads: Vec<u32>,
    /// Executables that arms are measured with, the baseline's first; none: kvant's own.
    pub builds: Vec<PlannedBuild>,
    pub n_batch: u32,
    pub n_ubatch: u32,
    /// Context size; what the work needs when absent.
    pub n_ctx: Option<u32>,
    pub workloads: Vec<Workload>,
    pub work_flags: WorkFlags,
    /// Measure every KV type with every variant and at every prompt length.
    pub is_full_matrix: bool,
    /// The request that is to be short, if it was named: its works are then measured, whatever else is. Otherwise that of a chat, or
    /// the nearest to it that is measured.
    pub request: Option<RequestShape>,
    /// The limit of quality, as far as it decides when scoring ends.
    pub max_quality_loss: Option<QualityLoss>,
    pub seed: u64,
    /// Time budget; the level's own when absent.
    pub budget_ns: Option<u64>,
    /// Target half-width of headline ratios.
    pub precision: f64,
    /// Half-width of what counts as the same speed.
    pub equivalence: f64,
    /// Exactly so many rounds, each of them whole.
    pub n_rounds: Option<u32>,
    /// Launches: exactly so many; the level's own when absent.
    pub n_launches: Option<u32>,
    pub quality: QualitySettings,
    /// A decision in about a minute: every KV type with every variant, short samples, quality first.
    pub is_triage: bool,
    /// Two builds against each other, and nothing else: many launches, no control.
    pub is_gate: bool,
}

/// How much of a run goes into quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QualityMode {
    Off,
    /// Until it is precise enough or the time is spent.
    #[default]
    On,
    /// Every arm, every chunk, however long it takes.
    Full,
}

/// What the user asked for, as to quality.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QualitySettings {
    pub mode: QualityMode,
    /// Windows; 512 and the greatest depth when absent.
    pub windows: Option<Vec<u32>>,
    /// KV types besides the baseline's; chosen by the level when absent.
    pub kv: Option<Vec<KvPair>>,
    /// Target half-width of ln(PPL ratio), if one was asked for.
    pub precision: Option<f64>,
    /// At most so many chunks per window; the level's own when absent.
    pub n_chunks: Option<u32>,
    /// The text is the user's: `Full` scores all of it.
    pub is_own_text: bool,
}

/// An executable, and the devices that it runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedBuild {
    pub name: String,
    /// As [`Settings::device`].
    pub device: String,
}

impl Default for Settings {
    /// What `compare` measures on the CPU, of no variant yet.
    fn default() -> Settings {
        let config = ArmConfig::default();
        Settings {
            level: Level::Default,
            variants: Vec::new(),
            kv: vec![KvPair::of(KvType::F16)],
            flash_attn: config.flash_attn,
            device: config.device,
            n_gpu_layers: vec![config.n_gpu_layers],
            split_mode: config.split_mode,
            no_kv_offload: config.no_kv_offload,
            n_threads: vec![config.n_threads],
            builds: Vec::new(),
            n_batch: config.n_batch,
            n_ubatch: config.n_ubatch,
            n_ctx: None,
            workloads: Workload::DEFAULT.to_vec(),
            work_flags: WorkFlags::default(),
            is_full_matrix: false,
            request: None,
            max_quality_loss: None,
            seed: 0,
            budget_ns: None,
            precision: 0.02,
            equivalence: 0.02,
            n_rounds: None,
            n_launches: None,
            quality: QualitySettings::default(),
            is_triage: false,
            is_gate: false,
        }
    }
}

/// Settings that cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("--n-ctx {n_ctx}: the cells need {needed} tokens of context; leave --n-ctx out, or shorten --n-prompt and --depths")]
    ContextTooSmall { n_ctx: u32, needed: u32 },
    /// A window in which next to nothing would be scored.
    #[error(
        "--quality-ctx {n_ctx}: a window needs at least {N_CTX_QUALITY_MIN} tokens; for example --quality-ctx 512"
    )]
    WindowTooShort { n_ctx: u32 },
    /// llama.cpp cannot quantize V without flash attention.
    #[error("--kv {kv}: a quantized V cache needs flash attention; drop --flash-attn off, or use {kv_k}/f16")]
    QuantizedVWithoutFlashAttn { kv: String, kv_k: KvType },
    #[error("{flag}: {what} is listed twice; name each once")]
    Duplicate { flag: &'static str, what: String },
}

pub(super) fn check(s: &Settings) -> Result<(), PlanError> {
    if let Some(n_ctx) = s.quality.windows.iter().flatten().find(|n| **n < N_CTX_QUALITY_MIN) {
        return Err(PlanError::WindowTooShort { n_ctx: *n_ctx });
    }
    duplicate("--variants", s.variants.iter())?;
    duplicate("--n-gpu-layers", s.n_gpu_layers.iter())?;
    duplicate("--threads", s.n_threads.iter())?;
    duplicate("--worker", s.builds.iter().map(|b| &b.name))?;
    duplicate("--kv", s.kv.iter().map(ToString::to_string).collect::<Vec<_>>().iter())?;
    match s
        .kv
        .iter()
        .chain(s.quality.kv.iter().flatten())
        .find(|kv| kv.v.is_quantized() && s.flash_attn == FlashAttn::Off)
    {
        Some(kv) => Err(PlanError::QuantizedVWithoutFlashAttn {
            kv: kv.to_string(),
            kv_k: kv.k,
        }),
        None => Ok(()),
    }
}

fn duplicate<T: ToString>(flag: &'static str, items: impl Iterator<Item = T>) -> Result<(), PlanError> {
    let mut seen = std::collections::BTreeSet::new();
    for item in items {
        let what = item.to_string();
        if !seen.insert(what.clone()) {
            return Err(PlanError::Duplicate { flag, what });
        }
    }
    Ok(())
}

/// Shorter windows would score a handful of tokens each.
const N_CTX_QUALITY_MIN: u32 = 16;

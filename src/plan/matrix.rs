//! The matrix of arms and cells.

use super::kv_pair::KvPair;
use super::quality::{quality_plan, QualitySettings};
use super::works::{self, planned, Numbers, WorkFlags};
use crate::data::{
    Arm, ArmConfig, Cell, FlashAttn, KvType, Level, Limits, Pace, Plan, Purpose, QualityLoss, RequestShape, SplitMode,
    StopRule, Workload,
};
use crate::decide;

/// What the user asked for, after parsing; nothing here is measured yet.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Level.
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
    /// How a model is spread over several devices.
    pub split_mode: SplitMode,
    /// The KV cache stays in the CPU's memory.
    pub no_kv_offload: bool,
    /// Threads, the baseline's first.
    pub n_threads: Vec<u32>,
    /// Logical batch.
    pub n_batch: u32,
    /// Physical batch.
    pub n_ubatch: u32,
    /// Context size; what the work needs when absent.
    pub n_ctx: Option<u32>,
    /// Prompt lengths of the prefill cells.
    pub n_prompts: Vec<u32>,
    /// Depths of the decode cells.
    pub n_depths: Vec<u32>,
    /// Tokens per decode execution.
    pub n_gen: u32,
    /// Workloads to measure.
    pub workloads: Vec<Workload>,
    /// What is set for single workloads.
    pub work_flags: WorkFlags,
    /// Measure every KV type with every variant and at every prompt length.
    pub is_full_matrix: bool,
    /// The request that is to be short, if it was named: its works are then measured, whatever else is. Otherwise that of a chat, or
    /// the nearest to it that is measured.
    pub request: Option<RequestShape>,
    /// The limit of quality, as far as it steers scoring.
    pub max_quality_loss: Option<QualityLoss>,
    /// Seed.
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
    /// Quality.
    pub quality: QualitySettings,
    /// A decision in about a minute: every KV type with every variant, short samples, quality first.
    pub is_triage: bool,
}

/// Settings that cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A list is empty or holds 0.
    #[error("{flag}: needs at least one number, each 1 or more; for example {flag} {example}")]
    BadList {
        /// The flag.
        flag: &'static str,
        /// A value that works.
        example: &'static str,
    },
    /// The context is too small for the work.
    #[error("--n-ctx {n_ctx}: the cells need {needed} tokens of context; leave --n-ctx out, or shorten --n-prompt and --depths")]
    ContextTooSmall {
        /// Given.
        n_ctx: u32,
        /// Needed.
        needed: u32,
    },
    /// A window in which next to nothing would be scored.
    #[error(
        "--quality-ctx {n_ctx}: a window needs at least {N_CTX_QUALITY_MIN} tokens; for example --quality-ctx 512"
    )]
    WindowTooShort {
        /// Given.
        n_ctx: u32,
    },
    /// More sequences than llama.cpp can hold apart.
    #[error("{flag} {n_seq}: llama.cpp decodes at most {N_SEQ_MAX} sequences at once; use smaller numbers")]
    TooManySequences {
        /// The flag.
        flag: &'static str,
        /// Given.
        n_seq: u32,
    },
    /// llama.cpp cannot quantize V without flash attention.
    #[error("--kv {kv}: a quantized V cache needs flash attention; drop --flash-attn off, or use {kv_k}/f16")]
    QuantizedVWithoutFlashAttn {
        /// The pair.
        kv: String,
        /// Its K type.
        kv_k: KvType,
    },
    /// The same thing twice.
    #[error("{flag}: {what} is listed twice; name each once")]
    Duplicate {
        /// The flag.
        flag: &'static str,
        /// The item.
        what: String,
    },
}

/// Builds the plan.
///
/// Arms: every variant with the first KV type and every number of layers on the device, the baseline variant with every KV type
/// (`is_full_matrix`: every variant with every KV type), the baseline first, its control last. Cells: all workloads with the first KV type; with the
/// others decode at every depth and prefill at the middle prompt length, because on a CPU long prompts into a
/// quantized cache take most of the time and tell least. The control leaves out prompts longer than the middle one. Works that decide
/// are measured with every arm.
pub fn build(settings: &Settings) -> Result<Plan, PlanError> {
    check(settings)?;
    let settings = &with_request(settings);
    let specs = works::works(settings);
    let decision = decide::nearest(&specs, settings.request.unwrap_or(Purpose::Chat.request()));
    let decision = decision.map_or_else(Vec::new, |(_, works)| works);
    let needed = specs.iter().map(|work| work.shape().n_ctx).max().unwrap_or(1);
    let n_ctx = settings.n_ctx.unwrap_or(needed);
    if n_ctx < needed {
        return Err(PlanError::ContextTooSmall { n_ctx, needed });
    }
    let arms = arms(settings, n_ctx);
    let mut cells = Vec::new();
    for spec in &specs {
        for (index, arm) in arms.iter().enumerate() {
            if decision.contains(spec) || planned(spec).is_measured(settings, arm) {
                cells.push(Cell {
                    id: format!("{} | {spec}", arm.id),
                    arm: index,
                    spec: *spec,
                });
            }
        }
    }
    Ok(Plan {
        seed: settings.seed,
        level: settings.level,
        arms,
        cells,
        decision,
        pace: pace(settings),
        stop: stop_rule(settings),
        equivalence: settings.equivalence,
        sample_ns_min: if settings.is_triage { 200_000_000 } else { 300_000_000 },
        limits: Limits::default(),
        quality: quality_plan(settings, quality_budget_ns(settings)),
    })
}

/// The works of a named request are among those that are measured.
fn with_request(s: &Settings) -> Settings {
    let mut s = s.clone();
    let Some(request) = s.request.filter(|r| !r.is_decode_alone()) else {
        return s;
    };
    let wants = |workload| s.workloads.contains(&workload);
    if wants(Workload::Prefill) && !s.n_prompts.contains(&request.n_prompt) {
        s.n_prompts.push(request.n_prompt);
        s.n_prompts.sort_unstable();
    }
    let is_near = |depth: &u32| (f64::from(*depth) / f64::from(request.n_depth())).ln().abs() <= 1.25f64.ln();
    if wants(Workload::Decode) && !s.n_depths.iter().any(is_near) {
        s.n_depths.push(request.n_depth());
        s.n_depths.sort_unstable();
    }
    s
}

/// llama.cpp's limit (LLAMA_MAX_SEQ).
const N_SEQ_MAX: u32 = 256;

fn check(s: &Settings) -> Result<(), PlanError> {
    let windows = s.quality.windows.clone().unwrap_or(vec![N_CTX_QUALITY_MIN]);
    let mut all = works::numbers(s);
    all.extend([
        Numbers::of("--n-prompt", "128,512", &s.n_prompts),
        Numbers::of("--depths", "128,512", &s.n_depths),
        Numbers::of("--n-gen", "32", &[s.n_gen]),
        Numbers::of("--n-ctx", "4096", &[s.n_ctx.unwrap_or(1)]),
        Numbers::of("--quality-ctx", "512,2048", &windows),
    ]);
    for numbers in all {
        let (flag, example, values) = (numbers.flag, numbers.example, &numbers.values);
        if values.is_empty() || values.contains(&0) {
            return Err(PlanError::BadList { flag, example });
        }
        duplicate(flag, values.iter())?;
        let too_many = values.iter().find(|n| numbers.is_n_seq && **n > N_SEQ_MAX);
        if let Some(&n_seq) = too_many {
            return Err(PlanError::TooManySequences { flag, n_seq });
        }
    }
    if let Some(n_ctx) = s.quality.windows.iter().flatten().find(|n| **n < N_CTX_QUALITY_MIN) {
        return Err(PlanError::WindowTooShort { n_ctx: *n_ctx });
    }
    duplicate("--variants", s.variants.iter())?;
    if s.n_gpu_layers.is_empty() {
        let (flag, example) = ("--n-gpu-layers", "0,16,all");
        return Err(PlanError::BadList { flag, example });
    }
    duplicate("--n-gpu-layers", s.n_gpu_layers.iter())?;
    if s.n_threads.is_empty() {
        let (flag, example) = ("--threads", "4,8");
        return Err(PlanError::BadList { flag, example });
    }
    duplicate("--threads", s.n_threads.iter())?;
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

fn arms(s: &Settings, n_ctx: u32) -> Vec<Arm> {
    let mut arms = Vec::new();
    for (k, &kv) in s.kv.iter().enumerate() {
        let is_whole = k == 0 || s.is_full_matrix || s.is_triage;
        for (p, place) in places(s).into_iter().enumerate() {
            if p > 0 && !is_whole {
                continue;
            }
            let n_variants = if is_whole { s.variants.len() } else { 1 };
            for (v, variant) in s.variants.iter().take(n_variants).enumerate() {
                arms.push(Arm {
                    id: arm_id(&place.named(variant, s), kv, k == 0),
                    variant: variant.clone(),
                    is_control: false,
                    is_baseline: k == 0 && p == 0 && v == 0,
                    config: config_of(s, kv, place, n_ctx),
                });
            }
        }
    }
    if let Some(baseline) = arms.first().cloned() {
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
pub(super) struct Place {
    layers: i32,
    n_threads: u32,
}

/// Every number of layers with every number of threads, the baseline's first.
pub(super) fn places(s: &Settings) -> Vec<Place> {
    let with_threads = |&layers: &i32| s.n_threads.iter().map(move |&n_threads| Place { layers, n_threads });
    s.n_gpu_layers.iter().flat_map(with_threads).collect()
}

impl Place {
    /// `Q8_0` on the baseline's place; `Q8_0 ngl 16` with another number of layers on the device, `Q8_0 t 4` with other threads.
    fn named(self, variant: &str, s: &Settings) -> String {
        let mut name = variant.to_owned();
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
pub(super) fn config_of(s: &Settings, kv: KvPair, place: Place, n_ctx: u32) -> ArmConfig {
    let is_cpu = place.layers == 0 || s.device == "cpu";
    ArmConfig {
        type_k: kv.k,
        type_v: kv.v,
        has_kv_rotation: kv.is_rotated,
        flash_attn: s.flash_attn,
        device: if is_cpu { "cpu".to_owned() } else { s.device.clone() },
        n_gpu_layers: if is_cpu { 0 } else { place.layers },
        n_threads: place.n_threads,
        n_batch: s.n_batch,
        n_ubatch: s.n_ubatch,
        n_ctx,
        split_mode: if is_cpu { SplitMode::Layer } else { s.split_mode },
        no_kv_offload: !is_cpu && s.no_kv_offload,
    }
}

/// Time for the run: the user's, or the level's own.
fn budget_ns(s: &Settings) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    s.budget_ns.unwrap_or(match s.level {
        Level::Quick => 120 * SECOND,
        Level::Default => 450 * SECOND,
        Level::Full => 1200 * SECOND,
    })
}

fn quality_budget_ns(s: &Settings) -> u64 {
    let share = if s.is_triage {
        QUALITY_SHARE_TRIAGE
    } else {
        QUALITY_SHARE
    };
    budget_ns(s) / share
}

/// The same of a triage, where quality says which arms are worth timing.
const QUALITY_SHARE_TRIAGE: u64 = 3;
/// One part in so many of the time goes into quality, unless it is off.
const QUALITY_SHARE: u64 = 5;
/// Shorter windows would score a handful of tokens each.
const N_CTX_QUALITY_MIN: u32 = 16;

/// Launches are what is repeated, so there are several in every mode, each with as many rounds.
fn stop_rule(s: &Settings) -> StopRule {
    let (n_min, n_max) = match s.level {
        _ if s.is_triage => (4, 32),
        Level::Quick => (4, 8),
        Level::Default => (6, 16),
        Level::Full => (8, 32),
    };
    let asked = s.n_launches.or(s.n_rounds.map(|_| n_min));
    // No launch without a round.
    let asked = asked.map(|n| n.min(s.n_rounds.unwrap_or(n)).max(1));
    StopRule {
        n_launches_min: asked.unwrap_or(n_min),
        n_launches_max: asked.unwrap_or(n_max),
        budget_ns: if s.n_rounds.is_some() && s.budget_ns.is_none() {
            u64::MAX
        } else {
            budget_ns(s)
        },
        precision: s.precision,
    }
}

fn pace(s: &Settings) -> Pace {
    let n_launches = stop_rule(s).n_launches_min;
    let (n_rounds, curve_every) = match s.level {
        _ if s.is_triage => (1, 1),
        Level::Quick => (2, 2),
        Level::Default | Level::Full => (4, 4),
    };
    let thinned = Pace {
        n_rounds,
        table_every: 2,
        curve_every,
        n_dear: N_DEAR,
        keeps_all: !s.is_triage,
        n_rounds_asked: None,
    };
    match s.n_rounds {
        None => thinned,
        Some(n) => Pace {
            n_rounds: n.div_ceil(n_launches),
            table_every: 1,
            curve_every: 1,
            n_dear: n,
            n_rounds_asked: Some(n),
            ..thinned
        },
    }
}

/// How often the dearest works are measured, spread over launches: enough for an interval.
const N_DEAR: u32 = 3;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn settings() -> Settings {
        let f16 = KvPair {
            k: KvType::F16,
            v: KvType::F16,
            is_rotated: true,
        };
        let q8 = KvPair {
            k: KvType::Q8_0,
            v: KvType::Q8_0,
            is_rotated: true,
        };
        Settings {
            level: Level::Default,
            variants: ["F16", "Q8_0", "Q4_K_M"].map(str::to_owned).to_vec(),
            kv: vec![f16, q8],
            flash_attn: FlashAttn::On,
            device: "cpu".into(),
            n_gpu_layers: vec![0],
            split_mode: SplitMode::Layer,
            no_kv_offload: false,
            n_threads: vec![2],
            n_batch: 2048,
            n_ubatch: 512,
            n_ctx: None,
            n_prompts: vec![128, 512, 2048],
            n_depths: vec![128, 512, 2048],
            n_gen: 32,
            workloads: Workload::DEFAULT.to_vec(),
            work_flags: WorkFlags::default(),
            is_full_matrix: false,
            request: None,
            max_quality_loss: None,
            seed: 1,
            budget_ns: None,
            precision: 0.02,
            equivalence: 0.02,
            n_rounds: None,
            n_launches: None,
            quality: QualitySettings {
                mode: super::super::QualityMode::On,
                windows: None,
                kv: None,
                precision: None,
                n_chunks: None,
                is_own_text: false,
            },
            is_triage: false,
        }
    }

    #[test]
    fn the_default_matrix_holds_every_row_the_report_needs() {
        let plan = build(&settings()).expect("valid");
        assert_eq!(plan.arms.len(), 5);
        assert!(plan.arms[0].is_baseline && plan.arms[4].is_control);
        let count = |w, kv: KvType| {
            plan.cells
                .iter()
                .filter(|c| c.spec.workload() == w && plan.arms[c.arm].config.type_k == kv)
                .count()
        };
        assert_eq!(count(Workload::Prefill, KvType::F16), 3 * 3 + 2);
        assert_eq!(count(Workload::Prefill, KvType::Q8_0), 1);
        assert_eq!(count(Workload::Decode, KvType::F16), 3 * 4);
        assert_eq!(count(Workload::Decode, KvType::Q8_0), 3);
        assert_eq!(count(Workload::NoReuse, KvType::F16), 2 * 3);
        assert_eq!(plan.arms[0].config.n_ctx, 2048 + 32);
        let full = build(&Settings {
            is_full_matrix: true,
            ..settings()
        })
        .expect("valid");
        assert_eq!((full.arms.len(), full.cells.len()), (7, 7 * 6 + 2 * 3));
        let asked = Settings {
            workloads: vec![Workload::PrefixReuse],
            n_prompts: vec![512, 1],
            ..settings()
        };
        let specs: Vec<String> = works::works(&asked).iter().map(ToString::to_string).collect();
        let expected = [
            "ttft512 @ d0",
            "ttft512 @ d128",
            "ttft512 @ d256",
            "ttft512 @ d460",
            "ttft1 @ d0",
        ];
        assert_eq!(specs, expected);
        assert_eq!(build(&asked).expect("valid").cells.len(), 3 * specs.len());
        let ids: std::collections::BTreeSet<_> = plan.cells.iter().map(|c| &c.id).collect();
        assert_eq!(ids.len(), plan.cells.len());
    }

    #[test]
    fn settings_that_cannot_be_measured_are_refused() {
        let refused = |change: fn(&mut Settings)| {
            let mut s = settings();
            change(&mut s);
            build(&s).expect_err("refused").to_string()
        };
        assert!(refused(|s| s.n_ctx = Some(0)).starts_with("--n-ctx"));
        assert!(refused(|s| s.n_ctx = Some(512)).contains("need 2080"));
        assert!(refused(|s| s.n_prompts.clear()).starts_with("--n-prompt"));
        assert!(refused(|s| s.n_depths.push(128)).contains("128 is listed twice"));
        assert!(refused(|s| s.flash_attn = FlashAttn::Off).contains("flash attention"));
    }

    #[test]
    fn layers_on_a_device_are_a_factor_and_none_is_the_cpu_alone() {
        let mut s = settings();
        (s.device, s.n_gpu_layers) = ("CUDA0".into(), vec![-1, 16, 0]);
        s.no_kv_offload = true;
        let plan = build(&s).expect("valid");
        let ids: Vec<&str> = plan.arms.iter().map(|a| a.id.as_str()).collect();
        let variants = ["F16", "Q8_0", "Q4_K_M"];
        let all = ["", " ngl 16", " ngl 0"].map(|layers| variants.map(|v| format!("{v}{layers}")));
        let mut expected: Vec<String> = all.concat();
        expected.extend(["F16 kv q8_0", "F16 control"].map(str::to_owned));
        assert_eq!(ids, expected);
        let (gpu, cpu) = (&plan.arms[3].config, &plan.arms[7].config);
        assert_eq!(
            (gpu.device.as_str(), gpu.n_gpu_layers, gpu.no_kv_offload),
            ("CUDA0", 16, true)
        );
        assert_eq!(
            (cpu.device.as_str(), cpu.n_gpu_layers, cpu.no_kv_offload),
            ("cpu", 0, false)
        );
        assert_eq!(plan.arms[3].label(), "F16 ngl 16");
        assert_eq!(plan.arms[9].label(), "F16");
        // Not so many cells that a headline ratio would mix two factors.
        let pairs = super::super::order::headline_pairs(&plan);
        assert!(pairs
            .iter()
            .all(|(cell, _)| plan.arms[plan.cells[*cell].arm].config.n_gpu_layers == -1));
        s.n_gpu_layers = vec![4, 4];
        assert!(matches!(build(&s), Err(PlanError::Duplicate { .. })));
    }

    #[test]
    fn threads_are_a_factor_beside_layers() {
        let mut s = settings();
        (s.variants, s.n_threads) = (vec!["F16".into()], vec![4, 2]);
        (s.device, s.n_gpu_layers) = ("CUDA0".into(), vec![-1, 0]);
        let plan = build(&s).expect("valid");
        let arms: Vec<(&str, u32)> = plan.arms.iter().map(|a| (a.id.as_str(), a.config.n_threads)).collect();
        let expected = [
            ("F16", 4),
            ("F16 t 2", 2),
            ("F16 ngl 0", 4),
            ("F16 ngl 0 t 2", 2),
            ("F16 kv q8_0", 4),
            ("F16 control", 4),
        ];
        assert_eq!(arms, expected);
        s.n_threads = vec![4, 4];
        assert!(matches!(build(&s), Err(PlanError::Duplicate { flag: "--threads", .. })));
        s.n_threads.clear();
        assert!(matches!(build(&s), Err(PlanError::BadList { flag: "--threads", .. })));
    }
}

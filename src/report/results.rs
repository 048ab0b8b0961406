//! `results.json`: the run for other programs, under a versioned schema (`docs/results.schema.json`).
//!
//! Explicit wire structs: a change of the model never changes the file by accident. Durations are integer
//! nanoseconds, sizes integer bytes, rates tokens per second; what is undefined is `null`.

use super::model::{CellReport, Comparison, Drift, ItlQuantiles, MemoryReport, ReportModel, Trust};
use super::text::whole_ns;
use super::{results_decision, results_quality, results_workloads};
use crate::data::{
    Arm, ArmConfig, FlashAttn, HostInfo, KvType, Outcome, SplitMode, StoppedBy, TensorTypeShare, VariantInfo, Workload,
};
use crate::stats::{self, Interval};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Name and version of the schema. Changes:
/// 1: first version.
pub const RESULTS_SCHEMA: &str = "kvant.results/1";

/// The JSON Schema of `results.json`, as docs/results.schema.json holds it.
pub fn results_schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::default().for_serialize();
    settings
        .into_generator()
        .into_root_schema_for::<Results<'_>>()
        .to_value()
}

/// A run of kvant. Durations are integer nanoseconds, sizes integer bytes, rates tokens per second; what is undefined is null.
#[derive(Serialize, JsonSchema)]
struct Results<'a> {
    schema: &'static str,
    run: Run<'a>,
    host: Host<'a>,
    model: Model<'a>,
    variants: Vec<Variant<'a>>,
    cells: Vec<Cell<'a>>,
    control: Option<Ratio<'a>>,
    trust: TrustOf,
    memory: Vec<Memory<'a>>,
    texts: Vec<Text<'a>>,
    quality: Vec<results_quality::Row<'a>>,
    workloads: results_workloads::Workloads<'a>,
    decision: Option<results_decision::Decision<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct TrustOf {
    void_blocks: Vec<String>,
    n_samples_disturbed: u32,
    n_rounds_disturbed: u32,
    paused_ns: u64,
    read_bytes_per_s: Option<f64>,
    read_drift: Option<DriftOf>,
    flop_per_s: Option<f64>,
    product_drift: Option<DriftOf>,
    smallest_difference: Option<f64>,
    smallest_difference_worst: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct DriftOf {
    slowest: f64,
    fastest: f64,
}

#[derive(Serialize, JsonSchema)]
struct Run<'a> {
    id: &'a str,
    seed: u64,
    salt: &'a str,
    corpus_sha256: &'a str,
    plan_sha256: &'a str,
    command: &'a [String],
    tool_version: &'a str,
    llama_cpp: &'a str,
    system_info: &'a str,
    level: &'a str,
    started_at: &'a str,
    complete: bool,
    stopped_by: Option<StoppedBy>,
    wall_ns: u64,
    loading_ns: u64,
    timed_ns: u64,
    warmup_ns: u64,
    quality_ns: u64,
    quality_overhead: Option<f64>,
    measured_share: Option<f64>,
    n_rounds: u32,
    n_launches: u32,
    equivalence: f64,
    bias: Option<f64>,
    price_per_hour: Option<f64>,
    lang: &'a str,
    conclusion: &'a [String],
    banners: &'a [String],
    warnings: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct Text<'a> {
    name: &'a str,
    n_bytes: u64,
    sha256: &'a str,
    n_tokens: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Host<'a> {
    cpu: &'a str,
    n_cores: u32,
    n_cpus: u32,
    memory_bytes: u64,
    memory_available_bytes: u64,
    os: &'a str,
    governor: Option<&'a str>,
    virtualization: Option<&'a str>,
    load_percent: u32,
    instructions: &'a [String],
}

#[derive(Serialize, JsonSchema)]
struct Model<'a> {
    name: &'a str,
    architecture: &'a str,
    n_layer: u32,
    n_embd: u32,
    n_head: u32,
    n_head_kv: u32,
    n_vocab: u32,
    n_ctx_train: u32,
}

#[derive(Serialize, JsonSchema)]
struct Variant<'a> {
    id: &'a str,
    file: &'a str,
    sha256: &'a str,
    ftype: Option<&'a str>,
    model_size: u64,
    model_n_params: u64,
    bpw: f64,
    tensor_types: BTreeMap<&'a str, TypeShare>,
    n_tensors: u64,
    n_fallback: u64,
    derived_from: Option<Derived<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantization: Option<Quantized<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part<'a>>,
}

/// What a file tells of how it was quantized.
#[derive(Serialize, JsonSchema)]
struct Quantized<'a> {
    by: Option<&'a str>,
    imatrix_file: Option<&'a str>,
    imatrix_dataset: Option<&'a str>,
    imatrix_entries: Option<u64>,
    imatrix_chunks: Option<u64>,
}

/// A part of a split model.
#[derive(Serialize, JsonSchema)]
struct Part<'a> {
    file: &'a str,
    file_bytes: u64,
    sha256: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct TypeShare {
    n_tensors: u64,
    bytes: u64,
}

#[derive(Serialize, JsonSchema)]
struct Derived<'a> {
    file: &'a str,
    sha256: &'a str,
    ftype: &'a str,
    is_requantized: bool,
}

/// What every row says of its arm first.
#[derive(Serialize, JsonSchema)]
pub(super) struct ArmHead<'a> {
    pub(super) variant: &'a str,
    pub(super) arm: &'a str,
    pub(super) type_k: KvType,
    pub(super) type_v: KvType,
    pub(super) kv_rotation: bool,
}

pub(super) fn arm_head(arm: &Arm) -> ArmHead<'_> {
    ArmHead {
        variant: &arm.variant,
        arm: &arm.id,
        type_k: arm.config.type_k,
        type_v: arm.config.type_v,
        kv_rotation: arm.config.has_kv_rotation,
    }
}

#[derive(Serialize, JsonSchema)]
struct Cell<'a> {
    #[serde(flatten)]
    arm: ArmHead<'a>,
    flash_attn: FlashAttn,
    device: &'a str,
    n_gpu_layers: i32,
    n_threads: u32,
    n_batch: u32,
    n_ubatch: u32,
    n_ctx: u32,
    kv_reuse: bool,
    workload: Workload,
    n_prompt: u32,
    n_gen: u32,
    n_depth: u32,
    n_seq: u32,
    is_pp_shared: bool,
    is_baseline: bool,
    is_control: bool,
    outcome: &'static str,
    reason: Option<&'a str>,
    samples_ns: &'a [u64],
    tps: Option<Median>,
    ttft_ns: Option<MedianNs>,
    itl_ns: Option<Quantiles>,
    vs_baseline: Option<Ratio<'a>>,
    vs_f16_kv: Option<Ratio<'a>>,
    bandwidth_share: Option<f64>,
    joule_per_token: Option<Median>,
    cost_per_million: Option<Median>,
    gpu_joule_per_token: Option<Median>,
    split_mode: Option<SplitMode>,
    no_kv_offload: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Median {
    median: f64,
    lo: f64,
    hi: f64,
    level: f64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct MedianNs {
    median: u64,
    lo: u64,
    hi: u64,
    level: f64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Quantiles {
    p50: Option<u64>,
    p95: Option<u64>,
    p99: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Ratio<'a> {
    ratio: f64,
    lo: f64,
    hi: f64,
    level: f64,
    verdict: &'static str,
    factor: &'a str,
    n_rounds: u32,
    n_rounds_more: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Memory<'a> {
    #[serde(flatten)]
    arm: ArmHead<'a>,
    n_ctx: u32,
    n_depth: u32,
    weights: Vec<Buffer<'a>>,
    kv_bytes: u64,
    compute_bytes: u64,
    rss_anon_bytes: u64,
    rss_file_bytes: u64,
    rss_bytes_max: u64,
    predicted_bytes: Option<u64>,
    n_ctx_max: Option<u64>,
    device_bytes: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Buffer<'a> {
    buffer: &'a str,
    bytes: u64,
}

/// The text of `results.json`, ending in a line feed.
///
/// # Errors
/// None in practice: the structs hold finite numbers and text only.
pub fn results_json(model: &ReportModel) -> serde_json::Result<String> {
    let results = Results {
        schema: RESULTS_SCHEMA,
        run: run(model),
        host: host(&model.header.host),
        model: model_info(model),
        variants: model.header.variants.iter().map(variant).collect(),
        cells: model.cells.iter().map(cell).collect(),
        control: model.control.pooled.as_ref().map(ratio),
        trust: trust(&model.trust),
        memory: model.memory.iter().map(memory).collect(),
        texts: texts(model),
        quality: results_quality::rows(model),
        workloads: results_workloads::workloads(model),
        decision: results_decision::decision(model),
    };
    serde_json::to_string_pretty(&results).map(|text| text + "\n")
}

fn run(model: &ReportModel) -> Run<'_> {
    let (header, totals) = (&model.header, &model.totals);
    Run {
        id: &header.run_id,
        seed: header.plan.seed,
        salt: &header.salt,
        corpus_sha256: &header.corpus_sha256,
        plan_sha256: &header.plan_sha256,
        command: &header.command,
        tool_version: &header.tool_version,
        llama_cpp: &header.llama_cpp,
        system_info: &header.system_info,
        level: header.plan.level.name(),
        started_at: &header.started_at,
        complete: totals.is_complete,
        stopped_by: totals.stopped_by,
        wall_ns: totals.wall_ns,
        loading_ns: totals.loading_ns,
        timed_ns: totals.timed_ns,
        warmup_ns: totals.warmup_ns,
        quality_ns: totals.quality_ns,
        quality_overhead: model.quality.overhead,
        measured_share: totals.measured_share(),
        n_rounds: totals.n_rounds,
        n_launches: totals.n_launches,
        equivalence: header.plan.equivalence,
        bias: model
            .control
            .pooled
            .as_ref()
            .map(|c| stats::sure_bias(&c.ratio).exp_m1()),
        price_per_hour: header.price_per_hour,
        lang: model.lang.code(),
        conclusion: &model.conclusion,
        banners: &model.banners,
        warnings: model.warnings.iter().map(|w| model.lang.warning(w)).collect(),
    }
}

fn texts(model: &ReportModel) -> Vec<Text<'_>> {
    let n_tokens = |i: usize| model.quality.tokens.as_ref()?.n_tokens.get(i).copied();
    let texts = model.header.texts.iter().enumerate();
    texts
        .map(|(i, text)| Text {
            name: &text.name,
            n_bytes: text.n_bytes,
            sha256: &text.sha256,
            n_tokens: n_tokens(i),
        })
        .collect()
}

fn host(host: &HostInfo) -> Host<'_> {
    Host {
        cpu: &host.cpu,
        n_cores: host.n_cores,
        n_cpus: host.n_cpus,
        memory_bytes: host.memory_bytes,
        memory_available_bytes: host.memory_available_bytes,
        os: &host.os,
        governor: host.governor.as_deref(),
        virtualization: host.virtualization.as_deref(),
        load_percent: host.load_percent,
        instructions: &host.instructions,
    }
}

fn model_info(model: &ReportModel) -> Model<'_> {
    let info = &model.header.model;
    Model {
        name: &info.name,
        architecture: &info.architecture,
        n_layer: info.n_layer,
        n_embd: info.n_embd,
        n_head: info.n_head,
        n_head_kv: info.n_head_kv,
        n_vocab: info.n_vocab,
        n_ctx_train: info.n_ctx_train,
    }
}

fn variant(variant: &VariantInfo) -> Variant<'_> {
    let share = |s: &TensorTypeShare| TypeShare {
        n_tensors: s.n_tensors,
        bytes: s.bytes,
    };
    Variant {
        id: &variant.id,
        file: &variant.file,
        sha256: &variant.sha256,
        ftype: variant.ftype.as_deref(),
        model_size: variant.model_size,
        model_n_params: variant.model_n_params,
        bpw: variant.bpw,
        tensor_types: variant
            .tensor_types
            .iter()
            .map(|(name, s)| (name.as_str(), share(s)))
            .collect(),
        n_tensors: variant.n_tensors,
        n_fallback: variant.n_fallback,
        derived_from: variant.derived_from.as_ref().map(|d| Derived {
            file: &d.file,
            sha256: &d.sha256,
            ftype: &d.ftype,
            is_requantized: d.is_requantized,
        }),
        quantization: variant.quantization.as_ref().map(|told| Quantized {
            by: told.by.as_deref(),
            imatrix_file: told.imatrix_file.as_deref(),
            imatrix_dataset: told.imatrix_dataset.as_deref(),
            imatrix_entries: told.imatrix_entries,
            imatrix_chunks: told.imatrix_chunks,
        }),
        parts: variant
            .parts
            .iter()
            .map(|part| Part {
                file: &part.file,
                file_bytes: part.file_bytes,
                sha256: &part.sha256,
            })
            .collect(),
    }
}

fn cell(cell: &CellReport) -> Cell<'_> {
    let config: &ArmConfig = &cell.arm.config;
    let (outcome, reason) = match &cell.outcome {
        Outcome::Ok => ("ok", None),
        Outcome::Failed(kind, reason) => (kind.name(), Some(reason.as_str())),
    };
    Cell {
        arm: arm_head(&cell.arm),
        flash_attn: config.flash_attn,
        device: &config.device,
        n_gpu_layers: config.n_gpu_layers,
        n_threads: config.n_threads,
        n_batch: config.n_batch,
        n_ubatch: config.n_ubatch,
        n_ctx: config.n_ctx,
        kv_reuse: cell.spec.workload() != Workload::NoReuse,
        workload: cell.spec.workload(),
        n_prompt: cell.spec.n_prompt(),
        n_gen: cell.spec.n_gen(),
        n_depth: cell.spec.n_depth(),
        n_seq: cell.spec.n_seq(),
        is_pp_shared: cell.spec.is_pp_shared(),
        is_baseline: cell.arm.is_baseline,
        is_control: cell.arm.is_control,
        outcome,
        reason,
        samples_ns: &cell.samples_ns,
        tps: cell.tps.as_ref().map(median),
        ttft_ns: cell.ttft_ns.as_ref().map(median_ns),
        itl_ns: cell.itl_ns.as_ref().map(quantiles),
        vs_baseline: cell.vs_baseline.as_ref().map(ratio),
        vs_f16_kv: cell.vs_f16_kv.as_ref().map(ratio),
        bandwidth_share: cell.bandwidth_share,
        joule_per_token: cell.joule_per_token.as_ref().map(median),
        cost_per_million: cell.cost_per_million.as_ref().map(median),
        gpu_joule_per_token: cell.gpu_joule_per_token.as_ref().map(median),
        split_mode: (config.device.contains(',')).then_some(config.split_mode),
        no_kv_offload: config.no_kv_offload,
    }
}

fn trust(trust: &Trust) -> TrustOf {
    let drift = |d: Option<Drift>| {
        d.map(|d| DriftOf {
            slowest: d.slowest,
            fastest: d.fastest,
        })
    };
    TrustOf {
        void_blocks: trust.void.iter().map(ToString::to_string).collect(),
        n_samples_disturbed: trust.kept.map_or(0, |k| k.n_samples),
        n_rounds_disturbed: trust.kept.map_or(0, |k| k.n_rounds),
        paused_ns: trust.paused_ns,
        read_bytes_per_s: trust.read_bytes_per_s,
        read_drift: drift(trust.read),
        flop_per_s: trust.flop_per_s,
        product_drift: drift(trust.product),
        smallest_difference: trust.smallest_difference.map(|s| s.median),
        smallest_difference_worst: trust.smallest_difference.map(|s| s.worst),
    }
}

pub(super) fn median(interval: &Interval) -> Median {
    Median {
        median: interval.estimate,
        lo: interval.lo,
        hi: interval.hi,
        level: interval.level,
    }
}

pub(super) fn quantiles(q: &ItlQuantiles) -> Quantiles {
    let ns = |i: &Option<Interval>| i.as_ref().map(|i| whole_ns(i.estimate));
    Quantiles {
        p50: ns(&q.p50),
        p95: ns(&q.p95),
        p99: ns(&q.p99),
    }
}

pub(super) fn median_ns(interval: &Interval) -> MedianNs {
    MedianNs {
        median: whole_ns(interval.estimate),
        lo: whole_ns(interval.lo),
        hi: whole_ns(interval.hi),
        level: interval.level,
    }
}

fn ratio(comparison: &Comparison) -> Ratio<'_> {
    Ratio {
        ratio: comparison.ratio.estimate,
        lo: comparison.ratio.lo,
        hi: comparison.ratio.hi,
        level: comparison.ratio.level,
        verdict: comparison.verdict.name(),
        factor: &comparison.factor,
        n_rounds: comparison.n_rounds,
        n_rounds_more: comparison.n_rounds_more,
    }
}

fn memory(memory: &MemoryReport) -> Memory<'_> {
    let config = &memory.arm.config;
    Memory {
        arm: arm_head(&memory.arm),
        n_ctx: config.n_ctx,
        n_depth: memory.n_depth,
        weights: memory
            .weights
            .iter()
            .map(|b| Buffer {
                buffer: &b.buffer,
                bytes: b.bytes,
            })
            .collect(),
        kv_bytes: memory.kv_bytes,
        compute_bytes: memory.compute_bytes,
        rss_anon_bytes: memory.reading.rss_anon_bytes,
        rss_file_bytes: memory.reading.rss_file_bytes,
        rss_bytes_max: memory.reading.rss_bytes_max,
        predicted_bytes: memory.predicted_bytes,
        n_ctx_max: memory.n_ctx_max,
        device_bytes: memory.reading.device_bytes,
    }
}

//! `results.json`: the model for other programs, under a versioned schema (`docs/results.schema.json`).
//!
//! Its tables are the model's own, field by field. Durations are nanoseconds, sizes bytes, rates tokens per second; what is undefined
//! is `null`.

use super::lang::Lang;
use super::model::{
    BatchedRow, BreakEven, CellReport, ChatRow, Comparison, GateReport, MemoryReport, PrefixRow, QualityReport,
    Ranking, ReportModel, RequestRow, ReuseRow, SpeculativeRow, StateRow, Totals, Trust,
};
use super::results_decision;
use crate::data::{BuildInfo, DraftInfo, HostInfo, ModelInfo, TextInfo, VariantInfo};
use crate::stats;
use schemars::JsonSchema;
use serde::Serialize;

/// Name and version of the schema. Changes:
/// 1: first version.
/// 2: every estimate is `{value, lo, hi, level}` (`median` and `ratio` before, without intervals for gaps between tokens); `reuse`, `rankings`;
/// all texts are English, whatever the report's language.
pub const RESULTS_SCHEMA: &str = "kvant.results/2";

/// The JSON Schema of `results.json`, as docs/results.schema.json holds it.
pub fn results_schema() -> serde_json::Value {
    schema_of::<Results<'_>>()
}

/// The JSON Schema of what a type is written as.
pub(super) fn schema_of<T: JsonSchema>() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::default().for_serialize();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// A run of kvant. Durations are nanoseconds, sizes bytes, rates tokens per second; what is undefined is null.
#[derive(Serialize, JsonSchema)]
struct Results<'a> {
    schema: &'static str,
    run: Run<'a>,
    host: &'a HostInfo,
    model: &'a ModelInfo,
    variants: &'a [VariantInfo],
    /// The executables that were named (`--worker`), the baseline's first.
    builds: &'a [BuildInfo],
    /// Of speculative decoding.
    draft: Option<&'a DraftInfo>,
    cells: &'a [CellReport],
    /// Over all headline works.
    control: Option<&'a Comparison>,
    trust: &'a Trust,
    memory: &'a [MemoryReport],
    /// With the KV cache and without.
    reuse: &'a [ReuseRow],
    rankings: &'a [Ranking],
    texts: &'a [TextInfo],
    quality: &'a [QualityReport],
    workloads: Workloads<'a>,
    decision: Option<results_decision::Decision<'a>>,
    /// Of `kvant gate`.
    gate: Option<&'a GateReport>,
}

/// The workloads on request.
#[derive(Serialize, JsonSchema)]
struct Workloads<'a> {
    prefix_reuse: &'a [PrefixRow],
    batched: &'a [BatchedRow],
    state: &'a [StateRow],
    state_break_even: &'a [BreakEven],
    speculative: &'a [SpeculativeRow],
    requests: &'a [RequestRow],
    chat: &'a [ChatRow],
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
    #[serde(flatten)]
    totals: &'a Totals,
    quality_overhead: Option<f64>,
    /// Tokens of each text, in the order of `texts`.
    n_tokens: &'a [u32],
    measured_share: Option<f64>,
    equivalence: f64,
    /// The bias that the control shows beyond doubt: it is in every interval.
    bias: Option<f64>,
    price_per_hour: Option<f64>,
    /// In English, whatever the language of the report.
    conclusion: Vec<String>,
    banners: Vec<String>,
    warnings: Vec<String>,
}

/// The text of `results.json`, ending in a line feed.
///
/// # Errors
/// None in practice: the structs hold finite numbers and text only.
pub fn results_json(model: &ReportModel) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&results(model)).map(|text| text + "\n")
}

fn results(model: &ReportModel) -> Results<'_> {
    let header = &model.header;
    Results {
        schema: RESULTS_SCHEMA,
        run: run(model),
        host: &header.host,
        model: &header.model,
        variants: &header.variants,
        builds: &header.builds,
        draft: header.draft.as_ref(),
        cells: &model.cells,
        control: model.control.pooled.as_ref(),
        trust: &model.trust,
        memory: &model.memory,
        reuse: &model.reuse,
        rankings: &model.rankings,
        texts: &header.texts,
        quality: &model.quality.rows,
        workloads: Workloads {
            prefix_reuse: &model.prefix,
            batched: &model.batched,
            state: &model.states,
            state_break_even: &model.break_even,
            speculative: &model.speculative,
            requests: &model.requests,
            chat: &model.chat,
        },
        decision: results_decision::decision(model),
        gate: model.gate.as_ref(),
    }
}

fn run(model: &ReportModel) -> Run<'_> {
    let (header, told) = (&model.header, model.told(Lang::default()));
    let control = model.control.pooled.as_ref();
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
        totals: &model.totals,
        quality_overhead: model.quality.overhead,
        n_tokens: model.quality.tokens.as_ref().map_or(&[], |t| &t.n_tokens),
        measured_share: model.totals.measured_share(),
        equivalence: header.plan.equivalence,
        bias: control.map(|c| stats::sure_bias(&c.ratio).exp_m1()),
        price_per_hour: header.price_per_hour,
        conclusion: told.findings(),
        banners: told.banners(),
        warnings: model.warnings.iter().map(|w| told.lang.warning(w)).collect(),
    }
}

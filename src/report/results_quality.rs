//! The rows of `quality` in `results.json`, and of `quality.csv`.

use super::model::{QualityReport, ReportModel};
use super::results::{arm_head, ArmHead};
use crate::data::{Chunk, Outcome, Parting};
use crate::quality::WithError;
use crate::stats::Interval;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
pub(super) struct Row<'a> {
    #[serde(flatten)]
    arm: ArmHead<'a>,
    n_ctx: u32,
    is_baseline: bool,
    is_control: bool,
    outcome: &'static str,
    reason: Option<&'a str>,
    n_chunks: u32,
    n_scored: u64,
    n_scored_precise: Option<u64>,
    ppl: Option<Figure>,
    ln_ratio: Option<Figure>,
    ppl_ratio: Option<Figure>,
    kld_mean: Option<Figure>,
    kld_p50: Option<Figure>,
    kld_p99: Option<Figure>,
    kld_p999: Option<Figure>,
    same_top: Option<Figure>,
    dp_mean: Option<Figure>,
    dp_rms: Option<Figure>,
    dp_quantiles: DpQuantiles,
    verdict: Option<&'static str>,
    by_position: Vec<Bin>,
    examples: Vec<Example<'a>>,
}

/// A figure with its interval over chunks, and the standard error if tokens were independent.
#[derive(Serialize, JsonSchema)]
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) lo: Option<f64>,
    pub(super) hi: Option<f64>,
    level: Option<f64>,
    token_error: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct DpQuantiles {
    p1: Option<f64>,
    p5: Option<f64>,
    p25: Option<f64>,
    p75: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct Bin {
    from: u32,
    to: u32,
    kld: f64,
    lo: f64,
    hi: f64,
}

#[derive(Serialize, JsonSchema)]
struct Example<'a> {
    text: u32,
    chunk: u32,
    position: u32,
    kld: f64,
    before: &'a str,
    next: &'a str,
    baseline_top: &'a str,
    baseline_top_p: Pair,
    top: &'a str,
    top_p: Pair,
}

#[derive(Serialize, JsonSchema)]
struct Pair {
    baseline: f64,
    arm: f64,
}

/// Every arm and window, in the order of the model.
pub(super) fn rows(model: &ReportModel) -> Vec<Row<'_>> {
    model.quality.rows.iter().map(row).collect()
}

fn row(row: &QualityReport) -> Row<'_> {
    let (outcome, reason) = match &row.outcome {
        Outcome::Ok => ("ok", None),
        Outcome::Failed(kind, reason) => (kind.name(), Some(reason.as_str())),
    };
    let f = row.figures.as_ref();
    let figure = |of: fn(&crate::quality::Figures) -> WithError, interval: &Option<Interval>| {
        f.map(|f| pooled(of(f), interval.as_ref()))
    };
    let ln_ratio = figure(|f| f.ln_ratio, &row.ln_ratio);
    let [p1, p5, p25, p75, p95, p99] = row.dp_quantiles;
    Row {
        arm: arm_head(&row.arm),
        n_ctx: row.n_ctx,
        is_baseline: row.arm.is_baseline,
        is_control: row.arm.is_control,
        outcome,
        reason,
        n_chunks: row.n_chunks,
        n_scored: f.map_or(0, |f| f.n_scored),
        n_scored_precise: row.n_scored_precise,
        ppl: figure(|f| f.ppl, &row.ppl),
        ppl_ratio: ln_ratio.as_ref().map(|r| Figure {
            value: r.value.exp(),
            lo: r.lo.map(f64::exp),
            hi: r.hi.map(f64::exp),
            level: r.level,
            token_error: r.token_error.map(|e| e * r.value.exp()),
        }),
        ln_ratio,
        kld_mean: figure(|f| f.kld, &row.kld),
        kld_p50: row.kld_p50.as_ref().map(quantile),
        kld_p99: row.kld_p99.as_ref().map(quantile),
        kld_p999: row.kld_p999.as_ref().map(quantile),
        same_top: figure(|f| f.same_top, &row.same_top),
        dp_mean: figure(|f| f.dp, &row.dp),
        dp_rms: figure(|f| f.dp_rms, &row.dp_rms),
        dp_quantiles: DpQuantiles {
            p1,
            p5,
            p25,
            p75,
            p95,
            p99,
        },
        verdict: row.verdict.filter(|_| row.is_ok()).map(|v| v.name()),
        by_position: row
            .by_position
            .iter()
            .map(|b| Bin {
                from: b.from,
                to: b.to,
                kld: b.kld.estimate,
                lo: b.kld.lo,
                hi: b.kld.hi,
            })
            .collect(),
        examples: row
            .examples
            .iter()
            .map(|(chunk, parting)| example(chunk, parting))
            .collect(),
    }
}

fn pooled(figure: WithError, interval: Option<&Interval>) -> Figure {
    Figure {
        value: figure.value,
        lo: interval.map(|i| i.lo),
        hi: interval.map(|i| i.hi),
        level: interval.map(|i| i.level),
        token_error: figure.token_error,
    }
}

fn quantile(interval: &Interval) -> Figure {
    Figure {
        value: interval.estimate,
        lo: Some(interval.lo),
        hi: Some(interval.hi),
        level: Some(interval.level),
        token_error: None,
    }
}

fn example<'a>(chunk: &Chunk, parting: &'a Parting) -> Example<'a> {
    let pair = |(baseline, arm): (f64, f64)| Pair { baseline, arm };
    Example {
        text: chunk.text,
        chunk: chunk.index,
        position: parting.position,
        kld: parting.kld,
        before: &parting.before,
        next: &parting.next,
        baseline_top: &parting.baseline_top,
        baseline_top_p: pair(parting.baseline_top_p),
        top: &parting.top,
        top_p: pair(parting.top_p),
    }
}

/// Columns of `quality.csv`.
pub(super) const CSV_HEAD: &[&str] = &[
    "variant",
    "arm",
    "type_k",
    "type_v",
    "n_ctx",
    "is_baseline",
    "is_control",
    "outcome",
    "reason",
    "n_chunks",
    "n_scored",
    "n_scored_precise",
    "ppl",
    "ppl_lo",
    "ppl_hi",
    "ppl_token_error",
    "ln_ratio",
    "ln_ratio_lo",
    "ln_ratio_hi",
    "ln_ratio_token_error",
    "kld_mean",
    "kld_mean_lo",
    "kld_mean_hi",
    "kld_mean_token_error",
    "kld_p50",
    "kld_p99",
    "kld_p999",
    "same_top",
    "same_top_lo",
    "same_top_hi",
    "dp_mean",
    "dp_rms",
    "verdict",
];

/// One line of `quality.csv` per row, field by field.
pub(super) fn csv_rows(model: &ReportModel) -> Vec<Vec<String>> {
    let number = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    let line = |row: Row| {
        let three = |f: &Option<Figure>| match f {
            Some(f) => [number(Some(f.value)), number(f.lo), number(f.hi)],
            None => Default::default(),
        };
        let error = |f: &Option<Figure>| number(f.as_ref().and_then(|f| f.token_error));
        let value = |f: &Option<Figure>| number(f.as_ref().map(|f| f.value));
        let mut fields = vec![
            row.arm.variant.to_owned(),
            row.arm.arm.to_owned(),
            row.arm.type_k.to_string(),
            row.arm.type_v.to_string(),
            row.n_ctx.to_string(),
            row.is_baseline.to_string(),
            row.is_control.to_string(),
            row.outcome.to_owned(),
            row.reason.unwrap_or_default().to_owned(),
            row.n_chunks.to_string(),
            row.n_scored.to_string(),
            row.n_scored_precise.map_or(String::new(), |n| n.to_string()),
        ];
        for figure in [&row.ppl, &row.ln_ratio, &row.kld_mean] {
            fields.extend(three(figure));
            fields.push(error(figure));
        }
        fields.extend([&row.kld_p50, &row.kld_p99, &row.kld_p999].map(value));
        fields.extend(three(&row.same_top));
        fields.extend([&row.dp_mean, &row.dp_rms].map(value));
        fields.push(row.verdict.unwrap_or_default().to_owned());
        fields
    };
    rows(model).into_iter().map(line).collect()
}

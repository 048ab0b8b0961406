//! `results.csv` and `quality.csv`: one flat row per cell, and per scored arm, for a spreadsheet. Same names and units as `results.json`.

use super::model::{CellReport, Comparison, ReportModel, RequestRow};
use super::results_quality::{csv_rows, CSV_HEAD};
use super::text::whole_ns;
use crate::data::{Outcome, Workload};
use crate::stats::Interval;

const HEAD: &[&str] = &[
    "variant",
    "arm",
    "type_k",
    "type_v",
    "flash_attn",
    "device",
    "n_gpu_layers",
    "n_threads",
    "n_batch",
    "n_ubatch",
    "n_ctx",
    "kv_reuse",
    "workload",
    "n_prompt",
    "n_gen",
    "n_depth",
    "n_seq",
    "is_baseline",
    "is_control",
    "outcome",
    "reason",
    "n_samples",
    "tps_median",
    "tps_lo",
    "tps_hi",
    "ttft_ns_median",
    "ttft_ns_lo",
    "ttft_ns_hi",
    "itl_ns_p50",
    "itl_ns_p95",
    "itl_ns_p99",
    "vs_baseline_ratio",
    "vs_baseline_lo",
    "vs_baseline_hi",
    "vs_baseline_verdict",
    "vs_baseline_factor",
    "vs_f16_kv_ratio",
    "vs_f16_kv_lo",
    "vs_f16_kv_hi",
    "vs_f16_kv_verdict",
    "vs_baseline_n_rounds",
    "bandwidth_share",
    "model_size",
    "bpw",
    "samples_ns",
    "is_pp_shared",
    "requests_per_minute",
    "latency_ns_p50",
    "latency_ns_p95",
    "latency_ns_p99",
    "request_ttft_ns_p50",
    "request_ttft_ns_p95",
    "joule_per_token",
    "cost_per_million",
    "kv_rotation",
];

/// The text of `results.csv` (RFC 4180, line feeds). An absent number is an empty field.
pub fn results_csv(model: &ReportModel) -> String {
    let mut text = HEAD.join(",") + "\n";
    for cell in &model.cells {
        let fields: Vec<String> = row(model, cell).iter().map(|field| quoted(field)).collect();
        text.push_str(&fields.join(","));
        text.push('\n');
    }
    text
}

/// The text of `quality.csv`: one row per arm and window; `None` when quality was not asked for.
pub fn quality_csv(model: &ReportModel) -> Option<String> {
    let rows = csv_rows(model);
    let line = |fields: Vec<String>| fields.iter().map(|f| quoted(f)).collect::<Vec<_>>().join(",") + "\n";
    let head = CSV_HEAD.join(",") + "\n";
    (!rows.is_empty()).then(|| rows.into_iter().map(line).fold(head, |all, row| all + &row))
}

fn row(model: &ReportModel, cell: &CellReport) -> Vec<String> {
    let (config, spec) = (&cell.arm.config, &cell.spec);
    let (outcome, reason) = match &cell.outcome {
        Outcome::Ok => ("ok", ""),
        Outcome::Failed(kind, reason) => (kind.name(), reason.as_str()),
    };
    let mut row = vec![
        cell.arm.variant.clone(),
        cell.arm.id.clone(),
        config.type_k.to_string(),
        config.type_v.to_string(),
        config.flash_attn.to_string(),
        config.device.clone(),
        config.n_gpu_layers.to_string(),
        config.n_threads.to_string(),
        config.n_batch.to_string(),
        config.n_ubatch.to_string(),
        config.n_ctx.to_string(),
        (spec.workload() != Workload::NoReuse).to_string(),
        spec.workload().to_string(),
        spec.n_prompt().to_string(),
        spec.n_gen().to_string(),
        spec.n_depth().to_string(),
        spec.n_seq().to_string(),
        cell.arm.is_baseline.to_string(),
        cell.arm.is_control.to_string(),
        outcome.to_owned(),
        reason.to_owned(),
        cell.samples_ns.len().to_string(),
    ];
    row.extend(three(cell.tps.as_ref(), |rate| rate.to_string()));
    row.extend(three(cell.ttft_ns.as_ref(), |ns| whole_ns(ns).to_string()));
    let itl = cell.itl_ns.as_ref();
    for quantile in [
        itl.and_then(|q| q.p50),
        itl.and_then(|q| q.p95),
        itl.and_then(|q| q.p99),
    ] {
        row.push(quantile.map_or(String::new(), |i| whole_ns(i.estimate).to_string()));
    }
    row.extend(comparison(cell.vs_baseline.as_ref()));
    row.push(cell.vs_baseline.as_ref().map_or(String::new(), |c| c.factor.clone()));
    row.extend(comparison(cell.vs_f16_kv.as_ref()));
    let number = |value: Option<String>| value.unwrap_or_default();
    let variant = model.variant(&cell.arm.variant);
    let samples: Vec<String> = cell.samples_ns.iter().map(u64::to_string).collect();
    row.extend([
        number(cell.vs_baseline.as_ref().map(|c| c.n_rounds.to_string())),
        number(cell.bandwidth_share.map(|share| share.to_string())),
        number(variant.map(|v| v.model_size.to_string())),
        number(variant.map(|v| v.bpw.to_string())),
        // One field, so that a row stays a cell: separated by spaces.
        samples.join(" "),
    ]);
    row.push(spec.is_pp_shared().to_string());
    row.extend(requests(model, cell));
    let is_rotated = config.has_kv_rotation.to_string();
    row.extend([cell.joule_per_token, cell.cost_per_million].map(|i| number(i.map(|i| i.estimate.to_string()))));
    row.push(is_rotated);
    row
}

fn requests(model: &ReportModel, cell: &CellReport) -> [String; 6] {
    let is_of_cell = |r: &&RequestRow| r.arm.id == cell.arm.id && r.n_users == cell.spec.n_seq();
    let rows = model
        .requests
        .iter()
        .filter(|_| cell.spec.workload() == Workload::Requests);
    let mut rows = rows.filter(is_of_cell);
    let Some(of_cell) = rows.next() else {
        return Default::default();
    };
    let ns = |i: &Option<Interval>| i.map_or(String::new(), |i| whole_ns(i.estimate).to_string());
    let (latency, ttft) = (&of_cell.latency_ns, &of_cell.ttft_ns);
    [
        of_cell.per_minute.map_or(String::new(), |i| i.estimate.to_string()),
        ns(&latency.p50),
        ns(&latency.p95),
        ns(&latency.p99),
        ns(&ttft.p50),
        ns(&ttft.p95),
    ]
}

fn three(interval: Option<&Interval>, show: impl Fn(f64) -> String) -> [String; 3] {
    interval.map_or(Default::default(), |i| [show(i.estimate), show(i.lo), show(i.hi)])
}

fn comparison(comparison: Option<&Comparison>) -> [String; 4] {
    let [ratio, lo, hi] = three(comparison.map(|c| &c.ratio), |ratio| ratio.to_string());
    [
        ratio,
        lo,
        hi,
        comparison.map_or(String::new(), |c| c.verdict.name().to_owned()),
    ]
}

/// Quoted where it must be. A text that a spreadsheet would run as a formula gets a leading apostrophe.
fn quoted(field: &str) -> String {
    let is_formula =
        field.starts_with(['=', '+', '@', '\t', '\r']) || (field.starts_with('-') && field.parse::<f64>().is_err());
    let field = if is_formula {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn fields_are_quoted_and_harmless() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("-1"), "-1");
        assert_eq!(quoted("-x"), "'-x");
    }
}

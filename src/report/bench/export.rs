//! Cells of a run as llama-bench's rows: prefill is its `pp` test, decode its `tg` test at a depth. What llama-bench has no
//! test for (recomputation without a cache, the control) is left out.

use crate::data::{FlashAttn, VariantInfo, Workload};
use crate::report::{CellReport, ReportModel};
use serde_json::{json, Value};

/// In JSON, with the decimals that llama-bench gives.
pub(super) fn written(value: &Value) -> String {
    match value.as_f64().filter(|_| value.is_f64()) {
        Some(real) => format!("{real:.6}"),
        None => value.to_string(),
    }
}

fn sql_type(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "TEXT",
        _ if value.is_f64() => "REAL",
        _ => "INTEGER",
    }
}

fn sql_value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{}'", text.replace('\0', "").replace('\'', "''")),
        Value::Bool(is_on) => format!("'{}'", i32::from(*is_on)),
        number => format!("'{}'", written(number)),
    }
}

pub(super) type Row = Vec<(&'static str, Value)>;

/// The text of `llama-bench.jsonl`: one row per line, as `llama-bench -o jsonl` prints them.
pub fn llama_bench_jsonl(model: &ReportModel) -> String {
    let list = |items: Vec<String>| format!("[ {} ]", items.join(", "));
    let line = |cell: &CellReport| {
        let fields: String = row(model, cell)
            .iter()
            .map(|(name, value)| format!("\"{name}\": {}, ", written(value)))
            .collect();
        let ns = list(cell.samples_ns.iter().map(u64::to_string).collect());
        let ts = list(rates(cell).iter().map(|rate| format!("{rate:.6}")).collect());
        format!("{{{fields}\"samples_ns\": {ns},\"samples_ts\": {ts}}}\n")
    };
    tests(model).map(line).collect()
}

/// The text of `llama-bench.sql`: `sqlite3 llama-bench.sqlite < llama-bench.sql` makes the database that
/// `compare-llama-bench.py` reads. Empty without a row.
pub fn llama_bench_sql(model: &ReportModel) -> String {
    let rows: Vec<Row> = tests(model).map(|cell| row(model, cell)).collect();
    let Some(first) = rows.first() else {
        return String::new();
    };
    let columns: Vec<String> = first
        .iter()
        .map(|(name, v)| format!("  {name} {}", sql_type(v)))
        .collect();
    let names: Vec<&str> = first.iter().map(|(name, _)| *name).collect();
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS llama_bench (\n{}\n);\n\n",
        columns.join(",\n")
    );
    for row in &rows {
        let values: Vec<String> = row.iter().map(|(_, value)| sql_value(value)).collect();
        sql.push_str(&format!(
            "INSERT INTO llama_bench ({}) VALUES ({});\n",
            names.join(", "),
            values.join(", ")
        ));
    }
    sql
}

impl ReportModel {
    /// Whether a cell of the run is a test that llama-bench has.
    pub fn has_llama_bench_rows(&self) -> bool {
        tests(self).next().is_some()
    }
}

/// The cells that llama-bench has a test for.
pub(super) fn tests(model: &ReportModel) -> impl Iterator<Item = &CellReport> {
    model.cells.iter().filter(|cell| {
        let is_test = matches!(cell.spec.workload(), Workload::Prefill | Workload::Decode) && cell.spec.n_seq() == 1;
        is_test
            && cell.is_ok()
            && !cell.arm.is_control
            && cell.arm.config.has_kv_rotation
            && !cell.samples_ns.is_empty()
    })
}

/// Field by field as llama-bench has them; what kvant does not set has llama-bench's default.
pub(super) fn row(model: &ReportModel, cell: &CellReport) -> Row {
    let (header, config, spec) = (&model.header, &cell.arm.config, &cell.spec);
    let variant = model.variant(&cell.arm.variant);
    let (gpu, backend) = match config.device.as_str() {
        "cpu" => ("", "CPU"),
        device => (device, device.trim_end_matches(|c: char| c.is_ascii_digit())),
    };
    let ns: Vec<f64> = cell.samples_ns.iter().map(|&ns| ns as f64).collect();
    let (avg_ns, stddev_ns) = moments(&ns);
    let (avg_ts, stddev_ts) = moments(&rates(cell));
    vec![
        ("build_commit", json!(model.llama_cpp_of(&cell.arm))),
        ("build_number", json!(0)),
        ("cpu_info", json!(&header.host.cpu)),
        ("gpu_info", json!(gpu)),
        ("backends", json!(backend)),
        (
            "model_filename",
            json!(variant.map_or(String::new(), |v| file(model, v))),
        ),
        (
            "model_type",
            json!(variant.map_or(String::new(), |v| model_type(model, v))),
        ),
        ("model_size", json!(variant.map_or(0, |v| v.model_size))),
        ("model_n_params", json!(variant.map_or(0, |v| v.model_n_params))),
        ("n_batch", json!(config.n_batch)),
        ("n_ubatch", json!(config.n_ubatch)),
        ("n_threads", json!(config.n_threads)),
        ("cpu_mask", json!("0x0")),
        ("cpu_strict", json!(false)),
        ("poll", json!(50)),
        ("type_k", json!(config.type_k.name())),
        ("type_v", json!(config.type_v.name())),
        ("n_gpu_layers", json!(config.n_gpu_layers)),
        ("n_cpu_moe", json!(0)),
        ("split_mode", json!(config.split_mode.name())),
        ("main_gpu", json!(0)),
        ("no_kv_offload", json!(config.no_kv_offload)),
        ("flash_attn", json!(u8::from(config.flash_attn == FlashAttn::On))),
        ("devices", json!("auto")),
        ("tensor_split", json!("0.00")),
        ("tensor_buft_overrides", json!("none")),
        ("load_mode", json!("mmap")),
        ("lazy_mode", json!("off")),
        ("embeddings", json!(false)),
        ("no_op_offload", json!(0)),
        ("no_host", json!(false)),
        ("repack", json!(true)),
        ("fit_target", json!(0)),
        ("fit_min_ctx", json!(0)),
        ("n_prompt", json!(spec.n_prompt())),
        ("n_gen", json!(spec.n_gen())),
        ("n_depth", json!(spec.n_depth())),
        ("test_time", json!(&header.started_at)),
        ("avg_ns", json!(avg_ns as i64)),
        ("stddev_ns", json!(stddev_ns as i64)),
        ("avg_ts", json!(avg_ts)),
        ("stddev_ts", json!(stddev_ts)),
    ]
}

fn rates(cell: &CellReport) -> Vec<f64> {
    let n_tokens = f64::from(cell.spec.shape().n_counted);
    cell.samples_ns.iter().map(|&ns| n_tokens * 1e9 / ns as f64).collect()
}

/// Mean and standard deviation of the sample, as llama-bench has them; a single value has no deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    let deviation = if values.len() > 1 {
        (squares / (n - 1.0)).sqrt()
    } else {
        0.0
    };
    (mean, deviation)
}

/// The file's name. One that kvant made is named in its store after the llama.cpp that made it, which would keep rows of
/// two versions apart: it gets the name it would have where it was published.
fn file(model: &ReportModel, variant: &VariantInfo) -> String {
    match variant.derived_from {
        Some(_) => format!("{}.{}.gguf", model.header.model.name, variant.id),
        None => variant.file.clone(),
    }
}

/// `llama 135M Q4_K - Medium`: architecture, size and file type in llama.cpp's words.
fn model_type(model: &ReportModel, variant: &VariantInfo) -> String {
    let label = variant.ftype.as_deref().unwrap_or(&variant.id);
    let sizes = [("_S", " - Small"), ("_M", " - Medium"), ("_L", " - Large")];
    let found = sizes
        .into_iter()
        .find_map(|(end, words)| Some((label.strip_suffix(end)?, words)));
    let ftype = found.map_or_else(|| label.to_owned(), |(stem, words)| format!("{stem}{words}"));
    let n_params = variant.model_n_params;
    let size = if n_params >= 1_000_000_000 {
        format!("{:.1}B", n_params as f64 / 1e9)
    } else {
        format!("{}M", (n_params + 500_000) / 1_000_000)
    };
    format!("{} {size} {ftype}", model.header.model.architecture)
}

//! Cells of a run as llama-bench's rows: prefill is its `pp` test, decode its `tg` test at a depth. What llama-bench has no
//! test for (recomputation without a cache, the control) is left out.

use crate::data::{FlashAttn, VariantInfo, Workload};
use crate::report::{CellReport, ReportModel};

/// A value with llama-bench's type for it.
pub(super) enum Value {
    Text(String),
    Int(i64),
    Bool(bool),
    Real(f64),
}

impl Value {
    fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    pub(super) fn json(&self) -> String {
        match self {
            // A text always serialises.
            Value::Text(text) => serde_json::to_string(text).unwrap_or_default(),
            Value::Int(n) => n.to_string(),
            Value::Bool(is_on) => is_on.to_string(),
            Value::Real(x) => format!("{x:.6}"),
        }
    }

    fn sql_type(&self) -> &'static str {
        match self {
            Value::Text(_) => "TEXT",
            Value::Int(_) | Value::Bool(_) => "INTEGER",
            Value::Real(_) => "REAL",
        }
    }

    fn sql(&self) -> String {
        match self {
            Value::Text(text) => format!("'{}'", text.replace('\0', "").replace('\'', "''")),
            Value::Int(n) => format!("'{n}'"),
            Value::Bool(is_on) => format!("'{}'", i32::from(*is_on)),
            Value::Real(x) => format!("'{x:.6}'"),
        }
    }
}

pub(super) type Row = Vec<(&'static str, Value)>;

/// The text of `llama-bench.jsonl`: one row per line, as `llama-bench -o jsonl` prints them.
pub fn llama_bench_jsonl(model: &ReportModel) -> String {
    let list = |items: Vec<String>| format!("[ {} ]", items.join(", "));
    let line = |cell: &CellReport| {
        let fields: String = row(model, cell)
            .iter()
            .map(|(name, value)| format!("\"{name}\": {}, ", value.json()))
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
        .map(|(name, v)| format!("  {name} {}", v.sql_type()))
        .collect();
    let names: Vec<&str> = first.iter().map(|(name, _)| *name).collect();
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS llama_bench (\n{}\n);\n\n",
        columns.join(",\n")
    );
    for row in &rows {
        let values: Vec<String> = row.iter().map(|(_, value)| value.sql()).collect();
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
    use Value::{Bool, Int, Real};
    let (header, config, spec) = (&model.header, &cell.arm.config, &cell.spec);
    let variant = model.variant(&cell.arm.variant);
    let is_cpu = config.device == "cpu";
    let device = config.device.as_str();
    let ns: Vec<f64> = cell.samples_ns.iter().map(|&ns| ns as f64).collect();
    let (avg_ns, stddev_ns) = moments(&ns);
    let (avg_ts, stddev_ts) = moments(&rates(cell));
    vec![
        ("build_commit", Value::text(model.llama_cpp_of(&cell.arm))),
        ("build_number", Int(0)),
        ("cpu_info", Value::text(&header.host.cpu)),
        ("gpu_info", Value::text(if is_cpu { "" } else { device })),
        (
            "backends",
            Value::text(if is_cpu {
                "CPU"
            } else {
                device.trim_end_matches(|c: char| c.is_ascii_digit())
            }),
        ),
        (
            "model_filename",
            Value::text(variant.map_or(String::new(), |v| file(model, v))),
        ),
        (
            "model_type",
            Value::text(variant.map_or(String::new(), |v| model_type(model, v))),
        ),
        ("model_size", Int(variant.map_or(0, |v| v.model_size as i64))),
        ("model_n_params", Int(variant.map_or(0, |v| v.model_n_params as i64))),
        ("n_batch", Int(config.n_batch.into())),
        ("n_ubatch", Int(config.n_ubatch.into())),
        ("n_threads", Int(config.n_threads.into())),
        ("cpu_mask", Value::text("0x0")),
        ("cpu_strict", Bool(false)),
        ("poll", Int(50)),
        ("type_k", Value::text(config.type_k.name())),
        ("type_v", Value::text(config.type_v.name())),
        ("n_gpu_layers", Int(config.n_gpu_layers.into())),
        ("n_cpu_moe", Int(0)),
        ("split_mode", Value::text(config.split_mode.name())),
        ("main_gpu", Int(0)),
        ("no_kv_offload", Bool(config.no_kv_offload)),
        ("flash_attn", Int(i64::from(config.flash_attn == FlashAttn::On))),
        ("devices", Value::text("auto")),
        ("tensor_split", Value::text("0.00")),
        ("tensor_buft_overrides", Value::text("none")),
        ("load_mode", Value::text("mmap")),
        ("lazy_mode", Value::text("off")),
        ("embeddings", Bool(false)),
        ("no_op_offload", Int(0)),
        ("no_host", Bool(false)),
        ("repack", Bool(true)),
        ("fit_target", Int(0)),
        ("fit_min_ctx", Int(0)),
        ("n_prompt", Int(spec.n_prompt().into())),
        ("n_gen", Int(spec.n_gen().into())),
        ("n_depth", Int(spec.n_depth().into())),
        ("test_time", Value::text(&header.started_at)),
        ("avg_ns", Int(avg_ns as i64)),
        ("stddev_ns", Int(stddev_ns as i64)),
        ("avg_ts", Real(avg_ts)),
        ("stddev_ts", Real(stddev_ts)),
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

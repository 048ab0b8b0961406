//! Cells of a run as the Markdown table that llama-bench prints, to paste into an issue.

use super::export::{row, tests, written, Row};
use crate::report::ReportModel;
use serde_json::Value;

/// The table that `llama-bench -o md` prints, to paste into an issue: its columns in its widths, with those that are not its default
/// where the run has any, and the build below. Empty without a row.
pub fn llama_bench_table(model: &ReportModel) -> String {
    let rows: Vec<Row> = tests(model).map(|cell| row(model, cell)).collect();
    if rows.is_empty() {
        return String::new();
    }
    let is_several = |name: &str| rows.iter().any(|row| plain(row, name) != plain(&rows[0], name));
    let is_shown = |column: &&Column| match column.1 {
        Some("") => is_several(column.0),
        Some(usual) => rows.iter().any(|row| plain(row, column.0) != usual),
        None => true,
    };
    let columns: Vec<&Column> = COLUMNS.iter().filter(is_shown).collect();
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let padded = |text: &str, width: i32| match usize::try_from(width) {
        Ok(width) => format!("{text:>width$}"),
        Err(_) => format!("{text:<0$}", width.unsigned_abs() as usize),
    };
    let rule = |width: i32| "-".repeat(width.unsigned_abs() as usize - 1) + if width > 0 { ":" } else { "-" };
    let mut out = line(columns.iter().map(|c| padded(c.2, c.3)).collect());
    out.push_str(&line(columns.iter().map(|c| rule(c.3)).collect()));
    for row in &rows {
        out.push_str(&line(columns.iter().map(|c| padded(&shown(row, c.0), c.3)).collect()));
    }
    let mut builds: Vec<String> = rows.iter().map(|row| plain(row, "build_commit")).collect();
    builds.sort();
    builds.dedup();
    format!(
        "{out}\nbuild: {} (kvant {})\n",
        builds.join(", "),
        model.header.tool_version
    )
}

/// A column of llama-bench's table: the field, its usual value where it is shown only besides that (the empty one: only where rows
/// differ), its title, and its width, negative for texts.
type Column = (&'static str, Option<&'static str>, &'static str, i32);

const COLUMNS: &[Column] = &[
    ("model_type", None, "model", -30),
    ("model_size", None, "size", 10),
    ("model_n_params", None, "params", 10),
    ("backends", None, "backend", -10),
    ("n_gpu_layers", Some("0"), "ngl", 3),
    ("n_threads", None, "threads", 7),
    ("n_batch", Some("2048"), "n_batch", 7),
    ("n_ubatch", Some("512"), "n_ubatch", 8),
    ("type_k", Some("f16"), "type_k", 6),
    ("type_v", Some("f16"), "type_v", 6),
    ("split_mode", Some("layer"), "sm", 6),
    ("no_kv_offload", Some("false"), "nkvo", 10),
    ("flash_attn", Some("1"), "fa", 3),
    ("build_commit", Some(""), "build", -10),
    ("n_prompt", None, "test", 15),
    ("avg_ts", None, "t/s", 20),
];

fn field<'a>(row: &'a Row, name: &str) -> Option<&'a Value> {
    row.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
}

fn plain(row: &Row, name: &str) -> String {
    match field(row, name) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => written(value),
        None => String::new(),
    }
}

/// A field in the words of llama-bench's table; text of a file cannot end its cell.
fn shown(row: &Row, name: &str) -> String {
    let number = |name: &str| field(row, name).and_then(Value::as_f64).unwrap_or(0.0);
    match name {
        "model_size" if number(name) < GIB => format!("{:.2} MiB", number(name) / MIB),
        "model_size" => format!("{:.2} GiB", number(name) / GIB),
        "model_n_params" if number(name) < 1e9 => format!("{:.2} M", number(name) / 1e6),
        "model_n_params" => format!("{:.2} B", number(name) / 1e9),
        "no_kv_offload" => if plain(row, name) == "true" { "1" } else { "0" }.to_owned(),
        "n_prompt" => {
            let test = match number("n_gen") {
                0.0 => format!("pp{}", number("n_prompt")),
                n_gen => format!("tg{n_gen}"),
            };
            let depth = number("n_depth");
            if depth > 0.0 {
                format!("{test} @ d{depth}")
            } else {
                test
            }
        }
        "avg_ts" => format!("{:.2} \u{b1} {:.2}", number("avg_ts"), number("stddev_ts")),
        _ => plain(row, name).replace('|', "\\|").replace('\n', " "),
    }
}

const MIB: f64 = 1024.0 * 1024.0;
const GIB: f64 = 1024.0 * MIB;

#[cfg(test)]
mod tests {
    use super::{shown, Row};
    use serde_json::json;

    #[test]
    fn fields_are_worded_as_llama_bench_does() {
        let row: Row = vec![
            ("model_type", json!("a|b")),
            ("model_size", json!(98_304_000)),
            ("model_n_params", json!(1_235_814_432)),
            ("n_prompt", json!(0)),
            ("n_gen", json!(32)),
            ("n_depth", json!(512)),
            ("avg_ts", json!(62.714)),
            ("stddev_ts", json!(0.5)),
        ];
        let is = |name: &str, expected: &str| assert_eq!(shown(&row, name), expected);
        is("model_type", "a\\|b");
        is("model_size", "93.75 MiB");
        is("model_n_params", "1.24 B");
        is("n_prompt", "tg32 @ d512");
        is("avg_ts", "62.71 \u{b1} 0.50");
        let row: Row = vec![("model_size", json!(5_u64 << 29)), ("n_prompt", json!(512))];
        assert_eq!(shown(&row, "model_size"), "2.50 GiB");
        assert_eq!(shown(&row, "n_prompt"), "pp512");
    }
}

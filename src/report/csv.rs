//! `results.csv` and `quality.csv`: a flat row for each cell, and for each scored arm, for a spreadsheet.
//!
//! The columns are the fields of `results.json` in its order: `tps` with `tps_lo` and `tps_hi` for an estimate, numbers in a list
//! separated by spaces, no column for lists of anything else.

use super::model::{CellReport, ReportModel};
use super::results::schema_of;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The text of `results.csv` (RFC 4180, line feeds). An absent number is an empty field.
pub fn results_csv(model: &ReportModel) -> String {
    let file = |cell: &CellReport| match model.variant(&cell.arm.variant) {
        Some(variant) => vec![variant.model_size.to_string(), variant.bpw.to_string()],
        None => vec![String::new(); 2],
    };
    table(&model.cells, &["model_size", "bpw"], file)
}

/// The text of `quality.csv`: one row per arm and window.
pub fn quality_csv(model: &ReportModel) -> String {
    table(&model.quality.rows, &[], |_| Vec::new())
}

/// Rows of a struct, with further columns.
fn table<T: Serialize + JsonSchema>(rows: &[T], more: &[&str], of_row: impl Fn(&T) -> Vec<String>) -> String {
    let schema = schema_of::<T>();
    let mut columns = Vec::new();
    leaves(&schema, &schema, &mut Vec::new(), &mut columns);
    let mut csv = csv::WriterBuilder::new().from_writer(Vec::new());
    let heads = columns.iter().map(|path| head(path));
    let mut lines: Vec<Vec<String>> = vec![heads.chain(more.iter().map(|name| (*name).to_owned())).collect()];
    lines.extend(rows.iter().map(|row| {
        let value = serde_json::to_value(row).unwrap_or_default();
        let at = |path: &Vec<String>| path.iter().fold(&value, |value, key| &value[key.as_str()]);
        columns.iter().map(|path| field(at(path))).chain(of_row(row)).collect()
    }));
    for line in lines {
        csv.write_record(line)
            .expect("memory takes every record, and all have as many fields");
    }
    let bytes = csv.into_inner().expect("memory takes all that is left");
    String::from_utf8(bytes).expect("every field is text")
}

/// Paths to the numbers and texts of a struct.
fn leaves(schema: &Value, of: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let of = resolved(schema, of);
    if let Some(fields) = of["properties"].as_object() {
        // The level of all intervals is that of the run.
        for (key, field) in fields.iter().filter(|(key, _)| *key != "level") {
            path.push(key.clone());
            leaves(schema, field, path, found);
            path.pop();
        }
        return;
    }
    let is_number = |items: &Value| ["integer", "number"].iter().any(|kind| items["type"] == *kind);
    let is_list = has_type(of, "array");
    if !is_list || is_number(resolved(schema, &of["items"])) {
        found.push(path.clone());
    }
}

/// What a reference, or something that may be absent, stands for.
fn resolved<'a>(schema: &'a Value, of: &'a Value) -> &'a Value {
    let name = |r: &'a Value| r.as_str().and_then(|r| r.strip_prefix("#/$defs/"));
    if let Some(name) = name(&of["$ref"]) {
        return resolved(schema, &schema["$defs"][name]);
    }
    let some = of["anyOf"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["type"] != "null"));
    some.map_or(of, |some| resolved(schema, some))
}

fn has_type(of: &Value, kind: &str) -> bool {
    let types = &of["type"];
    types == kind || types.as_array().is_some_and(|all| all.iter().any(|one| one == kind))
}

/// An estimate has the name of what is estimated.
fn head(path: &[String]) -> String {
    let parts: Vec<&str> = path
        .iter()
        .map(String::as_str)
        .filter(|part| *part != "value")
        .collect();
    parts.join("_")
}

/// As JSON writes it. A text that a spreadsheet would run as a formula gets a leading apostrophe.
fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(all) => all.iter().map(field).collect::<Vec<String>>().join(" "),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::field;
    use serde_json::json;

    #[test]
    fn texts_are_harmless_and_numbers_stay_numbers() {
        assert_eq!(field(&json!("plain")), "plain");
        assert_eq!(field(&json!("=1+1")), "'=1+1");
        assert_eq!(field(&json!("-x")), "'-x");
        assert_eq!(field(&json!(-1.5)), "-1.5");
        assert_eq!(field(&json!([1, 2])), "1 2");
        assert_eq!(field(&json!(null)), "");
    }
}

//! Files of llama-bench (`-o json` and `-o jsonl`), read. Fields that other versions lack or add do not matter, nor do the
//! lines that its backends print before and between the rows.
//!
//! Invariant: whatever the file holds, an error names the line or entry; nothing panics.

use serde::de::Error as _;
use serde::Deserialize;
use serde_json::Value;

/// A row of llama-bench.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct BenchRow {
    pub build_commit: String,
    pub cpu_info: String,
    pub model_filename: String,
    /// Architecture, size and file type, e.g. `llama 135M Q8_0`.
    pub model_type: String,
    pub n_batch: u32,
    pub n_ubatch: u32,
    pub n_threads: u32,
    pub type_k: String,
    pub type_v: String,
    pub n_gpu_layers: i64,
    /// A number in new versions, true or false in old ones.
    flash_attn: Value,
    pub n_prompt: u32,
    pub n_gen: u32,
    pub n_depth: u32,
    pub test_time: String,
    /// Mean of the rates of its repetitions, tokens per second. Never absent.
    pub avg_ts: f64,
    pub stddev_ts: f64,
    pub samples_ns: Vec<u64>,
}

impl BenchRow {
    /// The label of the file type as kvant has it: `Q4_K_M` for `llama 135M Q4_K - Medium`.
    pub fn variant(&self) -> String {
        let words: Vec<&str> = self.model_type.split_whitespace().collect();
        let label = match words.as_slice() {
            [_, _, label @ ..] if !label.is_empty() => label.join(" "),
            _ => self
                .model_filename
                .rsplit(['/', '\\'])
                .next()
                .unwrap_or_default()
                .to_owned(),
        };
        label
            .replace(" - Small", "_S")
            .replace(" - Medium", "_M")
            .replace(" - Large", "_L")
    }

    /// `pp512`, `tg32 @ d512`: as kvant names the work.
    pub fn work(&self) -> String {
        match (self.n_prompt, self.n_gen) {
            (prompt, 0) if self.n_depth == 0 => format!("pp{prompt}"),
            (prompt, 0) => format!("pp{prompt} @ d{}", self.n_depth),
            (0, gen) => format!("tg{gen} @ d{}", self.n_depth),
            (prompt, gen) => format!("pp{prompt}+tg{gen} @ d{}", self.n_depth),
        }
    }

    /// `f16`, or `q8_0/f16` where K and V differ.
    pub fn kv(&self) -> String {
        if self.type_k == self.type_v {
            self.type_k.clone()
        } else {
            format!("{}/{}", self.type_k, self.type_v)
        }
    }

    /// `on`, `off` or `auto`.
    pub fn flash_attn(&self) -> &'static str {
        match (&self.flash_attn, self.flash_attn.as_i64()) {
            (Value::Bool(true), _) | (_, Some(1)) => "on",
            (_, Some(-1)) => "auto",
            _ => "off",
        }
    }
}

/// Why a file is none of llama-bench's.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("entry {entry} is no row of llama-bench: {why}; make the file with llama-bench -o json or -o jsonl")]
    Entry {
        /// Which, from 1.
        entry: usize,
        why: String,
    },
    /// What llama-bench writes for people and for spreadsheets: not all of a row is in it.
    #[error("it is {0} of llama-bench; make the file with llama-bench -o json or -o jsonl")]
    OtherFormat(&'static str),
    #[error("it holds no row; make the file with llama-bench -o json or -o jsonl")]
    Empty,
}

/// Reads a file of llama-bench: a JSON array, or one JSON object per line. `None` when it is something else altogether,
/// such as a journal.
///
/// # Errors
/// An entry that is no row, by its number; a file in another of llama-bench's formats.
pub fn parse_bench(text: &str) -> Option<Result<Vec<BenchRow>, BenchError>> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with(JOURNAL_START) {
        return None;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_array_start(line) {
            return Some(entries(&text[at..]).and_then(rows));
        }
        if is_row(line) {
            return Some(lines(&text[at..]).and_then(rows));
        }
        if let Some(format) = other_format(line) {
            return Some(Err(BenchError::OtherFormat(format)));
        }
        at += line.len();
    }
    None
}

/// No run's journal is read to its end to find a row in it.
const JOURNAL_START: &str = "{\"seq\":";

/// `[` alone, as llama-bench writes it, or before an entry: a log line may begin with it too (`[1] segmentation fault`).
fn is_array_start(line: &str) -> bool {
    let line = line.trim();
    line.strip_prefix('[').is_some_and(|rest| {
        let rest = rest.trim_start();
        rest.is_empty() || rest.starts_with('{') || serde_json::from_str::<Vec<Value>>(line).is_ok()
    })
}

fn is_row(line: &str) -> bool {
    let line = line.trim();
    let value = || serde_json::from_str::<Value>(line).ok();
    line.starts_with('{') && value().is_some_and(|row| row.get("avg_ts").is_some())
}

fn other_format(line: &str) -> Option<&'static str> {
    let line = line.trim();
    let has = |words: [&str; 2]| words.iter().all(|word| line.contains(word));
    match line {
        _ if line.starts_with("| model ") && has([" test |", " t/s |"]) => Some("the Markdown"),
        _ if has(["build_commit,", ",avg_ts"]) || has(["\"build_commit\",", ",\"avg_ts\""]) => Some("the CSV"),
        _ if line.starts_with("CREATE TABLE IF NOT EXISTS llama_bench") => Some("the SQL"),
        _ if line.starts_with("INSERT INTO llama_bench") => Some("the SQL"),
        _ => None,
    }
}

/// The values of an array; if log lines stand between them, without those.
fn entries(text: &str) -> Result<Vec<Value>, BenchError> {
    let first = |text: &str| {
        let mut values = serde_json::Deserializer::from_str(text).into_iter();
        values.next().unwrap_or(Ok(Vec::new()))
    };
    first(text)
        .or_else(|e| first(&without_log(text)).map_err(|_| e))
        .map_err(|e| wrong(0, &e))
}

/// What of each line can be llama-bench's JSON: it never writes anything behind a closing brace but a comma.
fn without_log(text: &str) -> String {
    let line = |line: &str| -> String {
        let line = line.trim();
        match line.chars().next() {
            Some('}') if !line.starts_with("},") => "}".to_owned(),
            Some('[' | ']' | '{' | '}' | ',' | '"') => line.to_owned(),
            _ => String::new(),
        }
    };
    text.lines().map(|l| line(l) + "\n").collect()
}

/// A value for each line that is none of a log.
fn lines(text: &str) -> Result<Vec<Value>, BenchError> {
    let rows = text.lines().map(str::trim).filter(|line| line.starts_with('{'));
    rows.enumerate()
        .map(|(index, line)| serde_json::from_str(line).map_err(|e| wrong(index, &e)))
        .collect()
}

fn rows(values: Vec<Value>) -> Result<Vec<BenchRow>, BenchError> {
    if values.is_empty() {
        return Err(BenchError::Empty);
    }
    let read = |(index, value): (usize, Value)| -> Result<BenchRow, BenchError> {
        let has_rate = value.get("avg_ts").is_some();
        let row: BenchRow = serde_json::from_value(value).map_err(|e| wrong(index, &e))?;
        if !has_rate {
            return Err(wrong(index, &serde_json::Error::missing_field("avg_ts")));
        }
        if row.avg_ts.is_finite() && row.avg_ts > 0.0 && row.stddev_ts.is_finite() {
            return Ok(row);
        }
        Err(BenchError::Entry {
            entry: index + 1,
            why: format!("avg_ts is {}", row.avg_ts),
        })
    };
    values.into_iter().enumerate().map(read).collect()
}

fn wrong(index: usize, error: &serde_json::Error) -> BenchError {
    BenchError::Entry {
        entry: index + 1,
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_bench;

    const ROW: &str = r#"{"build_commit":"abc","model_type":"llama 135M Q4_K - Medium","type_k":"f16","type_v":"q8_0",
        "flash_attn":1,"n_prompt":0,"n_gen":32,"n_depth":512,"avg_ts":42.5,"stddev_ts":1.0,"some_new_field":[1]}"#;

    #[test]
    fn both_forms_are_read() {
        let line = ROW.replace('\n', " ");
        for text in [format!("[{ROW}]"), format!("{line}\n\n{line}\n")] {
            let rows = parse_bench(&text).expect("llama-bench's").expect("good");
            let row = &rows[0];
            assert_eq!((row.variant().as_str(), row.work().as_str()), ("Q4_K_M", "tg32 @ d512"));
            assert_eq!((row.kv().as_str(), row.flash_attn()), ("f16/q8_0", "on"));
        }
    }

    #[test]
    fn lines_of_a_log_are_passed_over() {
        let line = ROW.replace('\n', " ");
        // llama-bench ends an entry without ending the line.
        let open = ROW.replace("[1]}", "[1]\n  }");
        let log = "ggml_vulkan: Found 1 Vulkan devices: {a}\n[1]  13557 segmentation fault (core dumped)\n";
        for (text, n_rows) in [
            (format!("{log}[\n  {ROW}\n]\nllama_perf: done\n"), 1),
            (
                format!("{log}[\n  {open}llama_model_loader: loaded\n,\n  {ROW}\n]\n"),
                2,
            ),
            (format!("{log}{line}\n{log}{line}\nbye\n"), 2),
        ] {
            let rows = parse_bench(&text).expect("llama-bench's").expect("good");
            assert_eq!(rows.len(), n_rows, "{text}");
            assert!(rows.iter().all(|row| row.avg_ts == 42.5), "{rows:?}");
        }
    }

    #[test]
    fn other_formats_of_llama_bench_are_named() {
        for (text, format) in [
            (
                "| model   |  size | params | backend | threads | test |          t/s |\n| --- |",
                "Markdown",
            ),
            (
                "build_commit,build_number,cpu_info,avg_ns,stddev_ns,avg_ts,stddev_ts\n\"a\",1",
                "CSV",
            ),
            ("CREATE TABLE IF NOT EXISTS llama_bench (\n  build_commit TEXT,", "SQL"),
        ] {
            for log in ["", "load_backend: loaded CPU backend\n"] {
                let error = parse_bench(&format!("{log}{text}"))
                    .expect("llama-bench's")
                    .expect_err(format);
                let error = error.to_string();
                assert!(
                    error.contains(format) && error.contains("llama-bench -o json"),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn other_files_are_told_from_broken_ones() {
        assert!(parse_bench("{\"seq\":0,\"header\":{}}").is_none());
        assert!(parse_bench("").is_none() && parse_bench("# Report").is_none());
        assert!(parse_bench("[INFO] a log\n[1]  123 segmentation fault  x").is_none());
        for bad in [
            "[]",
            "[1]",
            "[{}]",
            "[{\"avg_ts\":0}]",
            "[{\"avg_ts\":\"x\"}]",
            "[{",
            "{\"avg_ts\":1}\n{",
        ] {
            let error = parse_bench(bad).expect("meant to be llama-bench's").expect_err(bad);
            assert!(error.to_string().contains("llama-bench -o json"), "{error}");
            assert_eq!(
                error.to_string().contains("missing field `avg_ts`"),
                bad == "[{}]",
                "{error}"
            );
        }
    }
}

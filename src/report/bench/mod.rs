//! llama-bench's own rows: a run as such rows, for `compare-llama-bench.py` and what else reads them; and files of them,
//! read back.
//!
//! Fields, their order and their types are those of llama.cpp's `tools/llama-bench/llama-bench.cpp`.

mod export;
mod import;
mod table;

pub use export::{llama_bench_jsonl, llama_bench_sql};
pub use import::{parse_bench, BenchError, BenchRow};
pub use table::llama_bench_table;

//! kvant: which GGUF variant, with which KV cache, should I run on this machine, and how sure are we?
//!
//! The flow of the data, module by module:
//!
//! ```text
//! flags --catalog--> variants on disk --plan(seed)--> arms x works = cells, rounds, launches
//! plan minus journal --runner--> worker processes (engine: llama.cpp) --> samples --> journal.jsonl
//! journal --stats, decide--> report: results.json, report.md, charts
//! ```
//!
//! Only `runner` and `worker` touch the outside world while something is measured. Everything right of the journal is
//! a pure function of it. `tests/all/layering.rs` keeps the modules' imports to the table in docs/architecture.md.

mod catalog;
pub mod cli;
pub mod corpus;
pub mod data;
pub mod decide;
mod engine;
mod fs;
pub mod gguf;
mod host;
pub mod journal;
pub mod mix;
pub mod plan;
mod protocol;
mod quality;
mod quants;
pub mod report;
pub mod rng;
mod runner;
pub mod stats;
pub mod units;
mod worker;

pub use catalog::Catalog;

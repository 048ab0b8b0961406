//! From settings to a plan, and from a plan and a journal to what is left to do.
//!
//! In: checked settings, the model, the variants, records. Out: [`Plan`](crate::data::Plan), the order of each round,
//! predictions, outstanding work. It knows nothing of processes or files.
//! Invariant: no I/O, no clock, no environment, no unseeded randomness.

mod arms;
mod contend;
mod kv_pair;
mod matrix;
mod memory;
mod merge;
mod order;
mod outstanding;
mod pace;
mod predict;
mod prediction;
mod profile;
mod quality;
mod settings;
mod shard;
mod works;

pub use contend::{left_out, Bounds, Contender};
pub use kv_pair::KvPair;
pub use matrix::build;
pub use memory::Layout;
pub use merge::{is_superseded, merge, MergeError, Merged, Part};
pub use order::{blocks, headline_pairs, launch_order, Turn};
pub use outstanding::{outstanding, Outstanding};
pub use predict::n_repeat;
pub use prediction::Prediction;
pub use profile::{Probe, Profile};
pub use quality::{chunks, corpus_bytes, quality_left, surely_too_short, too_short, QualityLeft};
pub use settings::{PlanError, PlannedBuild, QualityMode, QualitySettings, Settings};
pub use shard::{shard, ShardOf, TooManyShards};
pub use works::{workloads_help, WorkFlags};

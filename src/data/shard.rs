//! A part of a sweep that was spread over several runs.

use super::Plan;
use serde::{Deserialize, Serialize};

/// What a run holds of a larger plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shards {
    /// Numbers of the shards in this run, from 1: one when it was measured, more when it was merged.
    pub indices: Vec<u32>,
    /// Shards of the sweep.
    pub count: u32,
    /// Name of the machine; absent where the system tells none.
    pub node: Option<String>,
    /// The plan that was split.
    pub whole: Plan,
}

impl Shards {
    /// Shards of the sweep that are in none of these runs.
    pub fn missing<'a>(count: u32, runs: impl IntoIterator<Item = &'a Shards>) -> Vec<u32> {
        let there: Vec<u32> = runs.into_iter().flat_map(|s| s.indices.iter().copied()).collect();
        (1..=count).filter(|i| !there.contains(i)).collect()
    }
}

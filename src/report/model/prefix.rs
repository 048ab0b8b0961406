//! Prefix reuse: the first token of a follow-up prompt, warm against cold.

use super::{by_arm, CellReport};
use crate::data::{Arm, Outcome, Workload};
use crate::report::wire;
use crate::stats::Interval;
use schemars::JsonSchema;
use serde::Serialize;

/// A follow-up prompt, part of which is in the cache, against the same prompt in an empty cache.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PrefixRow {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
    pub arm: Arm,
    /// Tokens of the prompt.
    pub n_prompt: u32,
    /// Of these, tokens that were in the cache.
    pub n_shared: u32,
    /// Time to its first token in an empty cache, nanoseconds.
    pub cold_ns: Option<Interval>,
    /// Time to its first token, nanoseconds.
    pub warm_ns: Option<Interval>,
    /// How many times sooner the first token comes than in an empty cache.
    pub factor: Option<Interval>,
    /// Rounds with an empty cache.
    pub n_cold: u32,
    /// Rounds with the prefix in the cache.
    pub n_warm: u32,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// One row per arm, prompt and shared part. The cold prompt of the same round is the reference.
pub(super) fn prefix_rows(cells: &[CellReport]) -> Vec<PrefixRow> {
    let all = || by_arm(cells, Workload::PrefixReuse);
    let row = |warm: &CellReport| {
        let cold = all().find(|c| {
            c.arm.id == warm.arm.id && c.spec.n_prompt() == warm.spec.n_prompt() && c.spec.n_depth() == 0 && c.is_ok()
        });
        let factor = cold.filter(|_| warm.is_ok()).and_then(|cold| warm.ratio_of_works(cold));
        PrefixRow {
            arm: warm.arm.clone(),
            n_prompt: warm.spec.n_prompt(),
            n_shared: warm.spec.n_depth(),
            cold_ns: cold.and_then(|c| c.ttft_ns),
            warm_ns: warm.ttft_ns,
            factor,
            n_cold: cold.map_or(0, |c| c.samples_ns.len() as u32),
            n_warm: warm.samples_ns.len() as u32,
            outcome: warm.outcome.clone(),
        }
    };
    all().filter(|c| c.spec.n_depth() > 0).map(row).collect()
}

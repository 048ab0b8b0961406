//! The recommendation, and who is fastest.

use super::cells::Comparison;
use crate::data::{Arm, Goal, Purpose, RequestShape, Work};
use crate::decide::{Answer, Candidate, Decision};
use schemars::JsonSchema;
use serde::Serialize;

/// The recommendation of a run, with the arms it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionReport {
    /// What was asked.
    pub goal: Goal,
    /// The request that is to be short.
    pub request: RequestShape,
    /// What was measured as decode.
    pub decode: Work,
    /// What was measured as prefill.
    pub prefill: Option<Work>,
    /// The candidates: arms of the plan without the control.
    pub arms: Vec<Arm>,
    /// What was known of each.
    pub candidates: Vec<Candidate>,
    /// Whether an arm's quality was put together from that of its weights and that of its KV types.
    pub is_composed: Vec<bool>,
    pub decision: Decision,
    /// Launches in which the choice was measured.
    pub n_launches: u32,
    /// Rounds in which it was.
    pub n_rounds: u32,
    /// What as much measuring again would bring; absent where the bound is what was asked for.
    pub more: Option<More>,
    /// The choice for each usual kind of request.
    pub by_purpose: Vec<PurposeChoice>,
}

impl DecisionReport {
    /// Name of the answer in files.
    pub fn name(&self) -> &'static str {
        match self.decision.answer {
            Answer::Take(_) => "take",
            Answer::None { .. } => "none",
        }
    }

    /// Whether an arm keeps to the limits, or may.
    pub fn is_met(&self) -> bool {
        matches!(self.decision.answer, Answer::Take(_))
    }
}

/// What more launches would probably bring.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct More {
    /// Time that they take, nanoseconds.
    pub ns: u64,
    /// The bound after them, as a fraction.
    pub regret: f64,
}

/// The choice for one kind of request.
#[derive(Debug, Clone, PartialEq)]
pub struct PurposeChoice {
    /// Which.
    pub purpose: Purpose,
    /// The arm, an index into the candidates; absent when none keeps to the limits.
    pub arm: Option<usize>,
    /// Bound on how much faster another one can be.
    pub regret: Option<f64>,
    /// Time of a request with that arm, nanoseconds; decode: of a token.
    pub request_ns: Option<f64>,
    /// Whether the prompt lies between two measured lengths.
    pub is_between: bool,
}

/// The arms with the baseline's KV type on one work.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Ranking {
    /// The work.
    pub work: Work,
    /// Ids of at least two arms, by their ratio to the baseline (itself among them), fastest first.
    pub arms: Vec<String>,
    /// The first against the second.
    pub lead: Option<Comparison>,
}

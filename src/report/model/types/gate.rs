//! What a gate found.

use super::Figure;
use crate::data::{Arm, FailOn, Work};
use crate::decide::GateStanding;
use crate::report::wire;
use crate::stats::Interval;
use schemars::JsonSchema;
use serde::Serialize;

/// Two builds, and what the gate fails on.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateReport {
    /// The build that others are held against.
    pub base: String,
    /// What is held against it.
    pub candidate: String,
    /// Conditions, as they were given.
    #[serde(serialize_with = "wire::texts")]
    #[schemars(with = "Vec<String>")]
    pub fail_on: Vec<FailOn>,
    /// Of the speed of each work.
    pub speed: Vec<GateRow>,
    /// Of the divergence, where it was asked for and scored.
    pub kld: Option<GateKld>,
    /// All conditions together.
    pub standing: GateStanding,
}

/// A work of the candidate.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateRow {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
    pub arm: Arm,
    #[serde(flatten)]
    pub spec: Work,
    /// Throughput of the base, tokens per second.
    pub base_tps: Option<Interval>,
    /// Of the candidate.
    pub tps: Option<Interval>,
    /// Speed over that of the base: each end is a one-sided bound that holds for all works and looks of the gate together.
    pub ratio: Option<Interval>,
    /// Pairs of launches.
    pub n_pairs: u32,
    /// Absent where no condition is about speed.
    pub standing: Option<GateStanding>,
    /// Both were measured without a failure.
    pub is_measured: bool,
}

/// What the candidate's probabilities differ by.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateKld {
    /// Tokens per window.
    pub n_ctx: u32,
    /// Mean KL divergence from the base, nats.
    pub kld: Figure,
    pub standing: GateStanding,
}

impl GateReport {
    /// What is asked of speed.
    pub(in crate::report::model) fn margin(&self) -> Option<f64> {
        self.fail_on.iter().find_map(|condition| match condition {
            FailOn::Slower(share) => Some(*share),
            FailOn::Kld(_) => None,
        })
    }

    pub(in crate::report::model) fn standings(&self) -> impl Iterator<Item = GateStanding> + '_ {
        let speed = self.speed.iter().filter_map(|row| row.standing);
        speed.chain(self.kld.iter().map(|kld| kld.standing))
    }

    /// Divergence was asked for, and is not known.
    pub(in crate::report) fn is_unscored(&self) -> bool {
        self.kld.is_none() && self.fail_on.iter().any(|condition| matches!(condition, FailOn::Kld(_)))
    }

    /// Everything that the conditions are about was measured.
    pub(in crate::report) fn is_measured(&self) -> bool {
        !self.is_unscored() && !self.speed.is_empty() && self.speed.iter().all(|row| row.is_measured)
    }

    /// Whether more measuring can change nothing.
    pub(in crate::report::model) fn is_settled(&self) -> bool {
        self.standing == GateStanding::Failed || !self.standings().any(|standing| standing == GateStanding::Open)
    }
}

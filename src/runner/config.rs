//! What a run is told, and what follows from it for all parts of the runner.

use super::child::{Mailbox, WorkerCommand};
use crate::data::{Plan, WorkSpec};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What the runner needs besides the journal.
pub struct RunConfig {
    /// The plan.
    pub plan: Plan,
    /// Variant id to file.
    pub files: BTreeMap<String, PathBuf>,
    /// Text that prompts are cut from.
    pub text: String,
    /// How to start workers.
    pub command: WorkerCommand,
    /// Predicted duration of one execution, per cell.
    pub guess_ns: Vec<u64>,
    /// All workers stay up; otherwise every round loads them in turn.
    pub is_resident: bool,
    /// Longest wait for any one answer; predicted from the work when absent.
    pub deadline_max: Option<Duration>,
}

impl RunConfig {
    /// How long to wait for work of this predicted cost: twenty times the prediction and a minute, since a busy machine
    /// is slow and a hung worker is for ever.
    pub(super) fn deadline(&self, cost_ns: u64) -> Duration {
        let own = Duration::from_secs(60) + Duration::from_nanos(cost_ns.saturating_mul(20));
        self.deadline_max.map_or(own, |max| own.min(max))
    }

    /// Prompt tokens that the longest cell needs.
    pub(super) fn n_tokens(&self) -> u32 {
        self.plan.cells.iter().map(|c| c.spec.n_ctx_needed()).max().unwrap_or(1)
    }
}

/// Where the parts of the runner work: the run and its mailbox.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub run: &'a RunConfig,
    pub mailbox: &'a Mailbox,
}

impl Site<'_> {
    /// The work of a cell.
    pub fn spec(&self, cell: usize) -> WorkSpec {
        self.run.plan.cells[cell].spec
    }

    /// The arm of a cell.
    pub fn arm(&self, cell: usize) -> usize {
        self.run.plan.cells[cell].arm
    }
}

/// Nanoseconds since then.
pub(super) fn nanos(since: Instant) -> u64 {
    since.elapsed().as_nanos() as u64
}

//! What a journal leaves to do.

use crate::data::{Plan, Record};
use std::collections::BTreeSet;

/// The state of a run after its journal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outstanding {
    /// First round that is neither complete nor void.
    pub round: u32,
    /// Rounds that were void.
    pub void: BTreeSet<u32>,
    /// Cells of that round that have their sample already.
    pub done_in_round: BTreeSet<usize>,
    /// Cells that failed and left the run.
    pub failed: BTreeSet<usize>,
    /// Arms that left the run because they could not win.
    pub dropped: BTreeSet<usize>,
    /// Arms whose memory is known.
    pub memory_done: BTreeSet<usize>,
}

/// Reads what is left from the records of a run of `plan`.
pub fn outstanding(plan: &Plan, records: &[Record]) -> Outstanding {
    let mut left = Outstanding::default();
    for record in records {
        match record {
            Record::Round(r) => left.round = left.round.max(r.round + 1),
            Record::Disturbed(d) if d.is_void => {
                left.void.insert(d.round);
                left.round = left.round.max(d.round + 1);
            }
            Record::Failure(f) => drop(left.failed.insert(f.cell)),
            Record::Dropped(d) => drop(left.dropped.insert(d.arm)),
            Record::Memory(m) => drop(left.memory_done.insert(m.arm)),
            _ => {}
        }
    }
    for record in records {
        if let Record::Sample(s) = record {
            if s.round == left.round && s.cell < plan.cells.len() {
                left.done_in_round.insert(s.cell);
            }
        }
    }
    left
}

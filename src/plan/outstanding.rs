//! What a journal leaves to do.

use crate::data::{Plan, Record};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a run after its journal. Workers of another session are other processes, so what comes next is a new launch; it goes on
/// with the blocks that its round lacks, and then with the rounds that the launch before lacked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outstanding {
    pub launch: u32,
    /// The round that did not end, or the next one.
    pub round: u32,
    /// Its place in its launch.
    pub in_launch: u32,
    /// Cells of complete blocks of that round.
    pub done: BTreeSet<usize>,
    /// Launches with all their rounds.
    pub n_launches: u32,
    pub n_rounds: u32,
    /// Blocks that were discarded.
    pub n_discarded: u32,
    /// Cells that failed and left the run.
    pub failed: BTreeSet<usize>,
    /// Arms that cannot become the choice.
    pub dropped: BTreeSet<usize>,
    /// Arms whose memory is known.
    pub memory_done: BTreeSet<usize>,
    /// Executions per sample of each cell.
    pub repeats: BTreeMap<usize, u32>,
}

pub fn outstanding(plan: &Plan, records: &[Record]) -> Outstanding {
    let mut left = Outstanding::default();
    for record in records {
        match record {
            Record::Launch(l) => left.launch = left.launch.max(l.launch + 1),
            Record::Sample(s) if s.cell < plan.cells.len() => {
                left.launch = left.launch.max(s.launch + 1);
                left.repeats.entry(s.cell).or_insert(s.sample.n_repeat);
            }
            Record::Block(b) => {
                left.in_launch = b.in_launch;
                left.done.extend(&b.cells);
            }
            Record::Round(r) => {
                left.n_rounds += 1;
                left.round = left.round.max(r.round + 1);
                left.done.clear();
                left.in_launch = (r.in_launch + 1) % plan.pace.n_rounds.max(1);
                left.n_launches += u32::from(left.in_launch == 0);
            }
            Record::Disturbed(d) if d.is_discarded => left.n_discarded += 1,
            Record::Failure(f) => drop(left.failed.insert(f.cell)),
            Record::Dropped(d) => drop(left.dropped.insert(d.arm)),
            Record::Memory(m) => drop(left.memory_done.insert(m.arm)),
            _ => {}
        }
    }
    left
}

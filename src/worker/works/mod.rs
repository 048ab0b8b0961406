//! How each workload is executed: one file each, and one list here that names them all.

mod at_once;
mod batched;
mod chat;
mod decode;
mod no_reuse;
mod prefill;
mod prefix_reuse;
mod requests;
mod speculative;
mod state;

pub(super) use chat::turns;
pub(super) use requests::answered;
#[cfg(all(test, feature = "test-engine"))]
pub(super) use speculative::{likely_in, spread};

use super::bench::{Bench, Timed};
use crate::data::work::*;
use crate::data::{Sample, Seen};
use crate::engine::{ContextId, EngineError};

/// How a work is executed.
pub(super) trait Executed {
    /// Whether there is something in it, apart from tokens that are counted.
    fn is_something(&self) -> bool {
        true
    }

    /// Has what executions start from, besides the state of the cache that its shape names.
    fn prepare(&self, _bench: &mut Bench<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    /// Rough time of one execution.
    fn rough_ns(&self, bench: &mut Bench<'_>) -> Result<u64, EngineError> {
        self.warm_up(bench, 1)?;
        self.execute(bench, 0)?;
        Ok(bench.timed.ns)
    }

    /// Untimed work of the same shapes right before a sample of `n_repeat` executions; ends where the first one starts. Out: its time,
    /// without the restoring of states.
    fn warm_up(&self, bench: &mut Bench<'_>, n_repeat: u32) -> Result<u64, EngineError>;

    /// One execution, number `turn` of the cell.
    fn execute(&self, bench: &mut Bench<'_>, turn: u32) -> Result<(), EngineError>;

    /// Untimed, before each execution but the first.
    fn between(&self, _bench: &mut Bench<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    /// Untimed, after the last.
    fn after(&self, _bench: &mut Bench<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    /// What a sample shows: from what the executions summed up, and the time of each.
    fn seen(&self, _sum: Option<Seen>, ns: u64, _n_repeat: u32) -> Seen {
        Seen::Time { ns }
    }
}

pub(super) fn executed(work: &Work) -> &dyn Executed {
    match work {
        Work::Prefill(work) => work,
        Work::Decode(work) => work,
        Work::NoReuse(work) => work,
        Work::PrefixReuse(work) => work,
        Work::Batched(work) => work,
        Work::State(work) => work,
        Work::Speculative(work) => work,
        Work::Requests(work) => work,
        Work::Chat(work) => work,
    }
}

/// What the executions of a sample summed up to.
pub(super) fn sample(work: &Work, timed: Timed, n_repeat: u32, warmup_ns: u64) -> Sample {
    Sample {
        n_repeat,
        timed_ns: timed.ns,
        warmup_ns,
        itl_ns: timed.itl_ns,
        conditions: timed.conditions,
        seen: executed(work).seen(timed.seen, timed.ns / u64::from(n_repeat), n_repeat),
    }
}

/// One-token steps that warm up a sample.
const N_WARM_STEPS: u32 = 3;
/// Tokens of the short prompt that warms up a sample.
const N_WARM_PROMPT: u32 = 64;

/// The first tokens of a prompt of `n_prompt`. Out: their time.
fn warm_up_prompt(bench: &mut Bench<'_>, n_prompt: u32) -> Result<u64, EngineError> {
    bench.clear()?;
    let few = N_WARM_PROMPT.min(n_prompt) as usize;
    let ((), ns) = bench.clocked(|b| b.feed(..few))?;
    Ok(ns)
}

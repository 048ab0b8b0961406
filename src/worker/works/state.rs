//! What a state is worth: computing it, copying it out and back, writing and reading it.

use super::*;
use crate::data::StateTimes;

impl Executed for State {
    /// All of it, not what is timed alone.
    fn rough_ns(&self, bench: &mut Bench<'_>) -> Result<u64, EngineError> {
        let ((), ns) = bench.clocked(|b| self.execute(b, 0))?;
        Ok(ns)
    }

    fn warm_up(&self, bench: &mut Bench<'_>, _: u32) -> Result<u64, EngineError> {
        warm_up_prompt(bench, self.n_depth)
    }

    /// The cache ends with `n_depth` tokens that came from a file.
    fn execute(&self, bench: &mut Bench<'_>, _: u32) -> Result<(), EngineError> {
        let ((), recompute_ns) = bench.observed(|bench| {
            bench.clear()?;
            bench.feed(..self.n_depth as usize)
        })?;
        let id = bench.id;
        let (state, save_ns) = bench.clocked(|b| b.engine.save(id))?;
        let state_bytes = state.len() as u64;
        bench.clear()?;
        let ((), restore_ns) = bench.clocked(|b| b.engine.restore(id, &state))?;
        drop(state);
        let config = bench.config()?.clone();
        let (file, write_ns) = bench.clocked(|b| {
            let state = b.engine.save(id)?;
            b.speed.files.write(&config, self.n_depth, &state)
        })?;
        let file_bytes = file.bytes();
        bench.clear()?;
        let ((), read_ns) = bench.clocked(|b| {
            let state = b.speed.files.read(&config, file.path())?;
            b.engine.restore(id, &state)
        })?;
        let sum = sum(bench.timed.seen.take());
        bench.timed.seen = Some(Seen::State(Box::new(StateTimes {
            recompute_ns: sum.recompute_ns + recompute_ns,
            save_ns: sum.save_ns + save_ns,
            restore_ns: sum.restore_ns + restore_ns,
            write_ns: sum.write_ns + write_ns,
            read_ns: sum.read_ns + read_ns,
            state_bytes,
            file_bytes,
        })));
        Ok(())
    }

    /// At least 1 ns each, so that ratios of them are defined.
    fn seen(&self, all: Option<Seen>, _: u64, n_repeat: u32) -> Seen {
        let sum = sum(all);
        let each = |ns: u64| (ns / u64::from(n_repeat.max(1))).max(1);
        Seen::State(Box::new(StateTimes {
            recompute_ns: each(sum.recompute_ns),
            save_ns: each(sum.save_ns),
            restore_ns: each(sum.restore_ns),
            write_ns: each(sum.write_ns),
            read_ns: each(sum.read_ns),
            ..sum
        }))
    }
}

fn sum(seen: Option<Seen>) -> StateTimes {
    match seen {
        Some(Seen::State(sum)) => *sum,
        _ => StateTimes::default(),
    }
}

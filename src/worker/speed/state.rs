//! What a state is worth: computing it, copying it out and back, writing and reading it.

use super::{clocked, Speed, Timed};
use crate::data::{StateTimes, WorkSpec};
use crate::engine::{ContextId, Engine, EngineError};

impl Speed {
    /// One execution; the cache ends with `n_depth` tokens that came from a file.
    pub(super) fn save_and_restore(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        spec: &WorkSpec,
        timed: &mut Timed,
    ) -> Result<(), EngineError> {
        let config = self.config(id)?;
        let ((), recompute_ns) = self.observed(engine, timed, |engine| {
            engine.clear(id)?;
            self.feed(engine, id, ..spec.n_depth as usize)
        })?;

        let (state, save_ns) = clocked(engine, |engine| engine.save(id))?;
        let state_bytes = state.len() as u64;
        engine.clear(id)?;
        let ((), restore_ns) = clocked(engine, |engine| engine.restore(id, &state))?;
        drop(state);
        let (file, write_ns) = clocked(engine, |engine| {
            self.files.write(config, spec.n_depth, &engine.save(id)?)
        })?;
        let file_bytes = file.bytes();
        engine.clear(id)?;
        let ((), read_ns) = clocked(engine, |engine| {
            engine.restore(id, &self.files.read(config, file.path())?)
        })?;

        let sum = timed.state.get_or_insert_with(StateTimes::default);
        sum.recompute_ns += recompute_ns;
        sum.save_ns += save_ns;
        sum.restore_ns += restore_ns;
        sum.write_ns += write_ns;
        sum.read_ns += read_ns;
        (sum.state_bytes, sum.file_bytes) = (state_bytes, file_bytes);
        Ok(())
    }
}

/// The times of one execution, from their sum; at least 1 ns, so that ratios of them are defined.
pub(super) fn each(sum: &StateTimes, n_repeat: u32) -> StateTimes {
    let each = |ns: u64| (ns / u64::from(n_repeat.max(1))).max(1);
    StateTimes {
        recompute_ns: each(sum.recompute_ns),
        save_ns: each(sum.save_ns),
        restore_ns: each(sum.restore_ns),
        write_ns: each(sum.write_ns),
        read_ns: each(sum.read_ns),
        ..*sum
    }
}

//! Several sequences at once: steps of all of them in a context that stays filled to its depth between samples. What a sample appends is
//! dropped again.

use super::*;

impl Batched {
    fn context(&self, bench: &Bench<'_>) -> Result<ContextId, EngineError> {
        Ok(bench.at_once(Work::Batched(*self))?.0)
    }

    /// The next token of each sequence, at position `at`: each goes on one token further in the text than the one before.
    fn step(&self, bench: &mut Bench<'_>, id: ContextId, at: usize) -> Result<(), EngineError> {
        let parts: Vec<(u32, &[i32])> = (0..self.n_seq).zip(bench.speed.tokens[at..].chunks(1)).collect();
        bench.engine.append(id, &parts)
    }

    /// So many timed steps.
    fn steps(&self, bench: &mut Bench<'_>, n_gen: u32) -> Result<(), EngineError> {
        let id = self.context(bench)?;
        bench.generate((n_gen, self.n_depth), |bench, at| self.step(bench, id, at))?;
        self.rewind(bench, id)
    }

    /// Drops what was appended beyond the depth.
    fn rewind(&self, bench: &mut Bench<'_>, id: ContextId) -> Result<(), EngineError> {
        (0..self.n_seq).try_for_each(|seq| bench.engine.truncate(id, seq, self.n_depth))
    }
}

impl Executed for Batched {
    fn prepare(&self, bench: &mut Bench<'_>) -> Result<(), EngineError> {
        let Some(id) = bench.open_at_once(Work::Batched(*self))? else {
            return Ok(());
        };
        let (tokens, depth) = (&bench.speed.tokens, self.n_depth as usize);
        if self.is_pp_shared {
            bench.engine.decode(id, &tokens[..depth])?;
            return bench.engine.share(id);
        }
        (0..self.n_seq).try_for_each(|seq| bench.engine.append(id, &[(seq, &tokens[seq as usize..][..depth])]))
    }

    fn rough_ns(&self, bench: &mut Bench<'_>) -> Result<u64, EngineError> {
        self.warm_up(bench, 1)?;
        let few = self.n_gen.min(N_WARM_STEPS);
        self.steps(bench, few)?;
        Ok(bench.timed.ns * u64::from(self.n_gen) / u64::from(few))
    }

    fn warm_up(&self, bench: &mut Bench<'_>, _: u32) -> Result<u64, EngineError> {
        let id = self.context(bench)?;
        let first = self.n_depth as usize;
        let few = N_WARM_STEPS.min(self.n_gen) as usize;
        let ((), ns) = bench.clocked(|b| (first..first + few).try_for_each(|at| self.step(b, id, at)))?;
        self.rewind(bench, id)?;
        Ok(ns)
    }

    fn execute(&self, bench: &mut Bench<'_>, _: u32) -> Result<(), EngineError> {
        self.steps(bench, self.n_gen)
    }
}

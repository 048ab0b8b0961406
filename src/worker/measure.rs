//! Timing one work on one context (docs: the method, sections 2 and 3).
//!
//! In: the prompt tokens and an engine. Out: [`Sample`]s on the engine's clock. Every work feeds the same tokens, cut
//! from the start of the text, so that all arms do the same. Filling the cache, restoring a state and warming up happen outside of
//! timed regions. What each workload does is in `works`.

use super::bench::{Bench, Timed};
use super::speed::Speed;
use super::works::{executed, sample};
use crate::data::{Sample, Work};
use crate::engine::{ContextId, Engine, EngineError};

impl Speed {
    /// Makes the context ready for a work. Out: rough time of one execution, if it is to be timed.
    pub fn prepare(
        &mut self,
        engine: &mut dyn Engine,
        id: ContextId,
        work: &Work,
        is_timed: bool,
    ) -> Result<Option<u64>, EngineError> {
        self.check(work)?;
        let mut bench = self.bench(engine, id);
        bench.fill(work.shape().n_cached)?;
        let executed = executed(work);
        executed.prepare(&mut bench)?;
        is_timed.then(|| executed.rough_ns(&mut bench)).transpose()
    }

    /// One timed sample: warm-up, then `n_repeat` executions. `round`: complete rounds before it.
    pub fn measure(
        &mut self,
        engine: &mut dyn Engine,
        id: ContextId,
        work: &Work,
        round: u32,
        n_repeat: u32,
    ) -> Result<Sample, EngineError> {
        self.check(work)?;
        if n_repeat == 0 {
            return Err(EngineError::Refused("a sample needs at least one execution".to_owned()));
        }
        let mut bench = self.bench(engine, id);
        let executed = executed(work);
        let warmup_ns = executed.warm_up(&mut bench, n_repeat)?;
        bench.timed = Timed::default();
        for i in 0..n_repeat {
            if i > 0 {
                executed.between(&mut bench)?;
            }
            executed.execute(&mut bench, round.wrapping_mul(n_repeat).wrapping_add(i))?;
        }
        executed.after(&mut bench)?;
        Ok(sample(work, bench.timed, n_repeat, warmup_ns))
    }

    fn bench<'a>(&'a mut self, engine: &'a mut dyn Engine, id: ContextId) -> Bench<'a> {
        Bench {
            speed: self,
            engine,
            id,
            timed: Timed::default(),
        }
    }

    fn check(&self, work: &Work) -> Result<(), EngineError> {
        let shape = work.shape();
        let what = |why: &str| Err(EngineError::Refused(format!("{work}: {why}")));
        if shape.n_counted == 0 || !executed(work).is_something() {
            return what("there is nothing to time in it");
        }
        let (n_needed, n) = (shape.n_text, self.tokens.len());
        if n_needed as usize > n {
            return what(&format!("it needs {n_needed} tokens and the text gave {n}"));
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "test-engine"))]
#[path = "measure_tests.rs"]
mod tests;

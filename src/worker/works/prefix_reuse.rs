//! A prompt that shares its first tokens with what is in the cache: the rest of the cache is dropped, the rest of the prompt
//! processed, and the first token sampled. All of it is part of the work. With nothing shared it is a cold prompt.

use super::*;
use std::ops::Range;

impl PrefixReuse {
    fn rest(&self) -> Range<usize> {
        self.n_shared as usize..self.n_prompt as usize
    }
}

impl Executed for PrefixReuse {
    fn is_something(&self) -> bool {
        self.n_shared < self.n_prompt
    }

    /// The prompt before: the cache holds what it shares with the next one, and how it went on.
    fn warm_up(&self, bench: &mut Bench<'_>, _: u32) -> Result<u64, EngineError> {
        if self.n_shared == 0 {
            return warm_up_prompt(bench, self.n_prompt);
        }
        bench.restore(self.n_shared)?;
        let ((), ns) = bench.clocked(|b| b.feed(self.rest()))?;
        Ok(ns)
    }

    fn execute(&self, bench: &mut Bench<'_>, _: u32) -> Result<(), EngineError> {
        bench.observed(|bench| {
            match self.n_shared {
                0 => bench.clear()?,
                shared => bench.engine.truncate(bench.id, 0, shared)?,
            }
            bench.feed(self.rest())?;
            bench.best()
        })?;
        Ok(())
    }

    fn seen(&self, _: Option<Seen>, ns: u64, _: u32) -> Seen {
        Seen::Prompt { ns, ttft_ns: ns }
    }
}

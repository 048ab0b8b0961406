//! Generating as with `use_cache=False`: the whole prefix again for every token. Clearing is part of the work (metadata only).

use super::*;

impl Executed for NoReuse {
    fn rough_ns(&self, bench: &mut Bench<'_>) -> Result<u64, EngineError> {
        Ok(prefill::rough_ns(bench, self.n_depth + 1)? * u64::from(self.n_gen))
    }

    fn warm_up(&self, bench: &mut Bench<'_>, _: u32) -> Result<u64, EngineError> {
        warm_up_prompt(bench, self.n_depth + 1)
    }

    fn execute(&self, bench: &mut Bench<'_>, _: u32) -> Result<(), EngineError> {
        bench.generate((self.n_gen, self.n_depth), |bench, at| {
            bench.clear()?;
            bench.feed(..at + 1)
        })
    }
}

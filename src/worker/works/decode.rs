//! One-token steps at a depth.

use super::*;

impl Decode {
    fn steps(&self, bench: &mut Bench<'_>, n_gen: u32) -> Result<(), EngineError> {
        bench.generate((n_gen, self.n_depth), Bench::step)
    }
}

impl Executed for Decode {
    fn rough_ns(&self, bench: &mut Bench<'_>) -> Result<u64, EngineError> {
        bench.go_to(self.n_depth)?;
        bench.step(self.n_depth as usize)?;
        bench.go_to(self.n_depth)?;
        let few = self.n_gen.min(N_WARM_STEPS);
        self.steps(bench, few)?;
        Ok(bench.timed.ns * u64::from(self.n_gen) / u64::from(few))
    }

    fn warm_up(&self, bench: &mut Bench<'_>, _: u32) -> Result<u64, EngineError> {
        let first = self.n_depth as usize;
        let few = N_WARM_STEPS.min(self.n_gen) as usize;
        bench.restore(self.n_depth)?;
        let ((), ns) = bench.clocked(|b| (first..first + few).try_for_each(|at| b.step(at)))?;
        bench.go_to(self.n_depth)?;
        Ok(ns)
    }

    fn execute(&self, bench: &mut Bench<'_>, _: u32) -> Result<(), EngineError> {
        self.steps(bench, self.n_gen)
    }

    fn between(&self, bench: &mut Bench<'_>) -> Result<(), EngineError> {
        bench.go_to(self.n_depth)
    }

    fn after(&self, bench: &mut Bench<'_>) -> Result<(), EngineError> {
        bench.check_finite(Work::Decode(*self))
    }
}

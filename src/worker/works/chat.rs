//! One conversation in one cache: in each turn the user's tokens are added to what was said before, and an answer follows token by
//! token. The last token of an answer enters the cache with the next prompt. All arms say the same.

use super::*;
use crate::data::TurnTimes;

impl Executed for Chat {
    /// Its first tokens, and a few steps.
    fn warm_up(&self, bench: &mut Bench<'_>, _: u32) -> Result<u64, EngineError> {
        let prompt_ns = warm_up_prompt(bench, self.n_asked(0))?;
        let first = N_WARM_PROMPT.min(self.n_asked(0));
        let last = first + N_WARM_STEPS.min(self.n_gen);
        let ((), ns) = bench.clocked(|b| (first..last).try_for_each(|at| b.step(at as usize)))?;
        Ok(prompt_ns + ns)
    }

    fn execute(&self, bench: &mut Bench<'_>, _: u32) -> Result<(), EngineError> {
        bench.clear()?;
        let mut turns = turns(bench.timed.seen.take(), self.n_turns);
        bench.observed(|bench| {
            let mut n_past = 0;
            for (turn, times) in (0..).zip(&mut turns) {
                let end = (self.n_before(turn) + self.n_asked(turn)) as usize;
                let (_, ttft_ns) = bench.clocked(|bench| {
                    bench.feed(n_past..end)?;
                    bench.best()
                })?;
                n_past = end + self.n_gen as usize - 1;
                times.ttft_ns += ttft_ns;
                for at in end..n_past {
                    let ((), ns) = bench.clocked(|b| b.step(at))?;
                    bench.timed.itl_ns.push(ns);
                    times.gen_ns += ns;
                }
            }
            Ok(())
        })?;
        bench.timed.seen = Some(Seen::Chat { ns: 0, turns });
        Ok(())
    }

    fn after(&self, bench: &mut Bench<'_>) -> Result<(), EngineError> {
        bench.check_finite(Work::Chat(*self))
    }

    fn seen(&self, sum: Option<Seen>, ns: u64, n_repeat: u32) -> Seen {
        let mut turns = turns(sum, self.n_turns);
        for times in &mut turns {
            times.ttft_ns /= u64::from(n_repeat);
            times.gen_ns /= u64::from(n_repeat);
        }
        Seen::Chat { ns, turns }
    }
}

/// Sums over the executions so far.
pub(in crate::worker) fn turns(seen: Option<Seen>, n_turns: u32) -> Vec<TurnTimes> {
    match seen {
        Some(Seen::Chat { turns, .. }) => turns,
        _ => vec![TurnTimes::default(); n_turns as usize],
    }
}

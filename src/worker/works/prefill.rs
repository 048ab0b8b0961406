//! A prompt into an empty cache.

use super::*;

/// Executions of a shape until a device is as fast at it as it gets: kernels are loaded in the first, graphs captured in the second (a prompt
/// of 512 tokens took 41 ms, 14 ms, then 7 ms on an H200).
const N_COLD: usize = 2;
/// Work that takes as long is not slowed by that.
const SHORT_NS: u64 = 300_000_000;

impl Executed for Prefill {
    fn rough_ns(&self, bench: &mut Bench<'_>) -> Result<u64, EngineError> {
        rough_ns(bench, self.n_prompt)
    }

    fn warm_up(&self, bench: &mut Bench<'_>, n_repeat: u32) -> Result<u64, EngineError> {
        let mut ns = warm_up_prompt(bench, self.n_prompt)?;
        // Whole executions where one is short and a device has to learn its shape.
        if n_repeat > 1 && bench.config()?.is_on_device() {
            for _ in 0..N_COLD {
                ns += prompt(bench, self.n_prompt)?;
            }
        }
        Ok(ns)
    }

    fn execute(&self, bench: &mut Bench<'_>, _: u32) -> Result<(), EngineError> {
        let ns = prompt(bench, self.n_prompt)?;
        if bench.timed.seen.is_none() {
            let (_, first_ns) = bench.clocked(Bench::best)?;
            let ttft_ns = ns + first_ns;
            bench.timed.seen = Some(Seen::Prompt { ns, ttft_ns });
        }
        Ok(())
    }

    /// Decode may start from what the prompt left in the cache.
    fn after(&self, bench: &mut Bench<'_>) -> Result<(), EngineError> {
        bench.check_finite(Work::Prefill(*self))?;
        let (id, n) = (bench.id, self.n_prompt);
        if bench.speed.is_wanted(id, n) && !bench.speed.has_state(id, n) {
            bench.keep(n)?;
        }
        Ok(())
    }

    fn seen(&self, sum: Option<Seen>, ns: u64, _: u32) -> Seen {
        match sum {
            Some(Seen::Prompt { ttft_ns, .. }) => Seen::Prompt { ns, ttft_ns },
            _ => Seen::Time { ns },
        }
    }
}

/// Times a prompt of `n` tokens.
fn prompt(bench: &mut Bench<'_>, n: u32) -> Result<u64, EngineError> {
    bench.clear()?;
    let ((), ns) = bench.observed(|b| b.feed(..n as usize))?;
    Ok(ns)
}

/// The first tokens tell: a whole prompt would cost as much as its sample.
pub(super) fn rough_ns(bench: &mut Bench<'_>, n: u32) -> Result<u64, EngineError> {
    let few = n.min(N_WARM_PROMPT);
    prompt(bench, few)?;
    let mut ns = prompt(bench, few)? * u64::from(n) / u64::from(few);
    if bench.config()?.is_on_device() {
        // A device takes as long for few tokens as for many.
        for _ in 0..=N_COLD {
            ns = prompt(bench, n)?;
            if ns >= SHORT_NS {
                break;
            }
        }
    }
    bench.timed = Timed::default();
    Ok(ns)
}

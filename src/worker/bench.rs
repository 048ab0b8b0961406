//! The bench that works are executed on: the context of an arm, the tokens of its prompts, and a clock.
//!
//! Invariant: whatever is in a cache is a prefix of the tokens. Timed regions hold decoding and nothing else.

use super::conditions::Reading;
use super::speed::Speed;
use crate::data::{ArmConfig, SampleConditions, Seen};
use crate::engine::{argmax, ContextId, Engine, EngineError};
use std::slice::SliceIndex;

pub(super) struct Bench<'a> {
    pub speed: &'a mut Speed,
    pub engine: &'a mut dyn Engine,
    pub id: ContextId,
    pub timed: Timed,
}

/// Sums over executions.
#[derive(Default)]
pub(super) struct Timed {
    pub ns: u64,
    pub itl_ns: Vec<u64>,
    pub conditions: SampleConditions,
    /// What the workload itself sums up.
    pub seen: Option<Seen>,
}

impl Bench<'_> {
    /// The same with another context of the worker.
    pub fn on(&mut self, id: ContextId) -> Bench<'_> {
        Bench {
            speed: self.speed,
            engine: self.engine,
            id,
            timed: Timed::default(),
        }
    }

    pub fn config(&self) -> Result<&ArmConfig, EngineError> {
        let config = self.speed.configs.get(&self.id.0);
        config.ok_or_else(|| EngineError::Refused(format!("there is no context {}", self.id.0)))
    }

    /// Appends these of the tokens.
    pub fn feed(&mut self, range: impl SliceIndex<[i32], Output = [i32]>) -> Result<(), EngineError> {
        #[cfg(feature = "test-engine")]
        let since = std::time::Instant::now();
        self.engine.decode(self.id, &self.speed.tokens[range])?;
        #[cfg(feature = "test-engine")]
        super::handicap::wait_for_share_of(since.elapsed());
        Ok(())
    }

    pub fn step(&mut self, at: usize) -> Result<(), EngineError> {
        self.feed(at..at + 1)
    }

    pub fn clear(&mut self) -> Result<(), EngineError> {
        self.engine.clear(self.id)
    }

    /// The most likely token after those in the cache.
    pub fn best(&mut self) -> Result<i32, EngineError> {
        Ok(argmax(self.engine.logits(self.id)?))
    }

    /// Back to `n_depth` from a deeper cache. Models with a recurrent state cannot drop single tokens: they get the
    /// kept state back.
    pub fn go_to(&mut self, n_depth: u32) -> Result<(), EngineError> {
        if n_depth == 0 {
            return self.clear();
        }
        let gone = self.engine.truncate(self.id, 0, n_depth);
        gone.or_else(|_| self.restore(n_depth))
    }

    pub fn restore(&mut self, n_depth: u32) -> Result<(), EngineError> {
        if n_depth == 0 {
            return self.clear();
        }
        match self.speed.states.get(&(self.id.0, n_depth)) {
            Some(state) => self.engine.restore(self.id, state),
            None => Err(EngineError::Refused(format!(
                "depth {n_depth} was not prepared in context {}",
                self.id.0
            ))),
        }
    }

    /// Has the state at a depth: that of another worker is taken over, or it is computed.
    pub fn fill(&mut self, n_depth: u32) -> Result<(), EngineError> {
        if n_depth == 0 || self.speed.has_state(self.id, n_depth) {
            return Ok(());
        }
        self.clear()?;
        self.feed(..n_depth as usize)?;
        self.keep(n_depth)
    }

    /// Keeps the state of the cache, here and for other workers.
    pub fn keep(&mut self, n_depth: u32) -> Result<(), EngineError> {
        let state = self.engine.save(self.id)?;
        self.speed.put_state(self.id, n_depth, state);
        Ok(())
    }

    /// The result of `work` and its time on the engine's clock.
    pub fn clocked<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, EngineError>,
    ) -> Result<(T, u64), EngineError> {
        let start = self.engine.now_ns();
        let done = work(self)?;
        Ok((done, self.engine.now_ns() - start))
    }

    /// The same, timed: time and what the process used meanwhile are added to the sums.
    pub fn observed<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, EngineError>,
    ) -> Result<(T, u64), EngineError> {
        let before = self.reading()?;
        let (done, ns) = self.clocked(work)?;
        let after = self.reading()?;
        self.timed.conditions.add(&before, &after);
        self.timed.ns += ns;
        Ok((done, ns))
    }

    /// Times `n_gen` calls of `token`, one after the other, each with the position of its token.
    pub fn generate(
        &mut self,
        (n_gen, n_depth): (u32, u32),
        mut token: impl FnMut(&mut Self, usize) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        self.timed.itl_ns.reserve(n_gen as usize);
        let before = self.reading()?;
        let start = self.engine.now_ns();
        let mut last = start;
        for i in 0..n_gen {
            token(self, (n_depth + i) as usize)?;
            let now = self.engine.now_ns();
            self.timed.itl_ns.push(now - last);
            last = now;
        }
        let after = self.reading()?;
        self.timed.conditions.add(&before, &after);
        self.timed.ns += last - start;
        Ok(())
    }

    fn reading(&self) -> Result<Reading, EngineError> {
        Reading::now(self.engine.cpu_ns(), &self.speed.counters)
    }

    /// A file that gives no probabilities is broken, whatever its speed.
    pub fn check_finite(&mut self, after: impl std::fmt::Display) -> Result<(), EngineError> {
        let logits = self.engine.logits(self.id)?;
        match logits.iter().all(|z| z.is_finite()) {
            true => Ok(()),
            false => Err(EngineError::NotFinite(format!("after {after}"))),
        }
    }
}

//! Timing one work on one context (docs: the method, sections 2 and 3).
//!
//! In: the prompt tokens and an engine. Out: [`Sample`]s on the engine's clock. Every work feeds the same tokens, cut
//! from the start of the text, so that all arms do the same. Filling the cache, restoring a state and warming up happen outside of
//! timed regions. What each workload does is in `works`.

use super::bench::{Bench, Timed};
use super::conditions::Counters;
use super::state_file::StateFiles;
use super::works::{executed, sample, AtOnceContext};
use crate::data::{ArmConfig, Sample, Work};
use crate::engine::{ContextId, Engine, EngineError};
use crate::protocol::CachedState;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

/// The tokens and the kept states of all contexts of a worker.
pub(super) struct Speed {
    pub tokens: Vec<i32>,
    pub files: StateFiles,
    pub counters: Counters,
    pub states: BTreeMap<(usize, u32), Vec<u8>>,
    /// Where the states of a context are kept for other workers, by depth.
    cached: BTreeMap<(usize, u32), File>,
    pub configs: BTreeMap<usize, ArmConfig>,
    pub at_once: Vec<AtOnceContext>,
    /// The model that drafts.
    pub draft: Option<PathBuf>,
    /// Context of the draft, by context.
    pub drafts: BTreeMap<usize, ContextId>,
}

impl Speed {
    pub fn new(tokens: Vec<i32>, files: StateFiles, draft: Option<PathBuf>) -> Self {
        Self {
            tokens,
            files,
            counters: Counters::find(),
            states: BTreeMap::new(),
            cached: BTreeMap::new(),
            configs: BTreeMap::new(),
            at_once: Vec::new(),
            draft,
            drafts: BTreeMap::new(),
        }
    }

    /// Reads what the GPUs at these places draw with every sample.
    pub fn watch_gpus(&mut self, places: Vec<String>) {
        self.counters.interference.watch_gpus(places);
    }

    /// Remembers how a context was opened (works on several sequences open further ones like it), and where its states are kept.
    pub fn opened(&mut self, id: ContextId, config: ArmConfig, cached: &[CachedState]) {
        self.configs.insert(id.0, config);
        for state in cached {
            let path = format!("/dev/fd/{}", state.fd);
            // What cannot be opened is computed by every worker anew.
            if let Ok(file) = File::options().read(true).write(true).open(path) {
                self.cached.insert((id.0, state.n_tokens), file);
            }
        }
    }

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

    /// Whether a work of the arm starts from this depth.
    pub fn is_wanted(&self, id: ContextId, depth: u32) -> bool {
        self.cached.contains_key(&(id.0, depth))
    }

    /// Whether the state is here, or another worker left it.
    pub fn has_state(&mut self, id: ContextId, depth: u32) -> bool {
        let key = (id.0, depth);
        if self.states.contains_key(&key) {
            return true;
        }
        let (Some(file), Some(config)) = (self.cached.get_mut(&key), self.configs.get(&id.0)) else {
            return false;
        };
        let found = self.files.get(file, config);
        found.is_ok_and(|state| self.states.insert(key, state).is_none())
    }

    /// Keeps a state, here and for other workers.
    pub fn put_state(&mut self, id: ContextId, depth: u32, state: Vec<u8>) {
        let key = (id.0, depth);
        if let (Some(file), Some(config)) = (self.cached.get_mut(&key), self.configs.get(&id.0)) {
            // Without room for it every worker computes it anew; a part of it is known by its length and not taken over.
            let _ = self.files.put(file, config, depth, &state);
        }
        self.states.insert(key, state);
    }
}

#[cfg(all(test, feature = "test-engine"))]
#[path = "speed_tests.rs"]
mod tests;

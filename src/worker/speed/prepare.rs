//! What is not timed: filling caches, keeping states, a first look at every work, and warming up before a sample.

use super::{clocked, Speed, Timed, N_WARM_STEPS};
use crate::data::{WorkSpec, Workload, N_REQUESTS};
use crate::engine::{ContextId, Engine, EngineError};

/// Tokens of the short prefill that warms up a sample.
const N_WARM_PREFILL: usize = 64;
/// Executions of a shape until a device is as fast at it as it gets: kernels are loaded in the first, graphs captured in the second (a prompt
/// of 512 tokens took 41 ms, 14 ms, then 7 ms on an H200).
const N_COLD: usize = 2;
/// Work that takes as long is not slowed by that.
const SHORT_NS: u64 = 300_000_000;

impl Speed {
    /// Makes the context ready for works of these shapes. Out: rough time of one execution of each, in their order, if they are to
    /// be timed.
    pub(in crate::worker) fn prepare(
        &mut self,
        engine: &mut dyn Engine,
        id: ContextId,
        specs: &[WorkSpec],
        is_timed: bool,
    ) -> Result<Vec<u64>, EngineError> {
        specs.iter().try_for_each(|spec| self.check(spec))?;
        self.keep_states(engine, id, specs)?;
        self.fill_batches(engine, id, specs)?;
        self.fill_draft(engine, id, specs)?;
        let timed = specs.iter().filter(|_| is_timed);
        timed.map(|spec| self.rough_ns(engine, id, spec)).collect()
    }

    /// Has the state of every depth that a work starts from: those of other workers are taken over, the others are computed, depth by
    /// depth, ascending.
    pub(super) fn keep_states(
        &mut self,
        engine: &mut dyn Engine,
        id: ContextId,
        specs: &[WorkSpec],
    ) -> Result<(), EngineError> {
        let starts_filled = specs.iter().filter(|s| s.workload.starts_filled());
        let filled = starts_filled.map(WorkSpec::n_depth_kept);
        let mut depths: Vec<u32> = filled.filter(|depth| *depth > 0).collect();
        depths.sort_unstable();
        depths.dedup();
        depths.retain(|&depth| !self.has_state(id, depth));
        let mut n_past = 0;
        for depth in depths {
            if n_past == 0 {
                engine.clear(id)?;
            }
            engine.decode(id, &self.tokens[n_past..depth as usize])?;
            n_past = depth as usize;
            self.put_state(engine, id, depth)?;
        }
        Ok(())
    }

    /// Keeps what a prompt left in the cache, if a work of the arm starts from there and nobody has it yet.
    pub(super) fn keep(&mut self, engine: &mut dyn Engine, id: ContextId, depth: u32) -> Result<(), EngineError> {
        if self.kept.contains_key(&(id.0, depth)) && !self.has_state(id, depth) {
            self.put_state(engine, id, depth)?;
        }
        Ok(())
    }

    /// Whether the state is here, or another worker left it.
    fn has_state(&mut self, id: ContextId, depth: u32) -> bool {
        let key = (id.0, depth);
        if self.states.contains_key(&key) {
            return true;
        }
        let (Some(file), Some(config)) = (self.kept.get_mut(&key), self.configs.get(&id.0)) else {
            return false;
        };
        let found = self.files.get(file, config);
        found.is_ok_and(|state| self.states.insert(key, state).is_none())
    }

    /// Keeps the state of the cache, here and for other workers.
    fn put_state(&mut self, engine: &mut dyn Engine, id: ContextId, depth: u32) -> Result<(), EngineError> {
        let (key, state) = ((id.0, depth), engine.save(id)?);
        if let (Some(file), Some(config)) = (self.kept.get_mut(&key), self.configs.get(&id.0)) {
            // Without room for it every worker computes it anew; a part of it is known by its length and not taken over.
            let _ = self.files.put(file, config, depth, &state);
        }
        self.states.insert(key, state);
        Ok(())
    }

    fn rough_ns(&self, engine: &mut dyn Engine, id: ContextId, spec: &WorkSpec) -> Result<u64, EngineError> {
        let mut timed = Timed::default();
        match spec.workload {
            // The first tokens tell: a whole prompt would cost as much as its sample.
            Workload::Prefill | Workload::NoReuse => {
                let (n, times) = match spec.workload {
                    Workload::Prefill => (spec.n_prompt, 1),
                    _ => (spec.n_depth + 1, u64::from(spec.n_gen)),
                };
                let few = WorkSpec {
                    workload: Workload::Prefill,
                    n_prompt: n.min(N_WARM_PREFILL as u32),
                    ..*spec
                };
                for _ in 0..2 {
                    timed = Timed::default();
                    self.prefill(engine, id, &few, &mut timed)?;
                }
                let mut ns = timed.ns * u64::from(n) / u64::from(few.n_prompt);
                if self.config(id)?.is_on_device() {
                    // A device takes as long for few tokens as for many.
                    let whole = WorkSpec { n_prompt: n, ..few };
                    for _ in 0..=N_COLD {
                        timed = Timed::default();
                        self.prefill(engine, id, &whole, &mut timed)?;
                        ns = timed.ns;
                        if ns >= SHORT_NS {
                            break;
                        }
                    }
                }
                Ok(ns * times)
            }
            Workload::Decode => {
                self.go_to(engine, id, spec.n_depth)?;
                self.step(engine, id, spec.n_depth as usize)?;
                let few = WorkSpec {
                    n_gen: spec.n_gen.min(N_WARM_STEPS as u32),
                    ..*spec
                };
                self.go_to(engine, id, spec.n_depth)?;
                self.decode(engine, id, &few, &mut timed)?;
                Ok(timed.ns * u64::from(spec.n_gen) / u64::from(few.n_gen))
            }
            Workload::PrefixReuse => {
                self.warm_up(engine, id, spec)?;
                self.follow_up(engine, id, spec, &mut timed)?;
                Ok(timed.ns)
            }
            Workload::State => {
                let (_, ns) = clocked(engine, |e| self.save_and_restore(e, id, spec, &mut timed))?;
                Ok(ns)
            }
            Workload::Speculative => {
                self.speculate(engine, id, spec, 0, &mut timed)?;
                Ok(timed.ns)
            }
            Workload::Requests => {
                self.warm_up(engine, id, spec)?;
                self.serve_users(engine, id, spec, spec.n_seq, &mut timed)?;
                Ok(timed.ns * u64::from(N_REQUESTS))
            }
            Workload::Batched => {
                self.warm_up_batch(engine, id, &WorkSpec { n_gen: 1, ..*spec })?;
                let few = WorkSpec {
                    n_gen: spec.n_gen.min(N_WARM_STEPS as u32),
                    ..*spec
                };
                self.decode_batch(engine, id, &few, &mut timed)?;
                Ok(timed.ns * u64::from(spec.n_gen) / u64::from(few.n_gen))
            }
        }
    }

    /// Untimed work of the same shapes right before a sample; ends where its first execution starts. Out: its time,
    /// without the restoring of states.
    pub(super) fn warm_up(&self, engine: &mut dyn Engine, id: ContextId, spec: &WorkSpec) -> Result<u64, EngineError> {
        let n_prefill = match spec.workload {
            Workload::Batched => return self.warm_up_batch(engine, id, spec),
            Workload::Requests => return self.warm_up_users(engine, id, spec),
            Workload::Speculative => return self.warm_up_speculative(engine, id, spec),
            Workload::Decode => return self.warm_up_decode(engine, id, spec),
            // The prompt before: the cache holds what it shares with the next one, and how it went on.
            Workload::PrefixReuse if spec.n_depth > 0 => {
                self.restore(engine, id, spec.n_depth)?;
                let rest = spec.n_depth as usize..spec.n_prompt as usize;
                let (_, ns) = clocked(engine, |e| e.decode(id, &self.tokens[rest]))?;
                return Ok(ns);
            }
            Workload::Prefill | Workload::PrefixReuse => spec.n_prompt,
            Workload::NoReuse => spec.n_depth + 1,
            Workload::State => spec.n_depth,
        };
        engine.clear(id)?;
        let few = N_WARM_PREFILL.min(n_prefill as usize);
        let (_, ns) = clocked(engine, |e| e.decode(id, &self.tokens[..few]))?;
        Ok(ns)
    }

    /// Whole executions where one is short and a device has to learn its shape. Out: their time.
    pub(super) fn warm_up_device(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        spec: &WorkSpec,
    ) -> Result<u64, EngineError> {
        if spec.workload != Workload::Prefill || !self.config(id)?.is_on_device() {
            return Ok(0);
        }
        let mut timed = Timed::default();
        for _ in 0..N_COLD {
            self.prefill(engine, id, spec, &mut timed)?;
        }
        Ok(timed.ns)
    }

    fn warm_up_decode(&self, engine: &mut dyn Engine, id: ContextId, spec: &WorkSpec) -> Result<u64, EngineError> {
        let first = spec.n_depth as usize;
        let few = N_WARM_STEPS.min(spec.n_gen as usize);
        self.restore(engine, id, spec.n_depth)?;
        let (_, ns) = clocked(engine, |e| (first..first + few).try_for_each(|at| self.step(e, id, at)))?;
        self.go_to(engine, id, spec.n_depth)?;
        Ok(ns)
    }
}

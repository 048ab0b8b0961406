//! Several sequences at once: contexts of their own, filled once, and steps of all of them.
//!
//! A context stays filled to its depth between samples: what a sample appends is dropped again.

use super::{clocked, generate, lasting, Speed, Timed, N_WARM_STEPS};
use crate::data::{WorkSpec, Workload};
use crate::engine::{BatchId, ContextId, Engine, EngineError};

/// A filled context of several sequences, for all works of its kind that have no more of them.
pub(super) struct Filled {
    id: BatchId,
    /// Context of the arm it belongs to.
    of: ContextId,
    spec: WorkSpec,
}

impl Filled {
    fn serves(&self, of: ContextId, spec: &WorkSpec) -> bool {
        let own = &self.spec;
        (self.of, own.n_depth, own.is_pp_shared) == (of, spec.n_depth, spec.is_pp_shared)
            && own.n_seq >= spec.n_seq
            && own.n_gen >= spec.n_gen
    }
}

impl Speed {
    /// Opens and fills what the batched ones of `specs` need: one context for each kind of prompt and depth.
    pub(super) fn fill_batches(
        &mut self,
        engine: &mut dyn Engine,
        of: ContextId,
        specs: &[WorkSpec],
    ) -> Result<(), EngineError> {
        let mut batched: Vec<&WorkSpec> = specs.iter().filter(|s| s.workload == Workload::Batched).collect();
        batched.sort_by_key(|s| std::cmp::Reverse((s.n_seq, s.n_gen)));
        for spec in batched {
            if self.batches.iter().any(|b| b.serves(of, spec)) {
                continue;
            }
            let config = self.config(of)?;
            let (id, _) = engine.open_batched(config, spec)?;
            let depth = spec.n_depth as usize;
            if spec.is_pp_shared {
                engine.fill(id, 0, &self.tokens[..depth])?;
                engine.share(id)?;
            } else {
                for seq in 0..spec.n_seq {
                    engine.fill(id, seq, &self.tokens[seq as usize..][..depth])?;
                }
            }
            self.batches.push(Filled { id, of, spec: *spec });
        }
        Ok(())
    }

    /// Untimed steps before a sample. Out: their time.
    pub(super) fn warm_up_batch(
        &self,
        engine: &mut dyn Engine,
        of: ContextId,
        spec: &WorkSpec,
    ) -> Result<u64, EngineError> {
        let id = self.batch_of(of, spec)?;
        let first = spec.n_depth as usize;
        let few = N_WARM_STEPS.min(spec.n_gen as usize);
        let (_, ns) = clocked(engine, |e| {
            (first..first + few).try_for_each(|at| e.step(id, &self.next_tokens(spec, at)))
        })?;
        engine.rewind(id, spec.n_depth)?;
        Ok(ns)
    }

    /// One execution: `n_gen` steps of `n_seq` sequences. Leaves the sequences at their depth.
    pub(super) fn decode_batch(
        &self,
        engine: &mut dyn Engine,
        of: ContextId,
        spec: &WorkSpec,
        timed: &mut Timed,
    ) -> Result<(), EngineError> {
        let id = self.batch_of(of, spec)?;
        generate(engine, spec, &self.interference, timed, |engine, at| {
            let tokens = self.next_tokens(spec, at);
            lasting(self.handicap, || engine.step(id, &tokens))
        })?;
        engine.rewind(id, spec.n_depth)
    }

    fn batch_of(&self, of: ContextId, spec: &WorkSpec) -> Result<BatchId, EngineError> {
        let found = self.batches.iter().find(|b| b.serves(of, spec));
        let found =
            found.ok_or_else(|| EngineError::Refused(format!("{spec} was not prepared in context {}", of.0)))?;
        Ok(found.id)
    }

    /// The token of each sequence at position `at`: each goes on one token further in the text than the one before.
    fn next_tokens(&self, spec: &WorkSpec, at: usize) -> Vec<i32> {
        self.tokens[at..].iter().copied().take(spec.n_seq as usize).collect()
    }
}

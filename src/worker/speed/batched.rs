//! Several sequences at once: contexts of their own, filled once, and steps of all of them.
//!
//! A context stays filled to its depth between samples: what a sample appends is dropped again.

use super::{clocked, generate, Speed, Timed, N_WARM_STEPS};
use crate::data::{ArmConfig, WorkSpec};
use crate::engine::{ContextId, Engine, EngineError, Layout};

/// A filled context of several sequences, for all works of its kind that have no more of them.
pub(super) struct Filled {
    id: ContextId,
    /// Context of the arm it belongs to.
    of: ContextId,
    spec: WorkSpec,
    /// Tokens that a pass can have.
    n_batch: u32,
}

impl Filled {
    fn serves(&self, of: ContextId, spec: &WorkSpec) -> bool {
        let kind = |s: &WorkSpec| (s.workload, s.n_prompt, s.n_depth, s.is_pp_shared);
        let own = &self.spec;
        (self.of, kind(own)) == (of, kind(spec)) && own.n_seq >= spec.n_seq && own.n_gen >= spec.n_gen
    }
}

impl Speed {
    /// Opens what those of `specs` need that have several sequences, one context for each kind of prompt and depth, and fills it to its depth.
    pub(super) fn fill_batches(
        &mut self,
        engine: &mut dyn Engine,
        of: ContextId,
        specs: &[WorkSpec],
    ) -> Result<(), EngineError> {
        let mut batched: Vec<&WorkSpec> = specs.iter().filter(|s| s.workload.is_at_once()).collect();
        batched.sort_by_key(|s| std::cmp::Reverse((s.n_seq, s.n_gen)));
        for spec in batched {
            if self.batches.iter().any(|b| b.serves(of, spec)) {
                continue;
            }
            let config = self.config(of)?;
            let layout = Layout {
                n_seq: spec.n_seq,
                is_unified: spec.is_kv_unified(),
                ..Layout::single(config)
            };
            let config = ArmConfig {
                n_ctx: spec.n_ctx_batched(),
                ..config.clone()
            };
            let (id, context) = engine.open(&config, &layout)?;
            let (depth, n_batch) = (spec.n_depth as usize, context.n_batch);
            if spec.n_seq > n_batch {
                let n_seq = spec.n_seq;
                let why =
                    format!("{n_seq} sequences do not fit into a pass of {n_batch} tokens; use a larger --n-batch");
                return Err(EngineError::Refused(why));
            }
            if depth == 0 {
                // Requests begin with nothing.
            } else if spec.is_pp_shared {
                engine.decode(id, &self.tokens[..depth])?;
                engine.share(id)?;
            } else {
                for seq in 0..spec.n_seq {
                    engine.append(id, &[(seq, &self.tokens[seq as usize..][..depth])])?;
                }
            }
            let spec = *spec;
            self.batches.push(Filled { id, of, spec, n_batch });
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
        let (id, _) = self.batch_of(of, spec)?;
        let first = spec.n_depth as usize;
        let few = N_WARM_STEPS.min(spec.n_gen as usize);
        let (_, ns) = clocked(engine, |e| {
            (first..first + few).try_for_each(|at| e.append(id, &self.next_tokens(spec, at)))
        })?;
        rewind(engine, id, spec)?;
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
        let (id, _) = self.batch_of(of, spec)?;
        generate(engine, spec, &self.counters, timed, |engine, at| {
            engine.append(id, &self.next_tokens(spec, at))
        })?;
        rewind(engine, id, spec)
    }

    /// The context for it, and how many tokens a pass of it can have.
    pub(super) fn batch_of(&self, of: ContextId, spec: &WorkSpec) -> Result<(ContextId, u32), EngineError> {
        let found = self.batches.iter().find(|b| b.serves(of, spec));
        let found =
            found.ok_or_else(|| EngineError::Refused(format!("{spec} was not prepared in context {}", of.0)))?;
        Ok((found.id, found.n_batch))
    }

    /// The token of each sequence at position `at`: each goes on one token further in the text than the one before.
    fn next_tokens(&self, spec: &WorkSpec, at: usize) -> Vec<(u32, &[i32])> {
        (0..spec.n_seq).zip(self.tokens[at..].chunks(1)).collect()
    }
}

/// Drops what was appended beyond the depth.
fn rewind(engine: &mut dyn Engine, id: ContextId, spec: &WorkSpec) -> Result<(), EngineError> {
    (0..spec.n_seq).try_for_each(|seq| engine.truncate(id, seq, spec.n_depth))
}

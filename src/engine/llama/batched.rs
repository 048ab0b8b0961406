//! One llama.cpp context of several sequences that are decoded at once.
//!
//! Sequences have a part of the cache each (`kv_unified` off, as in llama-batched-bench), or share one cache in which a common
//! prompt is held once. Invariants: `n_past` is what the cache holds of each sequence; nothing is handed to llama.cpp that it would abort on.

use super::context::{decode_error, position, refused, Batch, Context, Item};
use super::model::Model;
use crate::data::{ArmConfig, ContextInfo, WorkSpec};
use crate::engine::EngineError;
use llama_cpp_sys_2 as sys;
use std::rc::Rc;

pub(super) struct Batched {
    context: Context,
    /// One cache for all; otherwise each sequence has a part of its own.
    is_unified: bool,
    /// Tokens of each sequence.
    n_past: Vec<u32>,
    /// Of these, tokens that all of them share: in the cache once.
    n_shared: u32,
}

impl Batched {
    /// Opens a context of `model` for the sequences of `spec`.
    pub(super) fn open(
        model: Rc<Model>,
        config: &ArmConfig,
        spec: &WorkSpec,
    ) -> Result<(Self, ContextInfo), EngineError> {
        let config = ArmConfig {
            n_ctx: spec.n_ctx_batched(),
            ..config.clone()
        };
        // SAFETY: returns a constant.
        let n_max = unsafe { sys::llama_max_parallel_sequences() };
        if spec.n_seq == 0 || spec.n_seq as usize > n_max {
            return Err(refused(format!(
                "{} sequences at once: llama.cpp takes 1 to {n_max}",
                spec.n_seq
            )));
        }
        let (context, info) = Context::open_batched(model, &config, spec.n_seq, spec.is_kv_unified())?;
        let batched = Self {
            context,
            is_unified: spec.is_kv_unified(),
            n_past: vec![0; spec.n_seq as usize],
            n_shared: 0,
        };
        Ok((batched, info))
    }

    /// Appends tokens to one sequence; the last token of each slice has logits, as in llama-bench.
    pub(super) fn fill(&mut self, seq: u32, tokens: &[i32]) -> Result<(), EngineError> {
        if tokens.is_empty() {
            return Err(refused("no tokens to decode"));
        }
        for slice in tokens.chunks(self.context.n_batch as usize) {
            let first = position(self.n_past.get(seq as usize).copied().unwrap_or_default());
            let last = slice.len() - 1;
            let items = slice.iter().enumerate().map(|(i, &token)| Item {
                token,
                position: first + i as i32,
                sequence: position(seq),
                has_logits: i == last,
            });
            self.decode(items)?;
        }
        Ok(())
    }

    /// One token for each of the first sequences, all with logits.
    pub(super) fn step(&mut self, tokens: &[i32]) -> Result<(), EngineError> {
        let n_past: Vec<u32> = self.n_past.iter().copied().take(tokens.len()).collect();
        if tokens.is_empty() || n_past.len() < tokens.len() || tokens.len() > self.context.n_batch as usize {
            return Err(refused(format!(
                "{} sequences cannot be decoded at once here",
                tokens.len()
            )));
        }
        let items = tokens
            .iter()
            .zip(&n_past)
            .enumerate()
            .map(|(i, (&token, &n_past))| Item {
                token,
                position: position(n_past),
                sequence: i as i32,
                has_logits: true,
            });
        self.decode(items)
    }

    /// These tokens to each of these sequences, in one pass; the last of each has logits.
    pub(super) fn append(&mut self, parts: &[(u32, &[i32])]) -> Result<(), EngineError> {
        let n: usize = parts.iter().map(|(_, tokens)| tokens.len()).sum();
        if n == 0 || n > self.context.n_batch as usize {
            let n_batch = self.context.n_batch;
            return Err(refused(format!("{n} tokens are no pass of at most {n_batch}")));
        }
        let mut items = Vec::with_capacity(n);
        for (seq, tokens) in parts {
            let first = position(self.n_past.get(*seq as usize).copied().unwrap_or_default());
            items.extend(tokens.iter().enumerate().map(|(i, &token)| Item {
                token,
                position: first + i as i32,
                sequence: position(*seq),
                has_logits: i + 1 == tokens.len(),
            }));
        }
        self.decode(items.iter().copied())
    }

    /// Empties one sequence.
    pub(super) fn forget(&mut self, seq: u32) -> Result<(), EngineError> {
        let n_past = self.n_past.get_mut(seq as usize);
        *n_past.ok_or_else(|| refused(format!("there is no sequence {seq}")))? = 0;
        // SAFETY: a live context and one of its sequences (checked); ends of -1 mean all of it, which every kind of cache can drop.
        unsafe {
            let memory = sys::llama_get_memory(self.context.raw.as_ptr());
            sys::llama_memory_seq_rm(memory, position(seq), -1, -1);
        }
        Ok(())
    }

    /// Gives every further sequence what the first holds.
    pub(super) fn share(&mut self) -> Result<(), EngineError> {
        if !self.is_unified {
            return Err(refused("these sequences have caches of their own"));
        }
        let n = self.n_past.first().copied().unwrap_or(0);
        for seq in 1..self.n_past.len() as i32 {
            // SAFETY: a live context whose cache is one for all sequences (checked), so that this changes metadata only;
            // both sequences are below its n_seq_max.
            unsafe {
                let memory = sys::llama_get_memory(self.context.raw.as_ptr());
                sys::llama_memory_seq_rm(memory, seq, -1, -1);
                sys::llama_memory_seq_cp(memory, 0, seq, -1, -1);
            }
        }
        self.n_past.fill(n);
        self.n_shared = n;
        Ok(())
    }

    /// Keeps the first tokens of every sequence.
    pub(super) fn rewind(&mut self, n_keep: u32) -> Result<(), EngineError> {
        for (seq, n_past) in self.n_past.iter_mut().enumerate() {
            if *n_past <= n_keep {
                continue;
            }
            // SAFETY: a live context and one of its sequences; an end of -1 means all that follow.
            let removed = unsafe {
                let memory = sys::llama_get_memory(self.context.raw.as_ptr());
                sys::llama_memory_seq_rm(memory, seq as i32, position(n_keep), -1)
            };
            if !removed {
                return Err(refused("this model's cache cannot drop single tokens"));
            }
            *n_past = n_keep;
        }
        self.n_shared = self.n_shared.min(n_keep);
        Ok(())
    }

    /// Logits of a sequence after the last step.
    #[cfg(test)]
    pub(super) fn logits(&self, seq: i32) -> Vec<f32> {
        // SAFETY: a live context; in a step, sequence `seq` is token `seq` of the batch and asked for logits; otherwise null comes back.
        let row = unsafe { sys::llama_get_logits_ith(self.context.raw.as_ptr(), seq) };
        assert!(!row.is_null());
        // SAFETY: a row has n_vocab values.
        unsafe { std::slice::from_raw_parts(row, self.context.n_vocab) }.to_vec()
    }

    fn decode(&mut self, items: impl Iterator<Item = Item> + Clone) -> Result<(), EngineError> {
        self.check(items.clone())?;
        let mut batch = Batch::new(items.clone());
        let raw = batch.raw();
        let n = raw.n_tokens as u32;
        // SAFETY: 1 <= tokens <= n_batch, all in the vocabulary and in sequences of this context, each at the next position
        // of its sequence (checked); the arrays behind the batch outlive the call.
        let code = unsafe { sys::llama_decode(self.context.raw.as_ptr(), raw) };
        if code != 0 {
            let n_past = self.n_past.iter().copied().max().unwrap_or(0);
            return Err(decode_error(code, n, n_past));
        }
        // SAFETY: a live context.
        unsafe { sys::llama_synchronize(self.context.raw.as_ptr()) };
        for item in items {
            self.n_past[item.sequence as usize] += 1;
        }
        Ok(())
    }

    /// Refuses what llama.cpp would abort on.
    fn check(&self, items: impl Iterator<Item = Item>) -> Result<(), EngineError> {
        let mut n_past = self.n_past.clone();
        for item in items {
            if usize::try_from(item.token).map_or(true, |t| t >= self.context.n_vocab) {
                let n_vocab = self.context.n_vocab;
                return Err(refused(format!(
                    "token {} is not in the vocabulary of {n_vocab}",
                    item.token
                )));
            }
            let n = usize::try_from(item.sequence).ok().and_then(|seq| n_past.get_mut(seq));
            *n.ok_or_else(|| refused(format!("there is no sequence {}", item.sequence)))? += 1;
        }
        let n_ctx = self.context.n_ctx;
        let fits = if self.is_unified {
            let own: u32 = n_past.iter().map(|n| n.saturating_sub(self.n_shared)).sum();
            own + self.n_shared <= n_ctx
        } else {
            n_past.iter().all(|n| *n <= n_ctx / n_past.len() as u32)
        };
        if !fits {
            return Err(refused(format!(
                "the tokens of {} sequences do not fit into n_ctx {n_ctx}",
                n_past.len()
            )));
        }
        Ok(())
    }
}

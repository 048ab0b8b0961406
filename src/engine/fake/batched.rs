//! Several sequences at once in the fake engine: how long each is, and what a step of them costs.

use super::{cost_ns, refused, FakeCost};
use crate::data::WorkSpec;
use crate::engine::EngineError;

/// Lengths of the sequences of one context.
pub(super) struct Batch {
    cost: FakeCost,
    n_threads: u32,
    pub(super) n_ctx: u32,
    is_shared: bool,
    lengths: Vec<usize>,
    /// Tokens that all sequences share.
    n_shared: usize,
}

/// Virtual time, and the threads that spend it.
type Spent = (u64, u32);

impl Batch {
    pub(super) fn new(spec: &WorkSpec, cost: FakeCost, n_threads: u32) -> Self {
        Self {
            cost,
            n_threads,
            n_ctx: spec.n_ctx_batched(),
            is_shared: spec.is_pp_shared,
            lengths: vec![0; spec.n_seq as usize],
            n_shared: 0,
        }
    }

    fn check_room(&self) -> Result<(), EngineError> {
        let own: usize = self.lengths.iter().map(|n| n - self.n_shared.min(*n)).sum();
        let used = own + self.n_shared;
        if used > self.n_ctx as usize {
            return Err(refused(format!("{used} tokens do not fit into n_ctx {}", self.n_ctx)));
        }
        Ok(())
    }

    pub(super) fn fill(&mut self, seq: u32, n_tokens: usize) -> Result<Spent, EngineError> {
        let cost = self.cost.clone();
        let length = self.lengths.get_mut(seq as usize);
        let length = length.ok_or_else(|| refused(format!("there is no sequence {seq}")))?;
        if n_tokens == 0 {
            return Err(refused("no tokens to decode"));
        }
        let ns = cost_ns(&cost, *length, n_tokens);
        *length += n_tokens;
        self.check_room()?;
        Ok((ns.round() as u64, self.n_threads))
    }

    /// A prompt costs as much as alone; single tokens cost as much as a step of them.
    pub(super) fn append(&mut self, parts: &[(u32, &[i32])], further_seq: f64) -> Result<Spent, EngineError> {
        let (mut singles, mut ns) = (0, 0.0);
        for (seq, tokens) in parts {
            let cost = self.cost.clone();
            let length = self.lengths.get_mut(*seq as usize);
            let length = length.ok_or_else(|| refused(format!("there is no sequence {seq}")))?;
            let own = cost_ns(&cost, *length, tokens.len());
            let share = if tokens.len() > 1 || singles == 0 {
                1.0
            } else {
                further_seq
            };
            singles += usize::from(tokens.len() == 1);
            *length += tokens.len();
            ns += own * share;
        }
        self.check_room()?;
        Ok((ns.round() as u64, self.n_threads))
    }

    pub(super) fn forget(&mut self, seq: u32) -> Result<(), EngineError> {
        let length = self.lengths.get_mut(seq as usize);
        *length.ok_or_else(|| refused(format!("there is no sequence {seq}")))? = 0;
        Ok(())
    }

    pub(super) fn share(&mut self) -> Result<(), EngineError> {
        if !self.is_shared {
            return Err(refused("these sequences have caches of their own"));
        }
        self.n_shared = self.lengths.first().copied().unwrap_or(0);
        self.lengths.fill(self.n_shared);
        Ok(())
    }

    pub(super) fn rewind(&mut self, n_keep: u32, is_recurrent: bool) -> Result<(), EngineError> {
        let n_keep = n_keep as usize;
        if is_recurrent && self.lengths.iter().any(|n| *n > n_keep) {
            return Err(refused("this model's cache cannot drop single tokens"));
        }
        for length in &mut self.lengths {
            *length = n_keep.min(*length);
        }
        self.n_shared = self.n_shared.min(n_keep);
        Ok(())
    }

    pub(super) fn step(&mut self, n_seq: usize, further_seq: f64) -> Result<Spent, EngineError> {
        if n_seq == 0 || n_seq > self.lengths.len() {
            return Err(refused(format!("there are no {n_seq} sequences")));
        }
        let one = cost_ns(&self.cost, self.lengths[0], 1);
        for length in &mut self.lengths[..n_seq] {
            *length += 1;
        }
        self.check_room()?;
        let ns = one * (1.0 + further_seq * (n_seq - 1) as f64);
        Ok((ns.round() as u64, self.n_threads))
    }
}

//! Speculative decoding: a small model drafts tokens, and one pass of the target accepts those that it would have chosen itself
//! (Leviathan et al., ICML 2023), greedily. The target generates as many tokens alone, from the same state: in every other execution
//! before, in the others after.
//!
//! Invariant: after each pass both caches hold a prefix of what was generated.
//!
//! A pass of several tokens rounds differently from one of a single token, so both ways may part where two tokens are about equally likely.
//! How much rounding there is depends on model and processor, and is measured on the very texts that parted.

use super::{clocked, Speed, Timed, N_WARM_STEPS};
use crate::data::{SpeculativeSums, WorkSpec, Workload, N_DRAFT, N_OWN_TOKENS, N_PASSAGES};
use crate::engine::{argmax, ContextId, Engine, EngineError, Layout};

/// Where an execution starts: the prompt is what is kept and the passage.
struct Start<'a> {
    n_kept: u32,
    passage: &'a [i32],
    /// The token after the prompt, in no cache yet.
    next: i32,
}

impl Start<'_> {
    fn n_past(&self) -> u32 {
        self.n_kept + self.passage.len() as u32
    }
}

impl Speed {
    /// Opens and fills what drafts for the speculative ones of `specs`.
    pub(super) fn fill_draft(
        &mut self,
        engine: &mut dyn Engine,
        id: ContextId,
        specs: &[WorkSpec],
    ) -> Result<(), EngineError> {
        let speculative = specs.iter().filter(|s| s.workload == Workload::Speculative);
        let specs: Vec<WorkSpec> = speculative.copied().collect();
        if specs.is_empty() {
            return Ok(());
        }
        can_go_back(engine, id, &self.tokens)?;
        let draft = match self.drafts.get(&id.0) {
            Some(known) => *known,
            None => {
                let none = "there is no draft: compare a smaller variant too, or name a file with --draft";
                let path = self
                    .draft
                    .as_ref()
                    .ok_or_else(|| EngineError::Refused(none.to_owned()))?;
                let config = self.config(id)?;
                let layout = Layout {
                    n_outputs: 1,
                    draft: Some(path),
                    ..Layout::single(config)
                };
                engine.open(config, &layout)?.0
            }
        };
        can_go_back(engine, draft, &self.tokens)?;
        self.drafts.insert(id.0, draft);
        self.keep_states(engine, draft, &specs)?;
        Ok(())
    }

    /// The start of execution number `turn`.
    fn start(&self, spec: &WorkSpec, turn: u32) -> Start<'_> {
        let n_kept = spec.n_depth_kept();
        let first = (n_kept + turn % N_PASSAGES * (N_OWN_TOKENS + 1)) as usize;
        let next = first + (spec.n_depth - n_kept) as usize;
        Start {
            n_kept,
            passage: &self.tokens[first..next],
            next: self.tokens[next],
        }
    }

    /// Untimed steps before a sample, alone and with the draft. Out: their time.
    pub(super) fn warm_up_speculative(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        spec: &WorkSpec,
    ) -> Result<u64, EngineError> {
        let start = self.start(spec, 0);
        let few = |n: u32| n.min(spec.n_gen) as usize;
        self.go_to_start(engine, id, &start)?;
        let (_, alone_ns) = clocked(engine, |e| self.alone(e, id, &start, few(N_WARM_STEPS as u32)))?;
        self.go_to_start(engine, id, &start)?;
        let mut ignored = SpeculativeSums::default();
        let (_, drafted_ns) = clocked(engine, |e| {
            self.with_draft(e, id, &start, few(N_DRAFT + 1), &mut ignored)
        })?;
        Ok(alone_ns + drafted_ns)
    }

    /// Execution number `turn`: `n_gen` tokens by the target alone, and as many with the draft.
    pub(super) fn speculate(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        spec: &WorkSpec,
        turn: u32,
        timed: &mut Timed,
    ) -> Result<(), EngineError> {
        let start = self.start(spec, turn);
        let mut sums = timed.speculative.take().unwrap_or_default();
        let (mut alone, mut drafted) = (Vec::new(), Vec::new());
        let draft_first = turn & 1 == 1;
        for is_drafted in [draft_first, !draft_first] {
            self.go_to_start(engine, id, &start)?;
            let (tokens, ns) = self.observed(engine, timed, |engine| match is_drafted {
                true => self.with_draft(engine, id, &start, spec.n_gen as usize, &mut sums),
                false => self.alone(engine, id, &start, spec.n_gen as usize),
            })?;
            if is_drafted {
                sums.drafted_ns += ns;
                drafted = tokens;
            } else {
                sums.plain_ns += ns;
                alone = tokens;
            }
        }
        sums.n_tokens += u64::from(spec.n_gen);
        if alone != drafted {
            self.compare(engine, id, &start, &drafted, &mut sums)?;
        }
        timed.speculative = Some(sums);
        Ok(())
    }

    /// Puts target and draft to the end of the prompt.
    fn go_to_start(&self, engine: &mut dyn Engine, id: ContextId, start: &Start<'_>) -> Result<(), EngineError> {
        for context in [id, self.draft_of(id)?] {
            self.restore(engine, context, start.n_kept)?;
            if !start.passage.is_empty() {
                engine.decode(context, start.passage)?;
            }
        }
        Ok(())
    }

    fn draft_of(&self, id: ContextId) -> Result<ContextId, EngineError> {
        let found = self.drafts.get(&id.0).copied();
        found.ok_or_else(|| EngineError::Refused(format!("no draft was prepared for context {}", id.0)))
    }

    /// `n_gen` tokens after the start, one by one, always the most likely.
    fn alone(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        start: &Start<'_>,
        n_gen: usize,
    ) -> Result<Vec<i32>, EngineError> {
        let mut last = start.next;
        let mut tokens = Vec::with_capacity(n_gen);
        for _ in 0..n_gen {
            last = self.choose(engine, id, &[last])?;
            tokens.push(last);
        }
        Ok(tokens)
    }

    /// The most likely token after `tokens`.
    fn choose(&self, engine: &mut dyn Engine, id: ContextId, tokens: &[i32]) -> Result<i32, EngineError> {
        engine.decode(id, tokens)?;
        Ok(argmax(engine.logits(id)?))
    }

    /// The same tokens with the draft.
    fn with_draft(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        start: &Start<'_>,
        n_gen: usize,
        sums: &mut SpeculativeSums,
    ) -> Result<Vec<i32>, EngineError> {
        let draft = self.draft_of(id)?;
        // Chosen, and in neither cache yet.
        let mut last = start.next;
        // What the cache of the draft lacks.
        let mut lacking = vec![last];
        let mut tokens = Vec::with_capacity(n_gen);
        while tokens.len() < n_gen {
            let n_past = start.n_past() + tokens.len() as u32;
            // The pass itself gives a token.
            let n = (N_DRAFT as usize).min(n_gen - tokens.len() - 1);
            let mut batch = vec![last];
            let began = engine.now_ns();
            for _ in 0..n {
                let next = self.choose(engine, draft, &lacking)?;
                batch.push(next);
                lacking = vec![next];
            }
            sums.draft_ns += engine.now_ns() - began;
            let mut best = Vec::with_capacity(batch.len());
            engine.decode_scored(id, &batch, &mut |row| {
                best.push(argmax(row));
                Ok(())
            })?;
            let n_accepted = batch[1..].iter().zip(&best).take_while(|(d, b)| d == b).count();
            count(sums, n, n_accepted);
            tokens.extend_from_slice(&best[..=n_accepted]);
            last = best[n_accepted];
            let n_kept = n_past + 1 + n_accepted as u32;
            if n_accepted < n {
                engine.truncate(id, 0, n_kept)?;
                engine.truncate(draft, 0, n_kept)?;
                lacking.clear();
            }
            // After a full draft its own last token is lacking too.
            lacking.push(last);
        }
        Ok(tokens)
    }

    /// Where the tokens are not those that the target alone chooses after the same text, and what rounding does to that text: the target
    /// goes along it token by token, and once more in passes of as many tokens as with a draft.
    fn compare(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        start: &Start<'_>,
        tokens: &[i32],
        sums: &mut SpeculativeSums,
    ) -> Result<(), EngineError> {
        let text: Vec<i32> = std::iter::once(start.next).chain(tokens.iter().copied()).collect();
        let fed = &text[..tokens.len()];
        self.go_to_start(engine, id, start)?;
        let mut likely = Vec::with_capacity(fed.len());
        for (last, &token) in fed.iter().zip(tokens) {
            engine.decode(id, &[*last])?;
            let row = engine.logits(id)?;
            let best = argmax(row);
            if best != token {
                sums.other_gaps.push(row[best as usize] - row[token as usize]);
            }
            likely.push(likely_in(row));
        }
        self.go_to_start(engine, id, start)?;
        let mut widest = sums.rounding.unwrap_or(0.0);
        let mut likely = likely.iter();
        for pass in fed.chunks(N_DRAFT as usize + 1) {
            engine.decode_scored(id, pass, &mut |row| {
                widest = likely.next().map_or(widest, |some| widest.max(spread(some, row)));
                Ok(())
            })?;
        }
        sums.rounding = Some(widest);
        Ok(())
    }
}

/// Refuses a model whose cache cannot drop the tokens of a draft that were not accepted.
fn can_go_back(engine: &mut dyn Engine, id: ContextId, tokens: &[i32]) -> Result<(), EngineError> {
    engine.clear(id)?;
    engine.decode(id, &tokens[..2])?;
    engine.truncate(id, 0, 1)
}

/// Tokens within this many logits of the best one are likely.
const LIKELY: f32 = 2.0;

/// The likely tokens with their logits.
pub(super) fn likely_in(row: &[f32]) -> Vec<(usize, f32)> {
    let best = row[argmax(row) as usize];
    let all = row.iter().copied().enumerate();
    all.filter(|(_, logit)| *logit > best - LIKELY).collect()
}

/// How far `row` moves these tokens against each other, at most.
pub(super) fn spread(likely: &[(usize, f32)], row: &[f32]) -> f32 {
    let moved = likely.iter().map(|(token, logit)| row[*token] - logit);
    let ends = moved.fold((f32::MAX, f32::MIN), |(lo, hi), by| (lo.min(by), hi.max(by)));
    (ends.1 - ends.0).max(0.0)
}

fn count(sums: &mut SpeculativeSums, n_drafted: usize, n_accepted: usize) {
    sums.n_passes += 1;
    sums.n_drafted.resize(N_DRAFT as usize, 0);
    sums.n_accepted.resize(N_DRAFT as usize, 0);
    for place in 0..n_drafted {
        sums.n_drafted[place] += 1;
        sums.n_accepted[place] += u64::from(place < n_accepted);
    }
}

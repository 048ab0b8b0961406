//! Speculative decoding: a small model drafts tokens, and one pass of the target accepts those that it would have chosen itself
//! (Leviathan et al., ICML 2023), greedily. The target generates as many tokens alone, from the same state: in every other execution
//! before, in the others after.
//!
//! Invariant: after each pass both caches hold a prefix of what was generated.
//!
//! A pass of several tokens rounds differently from one of a single token, so both ways may part where two tokens are about equally likely.
//! How much rounding there is depends on model and processor, and is measured on the very texts that parted.

use super::*;
use crate::data::SpeculativeSums;
use crate::engine::{argmax, Layout};
use std::ops::Range;

/// Where an execution starts: the prompt is what is kept and the passage.
struct Start {
    n_cached: u32,
    passage: Range<usize>,
    /// The token after the prompt, in no cache yet.
    next: i32,
    draft: ContextId,
}

impl Start {
    fn n_past(&self) -> u32 {
        self.n_cached + self.passage.len() as u32
    }
}

impl Executed for Speculative {
    /// Opens and fills what drafts.
    fn prepare(&self, bench: &mut Bench<'_>) -> Result<(), EngineError> {
        can_go_back(bench)?;
        let id = bench.id.0;
        let draft = match bench.speed.drafts.get(&id) {
            Some(known) => *known,
            None => open_draft(bench)?,
        };
        let mut on_draft = bench.on(draft);
        can_go_back(&mut on_draft)?;
        on_draft.fill(self.n_cached())?;
        bench.speed.drafts.insert(id, draft);
        Ok(())
    }

    /// A few tokens alone, and a pass with the draft.
    fn warm_up(&self, bench: &mut Bench<'_>, _: u32) -> Result<u64, EngineError> {
        let start = self.start(bench, 0)?;
        let few = |n: u32| n.min(self.n_gen) as usize;
        go_to(bench, &start)?;
        let (_, alone_ns) = bench.clocked(|b| alone(b, &start, few(N_WARM_STEPS)))?;
        go_to(bench, &start)?;
        let mut ignored = SpeculativeSums::default();
        let (_, drafted_ns) = bench.clocked(|b| with_draft(b, &start, few(N_DRAFT + 1), &mut ignored))?;
        Ok(alone_ns + drafted_ns)
    }

    /// `n_gen` tokens by the target alone, and as many with the draft.
    fn execute(&self, bench: &mut Bench<'_>, turn: u32) -> Result<(), EngineError> {
        let start = self.start(bench, turn)?;
        let mut sums = match bench.timed.seen.take() {
            Some(Seen::Speculative(sums)) => sums,
            _ => Box::default(),
        };
        let (mut tokens_alone, mut tokens) = (Vec::new(), Vec::new());
        let draft_first = turn & 1 == 1;
        for is_drafted in [draft_first, !draft_first] {
            go_to(bench, &start)?;
            let n_gen = self.n_gen as usize;
            if is_drafted {
                let (drafted, ns) = bench.observed(|b| with_draft(b, &start, n_gen, &mut sums))?;
                sums.drafted_ns += ns;
                tokens = drafted;
            } else {
                let (chosen, ns) = bench.observed(|b| alone(b, &start, n_gen))?;
                sums.plain_ns += ns;
                tokens_alone = chosen;
            }
        }
        sums.n_tokens += u64::from(self.n_gen);
        if tokens_alone != tokens {
            compare(bench, &start, &tokens, &mut sums)?;
        }
        bench.timed.seen = Some(Seen::Speculative(sums));
        Ok(())
    }

    fn seen(&self, sum: Option<Seen>, ns: u64, _: u32) -> Seen {
        sum.unwrap_or(Seen::Time { ns })
    }
}

impl Speculative {
    fn n_cached(&self) -> u32 {
        Work::Speculative(*self).shape().n_cached
    }

    /// The start of execution number `turn`.
    fn start(&self, bench: &Bench<'_>, turn: u32) -> Result<Start, EngineError> {
        let id = bench.id.0;
        let draft = bench.speed.drafts.get(&id).copied();
        let draft = draft.ok_or_else(|| EngineError::Refused(format!("no draft was prepared for context {id}")))?;
        let n_cached = self.n_cached();
        let first = (n_cached + turn % N_PASSAGES * (N_OWN_TOKENS + 1)) as usize;
        let next = first + (self.n_depth - n_cached) as usize;
        Ok(Start {
            n_cached,
            passage: first..next,
            next: bench.speed.tokens[next],
            draft,
        })
    }
}

fn open_draft(bench: &mut Bench<'_>) -> Result<ContextId, EngineError> {
    let none = "there is no draft: compare a smaller variant too, or name a file with --draft";
    let path = bench.speed.draft.as_ref();
    let path = path.ok_or_else(|| EngineError::Refused(none.to_owned()))?;
    let config = bench.config()?.clone();
    let layout = Layout {
        n_outputs: 1,
        draft: Some(path),
        ..Layout::single(&config)
    };
    Ok(bench.engine.open(&config, &layout)?.0)
}

/// Puts target and draft to the end of the prompt.
fn go_to(bench: &mut Bench<'_>, start: &Start) -> Result<(), EngineError> {
    for id in [bench.id, start.draft] {
        let mut bench = bench.on(id);
        bench.restore(start.n_cached)?;
        if !start.passage.is_empty() {
            bench.feed(start.passage.clone())?;
        }
    }
    Ok(())
}

/// The most likely token after `tokens` in a context.
fn choose(bench: &mut Bench<'_>, id: ContextId, tokens: &[i32]) -> Result<i32, EngineError> {
    bench.engine.decode(id, tokens)?;
    Ok(argmax(bench.engine.logits(id)?))
}

/// `n_gen` tokens after the start, one by one, always the most likely.
fn alone(bench: &mut Bench<'_>, start: &Start, n_gen: usize) -> Result<Vec<i32>, EngineError> {
    let mut last = start.next;
    let mut tokens = Vec::with_capacity(n_gen);
    for _ in 0..n_gen {
        last = choose(bench, bench.id, &[last])?;
        tokens.push(last);
    }
    Ok(tokens)
}

/// The same tokens with the draft.
fn with_draft(
    bench: &mut Bench<'_>,
    start: &Start,
    n_gen: usize,
    sums: &mut SpeculativeSums,
) -> Result<Vec<i32>, EngineError> {
    let (id, draft) = (bench.id, start.draft);
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
        let ((), ns) = bench.clocked(|bench| {
            for _ in 0..n {
                let next = choose(bench, draft, &lacking)?;
                batch.push(next);
                lacking = vec![next];
            }
            Ok(())
        })?;
        sums.draft_ns += ns;
        let mut best = Vec::with_capacity(batch.len());
        bench.engine.decode_scored(id, &batch, &mut |row| {
            best.push(argmax(row));
            Ok(())
        })?;
        let n_accepted = batch[1..].iter().zip(&best).take_while(|(d, b)| d == b).count();
        count(sums, n, n_accepted);
        tokens.extend_from_slice(&best[..=n_accepted]);
        last = best[n_accepted];
        let n_cached = n_past + 1 + n_accepted as u32;
        if n_accepted < n {
            bench.engine.truncate(id, 0, n_cached)?;
            bench.engine.truncate(draft, 0, n_cached)?;
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
    bench: &mut Bench<'_>,
    start: &Start,
    tokens: &[i32],
    sums: &mut SpeculativeSums,
) -> Result<(), EngineError> {
    let id = bench.id;
    let text: Vec<i32> = std::iter::once(start.next).chain(tokens.iter().copied()).collect();
    let fed = &text[..tokens.len()];
    go_to(bench, start)?;
    let mut likely = Vec::with_capacity(fed.len());
    for (last, &token) in fed.iter().zip(tokens) {
        bench.engine.decode(id, &[*last])?;
        let row = bench.engine.logits(id)?;
        let best = argmax(row);
        if best != token {
            sums.other_gaps.push(row[best as usize] - row[token as usize]);
        }
        likely.push(likely_in(row));
    }
    go_to(bench, start)?;
    let mut widest = sums.rounding.unwrap_or(0.0);
    let mut likely = likely.iter();
    for pass in fed.chunks(N_DRAFT as usize + 1) {
        bench.engine.decode_scored(id, pass, &mut |row| {
            widest = likely.next().map_or(widest, |some| widest.max(spread(some, row)));
            Ok(())
        })?;
    }
    sums.rounding = Some(widest);
    Ok(())
}

/// Refuses a model whose cache cannot drop the tokens of a draft that were not accepted.
fn can_go_back(bench: &mut Bench<'_>) -> Result<(), EngineError> {
    bench.clear()?;
    bench.feed(..2)?;
    bench.engine.truncate(bench.id, 0, 1)
}

/// Tokens within this many logits of the best one are likely.
const LIKELY: f32 = 2.0;

/// The likely tokens with their logits.
pub(in crate::worker) fn likely_in(row: &[f32]) -> Vec<(usize, f32)> {
    let best = row[argmax(row) as usize];
    let all = row.iter().copied().enumerate();
    all.filter(|(_, logit)| *logit > best - LIKELY).collect()
}

/// How far `row` moves these tokens against each other, at most.
pub(in crate::worker) fn spread(likely: &[(usize, f32)], row: &[f32]) -> f32 {
    let moved = likely.iter().map(|(token, logit)| row[*token] - logit);
    let ends = moved.fold((f32::MAX, f32::MIN), |(lo, hi), by| (lo.min(by), hi.max(by)));
    (ends.1 - ends.0).max(0.0)
}

fn count(sums: &mut SpeculativeSums, n_drafted: usize, n_accepted: usize) {
    sums.n_passes += 1;
    sums.n_drafted.resize(N_DRAFT as usize, 0);
    sums.n_accepted.resize(N_DRAFT as usize, 0);
    for i in 0..n_drafted {
        sums.n_drafted[i] += 1;
        sums.n_accepted[i] += u64::from(i < n_accepted);
    }
}

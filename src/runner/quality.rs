//! Scoring texts: every arm in a process of its own, all on the same chunk, one after the other; the baseline first, whose
//! logits the others read from anonymous memory that they inherit. Never while speed is measured.

use super::child::{AskError, Worker};
use super::config::{inherited_memory, nanos, Site};
use super::workers;
use crate::data::{
    Chunk, ChunkScore, FailureKind, QualityFailure, QualityLoss, QualityPlan, QualityRecord, QualityWindow, Record,
    TextTokens,
};
use crate::plan::{chunks, too_short, QualityLeft};
use crate::protocol::{Reply, Request, Score};
use crate::quality;
use crate::stats;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::time::Instant;

/// Confidence level of the intervals that the stop rule looks at.
const LEVEL: f64 = 0.95;
/// Share of the time that all windows but the last may take together, once they have the chunks that an interval needs.
const SHARE_BEFORE_LAST: f64 = 0.6;
/// A further window is begun only if so many of its chunks are affordable: fewer give no interval.
const N_CHUNKS_WORTH: f64 = 8.0;
/// Worker ids of scoring, apart from those of speed (from 1) and memory probes (near the end).
const FIRST_ID: u64 = 1 << 40;

/// What comes of a piece of scoring: records for the journal, in order.
pub(super) enum Next {
    Record(Box<Record>),
    Notice(String),
    Progress(String),
}

/// Where scoring tells what happened; an error ends it.
pub(super) type Tell<'a, E> = dyn FnMut(Next) -> Result<(), E> + 'a;

pub(super) enum Halt<E> {
    Interrupted,
    Told(E),
}

/// Cuts the texts into tokens with the baseline's vocabulary, in a worker that ends at once.
pub(super) fn read_texts(site: Site, plan: &QualityPlan) -> Result<TextTokens, AskError> {
    let (worker, tokens) = load(site, plan, 0, FIRST_ID)?;
    worker.quit();
    Ok(tokens)
}

pub(super) fn score_all<E>(
    site: Site,
    plan: &QualityPlan,
    left: &QualityLeft,
    past: &[Record],
    tokens: &TextTokens,
    tell: &mut Tell<'_, E>,
) -> Result<(), Halt<E>> {
    let shared = match inherited_memory(c"kvant-logits") {
        Ok(file) => file,
        Err(e) => {
            let text = format!("quality: no anonymous memory for the baseline's logits: {e}");
            return tell(Next::Notice(text)).map_err(Halt::Told);
        }
    };
    let start = Instant::now();
    let mut cost_per_token = None;
    for (i, window) in plan.windows.iter().enumerate() {
        let is_last = i + 1 == plan.windows.len();
        if too_short(window, tokens).is_some() {
            let text = format!(
                "quality at {}: left out, a text has fewer than two such windows",
                window.n_ctx
            );
            tell(Next::Notice(text)).map_err(Halt::Told)?;
            continue;
        }
        let mut scoring = Scoring {
            site,
            plan,
            tokens,
            window: *window,
            shared: &shared,
            workers: BTreeMap::new(),
            failed: left
                .failed
                .iter()
                .filter(|f| f.0 == window.n_ctx)
                .map(|f| f.1)
                .collect(),
            scores: scores_so_far(past, window.n_ctx),
            known: BTreeSet::new(),
            n_spawned: FIRST_ID + 1 + ((i as u64) << 20),
            cost_per_token,
            start,
            share: if is_last { 1.0 } else { SHARE_BEFORE_LAST },
        };
        if !scoring.is_worth_beginning() {
            let text = format!(
                "quality at {}: left out, there is no time for {N_CHUNKS_WORTH} chunks of it",
                window.n_ctx
            );
            tell(Next::Notice(text)).map_err(Halt::Told)?;
            continue;
        }
        scoring.window(&left.done, tell)?;
        cost_per_token = scoring.cost_per_token;
    }
    Ok(())
}

/// An arm with its score, and the time of its forward pass.
type Scored = ((usize, ChunkScore), u64);

type Scores = BTreeMap<Chunk, BTreeMap<usize, (f64, f64, u32)>>;

fn scores_so_far(past: &[Record], n_ctx: u32) -> Scores {
    let mut scores = Scores::new();
    for record in past {
        match record {
            Record::Quality(q) if q.chunk.n_ctx == n_ctx => {
                let of_chunk = q.scores.iter().map(|(arm, score)| (*arm, sums(score)));
                scores.entry(q.chunk).or_default().extend(of_chunk);
            }
            _ => {}
        }
    }
    scores
}

/// What the stop rule needs of a score: sums of NLL and KLD, and tokens.
fn sums(score: &ChunkScore) -> (f64, f64, u32) {
    let kld = score.vs_baseline.as_ref().map_or(0.0, |d| d.kld_sum);
    (score.nll_sum, kld, score.n_scored)
}

struct Scoring<'a> {
    site: Site<'a>,
    plan: &'a QualityPlan,
    tokens: &'a TextTokens,
    window: QualityWindow,
    shared: &'a File,
    workers: BTreeMap<usize, Worker>,
    failed: BTreeSet<usize>,
    scores: Scores,
    /// Arms that are known well enough.
    known: BTreeSet<usize>,
    n_spawned: u64,
    /// Wall time of a chunk over its tokens and arms, last seen.
    cost_per_token: Option<f64>,
    start: Instant,
    /// Of the budget, after the first `n_chunks_min` chunks.
    share: f64,
}

impl Scoring<'_> {
    fn window<E>(&mut self, done: &BTreeSet<Chunk>, tell: &mut Tell<'_, E>) -> Result<(), Halt<E>> {
        let all = chunks(&self.window, &self.tokens.n_tokens);
        let mut n_now = 0;
        for (n_before, chunk) in all.iter().enumerate() {
            self.look(&all[..n_before]);
            if done.contains(chunk) {
                continue;
            }
            let arms = self.arms_for(n_before == 0);
            if arms.is_empty() {
                break;
            }
            if let Some(record) = self.cached(*chunk, &arms) {
                let of_chunk = record.scores.iter().map(|(arm, score)| (*arm, sums(score)));
                self.scores.entry(*chunk).or_default().extend(of_chunk);
                tell(Next::Record(Box::new(Record::Quality(record)))).map_err(Halt::Told)?;
                continue;
            }
            if !self.has_time_for(arms.len(), n_before, n_now) {
                break;
            }
            let label = format!(
                "quality at {}: chunk {} of at most {}",
                self.window.n_ctx,
                n_before + 1,
                all.len()
            );
            tell(Next::Progress(label)).map_err(Halt::Told)?;
            let since = Instant::now();
            let (scores, forward_ns): (Vec<_>, Vec<u64>) = self.one_chunk(*chunk, &arms, tell)?.into_iter().unzip();
            if scores.is_empty() {
                break;
            }
            let ns = nanos(since);
            self.cost_per_token = Some(ns as f64 / f64::from(chunk.n_ctx) / scores.len() as f64);
            let of_chunk = scores.iter().map(|(arm, score)| (*arm, sums(score)));
            self.scores.entry(*chunk).or_default().extend(of_chunk);
            let record = QualityRecord {
                chunk: *chunk,
                scores,
                forward_ns,
                ns,
                is_cached: false,
            };
            tell(Next::Record(Box::new(Record::Quality(record)))).map_err(Halt::Told)?;
            n_now += 1;
        }
        for (_, worker) in std::mem::take(&mut self.workers) {
            worker.quit();
        }
        Ok(())
    }

    /// Arms that take part in the next chunk: the baseline, every candidate, and in the first chunk the control. All
    /// score the same chunks, so none as soon as all candidates are known well enough. A baseline without candidates is
    /// scored for its own PPL.
    fn arms_for(&self, is_first: bool) -> Vec<usize> {
        let is_live = |arm: &usize| !self.failed.contains(arm) && (!self.plan.arms[*arm].is_control || is_first);
        let arms: Vec<usize> = (0..self.plan.arms.len()).filter(is_live).collect();
        let is_alone = self.plan.arms.len() <= 2;
        let is_open = |arm: &usize| *arm > 0 && !self.plan.arms[*arm].is_control && !self.known.contains(arm);
        let has_baseline = arms.first() == Some(&0);
        if has_baseline && (is_first || is_alone || arms.iter().any(is_open)) {
            arms
        } else {
            Vec::new()
        }
    }

    /// Looks at what is known, when a look is due.
    fn look(&mut self, seen: &[Chunk]) {
        let stop = &self.plan.stop;
        if !stats::is_look(seen.len(), stop.n_chunks_min as usize) {
            return;
        }
        let known = (1..self.plan.arms.len()).filter(|&arm| self.is_known(arm, seen));
        self.known = known.collect();
    }

    /// Whether the arm's place against the limit is settled, and its figures are as precise as asked.
    fn is_known(&self, arm: usize, seen: &[Chunk]) -> bool {
        let stop = &self.plan.stop;
        if stop.limit.is_none() && stop.precision.is_none() {
            return false;
        }
        let pairs: Vec<(f64, f64)> = seen
            .iter()
            .filter_map(|chunk| {
                let of_chunk = self.scores.get(chunk)?;
                let (base, own) = (of_chunk.get(&0)?, of_chunk.get(&arm)?);
                let n = f64::from(own.2.max(1));
                Some(((own.0 - base.0) / n, own.1 / n))
            })
            .collect();
        if pairs.len() < seen.len() {
            return false;
        }
        let (ratio, kld): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let seed = self.site.run.plan.seed;
        let (ratio, kld) = (
            stats::block_mean_interval(&ratio, LEVEL, seed),
            stats::divergence_interval(&kld, LEVEL, seed),
        );
        let is_beside = |i: &stats::Interval, limit: f64| i.hi <= limit || i.lo > limit;
        let is_settled = stop.limit.is_none_or(|limit| match limit {
            QualityLoss::Ppl(most) => ratio.as_ref().is_some_and(|i| is_beside(i, most.ln_1p())),
            QualityLoss::Kld(most) => kld.as_ref().is_some_and(|i| is_beside(i, most)),
        });
        let is_precise = stop
            .precision
            .is_none_or(|precision| stats::is_quality_precise(ratio.as_ref(), kld.as_ref(), precision));
        is_settled && is_precise
    }

    /// What an earlier run found of the chunk, if it has all of `arms`.
    fn cached(&self, chunk: Chunk, arms: &[usize]) -> Option<QualityRecord> {
        let found = self.site.run.scored.iter().find(|r| r.chunk == chunk)?;
        let of = |arm: &usize| found.scores.iter().find(|(own, _)| own == arm).cloned();
        let scores: Option<Vec<(usize, ChunkScore)>> = arms.iter().map(of).collect();
        Some(QualityRecord {
            chunk,
            scores: scores?,
            forward_ns: Vec::new(),
            ns: 0,
            is_cached: true,
        })
    }

    /// Whether so many chunks are affordable that they can tell something; the first window always is begun.
    fn is_worth_beginning(&self) -> bool {
        let Some(cost) = self.cost_per_token else { return true };
        let n_arms = self.plan.arms.iter().filter(|a| !a.is_control).count();
        let ahead = cost * f64::from(self.window.n_ctx) * n_arms as f64 * N_CHUNKS_WORTH;
        nanos(self.start) as f64 + ahead <= self.plan.stop.budget_ns as f64
    }

    /// Whether another chunk fits into what is left of the time. The first chunk of the first window always does; that of
    /// another window if it is predicted to.
    fn has_time_for(&self, n_arms: usize, n_before: usize, n_now: usize) -> bool {
        let Some(cost) = self.cost_per_token else {
            return true;
        };
        let ahead = cost * f64::from(self.window.n_ctx) * n_arms as f64;
        let spent = nanos(self.start) as f64;
        let budget = self.plan.stop.budget_ns as f64;
        let share = match n_now {
            0 => 1.2 * self.share,
            _ if n_before < self.plan.stop.n_chunks_min as usize => 1.0,
            _ => self.share,
        };
        spent + ahead <= budget * share
    }

    /// One chunk in every arm. An arm that fails leaves the window; without the baseline there is nothing to compare.
    fn one_chunk<E>(&mut self, chunk: Chunk, arms: &[usize], tell: &mut Tell<'_, E>) -> Result<Vec<Scored>, Halt<E>> {
        let mut scores = Vec::new();
        for &arm in arms {
            let is_baseline = arm == 0;
            let answer = self
                .score(chunk, arm)
                .and_then(|scored| match self.why_broken(arm, &scored.0) {
                    Some(why) => Err(AskError::Refused(FailureKind::Broken, why)),
                    None => Ok(scored),
                });
            // Not all fit into memory together, or this one is not needed again.
            if !self.site.run.prediction.is_quality_resident() || self.plan.arms[arm].is_control {
                if let Some(worker) = self.workers.remove(&arm) {
                    worker.quit();
                }
            }
            match answer {
                Ok((score, forward_ns)) => scores.push(((arm, score), forward_ns)),
                Err(AskError::Interrupted) => return Err(Halt::Interrupted),
                Err(AskError::Refused(kind, reason) | AskError::Dead(kind, reason)) => {
                    self.workers.remove(&arm);
                    self.fail(arm, kind, &reason, tell)?;
                    if is_baseline {
                        let why = format!("the baseline could not be scored: {reason}");
                        // A broken one ends the run.
                        let is_broken = kind == FailureKind::Broken;
                        for other in arms.iter().copied().filter(|a| *a != arm && !is_broken) {
                            self.fail(other, kind, &why, tell)?;
                        }
                        return Ok(Vec::new());
                    }
                }
            }
        }
        Ok(scores)
    }

    /// Whether the arm's scores so far, with this one, can be those of an intact file.
    fn why_broken(&self, arm: usize, score: &ChunkScore) -> Option<String> {
        let of_arm = self.scores.values().filter_map(|of_chunk| of_chunk.get(&arm).copied());
        let all: Vec<(f64, f64, u32)> = of_arm.chain([sums(score)]).collect();
        let n_scored: u32 = all.iter().map(|s| s.2).sum();
        let mean = |of: fn(&(f64, f64, u32)) -> f64| all.iter().map(of).sum::<f64>() / f64::from(n_scored.max(1));
        // A few tokens can diverge by chance.
        let has_enough = all.len() >= self.plan.stop.n_chunks_min as usize;
        let kld_max = self.site.run.kld_max.get(arm).copied().filter(|_| has_enough);
        quality::why_broken(
            mean(|s| s.0),
            self.tokens.n_vocab,
            mean(|s| s.1),
            kld_max.unwrap_or(f64::INFINITY),
        )
    }

    fn fail<E>(&mut self, arm: usize, kind: FailureKind, reason: &str, tell: &mut Tell<'_, E>) -> Result<(), Halt<E>> {
        self.failed.insert(arm);
        let text = format!(
            "quality of {} at {}: {kind}: {reason}",
            self.plan.arms[arm].id, self.window.n_ctx
        );
        tell(Next::Notice(text)).map_err(Halt::Told)?;
        let record = QualityFailure {
            n_ctx: self.window.n_ctx,
            arm,
            kind,
            reason: reason.to_owned(),
        };
        tell(Next::Record(Box::new(Record::QualityFailure(record)))).map_err(Halt::Told)
    }

    fn score(&mut self, chunk: Chunk, arm: usize) -> Result<(ChunkScore, u64), AskError> {
        let deadline = self.site.run.quality_deadline(arm, chunk.n_ctx);
        if !self.workers.contains_key(&arm) {
            let worker = self.bring_up(arm)?;
            self.workers.insert(arm, worker);
        }
        let Some(worker) = self.workers.get_mut(&arm) else {
            return Err(AskError::Dead(FailureKind::Crashed, "its worker is not up".into()));
        };
        let request = Request::Score(Score {
            chunk,
            is_baseline: arm == 0,
            slot: 0,
        });
        match worker.ask(&request, self.site.mailbox, deadline)? {
            Reply::Scored { score, forward_ns } if is_complete(arm, &score) => Ok((*score, forward_ns)),
            other => Err(worker.off_script(&other)),
        }
    }

    fn bring_up(&mut self, arm: usize) -> Result<Worker, AskError> {
        self.n_spawned += 1;
        let (mut worker, tokens) = load(self.site, self.plan, arm, self.n_spawned)?;
        if let Some(why) = difference(&tokens, self.tokens) {
            return Err(AskError::Refused(FailureKind::Engine, why));
        }
        let mut config = self.plan.arms[arm].config.clone();
        config.n_ctx = self.window.n_ctx;
        let Site { run, mailbox } = self.site;
        workers::open_scoring(&mut worker, config, self.shared, mailbox, run.deadline(0))?;
        Ok(worker)
    }
}

/// The baseline is held against nothing, the others against it; a chunk has scored tokens.
fn is_complete(arm: usize, score: &ChunkScore) -> bool {
    (arm == 0) == score.vs_baseline.is_none() && score.n_scored > 0
}

/// Why two models cannot be held against each other.
fn difference(own: &TextTokens, baseline: &TextTokens) -> Option<String> {
    if own.n_vocab != baseline.n_vocab {
        return Some(format!(
            "its vocabulary has {} tokens and the baseline's {}: their probabilities cannot be compared; compare variants of one model only",
            own.n_vocab, baseline.n_vocab
        ));
    }
    if own.vocab_sha256 != baseline.vocab_sha256 || own.tokens_sha256 != baseline.tokens_sha256 {
        let why = "its vocabulary differs from the baseline's: their probabilities cannot be compared; compare variants of one model only";
        return Some(why.to_owned());
    }
    None
}

/// A worker with the model of an arm and the texts, in tokens.
fn load(site: Site, plan: &QualityPlan, arm: usize, id: u64) -> Result<(Worker, TextTokens), AskError> {
    let spec = &plan.arms[arm];
    workers::check_files(site, spec)?;
    let Site { run, mailbox } = site;
    let (name, command) = (format!("quality {}", spec.id), run.command.of_arm(&spec.config));
    let mut worker = Worker::spawn(&command, &name, id, mailbox, run.deadline(0))?;
    let (load, deadline) = workers::load_of(site, spec);
    let deadlines = [deadline, run.deadline(0)];
    let tokens = workers::load_texts(&mut worker, load, run.texts.clone(), mailbox, deadlines)?;
    Ok((worker, tokens))
}

//! Quality of every arm and window: pooled figures, intervals over chunks, verdicts, and where arms part.

use super::cells::LEVEL;
use crate::data::{
    Arm, Chunk, ChunkScore, Outcome, Parting, QualityPlan, QualityWindow, Record, RunHeader, TextTokens,
};
use crate::quality::{chunk_means, first_scored, n_scored, ChunkMeans, Figures};
use crate::report::lang::Lang;
use crate::stats::{self, Interval, QualityVerdict};
use std::collections::BTreeMap;

/// Parts of the second half of a window by which divergence is shown.
const N_BINS: u32 = 8;
/// Examples kept per arm.
const N_EXAMPLES: usize = 5;
/// Resamples for the quantiles of single tokens, which are many.
const N_RESAMPLES: usize = 400;

/// Quality of one arm in one window.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityReport {
    /// The arm.
    pub arm: Arm,
    /// Tokens per chunk.
    pub n_ctx: u32,
    /// Scored, or why not.
    pub outcome: Outcome,
    /// Chunks scored.
    pub n_chunks: u32,
    /// Figures over all tokens, with the errors llama-perplexity would give; absent without a chunk.
    pub figures: Option<Figures>,
    /// Mean negative log-likelihood of a token in each chunk, nats.
    pub nll_by_chunk: Vec<(Chunk, f64)>,
    /// Perplexity, interval over chunks.
    pub ppl: Option<Interval>,
    /// ln(PPL / PPL of the baseline), paired by chunk.
    pub ln_ratio: Option<Interval>,
    /// Mean KL divergence from the baseline, nats.
    pub kld: Option<Interval>,
    /// Share of places with the same most likely token.
    pub same_top: Option<Interval>,
    /// Mean delta-p.
    pub dp: Option<Interval>,
    /// Root mean square of delta-p.
    pub dp_rms: Option<Interval>,
    /// Quantiles of the KL divergence of single tokens; absent where there are too few beyond.
    pub kld_p50: Option<Interval>,
    /// 99th percentile.
    pub kld_p99: Option<Interval>,
    /// 99.9th percentile.
    pub kld_p999: Option<Interval>,
    /// Percentiles 1, 5, 25, 75, 95, 99 of delta-p.
    pub dp_quantiles: [Option<f64>; 6],
    /// Tokens after which the target precision was first reached; absent when it was not.
    pub n_scored_precise: Option<u64>,
    /// Absent for the baseline and its control.
    pub verdict: Option<QualityVerdict>,
    /// Divergence by position in the window.
    pub by_position: Vec<PositionBin>,
    /// Places where the most likely token is another one, the largest divergence of each chunk first.
    pub examples: Vec<(Chunk, Parting)>,
}

/// Mean KL divergence in a part of the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PositionBin {
    /// First position of the predicted tokens.
    pub from: u32,
    /// Last position.
    pub to: u32,
    /// Mean; absent interval ends stand at the mean.
    pub kld: Interval,
}

/// Why scoring a window ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QualityEnd {
    /// Every arm reached the target precision.
    Precision,
    /// All planned chunks were scored.
    AllChunks,
    /// The time or the text was spent.
    Spent,
}

/// Everything about quality in a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quality {
    /// The texts, in tokens.
    pub tokens: Option<TextTokens>,
    /// By window, then in the order of the plan.
    pub rows: Vec<QualityReport>,
    /// Why scoring ended, per window.
    pub ended: Vec<(u32, QualityEnd)>,
    /// Wall time of all chunks but each window's first (workers start in it) over their bare forward passes.
    pub overhead: Option<f64>,
}

impl Quality {
    /// The row of an arm in a window.
    pub fn row(&self, arm_id: &str, n_ctx: u32) -> Option<&QualityReport> {
        self.rows.iter().find(|r| r.arm.id == arm_id && r.n_ctx == n_ctx)
    }

    /// Windows with at least one scored chunk, the shortest first.
    pub fn windows(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.rows.iter().filter(|r| r.n_chunks > 0).map(|r| r.n_ctx).collect();
        all.dedup();
        all
    }
}

impl QualityReport {
    /// Whether it was scored.
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }
}

type Scores<'a> = BTreeMap<Chunk, BTreeMap<usize, &'a ChunkScore>>;

/// Reads all of it from the records of a run.
pub(super) fn quality(header: &RunHeader, records: &[Record], lang: Lang) -> Quality {
    let Some(plan) = &header.plan.quality else {
        return Quality::default();
    };
    let mut scores: BTreeMap<u32, Scores> = BTreeMap::new();
    let mut tokens = None;
    for record in records {
        match record {
            Record::Quality(q) => {
                let of_chunk = scores.entry(q.chunk.n_ctx).or_default().entry(q.chunk).or_default();
                of_chunk.extend(q.scores.iter().map(|(arm, score)| (*arm, score)));
            }
            Record::Texts(found) => tokens = Some(found.clone()),
            _ => {}
        }
    }
    let empty = Scores::new();
    let (mut rows, mut ended) = (Vec::new(), Vec::new());
    for window in &plan.windows {
        let of_window = scores.get(&window.n_ctx).unwrap_or(&empty);
        let first = rows.len();
        for (index, arm) in plan.arms.iter().enumerate() {
            let of_arm = pairs(of_window, index);
            let outcome = outcome(window.n_ctx, index, records, !of_arm.is_empty(), lang);
            rows.push(row(header, plan, window, arm, &of_arm, outcome));
        }
        if !of_window.is_empty() {
            ended.push((window.n_ctx, why_ended(window, of_window, &rows[first..])));
        }
    }
    Quality {
        tokens,
        rows,
        ended,
        overhead: overhead(records),
    }
}

fn overhead(records: &[Record]) -> Option<f64> {
    let later = records.iter().filter_map(|record| match record {
        Record::Quality(q) if q.chunk.index > 0 || q.chunk.text > 0 => Some(q),
        _ => None,
    });
    let (wall, bare) = later.fold((0.0, 0.0), |(wall, bare), q| {
        (wall + q.ns as f64, bare + q.forward_ns.iter().sum::<u64>() as f64)
    });
    (bare > 0.0).then(|| wall / bare)
}

/// (place, arm, baseline) of every chunk that both have, in the order of the text.
fn pairs<'a>(scores: &Scores<'a>, arm: usize) -> Vec<(Chunk, &'a ChunkScore, &'a ChunkScore)> {
    // `Chunk` orders by text, then by index: neighbours are neighbours in the text.
    let both = |(chunk, of_chunk): (&Chunk, &BTreeMap<usize, &'a ChunkScore>)| {
        Some((*chunk, *of_chunk.get(&arm)?, *of_chunk.get(&0)?))
    };
    scores.iter().filter_map(both).collect()
}

fn outcome(n_ctx: u32, arm: usize, records: &[Record], has_chunks: bool, lang: Lang) -> Outcome {
    let failure = records.iter().rev().find_map(|record| match record {
        Record::QualityFailure(f) if f.arm == arm && f.n_ctx == n_ctx => Some(f),
        _ => None,
    });
    match failure {
        Some(failure) => Outcome::Failed(failure.kind, failure.reason.clone()),
        None if has_chunks => Outcome::Ok,
        None => Outcome::Failed(crate::data::FailureKind::NotRun, lang.no_time_to_score()),
    }
}

fn why_ended(window: &QualityWindow, scores: &Scores, rows: &[QualityReport]) -> QualityEnd {
    let mut candidates = rows.iter().filter(|r| r.verdict.is_some() && r.is_ok()).peekable();
    if candidates.peek().is_some() && candidates.all(|r| r.n_scored_precise.is_some()) {
        QualityEnd::Precision
    } else if scores.len() >= window.n_chunks_max as usize {
        QualityEnd::AllChunks
    } else {
        QualityEnd::Spent
    }
}

fn row(
    header: &RunHeader,
    plan: &QualityPlan,
    window: &QualityWindow,
    arm: &Arm,
    pairs: &[(Chunk, &ChunkScore, &ChunkScore)],
    outcome: Outcome,
) -> QualityReport {
    let seed = header.plan.seed;
    // Figures of an arm that failed on the way would be those of other chunks than the rest.
    let pairs = if outcome == Outcome::Ok { pairs } else { &[] };
    let by_chunk = pairs
        .iter()
        .filter_map(|(chunk, arm, base)| Some((*chunk, chunk_means(arm, base)?)));
    let (chunks, means): (Vec<Chunk>, Vec<ChunkMeans>) = by_chunk.unzip();
    let values = |of: fn(&ChunkMeans) -> f64| means.iter().map(of).collect::<Vec<f64>>();
    let over = |of: fn(&ChunkMeans) -> f64| stats::block_mean_interval(&values(of), LEVEL, seed);
    let (ln_ratio, kld, same_top) = (
        over(|m| m.ln_ratio),
        stats::divergence_interval(&values(|m| m.kld), LEVEL, seed).map(|i| bounded(i, 0.0, f64::MAX)),
        over(|m| m.same_top).map(|i| bounded(i, 0.0, 1.0)),
    );
    let is_compared = !arm.is_baseline && !arm.is_control;
    let divergences = || pairs.iter().filter_map(|(_, arm, _)| arm.vs_baseline.as_ref());
    let klds: Vec<Vec<f64>> = divergences()
        .map(|d| d.kld.iter().map(|&x| f64::from(x)).collect())
        .collect();
    let quantiles = stats::cluster_quantile_intervals(&klds, &[0.5, 0.99, 0.999], LEVEL, seed, N_RESAMPLES);
    let dps: Vec<f64> = divergences().flat_map(|d| d.dp.iter().map(|&x| f64::from(x))).collect();
    QualityReport {
        arm: arm.clone(),
        n_ctx: window.n_ctx,
        outcome,
        n_chunks: pairs.len() as u32,
        nll_by_chunk: chunks.into_iter().zip(means.iter().map(|m| m.nll)).collect(),
        figures: Figures::pool(pairs.iter().map(|(_, arm, base)| (*arm, *base))),
        ppl: over(|m| m.nll).map(|i| mapped(i, f64::exp)),
        ln_ratio,
        kld,
        same_top,
        dp: over(|m| m.dp),
        dp_rms: over(|m| m.dp_sq).map(|i| mapped(bounded(i, 0.0, 1.0), f64::sqrt)),
        kld_p50: quantiles[0],
        kld_p99: quantiles[1],
        kld_p999: quantiles[2],
        dp_quantiles: stats::quantiles(&dps, [0.01, 0.05, 0.25, 0.75, 0.95, 0.99]),
        n_scored_precise: precise_after(plan, window, &means, seed).filter(|_| is_compared),
        verdict: is_compared.then(|| stats::quality_verdict(ln_ratio.as_ref(), kld.as_ref(), same_top.as_ref())),
        by_position: by_position(window.n_ctx, &klds, seed),
        examples: examples(pairs),
    }
}

fn bounded(i: Interval, least: f64, most: f64) -> Interval {
    Interval {
        lo: i.lo.clamp(least, most),
        hi: i.hi.clamp(least, most),
        ..i
    }
}

fn mapped(i: Interval, f: fn(f64) -> f64) -> Interval {
    Interval {
        estimate: f(i.estimate),
        lo: f(i.lo),
        hi: f(i.hi),
        ..i
    }
}

/// The first look at which the arm was known well enough: what the stop rule saw, as long as there is one text.
fn precise_after(plan: &QualityPlan, window: &QualityWindow, means: &[ChunkMeans], seed: u64) -> Option<u64> {
    let precision = plan.stop.precision?;
    let n = (1..=means.len()).find(|&n| {
        stats::is_look(n, plan.stop.n_chunks_min as usize) && {
            let values = |of: fn(&ChunkMeans) -> f64| means[..n].iter().map(of).collect::<Vec<_>>();
            let ratio = stats::block_mean_interval(&values(|m| m.ln_ratio), LEVEL, seed);
            let kld = stats::divergence_interval(&values(|m| m.kld), LEVEL, seed);
            stats::is_quality_precise(ratio.as_ref(), kld.as_ref(), precision)
        }
    })?;
    Some(n as u64 * u64::from(n_scored(window.n_ctx)))
}

fn by_position(n_ctx: u32, klds: &[Vec<f64>], seed: u64) -> Vec<PositionBin> {
    let n = n_scored(n_ctx);
    let n_bins = N_BINS.min(n);
    let bin = |b: u32| {
        let (from, to) = (b * n / n_bins, (b + 1) * n / n_bins);
        let mean_of = |kld: &Vec<f64>| {
            let part = kld.get(from as usize..to as usize)?;
            Some(part.iter().sum::<f64>() / part.len() as f64)
        };
        let means: Vec<f64> = klds.iter().filter_map(mean_of).collect();
        if means.is_empty() {
            return None;
        }
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        let bare = Interval {
            estimate: mean,
            lo: mean,
            hi: mean,
            level: LEVEL,
            method: stats::Method::Bootstrap,
        };
        let kld = stats::divergence_interval(&means, LEVEL, seed).unwrap_or(bare);
        // The logits of the first scored position predict the token after it.
        let first = first_scored(n_ctx) + 1;
        Some(PositionBin {
            from: first + from,
            to: first + to - 1,
            kld: bounded(kld, 0.0, f64::MAX),
        })
    };
    (0..n_bins).filter_map(bin).collect()
}

/// The places with the largest divergence, one of each chunk before a second of any.
fn examples(pairs: &[(Chunk, &ChunkScore, &ChunkScore)]) -> Vec<(Chunk, Parting)> {
    let mut ranked: Vec<(usize, Chunk, &Parting)> = pairs
        .iter()
        .filter_map(|(chunk, arm, _)| Some((chunk, arm.vs_baseline.as_ref()?)))
        .flat_map(|(chunk, d)| d.partings.iter().enumerate().map(|(rank, p)| (rank, *chunk, p)))
        .collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then(b.2.kld.total_cmp(&a.2.kld)));
    ranked
        .into_iter()
        .take(N_EXAMPLES)
        .map(|(_, chunk, parting)| (chunk, parting.clone()))
        .collect()
}

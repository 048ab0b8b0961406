//! Quality of every arm and window: pooled figures, intervals over chunks, verdicts, and where arms part.

use super::cells::LEVEL;
use super::{DpQuantiles, Example, Figure, PositionBin, Quality, QualityEnd, QualityReport};
use crate::data::{Arm, Chunk, ChunkScore, Disagreement, Outcome, QualityPlan, QualityWindow, Record, RunHeader};
use crate::quality::{chunk_means, first_scored, n_scored, ChunkMeans, Figures, WithError};
use crate::stats::{self, Interval};
use std::collections::BTreeMap;

/// Parts of the second half of a window by which divergence is shown.
const N_BINS: u32 = 8;
/// Examples kept per arm.
const N_EXAMPLES: usize = 5;
/// Resamples for the quantiles of single tokens, which are many.
const N_RESAMPLES: usize = 400;

type Scores<'a> = BTreeMap<Chunk, BTreeMap<usize, &'a ChunkScore>>;

/// Reads all of it from the records of a run.
pub(super) fn quality(header: &RunHeader, records: &[Record]) -> Quality {
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
            let outcome = outcome(window.n_ctx, index, records, !of_arm.is_empty());
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
    let scored = records.iter().filter_map(Record::quality);
    let later = scored.filter(|q| q.chunk.index > 0 || q.chunk.text > 0);
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

fn outcome(n_ctx: u32, arm: usize, records: &[Record], has_chunks: bool) -> Outcome {
    let mut failures = records.iter().rev().filter_map(Record::quality_failure);
    let failure = failures.find(|f| f.arm == arm && f.n_ctx == n_ctx);
    super::cells::outcome(failure.map(|f| (f.kind, &f.reason)), has_chunks)
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
    let pooled = Figures::pool(pairs.iter().map(|(_, arm, base)| (*arm, *base)));
    let figure = |of: fn(&Figures) -> WithError, interval: Option<Interval>| {
        let (value, token_error) = pooled.as_ref().map(|f| (of(f).value, of(f).token_error))?;
        Some(Figure {
            value,
            interval,
            token_error,
        })
    };
    let ln_ratio_figure = figure(|f| f.ln_ratio, ln_ratio);
    let [p1, p5, p25, p75, p95, p99] = stats::quantiles(&dps, [0.01, 0.05, 0.25, 0.75, 0.95, 0.99]);
    QualityReport {
        arm: arm.clone(),
        n_ctx: window.n_ctx,
        n_chunks: pairs.len() as u32,
        n_scored: pooled.as_ref().map_or(0, |f| f.n_scored),
        n_scored_precise: precise_after(plan, window, &means, seed).filter(|_| is_compared),
        nll_by_chunk: chunks.into_iter().zip(means.iter().map(|m| m.nll)).collect(),
        ppl: figure(|f| f.ppl, over(|m| m.nll).map(|i| i.mapped(f64::exp))),
        ppl_ratio: ln_ratio_figure.map(|f| f.mapped(f64::exp, f64::exp)),
        ln_ratio: ln_ratio_figure,
        kld_mean: figure(|f| f.kld, kld),
        kld_p50: quantiles[0],
        kld_p99: quantiles[1],
        kld_p999: quantiles[2],
        same_top: figure(|f| f.same_top, same_top),
        dp_mean: figure(|f| f.dp, over(|m| m.dp)),
        dp_rms: figure(
            |f| f.dp_rms,
            over(|m| m.dp_sq).map(|i| bounded(i, 0.0, 1.0).mapped(f64::sqrt)),
        ),
        dp_quantiles: DpQuantiles {
            p1,
            p5,
            p25,
            p75,
            p95,
            p99,
        },
        verdict: (is_compared && outcome == Outcome::Ok)
            .then(|| stats::quality_verdict(ln_ratio.as_ref(), kld.as_ref(), same_top.as_ref())),
        by_position: by_position(window.n_ctx, &klds, seed),
        examples: examples(pairs),
        outcome,
    }
}

fn bounded(i: Interval, least: f64, most: f64) -> Interval {
    Interval {
        lo: i.lo.clamp(least, most),
        hi: i.hi.clamp(least, most),
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
        let kld = stats::divergence_interval(&means, LEVEL, seed).unwrap_or(Interval::bare(mean));
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
fn examples(pairs: &[(Chunk, &ChunkScore, &ChunkScore)]) -> Vec<Example> {
    let mut ranked: Vec<(usize, Chunk, &Disagreement)> = pairs
        .iter()
        .filter_map(|(chunk, arm, _)| Some((chunk, arm.vs_baseline.as_ref()?)))
        .flat_map(|(chunk, d)| d.disagreements.iter().enumerate().map(|(rank, p)| (rank, *chunk, p)))
        .collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then(b.2.kld.total_cmp(&a.2.kld)));
    ranked
        .into_iter()
        .take(N_EXAMPLES)
        .map(|(_, chunk, disagreement)| Example {
            chunk,
            disagreement: disagreement.clone(),
        })
        .collect()
}

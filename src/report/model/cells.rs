//! Samples by cell and round, and what is estimated of one cell alone.

use super::{CellReport, ItlQuantiles};
use crate::data::{Cell, FailureKind, FailureRecord, Outcome, Record, RunHeader, Sample, Workload};
use crate::report::lang::Lang;
use crate::stats::{self, Interval};
use std::collections::{BTreeMap, BTreeSet};

/// Confidence level of every interval in a report.
pub(super) const LEVEL: f64 = 0.95;

/// The samples of complete rounds, by cell and round.
pub(super) struct Rounds<'a> {
    /// Cell index to round to sample. A round that was run again replaces what was seen of it.
    by_cell: BTreeMap<usize, BTreeMap<u32, &'a Sample>>,
    /// Complete rounds.
    pub(super) complete: BTreeSet<u32>,
    /// Launches with at least one complete round.
    pub(super) launches: BTreeSet<u32>,
    /// Samples outside complete rounds.
    pub(super) n_unused: u32,
}

impl<'a> Rounds<'a> {
    pub(super) fn collect(header: &RunHeader, records: &'a [Record]) -> Rounds<'a> {
        let mut complete = BTreeSet::new();
        let mut launches = BTreeSet::new();
        for record in records {
            if let Record::Round(round) = record {
                complete.insert(round.round);
                launches.insert(round.launch);
            }
        }
        let mut by_cell: BTreeMap<usize, BTreeMap<u32, &Sample>> = BTreeMap::new();
        let mut n_unused = 0;
        for record in records {
            let Record::Sample(sample) = record else { continue };
            // An index out of range or a duration of 0 cannot come from kvant; a hand-made journal must not panic.
            if !complete.contains(&sample.round)
                || sample.cell >= header.plan.cells.len()
                || sample.sample.ns == 0
                || by_cell
                    .entry(sample.cell)
                    .or_default()
                    .insert(sample.round, &sample.sample)
                    .is_some()
            {
                n_unused += 1;
            }
        }
        Rounds {
            by_cell,
            complete,
            launches,
            n_unused,
        }
    }

    /// Samples of a cell, by round.
    pub(super) fn of(&self, cell: usize) -> impl Iterator<Item = (u32, &'a Sample)> + '_ {
        self.by_cell
            .get(&cell)
            .into_iter()
            .flatten()
            .map(|(&round, &sample)| (round, sample))
    }

    /// Seconds per token of two cells, for the rounds in which both have a sample.
    pub(super) fn pairs(&self, a: &CellReport, b: &CellReport) -> BTreeMap<u32, (f64, f64)> {
        let of_b: BTreeMap<u32, f64> = self.seconds_per_token(b).collect();
        self.seconds_per_token(a)
            .filter_map(|(round, s)| of_b.get(&round).map(|&other| (round, (s, other))))
            .collect()
    }

    fn seconds_per_token(&self, cell: &CellReport) -> impl Iterator<Item = (u32, f64)> + '_ {
        let n_tokens = f64::from(cell.spec.n_tokens_counted().max(1));
        self.of(cell.index)
            .map(move |(round, sample)| (round, sample.ns as f64 / 1e9 / n_tokens))
    }
}

/// One report per cell of the plan. Comparisons are added later.
pub(super) fn cell_reports(header: &RunHeader, records: &[Record], rounds: &Rounds, lang: Lang) -> Vec<CellReport> {
    let failures = records.iter().filter_map(|record| match record {
        Record::Failure(failure) => Some((failure.cell, failure)),
        _ => None,
    });
    let last_failures: BTreeMap<usize, &FailureRecord> = failures.collect();
    let cells = header.plan.cells.iter().enumerate();
    cells
        .filter_map(|(index, cell)| {
            let arm = header.plan.arms.get(cell.arm)?;
            let samples: Vec<&Sample> = rounds.of(index).map(|(_, sample)| sample).collect();
            let outcome = outcome(last_failures.get(&index).copied(), !samples.is_empty(), lang);
            let usable: &[&Sample] = if outcome == Outcome::Ok { &samples } else { &[] };
            Some(CellReport {
                index,
                arm: arm.clone(),
                spec: cell.spec,
                samples_ns: samples.iter().map(|s| s.ns).collect(),
                sample_rounds: rounds.of(index).map(|(round, _)| round).collect(),
                tps: tps(cell, usable),
                ttft_ns: ttft(cell, usable),
                itl_ns: itl(cell, usable, header.plan.seed),
                joule_per_token: joule_per_token(cell, usable),
                cost_per_million: cost_per_million(header.price_per_hour, tps(cell, usable)),
                bandwidth_share: None,
                gpu_joule_per_token: gpu_joule_per_token(cell, usable),
                vs_baseline: None,
                vs_f16_kv: None,
                outcome,
            })
        })
        .collect()
}

/// A recorded failure stands, even if the cell has samples of earlier rounds: it left the run before the others.
fn outcome(failure: Option<&FailureRecord>, has_samples: bool, lang: Lang) -> Outcome {
    match failure {
        Some(failure) => Outcome::Failed(failure.kind, failure.reason.clone()),
        None if has_samples => Outcome::Ok,
        None => Outcome::Failed(FailureKind::NotRun, lang.no_round_completed()),
    }
}

fn tps(cell: &Cell, samples: &[&Sample]) -> Option<Interval> {
    let n_tokens = f64::from(cell.spec.n_tokens_counted());
    let rates: Vec<f64> = samples.iter().map(|s| n_tokens * 1e9 / s.ns as f64).collect();
    stats::cell_interval(&rates, LEVEL)
}

/// Only where the timed regions hold nothing but the tokens that are counted.
fn joule_per_token(cell: &Cell, samples: &[&Sample]) -> Option<Interval> {
    if matches!(cell.spec.workload, Workload::State | Workload::Speculative) {
        return None;
    }
    let n_tokens = f64::from(cell.spec.n_tokens_counted());
    let each = samples.iter().map(|s| {
        let uj = s.conditions.energy_uj? as f64;
        Some(uj / 1e6 / (n_tokens * f64::from(s.n_repeat)))
    });
    let each: Option<Vec<f64>> = each.collect();
    stats::cell_interval(&each?, LEVEL)
}

/// The price of the time that a million tokens take, with the interval of the speed.
fn cost_per_million(price_per_hour: Option<f64>, tps: Option<Interval>) -> Option<Interval> {
    let (price, tps) = (price_per_hour?, tps?);
    let cost = |rate: f64| price / 3600.0 / rate * 1e6;
    Some(Interval {
        estimate: cost(tps.estimate),
        lo: cost(tps.hi),
        hi: cost(tps.lo),
        ..tps
    })
}

/// Energy of the GPUs, where a driver tells it.
fn gpu_joule_per_token(cell: &Cell, samples: &[&Sample]) -> Option<Interval> {
    let n_tokens = f64::from(cell.spec.n_tokens_counted());
    let each = samples.iter().map(|s| {
        let joules = s.conditions.gpu?.energy_mj? as f64 / 1e3;
        Some(joules / (n_tokens * f64::from(s.n_repeat)))
    });
    stats::cell_interval(&each.collect::<Option<Vec<f64>>>()?, LEVEL)
}

fn ttft(cell: &Cell, samples: &[&Sample]) -> Option<Interval> {
    let times: Vec<f64> = samples.iter().filter_map(|s| s.ttft_ns).map(|ns| ns as f64).collect();
    matches!(cell.spec.workload, Workload::Prefill | Workload::PrefixReuse)
        .then(|| stats::cell_interval(&times, LEVEL))
        .flatten()
}

fn itl(cell: &Cell, samples: &[&Sample], seed: u64) -> Option<ItlQuantiles> {
    let groups: Vec<Vec<f64>> = samples
        .iter()
        .map(|s| s.itl_ns.iter().map(|&ns| ns as f64).collect::<Vec<_>>())
        .filter(|g| !g.is_empty())
        .collect();
    if cell.spec.workload == Workload::Prefill || groups.is_empty() {
        return None;
    }
    let found = stats::cluster_quantile_intervals(&groups, &[0.5, 0.95, 0.99], LEVEL, seed, stats::N_RESAMPLES);
    Some(ItlQuantiles {
        p50: found[0],
        p95: found[1],
        p99: found[2],
    })
}

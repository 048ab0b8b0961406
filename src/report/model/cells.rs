//! Samples by cell and round, and what is estimated of one cell alone.

use super::{CellReport, ItlQuantiles};
use crate::data::{Cell, FailureKind, Outcome, Record, RunHeader, Sample, Workload};
use crate::stats::{self, Interval};
use std::collections::{BTreeMap, BTreeSet};

/// Confidence level of every interval in a report.
pub(super) const LEVEL: f64 = 0.95;
/// The first format of journals in which blocks count, not rounds.
const FORMAT_OF_BLOCKS: u32 = 5;

/// How far the ratio of two processes is from that of two others, as a standard deviation in log space, where a run has too few
/// launches to show it: measured with identical and other weights (docs/calibration.md).
pub(in crate::report) const fn process_sd(workload: Workload) -> f64 {
    match workload.is_steps() {
        true => PROCESS_SD_DECODE,
        false => PROCESS_SD_PREFILL,
    }
}

const PROCESS_SD_PREFILL: f64 = 0.08;
const PROCESS_SD_DECODE: f64 = 0.03;

/// The samples that count, by cell and round: those of complete blocks (all arms of one work, back to back).
pub(super) struct Rounds<'a> {
    /// Cell index to round to sample. A block that was run again replaces what was seen of it.
    by_cell: BTreeMap<usize, BTreeMap<u32, &'a Sample>>,
    /// The launch of each sample: a round that was gone on with in another session has several.
    launch_of: BTreeMap<(usize, u32), u32>,
    /// Samples that something disturbed beyond a limit, and that count all the same: by then the discarded blocks were used up.
    disturbed: BTreeSet<(usize, u32)>,
    /// Rounds with at least one complete block.
    pub(super) complete: BTreeSet<u32>,
    /// Launches with at least one complete block.
    pub(super) launches: BTreeSet<u32>,
    /// Samples outside complete blocks.
    pub(super) n_unused: u32,
}

impl<'a> Rounds<'a> {
    pub(super) fn collect(header: &RunHeader, records: &'a [Record]) -> Rounds<'a> {
        // Before format 5 a round was complete as a whole or not at all.
        let (mut whole, mut blocks, mut disturbed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for record in records {
            match record {
                Record::Round(r) if header.format < FORMAT_OF_BLOCKS => drop(whole.insert(r.round)),
                Record::Block(b) => blocks.extend(b.cells.iter().map(|&cell| (cell, b.round))),
                Record::Disturbed(d) if !d.is_discarded => drop(disturbed.insert((d.cell, d.round))),
                _ => {}
            }
        }
        let (mut launch_of, mut complete) = (BTreeMap::new(), whole.clone());
        let mut by_cell: BTreeMap<usize, BTreeMap<u32, &Sample>> = BTreeMap::new();
        let mut n_unused = 0;
        for record in records {
            let Record::Sample(sample) = record else { continue };
            let is_complete = whole.contains(&sample.round) || blocks.contains(&(sample.cell, sample.round));
            // An index out of range or a duration of 0 cannot come from kvant; a hand-made journal must not panic.
            if !is_complete
                || sample.cell >= header.plan.cells.len()
                || sample.sample.ns() == 0
                || by_cell
                    .entry(sample.cell)
                    .or_default()
                    .insert(sample.round, &sample.sample)
                    .is_some()
            {
                n_unused += 1;
            }
            if is_complete {
                complete.insert(sample.round);
                launch_of.insert((sample.cell, sample.round), sample.launch);
            }
        }
        Rounds {
            by_cell,
            disturbed,
            complete,
            launches: launch_of.values().copied().collect(),
            launch_of,
            n_unused,
        }
    }

    /// Whether nothing was seen to disturb a sample.
    pub(super) fn is_calm(&self, cell: usize, round: u32) -> bool {
        !self.disturbed.contains(&(cell, round))
    }

    /// Samples of a cell, by round.
    pub(super) fn of(&self, cell: usize) -> impl Iterator<Item = (u32, &'a Sample)> + '_ {
        self.by_cell
            .get(&cell)
            .into_iter()
            .flatten()
            .map(|(&round, &sample)| (round, sample))
    }
}

impl CellReport {
    /// Nanoseconds of each sample, by its round.
    pub(in crate::report) fn by_round(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        let ns = self.samples_ns.iter().map(|&ns| ns as f64);
        self.sample_rounds.iter().copied().zip(ns)
    }

    /// The launch of a round in which it has a sample.
    pub(super) fn launch(&self, round: u32) -> u32 {
        let found = self.sample_rounds.binary_search(&round);
        found.map_or(0, |index| self.sample_launches[index])
    }

    /// Values of rounds, one group per launch.
    pub(in crate::report) fn by_launch(&self, values: impl Iterator<Item = (u32, f64)>) -> BTreeMap<u32, Vec<f64>> {
        grouped(values.map(|(round, value)| (self.launch(round), value)))
    }

    /// The centre of positive values of rounds with its interval over launches.
    pub(super) fn interval(&self, values: impl Iterator<Item = (u32, f64)>) -> Option<Interval> {
        let logs = values.map(|(round, x)| (round, x.ln()));
        centre(self.spec.workload(), self.by_launch(logs))
    }

    /// Speed relative to `reference`.
    pub(super) fn ratio(&self, reference: &CellReport) -> Option<Interval> {
        centre(self.spec.workload(), self.log_ratios(reference))
    }

    /// ln of the speed relative to `reference` (per token that throughput counts), from the rounds in which both have a sample.
    pub(super) fn log_ratios(&self, reference: &CellReport) -> BTreeMap<u32, Vec<f64>> {
        let pairs = reference.pairs(self).into_iter();
        self.by_launch(pairs.map(|(round, (reference, own))| (round, (reference / own).ln())))
    }

    /// Speed relative to another work of the same arm, which need not come in the same rounds: launches are paired where there are
    /// enough of them. What processes differ by is in both.
    pub(super) fn ratio_of_works(&self, reference: &CellReport) -> Option<Interval> {
        let by_launch = |cell: &CellReport| {
            let logs = cell.seconds_per_token().map(|(round, s)| (round, s.ln()));
            medians(cell.by_launch(logs))
        };
        let own = by_launch(self);
        let both = by_launch(reference).into_iter();
        let both = both.filter_map(|(launch, of_reference)| Some(vec![of_reference - own.get(&launch)?]));
        let mut groups: Vec<Vec<f64>> = both.collect();
        if groups.len() < stats::N_LAUNCHES_MIN {
            groups = self.log_ratios(reference).into_values().collect();
        }
        stats::grouped_interval(&groups, 0.0, LEVEL)
    }

    /// Seconds per token of both, for the rounds in which both have a sample.
    pub(super) fn pairs(&self, other: &CellReport) -> BTreeMap<u32, (f64, f64)> {
        let of_other: BTreeMap<u32, f64> = other.seconds_per_token().collect();
        self.seconds_per_token()
            .filter_map(|(round, s)| of_other.get(&round).map(|&other| (round, (s, other))))
            .collect()
    }

    fn seconds_per_token(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        let n_tokens = f64::from(self.spec.shape().n_counted.max(1));
        self.by_round().map(move |(round, ns)| (round, ns / 1e9 / n_tokens))
    }
}

/// Values of launches, one group for each.
pub(super) fn grouped(values: impl Iterator<Item = (u32, f64)>) -> BTreeMap<u32, Vec<f64>> {
    let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (launch, value) in values {
        groups.entry(launch).or_default().push(value);
    }
    groups
}

/// The centre of logarithms with its interval over launches, back from log space.
pub(super) fn centre(workload: Workload, logs: BTreeMap<u32, Vec<f64>>) -> Option<Interval> {
    let groups: Vec<Vec<f64>> = logs.into_values().collect();
    stats::grouped_interval(&groups, process_sd(workload), LEVEL)
}

pub(super) fn medians(groups: BTreeMap<u32, Vec<f64>>) -> BTreeMap<u32, f64> {
    let medians = groups.into_iter();
    medians
        .filter_map(|(launch, all)| Some((launch, stats::median(&all)?)))
        .collect()
}

/// One report per cell of the plan. Comparisons are added later.
pub(super) fn cell_reports(header: &RunHeader, records: &[Record], rounds: &Rounds) -> Vec<CellReport> {
    let failures = records.iter().filter_map(Record::failure);
    let last_failures: BTreeMap<usize, _> = failures.map(|f| (f.cell, (f.kind, &f.reason))).collect();
    let left: BTreeSet<usize> = records.iter().filter_map(Record::dropped).map(|d| d.arm).collect();
    let cells = header.plan.cells.iter().enumerate();
    cells
        .filter_map(|(index, cell)| {
            let arm = header.plan.arms.get(cell.arm)?;
            let samples: Vec<(u32, &Sample)> = rounds.of(index).collect();
            let launch = |round: &u32| rounds.launch_of.get(&(index, *round)).copied().unwrap_or(0);
            let mut outcome = outcome(last_failures.get(&index).copied(), !samples.is_empty());
            if matches!(outcome, Outcome::Failed(FailureKind::NotRun, _)) && left.contains(&cell.arm) {
                outcome = Outcome::Failed(FailureKind::LeftOut, String::new());
            }
            let usable: &[(u32, &Sample)] = if outcome == Outcome::Ok { &samples } else { &[] };
            // Absent where a sample lacks it.
            let over = |of: &dyn Fn(&Sample) -> Option<f64>| {
                let logs = usable.iter().map(|(round, s)| Some((launch(round), of(s)?.ln())));
                let logs: Vec<(u32, f64)> = logs.collect::<Option<_>>()?;
                centre(cell.spec.workload(), grouped(logs.into_iter()))
            };
            let n_tokens = f64::from(cell.spec.shape().n_counted);
            let tps = over(&|s| Some(n_tokens * 1e9 / s.ns() as f64));
            Some(CellReport {
                index,
                arm: arm.clone(),
                spec: cell.spec,
                samples_ns: samples.iter().map(|(_, s)| s.ns()).collect(),
                sample_rounds: samples.iter().map(|(round, _)| *round).collect(),
                sample_launches: samples.iter().map(|(round, _)| launch(round)).collect(),
                tps,
                mad: mad(usable),
                ttft_ns: over(&|s| s.ttft_ns().map(|ns| ns as f64)),
                itl_ns: itl(cell, usable, header.plan.seed),
                joule_per_token: over(&|s| {
                    Some(s.conditions.energy_uj? as f64 / 1e6 / (n_tokens * f64::from(s.n_repeat)))
                })
                .filter(|_| counts_all(cell)),
                cost_per_million: cost_per_million(header.price_per_hour, tps),
                bandwidth_share: None,
                gpu_joule_per_token: over(&|s| {
                    Some(s.conditions.gpu?.energy_mj? as f64 / 1e3 / (n_tokens * f64::from(s.n_repeat)))
                }),
                vs_baseline: None,
                vs_f16_kv: None,
                vs_first_build: None,
                outcome,
            })
        })
        .collect()
}

fn mad(samples: &[(u32, &Sample)]) -> Option<f64> {
    let ns: Vec<f64> = samples.iter().map(|(_, s)| s.ns() as f64).collect();
    let median = stats::median(&ns).filter(|_| ns.len() > 1)?;
    let off: Vec<f64> = ns.iter().map(|ns| (ns / median - 1.0).abs()).collect();
    stats::median(&off)
}

/// A recorded failure stands, even if the cell has samples of earlier rounds: it left the run before the others.
pub(super) fn outcome(failure: Option<(FailureKind, &String)>, has_samples: bool) -> Outcome {
    match failure {
        Some((kind, reason)) => Outcome::Failed(kind, reason.clone()),
        None if has_samples => Outcome::Ok,
        None => Outcome::Failed(FailureKind::NotRun, String::new()),
    }
}

/// Whether the timed regions hold nothing but the tokens that are counted.
fn counts_all(cell: &Cell) -> bool {
    !matches!(cell.spec.workload(), Workload::State | Workload::Speculative)
}

/// The price of the time that a million tokens take, with the interval of the speed.
fn cost_per_million(price_per_hour: Option<f64>, tps: Option<Interval>) -> Option<Interval> {
    let (price, tps) = (price_per_hour?, tps?);
    Some(tps.mapped(|rate| price / 3600.0 / rate * 1e6))
}

fn itl(cell: &Cell, samples: &[(u32, &Sample)], seed: u64) -> Option<ItlQuantiles> {
    let groups: Vec<Vec<f64>> = samples
        .iter()
        .map(|(_, s)| s.itl_ns.iter().map(|&ns| ns as f64).collect::<Vec<_>>())
        .filter(|g| !g.is_empty())
        .collect();
    if cell.spec.workload() == Workload::Prefill || groups.is_empty() {
        return None;
    }
    Some(ItlQuantiles::of(&groups, seed))
}

impl ItlQuantiles {
    /// Values of a group share its disturbances: whole groups are drawn.
    pub(super) fn of(groups: &[Vec<f64>], seed: u64) -> ItlQuantiles {
        let qs = [0.5, 0.95, 0.99];
        let found = stats::cluster_quantile_intervals(groups, &qs, LEVEL, seed, stats::N_RESAMPLES);
        ItlQuantiles {
            p50: found[0],
            p95: found[1],
            p99: found[2],
        }
    }
}

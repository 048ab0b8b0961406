//! Samples by cell and round, and what is estimated of one cell alone.

use super::{CellReport, ItlQuantiles};
use crate::data::{Cell, FailureKind, FailureRecord, Outcome, Record, RunHeader, Sample, Workload};
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

    /// The launch of a cell's sample.
    pub(super) fn launch(&self, cell: usize, round: u32) -> u32 {
        self.launch_of.get(&(cell, round)).copied().unwrap_or(0)
    }

    /// Values of rounds of a cell, one group per launch.
    pub(super) fn by_launch(&self, cell: usize, values: impl Iterator<Item = (u32, f64)>) -> BTreeMap<u32, Vec<f64>> {
        let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (round, value) in values {
            groups.entry(self.launch(cell, round)).or_default().push(value);
        }
        groups
    }

    /// The centre of positive values of rounds with its interval over launches.
    pub(super) fn interval(
        &self,
        (cell, workload): (usize, Workload),
        values: impl Iterator<Item = (u32, f64)>,
        level: f64,
    ) -> Option<Interval> {
        let logs = values.map(|(round, x)| (round, x.ln()));
        let groups: Vec<Vec<f64>> = self.by_launch(cell, logs).into_values().collect();
        stats::grouped_interval(&groups, process_sd(workload), level)
    }

    /// Samples of a cell, by round.
    pub(super) fn of(&self, cell: usize) -> impl Iterator<Item = (u32, &'a Sample)> + '_ {
        self.by_cell
            .get(&cell)
            .into_iter()
            .flatten()
            .map(|(&round, &sample)| (round, sample))
    }

    /// Speed of `arm` relative to `reference` (per token that its throughput counts), from the rounds in which both have a sample.
    pub(super) fn ratio(&self, reference: &CellReport, arm: &CellReport, level: f64) -> Option<Interval> {
        let pairs = self.pairs(reference, arm).into_iter();
        let logs = pairs.map(|(round, (reference, arm))| (round, (reference / arm).ln()));
        let groups = self.by_launch(arm.index, logs);
        stats::grouped_interval(
            &groups.into_values().collect::<Vec<_>>(),
            process_sd(arm.spec.workload()),
            level,
        )
    }

    /// The same for two works of one arm, which need not come in the same rounds: launches are paired where there are enough of
    /// them. What processes differ by is in both.
    pub(super) fn ratio_of_works(&self, reference: &CellReport, other: &CellReport, level: f64) -> Option<Interval> {
        let medians = |cell: &CellReport| {
            let logs = self.seconds_per_token(cell).map(|(round, s)| (round, s.ln()));
            let groups = self.by_launch(cell.index, logs).into_iter();
            groups
                .filter_map(|(launch, all)| Some((launch, stats::median(&all)?)))
                .collect::<BTreeMap<u32, f64>>()
        };
        let (of_reference, of_other) = (medians(reference), medians(other));
        let both = of_reference
            .iter()
            .filter_map(|(launch, a)| Some(vec![a - of_other.get(launch)?]));
        let by_launch: Vec<Vec<f64>> = both.collect();
        let groups = if by_launch.len() >= stats::N_LAUNCHES_MIN {
            by_launch
        } else {
            let pairs = self.pairs(reference, other).into_iter();
            let logs = pairs.map(|(round, (a, b))| (round, (a / b).ln()));
            self.by_launch(other.index, logs).into_values().collect()
        };
        stats::grouped_interval(&groups, 0.0, level)
    }

    /// Seconds per token of two cells, for the rounds in which both have a sample.
    pub(super) fn pairs(&self, a: &CellReport, b: &CellReport) -> BTreeMap<u32, (f64, f64)> {
        let of_b: BTreeMap<u32, f64> = self.seconds_per_token(b).collect();
        self.seconds_per_token(a)
            .filter_map(|(round, s)| of_b.get(&round).map(|&other| (round, (s, other))))
            .collect()
    }

    fn seconds_per_token(&self, cell: &CellReport) -> impl Iterator<Item = (u32, f64)> + '_ {
        let n_tokens = f64::from(cell.spec.shape().n_counted.max(1));
        self.of(cell.index)
            .map(move |(round, sample)| (round, sample.ns() as f64 / 1e9 / n_tokens))
    }
}

/// One report per cell of the plan. Comparisons are added later.
pub(super) fn cell_reports(header: &RunHeader, records: &[Record], rounds: &Rounds) -> Vec<CellReport> {
    let failures = records.iter().filter_map(|record| match record {
        Record::Failure(failure) => Some((failure.cell, failure)),
        _ => None,
    });
    let last_failures: BTreeMap<usize, &FailureRecord> = failures.collect();
    let left: BTreeSet<usize> = records.iter().filter_map(left_out).collect();
    let cells = header.plan.cells.iter().enumerate();
    cells
        .filter_map(|(index, cell)| {
            let arm = header.plan.arms.get(cell.arm)?;
            let samples: Vec<(u32, &Sample)> = rounds.of(index).collect();
            let mut outcome = outcome(last_failures.get(&index).copied(), !samples.is_empty());
            if matches!(outcome, Outcome::Failed(FailureKind::NotRun, _)) && left.contains(&cell.arm) {
                outcome = Outcome::Failed(FailureKind::LeftOut, String::new());
            }
            let usable: &[(u32, &Sample)] = if outcome == Outcome::Ok { &samples } else { &[] };
            let over = |of: &dyn Fn(&Sample) -> Option<f64>| over_launches(rounds, (index, cell), usable, of);
            let n_tokens = f64::from(cell.spec.shape().n_counted);
            let tps = over(&|s| Some(n_tokens * 1e9 / s.ns() as f64));
            Some(CellReport {
                index,
                arm: arm.clone(),
                spec: cell.spec,
                samples_ns: samples.iter().map(|(_, s)| s.ns()).collect(),
                sample_rounds: samples.iter().map(|(round, _)| *round).collect(),
                sample_launches: samples.iter().map(|(round, _)| rounds.launch(index, *round)).collect(),
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

fn left_out(record: &Record) -> Option<usize> {
    match record {
        Record::Dropped(d) => Some(d.arm),
        _ => None,
    }
}

/// A recorded failure stands, even if the cell has samples of earlier rounds: it left the run before the others.
fn outcome(failure: Option<&FailureRecord>, has_samples: bool) -> Outcome {
    match failure {
        Some(failure) => Outcome::Failed(failure.kind, failure.reason.clone()),
        None if has_samples => Outcome::Ok,
        None => Outcome::Failed(FailureKind::NotRun, String::new()),
    }
}

/// The centre of what `of` reads from every sample, with its interval; absent where a sample lacks it.
fn over_launches(
    rounds: &Rounds,
    (index, cell): (usize, &Cell),
    samples: &[(u32, &Sample)],
    of: &dyn Fn(&Sample) -> Option<f64>,
) -> Option<Interval> {
    let values: Option<Vec<(u32, f64)>> = samples.iter().map(|(round, s)| Some((*round, of(s)?))).collect();
    rounds.interval((index, cell.spec.workload()), values?.into_iter(), LEVEL)
}

/// Whether the timed regions hold nothing but the tokens that are counted.
fn counts_all(cell: &Cell) -> bool {
    !matches!(cell.spec.workload(), Workload::State | Workload::Speculative)
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

fn itl(cell: &Cell, samples: &[(u32, &Sample)], seed: u64) -> Option<ItlQuantiles> {
    let groups: Vec<Vec<f64>> = samples
        .iter()
        .map(|(_, s)| s.itl_ns.iter().map(|&ns| ns as f64).collect::<Vec<_>>())
        .filter(|g| !g.is_empty())
        .collect();
    if cell.spec.workload() == Workload::Prefill || groups.is_empty() {
        return None;
    }
    let found = stats::cluster_quantile_intervals(&groups, &[0.5, 0.95, 0.99], LEVEL, seed, stats::N_RESAMPLES);
    Some(ItlQuantiles {
        p50: found[0],
        p95: found[1],
        p99: found[2],
    })
}

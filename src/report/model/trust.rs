//! How sure the run can be: the machine's own speed, disturbed samples, and the smallest difference it could have seen.

use super::cells::{medians, Rounds};
use super::CellReport;
use crate::data::{Disturbance, ProbeReading, ProbeRecord, Record, RunHeader};
use crate::stats;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What bears on how far the figures can be relied on, besides the control.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Trust {
    /// What made each discarded round discarded, in order.
    #[serde(rename = "void")]
    pub discarded: Vec<Disturbance>,
    /// Disturbed samples that stayed in, because the discarded rounds were used up.
    #[serde(rename = "kept")]
    pub retained: Option<RetainedDisturbance>,
    /// The machine probe before every complete round.
    #[serde(skip)]
    pub probes: Vec<(u32, ProbeReading)>,
    /// Time spent waiting for a slowed machine, nanoseconds.
    pub paused_ns: u64,
    /// Drift of the machine's memory reads, by the machine probe.
    pub read: Option<Drift>,
    /// Drift of its matrix products.
    pub product: Option<Drift>,
    /// Median speed of memory reads with all threads.
    pub read_bytes_per_s: Option<f64>,
    /// Median speed of f32 matrix products with all threads.
    pub flop_per_s: Option<f64>,
    /// Ratios that move with the machine's own speed: they hold for the machine as it was.
    pub moves: Vec<Moves>,
    /// The smallest difference between variants that would have been called.
    pub smallest_difference: Option<SmallestDifference>,
}

/// Disturbed samples in rounds that count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct RetainedDisturbance {
    /// How many samples.
    pub n_samples: u32,
    /// In how many rounds.
    pub n_rounds: u32,
    /// The first of them.
    pub first: Disturbance,
}

/// How the machine's own speed moved, relative to its median: -0.1 is 10 % slower.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Drift {
    /// In its slowest round.
    pub slowest: f64,
    /// In its fastest round.
    pub fastest: f64,
    /// Rounds with a reading.
    pub n_rounds: u32,
}

/// A ratio to the baseline that moves with the machine's own speed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Moves {
    /// The cell, by index.
    pub cell: usize,
    /// Whether it moves with the probe's memory reads; with its matrix products otherwise.
    pub is_with_reads: bool,
    /// The ratio where the machine was slowest, and where it was fastest.
    pub ratios: (f64, f64),
}

/// Relative differences of speed, e.g. 0.034.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct SmallestDifference {
    /// In the median headline comparison.
    pub median: f64,
    /// In the least certain one.
    pub worst: f64,
}

pub(super) fn trust(header: &RunHeader, records: &[Record], rounds: &Rounds, cells: &[CellReport]) -> Trust {
    let probes = probes(records, rounds);
    let readings: Vec<ProbeReading> = probes.iter().map(|(_, reading)| *reading).collect();
    let disturbed = || {
        let all = records.iter().filter_map(Record::disturbed);
        all.filter(|d| d.cell < header.plan.cells.len())
    };
    let paused = records.iter().filter_map(Record::probe).map(|probe| probe.paused_ns);
    let median = |per_s: fn(&ProbeReading) -> Option<f64>| {
        let all: Option<Vec<f64>> = readings.iter().map(per_s).collect();
        stats::median(&all?)
    };
    Trust {
        discarded: disturbed().filter(|d| d.is_discarded).map(|d| d.what).collect(),
        retained: retained(
            disturbed()
                .filter(|d| !d.is_discarded)
                .map(|d| (d.round, d.what))
                .collect(),
        ),
        moves: moves(header, cells, &probes),
        paused_ns: paused.fold(0, u64::saturating_add),
        probes,
        read: drift(&readings, |r| r.read_ns),
        product: drift(&readings, |r| r.product_ns),
        read_bytes_per_s: median(|r| per_s(r.n_bytes, r.read_ns)),
        flop_per_s: median(|r| per_s(r.n_flop, r.product_ns)),
        smallest_difference: smallest_difference(header, cells),
    }
}

/// The probe's readings before complete rounds; a round that was begun again has its last one.
fn probes(records: &[Record], rounds: &Rounds) -> Vec<(u32, ProbeReading)> {
    let probes = records.iter().filter_map(Record::probe);
    let probes = probes.filter(|a| rounds.complete.contains(&a.round));
    let by_round: BTreeMap<u32, &ProbeRecord> = probes.map(|a| (a.round, a)).collect();
    by_round.into_iter().map(|(round, a)| (round, a.reading)).collect()
}

fn retained(seen: Vec<(u32, Disturbance)>) -> Option<RetainedDisturbance> {
    let rounds: std::collections::BTreeSet<u32> = seen.iter().map(|(round, _)| *round).collect();
    Some(RetainedDisturbance {
        n_samples: seen.len() as u32,
        n_rounds: rounds.len() as u32,
        first: seen.first()?.1,
    })
}

fn per_s(amount: u64, ns: u64) -> Option<f64> {
    (ns > 0).then(|| amount as f64 * 1e9 / ns as f64)
}

/// Speed of one half of the probe in its slowest and its fastest round, relative to its median.
fn drift(readings: &[ProbeReading], half: fn(&ProbeReading) -> u64) -> Option<Drift> {
    let ns: Vec<f64> = readings.iter().map(|r| half(r) as f64).filter(|&ns| ns > 0.0).collect();
    let median = stats::median(&ns)?;
    let (least, most) = (
        ns.iter().copied().reduce(f64::min)?,
        ns.iter().copied().reduce(f64::max)?,
    );
    Some(Drift {
        slowest: median / most - 1.0,
        fastest: median / least - 1.0,
        n_rounds: ns.len() as u32,
    })
}

/// Chance of error that all ratios have together to be called moving.
const ALPHA_MOVES: f64 = 0.01;
/// Launches that a line takes.
const N_MOVES_MIN: usize = 6;

/// Headline ratios to the baseline that follow the probe over launches, by more than what counts as the same.
fn moves(header: &RunHeader, cells: &[CellReport], probes: &[(u32, ProbeReading)]) -> Vec<Moves> {
    let probes: BTreeMap<u32, ProbeReading> = probes.iter().copied().collect();
    let baseline = |cell: &CellReport| {
        cells
            .iter()
            .find(|c| c.arm.is_baseline && !c.arm.is_control && c.spec == cell.spec)
    };
    let is_headline = |c: &&CellReport| !c.arm.is_control && c.spec.workload().is_headline() && c.vs_baseline.is_some();
    let compared: Vec<(&CellReport, &CellReport)> = cells
        .iter()
        .filter(is_headline)
        .filter_map(|cell| Some((cell, baseline(cell)?)))
        .collect();
    let alpha = ALPHA_MOVES / (2 * compared.len().max(1)) as f64;
    let mut found = Vec::new();
    for (cell, baseline) in compared {
        let pairs = baseline.pairs(cell);
        let ratios = medians(cell.log_ratios(baseline));
        let line = |is_with_reads: bool| {
            let speed = |round: &u32| {
                let reading = probes.get(round)?;
                let ns = if is_with_reads {
                    reading.read_ns
                } else {
                    reading.product_ns
                };
                (ns > 0).then(|| (*round, -(ns as f64).ln()))
            };
            let machine = medians(cell.by_launch(pairs.keys().filter_map(speed))).into_iter();
            let points = machine.filter_map(|(launch, speed)| Some((speed, *ratios.get(&launch)?)));
            let points: Vec<(f64, f64)> = points.collect();
            let line = stats::Trend::of(&points).filter(|_| points.len() >= N_MOVES_MIN)?;
            let speeds = || points.iter().map(|p| p.0);
            let (slowest, fastest) = (
                speeds().fold(f64::INFINITY, f64::min),
                speeds().fold(f64::NEG_INFINITY, f64::max),
            );
            let ratios = (line.at(slowest).exp(), line.at(fastest).exp());
            Some((
                line.p,
                Moves {
                    cell: cell.index,
                    is_with_reads,
                    ratios,
                },
            ))
        };
        let surest = [true, false]
            .into_iter()
            .filter_map(line)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let (_, moves) = match surest {
            Some(surest) if surest.0 < alpha => surest,
            _ => continue,
        };
        if (moves.ratios.1 / moves.ratios.0).ln().abs() > header.plan.equivalence.ln_1p() {
            found.push(moves);
        }
    }
    found
}

/// A difference is called when its interval lies beyond the region of equivalence, so the estimate must be past the region by the
/// interval's half-width. The median over the headline comparisons, and the worst of them.
fn smallest_difference(header: &RunHeader, cells: &[CellReport]) -> Option<SmallestDifference> {
    let region = header.plan.equivalence.ln_1p();
    let headline = cells
        .iter()
        .filter(|c| !c.arm.is_control && c.spec.workload().is_headline());
    let against = headline.filter_map(|c| c.vs_baseline.as_ref().filter(|v| v.factor == "variant"));
    let half_widths = against
        .map(|v| stats::half_width(&v.ratio))
        .filter(|half| half.is_finite());
    let all: Vec<f64> = half_widths.map(|half| (region + half).exp_m1()).collect();
    Some(SmallestDifference {
        median: stats::median(&all)?,
        worst: all.iter().copied().reduce(f64::max)?,
    })
}

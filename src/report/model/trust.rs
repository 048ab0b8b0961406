//! How sure the run can be: the machine's own speed, disturbed samples, and the smallest difference it could have seen.

use super::cells::Rounds;
use super::{CellReport, Drift, KeptDisturbance, SmallestDifference, Trust};
use crate::data::{AnchorReading, AnchorRecord, Disturbance, Record, RunHeader};
use crate::stats;

pub(super) fn trust(header: &RunHeader, records: &[Record], rounds: &Rounds, cells: &[CellReport]) -> Trust {
    let anchors = anchors(records, rounds);
    let readings: Vec<AnchorReading> = anchors.iter().map(|(_, reading)| *reading).collect();
    let disturbed = || {
        records.iter().filter_map(|record| match record {
            Record::Disturbed(d) if d.cell < header.plan.cells.len() => Some(d),
            _ => None,
        })
    };
    let paused = records.iter().filter_map(|record| match record {
        Record::Anchor(a) => Some(a.paused_ns),
        _ => None,
    });
    let median = |per_s: fn(&AnchorReading) -> Option<f64>| {
        let all: Option<Vec<f64>> = readings.iter().map(per_s).collect();
        stats::median(&all?)
    };
    Trust {
        void: disturbed().filter(|d| d.is_void).map(|d| d.what).collect(),
        kept: kept(disturbed().filter(|d| !d.is_void).map(|d| (d.round, d.what)).collect()),
        paused_ns: paused.fold(0, u64::saturating_add),
        anchors,
        read: drift(&readings, |r| r.read_ns),
        product: drift(&readings, |r| r.product_ns),
        read_bytes_per_s: median(|r| per_s(r.n_bytes, r.read_ns)),
        flop_per_s: median(|r| per_s(r.n_flop, r.product_ns)),
        smallest_difference: smallest_difference(header, cells),
    }
}

/// The anchor's readings before complete rounds; a round that was begun again has its last one.
fn anchors(records: &[Record], rounds: &Rounds) -> Vec<(u32, AnchorReading)> {
    let anchors = records.iter().filter_map(|record| match record {
        Record::Anchor(a) if rounds.complete.contains(&a.round) => Some(a),
        _ => None,
    });
    let by_round: std::collections::BTreeMap<u32, &AnchorRecord> = anchors.map(|a| (a.round, a)).collect();
    by_round.into_iter().map(|(round, a)| (round, a.reading)).collect()
}

fn kept(seen: Vec<(u32, Disturbance)>) -> Option<KeptDisturbance> {
    let rounds: std::collections::BTreeSet<u32> = seen.iter().map(|(round, _)| *round).collect();
    Some(KeptDisturbance {
        n_samples: seen.len() as u32,
        n_rounds: rounds.len() as u32,
        first: seen.first()?.1,
    })
}

fn per_s(amount: u64, ns: u64) -> Option<f64> {
    (ns > 0).then(|| amount as f64 * 1e9 / ns as f64)
}

/// Speed of one half of the anchor in its slowest and its fastest round, relative to its median.
fn drift(readings: &[AnchorReading], half: fn(&AnchorReading) -> u64) -> Option<Drift> {
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

/// A difference is called when its interval lies beyond the region of equivalence, so the estimate must be past the region by the
/// interval's half-width. The median over the headline comparisons, and the worst of them.
fn smallest_difference(header: &RunHeader, cells: &[CellReport]) -> Option<SmallestDifference> {
    let region = header.plan.equivalence.ln_1p();
    let headline = cells
        .iter()
        .filter(|c| !c.arm.is_control && c.spec.workload.is_headline());
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

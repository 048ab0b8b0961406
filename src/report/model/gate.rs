//! What a gate found: each work of each variant in the second build against the first, and their divergence.

use super::cells::{process_sd, Rounds};
use super::{CellReport, Figure, ReportModel};
use crate::data::{Arm, FailOn, Work};
use crate::decide::{is_gate_look, pairs, slower, GateStanding, Looks};
use crate::report::wire;
use crate::stats::{self, Interval, LogMean};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Two builds, and what the gate fails on.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateReport {
    /// The build that others are held against.
    pub base: String,
    /// What is held against it.
    pub candidate: String,
    /// Conditions, as they were given.
    #[serde(serialize_with = "wire::texts")]
    #[schemars(with = "Vec<String>")]
    pub fail_on: Vec<FailOn>,
    /// Of the speed of each work.
    pub speed: Vec<GateRow>,
    /// Of the divergence, where it was asked for and scored.
    pub kld: Option<GateKld>,
    /// All conditions together.
    pub standing: GateStanding,
}

/// A work of the candidate.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateRow {
    /// The arm.
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
    pub arm: Arm,
    /// Its work.
    #[serde(flatten)]
    pub spec: Work,
    /// Throughput of the base, tokens per second.
    pub base_tps: Option<Interval>,
    /// Of the candidate.
    pub tps: Option<Interval>,
    /// Speed over that of the base: each end is a one-sided bound that holds for all works and looks of the gate together.
    pub ratio: Option<Interval>,
    /// Pairs of launches.
    pub n_pairs: u32,
    /// Absent where no condition is about speed.
    pub standing: Option<GateStanding>,
    /// Both were measured without a failure.
    pub is_measured: bool,
}

/// What the candidate's probabilities differ by.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateKld {
    /// Tokens per window.
    pub n_ctx: u32,
    /// Mean KL divergence from the base, nats.
    pub kld: Figure,
    pub standing: GateStanding,
}

impl GateReport {
    /// What is asked of speed.
    fn margin(&self) -> Option<f64> {
        self.fail_on.iter().find_map(|condition| match condition {
            FailOn::Slower(share) => Some(*share),
            FailOn::Kld(_) => None,
        })
    }

    fn standings(&self) -> impl Iterator<Item = GateStanding> + '_ {
        let speed = self.speed.iter().filter_map(|row| row.standing);
        speed.chain(self.kld.iter().map(|kld| kld.standing))
    }

    /// Divergence was asked for, and is not known.
    pub(in crate::report) fn is_unscored(&self) -> bool {
        self.kld.is_none() && self.fail_on.iter().any(|condition| matches!(condition, FailOn::Kld(_)))
    }

    /// Everything that the conditions are about was measured.
    pub(in crate::report) fn is_measured(&self) -> bool {
        !self.is_unscored() && !self.speed.is_empty() && self.speed.iter().all(|row| row.is_measured)
    }

    /// Whether more measuring can change nothing.
    fn is_settled(&self) -> bool {
        self.standing == GateStanding::Failed || !self.standings().any(|standing| standing == GateStanding::Open)
    }
}

/// `None` where the run is no gate.
pub(super) fn gate(model: &ReportModel, rounds: &Rounds, looks: Looks) -> Option<GateReport> {
    let [base, candidate] = model.header.builds.as_slice() else {
        return None;
    };
    let mut report = GateReport {
        base: base.name.clone(),
        candidate: candidate.name.clone(),
        fail_on: model.header.gate.clone(),
        speed: Vec::new(),
        kld: None,
        standing: GateStanding::Open,
    };
    if report.fail_on.is_empty() {
        return None;
    }
    let is_of = |cell: &&CellReport| cell.arm.config.build.as_ref() == Some(&candidate.name);
    let cells: Vec<&CellReport> = model.cells.iter().filter(is_of).collect();
    let row = |cell: &&CellReport| row(model, rounds, cell, (report.margin(), cells.len(), looks));
    report.speed = cells.iter().filter_map(row).collect();
    report.kld = report.fail_on.iter().find_map(|condition| match condition {
        FailOn::Kld(most) => kld(model, &candidate.name, *most),
        FailOn::Slower(_) => None,
    });
    let stands = |what: GateStanding| report.standings().any(|standing| standing == what);
    if stands(GateStanding::Failed) {
        report.standing = GateStanding::Failed;
    } else if report.is_measured() && !stands(GateStanding::Open) {
        report.standing = GateStanding::Passed;
    }
    Some(report)
}

/// Whether the gate may end after so many launches.
pub(super) fn is_decided(model: &ReportModel, rounds: &Rounds, n_launches: u32) -> bool {
    is_gate_look(n_launches) && gate(model, rounds, Looks::Interim).is_some_and(|gate| gate.is_settled())
}

fn row(
    model: &ReportModel,
    rounds: &Rounds,
    cell: &CellReport,
    (margin, n_works, looks): (Option<f64>, usize, Looks),
) -> Option<GateRow> {
    let base = model.in_first_build(cell)?;
    let logs = rounds.pairs(base, cell).into_iter();
    let logs = logs.map(|(round, (of_base, own))| (round, (of_base / own).ln()));
    let by_launch = rounds.by_launch(cell.index, logs).into_iter();
    let medians: BTreeMap<u32, f64> = by_launch
        .filter_map(|(launch, all)| Some((launch, stats::median(&all)?)))
        .collect();
    let observed = pairs(&medians);
    let seen = LogMean::of(&observed, process_sd(cell.spec.workload()));
    let judged = seen.map(|seen| slower(&seen, margin.unwrap_or(0.0), n_works, looks));
    Some(GateRow {
        arm: cell.arm.clone(),
        spec: cell.spec,
        base_tps: base.tps,
        tps: cell.tps,
        ratio: judged.and_then(|(_, ratio)| ratio),
        n_pairs: observed.len() as u32,
        standing: margin.map(|_| judged.map_or(GateStanding::Open, |(standing, _)| standing)),
        is_measured: base.is_ok() && cell.is_ok(),
    })
}

/// The divergence at the shortest window against a limit.
fn kld(model: &ReportModel, candidate: &str, most: f64) -> Option<GateKld> {
    let rows = model.quality.rows.iter().filter(|row| row.is_ok());
    let mut own = rows.filter(|row| row.arm.config.build.as_deref() == Some(candidate));
    let row = own.find(|row| model.quality.windows().first() == Some(&row.n_ctx))?;
    let kld = row.kld_mean?;
    // Where every chunk is the same there is no interval, and nothing that varies.
    let (lo, hi) = kld.interval.map_or((0.0, kld.value), |i| (i.lo, i.hi));
    Some(GateKld {
        n_ctx: row.n_ctx,
        kld,
        standing: match () {
            () if lo > most => GateStanding::Failed,
            () if hi <= most => GateStanding::Passed,
            () => GateStanding::Open,
        },
    })
}

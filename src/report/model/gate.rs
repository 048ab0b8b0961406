//! What a gate found: each work of each variant in the second build against the first, and their divergence.

use super::cells::{medians, process_sd};
use super::{CellReport, GateKld, GateReport, GateRow, ReportModel};
use crate::data::FailOn;
use crate::decide::{is_gate_look, pairs, slower, GateStanding, Looks};
use crate::stats::LogMean;

/// `None` where the run is no gate.
pub(super) fn gate(model: &ReportModel, looks: Looks) -> Option<GateReport> {
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
    let row = |cell: &&CellReport| row(model, cell, (report.margin(), cells.len(), looks));
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
pub(super) fn is_decided(model: &ReportModel, n_launches: u32) -> bool {
    is_gate_look(n_launches) && gate(model, Looks::Interim).is_some_and(|gate| gate.is_settled())
}

fn row(
    model: &ReportModel,
    cell: &CellReport,
    (margin, n_works, looks): (Option<f64>, usize, Looks),
) -> Option<GateRow> {
    let base = model.in_first_build(cell)?;
    let observed = pairs(&medians(cell.log_ratios(base)));
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

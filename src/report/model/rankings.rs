//! Who is fastest at each work, and by how much over the next one.

use super::compare::compare;
use super::{CellReport, Ranking, ReportModel};
use crate::data::{Work, Workload};

/// Of every work that people wait for.
pub(super) fn rankings(model: &ReportModel) -> Vec<Ranking> {
    let works = [Workload::Decode, Workload::Prefill].map(|workload| model.specs(workload));
    let ranking = |work: Work| {
        let cells = ranked(model, &work)?;
        Some(Ranking {
            work,
            lead: compare(&model.header, &model.control, cells.get(1)?, cells[0]),
            arms: cells.into_iter().map(|cell| cell.arm.id.clone()).collect(),
        })
    };
    works.concat().into_iter().filter_map(ranking).collect()
}

fn ranked<'a>(model: &'a ReportModel, work: &Work) -> Option<Vec<&'a CellReport>> {
    let kv = model.baseline()?.config.kv();
    let speed = |cell: &CellReport| match &cell.vs_baseline {
        Some(comparison) => comparison.ratio.estimate,
        None if cell.arm.is_baseline => 1.0,
        None => 0.0,
    };
    let cells = model
        .cells
        .iter()
        .filter(|c| c.spec == *work && c.is_ok() && !c.arm.is_control);
    let mut cells: Vec<&CellReport> = cells.filter(|c| c.arm.config.kv() == kv && speed(c) > 0.0).collect();
    cells.sort_by(|a, b| speed(b).total_cmp(&speed(a)));
    Some(cells)
}

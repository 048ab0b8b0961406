//! Energy and cost of a token.

use crate::data::{Arm, Work, Workload};
use crate::report::document::{section, table, Block};
use crate::report::text::kv;
use crate::report::{CellReport, ReportModel};
use crate::stats::Interval;

/// A row per arm, for the longest prompt and the deepest decode; nothing where neither energy nor a price is known.
pub(super) fn energy(model: &ReportModel) -> Vec<Block> {
    let t = model.lang;
    let price = model.header.price_per_hour;
    let has_energy = model.cells.iter().any(|c| c.joule_per_token.is_some());
    if price.is_none() && !has_energy {
        return Vec::new();
    }
    let works = [Workload::Prefill, Workload::Decode].map(|w| model.specs(w).into_iter().next_back());
    let works: Vec<Work> = works.into_iter().flatten().collect();
    let row = |arm: &Arm| {
        let cells = || works.iter().map(|spec| model.cell(&arm.id, spec));
        let mut row = vec![arm.variant.clone(), kv(&arm.config)];
        row.extend(cells().map(|cell| shown(model, cell, |c| c.joule_per_token)));
        if price.is_some() {
            row.extend(cells().map(|cell| shown(model, cell, |c| c.cost_per_million)));
        }
        row
    };
    let rows = if works.is_empty() {
        Vec::new()
    } else {
        model.arms().map(row).collect()
    };
    let mut head = vec![t.h_variant(), t.h_kv()];
    head.extend(works.iter().map(|spec| t.h_joule(spec)));
    let mut intro = t.energy_intro();
    if let Some(price) = price {
        head.extend(works.iter().map(|spec| t.h_cost(spec)));
        intro = format!("{intro} {}", t.cost_intro(t.price(price)));
    }
    section(t.energy(), intro, table(head, rows))
}

fn shown(model: &ReportModel, cell: Option<&CellReport>, of: fn(&CellReport) -> Option<Interval>) -> String {
    let t = model.lang;
    t.or_na(cell.and_then(of), |i| t.with_ends(&i, |x| t.price(x)))
}

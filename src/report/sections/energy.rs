//! Energy and cost of a token.

use crate::data::{Arm, Work, Workload};
use crate::report::document::{section, Block, Value};
use crate::report::table::Rows;
use crate::report::{CellReport, Report};
use crate::stats::Interval;

/// A row per arm, for the longest prompt and the deepest decode; nothing where neither energy nor a price is known.
pub(super) fn energy(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let price = model.header.price_per_hour;
    let has_energy = model.cells.iter().any(|c| c.joule_per_token.is_some());
    if price.is_none() && !has_energy {
        return Vec::new();
    }
    let works = [Workload::Prefill, Workload::Decode].map(|w| model.specs(w).into_iter().next_back());
    let works: Vec<Work> = works.into_iter().flatten().collect();
    let mut table = Rows::of(t, model.arms().filter(|_| !works.is_empty())).arm(|arm| arm);
    let shown = |arm: &Arm, spec: &Work, of: fn(&CellReport) -> Option<Interval>| {
        let known = model.cell(&arm.id, spec).and_then(of);
        Value::some(t, known, |i| (i.estimate, t.with_ends(&i, |x| t.price(x))))
    };
    for spec in &works {
        table = table.column(t.h_joule(spec), |arm| shown(arm, spec, |c| c.joule_per_token));
    }
    let mut intro = t.energy_intro();
    if let Some(price) = price {
        for spec in &works {
            table = table.column(t.h_cost(spec), |arm| shown(arm, spec, |c| c.cost_per_million));
        }
        intro = format!("{intro} {}", t.cost_intro(t.price(price)));
    }
    section(t.energy(), intro, table.blocks())
}

//! What a report says, as blocks: what stands beside the answer, then a section for each part of the evidence, how it was measured and the
//! command to repeat it.

mod builds;
mod decision;
mod energy;
mod kv;
mod method;
mod opening;
mod quality;
mod speed;
mod trust;
mod workloads;

pub(super) use builds::builds;
pub(super) use opening::divergence_as;

use super::charts::chart_names;
use super::document::{said, section, Block, Document};
use super::Report;

/// The report of a run.
pub(super) fn document(model: &Report) -> Document {
    let charts = chart_names(model);
    let blocks = [
        opening::opening(model, &charts),
        decision::decision(model),
        decision::running(model),
        speed::variants(model),
        builds(model),
        kv::kv_types(model),
        quality::quality(model, &charts),
        speed::context(model, &charts),
        speed::reuse(model, &charts),
        workloads::prefix_reuse(model, &charts),
        workloads::batched(model, &charts),
        workloads::state(model, &charts),
        workloads::speculative(model, &charts),
        workloads::requests(model, &charts),
        workloads::chat(model),
        speed::memory(model, &charts),
        energy::energy(model),
        speed::files(model),
        speed::failures(model),
        trust::section(model, &charts),
        notes(model),
        method::how_measured(model),
        method::repeat(model),
        method::data(model, &charts),
    ];
    Document {
        title: model.lang.title(&model.header.model.name),
        banners: model.banners(),
        conclusion: model.conclusion(),
        warnings: warnings(model, true),
        blocks: blocks.concat(),
    }
}

/// Warnings that change what the reader does, or those that do not.
fn warnings(model: &Report, is_urgent: bool) -> Vec<String> {
    let of_kind = model.warnings.iter().filter(|w| w.is_urgent() == is_urgent);
    of_kind.map(|w| capitalized(&model.lang.warning(w))).collect()
}

/// What is good to know and changes nothing.
fn notes(model: &Report) -> Vec<Block> {
    let body = said(warnings(model, false)).into_iter().collect();
    section(model.lang.notes(), String::new(), body)
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

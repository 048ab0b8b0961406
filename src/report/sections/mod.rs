//! What a report says, as blocks: the answer first, tables second, then how it was measured and the command to repeat it.

mod builds;
mod decision;
mod energy;
mod kv;
mod method;
mod quality;
mod speed;
mod trust;
mod workloads;

pub(super) use builds::builds;

use super::charts::chart_names;
use super::document::Document;
use super::Report;

/// The report of a run.
pub(super) fn document(model: &Report) -> Document {
    let charts = chart_names(model);
    let blocks = [
        decision::decision(model),
        quality::in_one_table(model, &charts),
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
        method::how_measured(model),
        method::repeat(model),
        method::data(model, &charts),
    ];
    Document {
        title: model.lang.title(&model.header.model.name),
        banners: model.banners(),
        conclusion: model.conclusion(),
        warnings: model
            .warnings
            .iter()
            .map(|w| capitalized(&model.lang.warning(w)))
            .collect(),
        blocks: blocks.concat(),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

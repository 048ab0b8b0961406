//! `report.md`: the answer first, tables second, then how it was measured and the command to repeat it.
//!
//! GitHub-flavoured Markdown. Text that came from a file or a process is escaped; every number goes through `units`.

mod method;
mod quality;
mod sections;
mod table;
mod trust;

use super::charts::chart_names;
use super::ReportModel;
use table::escape;

/// The text of `report.md`.
pub fn report_md(model: &ReportModel) -> String {
    let mut md = format!(
        "# {}: which variant, with which KV cache\n\n",
        escape(&model.header.model.name)
    );
    for banner in &model.banners {
        md.push_str(&format!("> [!CAUTION]\n> {}\n\n", escape(banner)));
    }
    md.push_str("## Conclusion\n\n");
    for sentence in &model.conclusion {
        md.push_str(&format!("- {}\n", escape(sentence)));
    }
    md.push('\n');
    for warning in &model.warnings {
        md.push_str(&format!(
            "> [!WARNING]\n> {}\n\n",
            escape(&capitalized(&warning.to_string()))
        ));
    }
    let charts = chart_names(model);
    for section in [
        quality::in_one_table(model),
        sections::variants(model),
        sections::kv_types(model),
        quality::quality(model, &charts),
        sections::context(model, &charts),
        sections::reuse(model, &charts),
        sections::memory(model, &charts),
        sections::files(model),
        sections::failures(model),
        trust::section(model),
        method::how_measured(model),
        method::repeat(model),
        method::data(model, &charts),
    ] {
        md.push_str(&section);
    }
    md
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

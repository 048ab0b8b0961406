//! Charts of a run, as SVG for the page and PNG for documents: one idea each, an error bar for every interval, the
//! same colour for a variant everywhere, dashes and marker shapes for KV types.
//!
//! `series` says what is drawn, `lines` and `bars` lay it out, `paint` puts it on a backend of plotters.
//!
//! Invariant: the same model gives the same bytes, on any machine: the font is our own file, and layout is computed
//! in whole pixels.

mod bars;
mod lines;
mod paint;
mod scale;
mod series;

use super::ReportModel;
use paint::{png_of, svg_of};

/// One chart in both formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// File name without its ending.
    pub name: &'static str,
    /// SVG document.
    pub svg: String,
    /// PNG file.
    pub png: Vec<u8>,
}

/// Every chart the model has data for.
pub fn charts(model: &ReportModel) -> Vec<Chart> {
    let mut charts: Vec<Chart> = series::line_charts(model)
        .iter()
        .map(|chart| Chart {
            name: chart.name,
            svg: svg_of(lines::SIZE, &|canvas| lines::draw(chart, canvas)),
            png: png_of(lines::SIZE, &|canvas| lines::draw(chart, canvas)),
        })
        .collect();
    charts.extend(series::memory_chart(model).map(|chart| {
        let size = bars::size(&chart);
        Chart {
            name: chart.name,
            svg: svg_of(size, &|canvas| bars::draw(&chart, canvas)),
            png: png_of(size, &|canvas| bars::draw(&chart, canvas)),
        }
    }));
    charts
}

/// Names of the charts that [`charts`] draws, without drawing them.
pub(super) fn chart_names(model: &ReportModel) -> Vec<&'static str> {
    let lines = series::line_charts(model);
    lines
        .iter()
        .map(|c| c.name)
        .chain(series::memory_chart(model).map(|c| c.name))
        .collect()
}

//! Charts of a run, as SVG for the page and PNG for documents.
//!
//! Invariant: the same model gives the same bytes, on any machine: the font of the PNGs is our own file.

use super::ReportModel;

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
pub fn charts(_model: &ReportModel) -> Vec<Chart> {
    Vec::new()
}

/// Names of the charts that [`charts`] draws, without drawing them.
pub(super) fn chart_names(_model: &ReportModel) -> Vec<&'static str> {
    Vec::new()
}

//! One of several runs.

use crate::report::diff::{Side, SideCell};
use crate::report::ReportModel;

/// One of them.
pub(super) struct OneRun {
    pub(super) side: Side,
    /// Absent for llama-bench's rows.
    pub(super) model: Option<ReportModel>,
}

impl OneRun {
    /// What two runs share, whatever they were read from.
    pub(super) fn cell(&self, like: &SideCell) -> Option<&SideCell> {
        self.side.cell(like)
    }
}

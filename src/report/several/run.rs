//! One of several runs.

use crate::report::diff::Side;
use crate::report::ReportModel;

pub(super) struct OneRun {
    pub(super) side: Side,
    /// Absent for llama-bench's rows.
    pub(super) model: Option<ReportModel>,
}

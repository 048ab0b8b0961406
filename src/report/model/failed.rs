//! What has no result, with each reason said once.

use super::ReportModel;
use crate::data::{FailureKind, Outcome, Work};

/// Cells that failed for the same reason.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Failed<'a> {
    /// Arms, each with the works that it is about unless it is about all of them.
    pub what: Vec<String>,
    /// How they failed.
    pub kind: FailureKind,
    /// Why.
    pub reason: &'a str,
}

impl ReportModel {
    /// Cells that were to be measured and have no result.
    pub(in crate::report) fn failures(&self) -> Vec<Failed<'_>> {
        type Arms<'a> = Vec<(&'a str, Vec<Work>)>;
        let mut groups: Vec<(FailureKind, &str, Arms)> = Vec::new();
        for cell in &self.cells {
            let Outcome::Failed(kind, reason) = &cell.outcome else {
                continue;
            };
            if *kind == FailureKind::LeftOut {
                continue;
            }
            let at = groups
                .iter()
                .position(|g| (g.0, g.1) == (*kind, reason.as_str()))
                .unwrap_or_else(|| {
                    groups.push((*kind, reason, Vec::new()));
                    groups.len() - 1
                });
            match groups[at].2.last_mut().filter(|(arm, _)| *arm == cell.arm.id) {
                Some((_, specs)) => specs.push(cell.spec),
                None => groups[at].2.push((&cell.arm.id, vec![cell.spec])),
            }
        }
        let what = |(arm, specs): (&str, Vec<Work>)| {
            let n_all = self.cells.iter().filter(|c| c.arm.id == arm).count();
            if specs.len() == n_all {
                return arm.to_owned();
            }
            let specs: Vec<String> = specs.iter().map(Work::to_string).collect();
            format!("{arm} {}", specs.join(", "))
        };
        let said = groups.into_iter().map(|(kind, reason, arms)| Failed {
            what: arms.into_iter().map(what).collect(),
            kind,
            reason,
        });
        said.collect()
    }
}

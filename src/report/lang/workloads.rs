//! Figures of the workloads that are measured on request.

use super::Lang;
use crate::report::Threshold;
use crate::units::count;

impl Lang {
    /// The acceptance at which a draft begins to pay.
    pub(in crate::report) fn needed(self, share: Option<f64>) -> String {
        match share {
            Some(share) if share > 1.0 => self.none_would_do(),
            _ => self.or_na(share, |share| self.percent(share)),
        }
    }

    /// Where restoring begins to beat computing: `at every depth measured (from 128 tokens on)`.
    pub(in crate::report) fn threshold(self, threshold: &Threshold) -> String {
        match (threshold.open_from, threshold.wins_from) {
            (None, Some(from)) => self.wins_everywhere(count(from)),
            (Some(open), Some(from)) => self.wins_between(count(open), count(from)),
            (Some(open), None) => self.wins_nowhere(count(open)),
            (None, None) => self.na(),
        }
    }
}

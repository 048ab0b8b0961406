//! What the marks of a chart say, line by line.

use super::Lang;
use std::fmt::Display;

impl Lang {
    /// A mark with its two figures, and of how many samples (empty: one).
    pub(in crate::report) fn tip(
        self,
        series: impl Display,
        x_label: impl Display,
        x: impl Display,
        y_label: impl Display,
        y: impl Display,
        n: String,
    ) -> String {
        let n = if n.is_empty() { n } else { format!("\nn = {n}") };
        format!("{series}\n{x_label}: {x}\n{y_label}: {y}{n}")
    }

    /// A mark of speed against divergence.
    pub(in crate::report) fn pareto_tip(
        self,
        arm: impl Display,
        mib: impl Display,
        x: impl Display,
        y: impl Display,
        n: impl Display,
    ) -> String {
        let (decode, kld, file) = (self.pareto_decode(x), self.pareto_kld(y), self.pareto_file(mib));
        format!("{arm}\n{decode}\n{kld}\n{file}\nn = {n}")
    }
}

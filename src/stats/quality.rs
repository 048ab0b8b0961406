//! What may be said of an arm's quality: known well enough, indistinguishable, worse.

use super::Interval;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// Targets for the KL divergence, relative to that for ln(PPL ratio): see [`is_quality_precise`].
const KLD_ABSOLUTE_SHARE: f64 = 0.1;
const KLD_RELATIVE_FACTOR: f64 = 10.0;
/// Chunks between two looks at the precision.
const LOOK_EVERY: usize = 4;
/// The near-baseline zone: nothing is ranked inside. Mean KL divergence, nats.
pub const NEAR_KLD: f64 = 0.01;
const NEAR_SAME_TOP: f64 = 0.98;

/// Whether precision is looked at after `n` chunks: at few numbers only, because stopping at the first lucky one would
/// bias what it stops on.
pub fn is_look(n: usize, n_min: usize) -> bool {
    n >= n_min && (n - n_min).is_multiple_of(LOOK_EVERY)
}

/// Whether the quality of an arm is known well enough: ln(PPL ratio) to `precision`, and the mean KL divergence to ten
/// times that share of itself or to a tenth of it in nats, whichever is more (1 %: to 10 % or 0.001 nats).
pub fn is_quality_precise(ln_ratio: Option<&Interval>, kld: Option<&Interval>, precision: f64) -> bool {
    let half = |i: &Interval| (i.hi - i.lo) / 2.0;
    let is_ratio_known = ln_ratio.is_some_and(|i| half(i) <= precision);
    let is_kld_known = kld
        .is_some_and(|i| half(i) <= (KLD_RELATIVE_FACTOR * precision * i.estimate).max(KLD_ABSOLUTE_SHARE * precision));
    is_ratio_known && is_kld_known
}

/// What the figures allow to be said of an arm against the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QualityVerdict {
    /// In the near-baseline zone: mean KL divergence below 0.01 nats and the same most likely token in 98 % of places.
    Indistinguishable,
    /// Outside that zone, with a perplexity that is higher beyond doubt.
    Worse,
    /// Neither can be said.
    CantTell,
}

impl QualityVerdict {
    pub const fn name(self) -> &'static str {
        match self {
            QualityVerdict::Indistinguishable => "indistinguishable",
            QualityVerdict::Worse => "worse",
            QualityVerdict::CantTell => "cant_tell",
        }
    }
}

impl fmt::Display for QualityVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            QualityVerdict::CantTell => "can't tell",
            other => other.name(),
        })
    }
}

/// The verdict from the intervals of ln(PPL ratio), mean KL divergence and share of the same most likely tokens. Without
/// an interval nothing can be told.
pub fn quality_verdict(
    ln_ratio: Option<&Interval>,
    kld: Option<&Interval>,
    same_top: Option<&Interval>,
) -> QualityVerdict {
    let (Some(ratio), Some(kld), Some(same_top)) = (ln_ratio, kld, same_top) else {
        return QualityVerdict::CantTell;
    };
    if kld.hi < NEAR_KLD && same_top.lo >= NEAR_SAME_TOP {
        return QualityVerdict::Indistinguishable;
    }
    let is_outside = kld.lo >= NEAR_KLD || same_top.hi < NEAR_SAME_TOP;
    if is_outside && ratio.lo > 0.0 {
        QualityVerdict::Worse
    } else {
        QualityVerdict::CantTell
    }
}

#[cfg(test)]
mod tests {
    use super::super::Method;
    use super::*;

    fn around(estimate: f64, half: f64) -> Interval {
        Interval::new(estimate, estimate - half, estimate + half, 0.95, Method::Bootstrap)
    }

    #[test]
    fn precision_asks_for_both() {
        let (ratio, kld) = (around(0.02, 0.009), around(0.1, 0.009));
        assert!(is_quality_precise(Some(&ratio), Some(&kld), 0.01));
        assert!(!is_quality_precise(Some(&around(0.02, 0.011)), Some(&kld), 0.01));
        assert!(!is_quality_precise(Some(&ratio), Some(&around(0.1, 0.011)), 0.01));
        assert!(is_quality_precise(Some(&ratio), Some(&around(0.0001, 0.0009)), 0.01));
        assert!(!is_quality_precise(None, Some(&kld), 0.01));
        assert_eq!((0..24).filter(|&n| is_look(n, 12)).collect::<Vec<_>>(), [12, 16, 20]);
    }

    #[test]
    fn nothing_is_ranked_near_the_baseline_and_nothing_is_told_without_an_interval() {
        use QualityVerdict::{CantTell, Indistinguishable, Worse};
        let verdict = |ratio: f64, kld: f64, top: f64| {
            let (ratio, kld, top) = (around(ratio, 0.002), around(kld, 0.002), around(top, 0.002));
            quality_verdict(Some(&ratio), Some(&kld), Some(&top))
        };
        assert_eq!(verdict(0.005, 0.001, 0.995), Indistinguishable);
        assert_eq!(verdict(0.05, 0.05, 0.9), Worse);
        assert_eq!(verdict(0.005, 0.001, 0.97), Worse, "other tokens lead in 3 % of places");
        assert_eq!(verdict(0.05, 0.009, 0.995), CantTell, "on the edge of the zone");
        assert_eq!(verdict(-0.05, 0.05, 0.9), CantTell, "different, but not worse");
        let kld = around(0.5, 0.1);
        assert_eq!(quality_verdict(None, Some(&kld), Some(&kld)), CantTell);
    }
}

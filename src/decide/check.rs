//! One limit against one arm.

use super::{Candidate, Exactness, Known};
use crate::data::{Goal, Limit, Limited};
use crate::stats::{Interval, NEAR_KLD};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// Whether an arm keeps to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Beyond doubt.
    Met,
    /// The interval straddles the limit and the estimate keeps to it, or nothing is known.
    Open,
    /// The interval straddles the limit and the estimate does not keep to it: never the choice.
    Doubtful,
    /// Beyond doubt not.
    Missed,
}

impl Standing {
    /// Whether an arm that stands so may be chosen.
    pub const fn may_be_chosen(self) -> bool {
        matches!(self, Standing::Met | Standing::Open)
    }

    /// Whether more measuring may change it.
    pub const fn is_open(self) -> bool {
        matches!(self, Standing::Open | Standing::Doubtful)
    }
}

/// What stands against it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// A figure with its interval, in the unit of the limit.
    Interval(Interval),
    /// A figure of too few observations for an interval, likewise.
    Point(f64),
    /// A count, in the unit of the limit.
    Exact(u64),
    /// The baseline itself.
    Baseline,
    /// Nothing was measured.
    Nothing,
}

impl Seen {
    pub const fn estimate(self) -> Option<f64> {
        match self {
            Seen::Interval(i) => Some(i.estimate),
            Seen::Point(x) => Some(x),
            Seen::Exact(n) => Some(n as f64),
            Seen::Baseline | Seen::Nothing => None,
        }
    }

    /// What is known of an arm in the unit of a limit.
    fn of(arm: &Candidate, on: Limited) -> Seen {
        let interval = |seen: Option<Interval>| seen.map_or(Seen::Nothing, Seen::Interval);
        let count = |seen: Option<u64>| seen.map_or(Seen::Nothing, Seen::Exact);
        let loss = |of: fn(Known, Known) -> Known| match arm.quality {
            Exactness::Baseline => Seen::Baseline,
            Exactness::Scored { ln_ratio, kld } => match of(ln_ratio, kld) {
                Known::Interval(i) => Seen::Interval(i),
                Known::Point(x) => Seen::Point(x),
            },
            Exactness::Unscored => Seen::Nothing,
        };
        match on {
            Limited::DecodeTps => interval(arm.decode_tps),
            Limited::PrefillTps => interval(arm.prefill_tps),
            Limited::TtftNs => interval(arm.ttft_ns),
            Limited::RamBytes => count(arm.ram_bytes),
            Limited::DeviceBytes => count(arm.vram_bytes),
            Limited::NCtx => count(arm.n_ctx_max),
            Limited::Ppl => loss(|ln_ratio, _| mapped(ln_ratio, f64::exp_m1)),
            Limited::Kld => loss(|_, kld| kld),
        }
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.estimate().serialize(serializer)
    }
}

/// A limit, what was seen, and how the two stand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    #[serde(flatten)]
    pub limit: Limit,
    #[schemars(with = "Option<f64>")]
    pub seen: Seen,
    pub standing: Standing,
}

impl Check {
    fn of(limit: Limit, arm: &Candidate) -> Check {
        let seen = Seen::of(arm, limit.on);
        let is_met = |x: f64| match limit.on.is_least() {
            true => x >= limit.value,
            false => x <= limit.value,
        };
        let standing = match seen {
            Seen::Baseline => Standing::Met,
            Seen::Nothing => Standing::Open,
            Seen::Exact(n) if is_met(n as f64) => Standing::Met,
            Seen::Exact(_) => Standing::Missed,
            Seen::Interval(i) => match (is_met(i.lo), is_met(i.hi)) {
                (true, true) => Standing::Met,
                (false, false) => Standing::Missed,
                _ if is_met(i.estimate) => Standing::Open,
                _ => Standing::Doubtful,
            },
            Seen::Point(x) if is_met(x) => Standing::Open,
            Seen::Point(_) => Standing::Doubtful,
        };
        Check { limit, seen, standing }
    }

    /// How far the arm is from the limit, as a natural logarithm: 0 when it is met or nothing is known.
    pub fn shortfall(&self) -> f64 {
        let Some(value) = self.seen.estimate() else {
            return 0.0;
        };
        let over = match self.limit.on.is_least() {
            true => self.limit.value / value,
            false => value / self.limit.value,
        };
        if over.is_nan() {
            0.0
        } else {
            over.ln().max(0.0)
        }
    }
}

/// Every limit of `goal` against an arm; `needs_quality`: without a limit of quality it must be near the baseline's.
pub(super) fn checks(goal: &Goal, arm: &Candidate, needs_quality: bool) -> Vec<Check> {
    let near = Limit {
        on: Limited::Kld,
        value: NEAR_KLD,
    };
    let near = (needs_quality && goal.max_quality_loss.is_none()).then_some(near);
    let limits = goal.limits().into_iter().chain(near);
    limits.map(|limit| Check::of(limit, arm)).collect()
}

fn mapped(known: Known, f: fn(f64) -> f64) -> Known {
    match known {
        Known::Interval(i) => Known::Interval(i.mapped(f)),
        Known::Point(x) => Known::Point(f(x)),
    }
}

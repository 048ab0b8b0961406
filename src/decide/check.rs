//! One limit against one arm.

use super::{Candidate, Exactness, Known};
use crate::data::{Goal, QualityLoss};
use crate::stats::{Interval, NEAR_KLD};

/// Whether an arm keeps to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// At least so many tokens per second.
    Decode(f64),
    /// At most so many nanoseconds to the first token.
    Ttft(u64),
    /// At most so many bytes resident.
    Ram(u64),
    /// At most so many bytes on the device.
    Vram(u64),
    /// Room for so many tokens of context.
    Context(u32),
    /// At most so much more perplexity, as a fraction.
    Ppl(f64),
    /// At most so much KL divergence, nats.
    Kld(f64),
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

/// A limit, what was seen, and how the two stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    /// The limit.
    pub limit: Limit,
    /// What was seen.
    pub seen: Seen,
    /// How they stand.
    pub standing: Standing,
}

impl Check {
    /// How far the arm is from the limit, as a natural logarithm: 0 when it is met or nothing is known.
    pub fn shortfall(&self) -> f64 {
        let value = match self.seen {
            Seen::Interval(i) => i.estimate,
            Seen::Point(x) => x,
            Seen::Exact(n) => n as f64,
            Seen::Baseline | Seen::Nothing => return 0.0,
        };
        let over = match self.limit {
            Limit::Decode(least) => least / value,
            Limit::Context(least) => f64::from(least) / value,
            Limit::Ttft(most) | Limit::Ram(most) | Limit::Vram(most) => value / most as f64,
            Limit::Ppl(most) | Limit::Kld(most) => value / most,
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
    let mut checks = Vec::new();
    let mut add = |limit, (seen, standing)| checks.push(Check { limit, seen, standing });
    let interval = |seen: Option<Interval>| seen.map_or(Seen::Nothing, Seen::Interval);
    if let Some(least) = goal.min_decode_tps {
        add(Limit::Decode(least), at_least(interval(arm.decode_tps), least));
    }
    if let Some(most) = goal.max_ttft_ns {
        add(Limit::Ttft(most), at_most(interval(arm.ttft_ns), most as f64));
    }
    if let Some(most) = goal.max_ram_bytes {
        add(Limit::Ram(most), exactly(arm.ram_bytes, |bytes| bytes <= most));
    }
    if let Some(most) = goal.max_vram_bytes {
        add(Limit::Vram(most), exactly(arm.vram_bytes, |bytes| bytes <= most));
    }
    if let Some(least) = goal.n_ctx {
        add(Limit::Context(least), exactly(arm.n_ctx_max, |n| n >= u64::from(least)));
    }
    match goal.max_quality_loss {
        Some(QualityLoss::Ppl(most)) => add(
            Limit::Ppl(most),
            loss(arm, |ln_ratio, _| mapped(ln_ratio, f64::exp_m1), most),
        ),
        Some(QualityLoss::Kld(most)) => add(Limit::Kld(most), loss(arm, |_, kld| kld, most)),
        None if needs_quality => add(Limit::Kld(NEAR_KLD), loss(arm, |_, kld| kld, NEAR_KLD)),
        None => {}
    }
    checks
}

fn at_least(seen: Seen, least: f64) -> (Seen, Standing) {
    let standing = match seen {
        Seen::Interval(i) if i.lo >= least => Standing::Met,
        Seen::Interval(i) if i.hi < least => Standing::Missed,
        Seen::Interval(Interval { estimate: x, .. }) | Seen::Point(x) if x < least => Standing::Doubtful,
        _ => Standing::Open,
    };
    (seen, standing)
}

fn at_most(seen: Seen, most: f64) -> (Seen, Standing) {
    let standing = match seen {
        Seen::Interval(i) if i.hi <= most => Standing::Met,
        Seen::Interval(i) if i.lo > most => Standing::Missed,
        Seen::Interval(Interval { estimate: x, .. }) | Seen::Point(x) if x > most => Standing::Doubtful,
        _ => Standing::Open,
    };
    (seen, standing)
}

fn exactly(seen: Option<u64>, is_met: impl Fn(u64) -> bool) -> (Seen, Standing) {
    let standing = |n| if is_met(n) { Standing::Met } else { Standing::Missed };
    seen.map_or((Seen::Nothing, Standing::Open), |n| (Seen::Exact(n), standing(n)))
}

fn loss(arm: &Candidate, of: fn(Known, Known) -> Known, most: f64) -> (Seen, Standing) {
    match arm.quality {
        Exactness::Baseline => (Seen::Baseline, Standing::Met),
        Exactness::Scored { ln_ratio, kld } => match of(ln_ratio, kld) {
            Known::Interval(i) => at_most(Seen::Interval(i), most),
            Known::Point(x) => at_most(Seen::Point(x), most),
        },
        Exactness::Unscored => (Seen::Nothing, Standing::Open),
    }
}

fn mapped(known: Known, f: fn(f64) -> f64) -> Known {
    match known {
        Known::Interval(i) => Known::Interval(Interval {
            estimate: f(i.estimate),
            lo: f(i.lo),
            hi: f(i.hi),
            ..i
        }),
        Known::Point(x) => Known::Point(f(x)),
    }
}

//! One limit against one arm.

use super::{Candidate, Exactness};
use crate::data::{Goal, QualityLoss};
use crate::stats::{Interval, NEAR_KLD};

/// Whether an arm keeps to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Beyond doubt.
    Met,
    /// The interval straddles the limit, or nothing is known.
    Open,
    /// Beyond doubt not.
    Missed,
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
    if let Some(least) = goal.min_decode_tps {
        add(Limit::Decode(least), at_least(arm.decode_tps, least));
    }
    if let Some(most) = goal.max_ttft_ns {
        add(Limit::Ttft(most), at_most(arm.ttft_ns, most as f64));
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
        Some(QualityLoss::Ppl(most)) => add(Limit::Ppl(most), loss(arm, |ln_ratio, _| grown(ln_ratio), most)),
        Some(QualityLoss::Kld(most)) => add(Limit::Kld(most), loss(arm, |_, kld| kld, most)),
        None if needs_quality => add(Limit::Kld(NEAR_KLD), loss(arm, |_, kld| kld, NEAR_KLD)),
        None => {}
    }
    checks
}

fn at_least(seen: Option<Interval>, least: f64) -> (Seen, Standing) {
    let standing = |i: Interval| match i {
        _ if i.lo >= least => Standing::Met,
        _ if i.hi < least => Standing::Missed,
        _ => Standing::Open,
    };
    seen.map_or((Seen::Nothing, Standing::Open), |i| (Seen::Interval(i), standing(i)))
}

fn at_most(seen: Option<Interval>, most: f64) -> (Seen, Standing) {
    let standing = |i: Interval| match i {
        _ if i.hi <= most => Standing::Met,
        _ if i.lo > most => Standing::Missed,
        _ => Standing::Open,
    };
    seen.map_or((Seen::Nothing, Standing::Open), |i| (Seen::Interval(i), standing(i)))
}

fn exactly(seen: Option<u64>, is_met: impl Fn(u64) -> bool) -> (Seen, Standing) {
    let standing = |n| if is_met(n) { Standing::Met } else { Standing::Missed };
    seen.map_or((Seen::Nothing, Standing::Open), |n| (Seen::Exact(n), standing(n)))
}

fn loss(arm: &Candidate, of: fn(Interval, Interval) -> Interval, most: f64) -> (Seen, Standing) {
    match arm.quality {
        Exactness::Baseline => (Seen::Baseline, Standing::Met),
        Exactness::Known { ln_ratio, kld, .. } => at_most(Some(of(ln_ratio, kld)), most),
        Exactness::Unknown => (Seen::Nothing, Standing::Open),
    }
}

/// Growth of the perplexity from the logarithm of its ratio.
fn grown(ln_ratio: Interval) -> Interval {
    Interval {
        estimate: ln_ratio.estimate.exp_m1(),
        lo: ln_ratio.lo.exp_m1(),
        hi: ln_ratio.hi.exp_m1(),
        ..ln_ratio
    }
}

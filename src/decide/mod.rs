//! From what was measured of each arm, and what the user asked, to a choice with a bound on what it may cost.
//!
//! Limits are held against intervals: met when the whole interval meets them, missed when none of it does, and between the two the
//! estimate vetoes. Among the arms that keep to every limit the one with the shortest request is named, and with it the most by
//! which another of them can be faster: comparisons with the best (Hsu, JASA 79, 1984, 136-144), on launches in which all arms ran
//! side by side (common random numbers: Nelson & Matejcik, Management Science 41, 1995, 1935-1945). Arms that are as good are told apart
//! by other things than speed. With limits on cost only (speed, latency, memory) the choice is among the most exact arms that keep to
//! them.
//!
//! Invariants: pure; no I/O, no clock, no randomness; an arm is named whenever one keeps, or may keep, to the limits; none whose
//! estimate misses a limit, and none that was dropped, is ever named.

mod check;
mod choose;
mod gate;
mod regret;
mod request;
#[cfg(test)]
mod tests;

pub use check::{Check, Seen, Standing};
pub use choose::{decide, Answer, Choice, Contestant, Decision, Objective, SettledBy};
pub use gate::{is_gate_look, pairs, slower, GateStanding};
pub use regret::{is_far_behind, is_look, Looks, Speeds};
pub use request::{nearest, terms, terms_of_plan, Terms};

use crate::stats::Interval;

/// What is known of an arm; absent where it was not measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Time of a request, nanoseconds; absent: it cannot be the choice.
    pub request_ns: Option<f64>,
    /// Time of its prompt alone, nanoseconds; absent where decode alone counts.
    pub prompt_ns: Option<f64>,
    /// Decode throughput of each user, tokens per second.
    pub decode_tps: Option<Interval>,
    /// Prefill throughput of the longest prompt, tokens per second.
    pub prefill_tps: Option<Interval>,
    /// Time to its first token, nanoseconds.
    pub ttft_ns: Option<Interval>,
    /// Peak of the resident memory, bytes.
    pub ram_bytes: Option<u64>,
    /// Memory of the device, bytes.
    pub vram_bytes: Option<u64>,
    /// Largest context that fits, tokens.
    pub n_ctx_max: Option<u64>,
    /// Quality against the baseline.
    pub quality: Exactness,
    /// It left the run because it cannot be the choice.
    pub is_dropped: bool,
}

/// A figure, with its interval where there were enough observations for one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Known {
    /// With an interval.
    Interval(Interval),
    /// Of too few observations.
    Point(f64),
}

impl Known {
    /// The estimate.
    pub const fn estimate(self) -> f64 {
        match self {
            Known::Interval(i) => i.estimate,
            Known::Point(x) => x,
        }
    }
}

/// What is known of an arm's quality.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Exactness {
    /// It is the baseline.
    Baseline,
    /// Scored.
    Scored {
        /// ln(PPL / PPL of the baseline).
        ln_ratio: Known,
        /// Mean KL divergence, nats.
        kld: Known,
    },
    /// Not scored.
    Unscored,
}

//! From what was measured of each arm, and what the user asked, to a recommendation: which arm, or why none can be named.
//!
//! Limits are held against intervals: met when the whole interval meets them, missed when none of it does, open otherwise.
//! With limits on cost only (speed, latency, memory) the answer is the most exact arm that meets them; else the fastest in decode
//! that meets all, where without a limit on quality an arm's divergence from the baseline must be below [`stats::NEAR_KLD`](NEAR_KLD).
//!
//! Invariants: pure; no I/O, no clock, no randomness; an arm is named only if every other arm that may meet the limits is beyond
//! doubt no better.

mod check;
mod choose;
#[cfg(test)]
mod tests;

pub use check::{Check, Limit, Seen, Standing};
pub use choose::{decide, Answer, Decision, Objective, Row, WinsIf};

use crate::stats::Interval;
#[cfg(doc)]
use crate::stats::NEAR_KLD;

/// What is known of an arm; absent where it was not measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Decode throughput of each user, tokens per second.
    pub decode_tps: Option<Interval>,
    /// Time to the first token, nanoseconds.
    pub ttft_ns: Option<Interval>,
    /// Peak of the resident memory, bytes.
    pub ram_bytes: Option<u64>,
    /// Memory of the device, bytes.
    pub vram_bytes: Option<u64>,
    /// Largest context that fits, tokens.
    pub n_ctx_max: Option<u64>,
    /// Quality against the baseline.
    pub quality: Exactness,
}

/// What is known of an arm's quality.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Exactness {
    /// It is the baseline.
    Baseline,
    /// Scored.
    Known {
        /// ln(PPL / PPL of the baseline).
        ln_ratio: Interval,
        /// Mean KL divergence, nats.
        kld: Interval,
    },
    /// Not scored.
    Unknown,
}

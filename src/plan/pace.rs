//! How long a run may take, how often each work is measured, and when that is enough.

use super::settings::Settings;
use crate::data::{Level, Pace, StopRule};

/// Time for the run: the user's, or the level's own.
fn budget_ns(s: &Settings) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    s.budget_ns.unwrap_or(match s.level {
        Level::Quick => 120 * SECOND,
        Level::Default => 450 * SECOND,
        Level::Full => 1200 * SECOND,
    })
}

pub(super) fn quality_budget_ns(s: &Settings) -> u64 {
    let share = if s.is_triage {
        QUALITY_SHARE_TRIAGE
    } else {
        QUALITY_SHARE
    };
    budget_ns(s) / share
}

/// The same of a triage, where quality says which arms are worth timing.
const QUALITY_SHARE_TRIAGE: u64 = 3;
/// One part in so many of the time goes into quality, unless it is off.
const QUALITY_SHARE: u64 = 5;
/// Launches are what is repeated, so there are several in every mode, each with as many rounds.
pub(super) fn stop_rule(s: &Settings) -> StopRule {
    let (n_min, n_max) = match s.level {
        _ if s.is_gate => (8, 512),
        _ if s.is_triage => (4, 32),
        Level::Quick => (4, 8),
        Level::Default => (6, 16),
        Level::Full => (8, 32),
    };
    let asked = s.n_launches.or(s.n_rounds.map(|_| n_min));
    // No launch without a round.
    let asked = asked.map(|n| n.min(s.n_rounds.unwrap_or(n)).max(1));
    StopRule {
        n_launches_min: asked.unwrap_or(n_min),
        n_launches_max: asked.unwrap_or(n_max),
        budget_ns: if s.n_rounds.is_some() && s.budget_ns.is_none() {
            u64::MAX
        } else {
            budget_ns(s)
        },
        precision: s.precision,
    }
}

pub(super) fn pace(s: &Settings) -> Pace {
    let n_launches = stop_rule(s).n_launches_min;
    let (n_rounds, curve_every) = match s.level {
        // What differs most is the next pair of processes, and two launches are one ABBA.
        _ if s.is_triage || s.is_gate => (1, 1),
        Level::Quick => (2, 2),
        Level::Default | Level::Full => (4, 4),
    };
    let thinned = Pace {
        n_rounds,
        table_every: if s.is_gate { 1 } else { 2 },
        curve_every,
        n_dear: N_DEAR,
        keeps_all: !s.is_triage && !s.is_gate,
        is_in_pairs: s.is_gate,
        n_rounds_asked: None,
    };
    match s.n_rounds {
        None => thinned,
        Some(n) => Pace {
            n_rounds: n.div_ceil(n_launches),
            table_every: 1,
            curve_every: 1,
            n_dear: n,
            n_rounds_asked: Some(n),
            ..thinned
        },
    }
}

/// How often the dearest works are measured, spread over launches: enough for an interval.
const N_DEAR: u32 = 3;

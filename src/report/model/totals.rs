//! Times and counts of the run.

use super::cells::Rounds;
use crate::data::{EndRecord, Record, StoppedBy};
use schemars::JsonSchema;
use serde::Serialize;

/// Times and counts of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Totals {
    /// Whether the run ended by itself.
    #[serde(rename = "complete")]
    pub is_complete: bool,
    /// Why it ended; absent when the journal was cut short.
    pub stopped_by: Option<StoppedBy>,
    /// Wall time of all sessions, nanoseconds.
    pub wall_ns: u64,
    /// Of that: spawning and loading.
    pub loading_ns: u64,
    /// Of that: timed samples.
    pub timed_ns: u64,
    /// Of that: warm-up.
    pub warmup_ns: u64,
    /// Of that: scoring texts.
    pub quality_ns: u64,
    /// Complete rounds.
    pub n_rounds: u32,
    /// Launches with at least one complete round.
    pub n_launches: u32,
    /// Samples outside complete rounds: kept in the journal, not used.
    pub n_samples_unused: u32,
}

impl Totals {
    /// Share of the wall time after loading, without scoring, that went into timed samples and warm-up.
    pub fn measured_share(&self) -> Option<f64> {
        let without = self.loading_ns.saturating_add(self.quality_ns);
        let after_loading = self.wall_ns.checked_sub(without).filter(|&ns| ns > 0)?;
        Some((self.timed_ns.saturating_add(self.warmup_ns)) as f64 / after_loading as f64)
    }
}

/// Sums over the sessions of a run. A session that was cut short has no end record: its times are taken from its
/// launches and samples.
pub(super) fn totals(records: &[Record], rounds: &Rounds) -> Totals {
    let mut sum = Totals {
        n_rounds: rounds.complete.len() as u32,
        n_launches: rounds.launches.len() as u32,
        n_samples_unused: rounds.n_unused,
        ..Totals::default()
    };
    for session in records.split_inclusive(|record| matches!(record, Record::End(_))) {
        // Anything but work after an end record (a memory reading, a warning) is no session of its own.
        if !session.iter().any(|r| {
            matches!(
                r,
                Record::Launch(_) | Record::Sample(_) | Record::Quality(_) | Record::End(_)
            )
        }) {
            continue;
        }
        let (times, stopped_by) = match session.last() {
            Some(Record::End(end)) => (end.clone(), Some(end.stopped_by)),
            _ => (unfinished(session), None),
        };
        sum.stopped_by = stopped_by;
        sum.wall_ns = sum.wall_ns.saturating_add(times.wall_ns);
        sum.loading_ns = sum.loading_ns.saturating_add(times.loading_ns);
        sum.timed_ns = sum.timed_ns.saturating_add(times.timed_ns);
        sum.warmup_ns = sum.warmup_ns.saturating_add(times.warmup_ns);
        sum.quality_ns = sum.quality_ns.saturating_add(times.quality_ns);
    }
    sum.is_complete = matches!(sum.stopped_by, Some(by) if by != StoppedBy::Interrupt);
    sum
}

fn unfinished(session: &[Record]) -> EndRecord {
    let mut end = EndRecord {
        stopped_by: StoppedBy::Interrupt,
        wall_ns: 0,
        loading_ns: 0,
        timed_ns: 0,
        warmup_ns: 0,
        quality_ns: 0,
    };
    let mut last_ns = 0;
    for record in session {
        match record {
            Record::Launch(launch) => {
                end.loading_ns = end.loading_ns.saturating_add(launch.loading_ns);
                end.warmup_ns = end.warmup_ns.saturating_add(launch.warmup_ns);
            }
            Record::Sample(sample) => {
                end.timed_ns = end.timed_ns.saturating_add(sample.sample.timed_ns);
                end.warmup_ns = end.warmup_ns.saturating_add(sample.sample.warmup_ns);
                last_ns = last_ns.max(sample.at_ns);
            }
            Record::Quality(quality) => end.quality_ns = end.quality_ns.saturating_add(quality.ns),
            _ => {}
        }
    }
    // `at_ns` may be the start or the end of a sample: the wall time is at least what was spent inside.
    let spent = end
        .loading_ns
        .saturating_add(end.timed_ns)
        .saturating_add(end.warmup_ns);
    end.wall_ns = spent.max(last_ns).saturating_add(end.quality_ns);
    end
}

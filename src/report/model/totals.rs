//! Times and counts of the run.

use super::cells::Rounds;
use super::Totals;
use crate::data::{EndRecord, Record, StoppedBy};

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

//! Speculative decoding: whether it pays, what is accepted, and what would have to be.

use super::cells::{Rounds, LEVEL};
use super::CellReport;
use crate::data::{Arm, Outcome, RunHeader, Seen, SpeculativeSums, Workload};
use crate::report::wire;
use crate::stats::{self, Interval, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

/// Greedy generation with a draft against the target alone: times are nanoseconds per token.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SpeculativeRow {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
    pub arm: Arm,
    /// Tokens in the cache.
    pub n_depth: u32,
    /// Without the draft.
    pub alone_ns: Option<Interval>,
    /// With it.
    pub drafted_ns: Option<Interval>,
    /// Share of the time with the draft that the draft itself takes.
    pub draft_share: Option<f64>,
    /// How many times as fast as the target alone.
    pub factor: Option<Interval>,
    /// Whether that is faster.
    pub verdict: Option<Verdict>,
    /// Share of the drafted tokens that the target accepted.
    pub acceptance: Option<f64>,
    /// Its interval over rounds, which differ in their texts.
    pub acceptance_interval: Option<Interval>,
    /// The same for the first drafted token, the second, and so on; what follows a rejected one is rejected.
    #[serde(rename = "acceptance_by_place")]
    pub acceptance_by_position: Vec<f64>,
    /// Tokens that a pass of the target gave.
    pub tokens_per_pass: Option<f64>,
    /// Share that would have to be accepted for both to be equally fast; above 1 when no share would do.
    pub break_even: Option<f64>,
    /// Tokens generated with the draft.
    pub n_tokens: u64,
    /// Of these, tokens that the target alone would not have chosen after the same text.
    pub n_other: u64,
    /// Of these, ties: their logits are no further apart than rounding moves such tokens.
    pub n_ties: u64,
    /// How far passes of several tokens moved likely tokens of the texts that differ against each other, at most, in logits; absent where
    /// none differs.
    pub rounding: Option<f64>,
    /// Rounds.
    pub n_rounds: u32,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// One row per arm and depth.
pub(super) fn speculative_rows(header: &RunHeader, rounds: &Rounds, cells: &[CellReport]) -> Vec<SpeculativeRow> {
    let own = cells.iter().filter(|c| c.spec.workload() == Workload::Speculative);
    own.map(|cell| row(header, rounds, cell)).collect()
}

fn row(header: &RunHeader, rounds: &Rounds, cell: &CellReport) -> SpeculativeRow {
    let samples = rounds.of(cell.index).filter_map(|(_, s)| match &s.seen {
        Seen::Speculative(sums) => Some(&**sums),
        _ => None,
    });
    let sums: Vec<&SpeculativeSums> = samples.filter(|s| cell.is_ok() && s.n_tokens > 0).collect();
    let per_token = |ns: fn(&SpeculativeSums) -> u64| -> Vec<f64> {
        sums.iter().map(|s| ns(s) as f64 / s.n_tokens as f64).collect()
    };
    let (alone, drafted) = (per_token(|s| s.plain_ns), per_token(|s| s.drafted_ns));
    // Both ways run in one process, so rounds are what is repeated.
    let factor = stats::log_ratio_interval(&alone, &drafted, LEVEL);
    let verdict = factor
        .as_ref()
        .map(|factor| stats::verdict(factor, header.plan.equivalence));
    let total = |of: fn(&SpeculativeSums) -> u64| sums.iter().map(|s| of(s)).sum::<u64>();
    let by_position = |of: fn(&SpeculativeSums) -> &Vec<u64>| {
        let n = sums.iter().map(|s| of(s).len()).max().unwrap_or(0);
        let at = |i: usize| sums.iter().filter_map(|s| of(s).get(i)).sum::<u64>();
        (0..n).map(at).collect::<Vec<u64>>()
    };
    let (n_drafted, n_accepted) = (by_position(|s| &s.n_drafted), by_position(|s| &s.n_accepted));
    let all_drafted: u64 = n_drafted.iter().sum();
    let n_passes = total(|s| s.n_passes);
    let rounding = sums.iter().filter_map(|s| s.rounding).reduce(f32::max);
    let gaps = || sums.iter().flat_map(|s| &s.other_gaps);
    let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
    // Every round has texts of its own.
    let by_round = sums
        .iter()
        .filter_map(|s| share(s.n_accepted.iter().sum(), s.n_drafted.iter().sum()));
    let by_round: Vec<f64> = by_round.collect();
    SpeculativeRow {
        arm: cell.arm.clone(),
        n_depth: cell.spec.n_depth(),
        alone_ns: stats::cell_interval(&alone, LEVEL),
        drafted_ns: stats::cell_interval(&drafted, LEVEL),
        draft_share: share(total(|s| s.draft_ns), total(|s| s.drafted_ns)),
        factor,
        verdict,
        acceptance: share(n_accepted.iter().sum(), all_drafted),
        acceptance_interval: stats::block_mean_interval(&by_round, LEVEL, header.plan.seed),
        acceptance_by_position: n_accepted
            .iter()
            .zip(&n_drafted)
            .filter_map(|(&part, &of)| share(part, of))
            .collect(),
        tokens_per_pass: share(total(|s| s.n_tokens), n_passes),
        break_even: break_even(
            share(total(|s| s.drafted_ns), n_passes),
            share(total(|s| s.plain_ns), total(|s| s.n_tokens)),
            share(all_drafted, n_passes),
        ),
        n_tokens: total(|s| s.n_tokens),
        n_other: gaps().count() as u64,
        n_ties: gaps().filter(|gap| rounding.is_some_and(|r| **gap <= r)).count() as u64,
        rounding: rounding.map(f64::from),
        n_rounds: sums.len() as u32,
        outcome: cell.outcome.clone(),
    }
}

/// Share of drafted tokens that must be accepted for a pass to cost no more than the tokens it gives cost the target alone: a pass gives
/// one token and those that are accepted. Above 1 when no acceptance would do.
fn break_even(pass_ns: Option<f64>, alone_ns: Option<f64>, n_drafted: Option<f64>) -> Option<f64> {
    let needed = pass_ns? / alone_ns.filter(|ns| *ns > 0.0)? - 1.0;
    n_drafted.filter(|n| *n > 0.0).map(|n| (needed / n).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::break_even;

    #[test]
    fn a_pass_as_dear_as_three_tokens_needs_two_more() {
        assert_eq!(break_even(Some(30.0), Some(10.0), Some(4.0)), Some(0.5));
        assert_eq!(break_even(Some(60.0), Some(10.0), Some(4.0)), Some(1.25));
        assert_eq!(break_even(Some(9.0), Some(10.0), Some(4.0)), Some(0.0));
        assert_eq!(break_even(Some(9.0), Some(0.0), Some(4.0)), None);
        assert_eq!(break_even(Some(9.0), Some(1.0), None), None);
    }
}

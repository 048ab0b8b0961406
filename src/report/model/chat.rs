//! Conversations: how long each turn waits for its first token, and how fast its answer comes.

use super::cells::Rounds;
use super::{by_arm, CellReport, Comparison};
use crate::data::{Arm, Outcome, Sample, Seen, TurnTimes, Work, Workload};
use crate::report::wire;
use crate::stats::Interval;
use schemars::JsonSchema;
use serde::Serialize;

/// A turn of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ChatRow {
    #[serde(flatten, serialize_with = "wire::arm")]
    #[schemars(with = "wire::ArmHead")]
    pub arm: Arm,
    pub n_system: u32,
    pub n_prompt: u32,
    pub n_gen: u32,
    pub n_turns: u32,
    /// From 1.
    pub turn: u32,
    /// Tokens that were said before it.
    pub n_before: u32,
    /// From what the user says to the first token of the answer.
    pub ttft_ns: Option<Interval>,
    /// The other tokens of the answer, a second.
    pub tps: Option<Interval>,
    /// The whole conversation.
    pub total_ns: Option<Interval>,
    /// Its speed, relative to the baseline arm.
    pub vs_baseline: Option<Comparison>,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// One row per arm and turn; of an arm that was not measured one in all.
pub(super) fn chat_rows(rounds: &Rounds, cells: &[CellReport]) -> Vec<ChatRow> {
    let own = by_arm(cells, Workload::Chat);
    own.flat_map(|cell| of_cell(rounds, cell)).collect()
}

fn of_cell(rounds: &Rounds, cell: &CellReport) -> Vec<ChatRow> {
    let Work::Chat(work) = cell.spec else {
        return Vec::new();
    };
    let over = |of: &dyn Fn(&Sample) -> Option<f64>| {
        let values = rounds.of(cell.index).filter_map(|(round, s)| Some((round, of(s)?)));
        cell.interval(values.filter(|(_, x)| cell.is_ok() && *x > 0.0))
    };
    let n_steps = f64::from(work.n_gen.saturating_sub(1));
    let row = |turn: u32| ChatRow {
        arm: cell.arm.clone(),
        n_system: work.n_system,
        n_prompt: work.n_prompt,
        n_gen: work.n_gen,
        n_turns: work.n_turns,
        turn: turn + 1,
        n_before: work.n_before(turn),
        ttft_ns: over(&|s| Some(at(s, turn)?.ttft_ns as f64)),
        tps: over(&|s| Some(n_steps * 1e9 / at(s, turn)?.gen_ns.max(1) as f64)),
        total_ns: over(&|s| Some(s.ns() as f64)),
        vs_baseline: cell.vs_baseline.clone(),
        outcome: cell.outcome.clone(),
    };
    let n_rows = if cell.is_ok() { work.n_turns } else { 1 };
    (0..n_rows).map(row).collect()
}

fn at(sample: &Sample, turn: u32) -> Option<&TurnTimes> {
    match &sample.seen {
        Seen::Chat { turns, .. } => turns.get(turn as usize),
        _ => None,
    }
}

//! From a header and records to the model.

use super::cells::{cell_reports, Rounds};
use super::{
    batched, chat, compare, decision, gate, memory, prefix, quality, rankings, requests, reuse, speculative, state,
    totals, trust,
};
use super::{CellReport, ReportModel, Trust};
use crate::data::{EngineInfo, Record, RunHeader, Warning, Workload};
use crate::decide::Looks;
use std::collections::BTreeMap;

impl ReportModel {
    /// Everything that can be said of a run. Pure: the same input gives the same model.
    pub fn build(header: &RunHeader, records: &[Record]) -> ReportModel {
        ReportModel::build_with(header, records, &Rounds::collect(header, records))
    }

    fn build_with(header: &RunHeader, records: &[Record], rounds: &Rounds) -> ReportModel {
        let mut cells = cell_reports(header, records, rounds);
        let control = compare::compare_all(header, &mut cells);
        let trust = trust::trust(header, records, rounds, &cells);
        share_bandwidth(header, records, &trust, &mut cells);
        let states = state::state_rows(rounds, &cells);
        let mut model = ReportModel {
            header: header.clone(),
            engine: engine(records),
            reuse: reuse::reuse_rows(header, &cells),
            prefix: prefix::prefix_rows(&cells),
            batched: batched::batched_rows(&cells),
            speculative: speculative::speculative_rows(header, rounds, &cells),
            requests: requests::request_rows(header, rounds, &cells),
            chat: chat::chat_rows(rounds, &cells),
            break_even: state::break_even(&states),
            states,
            cells,
            control,
            memory: memory::memory(header, records),
            kv_bytes: memory::kv_bytes(header, records),
            quality: quality::quality(header, records),
            totals: totals::totals(records, rounds),
            trust,
            warnings: warnings(records),
            rankings: Vec::new(),
            decision: None,
            gate: None,
        };
        let looks = decision::looks_of(model.totals.stopped_by);
        model.decision = decision::decision(&model, rounds, records, looks);
        model.gate = gate::gate(&model, looks);
        model.rankings = rankings::rankings(&model);
        model
    }

    /// What a run that goes on may leave out, after so many launches: the arms that cannot become the choice, by their ids, and whether
    /// the choice is settled.
    pub fn interim(header: &RunHeader, records: &[Record], n_launches: u32) -> (Vec<String>, bool) {
        let rounds = Rounds::collect(header, records);
        let model = ReportModel::build_with(header, records, &rounds);
        if !header.gate.is_empty() {
            return (Vec::new(), gate::is_decided(&model, n_launches));
        }
        let report = decision::decision(&model, &rounds, records, Looks::Interim);
        report.map_or((Vec::new(), false), |report| {
            decision::interim(&report, &model, &rounds, n_launches)
        })
    }
}

/// A decode step on the CPU reads all weights and the cache so far. The file stands for the weights: a table of
/// embeddings that is not the output matrix as well is read in one row only, so its share is a little too high.
fn share_bandwidth(header: &RunHeader, records: &[Record], trust: &Trust, cells: &mut [CellReport]) {
    let Some(limit) = trust.read_bytes_per_s else { return };
    let loaded = records
        .iter()
        .filter_map(Record::launch)
        .flat_map(|launch| &launch.arms);
    let kv_per_token: BTreeMap<usize, f64> = loaded
        .filter(|arm| arm.context.n_ctx > 0)
        .map(|arm| (arm.arm, arm.context.kv_bytes as f64 / f64::from(arm.context.n_ctx)))
        .collect();
    for cell in cells
        .iter_mut()
        .filter(|c| c.spec.workload() == Workload::Decode && c.arm.config.device == "cpu")
    {
        let arm = header.plan.cells[cell.index].arm;
        let variant = header.variants.iter().find(|v| v.id == cell.arm.variant);
        let (Some(tps), Some(variant), Some(kv)) = (&cell.tps, variant, kv_per_token.get(&arm)) else {
            continue;
        };
        let depth = f64::from(cell.spec.n_depth()) + f64::from(cell.spec.n_gen()) / 2.0;
        cell.bandwidth_share = Some((variant.model_size as f64 + kv * depth) * tps.estimate / limit);
    }
}

fn engine(records: &[Record]) -> Option<EngineInfo> {
    let last = records.iter().rev().find_map(Record::launch);
    last.map(|launch| launch.engine.clone())
}

fn warnings(records: &[Record]) -> Vec<Warning> {
    let mut seen: Vec<Warning> = Vec::new();
    for warning in records.iter().filter_map(Record::warning) {
        if !seen.contains(warning) {
            seen.push(warning.clone());
        }
    }
    seen
}

//! From a header and records to the model.

use super::cells::{cell_reports, Rounds};
use super::{
    batched, compare, conclude, decision, prefix, quality, requests, reuse, speculative, state, totals, trust,
};
use super::{CellReport, MemoryReport, ReportModel, Trust};
use crate::data::{Arm, BufferSize, EngineInfo, MemoryRecord, Record, RunHeader, Warning, Workload};
use crate::decide::Looks;
use crate::report::lang::Lang;
use std::collections::BTreeMap;

impl ReportModel {
    /// Everything that can be said of a run, in English. Pure: the same input gives the same model.
    pub fn build(header: &RunHeader, records: &[Record]) -> ReportModel {
        ReportModel::build_in(Lang::En, header, records)
    }

    /// The same in any language.
    pub fn build_in(lang: Lang, header: &RunHeader, records: &[Record]) -> ReportModel {
        ReportModel::build_with(lang, header, records, &Rounds::collect(header, records))
    }

    fn build_with(lang: Lang, header: &RunHeader, records: &[Record], rounds: &Rounds) -> ReportModel {
        let mut cells = cell_reports(header, records, rounds, lang);
        let control = compare::compare_all(header, rounds, &mut cells);
        let trust = trust::trust(header, records, rounds, &cells);
        share_bandwidth(header, records, &trust, &mut cells);
        let states = state::state_rows(rounds, &cells);
        let mut model = ReportModel {
            lang,
            header: header.clone(),
            engine: engine(records),
            reuse: reuse::reuse_rows(header, rounds, &cells),
            prefix: prefix::prefix_rows(rounds, &cells),
            batched: batched::batched_rows(rounds, &cells),
            speculative: speculative::speculative_rows(header, rounds, &cells),
            requests: requests::request_rows(header, rounds, &cells),
            break_even: state::break_even(&states),
            states,
            cells,
            control,
            memory: memory(header, records),
            kv_bytes: kv_bytes(header, records),
            quality: quality::quality(header, records, lang),
            totals: totals::totals(records, rounds),
            trust,
            warnings: warnings(records),
            decision: None,
            banners: Vec::new(),
            conclusion: Vec::new(),
            opening: Vec::new(),
            closing: None,
        };
        let looks = decision::looks_of(model.totals.stopped_by);
        model.decision = decision::decision(&model, rounds, records, looks);
        model.banners = conclude::banners(&model);
        model.conclusion = conclude::conclusion(&model, rounds);
        model.opening = conclude::opening(&model);
        model.closing = conclude::closing(&model);
        model
    }

    /// What a run that goes on may leave out, after so many launches: the arms that cannot become the choice, by their ids, and whether
    /// the choice is settled.
    pub fn outlook(header: &RunHeader, records: &[Record], n_launches: u32) -> (Vec<String>, bool) {
        let rounds = Rounds::collect(header, records);
        let model = ReportModel::build_with(Lang::En, header, records, &rounds);
        let report = decision::decision(&model, &rounds, records, Looks::Interim);
        report.map_or((Vec::new(), false), |report| {
            decision::outlook(&report, &model, &rounds, n_launches)
        })
    }
}

/// A decode step on the CPU reads all weights and the cache so far. The file stands for the weights: a table of
/// embeddings that is not the output matrix as well is read in one row only, so its share is a little too high.
fn share_bandwidth(header: &RunHeader, records: &[Record], trust: &Trust, cells: &mut [CellReport]) {
    let Some(limit) = trust.read_bytes_per_s else { return };
    let contexts = records.iter().filter_map(|record| match record {
        Record::Launch(launch) => Some(&launch.arms),
        _ => None,
    });
    let kv_per_token: BTreeMap<usize, f64> = contexts
        .flatten()
        .filter(|arm| arm.context.n_ctx > 0)
        .map(|arm| (arm.arm, arm.context.kv_bytes as f64 / f64::from(arm.context.n_ctx)))
        .collect();
    for cell in cells
        .iter_mut()
        .filter(|c| c.spec.workload == Workload::Decode && c.arm.config.device == "cpu")
    {
        let arm = header.plan.cells[cell.index].arm;
        let variant = header.variants.iter().find(|v| v.id == cell.arm.variant);
        let (Some(tps), Some(variant), Some(kv)) = (&cell.tps, variant, kv_per_token.get(&arm)) else {
            continue;
        };
        let depth = f64::from(cell.spec.n_depth) + f64::from(cell.spec.n_gen) / 2.0;
        cell.bandwidth_share = Some((variant.model_size as f64 + kv * depth) * tps.estimate / limit);
    }
}

/// As the contexts told when they were opened last.
fn kv_bytes(header: &RunHeader, records: &[Record]) -> Vec<(String, u64)> {
    let launches = records.iter().filter_map(|record| match record {
        Record::Launch(launch) => Some(&launch.arms),
        _ => None,
    });
    let bytes: BTreeMap<usize, u64> = launches.flatten().map(|l| (l.arm, l.context.kv_bytes)).collect();
    let named = |(arm, bytes): (usize, u64)| Some((header.plan.arms.get(arm)?.id.clone(), bytes));
    bytes.into_iter().filter_map(named).collect()
}

fn engine(records: &[Record]) -> Option<EngineInfo> {
    records.iter().rev().find_map(|record| match record {
        Record::Launch(launch) => Some(launch.engine.clone()),
        _ => None,
    })
}

/// One row per arm, in the order of the plan; a second reading of an arm (after `--resume`) replaces the first.
fn memory(header: &RunHeader, records: &[Record]) -> Vec<MemoryReport> {
    let last_of = |index: usize| {
        records.iter().rev().find_map(|record| match record {
            Record::Memory(memory) if memory.arm == index => Some(memory),
            _ => None,
        })
    };
    let arms = header.plan.arms.iter().enumerate();
    arms.filter_map(|(index, arm)| last_of(index).map(|record| memory_report(header, arm.clone(), record)))
        .collect()
}

fn memory_report(header: &RunHeader, arm: Arm, record: &MemoryRecord) -> MemoryReport {
    let of = |purposes: &[&str]| -> Vec<BufferSize> {
        record
            .buffers
            .iter()
            .filter(|b| purposes.contains(&b.purpose.as_str()))
            .cloned()
            .collect()
    };
    MemoryReport {
        predicted_bytes: record.predicted_bytes,
        predicted_device_bytes: record.predicted_device_bytes,
        n_ctx_max: n_ctx_max(header, &arm, record.kv_bytes, record.reading.rss_bytes_max),
        arm,
        reading: record.reading,
        kv_bytes: record.kv_bytes,
        weights: of(&["weights"]),
        compute_bytes: of(&["compute", "output"]).iter().map(|b| b.bytes).sum(),
        n_depth: record.n_depth,
    }
}

/// From the measured peak: a token of context costs its part of the KV cache and its column of the attention mask (16 bits for each
/// token of a physical batch).
pub(super) fn n_ctx_max(header: &RunHeader, arm: &Arm, kv_bytes: u64, peak_bytes: u64) -> Option<u64> {
    let config = &arm.config;
    let n_ctx = u64::from(config.n_ctx.next_multiple_of(256));
    let per_token = kv_bytes / n_ctx.max(1) + 2 * u64::from(config.n_ubatch);
    let rest = peak_bytes.saturating_sub(n_ctx * per_token);
    let room = header.host.memory_available_bytes.saturating_sub(rest);
    (config.device == "cpu" && kv_bytes > 0).then(|| room / per_token / 256 * 256)
}

fn warnings(records: &[Record]) -> Vec<Warning> {
    let mut seen: Vec<Warning> = Vec::new();
    for record in records {
        if let Record::Warning(warning) = record {
            if !seen.contains(warning) {
                seen.push(warning.clone());
            }
        }
    }
    seen
}

//! From a header and records to the model.

use super::cells::{cell_reports, Rounds};
use super::{compare, conclude, reuse, totals};
use super::{MemoryReport, ReportModel};
use crate::data::{BufferSize, EngineInfo, MemoryRecord, Record, RunHeader, Warning};

impl ReportModel {
    /// Everything that can be said of a run. Pure: the same input gives the same model.
    pub fn build(header: &RunHeader, records: &[Record]) -> ReportModel {
        let rounds = Rounds::collect(header, records);
        let mut cells = cell_reports(header, records, &rounds);
        let control = compare::compare_all(header, &rounds, &mut cells);
        let mut model = ReportModel {
            header: header.clone(),
            engine: engine(records),
            reuse: reuse::reuse_rows(header, &rounds, &cells),
            cells,
            control,
            memory: memory(header, records),
            totals: totals::totals(records, &rounds),
            warnings: warnings(records),
            banners: Vec::new(),
            conclusion: Vec::new(),
            closing: Vec::new(),
        };
        model.banners = conclude::banners(&model);
        model.conclusion = conclude::conclusion(&model, &rounds);
        model.closing = conclude::closing(&model);
        model
    }
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
    arms.filter_map(|(index, arm)| last_of(index).map(|record| memory_report(arm.clone(), record)))
        .collect()
}

fn memory_report(arm: crate::data::Arm, record: &MemoryRecord) -> MemoryReport {
    let of = |purposes: &[&str]| -> Vec<BufferSize> {
        record
            .buffers
            .iter()
            .filter(|b| purposes.contains(&b.purpose.as_str()))
            .cloned()
            .collect()
    };
    MemoryReport {
        arm,
        reading: record.reading,
        kv_bytes: record.kv_bytes,
        weights: of(&["weights"]),
        compute_bytes: of(&["compute", "output"]).iter().map(|b| b.bytes).sum(),
        n_depth: record.n_depth,
    }
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

//! What each arm takes of the memory.

use super::MemoryReport;
use crate::data::{Arm, BufferSize, MemoryRecord, Record, RunHeader};
use std::collections::BTreeMap;

/// One row per arm, in the order of the plan; a second reading of an arm (after `--resume`) replaces the first.
pub(super) fn memory(header: &RunHeader, records: &[Record]) -> Vec<MemoryReport> {
    let last_of = |index: usize| {
        let mut latest = records.iter().rev().filter_map(Record::memory);
        latest.find(|memory| memory.arm == index)
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

/// As the contexts told when they were opened last.
pub(super) fn kv_bytes(header: &RunHeader, records: &[Record]) -> Vec<(String, u64)> {
    let loaded = records
        .iter()
        .filter_map(Record::launch)
        .flat_map(|launch| &launch.arms);
    let bytes: BTreeMap<usize, u64> = loaded.map(|l| (l.arm, l.context.kv_bytes)).collect();
    let named = |(arm, bytes): (usize, u64)| Some((header.plan.arms.get(arm)?.id.clone(), bytes));
    bytes.into_iter().filter_map(named).collect()
}

//! Peak memory of each arm, by what it holds.

use super::shape::{label, variant_index, Bar, BarChart};
use crate::report::{MemoryReport, Report};

/// Memory of each arm without the control.
pub(in crate::report::charts) fn memory_chart(model: &Report) -> Option<BarChart> {
    let t = model.lang;
    let part_names = [t.p_file(), t.p_kv(), t.p_other()];
    let bar = |m: &MemoryReport| {
        let parts = [
            m.reading.rss_file_bytes,
            m.kv_bytes.min(m.reading.rss_anon_bytes),
            m.reading.rss_anon_bytes.saturating_sub(m.kv_bytes),
        ];
        let label = label(model, &m.arm);
        let mib = |bytes: u64| format!("{} MiB", t.mib(bytes));
        let named = part_names
            .iter()
            .zip(parts)
            .map(|(name, bytes)| format!("{name}: {}", mib(bytes)));
        let mut tip = vec![label.clone()];
        tip.extend(named);
        tip.push(format!("{}: {}", t.p_peak(), mib(m.reading.rss_bytes_max)));
        Bar {
            label,
            variant: variant_index(model, &m.arm),
            parts,
            peak: m.reading.rss_bytes_max,
            peak_label: mib(m.reading.rss_bytes_max),
            tip: tip.join("\n"),
        }
    };
    let bars: Vec<Bar> = model.memory.iter().filter(|m| !m.arm.is_control).map(bar).collect();
    (!bars.is_empty()).then(|| BarChart {
        name: "memory",
        title: t.c_memory(&model.header.model.name),
        subtitle: t.c_memory_sub(),
        peak_name: t.p_peak(),
        part_names,
        bars,
    })
}

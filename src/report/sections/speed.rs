//! The tables of speed, memory and files.

use crate::data::{Arm, DerivedFrom, VariantInfo, Work, Workload};
use crate::report::charts::ChartName;
use crate::report::document::{image, paragraph, said, section, Block, Value};
use crate::report::table::Rows;
use crate::report::{CellReport, Comparison, Report};
use crate::stats::Interval;
use crate::units;

/// An arm, its file, and its prefill and decode.
type VariantRow<'a> = (&'a Arm, &'a VariantInfo, Option<&'a CellReport>, Option<&'a CellReport>);

fn versus(cell: Option<&CellReport>) -> Option<&Comparison> {
    cell?.vs_baseline.as_ref()
}

/// F16 / INT8 / 4-bit: arms with the baseline's KV type.
pub(super) fn variants(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let Some(baseline) = model.baseline() else {
        return Vec::new();
    };
    let base_kv = baseline.config.kv();
    let (prefill, decode) = (model.shown(Workload::Prefill), model.shown(Workload::Decode));
    let base_size = model.variant(&baseline.variant).map_or(0, |v| v.model_size) as f64;
    let arms = model.arms().filter(|arm| model.has_base_kv(arm));
    let rows = arms.filter_map(|arm| {
        let cell = |spec: Option<Work>| model.cell(&arm.id, &spec?);
        Some((arm, model.variant(&arm.variant)?, cell(prefill), cell(decode)))
    });
    let name = |spec: Option<Work>| t.or_na(spec, |s| s.to_string());
    let tps = |cell: Option<&CellReport>| Value::rate(t, cell.and_then(|c| c.tps));
    let is_baseline = |(arm, ..): &VariantRow| arm.is_baseline;
    let table = Rows::of(t, rows)
        .column(t.h_variant(), |(arm, ..)| arm.label())
        .column(t.h_holds(), |(_, variant, ..)| tensor_types(model, variant))
        .column(t.h_size(), |(_, variant, ..)| Value::mib(t, Some(variant.model_size)))
        .column(t.h_bpw(), |(_, variant, ..)| {
            Value::number(variant.bpw, t.two_decimals(variant.bpw))
        })
        .column(t.h_compression(), |(_, variant, ..)| {
            Value::factor(t, Some(base_size / variant.model_size as f64).filter(|c| c.is_normal()))
        })
        .column(t.h_prefill_tps(name(prefill)), |(_, _, prefill, _)| tps(*prefill))
        .against(t.h_prefill_ratio(), is_baseline, |row| {
            Value::ratio_of(t, versus(row.2))
        })
        .column(t.h_decode_tps(name(decode)), |(_, _, _, decode)| tps(*decode))
        .against(t.h_decode_ratio(), is_baseline, |row| Value::ratio_of(t, versus(row.3)))
        .against(t.h_decode_verdict(), is_baseline, |row| {
            Value::verdict_of(t, versus(row.3))
        })
        .column(t.h_ttft(name(prefill)), |(_, _, prefill, _)| {
            Value::ms(t, prefill.and_then(|c| c.ttft_ns))
        })
        .column(t.h_peak(), |(arm, ..)| Value::mib(t, model.peak_of(&arm.id)));
    section(
        t.variants(),
        t.variants_intro(base_kv, &baseline.variant),
        table.blocks(),
    )
}

/// Tensor types by their share of the bytes: what the label really holds.
fn tensor_types(model: &Report, variant: &VariantInfo) -> String {
    let total: u64 = variant.tensor_types.values().map(|share| share.bytes).sum();
    let mut shares: Vec<_> = variant.tensor_types.iter().collect();
    shares.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
    let percent = |bytes: u64| model.lang.percent(bytes as f64 / total.max(1) as f64);
    let named = shares
        .iter()
        .map(|(name, share)| format!("{name} {}", percent(share.bytes)));
    named.collect::<Vec<_>>().join(", ")
}

/// Latency and throughput against context: a table for decode and one for prefill.
pub(super) fn context(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let mut body = Vec::new();
    let parts = [
        (Workload::Decode, "decode", t.decode()),
        (Workload::Prefill, "prefill", t.prefill()),
    ];
    for (workload, chart, title) in parts {
        let is_prefill = workload == Workload::Prefill;
        let specs = model.specs(workload);
        let of_arm = |arm| specs.iter().filter_map(move |spec| model.cell(arm, spec));
        let cells: Vec<&CellReport> = model.arms().flat_map(|arm| of_arm(&arm.id)).collect();
        if cells.is_empty() {
            continue;
        }
        body.push(Block::Part(title));
        body.extend(said(model.fastest(workload)));
        body.extend(image(charts, chart));
        // Only where a driver told: on most machines it would be a column of n/a.
        let has_energy = cells.iter().any(|cell| cell.gpu_joule_per_token.is_some());
        let context = if is_prefill { t.h_n_prompt() } else { t.h_depth() };
        let gap = |cell: &CellReport, i: usize| {
            let quantiles = cell.itl_ns.as_ref().map(|q| [q.p50, q.p95, q.p99]);
            Value::bare_ms(t, quantiles.and_then(|q| q[i]))
        };
        let table = Rows::of(t, cells)
            .arm(|cell| &cell.arm)
            .column(context, |cell| Value::count(cell.n_context()))
            .column(t.h_tps(), |cell| Value::rate(t, cell.tps))
            .column(t.h_mad(), |cell| Value::percent(t, cell.mad))
            .column_if(is_prefill, t.h_ttft_ms(), |cell| Value::ms(t, cell.ttft_ns))
            .column_if(!is_prefill, t.h_itl(), |cell| gap(cell, 0))
            .column_if(!is_prefill, "p95", |cell| gap(cell, 1))
            .column_if(!is_prefill, "p99", |cell| gap(cell, 2))
            .versus(|cell| (&cell.arm, cell.vs_baseline.as_ref()))
            .column_if(has_energy, t.h_gpu_joule_per_token(), |cell| {
                let shown = |i: Interval| (i.estimate, t.with_ends(&i, |x| t.number(format!("{x:.3}"))));
                Value::some(t, cell.gpu_joule_per_token, shown)
            });
        body.extend(table.blocks());
        if is_prefill {
            body.extend(image(charts, "ttft"));
        }
    }
    section(t.context(), t.context_intro(), body)
}

/// KV reuse on and off.
pub(super) fn reuse(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let table = Rows::of(t, &model.reuse)
        .arm(|row| &row.arm)
        .column(t.h_depth(), |row| Value::count(row.n_depth))
        .column(t.h_with_reuse(), |row| Value::ms(t, row.reuse_ns))
        .column(t.h_without_reuse(), |row| Value::ms(t, row.no_reuse_ns))
        .column(t.h_times_longer(), |row| Value::ratio(t, row.factor))
        .column(t.h_no_reuse_kind(), |row| {
            match (&row.no_reuse_ns, row.is_extrapolated) {
                (None, _) => t.not_measured(),
                (_, true) => t.extrapolated(),
                (_, false) => t.timed(),
            }
        });
    let mut body = image(charts, "kv_reuse");
    body.extend(table.blocks());
    if model.reuse.iter().any(|r| r.is_extrapolated) {
        body.extend(paragraph(&t.extrapolated_note()));
    }
    section(t.reuse(), t.reuse_intro(), body)
}

/// Memory of each arm.
pub(super) fn memory(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let mib = |bytes: u64| Value::mib(t, Some(bytes));
    let table = Rows::of(t, model.memory.iter().filter(|m| !m.arm.is_control))
        .arm(|m| &m.arm)
        .column(t.h_buffers(), |m| {
            let weights = m.weights.iter().map(|b| format!("{} {}", b.buffer, t.mib(b.bytes)));
            match weights.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => Value::absent(t),
                named => named.into(),
            }
        })
        .column(t.h_kv_cache(), |m| mib(m.kv_bytes))
        .column(t.h_compute(), |m| mib(m.compute_bytes))
        .column("RssAnon", |m| mib(m.reading.rss_anon_bytes))
        .column("RssFile", |m| mib(m.reading.rss_file_bytes))
        .column(t.h_peak_resident(), |m| mib(m.reading.rss_bytes_max))
        .column(t.h_predicted(), |m| {
            Value::some(t, m.predicted_bytes, |bytes| {
                let off = bytes as f64 / m.reading.rss_bytes_max.max(1) as f64 - 1.0;
                (bytes as f64, format!("{} ({})", t.mib(bytes), t.signed_percent(off)))
            })
        })
        .column(t.h_n_ctx_fits(), |m| {
            Value::some(t, m.n_ctx_max, |n| (n as f64, units::count(n)))
        })
        .column(t.h_device(), |m| {
            match (m.reading.device_bytes, m.predicted_device_bytes) {
                (Some(bytes), Some(predicted)) => {
                    Value::number(bytes as f64, t.device_memory(t.mib(bytes), t.mib(predicted)))
                }
                (bytes, _) => Value::mib(t, bytes),
            }
        });
    let body = [image(charts, "memory"), table.blocks()].concat();
    section(t.memory(), t.memory_intro(), body)
}

/// Files and what is really in them.
pub(super) fn files(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let made = |derived: &DerivedFrom| match derived.is_requantized {
        true => t.made_from_quantized(&derived.file, &derived.ftype),
        false => t.made_from(&derived.file, &derived.ftype),
    };
    let given = |v: &VariantInfo| match &v.quantization {
        Some(told) => format!("{}; {}", t.as_given(), t.quantization(told)),
        None => t.as_given(),
    };
    let table = Rows::of(t, &model.header.variants)
        .column(t.h_variant(), |v| v.id.as_str())
        .column(t.h_file(), |v| match v.parts.len() {
            0 => v.file.clone(),
            n => format!("{} ({})", v.file, t.n_parts(n)),
        })
        .column(t.h_label(), |v| t.or_na(v.ftype.clone(), |ftype| ftype))
        .column(t.h_tensors(), |v| {
            let types = v
                .tensor_types
                .iter()
                .map(|(name, s)| format!("{name} x {}", s.n_tensors));
            types.collect::<Vec<_>>().join(", ")
        })
        .column(t.h_fallback(), |v| {
            Value::number(v.n_fallback as f64, t.of(v.n_fallback, v.n_tensors))
        })
        .column(t.h_params(), |v| Value::count(v.model_n_params))
        .column(t.h_origin(), |v| v.derived_from.as_ref().map_or_else(|| given(v), made))
        .column("SHA-256", |v| v.sha256.get(..16).unwrap_or(&v.sha256));
    section(t.files(), t.files_intro(), table.blocks())
}

/// Cells without a result.
pub(super) fn failures(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let table = Rows::of(t, model.failures())
        .column(t.h_not_measured(), |failed| failed.what.join("; "))
        .column(t.h_outcome(), |failed| failed.kind.name())
        .column(t.h_reason(), |failed| t.reason(failed.kind, failed.reason));
    section(t.failures(), t.failures_intro(), table.blocks())
}

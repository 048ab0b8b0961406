//! The tables of speed, memory and files.

use crate::data::{Arm, DerivedFrom, VariantInfo, Work, Workload};
use crate::report::charts::ChartName;
use crate::report::document::{image, paragraph, section, table, Block};
use crate::report::model::Failed;
use crate::report::text::kv;
use crate::report::{CellReport, Comparison, ReportModel, ReuseRow};
use crate::units;

/// F16 / INT8 / 4-bit: arms with the baseline's KV type.
pub(super) fn variants(model: &ReportModel) -> Vec<Block> {
    let t = model.lang;
    let Some(baseline) = model.baseline() else {
        return Vec::new();
    };
    let base_kv = kv(&baseline.config);
    let prefill = model.shown(Workload::Prefill);
    let decode = model.shown(Workload::Decode);
    let base_size = model.variant(&baseline.variant).map(|v| v.model_size);
    let rows: Vec<Vec<String>> = model
        .arms()
        .filter(|arm| kv(&arm.config) == base_kv)
        .filter_map(|arm| model.variant(&arm.variant).map(|variant| (arm, variant)))
        .map(|(arm, variant)| variant_row(model, arm, variant, base_size, prefill, decode))
        .collect();
    let name = |spec: Option<Work>| t.or_na(spec, |s| s.to_string());
    let head = vec![
        t.h_variant(),
        t.h_holds(),
        t.h_size(),
        t.h_bpw(),
        t.h_compression(),
        t.h_prefill_tps(name(prefill)),
        t.h_prefill_ratio(),
        t.h_decode_tps(name(decode)),
        t.h_decode_ratio(),
        t.h_decode_verdict(),
        t.h_ttft(name(prefill)),
        t.h_peak(),
    ];
    let intro = t.variants_intro(base_kv, &baseline.variant);
    section(t.variants(), intro, table(head, rows))
}

fn variant_row(
    model: &ReportModel,
    arm: &Arm,
    variant: &VariantInfo,
    base_size: Option<u64>,
    prefill: Option<Work>,
    decode: Option<Work>,
) -> Vec<String> {
    let t = model.lang;
    let prefill = prefill.and_then(|spec| model.cell(&arm.id, &spec));
    let decode = decode.and_then(|spec| model.cell(&arm.id, &spec));
    let compression = base_size
        .filter(|_| variant.model_size > 0)
        .map(|base| base as f64 / variant.model_size as f64);
    let (vs_prefill, vs_decode) = (
        prefill.and_then(|c| c.vs_baseline.as_ref()),
        decode.and_then(|c| c.vs_baseline.as_ref()),
    );
    let against = |comparison: Option<&Comparison>| {
        if arm.is_baseline {
            t.baseline()
        } else {
            t.ratio_of(comparison)
        }
    };
    vec![
        arm.label().to_owned(),
        tensor_types(model, variant),
        t.mib(variant.model_size),
        t.two_decimals(variant.bpw),
        t.or_na(compression, |c| t.factor(c)),
        t.tps(prefill.and_then(|c| c.tps.as_ref())),
        against(vs_prefill),
        t.tps(decode.and_then(|c| c.tps.as_ref())),
        against(vs_decode),
        if arm.is_baseline {
            t.baseline()
        } else {
            t.verdict_of(vs_decode)
        },
        t.ms(prefill.and_then(|c| c.ttft_ns.as_ref())),
        t.or_na(model.memory_of(&arm.id), |m| t.mib(m.reading.rss_bytes_max)),
    ]
}

/// Tensor types by their share of the bytes: what the label really holds.
fn tensor_types(model: &ReportModel, variant: &VariantInfo) -> String {
    let total: u64 = variant.tensor_types.values().map(|share| share.bytes).sum();
    let mut shares: Vec<_> = variant.tensor_types.iter().collect();
    shares.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
    let named = |(name, share): &(&String, &crate::data::TensorTypeShare)| {
        format!(
            "{name} {}",
            model.lang.percent(share.bytes as f64 / total.max(1) as f64)
        )
    };
    shares.iter().map(named).collect::<Vec<_>>().join(", ")
}

/// Latency and throughput against context: a table for decode and one for prefill.
pub(super) fn context(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let mut body = Vec::new();
    for (workload, chart) in [(Workload::Decode, "decode"), (Workload::Prefill, "prefill")] {
        let specs = model.specs(workload);
        if specs.is_empty() {
            continue;
        }
        let is_prefill = workload == Workload::Prefill;
        let (title, column) = if is_prefill {
            (t.prefill(), t.h_n_prompt())
        } else {
            (t.decode(), t.h_depth())
        };
        body.push(Block::Part(title));
        body.extend(image(charts, chart));
        let cells: Vec<&CellReport> = model
            .arms()
            .flat_map(|arm| specs.iter().filter_map(move |spec| model.cell(&arm.id, spec)))
            .collect();
        // Only where a driver told: on most machines it would be a column of n/a.
        let has_energy = cells.iter().any(|cell| cell.gpu_joule_per_token.is_some());
        let rows: Vec<Vec<String>> = cells
            .into_iter()
            .map(|cell| context_row(model, cell, has_energy))
            .collect();
        let mut head = vec![t.h_variant(), t.h_kv(), column, t.h_tps()];
        head.extend(if is_prefill {
            vec![t.h_ttft_ms()]
        } else {
            vec![t.h_itl(), "p95".to_owned(), "p99".to_owned()]
        });
        head.extend([t.h_ratio(), t.h_verdict()]);
        head.extend(has_energy.then(|| t.h_gpu_joule_per_token()));
        body.extend(table(head, rows));
        if is_prefill {
            body.extend(image(charts, "ttft"));
        }
    }
    section(t.context(), String::new(), body)
}

fn context_row(model: &ReportModel, cell: &CellReport, has_energy: bool) -> Vec<String> {
    let t = model.lang;
    let mut row = vec![
        cell.arm.label().to_owned(),
        kv(&cell.arm.config),
        units::count(u64::from(cell.n_context())),
        t.tps(cell.tps.as_ref()),
    ];
    row.extend(latency(model, cell));
    if cell.arm.is_baseline {
        row.extend([t.baseline(), t.baseline()]);
    } else {
        row.push(t.ratio_of(cell.vs_baseline.as_ref()));
        row.push(t.verdict_of(cell.vs_baseline.as_ref()));
    }
    if has_energy {
        row.push(t.or_na(cell.gpu_joule_per_token.as_ref(), |i| {
            t.figure(i.estimate, Some(i), |x| format!("{x:.3}"))
        }));
    }
    row
}

fn latency(model: &ReportModel, cell: &CellReport) -> Vec<String> {
    let t = model.lang;
    if cell.spec.workload() == Workload::Prefill {
        return vec![t.ms(cell.ttft_ns.as_ref())];
    }
    let itl = cell.itl_ns.as_ref();
    let quantile = |i: Option<crate::stats::Interval>| t.or_na(i, |i| t.time(i.estimate));
    vec![
        quantile(itl.and_then(|q| q.p50)),
        quantile(itl.and_then(|q| q.p95)),
        quantile(itl.and_then(|q| q.p99)),
    ]
}

/// KV reuse on and off.
pub(super) fn reuse(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let row = |row: &ReuseRow| {
        let kind = match (&row.no_reuse_ns, row.is_extrapolated) {
            (None, _) => t.not_measured(),
            (_, true) => t.extrapolated(),
            (_, false) => t.timed(),
        };
        vec![
            row.arm.label().to_owned(),
            kv(&row.arm.config),
            units::count(u64::from(row.n_depth)),
            t.ms(row.reuse_ns.as_ref()),
            t.ms(row.no_reuse_ns.as_ref()),
            t.or_na(row.factor.as_ref(), |i| t.ratio(i)),
            kind,
        ]
    };
    let rows: Vec<Vec<String>> = model.reuse.iter().map(row).collect();
    let head = vec![
        t.h_variant(),
        t.h_kv(),
        t.h_depth(),
        t.h_with_reuse(),
        t.h_without_reuse(),
        t.h_times_longer(),
        t.h_no_reuse_kind(),
    ];
    let mut body = image(charts, "kv_reuse");
    body.extend(table(head, rows));
    if model.reuse.iter().any(|r| r.is_extrapolated) {
        body.extend(paragraph(&t.extrapolated_note()));
    }
    section(t.reuse(), t.reuse_intro(), body)
}

/// Memory of each arm.
pub(super) fn memory(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let rows: Vec<Vec<String>> = model
        .memory
        .iter()
        .filter(|m| !m.arm.is_control)
        .map(|m| {
            let weights: Vec<String> = m
                .weights
                .iter()
                .map(|b| format!("{} {}", b.buffer, t.mib(b.bytes)))
                .collect();
            vec![
                m.arm.label().to_owned(),
                kv(&m.arm.config),
                if weights.is_empty() { t.na() } else { weights.join(", ") },
                t.mib(m.kv_bytes),
                t.mib(m.compute_bytes),
                t.mib(m.reading.rss_anon_bytes),
                t.mib(m.reading.rss_file_bytes),
                t.mib(m.reading.rss_bytes_max),
                t.or_na(m.predicted_bytes, |bytes| {
                    let off = bytes as f64 / m.reading.rss_bytes_max.max(1) as f64 - 1.0;
                    format!("{} ({})", t.mib(bytes), t.signed_percent(off))
                }),
                t.or_na(m.n_ctx_max, units::count),
                match (m.reading.device_bytes, m.predicted_device_bytes) {
                    (Some(bytes), Some(predicted)) => t.device_memory(t.mib(bytes), t.mib(predicted)),
                    (bytes, _) => t.or_na(bytes, |b| t.mib(b)),
                },
            ]
        })
        .collect();
    let head = vec![
        t.h_variant(),
        t.h_kv(),
        t.h_buffers(),
        t.h_kv_cache(),
        t.h_compute(),
        "RssAnon".to_owned(),
        "RssFile".to_owned(),
        t.h_peak_resident(),
        t.h_predicted(),
        t.h_n_ctx_fits(),
        t.h_device(),
    ];
    let body = [image(charts, "memory"), table(head, rows)].concat();
    section(t.memory(), t.memory_intro(), body)
}

/// Files and what is really in them.
pub(super) fn files(model: &ReportModel) -> Vec<Block> {
    let t = model.lang;
    let made = |derived: &DerivedFrom| {
        if derived.is_requantized {
            t.made_from_quantized(&derived.file, &derived.ftype)
        } else {
            t.made_from(&derived.file, &derived.ftype)
        }
    };
    let given = |v: &VariantInfo| match &v.quantization {
        Some(told) => format!("{}; {}", t.as_given(), t.quantization(told)),
        None => t.as_given(),
    };
    let row = |v: &VariantInfo| {
        let types = v.tensor_types.iter();
        let types: Vec<String> = types.map(|(name, s)| format!("{name} x {}", s.n_tensors)).collect();
        vec![
            v.id.clone(),
            match v.parts.len() {
                0 => v.file.clone(),
                n => format!("{} ({})", v.file, t.n_parts(n)),
            },
            t.or_na(v.ftype.clone(), |ftype| ftype),
            types.join(", "),
            t.of(v.n_fallback, v.n_tensors),
            units::count(v.model_n_params),
            v.derived_from.as_ref().map_or_else(|| given(v), made),
            v.sha256.chars().take(16).collect(),
        ]
    };
    let head = vec![
        t.h_variant(),
        t.h_file(),
        t.h_label(),
        t.h_tensors(),
        t.h_fallback(),
        t.h_params(),
        t.h_origin(),
        "SHA-256".to_owned(),
    ];
    let rows = model.header.variants.iter().map(row).collect();
    section(t.files(), t.files_intro(), table(head, rows))
}

/// Cells without a result.
pub(super) fn failures(model: &ReportModel) -> Vec<Block> {
    let t = model.lang;
    let failures = model.failures();
    let row = |failed: &Failed<'_>| {
        vec![
            failed.what.join("; "),
            failed.kind.to_string(),
            failed.reason.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = failures.iter().map(row).collect();
    let head = vec![t.h_not_measured(), t.h_outcome(), t.h_reason()];
    section(t.failures(), String::new(), table(head, rows))
}

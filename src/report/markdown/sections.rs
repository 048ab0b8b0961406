//! The tables of the report.

use super::table::{escape, table};
use crate::data::{Arm, DerivedFrom, Outcome, VariantInfo, WorkSpec, Workload};
use crate::report::{text, ReportModel, ReuseRow};
use crate::units;

/// F16 / INT8 / 4-bit: arms with the baseline's KV type.
pub(super) fn variants(model: &ReportModel) -> String {
    let Some(baseline) = model.baseline() else {
        return String::new();
    };
    let kv = text::kv(&baseline.config);
    let prefill = middle(&model.specs(Workload::Prefill));
    let decode = middle(&model.specs(Workload::Decode));
    let base_size = model.variant(&baseline.variant).map(|v| v.model_size);
    let rows: Vec<Vec<String>> = model
        .arms()
        .filter(|arm| text::kv(&arm.config) == kv)
        .filter_map(|arm| model.variant(&arm.variant).map(|variant| (arm, variant)))
        .map(|(arm, variant)| variant_row(model, arm, variant, base_size, prefill, decode))
        .collect();
    let name = |spec: Option<WorkSpec>| spec.map_or_else(|| units::NOT_AVAILABLE.to_owned(), |s| s.to_string());
    let head = [
        "variant".to_owned(),
        "holds".to_owned(),
        "size, MiB".to_owned(),
        "bits per weight".to_owned(),
        "compression".to_owned(),
        format!("prefill, t/s ({})", name(prefill)),
        "prefill ratio".to_owned(),
        format!("decode, t/s ({})", name(decode)),
        "decode ratio".to_owned(),
        "verdict on decode".to_owned(),
        format!("TTFT, ms ({})", name(prefill)),
        "peak memory, MiB".to_owned(),
    ];
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let intro = format!(
        "KV type {kv} throughout. Values are medians with [95 % intervals]; ratios are paired within rounds, against {}: above 1 is faster.\n\n",
        escape(&baseline.variant)
    );
    section("F16, 8 bits, 4 bits", &intro, &table(&head, &rows))
}

fn variant_row(
    model: &ReportModel,
    arm: &Arm,
    variant: &VariantInfo,
    base_size: Option<u64>,
    prefill: Option<WorkSpec>,
    decode: Option<WorkSpec>,
) -> Vec<String> {
    let prefill = prefill.and_then(|spec| model.cell(&arm.id, &spec));
    let decode = decode.and_then(|spec| model.cell(&arm.id, &spec));
    let compression = base_size
        .filter(|_| variant.model_size > 0)
        .map(|base| base as f64 / variant.model_size as f64);
    let (vs_prefill, vs_decode) = (
        prefill.and_then(|c| c.vs_baseline.as_ref()),
        decode.and_then(|c| c.vs_baseline.as_ref()),
    );
    let against = |comparison: Option<&crate::report::Comparison>| {
        if arm.is_baseline {
            "baseline".to_owned()
        } else {
            text::ratio_of(comparison)
        }
    };
    vec![
        variant.id.clone(),
        tensor_types(variant),
        units::mib(variant.model_size),
        format!("{:.2}", variant.bpw),
        units::or_na(compression, units::ratio),
        text::tps(prefill.and_then(|c| c.tps.as_ref())),
        against(vs_prefill),
        text::tps(decode.and_then(|c| c.tps.as_ref())),
        against(vs_decode),
        if arm.is_baseline {
            "baseline".to_owned()
        } else {
            text::verdict_of(vs_decode)
        },
        text::ms(prefill.and_then(|c| c.ttft_ns.as_ref())),
        units::or_na(model.memory_of(&arm.id), |m| units::mib(m.reading.rss_bytes_max)),
    ]
}

/// Tensor types by their share of the bytes: what the label really holds.
fn tensor_types(variant: &VariantInfo) -> String {
    let total: u64 = variant.tensor_types.values().map(|share| share.bytes).sum();
    let mut shares: Vec<_> = variant.tensor_types.iter().collect();
    shares.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
    let named = |(name, share): &(&String, &crate::data::TensorTypeShare)| {
        format!("{name} {}", units::percent(share.bytes as f64 / total.max(1) as f64))
    };
    shares.iter().map(named).collect::<Vec<_>>().join(", ")
}

/// Each KV type against f16 KV with the same weights.
pub(super) fn kv_types(model: &ReportModel) -> String {
    let decode = model.specs(Workload::Decode);
    let prefill = model.specs(Workload::Prefill);
    let mut head = vec!["weights".to_owned(), "KV type".to_owned(), "KV cache, MiB".to_owned()];
    head.extend(decode.iter().map(|s| format!("decode ratio @ d{}", s.n_depth)));
    head.extend(middle(&prefill).map(|s| format!("prefill ratio ({s})")));
    head.push("verdict on decode, by depth".to_owned());
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let has_pair = |arm: &Arm| {
        model
            .cells
            .iter()
            .any(|c| c.arm.variant == arm.variant && c.vs_f16_kv.is_some())
    };
    let rows: Vec<Vec<String>> = model
        .arms()
        .filter(|arm| has_pair(arm))
        .map(|arm| {
            let is_f16 = text::kv(&arm.config) == "f16";
            let cell = |spec: &WorkSpec| model.cell(&arm.id, spec).and_then(|c| c.vs_f16_kv.as_ref());
            let shown = |spec: &WorkSpec| {
                if is_f16 {
                    "1".to_owned()
                } else {
                    text::ratio_of(cell(spec))
                }
            };
            let mut row = vec![arm.variant.clone(), text::kv(&arm.config)];
            row.push(units::or_na(model.memory_of(&arm.id), |m| units::mib(m.kv_bytes)));
            row.extend(decode.iter().map(shown));
            row.extend(middle(&prefill).iter().map(shown));
            let verdicts: Vec<String> = decode.iter().map(|spec| text::verdict_of(cell(spec))).collect();
            row.push(if is_f16 {
                "reference".to_owned()
            } else {
                verdicts.join("; ")
            });
            row
        })
        .collect();
    let intro = "Speed relative to the same weights with an f16 KV cache, at the same flash-attention setting: above 1 is faster.\n\n";
    section("KV cache types", intro, &table(&head, &rows))
}

/// Latency and throughput against context: a table for decode and one for prefill.
pub(super) fn context(model: &ReportModel, charts: &[&str]) -> String {
    let mut body = String::new();
    for (workload, chart) in [(Workload::Decode, "decode"), (Workload::Prefill, "prefill")] {
        let specs = model.specs(workload);
        if specs.is_empty() {
            continue;
        }
        let (title, column) = match workload {
            Workload::Prefill => ("Prefill", "n_prompt"),
            _ => ("Decode", "depth"),
        };
        body.push_str(&format!("### {title}\n\n"));
        body.push_str(&image(charts, chart));
        let rows: Vec<Vec<String>> = model
            .arms()
            .flat_map(|arm| specs.iter().filter_map(move |spec| model.cell(&arm.id, spec)))
            .map(|cell| {
                let mut row = vec![
                    cell.arm.variant.clone(),
                    text::kv(&cell.arm.config),
                    units::count(u64::from(cell.n_context())),
                    text::tps(cell.tps.as_ref()),
                ];
                row.extend(latency(cell));
                row.push(if cell.arm.is_baseline {
                    "baseline".to_owned()
                } else {
                    text::ratio_of(cell.vs_baseline.as_ref())
                });
                row.push(if cell.arm.is_baseline {
                    "baseline".to_owned()
                } else {
                    text::verdict_of(cell.vs_baseline.as_ref())
                });
                row
            })
            .collect();
        let mut head = vec!["variant", "KV", column, "t/s"];
        head.extend(if workload == Workload::Prefill {
            vec!["TTFT, ms"]
        } else {
            vec!["gap between tokens, ms: p50", "p95", "p99"]
        });
        head.extend(["ratio to baseline", "verdict"]);
        body.push_str(&table(&head, &rows));
        if workload == Workload::Prefill {
            body.push_str(&image(charts, "ttft"));
        }
    }
    section("Latency and throughput against context", "", &body)
}

fn latency(cell: &crate::report::CellReport) -> Vec<String> {
    if cell.spec.workload == Workload::Prefill {
        return vec![text::ms(cell.ttft_ns.as_ref())];
    }
    let itl = cell.itl_ns.as_ref();
    let quantile = |i: Option<crate::stats::Interval>| units::or_na(i, |i| units::ms(text::whole_ns(i.estimate)));
    vec![
        quantile(itl.and_then(|q| q.p50)),
        quantile(itl.and_then(|q| q.p95)),
        quantile(itl.and_then(|q| q.p99)),
    ]
}

/// KV reuse on and off.
pub(super) fn reuse(model: &ReportModel, charts: &[&str]) -> String {
    let row = |row: &ReuseRow| {
        let kind = match (&row.no_reuse_ns, row.is_extrapolated) {
            (None, _) => "not measured",
            (_, true) => "extrapolated",
            (_, false) => "timed",
        };
        vec![
            row.arm.variant.clone(),
            text::kv(&row.arm.config),
            units::count(u64::from(row.n_depth)),
            text::ms(row.reuse_ns.as_ref()),
            text::ms(row.no_reuse_ns.as_ref()),
            units::or_na(row.factor.as_ref(), text::ratio),
            kind.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = model.reuse.iter().map(row).collect();
    let head = [
        "variant",
        "KV",
        "depth",
        "with reuse, ms per token",
        "without, ms per token",
        "times longer",
        "without reuse",
    ];
    let extrapolated = "Extrapolated: recomputation was not timed at this depth; the time to prefill that many tokens stands in for it.\n\n";
    let note = if model.reuse.iter().any(|r| r.is_extrapolated) {
        extrapolated
    } else {
        ""
    };
    let intro = "What one more token costs with the KV cache, and when every token recomputes the whole prefix (as `use_cache=False` does).\n\n";
    section(
        "KV reuse on and off",
        intro,
        &format!("{}{}{note}", image(charts, "kv_reuse"), table(&head, &rows)),
    )
}

/// Memory of each arm.
pub(super) fn memory(model: &ReportModel, charts: &[&str]) -> String {
    let rows: Vec<Vec<String>> = model
        .memory
        .iter()
        .filter(|m| !m.arm.is_control)
        .map(|m| {
            let weights: Vec<String> = m
                .weights
                .iter()
                .map(|b| format!("{} {}", b.buffer, units::mib(b.bytes)))
                .collect();
            vec![
                m.arm.variant.clone(),
                text::kv(&m.arm.config),
                if weights.is_empty() {
                    units::NOT_AVAILABLE.to_owned()
                } else {
                    weights.join(", ")
                },
                units::mib(m.kv_bytes),
                units::mib(m.compute_bytes),
                units::mib(m.reading.rss_anon_bytes),
                units::mib(m.reading.rss_file_bytes),
                units::mib(m.reading.rss_bytes_max),
                units::or_na(m.reading.device_bytes, units::mib),
            ]
        })
        .collect();
    let head = [
        "variant",
        "KV",
        "weights by buffer",
        "KV cache",
        "compute",
        "RssAnon",
        "RssFile",
        "peak resident",
        "device",
    ];
    let intro =
        "MiB, each arm in a process of its own. RssFile is the mapped model file (the system may drop and reread it), \
                 RssAnon the rest: KV cache, compute buffers and repacked weights. \
                 The compute buffer is what llama.cpp reserves; parts that nothing uses yet are not resident.\n\n";
    section(
        "Memory",
        intro,
        &format!("{}{}", image(charts, "memory"), table(&head, &rows)),
    )
}

/// Files and what is really in them.
pub(super) fn files(model: &ReportModel) -> String {
    let made = |derived: &DerivedFrom| {
        let note = if derived.is_requantized {
            ", itself quantized"
        } else {
            ""
        };
        format!("made from {} ({}{note})", derived.file, derived.ftype)
    };
    let rows: Vec<Vec<String>> = model
        .header
        .variants
        .iter()
        .map(|v| {
            let types: Vec<String> = v
                .tensor_types
                .iter()
                .map(|(name, s)| format!("{name} x {}", s.n_tensors))
                .collect();
            vec![
                v.id.clone(),
                v.file.clone(),
                units::or_na(v.ftype.clone(), |ftype| ftype),
                types.join(", "),
                format!("{} of {}", v.n_fallback, v.n_tensors),
                units::count(v.model_n_params),
                v.derived_from.as_ref().map_or("as given".to_owned(), made),
                v.sha256.chars().take(16).collect(),
            ]
        })
        .collect();
    let head = [
        "variant",
        "file",
        "its own label",
        "tensors by type",
        "fallback",
        "parameters",
        "origin",
        "SHA-256",
    ];
    section(
        "Files",
        "Read from the files themselves, not from their names. SHA-256 in full in results.json.\n\n",
        &table(&head, &rows),
    )
}

/// Cells without a result.
pub(super) fn failures(model: &ReportModel) -> String {
    let rows: Vec<Vec<String>> = model
        .cells
        .iter()
        .filter_map(|cell| match &cell.outcome {
            Outcome::Ok => None,
            Outcome::Failed(kind, reason) => Some(vec![
                cell.arm.id.clone(),
                cell.spec.to_string(),
                kind.to_string(),
                reason.clone(),
            ]),
        })
        .collect();
    section(
        "Cells that were not measured",
        "",
        &table(&["arm", "work", "outcome", "reason"], &rows),
    )
}

/// A section, or nothing when its body is empty.
pub(super) fn section(title: &str, intro: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!("## {title}\n\n{intro}{body}")
}

pub(super) fn image(charts: &[&str], name: &str) -> String {
    if charts.contains(&name) {
        format!("![{}](charts/{name}.svg)\n\n", name.replace('_', " "))
    } else {
        String::new()
    }
}

/// The middle of the works measured, the lower one of two.
pub(super) fn middle(specs: &[WorkSpec]) -> Option<WorkSpec> {
    specs.get(specs.len().saturating_sub(1) / 2).copied()
}

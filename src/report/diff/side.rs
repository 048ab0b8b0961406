//! One of two things that are compared, whatever it was read from.

use super::quality::SideQuality;
use crate::data::{BuildInfo, HostInfo};
use crate::report::bench::BenchRow;
use crate::report::lang::Lang;
use crate::report::model::process_sd;
use crate::report::{wire, CellReport, Report};
use crate::stats::Interval;
use serde::Serialize;
use std::collections::BTreeMap;

/// A run, or a file of llama-bench.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// That of its folder or file.
    pub name: String,
    /// What it was measured with and on: name and value.
    pub settings: Vec<(String, String)>,
    pub(in crate::report) cells: Vec<SideCell>,
    pub(super) quality: Vec<SideQuality>,
    /// What tells the scored tokens from others: texts and how they were split. Absent when nothing was scored.
    pub(super) tokens: Option<String>,
    /// The A/A control over all cells.
    pub(super) control: Option<Interval>,
    pub is_complete: bool,
    pub is_bench: bool,
    /// Half-width of what counts as the same.
    pub(super) equivalence: f64,
    /// CPU and devices.
    pub(in crate::report) machine: String,
}

/// Tokens per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    pub tps: f64,
    #[serde(flatten, serialize_with = "wire::ends")]
    pub interval: Option<Interval>,
    /// Rounds, or repetitions of llama-bench.
    pub n: u32,
}

/// Something measured.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct SideCell {
    pub(in crate::report) variant: String,
    pub(in crate::report) kv: String,
    pub(in crate::report) work: String,
    pub(in crate::report) rate: Rate,
    /// Throughput in each interleaved round, in their order, by launch.
    pub(in crate::report) rates: Option<Vec<Vec<f64>>>,
    /// What processes are known to differ by in such works.
    pub(in crate::report) process_sd: f64,
}

impl Side {
    pub fn of_run(name: &str, model: &Report) -> Side {
        let cells = model.cells.iter().filter(|c| c.is_ok() && !c.arm.is_control);
        Side {
            name: name.to_owned(),
            settings: settings(model),
            cells: cells.filter_map(cell).collect(),
            quality: SideQuality::all(model),
            tokens: SideQuality::tokens(model),
            control: model.control.pooled.as_ref().map(|c| c.ratio),
            is_complete: model.totals.is_complete,
            is_bench: false,
            equivalence: model.header.plan.equivalence,
            machine: model.header.host.cpu.clone(),
        }
    }

    /// Rows of the same test are one cell: the last counts.
    pub fn of_bench(lang: Lang, name: &str, rows: &[BenchRow]) -> Side {
        let mut cells: Vec<SideCell> = Vec::new();
        for row in rows {
            let cell = SideCell {
                variant: row.variant(),
                kv: row.kv(),
                work: row.work(),
                rate: Rate {
                    tps: row.avg_ts,
                    interval: None,
                    n: row.samples_ns.len() as u32,
                },
                rates: None,
                process_sd: 0.0,
            };
            cells.retain(|other| !is_same(other, &cell));
            cells.push(cell);
        }
        Side {
            name: name.to_owned(),
            settings: bench_settings(lang, rows),
            cells,
            quality: Vec::new(),
            tokens: None,
            control: None,
            is_complete: true,
            is_bench: true,
            equivalence: 0.0,
            machine: rows.first().map_or(String::new(), |r| r.cpu_info.clone()),
        }
    }

    pub(in crate::report) fn cell(&self, like: &SideCell) -> Option<&SideCell> {
        self.cells.iter().find(|cell| is_same(cell, like))
    }

    pub(in crate::report) fn setting(&self, name: &str) -> Option<&str> {
        self.settings
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

fn is_same(a: &SideCell, b: &SideCell) -> bool {
    (&a.variant, &a.kv, &a.work) == (&b.variant, &b.kv, &b.work)
}

fn cell(cell: &CellReport) -> Option<SideCell> {
    let n_tokens = f64::from(cell.spec.shape().n_counted);
    let rates = cell.by_launch(cell.by_round().map(|(round, ns)| (round, n_tokens * 1e9 / ns)));
    let first = rates.values().flatten().next().copied();
    let tps = cell.tps.map(|i| i.estimate).or(first)?;
    Some(SideCell {
        variant: cell.arm.label().to_owned(),
        kv: cell.arm.config.kv(),
        work: cell.spec.to_string(),
        rate: Rate {
            tps,
            interval: cell.tps,
            n: cell.samples_ns.len() as u32,
        },
        rates: Some(rates.into_values().collect()),
        process_sd: process_sd(cell.spec.workload()),
    })
}

/// What bears on speed, under names that llama-bench's rows use where they have them.
fn settings(model: &Report) -> Vec<(String, String)> {
    let (t, header) = (model.lang, &model.header);
    let (host, plan) = (&header.host, &header.plan);
    let mut all = vec![
        (t.d_s_model(), header.model.name.clone()),
        ("llama.cpp".to_owned(), header.llama_cpp.clone()),
        ("kvant".to_owned(), header.tool_version.clone()),
        ("system_info".to_owned(), header.system_info.trim().to_owned()),
    ];
    all.extend(machine(t, host));
    if let Some(arm) = model.baseline() {
        let c = &arm.config;
        all.extend([
            named("devices", &c.device),
            named("n_gpu_layers", c.n_gpu_layers),
            named("n_threads", c.n_threads),
            named("n_batch", c.n_batch),
            named("n_ubatch", c.n_ubatch),
            named("n_ctx", c.n_ctx),
            named("flash_attn", c.flash_attn),
        ]);
    }
    all.extend([
        (t.d_s_level(), plan.level.to_string()),
        (t.d_s_seed(), format!("{} {}", plan.seed, header.salt)),
        (t.d_s_rounds(), model.totals.n_rounds.to_string()),
        (t.d_s_launches(), model.totals.n_launches.to_string()),
        (t.d_s_started(), header.started_at.clone()),
    ]);
    let built = |b: &BuildInfo| format!("{} {}", b.engine.llama_cpp(), b.engine.flags);
    let builds = header.builds.iter();
    all.extend(builds.map(|b| (format!("{} {}", t.h_build(), b.name), built(b))));
    let files = header.variants.iter();
    all.extend(files.map(|v| (t.d_s_sha(&v.id), v.sha256.chars().take(16).collect())));
    all
}

fn machine(t: Lang, host: &HostInfo) -> Vec<(String, String)> {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| t.d_s_absent());
    vec![
        named("cpu_info", &host.cpu),
        (t.d_s_cores(), format!("{} / {}", host.n_cores, host.n_cpus)),
        (t.d_s_memory(), t.bytes(host.memory_bytes)),
        (t.d_s_os(), host.os.clone()),
        (t.d_s_virtualization(), or_none(&host.virtualization)),
        (t.d_s_governor(), or_none(&host.governor)),
    ]
}

/// Values that rows do not agree on are named with all of them.
fn bench_settings(t: Lang, rows: &[BenchRow]) -> Vec<(String, String)> {
    let mut of: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let names = [
        "llama.cpp",
        "cpu_info",
        "n_gpu_layers",
        "n_threads",
        "n_batch",
        "n_ubatch",
        "flash_attn",
    ];
    for row in rows {
        let values = [
            row.build_commit.clone(),
            row.cpu_info.clone(),
            row.n_gpu_layers.to_string(),
            row.n_threads.to_string(),
            row.n_batch.to_string(),
            row.n_ubatch.to_string(),
            row.flash_attn().to_owned(),
        ];
        for (index, value) in values.into_iter().enumerate() {
            let known = of.entry(index).or_default();
            if !known.contains(&value) {
                known.push(value);
            }
        }
    }
    let mut all: Vec<(String, String)> = of.into_iter().map(|(i, v)| named(names[i], v.join(", "))).collect();
    if let Some(row) = rows.first().filter(|row| !row.test_time.is_empty()) {
        all.push((t.d_s_started(), row.test_time.clone()));
    }
    all
}

fn named(name: &str, value: impl std::fmt::Display) -> (String, String) {
    (name.to_owned(), value.to_string())
}

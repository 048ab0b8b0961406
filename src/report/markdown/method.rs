//! How it was measured, how to repeat it, and where the data are.

use super::table::{code, escape};
use crate::data::ArmConfig;
use crate::report::{text, ReportModel};
use crate::units;

/// Machine, versions, rounds, control, stop reason.
pub(super) fn how_measured(model: &ReportModel) -> String {
    let mut lines = machine(model);
    lines.extend(rounds(model));
    lines.extend(settings(model));
    let lines: Vec<String> = lines
        .into_iter()
        .map(|(name, value)| format!("- **{name}**: {value}\n"))
        .collect();
    format!("## How it was measured\n\n{}\n", lines.concat())
}

fn machine(model: &ReportModel) -> Vec<(&'static str, String)> {
    let (header, host) = (&model.header, &model.header.host);
    let cpu = format!(
        "{}, {} cores, {} logical CPUs usable",
        escape(&host.cpu),
        host.n_cores,
        host.n_cpus
    );
    let memory = format!(
        "{}, {} available at the start",
        units::bytes(host.memory_bytes),
        units::bytes(host.memory_available_bytes)
    );
    let mut os = escape(&host.os);
    for (name, value) in [("virtualization", &host.virtualization), ("governor", &host.governor)] {
        os.push_str(
            &value
                .as_ref()
                .map_or(String::new(), |v| format!("; {name} {}", escape(v))),
        );
    }
    let devices = model
        .engine
        .as_ref()
        .map(|e| e.devices.join(", "))
        .filter(|d| !d.is_empty());
    vec![
        ("Machine", cpu),
        ("Memory", memory),
        (
            "System",
            format!("{os}; load at the start {:.2}", f64::from(host.load_percent) / 100.0),
        ),
        ("Devices", devices.map_or("CPU only".to_owned(), |d| escape(&d))),
        (
            "Versions",
            format!(
                "kvant {}; llama.cpp through {}",
                escape(&header.tool_version),
                escape(&header.llama_cpp)
            ),
        ),
        ("System info of llama.cpp", code(header.system_info.trim())),
    ]
}

fn rounds(model: &ReportModel) -> Vec<(&'static str, String)> {
    let (plan, totals) = (&model.header.plan, &model.totals);
    let share = units::or_na(totals.measured_share(), units::percent);
    let control = model
        .control
        .pooled
        .as_ref()
        .map_or(units::NOT_AVAILABLE.to_owned(), |c| {
            format!("{} over all prefill and decode cells", text::ratio(&c.ratio))
        });
    let unused = match totals.n_samples_unused {
        0 => String::new(),
        n => format!("; {} outside complete rounds not used", text::plural(n, "sample")),
    };
    vec![
        ("Rounds", format!(
            "{} complete in {}; every round runs every cell once, in a seeded, counter-balanced order{unused}",
            text::plural(totals.n_rounds, "round"),
            match totals.n_launches { 1 => "1 launch".to_owned(), n => format!("{n} launches") },
        )),
        ("Control (the baseline against itself)", control),
        ("Verdicts", format!(
            "same: interval within {} of 1; faster or slower: interval outside it, beyond the control, Holm's correction over the headline comparisons at {}",
            units::percent(plan.equivalence),
            units::percent(0.05)
        )),
        ("Time", format!(
            "{} in all, {} of it loading; timed samples {}, warm-up {}, quality {}",
            units::duration(totals.wall_ns),
            units::duration(totals.loading_ns),
            units::duration(totals.timed_ns),
            units::duration(totals.warmup_ns),
            units::duration(totals.quality_ns)
        )),
        ("Wall time of scoring over the bare forward passes", units::or_na(model.quality.overhead, units::ratio)),
        ("Share of the time after loading inside timed samples and warm-up", share),
        ("Ended because", text::stopped_by(totals.stopped_by).to_owned()),
    ]
}

fn settings(model: &ReportModel) -> Vec<(&'static str, String)> {
    let (header, plan) = (&model.header, &model.header.plan);
    let arm = model.baseline().map(|arm| &arm.config);
    let info = &header.model;
    let shape = format!(
        "{}, {} layers of {}, {} heads, {} KV heads, vocabulary {}, trained with {} tokens of context",
        escape(&info.architecture),
        info.n_layer,
        info.n_embd,
        info.n_head,
        info.n_head_kv,
        info.n_vocab,
        info.n_ctx_train
    );
    vec![
        ("Model", shape),
        (
            "Configuration",
            arm.map_or(units::NOT_AVAILABLE.to_owned(), configuration),
        ),
        ("Seed and salt", format!("{} and {}", plan.seed, code(&header.salt))),
        ("Corpus SHA-256", code(&header.corpus_sha256)),
        ("Plan SHA-256", code(&header.plan_sha256)),
        ("Level", plan.level.to_string()),
        ("Started", escape(&header.started_at)),
    ]
}

fn configuration(c: &ArmConfig) -> String {
    format!(
        "device {}, n_gpu_layers {}, n_threads {}, n_batch {}, n_ubatch {}, n_ctx {}, flash attention {}",
        escape(&c.device),
        c.n_gpu_layers,
        c.n_threads,
        c.n_batch,
        c.n_ubatch,
        c.n_ctx,
        c.flash_attn
    )
}

/// The command line, quoted for a shell.
pub(super) fn repeat(model: &ReportModel) -> String {
    let words: Vec<String> = model.header.command.iter().map(|word| quoted(word)).collect();
    let command = words.join(" ");
    // The fence is longer than any run of backticks inside.
    let fence = "`".repeat(command.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
    format!("## To repeat it\n\n{fence}sh\n{command}\n{fence}\n\n")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Links to the other files of the run.
pub(super) fn data(model: &ReportModel, charts: &[&str]) -> String {
    let mut links = vec![
        "- [results.json](results.json): every figure, with raw samples\n".to_owned(),
        "- [results.csv](results.csv): one row per cell\n".to_owned(),
        "- [journal.jsonl](journal.jsonl): what was recorded; `kvant report` renders it again\n".to_owned(),
    ];
    if !model.quality.rows.is_empty() {
        links.insert(
            2,
            "- [quality.csv](quality.csv): one row per scored arm and window\n".to_owned(),
        );
    }
    links.extend(
        charts
            .iter()
            .map(|name| format!("- chart {name}: [SVG](charts/{name}.svg), [PNG](charts/{name}.png)\n")),
    );
    format!("## Data\n\n{}", links.concat())
}

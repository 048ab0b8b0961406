//! How it was measured, how to repeat it, and where the data are.

use crate::data::ArmConfig;
use crate::report::charts::ChartName;
use crate::report::document::{section, Block, Span};
use crate::report::files::FILES;
use crate::report::lang::Lang;
use crate::report::text::command_line;
use crate::report::Report;

type Fact = (String, Vec<Span>);

/// Machine, versions, rounds, control, stop reason.
pub(super) fn how_measured(model: &Report) -> Vec<Block> {
    let mut facts = machine(model);
    facts.extend(rounds(model));
    facts.extend(settings(model));
    section(
        model.lang.how_measured(),
        model.lang.how_measured_intro(),
        vec![Block::Facts(facts)],
    )
}

fn plain(name: String, value: impl Into<String>) -> Fact {
    (name, vec![Span::text(value)])
}

fn coded(name: String, value: &str) -> Fact {
    (name, vec![Span::code(value)])
}

fn machine(model: &Report) -> Vec<Fact> {
    let (t, header, host) = (model.lang, &model.header, &model.header.host);
    let mut os = host.os.clone();
    os.push_str(
        &host
            .virtualization
            .as_ref()
            .map_or(String::new(), |v| t.virtualization(v)),
    );
    os.push_str(&host.governor.as_ref().map_or(String::new(), |g| t.governor(g)));
    let devices = model.engine.as_ref().map(|e| e.devices.join(", "));
    let devices = devices.filter(|d| !d.is_empty()).unwrap_or_else(|| t.cpu_only());
    let load = t.two_decimals(f64::from(host.load_percent) / 100.0);
    let memory = t.memory_at_start(t.bytes(host.memory_bytes), t.bytes(host.memory_available_bytes));
    vec![
        plain(t.f_machine(), t.machine(&host.cpu, host.n_cores, host.n_cpus)),
        plain(t.f_memory(), memory),
        plain(t.f_system(), t.load_at_start(os, load)),
        plain(t.f_devices(), devices),
        plain(t.f_versions(), t.versions(&header.tool_version, &header.llama_cpp)),
        coded(t.f_system_info(), header.system_info.trim()),
    ]
}

fn rounds(model: &Report) -> Vec<Fact> {
    let (t, plan, totals) = (model.lang, &model.header.plan, &model.totals);
    let control = t.or_na(model.control.pooled.as_ref(), |c| t.over_all_cells(t.ratio(&c.ratio)));
    let unused = match totals.n_samples_unused {
        0 => String::new(),
        n => t.not_used(t.samples(n)),
    };
    let complete = t.rounds_complete(t.rounds(totals.n_rounds), t.launches(totals.n_launches), unused);
    let times = t.times(
        t.duration(totals.wall_ns),
        t.duration(totals.loading_ns),
        t.duration(totals.timed_ns),
        t.duration(totals.warmup_ns),
        t.duration(totals.quality_ns),
    );
    vec![
        plain(t.f_rounds(), complete),
        plain(t.f_control(), control),
        plain(
            t.f_verdicts(),
            t.verdict_rule(t.percent(plan.equivalence), t.percent(0.05)),
        ),
        plain(t.f_time(), times),
        plain(t.f_overhead(), t.or_na(model.quality.overhead, |x| t.factor(x))),
        plain(t.f_share(), t.or_na(totals.measured_share(), |x| t.percent(x))),
        plain(t.f_ended(), t.stopped_by(totals.stopped_by)),
    ]
}

fn settings(model: &Report) -> Vec<Fact> {
    let (t, header, plan) = (model.lang, &model.header, &model.header.plan);
    let info = &header.model;
    let shape = t.shape(
        &info.architecture,
        info.n_layer,
        info.n_embd,
        t.heads(info.n_head, info.n_head_kv),
        info.n_vocab,
        info.n_ctx_train,
    );
    let seed = vec![Span::text(t.seed_and(plan.seed)), Span::code(&header.salt)];
    vec![
        plain(t.f_model(), shape),
        plain(
            t.f_configuration(),
            t.or_na(model.baseline(), |arm| configuration(t, &arm.config)),
        ),
        (t.f_seed(), seed),
        coded(t.f_corpus(), &header.corpus_sha256),
        coded(t.f_plan(), &header.plan_sha256),
        plain(t.f_level(), plan.level.name()),
        plain(t.f_started(), &header.started_at),
    ]
}

fn configuration(t: Lang, c: &ArmConfig) -> String {
    let sizes = format!(
        "n_gpu_layers {}, n_threads {}, n_batch {}, n_ubatch {}, n_ctx {}",
        c.n_gpu_layers, c.n_threads, c.n_batch, c.n_ubatch, c.n_ctx
    );
    t.configuration(&c.device, sizes, c.flash_attn)
}

/// The command line, quoted for a shell.
pub(super) fn repeat(model: &Report) -> Vec<Block> {
    let command = Block::Command(command_line(&model.header.command));
    section(model.lang.repeat(), model.lang.repeat_intro(), vec![command])
}

/// Links to the other files of the run.
pub(super) fn data(model: &Report, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let file = |name: &'static str, what: String| vec![Span::Link(name, name.to_owned()), Span::Text(what)];
    let there = FILES.iter().filter(|file| (file.is_there)(model));
    let mut links: Vec<Vec<Span>> = there.filter_map(|f| Some(file(f.name, f.what?(t)))).collect();
    let mut journal = file("journal.jsonl", t.d_journal());
    journal.extend([Span::code("kvant report"), Span::Text(t.d_journal_again())]);
    links.push(journal);
    links.extend(charts.iter().map(|chart| {
        let name = chart.name;
        vec![
            Span::Text(t.d_chart(name)),
            Span::Link("SVG", format!("charts/{name}.svg")),
            Span::text(", "),
            Span::Link("PNG", format!("charts/{name}.png")),
        ]
    }));
    section(t.data(), t.data_intro(), vec![Block::Items(links)])
}

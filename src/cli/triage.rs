//! `kvant triage`: which variant to run here, in about a minute; the answer is kept.

use super::args::{CompareArgs, Global, TriageArgs, WorkloadChoice};
use super::candidates::Candidates;
use super::compare::{default_args, Job};
use super::exit::{Failure, BAD_INPUT, UNEXPECTED};
use super::progress::LiveLine;
use super::report::{code, finish, print_summary, write_report, JOURNAL_NAME};
use super::sources::Sources;
use super::stop::Stop;
use super::{kept, lock, look, resolve};
use crate::data::{RunHeader, Workload};
use crate::journal;
use crate::report::{emit, ReportModel};
use crate::runner::Course;
use crate::{corpus, host, plan};
use std::path::{Path, PathBuf};

/// Folder of kept answers in the store.
const ANSWERS: &str = "answers";
/// Confidence of the looks on the way. Several looks at 95 % would too often find a difference where there is none; an early stop
/// needs 99 % (as Haybittle's boundary, Br. J. Radiol. 44, 1971), the report at the end has 95 %.
const LOOK_LEVEL: f64 = 0.99;

/// Answers from what is kept, or measures.
pub fn run(args: &TriageArgs, global: &Global) -> Result<u8, Failure> {
    let host = host::gather();
    let mut compare = as_compare(args)?;
    let stop = Stop::install()?;
    let live = LiveLine::new(global);
    let sources = Sources::of_user(global, &stop)?;
    let engine = crate::engine::info();
    let candidates = match args.shape {
        Some(_) => None,
        None => Candidates::look(args, &compare, (&host, &engine), &sources, (global, &stop))?,
    };
    if let (Some(candidates), true) = (&candidates, args.dry_run) {
        return candidates.print(global);
    }
    if let Some(candidates) = &candidates {
        compare.variants = candidates.contenders()?;
    }
    let mut settings = resolve::settings(&compare, &host, &engine.devices)?;
    settings.is_triage = true;
    let plan = plan::build(&settings)?;
    let mut job = Job::prepare(&compare, settings, (plan, None), (host, engine), &sources, &live)?;
    job.header.left_out = candidates.map_or_else(Vec::new, |c| c.left_out());
    let paths = job.paths();
    let folder = sources.store_root().join(ANSWERS).join(question(&job.header));
    let kept = if args.fresh {
        None
    } else {
        kept(&folder, &job.header, global)
    };
    if let Some((model, dir)) = kept {
        if !global.quiet {
            eprintln!(
                "measured at {}, kept in {}; --fresh measures again",
                model.header.started_at,
                dir.display()
            );
        }
        match args.emit {
            Some(_) => print_command(&model, args, &paths)?,
            None => print_summary(&model, global)?,
        }
        return Ok(code(&model));
    }
    let dir = args.out.clone().unwrap_or_else(|| folder.join(&job.header.run_id));
    job.dir.clone_from(&dir);
    job.tell(global);
    let path = dir.join(JOURNAL_NAME);
    {
        let _lock = lock::wait_for_machine(&live, &stop)?;
        let seen = path.clone();
        job.measure(None, live, &stop, Some(Box::new(move || course(&seen))))?;
    }
    let journal = journal::read(&path)?;
    if args.out.is_some() {
        keep(&path, &folder, &journal.header.run_id)?;
    }
    match args.emit {
        None => finish(&journal, &dir, global),
        Some(_) => {
            let model = ReportModel::build_in(global.lang.into(), &journal.header, &journal.records);
            write_report(&model, &dir)?;
            print_command(&model, args, &paths)?;
            Ok(code(&model))
        }
    }
}

/// The flags of a compare that measures what a triage needs.
fn as_compare(args: &TriageArgs) -> Result<CompareArgs, Failure> {
    let default = default_args()?;
    if args.depth == 0 || args.n_prompt == 0 {
        return Err(Failure::msg(
            BAD_INPUT,
            "--depth and --n-prompt need at least 1 token; for example --depth 512",
        ));
    }
    Ok(CompareArgs {
        model: args.model.clone(),
        shape: args.shape.clone(),
        variants: match args.variants.as_slice() {
            [] => default.variants.clone(),
            given => given.to_vec(),
        },
        kv: args.kv.clone(),
        goal: args.goal.clone(),
        n_ctx: args.n_ctx,
        depths: vec![args.depth],
        n_prompt: vec![args.n_prompt],
        n_gen: 16,
        workloads: [Workload::Prefill, Workload::Decode].map(WorkloadChoice::One).to_vec(),
        budget: Some(args.budget),
        quality: args.quality,
        quality_precision: 0.02,
        quality_chunks: Some(N_CHUNKS),
        // A prompt into a quantized cache takes long on a CPU: only where its first token has a limit.
        full_matrix: args.goal.max_ttft.is_some(),
        threads: args.threads.clone(),
        device: args.device.clone(),
        n_gpu_layers: args.n_gpu_layers.clone(),
        seed: args.seed,
        ..default
    })
}

/// Chunks that are scored at most.
const N_CHUNKS: u32 = 24;

/// Names what is asked: machine, build, files and plan. Limits are not part of it: they are held against what was measured.
fn question(header: &RunHeader) -> String {
    let host = &header.host;
    let mut words = vec![
        header.plan_sha256.clone(),
        header.tool_version.clone(),
        header.llama_cpp.clone(),
        header.system_info.clone(),
        header.corpus_sha256.clone(),
        host.cpu.clone(),
        format!("{} {} {}", host.n_cpus, host.memory_bytes, host.os),
    ];
    words.extend(header.variants.iter().map(|v| v.sha256.clone()));
    corpus::sha256_hex(&words.join("\n"))
}

/// The last kept run that answers the question with these limits.
fn kept(folder: &Path, asked: &RunHeader, global: &Global) -> Option<(ReportModel, PathBuf)> {
    kept::newest_first(folder).find_map(|dir| {
        let mut journal = kept::read(&dir)?;
        let is_same_goal = journal.header.goal == asked.goal;
        journal.header.goal = asked.goal;
        // Other limits than those it was measured for: only if it settles them.
        let model = ReportModel::build_in(global.lang.into(), &journal.header, &journal.records);
        let is_settled = model.decision.as_ref().is_some_and(|d| !d.decision.answer.is_open());
        (model.totals.is_complete && (is_same_goal || is_settled)).then_some((model, dir))
    })
}

/// Keeps the journal of a run that was written elsewhere.
fn keep(journal: &Path, folder: &Path, run_id: &str) -> Result<(), Failure> {
    let dir = folder.join(run_id);
    let copied = std::fs::create_dir_all(&dir).and_then(|()| std::fs::copy(journal, dir.join(JOURNAL_NAME)));
    copied.map(drop).map_err(|e| {
        let text = format!(
            "the answer is in {}, but cannot be kept in {} ({e})",
            journal.display(),
            dir.display()
        );
        Failure::msg(UNEXPECTED, text)
    })
}

/// A look at the journal between two rounds.
fn course(path: &Path) -> Course {
    let Ok(journal) = journal::read(path) else {
        return Course::default();
    };
    let plan = &journal.header.plan;
    let Some(report) = ReportModel::decision_at(&journal.header, &journal.records, LOOK_LEVEL) else {
        return Course::default();
    };
    let out = |arm: &crate::data::Arm| !arm.is_control && !report.is_in_race(&arm.id);
    Course {
        dropped: (0..plan.arms.len()).filter(|&i| out(&plan.arms[i])).collect(),
        is_decided: !report.decision.answer.is_open(),
    }
}

/// What runs the choice, or the best guess.
fn print_command(model: &ReportModel, args: &TriageArgs, paths: &[(String, PathBuf)]) -> Result<(), Failure> {
    let lead = model
        .decision
        .as_ref()
        .and_then(|d| Some((d, d.decision.answer.lead()?)));
    let (Some((report, lead)), Some(program)) = (lead, args.emit) else {
        return Ok(());
    };
    let arm = &report.arms[lead];
    let path = paths.iter().find(|(id, _)| *id == arm.variant).map(|(_, path)| path);
    let file = path.map_or_else(|| arm.variant.clone(), |p| p.display().to_string());
    look::print(&emit(program, &arm.config, &report.goal, &file)).map_err(|e| Failure::new(UNEXPECTED, e))
}

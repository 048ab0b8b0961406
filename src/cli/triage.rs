//! `kvant triage`: which variant to run here, in about a minute; the answer is cached.

use super::args::{CompareArgs, Global, TriageArgs};
use super::candidates::Candidates;
use super::compare::{default_args, obtain};
use super::desk::Desk;
use super::exit::Failure;
use super::finish::{code, finish, Shown};
use super::job::{unused, Job};
use super::runs::JOURNAL_NAME;
use super::values::WorkloadChoice;
use super::{answers, mix, output, resolve};
use crate::data::{Goal, Purpose, RequestShape, Workload};
use crate::plan::{self, Settings, WorkFlags};
use crate::{engine, host};

pub fn run(args: &TriageArgs, global: &Global) -> Result<u8, Failure> {
    let mut compare = as_compare(args)?;
    let desk = Desk::new(global, host::gather(), engine::info())?;
    let candidates = match args.shape {
        Some(_) => None,
        None => Candidates::find(args, &compare, &desk)?,
    };
    if let (Some(candidates), true) = (&candidates, args.dry_run) {
        return candidates.print(global);
    }
    if let Some(candidates) = &candidates {
        compare.variants = candidates.contenders()?;
    }
    let mut files = obtain(&compare, "triage", &desk)?;
    if args.with_mix {
        files.variants.extend(mix::candidates(&args.models, &desk)?);
    }
    let settings = Settings {
        variants: files.ids(),
        is_triage: true,
        ..resolve::settings(&compare, &desk.host, &desk.engine.devices, &[])?
    };
    let plan = plan::build(&settings)?;
    let mut job = Job::prepare(&compare, settings, (plan, None), files, &desk)?;
    job.header.left_out = candidates.map_or_else(Vec::new, |c| c.left_out());
    let folder = answers::folder(desk.sources.store().root(), &job.header);
    let answered = if args.fresh {
        None
    } else {
        answers::cached(&folder, &job.header)
    };
    let mut shown = Shown {
        emit: args.emit,
        ..Shown::default()
    };
    let mut past = None;
    if let Some((journal, model, dir)) = answered {
        let is_settled = model.decision.as_ref().is_some_and(|d| d.decision.is_settled(&d.goal));
        if is_settled && !args.more {
            if !global.quiet {
                output::say(format!(
                    "measured at {}, cached in {}; --more goes on measuring, --fresh begins again",
                    model.header.started_at,
                    dir.display()
                ));
            }
            output::print(&shown.text(&model, global)?)?;
            return Ok(code(&model));
        }
        // What is not settled yet is gone on with, and so is what the user wants to know better.
        if args.out.is_none() {
            job.header.plan = journal.header.plan.clone();
            past = Some((journal, dir));
        }
    }
    let is_new = past.is_none();
    let (past, dir) = match past {
        Some((journal, dir)) => (Some(journal), dir),
        None => {
            let of_folder = || unused(&folder, &job.header.run_id);
            (None, args.out.clone().unwrap_or_else(of_folder))
        }
    };
    job.dir = Some(dir.clone());
    if is_new {
        job.tell(global);
    } else if !global.quiet {
        output::say(format!("goes on with what was measured before, in {}", dir.display()));
    }
    let variants = job.header.variants.clone();
    let mut journal = job.measure_alone(past, &desk)?.journal;
    // Where they are now; that is all in which those of a run that was gone on with can differ.
    journal.header.variants = variants;
    if let Err(stopped) = desk.stop.check_measured(&journal, "the same command measures again") {
        if is_new && args.out.is_none() {
            // A run without a sample answers no question.
            let _ = std::fs::remove_dir_all(&dir);
        }
        return Err(stopped);
    }
    if args.out.is_some() {
        answers::cache(&dir.join(JOURNAL_NAME), &folder, &journal.header.run_id)?;
    }
    shown.is_warned = is_new && !global.quiet;
    finish(&journal, &dir, global, shown)
}

fn as_compare(args: &TriageArgs) -> Result<CompareArgs, Failure> {
    let default = default_args()?;
    let named = args.goal.request;
    let asked = named
        .filter(|r| !r.is_decode_alone())
        .unwrap_or(Purpose::Chat.request());
    let request = RequestShape {
        n_prompt: args.n_prompt.unwrap_or(asked.n_prompt),
        ..asked
    };
    Ok(CompareArgs {
        models: args.models.clone(),
        shape: args.shape.clone(),
        variants: args.variants.clone(),
        kv: args.kv.clone(),
        goal: Goal {
            // Its works are named below.
            request: named.map(|named| if named.is_decode_alone() { named } else { request }),
            ..args.goal
        },
        n_ctx: args.n_ctx,
        work_flags: WorkFlags {
            n_prompt: vec![request.n_prompt],
            depths: vec![args.depth.unwrap_or(request.n_depth())],
            n_gen: 16,
            ..WorkFlags::default()
        },
        workloads: [Workload::Prefill, Workload::Decode].map(WorkloadChoice::One).to_vec(),
        budget: Some(args.budget),
        quality: args.quality,
        quality_chunks: Some(N_CHUNKS),
        threads: args.threads.clone(),
        device: args.device.clone(),
        n_gpu_layers: args.n_gpu_layers.clone(),
        seed: args.seed,
        ..default
    })
}

const N_CHUNKS: u32 = 24;

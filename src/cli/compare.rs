//! `kvant compare`: the main job.

use super::args::{self, CompareArgs, Global};
use super::desk::Desk;
use super::exit::{Failure, BAD_INPUT};
use super::finish::{check_form, finish, Shown};
use super::job::{Job, Measured};
use super::runs::JOURNAL_NAME;
use super::{builds, device, resolve, resume, survey};
use crate::catalog::{ModelFiles, Request, BUILTIN_MODEL, DEFAULT_MODEL};
use crate::data::{Plan, Shards, VariantInfo};
use crate::engine;
use crate::journal::{self, Journal};
use crate::plan::ShardOf;
use crate::{host, plan};
use std::path::Path;

pub fn run(given: &CompareArgs, global: &Global) -> Result<u8, Failure> {
    check_form(given.format.is_some(), global)?;
    let host = host::gather();
    let past = if resume::is_to_continue(given) {
        Some(read_past(given)?)
    } else {
        None
    };
    let args = match &past {
        Some(journal) => of_run(resume::recorded_args(&journal.header, given)?, journal),
        None => CompareArgs {
            resume: false,
            ..given.clone()
        },
    };
    let builds = builds::read(&args.workers, args.server.as_deref())?;
    let engine = builds.first().map_or_else(engine::info, |b| b.info.engine.clone());
    let mut settings = resolve::settings(&args, &host, &engine.devices, &builds)?;
    // What cannot be measured at all is refused before anything is fetched.
    plan::build(&settings)?;
    device::check_servers(&args.rpc)?;
    let desk = Desk::new(global, host, engine)?;
    if args.dry_run {
        let fast_types = resolve::fast_types(&desk.host, &desk.engine, &args.device);
        return survey::run(&request(&args, "compare", &fast_types), &desk.sources, global);
    }
    let mut files = obtain(&args, "compare", &desk)?;
    settings.variants = files.ids();
    if args.server.is_some() && settings.variants.len() != 1 {
        let why = "--server: it runs one variant; name that one, such as MODEL:Q8_0 or --variants Q8_0";
        return Err(Failure::msg(BAD_INPUT, why));
    }
    let plan = match &past {
        // Threads and the like default to the machine: the plan of a run is what it was started with.
        Some(journal) => journal.header.plan.clone(),
        None => plan::build(&settings)?,
    };
    let (plan, shards) = match (&past, args.shard) {
        (Some(journal), _) => (plan, journal.header.shards.clone()),
        (None, Some(shard)) => split(plan, shard)?,
        (None, None) => (plan, None),
    };
    let is_used = |variant: &VariantInfo| plan.arms.iter().any(|arm| arm.variant == variant.id);
    files.variants.retain(|(variant, _)| is_used(variant));
    let mut job = Job::prepare(&args, settings, (plan, shards), files, &desk)?;
    job.measure_with(builds);
    job.tell(global);
    let Measured { dir, journal, _lock } = job.measure_alone(past, &desk)?;
    let next = format!("--resume --out {} goes on with the run", dir.display());
    desk.stop.check_measured(&journal, next)?;
    let shown = Shown {
        format: given.format,
        emit: None,
        is_warned: !global.quiet,
    };
    finish(&journal, &dir, global, shown)
}

/// The flags of a `compare` for which nothing was given but `--level quick`.
pub(super) fn default_args() -> Result<CompareArgs, Failure> {
    args::given(&["--level", "quick"])
}

fn read_past(args: &CompareArgs) -> Result<Journal, Failure> {
    let dir = args.out.as_deref().unwrap_or(Path::new("."));
    Ok(journal::read(&dir.join(JOURNAL_NAME))?)
}

/// The part of a plan that is to be measured, and where it belongs.
fn split(whole: Plan, of: ShardOf) -> Result<(Plan, Option<Box<Shards>>), Failure> {
    let part = plan::shard(&whole, of)?;
    let shards = Shards {
        indices: vec![of.index],
        count: of.count,
        node: host::node(),
        whole,
    };
    Ok((part, Some(Box::new(shards))))
}

/// A run that named no model goes on with the one it got, and every run with the variants it has.
fn of_run(mut args: CompareArgs, journal: &Journal) -> CompareArgs {
    if args.models.is_empty() {
        let default = match journal.header.model.name.as_str() {
            "built-in" => BUILTIN_MODEL,
            _ => DEFAULT_MODEL,
        };
        args.models.push(default.to_owned());
    }
    (args.variants, args.baseline) = (Vec::new(), None);
    for arm in &journal.header.plan.arms {
        if !args.variants.contains(&arm.variant) {
            args.variants.push(arm.variant.clone());
        }
    }
    args
}

/// What the flags ask of the catalog.
fn request<'a>(args: &'a CompareArgs, command: &'static str, fast_types: &'a [String]) -> Request<'a> {
    Request {
        baseline: args.baseline.as_deref(),
        is_derived: args.derive,
        // A gate and a server are of one variant.
        makes_others: command != "gate" && args.server.is_none(),
        fast_types,
        command,
        ..Request::of(&args.models, &args.variants)
    }
}

/// The files of the variants, the baseline first.
pub(super) fn obtain(args: &CompareArgs, command: &'static str, desk: &Desk<'_>) -> Result<ModelFiles, Failure> {
    let Desk { sources, live, .. } = desk;
    let fast_types = resolve::fast_types(&desk.host, &desk.engine, &args.device);
    let request = request(args, command, &fast_types);
    let Some(shape) = &args.shape else {
        return sources.resolve(&request, live);
    };
    let models = [sources.shape(shape, live)?.display().to_string()];
    let request = Request {
        models: &models,
        ..request
    };
    sources.resolve(&request, live)
}

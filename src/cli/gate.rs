//! `kvant gate`: whether a build is slower than another, or computes something else, for what runs the tests of a change.

use super::args::{CompareArgs, GateArgs, Global};
use super::builds;
use super::compare::{default_args, obtain};
use super::desk::Desk;
use super::exit::{Failure, BAD_INPUT};
use super::finish::{finish, Shown};
use super::job::{Job, Measured};
use super::resolve;
use super::values::WorkloadChoice;
use crate::data::{FailOn, QualityLoss, Workload};
use crate::host;
use crate::plan::{self, QualityMode, Settings, WorkFlags};
use crate::runner::MemoryTurn;
use std::path::Path;

/// Of a model of which nothing else is named.
const VARIANT: &str = "Q8_0";

pub fn run(args: &GateArgs, global: &Global) -> Result<u8, Failure> {
    let compare = as_compare(args)?;
    let host = host::gather();
    let builds = builds::read(&args.workers, None)?;
    let [base, _] = builds.as_slice() else {
        let why = "a gate holds one executable against another: give --worker base=PATH --worker candidate=PATH";
        return Err(Failure::msg(BAD_INPUT, why));
    };
    let engine = base.info.engine.clone();
    let mut settings = Settings {
        is_gate: true,
        max_quality_loss: args.fail_on.iter().find_map(|condition| match condition {
            FailOn::Kld(most) => Some(QualityLoss::Kld(*most)),
            FailOn::Slower(_) => None,
        }),
        ..resolve::settings(&compare, &host, &engine.devices, &builds)?
    };
    plan::build(&settings)?;
    let desk = Desk::new(global, host, engine)?;
    let files = obtain(&compare, "gate", &desk)?;
    settings.variants = files.ids();
    if settings.variants.len() > 1 && compare.quality == QualityMode::On {
        let why = "--fail-on kld: divergence is told of one variant at a time; name one with --variants, or run a gate for each";
        return Err(Failure::msg(BAD_INPUT, why));
    }
    let plan = plan::build(&settings)?;
    let mut job = Job::prepare(&compare, settings, (plan, None), files, &desk)?;
    job.header.gate.clone_from(&args.fail_on);
    job.memory = MemoryTurn::Never;
    job.measure_with(builds);
    job.tell(global);
    let Measured { dir, journal, _lock } = job.measure_alone(None, &desk)?;
    desk.stop.check_measured(&journal, "the same command measures again")?;
    finish(&journal, &dir, global, Shown::default())
}

fn as_compare(args: &GateArgs) -> Result<CompareArgs, Failure> {
    let is_name = |model: &String| !model.to_ascii_lowercase().ends_with(".gguf") && !model.contains(':');
    let is_named = args.models.iter().any(|m| is_name(m) && !Path::new(m).exists());
    let kld = args.fail_on.iter().any(|condition| matches!(condition, FailOn::Kld(_)));
    Ok(CompareArgs {
        models: args.models.clone(),
        variants: match args.variants.is_empty() && is_named {
            true => vec![VARIANT.to_owned()],
            false => args.variants.clone(),
        },
        workers: args.workers.clone(),
        kv: args.kv.clone(),
        work_flags: WorkFlags {
            n_prompt: vec![args.n_prompt],
            depths: vec![args.depth],
            ..WorkFlags::default()
        },
        workloads: [Workload::Prefill, Workload::Decode].map(WorkloadChoice::One).to_vec(),
        budget: Some(args.budget),
        quality: if kld { QualityMode::On } else { QualityMode::Off },
        text: args.text.clone(),
        threads: args.threads.into_iter().collect(),
        device: args.device.clone(),
        deadline: args.deadline,
        seed: args.seed,
        out: args.out.clone(),
        ..default_args()?
    })
}

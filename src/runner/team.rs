//! The workers of a launch, one process for each arm: bringing them up, and bringing one up again after it died.

use super::child::{AskError, Worker};
use super::config::{nanos, ModelFile, Site};
use crate::data::{Arm, Cell, EngineInfo, FailureKind, LoadedArm, Sample, WorkSpec, Workload};
use crate::protocol::{Reply, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

/// The only context of a worker.
const CONTEXT: usize = 0;

/// An arm that is up: how it loaded, and how long each of its cells took once.
pub struct ArmUp {
    pub loaded: LoadedArm,
    pub execution_ns: Vec<(usize, u64)>,
}

/// The result of bringing an arm up.
#[derive(Default)]
pub struct BringUp {
    /// Absent when none of its cells can be measured.
    pub arm: Option<ArmUp>,
    /// Cells that failed on the way.
    pub failed: Vec<(usize, FailureKind, String)>,
    /// Of the wall time: spawning, loading and opening the context.
    pub loading_ns: u64,
    /// Of the wall time: the untimed round.
    pub warmup_ns: u64,
    pub engine: Option<EngineInfo>,
}

/// The user wants to stop.
#[derive(Debug)]
pub struct Interrupted;

/// How a sample request ended.
pub enum Measured {
    Sample(Box<Sample>),
    /// The cell failed; when the worker is gone, it has to be brought up again for its other cells.
    Failed(FailureKind, String),
}

/// All workers that are up, by arm.
pub struct Team<'a> {
    site: Site<'a>,
    workers: BTreeMap<usize, Worker>,
    n_spawned: u64,
}

impl<'a> Team<'a> {
    pub fn new(site: Site<'a>) -> Self {
        Team {
            site,
            workers: BTreeMap::new(),
            n_spawned: 0,
        }
    }

    pub fn is_up(&self, arm: usize) -> bool {
        self.workers.contains_key(&arm)
    }

    /// Ends one worker in good order.
    pub fn dismiss(&mut self, arm: usize) {
        if let Some(worker) = self.workers.remove(&arm) {
            worker.quit();
        }
    }

    pub fn dismiss_all(&mut self) {
        std::mem::take(&mut self.workers).into_values().for_each(Worker::quit);
    }

    /// Spawns the worker of `arm`, loads its model, opens and warms its context for the cells in `live`. What fails takes
    /// its cells out and the rest is tried again, so this ends with everything up that can be. With `is_timed` it is known
    /// how long each cell takes, and work is left out of the warming that filling the cache does as well.
    pub fn bring_up(&mut self, arm: usize, live: &BTreeSet<usize>, is_timed: bool) -> Result<BringUp, Interrupted> {
        let mut result = BringUp::default();
        let mut cells: Vec<usize> = live.iter().copied().filter(|&c| self.site.arm(c) == arm).collect();
        let mut how = Warming {
            is_careful: false,
            is_short: is_timed,
        };
        while !cells.is_empty() {
            self.n_spawned += 1;
            match try_bring_up(self.site, arm, &cells, how, self.n_spawned, &mut result) {
                Ok(worker) => {
                    self.workers.insert(arm, worker);
                    return Ok(result);
                }
                Err(Stumble::Interrupted) => return Err(Interrupted),
                // The untimed round runs all cells at once: the next attempt asks for each alone, to find the culprit.
                Err(Stumble::InPrepare(_)) if !how.is_careful => how.is_careful = true,
                Err(Stumble::InPrepare(failed) | Stumble::Failed(failed)) => {
                    cells.retain(|cell| !failed.cells.contains(cell));
                    let each = failed.cells.into_iter();
                    result
                        .failed
                        .extend(each.map(|cell| (cell, failed.kind, failed.reason.clone())));
                }
            }
        }
        Ok(result)
    }

    /// One timed sample of `cell`; its worker must be up.
    pub fn measure(&mut self, cell: usize, round: u32, n_repeat: u32, cost_ns: u64) -> Result<Measured, Interrupted> {
        let Site { run, mailbox } = self.site;
        let arm = self.site.arm(cell);
        let Some(worker) = self.workers.get_mut(&arm) else {
            return Ok(Measured::Failed(FailureKind::Crashed, "its worker is not up".into()));
        };
        let request = Request::Measure {
            context: CONTEXT,
            spec: self.site.spec(cell),
            round,
            n_repeat,
        };
        let answer = match worker.ask(&request, mailbox, run.deadline(cost_ns)) {
            Ok(Reply::Sampled { sample }) => return Ok(Measured::Sample(Box::new(sample))),
            Ok(other) => Err(worker.off_script(&other)),
            Err(e) => Err(e),
        };
        match answer {
            Err(AskError::Refused(kind, reason)) => Ok(Measured::Failed(kind, reason)),
            Err(AskError::Dead(kind, reason)) => {
                self.workers.remove(&arm);
                Ok(Measured::Failed(kind, reason))
            }
            Err(AskError::Interrupted) | Ok(()) => Err(Interrupted),
        }
    }
}

/// Why one attempt did not bring an arm up.
enum Stumble {
    Interrupted,
    Failed(Failed),
    InPrepare(Failed),
}

/// How the untimed round is run.
#[derive(Clone, Copy)]
struct Warming {
    /// Cell by cell, to find the one that fails.
    is_careful: bool,
    /// Only what [`needed`] says.
    is_short: bool,
}

/// Cells that a worker must run before it is timed: those that start from a filled cache, whose states and contexts it keeps, and
/// what is longer than the depths to which decoding fills the cache.
fn needed(site: Site, cells: &[usize]) -> Vec<usize> {
    let specs = || cells.iter().map(|&c| (c, site.spec(c)));
    let decodes = specs().filter(|(_, spec)| spec.workload == Workload::Decode);
    let deepest = decodes.map(|(_, spec)| spec.n_depth).max().unwrap_or(0);
    let is_kept = |spec: &WorkSpec| spec.workload.starts_filled() || spec.workload.is_at_once();
    let is_needed = |spec: &WorkSpec| is_kept(spec) || spec.n_prompt.max(spec.n_depth) > deepest;
    specs().filter(|(_, spec)| is_needed(spec)).map(|(c, _)| c).collect()
}

/// The cells that pay for a failure.
struct Failed {
    cells: Vec<usize>,
    kind: FailureKind,
    reason: String,
}

fn stumble(error: AskError, cells: &[usize], of: fn(Failed) -> Stumble) -> Stumble {
    match error {
        AskError::Interrupted => Stumble::Interrupted,
        AskError::Refused(kind, reason) | AskError::Dead(kind, reason) => of(Failed {
            cells: cells.to_vec(),
            kind,
            reason,
        }),
    }
}

fn try_bring_up(
    site: Site,
    arm: usize,
    cells: &[usize],
    how: Warming,
    id: u64,
    result: &mut BringUp,
) -> Result<Worker, Stumble> {
    let start = Instant::now();
    let loaded = spawn(site, arm, id).and_then(|mut worker| {
        result.engine = Some(worker.engine.clone());
        let loaded = load_and_open(site, &mut worker, arm, site.run.n_tokens())?;
        Ok((worker, loaded))
    });
    result.loading_ns += nanos(start);
    let (mut worker, loaded) = loaded.map_err(|e| stumble(e, cells, Stumble::Failed))?;
    let start = Instant::now();
    let due: Vec<usize> = if how.is_short {
        needed(site, cells)
    } else {
        cells.to_vec()
    };
    let n_at_once = if how.is_careful { 1 } else { due.len().max(1) };
    let execution_ns: Result<Vec<_>, _> = due
        .chunks(n_at_once)
        .map(|some| prepare(site, &mut worker, some).map_err(|e| stumble(e, some, Stumble::InPrepare)))
        .collect();
    result.warmup_ns += nanos(start);
    result.arm = Some(ArmUp {
        loaded,
        execution_ns: due.into_iter().zip(execution_ns?.concat()).collect(),
    });
    Ok(worker)
}

fn spawn(site: Site, arm: usize, id: u64) -> Result<Worker, AskError> {
    let arm = &site.run.plan.arms[arm];
    if let Some(why) = site.run.files.get(&arm.variant).and_then(ModelFile::change) {
        return Err(AskError::Refused(FailureKind::Engine, why));
    }
    Worker::spawn(
        &site.run.command.of_arm(&arm.config),
        &arm.id,
        id,
        site.mailbox,
        site.run.deadline(0),
    )
}

/// Loads the model of an arm with `n_tokens` of text, and opens its context.
pub(super) fn load_and_open(
    site: Site,
    worker: &mut Worker,
    index: usize,
    n_tokens: u32,
) -> Result<LoadedArm, AskError> {
    let arm = &site.run.plan.arms[index];
    let is_speculative = |c: &Cell| c.arm == index && c.spec.workload == Workload::Speculative;
    let drafts = site.run.plan.cells.iter().any(is_speculative);
    let draft = site.run.draft.clone().filter(|_| drafts);
    let reply = load(site, worker, arm, (site.run.text.clone(), n_tokens), draft)?;
    let (load_ns, is_warm_load, weights, tokens_sha256) = match reply {
        Reply::Loaded {
            load_ns,
            is_warm_load,
            weights,
            tokens_sha256,
        } => (load_ns, is_warm_load, weights, tokens_sha256),
        other => return Err(worker.off_script(&other)),
    };
    let request = Request::Open {
        config: arm.config.clone(),
    };
    match worker.ask(&request, site.mailbox, site.run.deadline(0))? {
        Reply::Opened { context } => Ok(LoadedArm {
            arm: index,
            load_ns,
            is_warm_load,
            context,
            weights,
            tokens_sha256,
        }),
        other => Err(worker.off_script(&other)),
    }
}

/// Asks for the model of an arm, with a text and how many of its tokens the run needs. Out: the reply.
pub(super) fn load(
    site: Site,
    worker: &mut Worker,
    arm: &Arm,
    (text, n_tokens): (String, u32),
    draft: Option<PathBuf>,
) -> Result<Reply, AskError> {
    let file = site.run.files.get(&arm.variant);
    let path = file.map(|f| f.path.clone()).unwrap_or_default();
    let n_bytes = std::fs::metadata(&path).map_or(0, |m| m.len());
    let request = Request::Load {
        path,
        model_sha256: file.map(|f| f.sha256.clone()).unwrap_or_default(),
        scratch: site.run.command.log_dir.clone(),
        device: arm.config.device.clone(),
        n_gpu_layers: arm.config.n_gpu_layers,
        split_mode: arm.config.split_mode,
        text,
        n_tokens,
        draft,
    };
    // A cold disk reads 20 MB/s at the very least.
    let deadline = site.run.deadline(n_bytes.saturating_mul(50) / 20);
    worker.ask(&request, site.mailbox, deadline)
}

fn prepare(site: Site, worker: &mut Worker, cells: &[usize]) -> Result<Vec<u64>, AskError> {
    let specs: Vec<WorkSpec> = cells.iter().map(|&c| site.spec(c)).collect();
    let cost: u64 = cells.iter().map(|&c| site.run.guess_ns[c]).sum();
    let request = Request::Prepare {
        context: CONTEXT,
        specs,
    };
    match worker.ask(&request, site.mailbox, site.run.deadline(cost))? {
        Reply::Prepared { execution_ns } if execution_ns.len() == cells.len() => Ok(execution_ns),
        other => Err(worker.off_script(&other)),
    }
}

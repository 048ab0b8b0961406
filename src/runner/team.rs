//! The workers of a launch: which arms live in which process, bringing them up, and bringing one up again after it died.

use super::child::{AskError, Worker};
use super::config::{nanos, ModelFile, Site};
use crate::data::{ContextInfo, EngineInfo, FailureKind, LoadedArm, Sample, WorkSpec};
use crate::plan::worker_of;
use crate::protocol::{Reply, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// A worker that is up, and the context number of each of its arms.
struct Member {
    worker: Worker,
    contexts: BTreeMap<usize, usize>,
}

/// One arm brought up: how it loaded, and how long each of its cells took once.
pub struct ArmUp {
    pub loaded: LoadedArm,
    pub execution_ns: Vec<(usize, u64)>,
}

/// The result of bringing a worker up.
#[derive(Default)]
pub struct BringUp {
    pub arms: Vec<ArmUp>,
    /// Cells that failed on the way.
    pub failed: Vec<(usize, FailureKind, String)>,
    /// Of the wall time: spawning, loading and opening contexts.
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
    Sample(Sample),
    /// The cell failed; when the worker is gone, it has to be brought up again for its other cells.
    Failed(FailureKind, String),
}

/// All workers that are up.
pub struct Team<'a> {
    site: Site<'a>,
    members: BTreeMap<String, Member>,
    n_spawned: u64,
}

impl<'a> Team<'a> {
    pub fn new(site: Site<'a>) -> Self {
        Team {
            site,
            members: BTreeMap::new(),
            n_spawned: 0,
        }
    }

    pub fn is_up(&self, worker: &str) -> bool {
        self.members.contains_key(worker)
    }

    /// Ends one worker in good order.
    pub fn dismiss(&mut self, worker: &str) {
        if let Some(member) = self.members.remove(worker) {
            member.worker.quit();
        }
    }

    pub fn dismiss_all(&mut self) {
        let names: Vec<String> = self.members.keys().cloned().collect();
        names.iter().for_each(|name| self.dismiss(name));
    }

    /// Spawns `worker`, loads its model, opens and warms the contexts of its arms for the cells in `live`. What fails
    /// takes its cells out and the rest is tried again, so this ends with everything up that can be.
    pub fn bring_up(&mut self, worker: &str, live: &BTreeSet<usize>) -> Result<BringUp, Interrupted> {
        let mut result = BringUp::default();
        let mut live = live.clone();
        let mut careful = BTreeSet::new();
        loop {
            let cells: Vec<usize> = cells_of(self.site, worker, &live);
            if cells.is_empty() {
                return Ok(result);
            }
            result.arms.clear();
            self.n_spawned += 1;
            match try_bring_up(self.site, worker, &cells, &careful, self.n_spawned, &mut result) {
                Ok(member) => {
                    self.members.insert(worker.to_owned(), member);
                    return Ok(result);
                }
                Err(Stumble::Interrupted) => return Err(Interrupted),
                // The untimed round runs all cells of an arm at once: the next attempt asks for each alone, to find the culprit.
                Err(Stumble::InPrepare { arm, .. }) if careful.insert(arm) => {}
                Err(
                    Stumble::InPrepare {
                        cells, kind, reason, ..
                    }
                    | Stumble::Failed { cells, kind, reason },
                ) => {
                    for cell in cells {
                        live.remove(&cell);
                        result.failed.push((cell, kind, reason.clone()));
                    }
                }
            }
        }
    }

    /// One timed sample of `cell`; its worker must be up.
    pub fn measure(&mut self, cell: usize, n_repeat: u32, cost_ns: u64) -> Result<Measured, Interrupted> {
        let Site { run, mailbox } = self.site;
        let arm = self.site.arm(cell);
        let name = worker_of(&run.plan, arm).to_owned();
        let not_up = || Ok(Measured::Failed(FailureKind::Crashed, "its worker is not up".into()));
        let Some(member) = self.members.get_mut(&name) else {
            return not_up();
        };
        let Some(&context) = member.contexts.get(&arm) else {
            return not_up();
        };
        let request = Request::Measure {
            context,
            spec: self.site.spec(cell),
            n_repeat,
        };
        let answer = match member.worker.ask(&request, mailbox, run.deadline(cost_ns)) {
            Ok(Reply::Sampled { sample }) => return Ok(Measured::Sample(sample)),
            Ok(other) => Err(member.worker.off_script(&other)),
            Err(e) => Err(e),
        };
        match answer {
            Err(AskError::Refused(kind, reason)) => Ok(Measured::Failed(kind, reason)),
            Err(AskError::Dead(kind, reason)) => {
                self.members.remove(&name);
                Ok(Measured::Failed(kind, reason))
            }
            Err(AskError::Interrupted) | Ok(()) => Err(Interrupted),
        }
    }
}

/// Why one attempt did not bring a worker up, and the cells that pay for it.
enum Stumble {
    Interrupted,
    Failed {
        cells: Vec<usize>,
        kind: FailureKind,
        reason: String,
    },
    InPrepare {
        arm: usize,
        cells: Vec<usize>,
        kind: FailureKind,
        reason: String,
    },
}

fn stumble(error: AskError, cells: &[usize]) -> Stumble {
    match error {
        AskError::Interrupted => Stumble::Interrupted,
        AskError::Refused(kind, reason) | AskError::Dead(kind, reason) => Stumble::Failed {
            cells: cells.to_vec(),
            kind,
            reason,
        },
    }
}

fn cells_of(site: Site, worker: &str, live: &BTreeSet<usize>) -> Vec<usize> {
    live.iter()
        .copied()
        .filter(|&c| worker_of(&site.run.plan, site.arm(c)) == worker)
        .collect()
}

fn try_bring_up(
    site: Site,
    worker: &str,
    cells: &[usize],
    careful: &BTreeSet<usize>,
    id: u64,
    result: &mut BringUp,
) -> Result<Member, Stumble> {
    let start = Instant::now();
    let loaded = start_worker(site, worker, cells, id);
    result.loading_ns += nanos(start);
    let (mut process, loaded) = loaded?;
    result.engine = Some(process.engine.clone());
    let mut contexts = BTreeMap::new();
    let arms: BTreeSet<usize> = cells.iter().map(|&c| site.arm(c)).collect();
    for (number, arm) in arms.into_iter().enumerate() {
        let own: Vec<usize> = cells.iter().copied().filter(|&c| site.arm(c) == arm).collect();
        let start = Instant::now();
        let context = open(site, &mut process, arm, &own);
        result.loading_ns += nanos(start);
        let context = context?;
        let start = Instant::now();
        let execution_ns = if careful.contains(&arm) {
            own.chunks(1)
                .map(|one| prepare(site, &mut process, number, one))
                .collect::<Result<Vec<_>, _>>()
        } else {
            prepare(site, &mut process, number, &own).map(|all| vec![all])
        };
        result.warmup_ns += nanos(start);
        contexts.insert(arm, number);
        let loaded = LoadedArm {
            arm,
            context,
            ..loaded.clone()
        };
        result.arms.push(ArmUp {
            loaded,
            execution_ns: own.iter().copied().zip(execution_ns?.concat()).collect(),
        });
    }
    Ok(Member {
        worker: process,
        contexts,
    })
}

/// Spawns and loads. Of the answer only the model's part is filled in yet.
fn start_worker(site: Site, worker: &str, cells: &[usize], id: u64) -> Result<(Worker, LoadedArm), Stumble> {
    let arm = &site.run.plan.arms[site.arm(cells[0])];
    let file = site.run.files.get(&arm.variant);
    let path = file.map(|f| f.path.clone()).unwrap_or_default();
    if let Some(why) = file.and_then(ModelFile::change) {
        return Err(stumble(AskError::Refused(FailureKind::Engine, why), cells));
    }
    let n_bytes = std::fs::metadata(&path).map_or(0, |m| m.len());
    let mut process = Worker::spawn(&site.run.command, worker, id, site.mailbox, site.run.deadline(0))
        .map_err(|e| stumble(e, cells))?;
    let request = Request::Load {
        path,
        device: arm.config.device.clone(),
        n_gpu_layers: arm.config.n_gpu_layers,
        text: site.run.text.clone(),
        n_tokens: site.run.n_tokens(),
    };
    // A cold disk reads 20 MB/s at the very least.
    let deadline = site.run.deadline(n_bytes.saturating_mul(50) / 20);
    match process.ask(&request, site.mailbox, deadline) {
        Ok(Reply::Loaded {
            load_ns,
            is_warm_load,
            weights,
            tokens_sha256,
        }) => {
            let context = ContextInfo {
                n_ctx: 0,
                n_batch: 0,
                n_ubatch: 0,
                kv_bytes: 0,
                buffers: vec![],
            };
            Ok((
                process,
                LoadedArm {
                    arm: 0,
                    load_ns,
                    is_warm_load,
                    context,
                    weights,
                    tokens_sha256,
                },
            ))
        }
        Ok(other) => Err(stumble(process.off_script(&other), cells)),
        Err(e) => Err(stumble(e, cells)),
    }
}

fn open(site: Site, process: &mut Worker, arm: usize, cells: &[usize]) -> Result<ContextInfo, Stumble> {
    let request = Request::Open {
        config: site.run.plan.arms[arm].config.clone(),
    };
    match process.ask(&request, site.mailbox, site.run.deadline(0)) {
        Ok(Reply::Opened { context }) => Ok(context),
        Ok(other) => Err(stumble(process.off_script(&other), cells)),
        Err(e) => Err(stumble(e, cells)),
    }
}

fn prepare(site: Site, process: &mut Worker, context: usize, cells: &[usize]) -> Result<Vec<u64>, Stumble> {
    let specs: Vec<WorkSpec> = cells.iter().map(|&c| site.spec(c)).collect();
    let cost: u64 = cells.iter().map(|&c| site.run.guess_ns[c]).sum();
    let answer = match process.ask(
        &Request::Prepare { context, specs },
        site.mailbox,
        site.run.deadline(cost),
    ) {
        Ok(Reply::Prepared { execution_ns }) if execution_ns.len() == cells.len() => Ok(execution_ns),
        Ok(other) => Err(process.off_script(&other)),
        Err(e) => Err(e),
    };
    answer.map_err(|error| match stumble(error, cells) {
        Stumble::Failed { cells, kind, reason } => Stumble::InPrepare {
            arm: site.arm(cells[0]),
            cells,
            kind,
            reason,
        },
        other => other,
    })
}

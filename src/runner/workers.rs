//! The workers of a launch, one process for each arm: bringing them up, and asking them about cells.

use super::child::{AskError, Mailbox, Worker};
use super::config::{inherited_memory, nanos, Site};
use super::file::ModelFile;
use crate::data::{Arm, ArmConfig, Cell, EngineInfo, FailureKind, LoadedArm, Sample, TextTokens};
use crate::protocol::{CachedState, Load, Measure, Prepare, Reply, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// The only context of a worker.
const CONTEXT: usize = 0;

#[derive(Default)]
pub struct BringUp {
    /// How it loaded; absent when it cannot be measured.
    pub arm: Option<LoadedArm>,
    pub failed: Option<(FailureKind, String)>,
    /// Of the wall time: spawning, loading and opening the context.
    pub loading_ns: u64,
    /// Empty when it did not come up.
    pub engine: EngineInfo,
}

#[derive(Debug)]
pub struct Interrupted;

/// How a request about a cell ended.
pub enum Answered<T> {
    Done(T),
    /// The cell failed; when the worker is gone, it has to be brought up again for its other cells.
    Failed(FailureKind, String),
}

pub struct Workers<'a> {
    site: Site<'a>,
    by_arm: BTreeMap<usize, Worker>,
    /// Cells that their workers are ready for.
    ready: BTreeSet<usize>,
    cached: CachedStates,
    n_spawned: u64,
}

impl<'a> Workers<'a> {
    pub fn new(site: Site<'a>) -> Self {
        Workers {
            site,
            by_arm: BTreeMap::new(),
            ready: BTreeSet::new(),
            cached: CachedStates::of(site),
            n_spawned: 0,
        }
    }

    pub fn is_up(&self, arm: usize) -> bool {
        self.by_arm.contains_key(&arm)
    }

    pub fn dismiss(&mut self, arm: usize) {
        if let Some(worker) = self.by_arm.remove(&arm) {
            worker.quit();
        }
        self.forget(arm);
    }

    pub fn dismiss_all(&mut self) {
        std::mem::take(&mut self.by_arm).into_values().for_each(Worker::quit);
        self.ready.clear();
    }

    fn forget(&mut self, arm: usize) {
        let site = self.site;
        self.ready.retain(|&cell| site.arm(cell) != arm);
    }

    /// Spawns the worker of `arm`, loads its model and opens its context.
    pub fn bring_up(&mut self, arm: usize) -> Result<BringUp, Interrupted> {
        let mut result = BringUp::default();
        let start = Instant::now();
        self.n_spawned += 1;
        let loaded = spawn(self.site, arm, self.n_spawned).and_then(|mut worker| {
            result.engine = worker.engine.clone();
            let n_tokens = self.site.run.n_tokens();
            let loaded = load_and_open(self.site, &mut worker, arm, n_tokens, self.cached.of_arm(arm))?;
            Ok((worker, loaded))
        });
        result.loading_ns = nanos(start);
        match loaded {
            Ok((worker, loaded)) => {
                self.by_arm.insert(arm, worker);
                result.arm = Some(loaded);
            }
            Err(AskError::Interrupted) => return Err(Interrupted),
            Err(AskError::Refused(kind, reason) | AskError::Dead(kind, reason)) => result.failed = Some((kind, reason)),
        }
        Ok(result)
    }

    /// Makes the worker of `cell`, which must be up, ready for it. Out: roughly how long one execution takes, if that is to be timed;
    /// `None` when it was ready.
    pub fn prepare(&mut self, cell: usize, is_timed: bool) -> Result<Answered<Option<u64>>, Interrupted> {
        if self.ready.contains(&cell) {
            return Ok(Answered::Done(None));
        }
        let request = Request::Prepare(Prepare {
            context: CONTEXT,
            spec: self.site.spec(cell),
            is_timed,
        });
        let predicted_ns = self.site.run.prediction.execution_ns[cell];
        let answer = self.ask(cell, &request, predicted_ns, |reply| match reply {
            Reply::Prepared { execution_ns } if execution_ns.is_some() == is_timed => Ok(execution_ns),
            other => Err(Box::new(other)),
        })?;
        if let Answered::Done(_) = answer {
            self.ready.insert(cell);
        }
        Ok(answer)
    }

    /// One timed sample of `cell`; its worker must be up.
    pub fn measure(
        &mut self,
        cell: usize,
        round: u32,
        n_repeat: u32,
        predicted_ns: u64,
    ) -> Result<Answered<Box<Sample>>, Interrupted> {
        let request = Request::Measure(Measure {
            context: CONTEXT,
            spec: self.site.spec(cell),
            round,
            n_repeat,
        });
        self.ask(cell, &request, predicted_ns, |reply| match reply {
            Reply::Sampled { sample } => Ok(Box::new(sample)),
            other => Err(Box::new(other)),
        })
    }

    fn ask<T>(
        &mut self,
        cell: usize,
        request: &Request,
        predicted_ns: u64,
        read: impl FnOnce(Reply) -> Result<T, Box<Reply>>,
    ) -> Result<Answered<T>, Interrupted> {
        let Site { run, mailbox } = self.site;
        let arm = self.site.arm(cell);
        let Some(worker) = self.by_arm.get_mut(&arm) else {
            return Ok(Answered::Failed(FailureKind::Crashed, "its worker is not up".into()));
        };
        let answer = worker.ask(request, mailbox, run.deadline(predicted_ns));
        let answer = answer.and_then(|reply| read(reply).map_err(|other| worker.off_script(&other)));
        match answer {
            Ok(done) => Ok(Answered::Done(done)),
            Err(AskError::Refused(kind, reason)) => Ok(Answered::Failed(kind, reason)),
            Err(AskError::Dead(kind, reason)) => {
                self.by_arm.remove(&arm);
                self.forget(arm);
                Ok(Answered::Failed(kind, reason))
            }
            Err(AskError::Interrupted) => Err(Interrupted),
        }
    }
}

/// States of caches that outlive the workers that computed them, in anonymous memory: filling caches anew would take most of the time
/// of a launch. Arms of the same file and configuration share them.
struct CachedStates {
    /// By arm: the arm whose memory it is.
    owner: Vec<usize>,
    files: BTreeMap<(usize, u32), File>,
}

impl CachedStates {
    fn of(site: Site) -> CachedStates {
        let plan = &site.run.plan;
        let same = |a: &Arm, b: &Arm| a.variant == b.variant && a.config == b.config;
        let first = |arm: &Arm| plan.arms.iter().position(|other| same(other, arm));
        let owner: Vec<usize> = plan
            .arms
            .iter()
            .enumerate()
            .map(|(i, arm)| first(arm).unwrap_or(i))
            .collect();
        let starts = plan.cells.iter().filter(|_| site.run.prediction.keeps_states());
        let wanted: BTreeSet<(usize, u32)> = starts.map(|c| (owner[c.arm], c.spec.shape().n_cached)).collect();
        // Without such memory every worker fills its cache itself.
        let files = wanted.into_iter().filter(|(_, depth)| *depth > 0);
        let files = files
            .filter_map(|key| Some((key, inherited_memory(c"kvant-state").ok()?)))
            .collect();
        CachedStates { owner, files }
    }

    fn of_arm(&self, arm: usize) -> Vec<CachedState> {
        let own = self.files.iter().filter(|((owner, _), _)| *owner == self.owner[arm]);
        let state = |((_, depth), file): (&(usize, u32), &File)| CachedState {
            n_tokens: *depth,
            fd: file.as_raw_fd(),
        };
        own.map(state).collect()
    }
}

fn spawn(site: Site, arm: usize, id: u64) -> Result<Worker, AskError> {
    let arm = &site.run.plan.arms[arm];
    check_files(site, arm)?;
    Worker::spawn(
        &site.run.command.of_arm(&arm.config),
        &arm.id,
        id,
        site.mailbox,
        site.run.deadline(0),
    )
}

/// The model of an arm and the executable that runs it are what they were.
pub(super) fn check_files(site: Site, arm: &Arm) -> Result<(), AskError> {
    let files = [site.run.files.get(&arm.variant), site.run.command.build(&arm.config)];
    match files.into_iter().flatten().find_map(ModelFile::change) {
        Some(why) => Err(AskError::Refused(FailureKind::Engine, why)),
        None => Ok(()),
    }
}

/// Loads the model of an arm with `n_tokens` of text, and opens its context.
pub(super) fn load_and_open(
    site: Site,
    worker: &mut Worker,
    index: usize,
    n_tokens: u32,
    cached: Vec<CachedState>,
) -> Result<LoadedArm, AskError> {
    let arm = &site.run.plan.arms[index];
    let is_speculative = |c: &Cell| c.arm == index && c.spec.needs_draft();
    let drafts = site.run.plan.cells.iter().any(is_speculative);
    let draft = site.run.draft.clone().filter(|_| drafts);
    let (load, deadline) = load_of(site, arm);
    let load = Load {
        text: site.run.text.clone(),
        n_tokens,
        draft,
        ..load
    };
    let reply = worker.ask(&Request::Load(load), site.mailbox, deadline)?;
    let Reply::Loaded {
        load_ns,
        is_warm_load,
        weights,
        tokens_sha256,
    } = reply
    else {
        return Err(worker.off_script(&reply));
    };
    let request = Request::Open {
        config: arm.config.clone(),
        cached,
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

/// The model of an arm, and how long its worker may take to load it.
pub(super) fn load_of(site: Site, arm: &Arm) -> (Load, Duration) {
    let file = site.run.files.get(&arm.variant);
    let path = file.map(|f| f.path.clone()).unwrap_or_default();
    let n_bytes = std::fs::metadata(&path).map_or(0, |m| m.len());
    let load = Load {
        model_sha256: file.map(|f| f.sha256.clone()).unwrap_or_default(),
        ..Load::of(&arm.config, path, site.run.command.log_dir.clone())
    };
    // A cold disk reads 20 MB/s at the very least.
    (load, site.run.deadline(n_bytes.saturating_mul(50) / 20))
}

/// Has a worker load a model, within the first of these times, and cut the texts into tokens, within the second.
pub(super) fn load_texts(
    worker: &mut Worker,
    load: Load,
    texts: Vec<String>,
    mailbox: &Mailbox,
    deadlines: [Duration; 2],
) -> Result<TextTokens, AskError> {
    match worker.ask(&Request::Load(load), mailbox, deadlines[0])? {
        Reply::Loaded { .. } => {}
        other => return Err(worker.off_script(&other)),
    }
    match worker.ask(&Request::Texts { texts }, mailbox, deadlines[1])? {
        Reply::Texts { tokens } => Ok(tokens),
        other => Err(worker.off_script(&other)),
    }
}

/// Opens the context in which a worker scores; `shared` has the baseline's logits.
pub(super) fn open_scoring(
    worker: &mut Worker,
    config: ArmConfig,
    shared: &File,
    mailbox: &Mailbox,
    deadline: Duration,
) -> Result<(), AskError> {
    let shared_fd = shared.as_raw_fd();
    match worker.ask(&Request::OpenScoring { config, shared_fd }, mailbox, deadline)? {
        Reply::Opened { .. } => Ok(()),
        other => Err(worker.off_script(&other)),
    }
}

//! Many files of one model scored against one of them, one after the other: the reference runs through the text once and leaves the logits
//! of all chunks in anonymous memory; each file is loaded by a worker of its own and compared with them.

use super::child::{AskError, Interrupt, Mailbox, Worker, WorkerCommand};
use super::config::inherited_memory;
use super::workers::{load_texts, open_scoring};
use crate::data::{ArmConfig, Chunk, FailureKind, TextTokens};
use crate::protocol::{Load, Reply, Request, Score};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What the trials of a model have in common.
pub struct TrialConfig {
    pub command: WorkerCommand,
    pub reference: PathBuf,
    pub text: String,
    /// Context of the workers; `n_ctx` is the length of a chunk.
    pub config: ArmConfig,
    /// Longest wait for any one answer.
    pub deadline: Duration,
}

/// Why there is no score.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error("stopped")]
    Interrupted,
    #[error("{1}")]
    Failed(FailureKind, String),
    #[error("the text has {found} chunks of {n_ctx} tokens, and {needed} are needed; give a longer text")]
    TextTooShort { found: u32, needed: u32, n_ctx: u32 },
}

impl From<AskError> for TrialError {
    fn from(e: AskError) -> Self {
        match e {
            AskError::Interrupted => TrialError::Interrupted,
            AskError::Refused(kind, why) | AskError::Dead(kind, why) => TrialError::Failed(kind, why),
        }
    }
}

/// Divergences of a file from the reference, and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Mean KL divergence of each chunk, nats.
    pub kld: Vec<f64>,
    /// Wall time of it all: the worker's start, its load, the chunks.
    pub ns: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    pub path: PathBuf,
    /// Chunks, from 0.
    pub chunks: std::ops::Range<u32>,
}

/// The reference with its logits, ready for others.
pub struct Trials {
    config: TrialConfig,
    own: Mailbox,
    /// One for each file that is scored at the same time.
    lanes: Vec<Mailbox>,
    reference: Worker,
    tokens: TextTokens,
    shared: File,
    n_ready: u32,
    n_spawned: u64,
}

impl Trials {
    /// Loads the reference. `register` gets the handle that interrupts trials.
    pub fn begin(config: TrialConfig, n_lanes: usize, register: impl FnOnce(Interrupt)) -> Result<Trials, TrialError> {
        let own = Mailbox::new();
        let lanes: Vec<Mailbox> = (0..n_lanes.max(1)).map(|_| Mailbox::new()).collect();
        register(Interrupt::of_all(lanes.iter().chain([&own])));
        let shared = inherited_memory(c"kvant-logits").map_err(|e| {
            let why = format!("no anonymous memory for the reference's logits: {e}");
            TrialError::Failed(FailureKind::OutOfMemory, why)
        })?;
        let (reference, tokens) = bring_up(&config, &config.reference, &own, &shared, 1)?;
        Ok(Trials {
            config,
            own,
            lanes,
            reference,
            tokens,
            shared,
            n_ready: 0,
            n_spawned: 1,
        })
    }

    pub fn n_chunks(&self) -> u32 {
        let n_tokens = self.tokens.n_tokens.first().copied().unwrap_or(0);
        n_tokens / self.config.config.n_ctx.max(1)
    }

    /// Has the reference's logits of the first `n` chunks ready.
    fn prepare(&mut self, n: u32) -> Result<(), TrialError> {
        let n_ctx = self.config.config.n_ctx;
        if n > self.n_chunks() {
            return Err(TrialError::TextTooShort {
                found: self.n_chunks(),
                needed: n,
                n_ctx,
            });
        }
        for index in self.n_ready..n {
            let request = score_of(n_ctx, index, true);
            match self.reference.ask(&request, &self.own, self.config.deadline)? {
                Reply::Scored { .. } => self.n_ready = index + 1,
                other => return Err(self.reference.off_script(&other).into()),
            }
        }
        Ok(())
    }

    /// Scores at most as many files as there are lanes, all at the same time; the scores in their order.
    pub fn score(&mut self, trials: &[Trial]) -> Result<Vec<Scores>, TrialError> {
        let n = trials.iter().map(|t| t.chunks.end).max().unwrap_or(0);
        self.prepare(n)?;
        let first_id = self.n_spawned + 1;
        self.n_spawned += trials.len() as u64;
        let lanes = self.lanes.iter_mut().zip(trials).zip(first_id..);
        let (config, shared, tokens) = (&self.config, &self.shared, &self.tokens);
        std::thread::scope(|scope| {
            let started: Vec<_> = lanes
                .map(|((mailbox, trial), id)| {
                    let run = move || score_file(config, trial, (&*mailbox, shared, tokens), id);
                    std::thread::Builder::new().spawn_scoped(scope, run)
                })
                .collect();
            let joined = started.into_iter().map(|thread| {
                let thread = thread.map_err(|e| {
                    let why = format!("no thread can be started for a trial ({e})");
                    TrialError::Failed(FailureKind::OutOfMemory, why)
                })?;
                let fault = |_| TrialError::Failed(FailureKind::Crashed, "a trial's thread ended in a fault".into());
                thread.join().map_err(fault)?
            });
            joined.collect::<Vec<_>>().into_iter().collect()
        })
    }
}

fn score_file(
    config: &TrialConfig,
    trial: &Trial,
    (mailbox, shared, reference): (&Mailbox, &File, &TextTokens),
    id: u64,
) -> Result<Scores, TrialError> {
    let start = Instant::now();
    let (mut worker, tokens) = bring_up(config, &trial.path, mailbox, shared, id)?;
    if tokens.tokens_sha256 != reference.tokens_sha256 || tokens.vocab_sha256 != reference.vocab_sha256 {
        let why = format!("{} has another vocabulary than the reference", trial.path.display());
        return Err(TrialError::Failed(FailureKind::Engine, why));
    }
    let mut kld = Vec::new();
    for index in trial.chunks.clone() {
        let request = score_of(config.config.n_ctx, index, false);
        let reply = worker.ask(&request, mailbox, config.deadline)?;
        let Reply::Scored { score, .. } = reply else {
            return Err(worker.off_script(&reply).into());
        };
        let sum = score.vs_baseline.as_ref().map(|d| d.kld_sum);
        let sum = sum.ok_or_else(|| TrialError::Failed(FailureKind::Protocol, "a score without divergence".into()))?;
        kld.push(sum / f64::from(score.n_scored.max(1)));
    }
    worker.quit();
    Ok(Scores {
        kld,
        ns: start.elapsed().as_nanos() as u64,
    })
}

fn score_of(n_ctx: u32, index: u32, is_baseline: bool) -> Request {
    Request::Score(Score {
        chunk: Chunk { n_ctx, text: 0, index },
        is_baseline,
        slot: index,
    })
}

/// A worker with the model, the text, and its context open.
fn bring_up(
    config: &TrialConfig,
    path: &Path,
    mailbox: &Mailbox,
    shared: &File,
    id: u64,
) -> Result<(Worker, TextTokens), AskError> {
    let name = match id {
        1 => "mix reference".to_owned(),
        _ => format!("mix {}", path.file_stem().unwrap_or_default().to_string_lossy()),
    };
    let (own, deadline) = (&config.config, config.deadline);
    let mut worker = Worker::spawn(&config.command.of_arm(own), &name, id, mailbox, deadline)?;
    let load = Load::of(own, path.to_owned(), config.command.log_dir.clone());
    let tokens = load_texts(&mut worker, load, vec![config.text.clone()], mailbox, [deadline; 2])?;
    open_scoring(&mut worker, own.clone(), shared, mailbox, deadline)?;
    Ok((worker, tokens))
}

//! What a run is told, and what follows from it for all parts of the runner.

use super::child::{Mailbox, WorkerCommand};
use super::file::ModelFile;
use crate::data::{Plan, QualityRecord, TextTokens, Work};
use crate::plan::Prediction;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What the runner needs besides the journal.
pub struct RunConfig {
    pub plan: Plan,
    /// Variant id to file.
    pub files: BTreeMap<String, ModelFile>,
    pub draft: Option<PathBuf>,
    /// Text that prompts are cut from.
    pub text: String,
    pub texts: Vec<String>,
    /// Names of the texts, for messages.
    pub text_names: Vec<String>,
    /// Divergence that an intact file can have, nats, per arm of the quality plan.
    pub kld_max: Vec<f64>,
    pub command: WorkerCommand,
    pub prediction: Prediction,
    /// Logical CPUs that may be used.
    pub n_cpus: u32,
    /// Whether the machine probe runs before each round: it says nothing of an engine on a clock of its own.
    pub has_probe: bool,
    /// Longest wait for any one answer; predicted from the work when absent.
    pub deadline_max: Option<Duration>,
    /// The texts in tokens, where an earlier run cut them.
    pub tokens: Option<TextTokens>,
    /// Scores of the same files and texts from earlier runs.
    pub scored: Vec<QualityRecord>,
    pub memory: MemoryTurn,
    /// Looks at what was measured so far, after scoring and after every launch.
    pub early_stop: Box<EarlyStop>,
}

/// Given how many launches are complete in this run: what follows for the rest of it.
pub type EarlyStop = dyn Fn(u32) -> Interim;

/// When the memory of arms is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryTurn {
    /// Before speed is measured: where it is limited it says which arms are worth timing.
    First,
    Last,
    Never,
}

/// How a run goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interim {
    /// Arms that cannot become the choice any more.
    pub dropped: Vec<usize>,
    pub is_decided: bool,
}

impl RunConfig {
    /// How long to wait for work of this predicted cost: twenty times the prediction and a minute, since a busy machine
    /// is slow and a hung worker is for ever.
    pub(super) fn deadline(&self, predicted_ns: u64) -> Duration {
        let own = Duration::from_secs(60) + Duration::from_nanos(predicted_ns.saturating_mul(20));
        self.deadline_max.map_or(own, |max| own.min(max))
    }

    pub(super) fn quality_deadline(&self, arm: usize, n_ctx: u32) -> Duration {
        let per_token = self.prediction.score_ns.get(arm).copied().unwrap_or(0);
        self.deadline(per_token.saturating_mul(u64::from(n_ctx)))
    }

    /// Prompt tokens that the longest cell needs.
    pub(super) fn n_tokens(&self) -> u32 {
        self.plan.cells.iter().map(|c| c.spec.shape().n_text).max().unwrap_or(1)
    }
}

/// Where the parts of the runner work: the run and its mailbox.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub run: &'a RunConfig,
    pub mailbox: &'a Mailbox,
}

impl Site<'_> {
    pub fn spec(&self, cell: usize) -> Work {
        self.run.plan.cells[cell].spec
    }

    pub fn arm(&self, cell: usize) -> usize {
        self.run.plan.cells[cell].arm
    }
}

/// Anonymous memory that child processes inherit; nothing of it reaches a disk, and it goes with the last process that has it.
#[cfg(target_os = "linux")]
pub(super) fn inherited_memory(name: &std::ffi::CStr) -> std::io::Result<File> {
    use nix::sys::memfd::{memfd_create, MFdFlags};
    // No close-on-exec: the workers open it by its number.
    Ok(File::from(memfd_create(name, MFdFlags::empty())?))
}

/// The nearest thing elsewhere: a temporary file without a name.
#[cfg(not(target_os = "linux"))]
pub(super) fn inherited_memory(_: &std::ffi::CStr) -> std::io::Result<File> {
    let file = tempfile::tempfile()?;
    let flags = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty());
    nix::fcntl::fcntl(&file, flags)?;
    Ok(file)
}

pub(super) fn nanos(since: Instant) -> u64 {
    since.elapsed().as_nanos() as u64
}

//! A run from its texts to its end: scoring, launches of fresh workers until the stop rule ends them, memory probes.

mod leading;
mod rounds;
mod stopping;
mod texts;

use super::child::{AskError, Interrupt, Mailbox};
use super::config::{nanos, MemoryTurn, RunConfig, Site};
use super::memory::probe;
use super::progress::Observer;
use super::watch::Watch;
use super::workers::{Interrupted, Workers};
use crate::data::{is_server, Arm, DroppedRecord, EndRecord, FailureKind, Plan, Record, StoppedBy};
use crate::journal::{JournalError, Writer};
use crate::plan::{blocks, outstanding, quality_left, Outstanding, QualityLeft, Turn};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A run that cannot go on. What was measured before is in the journal.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(
        "{worker} cuts the prompt text into other tokens than the baseline does; compare variants of one model only"
    )]
    DifferentTokens { worker: String },
    #[error("{baseline}, which the others are held against, is broken: {reason}; fetch or make it again, or leave it out with --variants")]
    BrokenBaseline { baseline: String, reason: String },
    #[error("{text}: {n_tokens} tokens are too few for windows of {n_ctx}; give a text of at least {} tokens, or a smaller --quality-ctx", 2 * u64::from(*n_ctx))]
    TextTooShort { text: String, n_tokens: u32, n_ctx: u32 },
}

/// Runs what `past` leaves outstanding of the plan and appends the end record.
///
/// `register` gets the handle that interrupts the run, before the first worker starts.
pub fn run(
    config: &RunConfig,
    past: &[Record],
    journal: &mut Writer,
    observer: &mut dyn Observer,
    register: impl FnOnce(Interrupt),
) -> Result<EndRecord, RunError> {
    let mailbox = Mailbox::new();
    register(mailbox.interrupt());
    let mut drive = Drive::new(
        Site {
            run: config,
            mailbox: &mailbox,
        },
        past,
        journal,
        observer,
    );
    let stopped_by = match drive.all(past) {
        Ok(why) => why,
        Err(Stop::Interrupted) => StoppedBy::Interrupt,
        Err(Stop::Error(e)) => return Err(e),
    };
    drive.finish(stopped_by)
}

enum Stop {
    Interrupted,
    Error(RunError),
}

impl From<Interrupted> for Stop {
    fn from(_: Interrupted) -> Self {
        Stop::Interrupted
    }
}

impl From<JournalError> for Stop {
    fn from(e: JournalError) -> Self {
        Stop::Error(e.into())
    }
}

struct Drive<'a> {
    site: Site<'a>,
    journal: &'a mut Writer,
    observer: &'a mut dyn Observer,
    workers: Workers<'a>,
    watch: Option<Watch>,
    start: Instant,
    /// What is to be done, and what was done so far, over all sessions.
    left: Outstanding,
    n_blocks: u32,
    /// Reasons of failures that were told: what fails everywhere is said once.
    said: BTreeSet<String>,
    is_decided: bool,
    /// Rounds of a launch, and whether there is time for what decides alone; known after the first round.
    pace: Option<(u32, bool)>,
    /// Wall time of the last launch, without its rounds.
    launch_ns: u64,
    /// Wall time of bringing each arm up.
    load_ns: BTreeMap<usize, u64>,
    /// Wall time of a sample of each cell: predicted, then the last seen.
    predicted_ns: Vec<u64>,
    /// (launch, nanoseconds) per cell and round, for the stop rule.
    samples: BTreeMap<(usize, u32), (u32, u64)>,
    tokens_sha256: Option<String>,
    /// The end record, as far as it is known.
    spent: EndRecord,
    quality: QualityLeft,
}

impl<'a> Drive<'a> {
    fn new(site: Site<'a>, past: &[Record], journal: &'a mut Writer, observer: &'a mut dyn Observer) -> Self {
        let config = site.run;
        let mut samples = BTreeMap::new();
        for record in past {
            if let Record::Sample(s) = record {
                samples.insert((s.cell, s.round), (s.launch, s.sample.ns()));
            }
        }
        Drive {
            site,
            journal,
            observer,
            workers: Workers::new(site),
            watch: None,
            start: Instant::now(),
            left: outstanding(&config.plan, past),
            n_blocks: 0,
            said: BTreeSet::new(),
            is_decided: false,
            pace: None,
            launch_ns: 0,
            load_ns: BTreeMap::new(),
            predicted_ns: config
                .prediction
                .execution_ns
                .iter()
                .map(|&ns| ns.max(config.plan.sample_ns_min))
                .collect(),
            samples,
            tokens_sha256: None,
            spent: EndRecord::default(),
            quality: quality_left(past),
        }
    }

    fn all(&mut self, past: &[Record]) -> Result<StoppedBy, Stop> {
        self.read_texts()?;
        if self.site.run.memory == MemoryTurn::First {
            self.probe_memory()?;
        }
        self.score(past)?;
        self.drop_hopeless()?;
        let plan = &self.site.run.plan;
        let n_threads = plan.arms.iter().map(|a| a.config.n_threads).max().unwrap_or(1);
        // More than the CPUs show nothing more of the machine, and each has buffers of its own.
        let n_threads = n_threads.min(self.site.run.n_cpus);
        let pause_max = Duration::from_nanos(plan.stop.budget_ns).mul_f64(plan.limits.pause_share_max);
        self.watch = self.site.run.has_probe.then(|| Watch::new(n_threads, pause_max));
        let stopped_by = self.speed()?;
        // Its buffers are larger than any cache.
        self.watch = None;
        self.workers.dismiss_all();
        self.probe_memory()?;
        Ok(stopped_by)
    }

    fn speed(&mut self) -> Result<StoppedBy, Stop> {
        loop {
            if self.live().is_empty() {
                return Ok(StoppedBy::Failures);
            }
            if let Some(why) = self.why_stop() {
                return Ok(why);
            }
            let mut in_launch = std::mem::take(&mut self.left.in_launch);
            self.launch(in_launch)?;
            loop {
                self.one_round(self.turn(in_launch))?;
                in_launch += 1;
                if self.pace.is_none() {
                    self.pace = Some(self.affordable_pace());
                }
                if !self.has_further_round(in_launch) {
                    break;
                }
            }
            self.left.n_launches += 1;
            self.left.launch += 1;
            self.drop_hopeless()?;
        }
    }

    fn turn(&self, in_launch: u32) -> Turn {
        Turn {
            launch: self.left.launch,
            round: self.left.round,
            in_launch,
        }
    }

    /// Looks at the choice so far: arms that cannot become it leave what decides, or the run where it is about nothing else.
    fn drop_hopeless(&mut self) -> Result<(), Stop> {
        let interim = (self.site.run.early_stop)(self.left.n_launches);
        self.is_decided = interim.is_decided;
        for arm in interim.dropped {
            if self.left.dropped.insert(arm) {
                let round = self.left.round;
                self.journal.append(&Record::Dropped(DroppedRecord { arm, round }))?;
                if !self.site.run.plan.pace.keeps_all {
                    self.workers.dismiss(arm);
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, stopped_by: StoppedBy) -> Result<EndRecord, RunError> {
        let end = EndRecord {
            stopped_by,
            wall_ns: nanos(self.start),
            ..self.spent
        };
        self.workers.dismiss_all();
        self.journal.append(&Record::End(end.clone()))?;
        Ok(end)
    }

    /// Cells that are still measured. Where arms leave, the control goes with the baseline.
    fn live(&self) -> BTreeSet<usize> {
        let plan = &self.site.run.plan;
        let baseline = plan.arms.iter().position(|a| a.is_baseline);
        let has_left = |arm: usize| match plan.arms[arm].is_control {
            true => baseline.is_some_and(|b| self.left.dropped.contains(&b)),
            false => self.left.dropped.contains(&arm),
        };
        (0..plan.cells.len())
            .filter(|&c| !self.left.failed.contains(&c) && (plan.pace.keeps_all || !has_left(self.site.arm(c))))
            .collect()
    }

    fn contenders(&self) -> BTreeSet<usize> {
        let arms = 0..self.site.run.plan.arms.len();
        arms.filter(|arm| !self.left.dropped.contains(arm)).collect()
    }

    fn blocks(&self, turn: Turn) -> Vec<Vec<usize>> {
        let plan = &self.site.run.plan;
        let mut found = blocks(plan, turn, &self.live(), &self.contenders());
        if turn.round == self.left.round {
            found.retain(|cells| !cells.iter().any(|c| self.left.done.contains(c)));
        }
        if let Some((_, true)) = self.pace {
            found.retain(|cells| plan.decision.contains(&self.site.spec(cells[0])));
        }
        found
    }

    fn probe_memory(&mut self) -> Result<(), Stop> {
        for arm in self.memory_left() {
            let plan = &self.site.run.plan;
            self.report_progress(&format!("memory of {}", plan.arms[arm].id));
            // Ids of probes and of workers of cells must differ; they count up from 1.
            let result = probe(self.site, arm, u64::MAX - arm as u64);
            match result {
                Ok(record) => self.journal.append(&Record::Memory(record))?,
                Err(AskError::Interrupted) => return Err(Stop::Interrupted),
                // Said with its cells.
                Err(AskError::Refused(FailureKind::Broken, _)) => {}
                // The arm's cells meet the same fate in the launch and are recorded there.
                Err(AskError::Refused(_, why) | AskError::Dead(_, why)) => {
                    self.observer.notice(&format!("memory of {}: {why}", plan.arms[arm].id));
                }
            }
            self.left.memory_done.insert(arm);
        }
        Ok(())
    }

    /// Arms whose memory is still to be read: where time is short one of each file, since what another KV type changes is known exactly.
    fn memory_left(&self) -> Vec<usize> {
        let plan = &self.site.run.plan;
        (0..plan.arms.len())
            .filter(|_| self.site.run.memory != MemoryTurn::Never)
            .filter(|&a| !plan.arms[a].is_control && !self.left.memory_done.contains(&a))
            // What another process holds cannot be read.
            .filter(|&a| !is_server(&plan.arms[a].config.device))
            .filter(|&a| plan.pace.keeps_all || is_first_of_variant(plan, a))
            .collect()
    }

    /// Tells how far the run is, by predicted cost: the launches still expected, or the budget where that ends sooner.
    fn report_progress(&mut self, label: &str) {
        let stop = &self.site.run.plan.stop;
        let behind = nanos(self.start);
        let left = u64::from(stop.n_launches_max.saturating_sub(self.left.n_launches));
        let ahead = left.saturating_mul(self.predicted_launch_ns(self.left.launch));
        let total = behind.saturating_add(ahead).min(stop.budget_ns.max(behind));
        let leading = leading::fastest(&self.site.run.plan, &self.samples, &self.left.dropped);
        let label = leading.map_or_else(|| label.to_owned(), |leading| format!("{leading}; {label}"));
        self.observer.progress(behind, total, &label);
    }
}

/// Whether no arm before it has the same file: what another KV type changes in memory is known exactly.
fn is_first_of_variant(plan: &Plan, arm: usize) -> bool {
    let same = |other: &Arm| other.variant == plan.arms[arm].variant;
    plan.arms.iter().position(same) == Some(arm)
}

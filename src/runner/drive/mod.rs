//! A run from its texts to its end: scoring, launches of fresh workers until the stop rule ends them, memory probes.

mod leading;
mod rounds;

use super::child::{AskError, Interrupt, Mailbox};
use super::config::{nanos, MemoryTurn, RunConfig, Site};
use super::memory::probe;
use super::progress::Observer;
use super::quality::{read_texts, score_all, Halt, Step};
use super::watch::Watch;
use super::workers::{Interrupted, Workers};
use crate::data::{
    is_server, Arm, DroppedRecord, EndRecord, FailureKind, Plan, QualityFailure, QualityPlan, Record, StoppedBy,
};
use crate::journal::{JournalError, Writer};
use crate::plan::{blocks, headline_pairs, outstanding, quality_left, too_short, QualityLeft, Turn};
use crate::stats;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A run that cannot go on. What was measured before is in the journal.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Variants were cut into different prompt tokens.
    #[error(
        "{worker} cuts the prompt text into other tokens than the baseline does; compare variants of one model only"
    )]
    DifferentTokens { worker: String },
    /// Nothing can be held against the baseline.
    #[error("{baseline}, which the others are held against, is broken: {reason}; fetch or make it again, or leave it out with --variants")]
    BrokenBaseline { baseline: String, reason: String },
    /// A text that is too short for the windows asked for.
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
    /// The next launch, over all sessions.
    launch: u32,
    /// The next round, over all sessions.
    round: u32,
    /// Where in its launch a round was when an earlier session ended, and what was done of it.
    in_launch: u32,
    done: BTreeSet<usize>,
    n_launches: u32,
    n_rounds: u32,
    n_blocks: u32,
    n_discarded: u32,
    failed: BTreeSet<usize>,
    /// Reasons of failures that were told: what fails everywhere is said once.
    said: BTreeSet<String>,
    /// Arms that cannot become the choice.
    dropped: BTreeSet<usize>,
    is_decided: bool,
    memory_done: BTreeSet<usize>,
    /// Executions per sample of each cell.
    repeats: BTreeMap<usize, u32>,
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
    loading_ns: u64,
    timed_ns: u64,
    warmup_ns: u64,
    quality_ns: u64,
    quality: QualityLeft,
}

impl<'a> Drive<'a> {
    fn new(site: Site<'a>, past: &[Record], journal: &'a mut Writer, observer: &'a mut dyn Observer) -> Self {
        let config = site.run;
        let left = outstanding(&config.plan, past);
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
            launch: left.launch,
            round: left.round,
            in_launch: left.in_launch,
            done: left.done,
            n_launches: left.n_launches,
            n_rounds: left.n_rounds,
            n_blocks: 0,
            n_discarded: left.n_discarded,
            failed: left.failed,
            said: BTreeSet::new(),
            dropped: left.dropped,
            is_decided: false,
            memory_done: left.memory_done,
            repeats: left.repeats,
            pace: None,
            launch_ns: 0,
            load_ns: BTreeMap::new(),
            predicted_ns: config
                .predicted_ns
                .iter()
                .map(|&ns| ns.max(config.plan.sample_ns_min))
                .collect(),
            samples,
            tokens_sha256: None,
            loading_ns: 0,
            timed_ns: 0,
            warmup_ns: 0,
            quality_ns: 0,
            quality: quality_left(past),
        }
    }

    fn all(&mut self, past: &[Record]) -> Result<StoppedBy, Stop> {
        self.read_texts()?;
        if self.site.run.memory == MemoryTurn::First {
            self.probe_memory()?;
        }
        self.score(past)?;
        self.look()?;
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

    /// Finds out before anything is measured whether the texts can be scored.
    fn read_texts(&mut self) -> Result<(), Stop> {
        let Some(plan) = self.site.run.plan.quality.as_ref() else {
            return Ok(());
        };
        if let (None, Some(known)) = (&self.quality.tokens, &self.site.run.tokens) {
            self.journal.append(&Record::Texts(known.clone()))?;
            self.quality.tokens = Some(known.clone());
        }
        if self.quality.tokens.is_none() {
            self.report_progress("reading the texts");
            let start = Instant::now();
            match read_texts(self.site, plan) {
                Ok(tokens) => {
                    self.journal.append(&Record::Texts(tokens.clone()))?;
                    self.quality.tokens = Some(tokens);
                }
                Err(AskError::Interrupted) => return Err(Stop::Interrupted),
                // The baseline's cells meet the same fate and are recorded there; without it nothing is scored.
                Err(AskError::Refused(_, why) | AskError::Dead(_, why)) => {
                    self.observer.notice(&format!("quality: {why}"));
                    self.said.insert(why);
                }
            }
            self.quality_ns += nanos(start);
        }
        for window in plan.windows.iter().filter(|w| !w.is_optional) {
            let found = self
                .quality
                .tokens
                .as_ref()
                .and_then(|tokens| too_short(window, tokens));
            if let Some((text, n_tokens)) = found {
                let text = self.site.run.text_names.get(text).cloned().unwrap_or_default();
                let n_ctx = window.n_ctx;
                return Err(Stop::Error(RunError::TextTooShort { text, n_tokens, n_ctx }));
            }
        }
        Ok(())
    }

    fn score(&mut self, past: &[Record]) -> Result<(), Stop> {
        let (Some(plan), Some(tokens)) = (self.site.run.plan.quality.as_ref(), self.quality.tokens.clone()) else {
            return Ok(());
        };
        let start = Instant::now();
        let (site, run_start) = (self.site, self.start);
        let (journal, observer, said) = (&mut *self.journal, &mut *self.observer, &mut self.said);
        let mut failures = Vec::new();
        let mut tell = |step: Step| -> Result<(), JournalError> {
            match step {
                Step::Record(record) => {
                    journal.append(&record)?;
                    if let Record::QualityFailure(failure) = *record {
                        // Scoring told it.
                        said.insert(failure.reason.clone());
                        failures.push(failure);
                    }
                }
                Step::Notice(text) => observer.notice(&text),
                Step::Progress(label) => {
                    let left = plan.stop.budget_ns.saturating_sub(nanos(start));
                    let behind = nanos(run_start);
                    observer.progress(behind, behind.saturating_add(left), &label);
                }
            }
            Ok(())
        };
        let scored = score_all(site, plan, &self.quality, past, &tokens, &mut tell);
        self.quality_ns += nanos(start);
        match scored {
            Ok(()) => {}
            Err(Halt::Interrupted) => return Err(Stop::Interrupted),
            Err(Halt::Told(error)) => return Err(error.into()),
        }
        let of_past = past.iter().filter_map(|record| match record {
            Record::QualityFailure(failure) => Some(failure.clone()),
            _ => None,
        });
        let all: Vec<QualityFailure> = of_past.chain(failures).collect();
        for failure in all.iter().filter(|f| f.kind == FailureKind::Broken) {
            self.leave_out_broken(plan, failure)?;
        }
        Ok(())
    }

    /// What is broken is not timed. Weights that are broken with the baseline's cache are so with every other.
    fn leave_out_broken(&mut self, plan: &QualityPlan, failure: &QualityFailure) -> Result<(), Stop> {
        let (broken, baseline) = (&plan.arms[failure.arm], &plan.arms[0]);
        let is_any_kv = broken.config.kv() == baseline.config.kv();
        let is_it = |arm: &Arm| {
            let is_kv = is_any_kv || arm.config.kv() == broken.config.kv();
            arm.variant == broken.variant && arm.config.build == broken.config.build && is_kv
        };
        let arms = &self.site.run.plan.arms;
        let cells: Vec<usize> = self
            .live()
            .into_iter()
            .filter(|&c| is_it(&arms[self.site.arm(c)]))
            .collect();
        self.fail(&cells, FailureKind::Broken, &failure.reason)
    }

    fn speed(&mut self) -> Result<StoppedBy, Stop> {
        loop {
            if self.live().is_empty() {
                return Ok(StoppedBy::Failures);
            }
            if let Some(why) = self.why_stop() {
                return Ok(why);
            }
            let mut in_launch = std::mem::take(&mut self.in_launch);
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
            self.n_launches += 1;
            self.launch += 1;
            self.look()?;
        }
    }

    fn turn(&self, in_launch: u32) -> Turn {
        Turn {
            launch: self.launch,
            round: self.round,
            in_launch,
        }
    }

    /// Looks at the choice so far: arms that cannot become it leave what decides, or the run where it is about nothing else.
    fn look(&mut self) -> Result<(), Stop> {
        let outlook = (self.site.run.early_stop)(self.n_launches);
        self.is_decided = outlook.is_decided;
        for arm in outlook.dropped {
            if self.dropped.insert(arm) {
                let round = self.round;
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
            loading_ns: self.loading_ns,
            timed_ns: self.timed_ns,
            warmup_ns: self.warmup_ns,
            quality_ns: self.quality_ns,
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
            true => baseline.is_some_and(|b| self.dropped.contains(&b)),
            false => self.dropped.contains(&arm),
        };
        (0..plan.cells.len())
            .filter(|&c| !self.failed.contains(&c) && (plan.pace.keeps_all || !has_left(self.site.arm(c))))
            .collect()
    }

    fn contenders(&self) -> BTreeSet<usize> {
        let arms = 0..self.site.run.plan.arms.len();
        arms.filter(|arm| !self.dropped.contains(arm)).collect()
    }

    fn blocks(&self, turn: Turn) -> Vec<Vec<usize>> {
        let plan = &self.site.run.plan;
        let mut found = blocks(plan, turn, &self.live(), &self.contenders());
        if turn.round == self.round {
            found.retain(|cells| !cells.iter().any(|c| self.done.contains(c)));
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
            self.memory_done.insert(arm);
        }
        Ok(())
    }

    /// Arms whose memory is still to be read: where time is short one of each file, since what another KV type changes is known exactly.
    fn memory_left(&self) -> Vec<usize> {
        let plan = &self.site.run.plan;
        (0..plan.arms.len())
            .filter(|_| self.site.run.memory != MemoryTurn::Never)
            .filter(|&a| !plan.arms[a].is_control && !self.memory_done.contains(&a))
            // What another process holds cannot be read.
            .filter(|&a| !is_server(&plan.arms[a].config.device))
            .filter(|&a| plan.pace.keeps_all || is_first_of_variant(plan, a))
            .collect()
    }

    /// Precision, budget or numbers; never significance.
    fn why_stop(&self) -> Option<StoppedBy> {
        let (plan, n) = (&self.site.run.plan, self.n_launches);
        let is_all = match plan.pace.n_rounds_asked {
            Some(asked) => self.n_rounds >= asked,
            None => n >= plan.stop.n_launches_max,
        };
        if is_all {
            return Some(StoppedBy::Rounds);
        }
        if self.is_decided && !plan.pace.keeps_all {
            return Some(StoppedBy::Decided);
        }
        if n >= plan.stop.n_launches_min && self.is_decided && self.is_precise() {
            return Some(StoppedBy::Precision);
        }
        // Without samples there is nothing to tell; a single launch tells little, and half as much again is spent on a second one.
        let allowed = match n {
            0 => u64::MAX,
            1 => self.budget_ns().saturating_add(self.budget_ns() / 2),
            _ => self.budget_ns(),
        };
        let is_over = nanos(self.start).saturating_add(self.predicted_launch_ns(self.launch)) > allowed;
        is_over.then_some(StoppedBy::Budget)
    }

    /// Time for scoring and speed: what reading memory will take afterwards is not theirs.
    fn budget_ns(&self) -> u64 {
        let left = self.memory_left().into_iter();
        let after: u64 = left
            .map(|arm| self.load_ns.get(&arm).copied().unwrap_or(0).saturating_mul(3))
            .sum();
        self.site.run.plan.stop.budget_ns.saturating_sub(after)
    }

    fn has_further_round(&self, in_launch: u32) -> bool {
        let plan = &self.site.run.plan;
        if plan.pace.n_rounds_asked.is_some_and(|asked| self.n_rounds >= asked) || self.live().is_empty() {
            return false;
        }
        let (n_rounds, _) = self.pace.unwrap_or((plan.pace.n_rounds, false));
        let ahead = self.predicted_of(self.turn(in_launch));
        let has_time = nanos(self.start).saturating_add(ahead) <= self.budget_ns();
        self.site.run.is_resident && in_launch < n_rounds && has_time
    }

    fn predicted_of(&self, turn: Turn) -> u64 {
        self.blocks(turn).concat().iter().map(|&c| self.predicted_ns[c]).sum()
    }

    /// A launch with all its rounds.
    fn predicted_launch_ns(&self, launch: u32) -> u64 {
        let (n_rounds, _) = self.pace.unwrap_or((1, false));
        self.launch_ns.saturating_add(self.rounds_cost_ns(launch, n_rounds))
    }

    fn rounds_cost_ns(&self, launch: u32, n_rounds: u32) -> u64 {
        let turn = |in_launch| Turn {
            launch,
            round: self.round + in_launch,
            in_launch,
        };
        (0..n_rounds).map(|k| self.predicted_of(turn(k))).sum()
    }

    /// As many rounds a launch as leave time for the launches that there are to be; where not even one does, only what decides is
    /// measured in the launches to come.
    fn affordable_pace(&self) -> (u32, bool) {
        let plan = &self.site.run.plan;
        if plan.pace.n_rounds_asked.is_some() {
            return (plan.pace.n_rounds, false);
        }
        // Waking workers, restoring states and the probe take a little besides.
        let time = self.budget_ns().saturating_sub(nanos(self.start)) / 10 * 9;
        let fits = |n_rounds: &u32| {
            let later = (self.launch + 1)..plan.stop.n_launches_min.max(self.launch + 2);
            let each = later.map(|l| self.launch_ns.saturating_add(self.rounds_cost_ns(l, *n_rounds)));
            each.fold(0, u64::saturating_add) <= time
        };
        let most = (1..=plan.pace.n_rounds.max(1)).rev().find(fits);
        (most.unwrap_or(1), most.is_none())
    }

    fn is_precise(&self) -> bool {
        let plan = &self.site.run.plan;
        headline_pairs(plan)
            .into_iter()
            .filter(|(c, b)| !self.failed.contains(c) && !self.failed.contains(b))
            .all(|(cell, base)| {
                let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
                for (&(_, round), (launch, ns)) in self.samples.range((cell, 0)..=(cell, u32::MAX)) {
                    if let Some((_, of_base)) = self.samples.get(&(base, round)) {
                        groups
                            .entry(*launch)
                            .or_default()
                            .push((*of_base as f64 / *ns as f64).ln());
                    }
                }
                let groups: Vec<Vec<f64>> = groups.into_values().collect();
                let is_narrow = |i| stats::half_width(&i) <= plan.stop.precision;
                // With fewer launches nothing is known of what processes differ by.
                groups.len() >= stats::N_LAUNCHES_MIN
                    && stats::grouped_interval(&groups, 0.0, 0.95).is_some_and(is_narrow)
            })
    }

    /// Tells how far the run is, by predicted cost: the launches still expected, or the budget where that ends sooner.
    fn report_progress(&mut self, label: &str) {
        let stop = &self.site.run.plan.stop;
        let behind = nanos(self.start);
        let left = u64::from(stop.n_launches_max.saturating_sub(self.n_launches));
        let ahead = left.saturating_mul(self.predicted_launch_ns(self.launch));
        let total = behind.saturating_add(ahead).min(stop.budget_ns.max(behind));
        let leading = leading::fastest(&self.site.run.plan, &self.samples, &self.dropped);
        let label = leading.map_or_else(|| label.to_owned(), |leading| format!("{leading}; {label}"));
        self.observer.progress(behind, total, &label);
    }
}

/// Whether no arm before it has the same file: what another KV type changes in memory is known exactly.
fn is_first_of_variant(plan: &Plan, arm: usize) -> bool {
    let same = |other: &Arm| other.variant == plan.arms[arm].variant;
    plan.arms.iter().position(same) == Some(arm)
}

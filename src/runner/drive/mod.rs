//! The course of a run: texts, memory probes, rounds until the stop rule ends them, scoring.

mod rounds;

use super::child::{AskError, Interrupt, Mailbox};
use super::config::{nanos, RunConfig, Site};
use super::memory::probe;
use super::progress::Observer;
use super::quality::{read_texts, score_all, Halt, Step};
use super::team::{Interrupted, Team};
use super::watch::Watch;
use crate::data::{Arm, DroppedRecord, EndRecord, Plan, Record, StoppedBy};
use crate::journal::{JournalError, Writer};
use crate::plan::{headline_pairs, launch_of, outstanding, quality_left, too_short, QualityLeft};
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
    DifferentTokens {
        /// The worker.
        worker: String,
    },
    /// A text that is too short for the windows asked for.
    #[error("{text}: {n_tokens} tokens are too few for windows of {n_ctx}; give a text of at least {} tokens, or a smaller --quality-ctx", 2 * u64::from(*n_ctx))]
    TextTooShort {
        /// The text.
        text: String,
        /// Its tokens.
        n_tokens: u32,
        /// The window.
        n_ctx: u32,
    },
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
    team: Team<'a>,
    watch: Option<Watch>,
    start: Instant,
    /// The round that runs, counting void ones.
    round: u32,
    void: BTreeSet<u32>,
    done_in_round: BTreeSet<usize>,
    failed: BTreeSet<usize>,
    /// Arms that left the run.
    dropped: BTreeSet<usize>,
    memory_done: BTreeSet<usize>,
    /// Executions per sample of each cell.
    repeats: BTreeMap<usize, u32>,
    /// Wall time of the last launch.
    launch_ns: u64,
    /// Wall time of a sample of each cell: predicted, then the last seen.
    cost_ns: Vec<u64>,
    /// Nanoseconds per cell and round, for the stop rule.
    samples: BTreeMap<(usize, u32), u64>,
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
        let mut repeats = BTreeMap::new();
        let mut samples = BTreeMap::new();
        for record in past {
            match record {
                Record::Launch(l) if repeats.is_empty() => repeats.extend(l.repeats.iter().copied()),
                Record::Sample(s) if !left.void.contains(&s.round) => {
                    samples.insert((s.cell, s.round), s.sample.ns);
                }
                _ => {}
            }
        }
        Drive {
            site,
            journal,
            observer,
            team: Team::new(site),
            watch: None,
            start: Instant::now(),
            round: left.round,
            void: left.void,
            done_in_round: left.done_in_round,
            failed: left.failed,
            dropped: left.dropped,
            memory_done: left.memory_done,
            repeats,
            launch_ns: 0,
            cost_ns: config
                .guess_ns
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
        self.probe_memory()?;
        let ended = past.iter().rev().find_map(|record| match record {
            Record::SpeedEnd(why) if self.quality.is_speed_done => Some(*why),
            _ => None,
        });
        let stopped_by = match ended {
            Some(why) => why,
            None => {
                if self.is_quality_first() {
                    self.score(past)?;
                }
                self.watch = self.watch_of_plan();
                let why = self.speed()?;
                self.team.dismiss_all();
                if self.site.run.plan.quality.is_some() {
                    self.journal.append(&Record::SpeedEnd(why))?;
                }
                why
            }
        };
        // Its buffers are larger than any cache, and scoring is not timed.
        self.watch = None;
        if !self.is_quality_first() {
            self.score(past)?;
        }
        Ok(stopped_by)
    }

    fn is_quality_first(&self) -> bool {
        self.site.run.plan.quality.as_ref().is_some_and(|q| q.is_first)
    }

    fn watch_of_plan(&self) -> Option<Watch> {
        let plan = &self.site.run.plan;
        let n_threads = plan.arms.iter().map(|a| a.config.n_threads).max().unwrap_or(1);
        // More than the CPUs show nothing more of the machine, and each has buffers of its own.
        let n_threads = n_threads.min(self.site.run.n_cpus);
        let pause_max = Duration::from_nanos(plan.stop.budget_ns).mul_f64(plan.limits.pause_share_max);
        self.site.run.has_anchor.then(|| Watch::new(n_threads, pause_max))
    }

    /// Finds out before anything is measured whether the texts can be scored.
    fn read_texts(&mut self) -> Result<(), Stop> {
        let Some(plan) = self.site.run.plan.quality.as_ref() else {
            return Ok(());
        };
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
        let (journal, observer) = (&mut *self.journal, &mut *self.observer);
        let mut tell = |step: Step| -> Result<(), JournalError> {
            match step {
                Step::Record(record) => journal.append(&record)?,
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
            Ok(()) => Ok(()),
            Err(Halt::Interrupted) => Err(Stop::Interrupted),
            Err(Halt::Told(error)) => Err(error.into()),
        }
    }

    fn speed(&mut self) -> Result<StoppedBy, Stop> {
        let mut launch = None;
        loop {
            if self.live().is_empty() {
                return Ok(StoppedBy::Failures);
            }
            if let Some(why) = self.why_stop() {
                return Ok(why);
            }
            let due = launch_of(&self.site.run.plan, self.n_rounds());
            let now = match launch {
                Some(now) if now == due || !self.has_time_for_launch() => now,
                _ => {
                    self.launch(due)?;
                    due
                }
            };
            launch = Some(now);
            self.one_round(now)?;
            if self.is_decided()? {
                return Ok(StoppedBy::Decided);
            }
        }
    }

    /// Looks at the recommendation so far, where that steers the run: arms that cannot become it leave.
    fn is_decided(&mut self) -> Result<bool, Stop> {
        let (run, n_rounds) = (self.site.run, self.n_rounds());
        let n_min = run.plan.stop.n_rounds_min;
        let is_look = n_rounds >= n_min && (n_rounds - n_min).is_multiple_of(LOOK_EVERY);
        let Some(steer) = run.steer.as_ref().filter(|_| is_look) else {
            return Ok(false);
        };
        let course = steer();
        for arm in course.dropped {
            if self.dropped.insert(arm) {
                let round = self.round;
                self.journal.append(&Record::Dropped(DroppedRecord { arm, round }))?;
                self.team.dismiss(arm);
            }
        }
        Ok(course.is_decided)
    }

    /// Whether fresh workers leave time for rounds with them: for one round alone they cost more than they tell.
    fn has_time_for_launch(&self) -> bool {
        let ahead = self.launch_ns.saturating_add(self.round_cost_ns().saturating_mul(2));
        nanos(self.start).saturating_add(ahead) <= self.site.run.plan.stop.budget_ns
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
        self.team.dismiss_all();
        self.journal.append(&Record::End(end.clone()))?;
        Ok(end)
    }

    /// Complete rounds.
    fn n_rounds(&self) -> u32 {
        self.round - self.void.len() as u32
    }

    fn live(&self) -> BTreeSet<usize> {
        (0..self.site.run.plan.cells.len())
            .filter(|&c| !self.failed.contains(&c) && !self.dropped.contains(&self.site.arm(c)))
            .collect()
    }

    fn probe_memory(&mut self) -> Result<(), Stop> {
        let plan = &self.site.run.plan;
        let arms: Vec<usize> = (0..plan.arms.len())
            .filter(|&a| !plan.arms[a].is_control && !self.memory_done.contains(&a))
            .filter(|&a| self.site.run.steer.is_none() || is_first_of_variant(plan, a))
            .collect();
        for arm in arms {
            self.report_progress(&format!("memory of {}", plan.arms[arm].id));
            // Ids of probes and of team workers must differ; a team counts up from 1.
            let result = probe(self.site, arm, u64::MAX - arm as u64);
            match result {
                Ok(record) => self.journal.append(&Record::Memory(record))?,
                Err(AskError::Interrupted) => return Err(Stop::Interrupted),
                // The arm's cells meet the same fate in the launch and are recorded there.
                Err(AskError::Refused(_, why) | AskError::Dead(_, why)) => {
                    self.observer.notice(&format!("memory of {}: {why}", plan.arms[arm].id));
                }
            }
        }
        Ok(())
    }

    /// Precision, budget or rounds; never significance.
    fn why_stop(&self) -> Option<StoppedBy> {
        let stop = &self.site.run.plan.stop;
        let n_rounds = self.n_rounds();
        if n_rounds >= stop.n_rounds_max {
            return Some(StoppedBy::Rounds);
        }
        if n_rounds >= stop.n_rounds_min
            && (n_rounds - stop.n_rounds_min).is_multiple_of(LOOK_EVERY)
            && self.is_precise()
        {
            return Some(StoppedBy::Precision);
        }
        // One round has no interval: half as much again is spent on a second.
        let allowed = match n_rounds {
            0 => u64::MAX,
            1 => stop.budget_ns.saturating_add(stop.budget_ns / 2),
            _ => stop.budget_ns,
        };
        let is_over = nanos(self.start).saturating_add(self.round_cost_ns()) > allowed;
        is_over.then_some(StoppedBy::Budget)
    }

    fn round_cost_ns(&self) -> u64 {
        self.live().iter().map(|&c| self.cost_ns[c]).sum()
    }

    fn is_precise(&self) -> bool {
        let plan = &self.site.run.plan;
        headline_pairs(plan)
            .into_iter()
            .filter(|(c, b)| !self.failed.contains(c) && !self.failed.contains(b))
            .all(|(cell, base)| {
                let pairs: Vec<(f64, f64)> = (0..self.round)
                    .filter_map(|r| {
                        Some((
                            *self.samples.get(&(base, r))? as f64,
                            *self.samples.get(&(cell, r))? as f64,
                        ))
                    })
                    .collect();
                let (base, cell): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
                stats::log_ratio_interval(&base, &cell, 0.95)
                    .is_some_and(|interval| stats::half_width(&interval) <= plan.stop.precision)
            })
    }

    /// Tells how far the run is, by predicted cost: the rounds still expected, or the budget where that ends sooner.
    fn report_progress(&mut self, label: &str) {
        let stop = &self.site.run.plan.stop;
        let behind = nanos(self.start);
        let in_round: u64 = self
            .live()
            .iter()
            .filter(|c| !self.done_in_round.contains(c))
            .map(|&c| self.cost_ns[c])
            .sum();
        let rounds_left = u64::from(stop.n_rounds_max.saturating_sub(self.n_rounds() + 1));
        let ahead = in_round.saturating_add(rounds_left.saturating_mul(self.round_cost_ns()));
        let for_quality = match &self.site.run.plan.quality {
            Some(plan) if plan.stop.budget_ns < u64::MAX => plan.stop.budget_ns,
            _ => 0,
        };
        let total = behind.saturating_add(ahead).min(stop.budget_ns.max(behind));
        let total = total.saturating_add(for_quality);
        self.observer.progress(behind, total, label);
    }
}

/// Whether no arm before it has the same file: what another KV type changes in memory is known exactly.
fn is_first_of_variant(plan: &Plan, arm: usize) -> bool {
    let same = |other: &Arm| other.variant == plan.arms[arm].variant;
    plan.arms.iter().position(same) == Some(arm)
}

/// Rounds between two looks at the precision.
const LOOK_EVERY: u32 = 2;

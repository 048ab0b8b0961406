//! A launch and its rounds: workers come up, blocks are measured, what happened is booked.

use super::{Drive, RunError, Stop};
use crate::data::{
    ArmConfig, BlockRecord, DisturbedRecord, EngineInfo, FailureKind, FailureRecord, LaunchRecord, ProbeRecord, Record,
    RoundRecord, Sample, SampleRecord,
};
use crate::plan::{launch_order, n_repeat, Turn};
use crate::runner::config::nanos;
use crate::runner::watch::disturbance;
use crate::runner::workers::Answered;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Blocks that may be discarded before there is a share to speak of.
const N_DISCARDED_FREE: u32 = 1;

impl Drive<'_> {
    /// Fresh workers for all arms that the launch measures. Where they do not fit into memory together they come up in their turns.
    pub(super) fn launch(&mut self, first: u32) -> Result<(), Stop> {
        let start = Instant::now();
        self.workers.dismiss_all();
        if !self.site.run.prediction.is_resident() {
            return Ok(());
        }
        let (n_rounds, _) = self.pace.unwrap_or((self.site.run.plan.pace.n_rounds.max(1), false));
        let turns = (first..n_rounds.max(first + 1)).map(|in_launch| Turn {
            round: self.left.round + in_launch - first,
            ..self.turn(in_launch)
        });
        let due: BTreeSet<usize> = turns.flat_map(|t| self.blocks(t).concat()).collect();
        let arms: BTreeSet<usize> = due.into_iter().map(|cell| self.site.arm(cell)).collect();
        let mut record = self.launch_record();
        for arm in launch_order(&self.site.run.plan, self.left.launch) {
            if arms.contains(&arm) {
                self.bring_up(arm, &mut record)?;
            }
        }
        self.launch_ns = nanos(start);
        self.journal.append(&Record::Launch(record))?;
        Ok(())
    }

    /// Of a launch in which nothing is up yet.
    fn launch_record(&self) -> LaunchRecord {
        LaunchRecord {
            launch: self.left.launch,
            ..LaunchRecord::default()
        }
    }

    /// Brings an arm up, and books what failed and how long it took.
    fn bring_up(&mut self, arm: usize, record: &mut LaunchRecord) -> Result<(), Stop> {
        self.report_progress(&format!("loading {}", self.site.run.plan.arms[arm].id));
        let up = self.workers.bring_up(arm)?;
        self.spent.loading_ns += up.loading_ns;
        self.load_ns.insert(arm, up.loading_ns);
        record.loading_ns += up.loading_ns;
        if record.engine == EngineInfo::default() || self.site.run.plan.arms[arm].is_baseline {
            record.engine = up.engine;
        }
        if let Some((kind, reason)) = up.failed {
            let cells: Vec<usize> = self.live().into_iter().filter(|&c| self.site.arm(c) == arm).collect();
            self.fail(&cells, kind, &reason)?;
        }
        if let Some(up) = up.arm {
            let seen = &up.tokens_sha256;
            if *self.tokens_sha256.get_or_insert_with(|| seen.clone()) != *seen {
                let worker = self.site.run.plan.arms[arm].id.clone();
                return Err(Stop::Error(RunError::DifferentTokens { worker }));
            }
            record.arms.push(up);
        }
        Ok(())
    }

    /// Every block that is due.
    pub(super) fn one_round(&mut self, turn: Turn) -> Result<(), Stop> {
        self.read_probe(turn)?;
        let due = self.blocks(turn);
        if self.site.run.prediction.is_resident() {
            let mut position = 0;
            for cells in due {
                self.block(turn, &cells, &mut position)?;
            }
        } else {
            self.by_arm(turn, &due)?;
        }
        self.journal.append(&Record::Round(RoundRecord {
            launch: turn.launch,
            round: turn.round,
            in_launch: turn.in_launch,
        }))?;
        self.left.done.clear();
        self.left.round += 1;
        self.left.n_rounds += 1;
        Ok(())
    }

    /// All arms of a work back to back. A disturbed sample makes it discarded, and it is run once more.
    fn block(&mut self, turn: Turn, cells: &[usize], position: &mut u32) -> Result<(), Stop> {
        for &cell in cells {
            self.make_ready(cell)?;
        }
        let mut may_be_discarded = true;
        let done = 'again: loop {
            let mut done = Vec::new();
            for &cell in cells {
                let Some(sample) = self.measure(turn, cell)? else {
                    continue;
                };
                // Before the sample: were it the other way round, a crash in between would keep a disturbed sample.
                let is_discarded = self.is_discarded(turn, cell, &sample, may_be_discarded)?;
                done.push((cell, sample.ns()));
                self.book(turn, *position, cell, sample)?;
                *position += 1;
                if is_discarded {
                    may_be_discarded = false;
                    continue 'again;
                }
            }
            break done;
        };
        self.end_block(turn, done)
    }

    /// One arm after the other, each with all its works: models are loaded in turn.
    fn by_arm(&mut self, turn: Turn, due: &[Vec<usize>]) -> Result<(), Stop> {
        let mut record = self.launch_record();
        let mut done: BTreeMap<usize, Vec<(usize, u64)>> = BTreeMap::new();
        let mut position = 0;
        let order = launch_order(&self.site.run.plan, turn.launch);
        let own = |site: crate::runner::config::Site, arm: usize| -> Vec<(usize, usize)> {
            let blocks = due.iter().enumerate();
            let cells = blocks.flat_map(|(block, cells)| cells.iter().map(move |&cell| (block, cell)));
            cells.filter(|(_, cell)| site.arm(*cell) == arm).collect()
        };
        for arm in order {
            let cells = own(self.site, arm);
            if cells.is_empty() {
                continue;
            }
            self.bring_up(arm, &mut record)?;
            for (block, cell) in cells {
                self.make_ready(cell)?;
                let Some(sample) = self.measure(turn, cell)? else {
                    continue;
                };
                self.is_discarded(turn, cell, &sample, false)?;
                done.entry(block).or_default().push((cell, sample.ns()));
                self.book(turn, position, cell, sample)?;
                position += 1;
            }
            self.workers.dismiss(arm);
        }
        self.launch_ns = record.loading_ns;
        self.journal.append(&Record::Launch(record))?;
        for (_, cells) in done {
            self.end_block(turn, cells)?;
        }
        Ok(())
    }

    fn end_block(&mut self, turn: Turn, done: Vec<(usize, u64)>) -> Result<(), Stop> {
        self.n_blocks += 1;
        for &(cell, ns) in &done {
            self.samples.insert((cell, turn.round), (turn.launch, ns));
        }
        let record = BlockRecord {
            launch: turn.launch,
            round: turn.round,
            in_launch: turn.in_launch,
            cells: done.into_iter().map(|(cell, _)| cell).collect(),
        };
        self.journal.append(&Record::Block(record))?;
        Ok(())
    }

    /// Has the cell's worker up and ready, and knows how often a sample repeats the work.
    fn make_ready(&mut self, cell: usize) -> Result<(), Stop> {
        let arm = self.site.arm(cell);
        if self.left.failed.contains(&cell) {
            return Ok(());
        }
        if !self.workers.is_up(arm) {
            self.bring_up(arm, &mut LaunchRecord::default())?;
        }
        if self.left.failed.contains(&cell) {
            return Ok(());
        }
        let start = Instant::now();
        let is_timed = !self.left.repeats.contains_key(&cell);
        let answer = self.workers.prepare(cell, is_timed)?;
        self.spent.warmup_ns += nanos(start);
        match answer {
            Answered::Done(None) => {}
            Answered::Done(Some(ns)) => self.set_repeat(cell, ns),
            Answered::Failed(kind, reason) => self.fail_one(cell, kind, &reason)?,
        }
        Ok(())
    }

    /// Repeats are fixed once per run, so that every sample lasts long enough; the control's are its arm's, and those of builds the same.
    fn set_repeat(&mut self, cell: usize, execution_ns: u64) {
        let plan = &self.site.run.plan;
        let is_twin = |other: usize| {
            let (a, b) = (&plan.cells[cell], &plan.cells[other]);
            let (own, other) = (&plan.arms[a.arm], &plan.arms[b.arm]);
            let elsewhere = |config: &ArmConfig| ArmConfig {
                build: None,
                ..config.clone()
            };
            a.spec == b.spec && own.variant == other.variant && elsewhere(&own.config) == elsewhere(&other.config)
        };
        let known = self
            .left
            .repeats
            .iter()
            .find(|(other, _)| is_twin(**other))
            .map(|(_, n)| *n);
        let n = known.unwrap_or_else(|| n_repeat(execution_ns, plan.sample_ns_min));
        let n = *self.left.repeats.entry(cell).or_insert(n);
        if !self.samples.contains_key(&(cell, self.left.round)) {
            self.predicted_ns[cell] = execution_ns.saturating_mul(u64::from(n));
        }
    }

    /// A sample of a cell whose worker is up and ready; `None` where it failed.
    fn measure(&mut self, turn: Turn, cell: usize) -> Result<Option<Sample>, Stop> {
        if self.left.failed.contains(&cell) {
            return Ok(None);
        }
        self.report_progress(&self.site.run.plan.cells[cell].id.clone());
        let start = Instant::now();
        let n_repeat = self.left.repeats.get(&cell).copied().unwrap_or(1);
        match self
            .workers
            .measure(cell, turn.round, n_repeat, self.predicted_ns[cell])?
        {
            Answered::Done(sample) => {
                self.predicted_ns[cell] = nanos(start);
                Ok(Some(*sample))
            }
            Answered::Failed(kind, reason) => {
                self.fail_one(cell, kind, &reason)?;
                Ok(None)
            }
        }
    }

    /// Whether `sample` makes its block discarded; books what disturbed it.
    fn is_discarded(&mut self, turn: Turn, cell: usize, sample: &Sample, may_be_discarded: bool) -> Result<bool, Stop> {
        let run = self.site.run;
        let config = &run.plan.arms[self.site.arm(cell)].config;
        let Some(what) = disturbance(&run.plan.limits, config, run.n_cpus, sample) else {
            return Ok(false);
        };
        let n_discarded_max =
            N_DISCARDED_FREE + (f64::from(self.n_blocks) * run.plan.limits.discarded_share_max) as u32;
        let is_discarded = may_be_discarded && self.left.n_discarded < n_discarded_max;
        self.left.n_discarded += u32::from(is_discarded);
        self.journal.append(&Record::Disturbed(DisturbedRecord {
            launch: turn.launch,
            round: turn.round,
            cell,
            what,
            is_discarded,
        }))?;
        Ok(is_discarded)
    }

    fn read_probe(&mut self, turn: Turn) -> Result<(), Stop> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let (reading, paused_ns) = watch.before_round(self.site.run.plan.limits.drift_max, self.site.mailbox)?;
        self.journal.append(&Record::Probe(ProbeRecord {
            launch: turn.launch,
            round: turn.round,
            reading,
            paused_ns,
        }))?;
        Ok(())
    }

    fn book(&mut self, turn: Turn, position: u32, cell: usize, sample: Sample) -> Result<(), Stop> {
        self.spent.timed_ns += sample.timed_ns;
        self.spent.warmup_ns += sample.warmup_ns;
        let at_ns = nanos(self.start);
        self.journal.append(&Record::Sample(SampleRecord {
            launch: turn.launch,
            round: turn.round,
            position,
            cell,
            at_ns,
            sample,
        }))?;
        Ok(())
    }

    /// A cell failed; where that shows a broken file, what is left of its arm with it.
    fn fail_one(&mut self, cell: usize, kind: FailureKind, reason: &str) -> Result<(), Stop> {
        let (arm, is_all) = (self.site.arm(cell), kind == FailureKind::Broken);
        let of_arm = self
            .live()
            .into_iter()
            .filter(|&c| is_all && c != cell && self.site.arm(c) == arm);
        let cells: Vec<usize> = [cell].into_iter().chain(of_arm).collect();
        self.fail(&cells, kind, reason)
    }

    /// Books that these cells, all of one arm or of one file, cannot be measured, and says it once.
    pub(super) fn fail(&mut self, cells: &[usize], kind: FailureKind, reason: &str) -> Result<(), Stop> {
        let plan = &self.site.run.plan;
        let Some(&first) = cells.first() else { return Ok(()) };
        let arm = &plan.arms[self.site.arm(first)];
        if arm.is_baseline && kind == FailureKind::Broken {
            let (baseline, reason) = (arm.id.clone(), reason.to_owned());
            return Err(Stop::Error(RunError::BrokenBaseline { baseline, reason }));
        }
        for &cell in cells {
            self.left.failed.insert(cell);
            self.journal.append(&Record::Failure(FailureRecord {
                cell,
                kind,
                reason: reason.to_owned(),
            }))?;
        }
        if self.said.insert(reason.to_owned()) {
            let what = match cells {
                [one] => &plan.cells[*one].id,
                _ => &arm.id,
            };
            self.observer.notice(&format!("{what}: {kind}: {reason}"));
        }
        Ok(())
    }
}

//! A launch and a round: workers come up, every cell is measured once, what happened is booked.

use super::{Drive, RunError, Stop};
use crate::data::{
    AnchorRecord, DisturbedRecord, FailureKind, FailureRecord, LaunchRecord, Record, RoundRecord, Sample, SampleRecord,
};
use crate::plan::{launch_order, n_repeat, round_order};
use crate::runner::config::nanos;
use crate::runner::team::{BringUp, Measured};
use crate::runner::watch::disturbance;
use std::collections::BTreeMap;
use std::time::Instant;

impl Drive<'_> {
    /// Fresh workers for all arms.
    pub(super) fn launch(&mut self, launch: u32) -> Result<(), Stop> {
        let start = Instant::now();
        self.team.dismiss_all();
        let (mut arms, mut executions, mut engine) = (Vec::new(), BTreeMap::new(), None);
        let (mut loading_ns, mut warmup_ns) = (0, 0);
        for arm in launch_order(&self.site.run.plan, launch) {
            self.report_progress(&format!("loading {}", self.site.run.plan.arms[arm].id));
            let up = self.bring_up(arm)?;
            if !self.site.run.is_resident {
                self.team.dismiss(arm);
            }
            loading_ns += up.loading_ns;
            warmup_ns += up.warmup_ns;
            engine = engine.or(up.engine);
            if let Some(up) = up.arm {
                executions.extend(up.execution_ns);
                arms.push(up.loaded);
            }
        }
        self.set_repeats(&executions);
        self.launch_ns = nanos(start);
        let record = LaunchRecord {
            launch,
            arms,
            engine: engine.unwrap_or_default(),
            loading_ns,
            warmup_ns,
            repeats: self.repeats.iter().map(|(cell, n)| (*cell, *n)).collect(),
        };
        self.journal.append(&Record::Launch(record))?;
        Ok(())
    }

    /// Brings an arm up for its live cells, and books what failed and how long it took.
    fn bring_up(&mut self, arm: usize) -> Result<BringUp, Stop> {
        let live = self.live();
        let is_timed = live.iter().all(|cell| self.repeats.contains_key(cell));
        let up = self.team.bring_up(arm, &live, is_timed)?;
        self.loading_ns += up.loading_ns;
        self.warmup_ns += up.warmup_ns;
        for (cell, kind, reason) in &up.failed {
            self.fail(*cell, *kind, reason)?;
        }
        if let Some(up) = &up.arm {
            let seen = &up.loaded.tokens_sha256;
            if *self.tokens_sha256.get_or_insert_with(|| seen.clone()) != *seen {
                let worker = self.site.run.plan.arms[arm].id.clone();
                return Err(Stop::Error(RunError::DifferentTokens { worker }));
            }
        }
        Ok(up)
    }

    /// Repeats are fixed once per run, so that every sample lasts long enough; the control's are its arm's.
    fn set_repeats(&mut self, executions: &BTreeMap<usize, u64>) {
        let plan = &self.site.run.plan;
        let is_twin = |a: usize, b: usize| {
            let (a, b) = (&plan.cells[a], &plan.cells[b]);
            let (own, other) = (&plan.arms[a.arm], &plan.arms[b.arm]);
            a.spec == b.spec && own.variant == other.variant && own.config == other.config
        };
        for (&cell, &ns) in executions {
            let twins = executions.iter().filter(|(other, _)| is_twin(cell, **other));
            let fastest = twins.map(|(_, ns)| *ns).min().unwrap_or(ns);
            let n = *self
                .repeats
                .entry(cell)
                .or_insert_with(|| n_repeat(fastest, plan.sample_ns_min));
            self.cost_ns[cell] = ns.saturating_mul(u64::from(n));
        }
    }

    /// Every live cell once; a disturbed sample may end the round early.
    pub(super) fn one_round(&mut self, launch: u32) -> Result<(), Stop> {
        self.read_anchor(launch)?;
        let order = round_order(&self.site.run.plan, self.n_rounds(), !self.site.run.is_resident);
        let live = self.live();
        for (position, &cell) in order.iter().enumerate() {
            if !live.contains(&cell) || self.failed.contains(&cell) || self.done_in_round.contains(&cell) {
                continue;
            }
            self.only_worker_when_in_turn(cell)?;
            self.report_progress(&self.site.run.plan.cells[cell].id.clone());
            let start = Instant::now();
            let n_repeat = self.repeats.get(&cell).copied().unwrap_or(1);
            match self.team.measure(cell, self.n_rounds(), n_repeat, self.cost_ns[cell])? {
                Measured::Sample(sample) => {
                    self.cost_ns[cell] = nanos(start);
                    // Before the sample: were it the other way round, a crash in between would keep a disturbed sample.
                    let is_void = self.is_void(launch, cell, &sample)?;
                    self.book(launch, position as u32, cell, *sample)?;
                    if is_void {
                        self.end_void_round();
                        return Ok(());
                    }
                }
                Measured::Failed(kind, reason) => {
                    self.fail(cell, kind, &reason)?;
                    let arm = self.site.arm(cell);
                    if !self.team.is_up(arm) {
                        self.bring_up(arm)?;
                    }
                }
            }
        }
        self.journal.append(&Record::Round(RoundRecord {
            launch,
            round: self.round,
        }))?;
        self.round += 1;
        self.done_in_round.clear();
        Ok(())
    }

    /// Whether `sample` makes its round void; books what disturbed it.
    fn is_void(&mut self, launch: u32, cell: usize, sample: &Sample) -> Result<bool, Stop> {
        let run = self.site.run;
        let config = &run.plan.arms[self.site.arm(cell)].config;
        let Some(what) = disturbance(&run.plan.limits, config, run.n_cpus, sample) else {
            return Ok(false);
        };
        // Of the rounds that the budget has room for, so that a slow model does not spend it on void ones.
        let n_in_budget = run.plan.stop.budget_ns / self.round_cost_ns().max(1);
        let n_rounds = n_in_budget.min(u64::from(run.plan.stop.n_rounds_max));
        let n_void_max = (n_rounds as f64 * run.plan.limits.void_share_max) as usize;
        let is_void = self.void.len() < n_void_max;
        self.journal.append(&Record::Disturbed(DisturbedRecord {
            launch,
            round: self.round,
            cell,
            what,
            is_void,
        }))?;
        Ok(is_void)
    }

    /// The round counts no more; the next one takes its place.
    fn end_void_round(&mut self) {
        let void = self.round;
        self.void.insert(void);
        self.samples.retain(|(_, round), _| *round != void);
        self.round += 1;
        self.done_in_round.clear();
    }

    fn read_anchor(&mut self, launch: u32) -> Result<(), Stop> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let (reading, paused_ns) = watch.before_round(self.site.run.plan.limits.drift_max, self.site.mailbox)?;
        self.journal.append(&Record::Anchor(AnchorRecord {
            launch,
            round: self.round,
            reading,
            paused_ns,
        }))?;
        Ok(())
    }

    fn only_worker_when_in_turn(&mut self, cell: usize) -> Result<(), Stop> {
        let arm = self.site.arm(cell);
        if !self.site.run.is_resident && !self.team.is_up(arm) {
            self.team.dismiss_all();
            self.bring_up(arm)?;
        }
        Ok(())
    }

    fn book(&mut self, launch: u32, position: u32, cell: usize, sample: Sample) -> Result<(), Stop> {
        self.timed_ns += sample.timed_ns;
        self.warmup_ns += sample.warmup_ns;
        self.samples.insert((cell, self.round), sample.ns);
        self.done_in_round.insert(cell);
        let at_ns = nanos(self.start);
        self.journal.append(&Record::Sample(SampleRecord {
            launch,
            round: self.round,
            position,
            cell,
            at_ns,
            sample,
        }))?;
        Ok(())
    }

    fn fail(&mut self, cell: usize, kind: FailureKind, reason: &str) -> Result<(), Stop> {
        self.failed.insert(cell);
        self.observer
            .notice(&format!("{}: {kind}: {reason}", self.site.run.plan.cells[cell].id));
        self.journal.append(&Record::Failure(FailureRecord {
            cell,
            kind,
            reason: reason.to_owned(),
        }))?;
        Ok(())
    }
}

//! When a run ends, and how much of it there is time for.

use super::super::config::nanos;
use super::Drive;
use crate::data::StoppedBy;
use crate::plan::{headline_pairs, Turn};
use crate::stats;
use std::collections::BTreeMap;

impl Drive<'_> {
    /// Precision, budget or numbers; never significance.
    pub(super) fn why_stop(&self) -> Option<StoppedBy> {
        let (plan, n) = (&self.site.run.plan, self.left.n_launches);
        let is_all = match plan.pace.n_rounds_asked {
            Some(asked) => self.left.n_rounds >= asked,
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
        let is_over = nanos(self.start).saturating_add(self.predicted_launch_ns(self.left.launch)) > allowed;
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

    pub(super) fn has_further_round(&self, in_launch: u32) -> bool {
        let plan = &self.site.run.plan;
        if plan
            .pace
            .n_rounds_asked
            .is_some_and(|asked| self.left.n_rounds >= asked)
            || self.live().is_empty()
        {
            return false;
        }
        let (n_rounds, _) = self.pace.unwrap_or((plan.pace.n_rounds, false));
        let ahead = self.predicted_of(self.turn(in_launch));
        let has_time = nanos(self.start).saturating_add(ahead) <= self.budget_ns();
        self.site.run.prediction.is_resident() && in_launch < n_rounds && has_time
    }

    fn predicted_of(&self, turn: Turn) -> u64 {
        self.blocks(turn).concat().iter().map(|&c| self.predicted_ns[c]).sum()
    }

    /// A launch with all its rounds.
    pub(super) fn predicted_launch_ns(&self, launch: u32) -> u64 {
        let (n_rounds, _) = self.pace.unwrap_or((1, false));
        self.launch_ns.saturating_add(self.rounds_cost_ns(launch, n_rounds))
    }

    fn rounds_cost_ns(&self, launch: u32, n_rounds: u32) -> u64 {
        let turn = |in_launch| Turn {
            launch,
            round: self.left.round + in_launch,
            in_launch,
        };
        (0..n_rounds).map(|k| self.predicted_of(turn(k))).sum()
    }

    /// As many rounds a launch as leave time for the launches that there are to be; where not even one does, only what decides is
    /// measured in the launches to come.
    pub(super) fn affordable_pace(&self) -> (u32, bool) {
        let plan = &self.site.run.plan;
        if plan.pace.n_rounds_asked.is_some() {
            return (plan.pace.n_rounds, false);
        }
        // Waking workers, restoring states and the probe take a little besides.
        let time = self.budget_ns().saturating_sub(nanos(self.start)) / 10 * 9;
        let fits = |n_rounds: &u32| {
            let later = (self.left.launch + 1)..plan.stop.n_launches_min.max(self.left.launch + 2);
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
            .filter(|(c, b)| !self.left.failed.contains(c) && !self.left.failed.contains(b))
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
}

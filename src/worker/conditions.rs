//! What the process used, and what the system withheld from it, between two moments.

use crate::data::{GpuConditions, SampleConditions};
use crate::engine::EngineError;
use crate::host::{Energy, EnergyReading, Interference, InterferenceCounters};
use nix::sys::resource::{getrusage, Usage, UsageWho};

/// What the system counts.
pub(super) struct Counters {
    pub(super) interference: Interference,
    energy: Energy,
}

impl Counters {
    pub(super) fn find() -> Self {
        Self {
            interference: Interference::find(),
            energy: Energy::find(),
        }
    }
}

/// The counters of the process and the system at one moment.
pub(super) struct Reading {
    usage: Usage,
    cpu_ns: u64,
    interference: InterferenceCounters,
    energy: EnergyReading,
}

impl Reading {
    /// `own_ns`: CPU time as an engine on a clock of its own counts it.
    pub(super) fn now(own_ns: Option<u64>, counters: &Counters) -> Result<Self, EngineError> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)
            .map_err(|e| EngineError::Refused(format!("cannot read the worker's resource use: {e}")))?;
        let kernel_ns = || {
            let (user, system) = (usage.user_time(), usage.system_time());
            let us = (user.tv_sec() + system.tv_sec()) * 1_000_000 + user.tv_usec() + system.tv_usec();
            us.unsigned_abs() * 1000
        };
        Ok(Self {
            cpu_ns: own_ns.unwrap_or_else(kernel_ns),
            // What the real machine does says nothing of an engine on a clock of its own.
            interference: own_ns.map_or_else(|| counters.interference.now(), |_| InterferenceCounters::default()),
            energy: own_ns.map_or_else(|| counters.energy.now(), |_| EnergyReading::default()),
            usage,
        })
    }
}

impl SampleConditions {
    /// Adds what was used between two readings.
    pub(super) fn add(&mut self, before: &Reading, after: &Reading) {
        let count = |before: i64, after: i64| after.saturating_sub(before).unsigned_abs();
        self.cpu_ns += after.cpu_ns.saturating_sub(before.cpu_ns);
        self.n_involuntary_switches += count(
            before.usage.involuntary_context_switches(),
            after.usage.involuntary_context_switches(),
        );
        self.n_major_faults += count(before.usage.major_page_faults(), after.usage.major_page_faults());
        let grown = |sum: Option<u64>, before: Option<u64>, after: Option<u64>| {
            Some(sum.unwrap_or(0) + after?.saturating_sub(before?))
        };
        let (old, new) = (&before.interference, &after.interference);
        self.steal_ns = grown(self.steal_ns, old.steal_ns, new.steal_ns);
        self.throttled_ns = grown(self.throttled_ns, old.throttled_ns, new.throttled_ns);
        self.suspended_ns = grown(self.suspended_ns, old.suspended_ns, new.suspended_ns);
        let used = after.energy.since(&before.energy);
        self.energy_uj = used.map(|uj| self.energy_uj.unwrap_or(0).saturating_add(uj));
        if let (Some(old), Some(new)) = (old.gpu, new.gpu) {
            let sum = self.gpu.and_then(|gpu| gpu.energy_mj);
            let energy_mj = grown(sum, old.energy_mj, new.energy_mj);
            self.gpu = Some(GpuConditions { energy_mj, ..new });
        }
    }
}

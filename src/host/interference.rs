//! What the system withholds from this process: counters that grow, read before and after a sample.

use super::gather::{cgroups, read};
use super::gpu::gpu_conditions;
use super::parse;
use crate::data::GpuConditions;
use std::path::PathBuf;

/// Ticks of /proc/stat per second: fixed by the kernel's user interface (USER_HZ) on every Linux in use.
const NS_PER_TICK: u64 = 10_000_000;

/// Where the counters are; found once.
#[derive(Debug, Default)]
pub(crate) struct Interference {
    cpu_stat: Option<PathBuf>,
    gpus: Vec<String>,
}

/// The counters at one moment; absent where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct InterferenceCounters {
    /// CPU time that the hypervisor gave to others, all CPUs of the machine. Steps of 10 ms.
    pub(crate) steal_ns: Option<u64>,
    /// Time that the cgroup's CPU quota held its processes back.
    pub(crate) throttled_ns: Option<u64>,
    /// Time that the machine was suspended, which the monotonic clock does not count.
    pub(crate) suspended_ns: Option<u64>,
    /// The GPUs that are watched, and the energy they drew so far.
    pub(crate) gpu: Option<GpuConditions>,
}

impl Interference {
    /// Finds the innermost cgroup with a quota of its own.
    pub(crate) fn find() -> Self {
        let limited = cgroups("cpu").into_iter().find(|group| group.cpu_quota().is_some());
        Interference {
            cpu_stat: limited.map(|group| group.dir.join("cpu.stat")),
            gpus: Vec::new(),
        }
    }

    pub(crate) fn watch_gpus(&mut self, addresses: Vec<String>) {
        self.gpus = addresses;
    }

    pub(crate) fn now(&self) -> InterferenceCounters {
        let ticks = read("/proc/stat").and_then(|text| parse::steal_ticks(&text));
        let throttled = self.cpu_stat.as_ref().and_then(read);
        InterferenceCounters {
            steal_ns: ticks.and_then(|n| n.checked_mul(NS_PER_TICK)),
            throttled_ns: throttled.and_then(|text| parse::throttled_ns(&text)),
            suspended_ns: suspended_ns(),
            gpu: gpu_conditions(&self.gpus),
        }
    }
}

/// How much further the clock that runs on while the machine sleeps is than the one that does not.
#[cfg(target_os = "linux")]
fn suspended_ns() -> Option<u64> {
    use nix::time::{clock_gettime, ClockId};
    let now = |clock| clock_gettime(clock).ok().map(std::time::Duration::from);
    let awake = now(ClockId::CLOCK_MONOTONIC)?;
    let all = now(ClockId::CLOCK_BOOTTIME)?;
    u64::try_from(all.saturating_sub(awake).as_nanos()).ok()
}

#[cfg(not(target_os = "linux"))]
fn suspended_ns() -> Option<u64> {
    None
}

/// Processes that the kernel has killed since it started because memory ran out, in any cgroup; `None` where it does
/// not count them.
pub(crate) fn n_oom_kills() -> Option<u64> {
    parse::stat_field(&read("/proc/vmstat")?, "oom_kill")
}

//! The texts Linux describes itself with, to numbers. Pure: no file is read here.

use std::collections::BTreeSet;

/// Bytes of one line of /proc/meminfo or /proc/<pid>/status, e.g. `MemAvailable`; these files count in KiB.
pub(crate) fn kib_field(text: &str, field: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// CPU model of /proc/cpuinfo: `model name` on x86, `Model` or `Hardware` on ARM boards, or the implementer and part.
pub(crate) fn cpu_model(cpuinfo: &str) -> Option<String> {
    let first = |key: &str| field_values(cpuinfo, key).find(|v| !v.is_empty()).map(str::to_owned);
    first("model name")
        .or_else(|| first("Model"))
        .or_else(|| first("Hardware"))
        .or_else(|| {
            Some(format!(
                "ARM implementer {} part {}",
                first("CPU implementer")?,
                first("CPU part")?
            ))
        })
}

/// The CPU's flags: `flags` on x86, `Features` on ARM.
pub(crate) fn cpu_flags(cpuinfo: &str) -> BTreeSet<&str> {
    field_values(cpuinfo, "flags")
        .chain(field_values(cpuinfo, "Features"))
        .flat_map(str::split_whitespace)
        .collect()
}

/// Physical cores of the CPUs in /proc/cpuinfo that are in `usable` (all when empty): pairs of package and core.
/// `None` when it names no cores (ARM, some virtual machines).
pub(crate) fn physical_cores(cpuinfo: &str, usable: &BTreeSet<u32>) -> Option<u32> {
    let mut cores = BTreeSet::new();
    for block in cpuinfo.split("\n\n") {
        let number = |key: &str| field_values(block, key).next().and_then(|v| v.parse::<u32>().ok());
        let Some(cpu) = number("processor") else { continue };
        if usable.is_empty() || usable.contains(&cpu) {
            cores.insert((number("physical id")?, number("core id")?));
        }
    }
    u32::try_from(cores.len()).ok().filter(|&n| n > 0)
}

fn field_values<'t>(text: &'t str, key: &'t str) -> impl Iterator<Item = &'t str> {
    text.lines().filter_map(move |line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim())
    })
}

/// A list such as `0-3,8,10-11`.
pub(crate) fn cpu_list(text: &str) -> Option<BTreeSet<u32>> {
    /// More CPUs than any machine has: a list beyond it is garbage.
    const MAX_CPUS: u32 = 1 << 16;
    let mut cpus = BTreeSet::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse::<u32>().ok()?, last.trim().parse::<u32>().ok()?);
        if first > last || last >= MAX_CPUS {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

/// The CPUs a process may run on, from its /proc/<pid>/status.
pub(crate) fn allowed_cpus(status: &str) -> Option<BTreeSet<u32>> {
    cpu_list(field_values(status, "Cpus_allowed_list").next()?)
}

/// CPUs of a cgroup v2 `cpu.max` ("200000 100000"); `None` without a limit ("max 100000").
pub(crate) fn cpu_max(text: &str) -> Option<f64> {
    let mut words = text.split_whitespace();
    let quota: f64 = words.next()?.parse().ok()?;
    let period: f64 = words.next().unwrap_or("100000").parse().ok()?;
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

/// CPUs of a cgroup v1 quota and period, in microseconds; `None` without a limit (-1).
pub(crate) fn cfs_quota(quota: &str, period: &str) -> Option<f64> {
    cpu_max(&format!("{} {}", quota.trim(), period.trim()))
}

/// A cgroup memory limit; `None` without one (`max`, or v1's huge number).
pub(crate) fn memory_limit(text: &str) -> Option<u64> {
    text.trim().parse::<u64>().ok().filter(|&bytes| bytes < 1 << 60)
}

/// One field of a cgroup's `memory.stat`, e.g. `inactive_file`.
pub(crate) fn stat_field(text: &str, field: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(' ')?.trim().parse().ok())
}

/// The process's cgroups from /proc/self/cgroup: the path in v2 (empty controller), or that of a v1 controller.
pub(crate) fn cgroup_path<'t>(text: &'t str, controller: &str) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let is_it = if controller.is_empty() {
            controllers.is_empty()
        } else {
            controllers.split(',').any(|c| c == controller)
        };
        is_it.then_some(path)
    })
}

/// One-minute load average times 100, from /proc/loadavg.
pub(crate) fn load_percent(text: &str) -> Option<u32> {
    let load: f64 = text.split_whitespace().next()?.parse().ok()?;
    (load.is_finite() && load >= 0.0).then(|| (load * 100.0).round() as u32)
}

pub(crate) fn os_name(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty())
}

/// The kind of container that /proc/1/cgroup and the marker files speak of.
pub(crate) fn container(init_cgroup: &str) -> Option<&'static str> {
    [
        ("docker", "docker"),
        ("kubepods", "kubernetes"),
        ("libpod", "podman"),
        ("lxc", "lxc"),
        ("containerd", "containerd"),
    ]
    .into_iter()
    .find(|(mark, _)| init_cgroup.contains(mark))
    .map(|(_, name)| name)
}

/// Ticks of /proc/stat that the hypervisor withheld, all CPUs. The fields of the first line: user, nice, system, idle,
/// iowait, irq, softirq, steal.
pub(crate) fn steal_ticks(stat: &str) -> Option<u64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    line.split_whitespace().nth(7)?.parse().ok()
}

/// Time that a quota held a cgroup back, from its cpu.stat: microseconds in version 2, nanoseconds in version 1.
pub(crate) fn throttled_ns(cpu_stat: &str) -> Option<u64> {
    stat_field(cpu_stat, "throttled_usec")
        .and_then(|us| us.checked_mul(1000))
        .or_else(|| stat_field(cpu_stat, "throttled_time"))
}

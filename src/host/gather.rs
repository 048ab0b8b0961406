//! Reads the machine's own descriptions.

use super::{isa, parse};
use crate::data::HostInfo;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn gather() -> HostInfo {
    let cpuinfo = read("/proc/cpuinfo").unwrap_or_default();
    let usable = allowed_cpus();
    // Within affinity and the cgroup's quota, rounded down, as a thread that is throttled half of the time slows all others.
    let n_cpus = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    let n_cores = parse::physical_cores(&cpuinfo, &usable)
        .or_else(|| cores_from_sysfs(&usable))
        .unwrap_or(n_cpus);
    let meminfo = read("/proc/meminfo").unwrap_or_default();
    let total = parse::kib_field(&meminfo, "MemTotal").unwrap_or(0);
    HostInfo {
        cpu: parse::cpu_model(&cpuinfo).unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        n_cores,
        n_cpus,
        memory_bytes: memory_limit().map_or(total, |limit| limit.min(total)),
        memory_available_bytes: memory_available_bytes().unwrap_or(0),
        os: os(),
        governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").map(|text| text.trim().to_owned()),
        virtualization: virtualization(&parse::cpu_flags(&cpuinfo)),
        load_percent: read("/proc/loadavg")
            .and_then(|text| parse::load_percent(&text))
            .unwrap_or(0),
        instructions: isa::names(&parse::cpu_flags(&cpuinfo)),
    }
}

/// The machine's name in its network, or in a container, which has a name of its own, what `KVANT_NODE` says; `None` where
/// neither tells.
pub(crate) fn node() -> Option<String> {
    let given = std::env::var("KVANT_NODE").ok().filter(|name| !name.is_empty());
    given
        .or_else(|| read("/proc/sys/kernel/hostname"))
        .map(|text| text.trim().to_owned())
        .filter(|name| !name.is_empty() && name != "(none)")
}

/// Threads to compute with: the physical cores, but no more than the cgroup's quota and the affinity allow.
pub(crate) fn default_threads(host: &HostInfo) -> u32 {
    host.n_cores.min(host.n_cpus).max(1)
}

/// Memory that can still be used: the kernel's estimate, or what the cgroups leave if that is less. `None` where the
/// system does not tell.
pub(crate) fn memory_available_bytes() -> Option<u64> {
    let system = parse::kib_field(&read("/proc/meminfo")?, "MemAvailable")?;
    Some(
        cgroups("memory")
            .iter()
            .filter_map(Cgroup::available)
            .fold(system, u64::min),
    )
}

/// Swap space in use; `None` where the system does not tell.
pub(crate) fn swap_used_bytes() -> Option<u64> {
    let meminfo = read("/proc/meminfo")?;
    let field = |name: &str| parse::kib_field(&meminfo, name);
    Some(field("SwapTotal")?.saturating_sub(field("SwapFree")?))
}

pub(super) fn read(path: impl AsRef<Path>) -> Option<String> {
    // Flags and names may hold any byte.
    fs::read(path)
        .ok()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn allowed_cpus() -> BTreeSet<u32> {
    read("/proc/self/status")
        .and_then(|text| parse::allowed_cpus(&text))
        .unwrap_or_default()
}

fn cores_from_sysfs(usable: &BTreeSet<u32>) -> Option<u32> {
    let mut cores = BTreeSet::new();
    for cpu in usable {
        let topology = format!("/sys/devices/system/cpu/cpu{cpu}/topology");
        cores.insert((
            read(format!("{topology}/physical_package_id"))?,
            read(format!("{topology}/core_id"))?,
        ));
    }
    u32::try_from(cores.len()).ok().filter(|&n| n > 0)
}

/// One directory of the cgroup hierarchy with the names its version uses.
pub(super) struct Cgroup {
    pub(super) dir: PathBuf,
    is_v2: bool,
}

impl Cgroup {
    fn file(&self, v2: &str, v1: &str) -> Option<String> {
        read(self.dir.join(if self.is_v2 { v2 } else { v1 }))
    }

    fn memory_limit(&self) -> Option<u64> {
        parse::memory_limit(&self.file("memory.max", "memory.limit_in_bytes")?)
    }

    /// Limit less use, where page cache that can be dropped is no use.
    fn available(&self) -> Option<u64> {
        let limit = self.memory_limit()?;
        let used: u64 = self
            .file("memory.current", "memory.usage_in_bytes")?
            .trim()
            .parse()
            .ok()?;
        let stat = self.file("memory.stat", "memory.stat").unwrap_or_default();
        let field = |name: &str| parse::stat_field(&stat, name).unwrap_or(0);
        let cache = match self.is_v2 {
            true => field("inactive_file") + field("active_file"),
            false => field("total_inactive_file") + field("total_active_file"),
        };
        Some(limit.saturating_sub(used.saturating_sub(cache)))
    }

    pub(super) fn cpu_quota(&self) -> Option<f64> {
        match self.is_v2 {
            true => parse::cpu_max(&read(self.dir.join("cpu.max"))?),
            false => parse::cfs_quota(
                &read(self.dir.join("cpu.cfs_quota_us"))?,
                &read(self.dir.join("cpu.cfs_period_us"))?,
            ),
        }
    }
}

/// The process's own cgroups for a controller, from the innermost to the root: a limit holds wherever it is set.
/// In a container the path may not exist below the mount, whose root is then the container's own cgroup.
pub(super) fn cgroups(controller: &str) -> Vec<Cgroup> {
    let text = read("/proc/self/cgroup").unwrap_or_default();
    let mut found = Vec::new();
    for (root, key, is_v2) in [
        (PathBuf::from("/sys/fs/cgroup"), "", true),
        (PathBuf::from("/sys/fs/cgroup/unified"), "", true),
        (Path::new("/sys/fs/cgroup").join(controller), controller, false),
    ] {
        let Some(path) = parse::cgroup_path(&text, key) else {
            continue;
        };
        let own = root.join(path.trim_start_matches('/'));
        found.extend(
            own.ancestors()
                .take_while(|dir| dir.starts_with(&root))
                .map(|dir| Cgroup {
                    dir: dir.to_owned(),
                    is_v2,
                }),
        );
    }
    found
}

fn memory_limit() -> Option<u64> {
    cgroups("memory").iter().filter_map(Cgroup::memory_limit).min()
}

fn os() -> String {
    let name = read("/etc/os-release").and_then(|text| parse::os_name(&text));
    let kernel = read("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned());
    match (name, kernel) {
        (Some(name), Some(kernel)) => format!("{name}, Linux {kernel}"),
        (None, Some(kernel)) => format!("Linux {kernel}"),
        _ => std::env::consts::OS.to_owned(),
    }
}

fn virtualization(flags: &BTreeSet<&str>) -> Option<String> {
    let machine = flags.contains("hypervisor").then(|| {
        let product = read("/sys/class/dmi/id/sys_vendor")
            .map(|text| text.trim().to_owned())
            .filter(|t| !t.is_empty());
        product.map_or_else(
            || "virtual machine".to_owned(),
            |product| format!("virtual machine ({product})"),
        )
    });
    let container = parse::container(&read("/proc/1/cgroup").unwrap_or_default())
        .or_else(|| Path::new("/.dockerenv").exists().then_some("docker"))
        .or_else(|| Path::new("/run/.containerenv").exists().then_some("podman"))
        .map(|kind| format!("container ({kind})"));
    let parts: Vec<String> = machine.into_iter().chain(container).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

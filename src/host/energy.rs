//! Energy of the processor: the kernel's RAPL counters (powercap), which run over.
//!
//! A counter is that of the whole package, whatever runs on it. Most systems let only root read it.

use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

const POWERCAP: &str = "/sys/class/powercap";

/// The counters of this machine; found once.
#[derive(Debug, Default)]
pub(crate) struct Energy {
    zones: Vec<Zone>,
}

/// A counter of microjoules.
#[derive(Debug)]
struct Zone {
    counter: PathBuf,
    /// The largest value; after it comes 0.
    max_uj: u64,
}

/// All counters at one moment, each with its largest value; empty where there are none, or one could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EnergyReading(Vec<(u64, u64)>);

impl Energy {
    /// The packages, and memory where it has a counter of its own, as far as they can be read.
    pub(crate) fn find() -> Self {
        Energy::find_in(Path::new(POWERCAP))
    }

    fn find_in(folder: &Path) -> Self {
        let entries = read_dir(folder).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries.map(|e| e.path()).collect();
        folders.sort();
        // The same counters can be there twice, once for each interface of the kernel.
        let is_mmio = |zone: &PathBuf| zone.to_string_lossy().contains("mmio");
        let zones = folders.iter().filter(|zone| !is_mmio(zone)).filter_map(|zone| {
            let name = read_to_string(zone.join("name")).ok()?;
            // Cores and graphics are part of their package, and psys holds all.
            let counts = name.starts_with("package") || name.trim() == "dram";
            let counter = zone.join("energy_uj");
            let max_uj = number(&zone.join("max_energy_range_uj"))?;
            (counts && number(&counter).is_some()).then_some(Zone { counter, max_uj })
        });
        Energy { zones: zones.collect() }
    }

    pub(crate) fn now(&self) -> EnergyReading {
        let all: Option<Vec<(u64, u64)>> = self
            .zones
            .iter()
            .map(|zone| Some((number(&zone.counter)?, zone.max_uj)))
            .collect();
        EnergyReading(all.unwrap_or_default())
    }
}

impl EnergyReading {
    /// Microjoules since `before`, in which no counter ran over twice (that takes minutes at least); `None` where there are no counters, or
    /// one could not be read.
    pub(crate) fn since(&self, before: &EnergyReading) -> Option<u64> {
        if self.0.is_empty() || before.0.len() != self.0.len() {
            return None;
        }
        let each = before.0.iter().zip(&self.0);
        let grown = each.map(|(&(before, max), &(after, _))| match after.checked_sub(before) {
            Some(grown) => Some(grown),
            None => max.checked_sub(before)?.checked_add(after)?.checked_add(1),
        });
        grown.sum()
    }
}

fn number(path: &Path) -> Option<u64> {
    read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, write};

    /// A tree as the kernel shows it: two packages, a part of one, memory, and the whole system.
    fn tree(zones: &[(&str, &str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        create_dir(root.path().join("intel-rapl")).expect("made");
        for (folder, name, counter) in zones {
            let zone = root.path().join(folder);
            create_dir(&zone).expect("made");
            write(zone.join("name"), format!("{name}\n")).expect("written");
            write(zone.join("max_energy_range_uj"), "1000000\n").expect("written");
            write(zone.join("energy_uj"), format!("{counter}\n")).expect("written");
        }
        root
    }

    const ZONES: &[(&str, &str, &str)] = &[
        ("intel-rapl:0", "package-0", "100"),
        ("intel-rapl:0:0", "core", "50"),
        ("intel-rapl:0:1", "dram", "7"),
        ("intel-rapl:1", "package-1", "999990"),
        ("intel-rapl:2", "psys", "5000"),
        ("intel-rapl-mmio:0", "package-0", "100"),
    ];

    #[test]
    fn packages_and_memory_are_summed_and_counters_run_over() {
        let root = tree(ZONES);
        let energy = Energy::find_in(root.path());
        let before = energy.now();
        assert_eq!(
            before,
            EnergyReading(vec![(100, 1_000_000), (7, 1_000_000), (999_990, 1_000_000)])
        );
        assert_eq!(before.since(&before), Some(0));
        let set = |zone: &str, value: &str| write(root.path().join(zone).join("energy_uj"), value).expect("written");
        set("intel-rapl:0", "350");
        set("intel-rapl:1", "29");
        // 250 of one package, 40 of the other: 10 to its end, 0 and 29 more.
        assert_eq!(energy.now().since(&before), Some(250 + 40));
        set("intel-rapl:0", "no number");
        assert_eq!(energy.now().since(&before), None);
    }

    #[test]
    fn a_machine_that_does_not_tell_has_no_energy() {
        for zones in [&[][..], &[("intel-rapl:0", "package-0", "permission denied")]] {
            let root = tree(zones);
            let energy = Energy::find_in(root.path());
            assert_eq!(energy.now().since(&energy.now()), None);
        }
        let none = Energy::find_in(Path::new("/no/such/folder"));
        assert_eq!(none.now().since(&none.now()), None);
    }
}

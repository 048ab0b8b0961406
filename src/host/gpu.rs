//! What NVIDIA's management library (NVML) tells of the GPUs. It comes with the driver and is looked for when the program runs: without it, or
//! in a build without the feature `nvml`, there is nothing to tell.

use crate::data::{GpuConditions, GpuReading};

/// What the GPUs at these addresses draw and how they do; `None` where no driver tells. Energy is what they drew since the driver was loaded.
pub(super) fn gpu_conditions(addresses: &[String]) -> Option<GpuConditions> {
    if addresses.is_empty() {
        return None;
    }
    let here = gpus();
    let found: Vec<&GpuReading> = here
        .iter()
        .filter(|gpu| addresses.iter().any(|p| is_same(p, &gpu.pci)))
        .collect();
    (!found.is_empty()).then(|| GpuConditions {
        energy_mj: found.iter().map(|gpu| gpu.energy_mj).sum(),
        power_mw: found.iter().map(|gpu| gpu.power_mw.map(u64::from)).sum(),
        celsius: found.iter().filter_map(|gpu| gpu.celsius).max(),
        sm_mhz: found.iter().filter_map(|gpu| gpu.sm_mhz).min(),
    })
}

/// Places on the PCI bus: the domain has four digits or eight.
fn is_same(a: &str, b: &str) -> bool {
    let short = |address: &str| address.trim_start_matches('0').to_ascii_lowercase();
    !a.is_empty() && short(a) == short(b)
}

#[cfg(not(feature = "nvml"))]
pub(crate) fn gpus() -> Vec<GpuReading> {
    Vec::new()
}

#[cfg(feature = "nvml")]
pub(crate) fn gpus() -> Vec<GpuReading> {
    use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
    use nvml_wrapper::Nvml;
    use std::sync::OnceLock;
    static LIBRARY: OnceLock<Option<Nvml>> = OnceLock::new();
    let Some(nvml) = LIBRARY.get_or_init(|| Nvml::init().ok()) else {
        return Vec::new();
    };
    let driver = nvml.sys_driver_version().unwrap_or_default();
    let read = |index: u32| {
        let device = nvml.device_by_index(index).ok()?;
        Some(GpuReading {
            name: device.name().unwrap_or_default(),
            driver: driver.clone(),
            pci: device.pci_info().map(|pci| pci.bus_id).unwrap_or_default(),
            sm_mhz: device.clock_info(Clock::SM).ok(),
            memory_mhz: device.clock_info(Clock::Memory).ok(),
            celsius: device.temperature(TemperatureSensor::Gpu).ok(),
            power_mw: device.power_usage().ok(),
            energy_mj: device.total_energy_consumption().ok(),
        })
    };
    (0..nvml.device_count().unwrap_or(0)).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn places_are_the_same_whatever_the_length_of_their_domain() {
        assert!(is_same("0000:18:00.0", "00000000:18:00.0"));
        assert!(is_same("0001:af:00.0", "00000001:AF:00.0"));
        assert!(!is_same("0000:18:00.0", "0000:19:00.0"));
        assert!(!is_same("", ""));
    }
}

//! What a GPU's driver tells of it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A GPU at one moment. What the driver does not tell is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GpuReading {
    pub name: String,
    pub driver: String,
    /// Where it is, as llama.cpp names it too.
    pub pci: String,
    pub sm_mhz: Option<u32>,
    pub memory_mhz: Option<u32>,
    pub celsius: Option<u32>,
    pub power_mw: Option<u32>,
    /// Energy drawn since the driver was loaded.
    pub energy_mj: Option<u64>,
}

/// The GPUs of an arm while a sample was timed. What the driver does not tell is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GpuConditions {
    /// Energy they drew in all (steps of some 20 to 100 ms on most).
    pub energy_mj: Option<u64>,
    /// Power they drew in all, at the end.
    pub power_mw: Option<u64>,
    /// Temperature of the hottest, at the end.
    pub celsius: Option<u32>,
    /// Clock of the slowest, at the end.
    pub sm_mhz: Option<u32>,
}

impl fmt::Display for GpuReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |value: Option<u32>, unit: &str| value.map_or("n/a".to_owned(), |v| format!("{v} {unit}"));
        let watts = self
            .power_mw
            .map_or("n/a".to_owned(), |mw| format!("{:.0} W", f64::from(mw) / 1000.0));
        write!(
            f,
            "{} at {}, driver {}: clocks {} and {} (memory), {}, {watts}",
            self.name,
            self.pci,
            self.driver,
            or(self.sm_mhz, "MHz"),
            or(self.memory_mhz, "MHz"),
            or(self.celsius, "\u{b0}C"),
        )
    }
}

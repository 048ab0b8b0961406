//! What this machine is, as far as it bears on speed: CPU, cores within the cgroup, memory, load; what it
//! withholds while a sample is timed ([`Interference`]), and its own speed ([`MachineProbe`]).
//!
//! In: /proc, /sys and the cgroup files on Linux; what the standard library tells elsewhere. Out: [`HostInfo`].
//! What the system does not tell is `None` or falls back to the more careful figure; nothing here fails. Parsing is
//! pure, on text ([`parse`]); only [`gather`] and its like read files. Knows nothing of plans or workers.

mod energy;
mod gather;
mod gpu;
mod interference;
mod isa;
mod machine_probe;
mod neighbours;
pub(crate) mod parse;
#[cfg(test)]
mod tests;

pub(crate) use energy::{Energy, EnergyReading};
pub(crate) use gather::{default_threads, gather, memory_available_bytes, node, swap_used_bytes};
pub(crate) use gpu::gpus;
pub(crate) use interference::{n_oom_kills, Interference, InterferenceCounters};
pub(crate) use machine_probe::MachineProbe;
pub(crate) use neighbours::llama_processes;

#[cfg(doc)]
use crate::data::HostInfo;

//! What this machine is, as far as it bears on speed: CPU, cores within the cgroup, memory, load; what it
//! withholds while a sample is timed ([`Interference`]), and its own speed ([`Anchor`]).
//!
//! In: /proc, /sys and the cgroup files on Linux; what the standard library tells elsewhere. Out: [`HostInfo`].
//! What the system does not tell is `None` or falls back to the more careful figure; nothing here fails. Parsing is
//! pure, on text ([`parse`]); only [`gather`] and its like read files. Knows nothing of plans or workers.

mod anchor;
mod energy;
mod gather;
mod gpu;
mod interference;
mod isa;
mod neighbours;
pub mod parse;
#[cfg(test)]
mod tests;

pub use anchor::Anchor;
pub use energy::{Energy, EnergyReading};
pub use gather::{default_threads, gather, instructions, memory_available_bytes, node, swap_used_bytes};
pub use gpu::{gpu_conditions, gpus};
pub use interference::{n_oom_kills, Interference, Withheld};
pub use neighbours::{llama_processes, Process};

#[cfg(doc)]
use crate::data::HostInfo;

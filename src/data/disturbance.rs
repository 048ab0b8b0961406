//! What counts as a disturbed sample: limits declared before a run, and what went over them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits on what may happen to a sample. Over one of them its block (all arms of its work in the round) is discarded and is run again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Least CPU time of the worker as a share of wall time x threads (arms on the CPU only): llama.cpp's threads spin,
    /// so what is missing went to other programs. Quiet runs show 0.95 to 1, one busy core 0.5 or less.
    pub cpu_share_min: f64,
    /// Most of the machine's CPU time that the hypervisor may have withheld meanwhile.
    pub steal_share_max: f64,
    /// Most of the wall time that the cgroup's quota may have held the worker back.
    pub throttled_share_max: f64,
    /// Most page faults that had to read from a disk.
    pub n_major_faults_max: u64,
    /// Most discarded blocks, as a share of the blocks so far; what is disturbed beyond that stays in, and is counted.
    #[serde(rename = "void_share_max")]
    pub discarded_share_max: f64,
    /// The machine's own slow-down (machine probe, against the median of the rounds before) at which a run pauses.
    pub drift_max: f64,
    /// Most of the budget that may go into such pauses.
    pub pause_share_max: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            cpu_share_min: 0.85,
            steal_share_max: 0.05,
            throttled_share_max: 0.05,
            n_major_faults_max: 10,
            discarded_share_max: 0.25,
            drift_max: 0.30,
            pause_share_max: 0.05,
        }
    }
}

/// The limit that a sample went over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disturbance {
    /// The worker got less CPU time than its threads asked for.
    CpuShare {
        /// CPU time over wall time x threads.
        share: f64,
    },
    /// The hypervisor ran something else.
    Steal {
        /// Stolen time over wall time x CPUs of the machine.
        share: f64,
    },
    /// The cgroup's quota held the worker back.
    Throttled {
        /// Throttled time over wall time.
        share: f64,
    },
    /// Memory had to be read from a disk.
    MajorFaults {
        /// How many times.
        n: u64,
    },
    /// The machine slept, and woke with cold caches.
    Suspended {
        /// How long, in nanoseconds.
        ns: u64,
    },
}

//! What was seen: the records of a journal, and the readings inside them.

use super::{
    Disturbance, EngineInfo, FailureKind, QualityFailure, QualityRecord, RunHeader, Sample, TextTokens, Warning,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One buffer that llama.cpp allocated or mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BufferSize {
    /// Buffer type, e.g. `CPU_Mapped`, `CPU_REPACK`.
    pub buffer: String,
    /// `weights`, `kv`, `compute` or `output`.
    pub purpose: String,
    /// As llama.cpp logs it (resolution 0.01 MiB).
    pub bytes: u64,
}

/// A context after creation: llama.cpp rewrites what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextInfo {
    pub n_ctx: u32,
    pub n_batch: u32,
    pub n_ubatch: u32,
    /// Exact bytes of the KV cache.
    pub kv_bytes: u64,
    pub buffers: Vec<BufferSize>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleRecord {
    /// Launch, from 0.
    pub launch: u32,
    /// Round, from 0, counted over the whole run.
    pub round: u32,
    /// Position in the round's order, from 0.
    pub position: u32,
    /// Index into `Plan::cells`.
    pub cell: usize,
    /// Nanoseconds since the start of the run (monotonic within a session of the run).
    pub at_ns: u64,
    pub sample: Sample,
}

/// A block is complete: all arms of one work that take part in a round, back to back. Only complete blocks enter comparisons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRecord {
    pub launch: u32,
    pub round: u32,
    /// The place of the round in its launch, from 0.
    pub in_launch: u32,
    /// Cells whose samples in this round count, indices into `Plan::cells`.
    pub cells: Vec<usize>,
}

/// End of a round. Before format 5 only complete rounds entered comparisons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundRecord {
    pub launch: u32,
    pub round: u32,
    /// Its place in its launch, from 0.
    #[serde(default)]
    pub in_launch: u32,
}

/// A sample was disturbed beyond a limit of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DisturbedRecord {
    pub launch: u32,
    pub round: u32,
    pub cell: usize,
    pub what: Disturbance,
    /// Whether its block (before format 5: its round) ended with this and is run again; otherwise the discarded ones were used up and it
    /// went on.
    #[serde(rename = "is_void")]
    pub is_discarded: bool,
}

/// The machine probe before a round: a fixed piece of work that shows the machine's own speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeRecord {
    pub launch: u32,
    pub round: u32,
    /// The last reading before the round.
    pub reading: ProbeReading,
    /// Time spent waiting for the machine to come back to its speed, readings included.
    pub paused_ns: u64,
}

/// One run of the machine probe on all threads of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeReading {
    pub n_bytes: u64,
    pub read_ns: u64,
    pub n_flop: u64,
    pub product_ns: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedArm {
    /// Index into `Plan::arms`.
    pub arm: usize,
    /// Time to load the model (shared by the arms of one worker).
    pub load_ns: u64,
    /// Whether the file was in the page cache before: cold loads are slower. Absent when unknown.
    pub is_warm_load: Option<bool>,
    pub context: ContextInfo,
    pub weights: Vec<BufferSize>,
    /// SHA-256 of the prompt tokens: equal for all arms of a run.
    pub tokens_sha256: String,
}

/// Start of a launch: fresh workers, loaded and warmed up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LaunchRecord {
    pub launch: u32,
    pub arms: Vec<LoadedArm>,
    pub engine: EngineInfo,
    /// Wall time of spawning and loading.
    pub loading_ns: u64,
    /// Wall time of the untimed round.
    pub warmup_ns: u64,
    /// Executions per sample of each cell; absent in journals of format 1.
    #[serde(default)]
    pub repeats: Vec<(usize, u32)>,
}

/// Memory of a process, from the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryReading {
    /// Anonymous resident bytes at the end of the work.
    pub rss_anon_bytes: u64,
    /// File-backed resident bytes (the mapped weights) at the end of the work.
    pub rss_file_bytes: u64,
    /// Peak resident bytes of the process.
    pub rss_bytes_max: u64,
    /// Device memory used, where there is a device.
    pub device_bytes: Option<u64>,
}

/// Memory of one arm, from its own short-lived process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryRecord {
    /// Index into `Plan::arms`.
    pub arm: usize,
    pub reading: MemoryReading,
    pub kv_bytes: u64,
    pub buffers: Vec<BufferSize>,
    /// Tokens that were in the cache.
    pub n_depth: u32,
    /// Peak that was predicted before the run; absent in old journals and on a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_bytes: Option<u64>,
    /// Memory of the devices that was predicted before the run; absent on the CPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_device_bytes: Option<u64>,
}

/// A cell that could not be (completely) measured. It leaves the run; the others go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// Index into `Plan::cells`.
    pub cell: usize,
    pub kind: FailureKind,
    /// In words: the signal, the assert text, llama.cpp's last error lines.
    pub reason: String,
}

/// An arm leaves the run: it cannot become the choice any more (triage). Its samples stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedRecord {
    /// Index into `Plan::arms`.
    pub arm: usize,
    /// The first round without it.
    pub round: u32,
}

/// Why measuring ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// Every headline ratio reached the target precision.
    Precision,
    /// The time budget was spent.
    Budget,
    /// All planned rounds were run.
    Rounds,
    /// Ctrl-C or SIGTERM.
    #[default]
    Interrupt,
    /// No cell was left to measure.
    Failures,
    /// The recommendation was settled (triage).
    Decided,
}

/// End of a run. A journal without it was cut short and can be resumed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EndRecord {
    pub stopped_by: StoppedBy,
    /// Wall time of the session, from the first worker to the last sample.
    pub wall_ns: u64,
    /// Of that: spawning and loading.
    pub loading_ns: u64,
    /// Of that: timed samples.
    pub timed_ns: u64,
    /// Of that: warm-up before samples, and untimed rounds.
    pub warmup_ns: u64,
    /// Of that: scoring texts, loading included.
    #[serde(default)]
    pub quality_ns: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    Header(Box<RunHeader>),
    Warning(Warning),
    Launch(LaunchRecord),
    Sample(SampleRecord),
    #[serde(rename = "anchor")]
    Probe(ProbeRecord),
    Disturbed(DisturbedRecord),
    Block(BlockRecord),
    Round(RoundRecord),
    Failure(FailureRecord),
    Dropped(DroppedRecord),
    Memory(MemoryRecord),
    /// The texts that are scored, in tokens.
    Texts(TextTokens),
    /// Measuring speed ended; what follows in this session is quality.
    SpeedEnd(StoppedBy),
    Quality(QualityRecord),
    /// An arm could not be scored in a window.
    QualityFailure(QualityFailure),
    End(EndRecord),
}

/// Of each kind a function to read it where it is one, for `filter_map`.
macro_rules! of_kind {
    ($($name:ident: $kind:ident($record:ty),)*) => {
        impl Record {
            $(pub const fn $name(&self) -> Option<&$record> {
                match self {
                    Record::$kind(record) => Some(record),
                    _ => None,
                }
            })*
        }
    };
}

of_kind! {
    warning: Warning(Warning),
    launch: Launch(LaunchRecord),
    sample: Sample(SampleRecord),
    probe: Probe(ProbeRecord),
    disturbed: Disturbed(DisturbedRecord),
    failure: Failure(FailureRecord),
    dropped: Dropped(DroppedRecord),
    memory: Memory(MemoryRecord),
    texts: Texts(TextTokens),
    quality: Quality(QualityRecord),
    quality_failure: QualityFailure(QualityFailure),
}

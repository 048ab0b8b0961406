//! Records shared by every module: what is measured (`config`), what was seen (`records`), what a run file
//! holds (`run`), what is scored and how it went (`quality`). Plain serde structs: no logic beyond names and parsing, no I/O.
//!
//! Units: durations are integer nanoseconds (`*_ns`), sizes integer bytes (`*_bytes`, `model_size`).

mod beside;
mod build;
mod config;
mod disturbance;
mod fail_on;
mod goal;
mod gpu;
mod model;
mod named;
mod outcome;
mod part;
mod quality;
mod records;
mod run;
mod sample;
pub mod work;

pub use beside::{FileKind, PassedOver};
pub use build::{BuildInfo, EngineInfo};
pub use config::{is_server, Arm, ArmConfig, Cell, FlashAttn, KvType, Level, SplitMode, NO_ROTATION};
pub use disturbance::{Disturbance, Limits};
pub use fail_on::FailOn;
pub use goal::{Goal, Limit, Limited, Purpose, QualityLoss, RequestShape, REGRET};
pub use gpu::{GpuConditions, GpuReading};
pub use model::{DerivedFrom, FilePart, ModelInfo, Quantization, TensorTypeShare, VariantInfo};
pub(crate) use named::named_enum;
pub use named::ParseNameError;
pub use outcome::{FailureKind, Outcome, Warning};
pub use part::PartName;
pub use quality::{
    Chunk, ChunkScore, Disagreement, Divergence, QualityFailure, QualityPlan, QualityRecord, QualityStop,
    QualityWindow, TextInfo, TextTokens,
};
pub use records::{
    BlockRecord, BufferSize, ContextInfo, DisturbedRecord, DroppedRecord, EndRecord, FailureRecord, LaunchRecord,
    LoadedArm, MemoryReading, MemoryRecord, ProbeReading, ProbeRecord, Record, RoundRecord, SampleRecord, StoppedBy,
};
pub use run::{
    DraftInfo, HostInfo, LeftOut, Pace, Plan, PredictedArm, RunHeader, Shards, StopRule, WhyLeftOut, JOURNAL_FORMAT,
};
pub use sample::*;
pub use work::{AtOnce, Shape, Work, WorkFields, Workload, N_DRAFT, N_REQUESTS};

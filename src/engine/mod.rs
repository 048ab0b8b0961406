//! What kvant needs of an inference engine: one loaded model, several contexts, and a clock.
//!
//! `llama/` is llama.cpp and the only place with FFI; `fake` is deterministic, with scripted timings on a virtual
//! clock, for tests through the real process. This module knows nothing of plans, journals or statistics.
//! Invariant: `unsafe` lives in `engine/llama/` only.

pub mod fake;
mod instructions;
#[cfg(feature = "llama")]
pub mod llama;
pub mod quantize;

pub use instructions::unused_instructions;

use crate::data::{ArmConfig, BufferSize, ContextInfo, EngineInfo, WorkSpec};
use std::path::Path;

/// A context opened in an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContextId(pub usize);

/// A model after loading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Buffers of the weights.
    pub weights: Vec<BufferSize>,
    /// Vocabulary size.
    pub n_vocab: u32,
}

/// Why the engine could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// llama.cpp refused, with its last error lines.
    #[error("{0}")]
    Refused(String),
    /// An allocation failed.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
}

/// What the worker is about to do. Only the fake engine listens: its scripted faults strike here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Say hello.
    Hello,
    /// Load the model in this file.
    Load(&'a Path),
    /// Open a context.
    Open,
    /// The untimed round of a context.
    Prepare(ContextId),
    /// One timed sample.
    Measure(ContextId, WorkSpec),
    /// Read the memory of the process.
    Memory,
}

/// A scripted break of the protocol, for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireFault {
    /// Half an answer, then the end of the stream.
    HalfLine,
    /// An answer longer than the protocol allows.
    HugeLine,
    /// Hello with a version that nobody speaks.
    WrongVersion,
    /// A well-formed answer to another question.
    WrongAnswer,
}

/// The engine of this build, asked without loading a model: llama.cpp's versions, instructions and devices.
pub fn info() -> EngineInfo {
    #[cfg(feature = "llama")]
    return llama::info();
    #[cfg(not(feature = "llama"))]
    return fake::info();
}

/// One model in one process. All calls come from one thread (libgomp keeps a team per calling thread).
pub trait Engine {
    /// Name, versions, system info, devices.
    fn info(&self) -> EngineInfo;
    /// Monotonic clock in nanoseconds; virtual in the fake engine.
    fn now_ns(&self) -> u64;
    /// Loads the model for `device` with `n_gpu_layers` (see [`ArmConfig`]); once per engine.
    fn load(&mut self, path: &Path, device: &str, n_gpu_layers: i32) -> Result<Loaded, EngineError>;
    /// Tokens of `text`, BOS first if the vocabulary asks for it, special tokens not parsed.
    fn tokenize(&self, text: &str) -> Result<Vec<i32>, EngineError>;
    /// Creates a context.
    fn open(&mut self, config: &ArmConfig) -> Result<(ContextId, ContextInfo), EngineError>;
    /// Forgets all cached tokens (metadata only, cheap).
    fn clear(&mut self, context: ContextId) -> Result<(), EngineError>;
    /// Keeps the first `n_keep` cached tokens.
    fn truncate(&mut self, context: ContextId, n_keep: u32) -> Result<(), EngineError>;
    /// Appends `tokens` to the cache in `n_batch` slices; logits of the last token only. Returns after synchronize.
    fn decode(&mut self, context: ContextId, tokens: &[i32]) -> Result<(), EngineError>;
    /// The most likely next token after the last `decode`.
    fn argmax(&mut self, context: ContextId) -> Result<i32, EngineError>;
    /// Logits (n_vocab f32) after the last `decode`.
    fn logits(&mut self, context: ContextId) -> Result<Vec<f32>, EngineError>;
    /// The cached state as bytes.
    fn save(&mut self, context: ContextId) -> Result<Vec<u8>, EngineError>;
    /// Puts a state of the same context back.
    fn restore(&mut self, context: ContextId, state: &[u8]) -> Result<(), EngineError>;
    /// Memory of the device that this engine took since before the load; `None` on the CPU.
    fn device_bytes(&self) -> Option<u64> {
        None
    }
    /// CPU time on the engine's own clock; `None` when the kernel's count for the process is the one to use.
    fn cpu_ns(&self) -> Option<u64> {
        None
    }
    /// Told before every request; see [`Step`].
    fn announce(&mut self, _step: Step<'_>) -> Result<(), EngineError> {
        Ok(())
    }
    /// How the next answer is to be broken; see [`WireFault`].
    fn wire_fault(&mut self) -> Option<WireFault> {
        None
    }
}

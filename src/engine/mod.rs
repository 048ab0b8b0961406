//! What kvant needs of an inference engine: one loaded model, several contexts, and a clock.
//!
//! `llama/` is llama.cpp and the only place with FFI; `fake` is deterministic, with scripted timings on a virtual
//! clock, for tests through the real process. This module knows nothing of plans, journals or statistics.
//! Invariants: `unsafe` lives in `engine/llama/` only; without the feature `test-engine` there is no fake engine,
//! and no variable that asks for it.

mod decode;
#[cfg(feature = "test-engine")]
pub(crate) mod fake;
pub(crate) mod imatrix;
mod instructions;
#[cfg(feature = "llama")]
pub(crate) mod llama;
pub(crate) mod quantize;
mod rpc;

pub(crate) use decode::Decoder;
pub(crate) use instructions::unused_instructions;
pub(crate) use rpc::check_server;

use crate::data::{ArmConfig, BufferSize, ContextInfo, EngineInfo, SplitMode};
use std::path::Path;

/// A context opened in an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ContextId(pub(crate) usize);

/// What a context has besides what its arm says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout<'a> {
    /// Sequences, each with a part of the cache for itself.
    pub(crate) n_seq: u32,
    /// They share one cache instead, in which a common prompt is held once.
    pub(crate) is_unified: bool,
    /// Tokens of one pass that may have logits.
    pub(crate) n_outputs: u32,
    /// The context is of the model in this file, which drafts for the one that is loaded. It is loaded beside that one
    /// where it is not yet, and refused where its vocabulary is another one.
    pub(crate) draft: Option<&'a Path>,
}

impl Layout<'_> {
    /// One sequence, with room for the logits of a whole batch, as llama.cpp's own tools do: with less, its compute
    /// buffer is laid out differently and prefill is not the one that users get (17 % slower on a CPU with AMX).
    pub(crate) fn single(config: &ArmConfig) -> Self {
        Self {
            n_seq: 1,
            is_unified: false,
            n_outputs: config.n_batch,
            draft: None,
        }
    }
}

/// A model after loading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// Buffers of the weights.
    pub(crate) weights: Vec<BufferSize>,
    pub(crate) n_vocab: u32,
}

/// Why the engine could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    /// llama.cpp refused, with its last error lines.
    #[error("{0}")]
    Refused(String),
    /// An allocation failed.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// Logits hold infinity or what is no number. Where they follow.
    #[error("the logits {0} are not finite")]
    NotFinite(String),
}

/// What two models must share for their logits to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vocab {
    pub(crate) n_vocab: u32,
    /// The token that begins texts, where the vocabulary asks for one.
    pub(crate) bos: Option<i32>,
    /// SHA-256 over size, BOS and the text of every token, lower-case hex.
    pub(crate) sha256: String,
}

/// Receives rows of logits. An error ends the call.
pub(crate) type RowSink<'a> = dyn FnMut(&[f32]) -> Result<(), EngineError> + 'a;

/// Whether a test's script stands in for llama.cpp.
pub(crate) fn is_scripted() -> bool {
    #[cfg(feature = "test-engine")]
    return std::env::var_os(fake::SCRIPT_ENV).is_some();
    #[cfg(not(feature = "test-engine"))]
    false
}

/// The engine that workers run, asked without loading a model: llama.cpp's versions, instructions and devices.
pub(crate) fn info() -> EngineInfo {
    #[cfg(feature = "test-engine")]
    if is_scripted() {
        return fake::info();
    }
    #[cfg(feature = "llama")]
    return llama::info();
    #[cfg(not(feature = "llama"))]
    return EngineInfo {
        name: "none".to_owned(),
        version: "none".to_owned(),
        system_info: String::new(),
        devices: Vec::new(),
    };
}

/// A device besides the CPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceInfo {
    /// llama.cpp's name, such as `CUDA0`.
    pub(crate) name: String,
    /// What it is.
    pub(crate) description: String,
    /// Memory free now.
    pub(crate) free_bytes: u64,
    pub(crate) total_bytes: u64,
}

/// The devices of this build on this machine, with their memory. Asking makes a driver set this process up on them.
pub(crate) fn devices() -> Vec<DeviceInfo> {
    #[cfg(feature = "llama")]
    return llama::devices();
    #[cfg(not(feature = "llama"))]
    return Vec::new();
}

/// Offers this machine's memory and processors to llama.cpp on others (its RPC backend) at `endpoint`; returns when that ends.
///
/// # Errors
/// When this build has no RPC backend, or a device is not there.
pub(crate) fn serve_rpc(endpoint: &str, device: &str, n_threads: u32) -> Result<(), EngineError> {
    #[cfg(feature = "llama")]
    return llama::serve_rpc(endpoint, device, n_threads);
    #[cfg(not(feature = "llama"))]
    {
        let _ = (endpoint, device, n_threads);
        Err(EngineError::Refused("this build has no llama.cpp".to_owned()))
    }
}

/// Place of the largest value, the first of equals.
pub(crate) fn argmax(row: &[f32]) -> i32 {
    let mut best = (0, f32::NEG_INFINITY);
    for (i, &value) in row.iter().enumerate() {
        if value > best.1 {
            best = (i, value);
        }
    }
    best.0 as i32
}

/// A draft whose tokens mean something else to the model it would draft for.
#[cfg(any(feature = "llama", feature = "test-engine"))]
fn other_vocab(path: &Path, why: &str) -> EngineError {
    let path = path.display();
    EngineError::Refused(format!(
        "{path} cannot draft for this model: its vocabulary is another one ({why})"
    ))
}

/// One model, and perhaps one that drafts, in one process. All calls come from one thread (libgomp keeps a team per calling thread).
pub(crate) trait Engine {
    /// Name, versions, system info, devices.
    fn info(&self) -> EngineInfo;
    /// Monotonic clock in nanoseconds; virtual in the fake engine.
    fn now_ns(&self) -> u64;
    /// Loads the model for `device` with `n_gpu_layers`, spread as `split_mode` says (see [`ArmConfig`]); once per engine.
    fn load(
        &mut self,
        path: &Path,
        device: &str,
        n_gpu_layers: i32,
        split_mode: SplitMode,
    ) -> Result<Loaded, EngineError>;
    /// Tokens of `text`, BOS first if the vocabulary asks for it, special tokens not parsed.
    fn tokenize(&self, text: &str) -> Result<Vec<i32>, EngineError>;
    /// The vocabulary of the loaded model.
    fn vocab(&self) -> Result<Vocab, EngineError>;
    /// Tokens as text, special ones written out; bytes that are no UTF-8 are replaced.
    fn text_of(&self, tokens: &[i32]) -> Result<String, EngineError>;
    /// Creates a context of as many sequences as `layout` has, each of them empty.
    fn open(&mut self, config: &ArmConfig, layout: &Layout<'_>) -> Result<(ContextId, ContextInfo), EngineError>;
    /// Forgets all cached tokens of all sequences (metadata only, cheap).
    fn clear(&mut self, context: ContextId) -> Result<(), EngineError>;
    /// Keeps the first `n_keep` cached tokens of a sequence.
    fn truncate(&mut self, context: ContextId, seq: u32, n_keep: u32) -> Result<(), EngineError>;
    /// Gives every further sequence what the first one holds, without a copy; only where they share one cache.
    fn share(&mut self, context: ContextId) -> Result<(), EngineError>;
    /// Appends to each of these sequences these tokens, in passes of `n_batch`. The last token of each part and of each
    /// pass has logits. Returns after synchronize.
    fn append(&mut self, context: ContextId, parts: &[(u32, &[i32])]) -> Result<(), EngineError>;
    /// Appends `tokens` to the first sequence.
    fn decode(&mut self, context: ContextId, tokens: &[i32]) -> Result<(), EngineError> {
        self.append(context, &[(0, tokens)])
    }
    /// Appends `tokens` to the first sequence in passes of `n_outputs` and hands out the logits (n_vocab f32) of each, in
    /// order.
    fn decode_scored(&mut self, context: ContextId, tokens: &[i32], row: &mut RowSink<'_>) -> Result<(), EngineError>;
    /// Logits after the last token that was appended; of a draft, those of the tokens that the other model has too.
    fn logits(&mut self, context: ContextId) -> Result<&[f32], EngineError>;
    /// The cached state of the first sequence as bytes.
    fn save(&mut self, context: ContextId) -> Result<Vec<u8>, EngineError>;
    /// Puts a state of the same context back into the first sequence.
    fn restore(&mut self, context: ContextId, state: &[u8]) -> Result<(), EngineError>;
    /// Memory of the device that this engine took since before the load; `None` on the CPU.
    fn device_bytes(&self) -> Option<u64> {
        None
    }
    /// Where on the PCI bus the devices of the loaded model are, as far as they tell.
    fn device_places(&self) -> Vec<String> {
        Vec::new()
    }
    /// CPU time on the engine's own clock; `None` when the kernel's count for the process is the one to use.
    fn cpu_ns(&self) -> Option<u64> {
        None
    }
}

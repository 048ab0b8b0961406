//! What an engine is: one loaded model, several contexts, and a clock.

use crate::data::{ArmConfig, BufferSize, ContextInfo, EngineInfo, SplitMode};
use std::collections::BTreeMap;
use std::path::Path;

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

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loaded {
    pub(crate) weights: Vec<BufferSize>,
    pub(crate) n_vocab: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    /// llama.cpp refused, with its last error lines.
    #[error("{0}")]
    Refused(String),
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

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shaping {
    /// Regular expression on the names of tensors, and ggml's number of their type; the first that matches counts.
    pub(crate) types: Vec<(String, u32)>,
    /// Importance matrix: tensor to one value for each column.
    pub(crate) imatrix: BTreeMap<String, Vec<f32>>,
}

/// Tokens of a chunk that an importance matrix is gathered over, as llama-imatrix has them by default.
pub(crate) const N_CTX_IMATRIX: u32 = 512;

/// Tensor to sums of squares of what it was multiplied with for each column (of experts one after the other), and rows that were added up
/// for each expert.
pub(crate) type Gathered = BTreeMap<String, (Vec<f32>, Vec<f32>)>;

/// Receives rows of logits. An error ends the call.
pub(crate) type LogitsSink<'a> = dyn FnMut(&[f32]) -> Result<(), EngineError> + 'a;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceInfo {
    /// llama.cpp's name, such as `CUDA0`.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) free_bytes: u64,
    pub(crate) total_bytes: u64,
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
pub(super) fn other_vocab(path: &Path, why: &str) -> EngineError {
    let path = path.display();
    EngineError::Refused(format!(
        "{path} cannot draft for this model: its vocabulary is another one ({why})"
    ))
}

/// One model, and perhaps one that drafts, in one process. All calls come from one thread (libgomp keeps a team per calling thread).
pub(crate) trait Engine {
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
    /// Loads what [`Engine::tokenize`], [`Engine::vocab`] and [`Engine::text_of`] need, and no weights.
    fn load_vocab(&mut self, path: &Path) -> Result<(), EngineError>;
    /// Tokens of `text`, BOS first if the vocabulary asks for it, special tokens not parsed.
    fn tokenize(&self, text: &str) -> Result<Vec<i32>, EngineError>;
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
    fn decode_scored(
        &mut self,
        context: ContextId,
        tokens: &[i32],
        row: &mut LogitsSink<'_>,
    ) -> Result<(), EngineError>;
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
    fn pci_addresses(&self) -> Vec<String> {
        Vec::new()
    }
    /// CPU time on the engine's own clock; `None` when the kernel's count for the process is the one to use.
    fn cpu_ns(&self) -> Option<u64> {
        None
    }
}

//! What is known of a model file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many tensors of one ggml type a file holds, and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TensorTypeShare {
    /// Number of tensors.
    pub n_tensors: u64,
    /// Their bytes in the file.
    pub bytes: u64,
    /// Of these, the matrices that one token passes through in the layers: of experts the share that is used. Absent in old journals.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub layer_bytes: u64,
    /// Of these, the output matrix, which may be the token embedding too. Absent in old journals.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub output_bytes: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// The file a variant was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DerivedFrom {
    /// File name (no folder).
    pub file: String,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
    /// Its file type, e.g. `Q4_1`.
    pub ftype: String,
    /// True when that file was itself quantized, so that the result is not the published variant.
    pub is_requantized: bool,
}

/// What a file tells of how it was quantized.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Quantization {
    /// Who did it (`general.quantized_by`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// File of the importance matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imatrix_file: Option<String>,
    /// Text that it was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imatrix_dataset: Option<String>,
    /// Tensors that it has figures of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imatrix_entries: Option<u64>,
    /// Chunks of that text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imatrix_chunks: Option<u64>,
}

/// A part of a split model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilePart {
    /// File name (no folder).
    pub file: String,
    /// Its length.
    pub file_bytes: u64,
    /// Its SHA-256, lower-case hex; empty where it is not here.
    pub sha256: String,
}

/// One GGUF file of the model, or the parts of one, as read from the file itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VariantInfo {
    /// `F16`, `Q8_0`, `UD-Q4_K_XL`, `owner/Q4_K_M` …: unique in the run.
    pub id: String,
    /// File name (no folder); of a split model the first part's.
    pub file: String,
    /// Where it lay when the run began: an absolute path, with `~` for the user's home, whose name is nobody else's business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// SHA-256 of the file, lower-case hex; of a split model that of its parts' hashes, each followed by a line feed.
    pub sha256: String,
    /// Sum of the tensors' bytes (llama.cpp's `model_size`).
    pub model_size: u64,
    /// Sum of the tensors' elements.
    pub model_n_params: u64,
    /// Bits per weight: `8 * model_size / model_n_params`.
    pub bpw: f64,
    /// ggml type (lower case) to share.
    pub tensor_types: BTreeMap<String, TensorTypeShare>,
    /// Tensors stored in another type than the label's recipe asks for, because of their shape.
    pub n_fallback: u64,
    /// All tensors.
    pub n_tensors: u64,
    /// The label in the file's own metadata (`general.file_type`), e.g. `Q4_K_M`; absent when the file names none.
    pub ftype: Option<String>,
    /// Set when kvant made this file.
    pub derived_from: Option<DerivedFrom>,
    /// What the file tells of how it was quantized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
    /// The parts of a split model, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<FilePart>,
}

/// The model that all variants of a run share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelInfo {
    /// Name to show, e.g. `SmolLM2-135M-Instruct` or `built-in`.
    pub name: String,
    /// `general.architecture`.
    pub architecture: String,
    /// Layers.
    pub n_layer: u32,
    /// Embedding size.
    pub n_embd: u32,
    /// Attention heads.
    pub n_head: u32,
    /// KV heads.
    pub n_head_kv: u32,
    /// Elements of K per token and layer.
    pub n_embd_k_gqa: u32,
    /// Elements of V per token and layer.
    pub n_embd_v_gqa: u32,
    /// Vocabulary size.
    pub n_vocab: u32,
    /// Context the model was trained with.
    pub n_ctx_train: u32,
}

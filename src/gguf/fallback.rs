//! Tensors stored in another type than the label's recipe asks for, because of the length of their rows.
//!
//! The rules are those of `tensor_type_fallback` and `llama_tensor_get_type_impl` in llama.cpp's `llama-quant.cpp`:
//! a type of 256-element blocks cannot hold rows of another length and is replaced by one of 32-element blocks, and
//! that by F16. The recipe gives the output matrix (the token embedding when there is none) Q6_K, or outright Q8_0
//! when its rows do not fit the label's own blocks; the latter is no fallback. So the count equals the one
//! in llama.cpp's log ("180 of 272 tensor(s) required fallback quantization" for SmolLM2-135M as Q4_K_M).

use super::ftype::base_type;
use super::{GgmlType, Gguf, TensorInfo};
use crate::data::TensorTypeShare;
use std::collections::{BTreeMap, BTreeSet};

/// Matrices of these names are never quantized (the part of llama.cpp's list that language models have).
const NEVER_QUANTIZED: &[&str] = &[
    "_norm.weight",
    "ffn_gate_inp.weight",
    "ffn_gate_tid2eid.weight",
    "altup",
    "laurel",
    "per_layer_model_proj",
    "ssm_conv1d",
    "shortconv.conv.weight",
    "indexer.k_proj.weight",
    "indexer.q_proj.weight",
    "time_mix_",
    "attn_rel_b.weight",
    "position_embd",
    "token_types",
];

impl Gguf {
    /// Tensors that the quantizer may give another type: `*.weight` of two or more dimensions, less the exceptions.
    pub(crate) fn matrices(&self) -> impl Iterator<Item = &TensorInfo> {
        self.tensors.iter().filter(|t| {
            t.n_dims_used() >= 2
                && t.name.ends_with("weight")
                && !NEVER_QUANTIZED.iter().any(|name| t.name.contains(name))
        })
    }

    /// How many tensors have a type that is a fallback from what the recipe of the file's label asks for; 0 without a
    /// label.
    pub fn n_fallback(&self) -> u64 {
        self.ftype_checked().map_or(0, |label| self.n_fallback_for(label))
    }

    pub(super) fn n_fallback_for(&self, label: &str) -> u64 {
        self.fallbacks_for(label).count() as u64
    }

    /// The tensors that [`Gguf::n_fallback`] counts.
    pub fn fallbacks(&self) -> Vec<&TensorInfo> {
        let label = self.ftype_checked();
        label.map_or_else(Vec::new, |label| self.fallbacks_for(label).collect())
    }

    fn fallbacks_for(&self, label: &str) -> impl Iterator<Item = &TensorInfo> {
        let base = base_type(label);
        let output = self.output_name();
        let has_8_experts = self.of_architecture("expert_count") == Some(8);
        self.matrices().filter(move |t| {
            let is_output = t.name == output;
            // Recipes give these Q8_0 in models of 8 experts, whatever their shape.
            let is_q8_by_recipe = has_8_experts
                && t.ggml_type == GgmlType::Q8_0
                && (t.name.ends_with("attn_v.weight") || t.name.ends_with("attn_k.weight"));
            !is_q8_by_recipe && base.is_some_and(|base| is_fallback(t, base, is_output))
        })
    }

    /// The tensor types that a file of another label, made from this one, would have: what the label's recipe starts from, its fallback
    /// where rows do not fit, Q6_K for the output matrix, and for `_M` labels the next larger K type for every second `attn_v` and `ffn_down`.
    /// Close to llama.cpp's recipes, not equal to them. `None` for an unknown label.
    pub fn expected_types(&self, label: &str) -> Option<BTreeMap<String, TensorTypeShare>> {
        let base = base_type(label)?;
        let output = self.output_name();
        let matrices: BTreeSet<&str> = self.matrices().map(|t| t.name.as_str()).collect();
        let of = |t: &TensorInfo| {
            if !matrices.contains(t.name.as_str()) {
                return (t.ggml_type, t.bytes);
            }
            let is_output = t.name == output;
            let is_k = base.block().0 == 256;
            let is_larger = label.ends_with("_M") && (t.name.contains("attn_v.") || t.name.contains("ffn_down."));
            let wanted = match base {
                GgmlType::Q8_0 => base,
                _ if base.is_quantized() && is_output => GgmlType::Q6K,
                GgmlType::Q4K | GgmlType::Q5K if is_larger && layer_of(&t.name).is_multiple_of(2) => GgmlType::Q6K,
                _ => base,
            };
            let n_row = t.dims[0];
            let fits = |ty: GgmlType| n_row.is_multiple_of(ty.block().0);
            let fallback = match wanted {
                _ if fits(wanted) => wanted,
                _ if !n_row.is_multiple_of(32) => GgmlType::F16,
                GgmlType::Q5K => GgmlType::Q5_1,
                GgmlType::Q6K => GgmlType::Q8_0,
                GgmlType::Q4K => GgmlType::Q5_0,
                _ if is_k => GgmlType::Iq4Nl,
                _ => GgmlType::F16,
            };
            let (n, bytes) = fallback.block();
            (fallback, t.n_elements / n * bytes)
        };
        Some(self.shares(of))
    }
}

/// The number in `blk.3.ffn_down.weight`.
fn layer_of(name: &str) -> u32 {
    let number = name.split('.').nth(1).and_then(|n| n.parse().ok());
    number.unwrap_or(0)
}

/// The type of 256-element blocks that `stored` stands in for, as `tensor_type_fallback` replaces them; `None` where
/// several could be meant.
pub(crate) fn fallback_from(stored: GgmlType) -> Option<GgmlType> {
    match stored {
        GgmlType::Q5_0 => Some(GgmlType::Q4K),
        GgmlType::Q5_1 => Some(GgmlType::Q5K),
        GgmlType::Q8_0 => Some(GgmlType::Q6K),
        _ => None,
    }
}

fn is_fallback(t: &TensorInfo, base: GgmlType, is_output: bool) -> bool {
    let n_row = t.dims[0];
    let block = base.block().0;
    if !base.is_quantized() {
        return false;
    }
    // Rows that no block type can hold are F16 under every quantized label.
    let is_f16_by_shape = !n_row.is_multiple_of(32) && t.ggml_type == GgmlType::F16;
    if is_f16_by_shape {
        return true;
    }
    let is_256_by_recipe = if is_output {
        // Q6_K, unless Q8_0 is asked for by the label, or outright because of the shape.
        !matches!(base, GgmlType::Q8_0 | GgmlType::Mxfp4) && n_row.is_multiple_of(block)
    } else {
        // IQ4_NL gives some matrices Q5_K, whose fallback is Q5_1.
        block == 256 || (base == GgmlType::Iq4Nl && t.ggml_type == GgmlType::Q5_1)
    };
    is_256_by_recipe && !n_row.is_multiple_of(256) && t.ggml_type.is_quantized() && t.ggml_type.block().0 <= 64
}

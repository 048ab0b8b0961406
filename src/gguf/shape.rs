//! The model's shape, from the metadata, and the bytes its KV cache takes.

use super::header::shown;
use super::{Gguf, GgufProblem, Value};
use crate::data::{FileKind, KvType, ModelInfo};

/// Bytes of the KV cache per token of context, all layers, as llama.cpp allocates them (for models whose layers all
/// see the whole context; an upper bound with sliding windows). A partial block counts whole.
pub fn kv_bytes_per_token(model: &ModelInfo, type_k: KvType, type_v: KvType) -> u64 {
    let row = |ty: KvType, n: u32| {
        let (block, bytes) = ty.block();
        u64::from(n).div_ceil(block) * bytes
    };
    // Saturating, as the counts come from a file that may say anything.
    u64::from(model.n_layer).saturating_mul(row(type_k, model.n_embd_k_gqa) + row(type_v, model.n_embd_v_gqa))
}

impl Gguf {
    /// The model's shape. `name` is what to call it (see [`Gguf::name`]). Models whose layers differ in their KV
    /// heads are refused: one figure per model would be wrong for them. Those without attention (recurrent ones) have no heads, and no KV cache.
    pub fn model_info(&self, name: &str) -> Result<ModelInfo, GgufProblem> {
        let arch = self
            .str("general.architecture")
            .ok_or_else(|| problem("general.architecture", "is missing"))?;
        let n_embd = self.required(&format!("{arch}.embedding_length"))?;
        let n_head = self.per_layer(&format!("{arch}.attention.head_count"))?;
        let n_head = n_head.ok_or_else(|| problem(&format!("{arch}.attention.head_count"), "is missing"))?;
        if n_embd == 0 {
            return Err(problem(&format!("{arch}.embedding_length"), "is 0"));
        }
        let n_head_kv = self
            .per_layer(&format!("{arch}.attention.head_count_kv"))?
            .unwrap_or(n_head);
        let head = |key: &str| -> Result<u32, GgufProblem> {
            let key = format!("{arch}.attention.{key}");
            Ok(self.optional(&key)?.unwrap_or(n_embd.checked_div(n_head).unwrap_or(0)))
        };
        let product = |n: u32, what: &str| {
            n.checked_mul(n_head_kv)
                .ok_or_else(|| problem(&format!("{arch}.attention.{what}"), "is absurdly large"))
        };
        Ok(ModelInfo {
            name: name.to_owned(),
            architecture: arch.to_owned(),
            n_layer: self.required(&format!("{arch}.block_count"))?,
            n_embd,
            n_head,
            n_head_kv,
            n_embd_k_gqa: product(head("key_length")?, "key_length")?,
            n_embd_v_gqa: product(head("value_length")?, "value_length")?,
            n_vocab: self.n_vocab(arch)?,
            n_ctx_train: self.required(&format!("{arch}.context_length"))?,
        })
    }

    /// What the file calls its model (`general.name`), without control characters; `None` when it does not tell.
    pub(crate) fn name(&self) -> Option<String> {
        let name = self.str("general.name")?;
        let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    }

    fn n_vocab(&self, arch: &str) -> Result<u32, GgufProblem> {
        let listed = match self.metadata.get("tokenizer.ggml.tokens") {
            Some(Value::Array(tokens)) => Some(tokens.len),
            _ => None,
        };
        let n = listed
            .or_else(|| self.u64(&format!("{arch}.vocab_size")))
            .or_else(|| self.tensor("token_embd.weight").map(|t| t.dims[1]))
            .ok_or_else(|| problem("tokenizer.ggml.tokens", "is missing"))?;
        u32::try_from(n).map_err(|_| problem("tokenizer.ggml.tokens", "is absurdly long"))
    }

    fn required(&self, key: &str) -> Result<u32, GgufProblem> {
        self.optional(key)?.ok_or_else(|| problem(key, "is missing"))
    }

    fn optional(&self, key: &str) -> Result<Option<u32>, GgufProblem> {
        match self.metadata.get(key) {
            None => Ok(None),
            Some(value) => match value.as_u64().map(u32::try_from) {
                Some(Ok(n)) => Ok(Some(n)),
                _ => Err(problem(key, "is no whole number below 2^32")),
            },
        }
    }

    /// A number, or an array of one per layer that are all the same.
    fn per_layer(&self, key: &str) -> Result<Option<u32>, GgufProblem> {
        let Some(Value::Array(array)) = self.metadata.get(key) else {
            return self.optional(key);
        };
        let values = array
            .to_u64s()
            .ok_or_else(|| problem(key, "is no list of whole numbers"))?;
        let first = *values.first().ok_or_else(|| problem(key, "is an empty list"))?;
        if values.iter().any(|&n| n != first) {
            return Err(GgufProblem::Unsuitable {
                kind: FileKind::Unusable,
                what: format!(
                    "has layers with different numbers of heads ({}), which kvant cannot compare yet; name another model",
                    shown(key)
                ),
            });
        }
        u32::try_from(first)
            .map(Some)
            .map_err(|_| problem(key, "is absurdly large"))
    }
}

pub(super) fn problem(key: &str, why: &str) -> GgufProblem {
    GgufProblem::Metadata {
        // It holds the name of the architecture, which may be anything.
        key: shown(key),
        why: why.to_owned(),
    }
}

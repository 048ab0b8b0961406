//! What follows from a header: the wire form of `kvant inspect --json`.

use crate::catalog::Header;
use crate::data::{KvType, ModelInfo};
use crate::gguf::{fallback_from, kv_bytes_per_token, Gguf, Value};
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the JSON. Changes:
/// 1: first version.
const SCHEMA: &str = "kvant.inspect/1";

#[derive(Debug, Serialize)]
pub struct Facts {
    pub schema: &'static str,
    pub file: String,
    pub file_bytes: u64,
    pub gguf_version: u32,
    /// Of a split model: which part was named.
    pub part: Option<Part>,
    /// Its files that are on this machine, in order.
    pub parts: Vec<String>,
    /// `general.name`.
    pub name: Option<String>,
    pub architecture: Option<String>,
    pub license: Option<String>,
    /// The label in the metadata, and what the tensors say.
    pub ftype: Option<&'static str>,
    pub ftype_by_tensors: Option<&'static str>,
    pub quantization: BTreeMap<&'static str, String>,
    pub model_n_params: u64,
    pub model_size: u64,
    pub bpw: f64,
    pub n_tensors: u64,
    pub tensor_types: Vec<TypeShare>,
    pub n_fallback: u64,
    pub fallbacks: Vec<Fallback>,
    /// Absent, with a reason, for files that are no language model of one shape.
    pub shape: Option<Shape>,
    pub no_shape: Option<String>,
    pub kv: Vec<KvCost>,
    pub memory_available_bytes: Option<u64>,
    pub tokenizer: Option<String>,
    pub chat_template: Option<String>,
    pub errors: Option<super::against::Errors>,
}

#[derive(Debug, Serialize)]
pub struct Part {
    pub index: u64,
    pub count: u64,
    /// Parts that are not there: the rest is of the named one alone then.
    pub missing: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct TypeShare {
    pub ggml_type: String,
    pub n_tensors: u64,
    pub bytes: u64,
}

/// Tensors that have one type in the place of another.
#[derive(Debug, Serialize)]
pub struct Fallback {
    pub ggml_type: &'static str,
    pub instead_of: Option<&'static str>,
    /// Length of their rows, which blocks of 256 do not divide.
    pub n_row: u64,
    pub n_tensors: u64,
}

#[derive(Debug, Serialize)]
pub struct Shape {
    pub n_layer: u32,
    pub n_embd: u32,
    pub n_head: u32,
    pub n_head_kv: u32,
    pub n_embd_k_gqa: u32,
    pub n_embd_v_gqa: u32,
    pub n_vocab: u32,
    pub n_ctx_train: u32,
}

#[derive(Debug, Serialize)]
pub struct KvCost {
    pub kv_type: &'static str,
    pub bytes_per_token: u64,
    /// Largest context whose cache fits beside the weights in the memory that is available now; at most `n_ctx_train`.
    pub n_ctx_max: Option<u64>,
}

impl Facts {
    /// Of a header, on a machine with so much memory to spare.
    pub fn of(header: &Header, memory_available_bytes: Option<u64>) -> Facts {
        let gguf = &header.gguf;
        let text = |key: &str| gguf.str(key).map(printable);
        let (model, no_shape) = match gguf.check_generative().and_then(|()| gguf.model_info("")) {
            Ok(model) => (Some(model), None),
            Err(problem) => (None, Some(problem.to_string())),
        };
        let kv = model.as_ref().map_or_else(Vec::new, |model| {
            let types = KvType::ALL.iter().filter(|ty| fits_heads(**ty, model));
            types
                .map(|&ty| kv_cost(ty, model, gguf, memory_available_bytes))
                .collect()
        });
        let types = gguf.tensor_types().into_iter().map(|(ggml_type, share)| TypeShare {
            ggml_type,
            n_tensors: share.n_tensors,
            bytes: share.bytes,
        });
        let mut tensor_types: Vec<_> = types.collect();
        tensor_types.sort_by_key(|share| std::cmp::Reverse(share.bytes));
        Facts {
            schema: SCHEMA,
            file: header.location.clone(),
            file_bytes: gguf.file_bytes,
            gguf_version: gguf.version,
            part: header.part.map(|(index, count)| Part {
                index,
                count,
                missing: header.missing.clone(),
            }),
            parts: match header.part {
                Some(_) => header.paths.iter().map(|path| path.display().to_string()).collect(),
                None => Vec::new(),
            },
            name: gguf.name(),
            architecture: text("general.architecture"),
            license: text("general.license").or_else(|| text("general.license.name")),
            ftype: gguf.ftype(),
            ftype_by_tensors: gguf.ftype_checked(),
            quantization: quantization(gguf),
            model_n_params: gguf.n_params(),
            model_size: gguf.model_size(),
            bpw: gguf.bpw(),
            n_tensors: gguf.tensors.len() as u64,
            tensor_types,
            n_fallback: gguf.n_fallback(),
            fallbacks: fallbacks(gguf),
            shape: model.map(|m| Shape {
                n_layer: m.n_layer,
                n_embd: m.n_embd,
                n_head: m.n_head,
                n_head_kv: m.n_head_kv,
                n_embd_k_gqa: m.n_embd_k_gqa,
                n_embd_v_gqa: m.n_embd_v_gqa,
                n_vocab: m.n_vocab,
                n_ctx_train: m.n_ctx_train,
            }),
            no_shape,
            kv,
            memory_available_bytes,
            tokenizer: tokenizer(gguf),
            chat_template: gguf.str("tokenizer.chat_template").map(str::to_owned),
            errors: None,
        }
    }
}

/// A text of the file on one line of bearable length.
fn printable(text: &str) -> String {
    let shown: String = text.chars().take(120).flat_map(char::escape_debug).collect();
    shown.replace("\\'", "'").replace("\\\"", "\"")
}

/// What the file tells of how it was quantized.
fn quantization(gguf: &Gguf) -> BTreeMap<&'static str, String> {
    const KEYS: &[(&str, &str)] = &[
        ("general.quantization_version", "version"),
        ("general.quantized_by", "by"),
        ("quantize.imatrix.file", "imatrix"),
        ("quantize.imatrix.dataset", "imatrix_dataset"),
        ("quantize.imatrix.entries_count", "imatrix_entries"),
        ("quantize.imatrix.chunks_count", "imatrix_chunks"),
    ];
    let read = |key: &str| match gguf.metadata.get(key)? {
        Value::String(text) => Some(printable(text)),
        value => value.as_u64().map(|n| n.to_string()),
    };
    KEYS.iter()
        .filter_map(|(key, name)| Some((*name, read(key)?)))
        .collect()
}

fn tokenizer(gguf: &Gguf) -> Option<String> {
    let model = printable(gguf.str("tokenizer.ggml.model")?);
    Some(match gguf.str("tokenizer.ggml.pre") {
        Some(pre) => format!("{model}, {}", printable(pre)),
        None => model,
    })
}

fn fallbacks(gguf: &Gguf) -> Vec<Fallback> {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for t in gguf.fallbacks() {
        *counts.entry((t.ggml_type, t.dims[0])).or_default() += 1;
    }
    let groups = counts.into_iter().map(|((ggml_type, n_row), n_tensors)| Fallback {
        ggml_type: ggml_type.name(),
        instead_of: fallback_from(ggml_type).map(crate::gguf::GgmlType::name),
        n_row,
        n_tensors,
    });
    let mut groups: Vec<_> = groups.collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.n_tensors));
    groups
}

/// llama.cpp refuses blocks that a head does not fill.
fn fits_heads(ty: KvType, model: &ModelInfo) -> bool {
    let (block, _) = ty.block();
    let heads = model.n_head_kv.max(1);
    [model.n_embd_k_gqa, model.n_embd_v_gqa]
        .iter()
        .all(|n| u64::from(n / heads).is_multiple_of(block))
}

fn kv_cost(ty: KvType, model: &ModelInfo, gguf: &Gguf, memory: Option<u64>) -> KvCost {
    let bytes_per_token = kv_bytes_per_token(model, ty, ty);
    // Logits and activations of a batch of 512, as llama.cpp's compute buffer, and 64 MiB for the process.
    let fixed = u64::from(model.n_vocab)
        .saturating_add(24 * u64::from(model.n_embd))
        .saturating_mul(512 * 4)
        .saturating_add(64 << 20);
    let n_ctx_max = memory.map(|memory| {
        let room = memory.saturating_sub(gguf.model_size()).saturating_sub(fixed);
        let n_ctx = room.checked_div(bytes_per_token).unwrap_or(u64::MAX);
        // llama.cpp allocates the cache in steps of 256 tokens.
        (n_ctx / 256 * 256).min(u64::from(model.n_ctx_train))
    });
    KvCost {
        kv_type: ty.name(),
        bytes_per_token,
        n_ctx_max,
    }
}

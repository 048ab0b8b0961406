//! The trained weights as a GGUF file for llama.cpp: matrices F16, norms F32.

use crate::model::{self, Model};
use crate::tokenizer::{Tokenizer, END_OF_TEXT_ID};
use anyhow::Result;
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// llama.cpp's LLAMA_FTYPE_MOSTLY_F16.
const FILE_TYPE_F16: u32 = 1;
/// llama.cpp's token types.
const TOKEN_NORMAL: i32 = 1;
const TOKEN_CONTROL: i32 = 3;

/// Writes the file.
pub fn write(model: &Model, tokenizer: &Tokenizer, path: &Path) -> Result<()> {
    let metadata = metadata(tokenizer)?;
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(k, v)| (*k, v)).collect();
    let mut tensors = Vec::new();
    for (name, var) in model.named() {
        let is_norm = var.dims().len() == 1;
        let dtype = if is_norm { GgmlDType::F32 } else { GgmlDType::F16 };
        // Trained as [n_in, n_out]; llama.cpp wants rows of n_in. The embedding already is one row per token.
        let turned = if is_norm || name == "token_embd" {
            var.as_tensor().clone()
        } else {
            var.t()?.contiguous()?
        };
        tensors.push((format!("{name}.weight"), QTensor::quantize(&turned, dtype)?));
    }
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    gguf_file::write(&mut file, &metadata, &tensors)?;
    // candle says version 2; version 3 is the same little-endian layout and what readers of today expect.
    file.seek(SeekFrom::Start(4))?;
    file.write_all(&3_u32.to_le_bytes())?;
    file.flush()?;
    Ok(())
}

fn metadata(tokenizer: &Tokenizer) -> Result<Vec<(&'static str, Value)>> {
    let text = |s: &str| Value::String(s.to_string());
    let number = |n: usize| Value::U32(n as u32);
    let strings = |all: Vec<String>| Value::Array(all.into_iter().map(Value::String).collect());
    let tokens = tokenizer.tokens()?;
    let kinds = (0..tokens.len() as u32)
        .map(|id| {
            Value::I32(if id == END_OF_TEXT_ID {
                TOKEN_CONTROL
            } else {
                TOKEN_NORMAL
            })
        })
        .collect();
    Ok(vec![
        ("general.architecture", text("llama")),
        ("general.name", text("kvant builtin")),
        ("general.license", text("mit")),
        ("general.file_type", Value::U32(FILE_TYPE_F16)),
        ("general.quantization_version", Value::U32(2)),
        ("llama.context_length", number(model::N_CTX_TRAIN)),
        ("llama.embedding_length", number(model::N_EMBD)),
        ("llama.block_count", number(model::N_LAYER)),
        ("llama.feed_forward_length", number(model::N_FF)),
        ("llama.attention.head_count", number(model::N_HEAD)),
        ("llama.attention.head_count_kv", number(model::N_HEAD_KV)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(model::RMS_EPS)),
        ("llama.rope.dimension_count", number(model::HEAD_DIM)),
        ("llama.rope.freq_base", Value::F32(model::ROPE_BASE)),
        ("llama.vocab_size", number(model::N_VOCAB)),
        ("tokenizer.ggml.model", text("gpt2")),
        ("tokenizer.ggml.pre", text("gpt-2")),
        ("tokenizer.ggml.tokens", strings(tokens)),
        ("tokenizer.ggml.token_type", Value::Array(kinds)),
        ("tokenizer.ggml.merges", strings(tokenizer.merges()?)),
        ("tokenizer.ggml.bos_token_id", Value::U32(END_OF_TEXT_ID)),
        ("tokenizer.ggml.eos_token_id", Value::U32(END_OF_TEXT_ID)),
        ("tokenizer.ggml.add_bos_token", Value::Bool(true)),
    ])
}

//! A small model for tests; the integration tests have this file too, through `#[path]`.

use super::Writer;

/// A small llama with two layers, rows of `n_embd` and matrices of ggml type `ty` (`block` elements in `block_bytes` bytes), labelled
/// `file_type`.
pub fn tiny_llama(n_embd: u64, ty: u32, (block, block_bytes): (u64, u64), file_type: Option<u32>) -> Writer {
    let mut file = Writer::new()
        .str("general.architecture", "llama")
        .str("general.name", "Tiny")
        .u32("llama.block_count", 2)
        .u32("llama.context_length", 128)
        .u32("llama.embedding_length", n_embd as u32)
        .u32("llama.attention.head_count", 4)
        .u32("llama.attention.head_count_kv", 2)
        .strs("tokenizer.ggml.tokens", &["a", "b", "c", "d"]);
    if let Some(id) = file_type {
        file = file.u32("general.file_type", id);
    }
    let bytes = |rows: u64| rows * n_embd / block * block_bytes;
    file = file.tensor("token_embd.weight", &[n_embd, 4], ty, bytes(4));
    for layer in 0..2 {
        file = file.tensor(&format!("blk.{layer}.attn_norm.weight"), &[n_embd], 0, 4 * n_embd);
        file = file.tensor(&format!("blk.{layer}.attn_q.weight"), &[n_embd, 8], ty, bytes(8));
    }
    file
}

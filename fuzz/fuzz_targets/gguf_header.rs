//! Any bytes as a GGUF file: an error or an answer that adds up, never a panic.
#![no_main]

use kvant::data::KvType;
use kvant::gguf::{kv_bytes_per_token, Gguf};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let Ok(gguf) = Gguf::read(Cursor::new(bytes), bytes.len() as u64) else { return };
    assert!(gguf.model_size() <= gguf.file_bytes);
    assert!(gguf.n_fallback() <= gguf.tensors.len() as u64);
    assert_eq!(gguf.fallbacks().len() as u64, gguf.n_fallback());
    let _ = (gguf.bpw(), gguf.ftype_checked(), gguf.tensor_types(), gguf.check_generative());
    if let Ok(model) = gguf.model_info("x") {
        for &ty in KvType::ALL {
            let _ = kv_bytes_per_token(&model, ty, ty);
        }
    }
});

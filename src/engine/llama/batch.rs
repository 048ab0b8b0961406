//! Tokens as llama.cpp takes them in one pass.

use llama_cpp_sys_2 as sys;

#[derive(Clone, Copy)]
pub(super) struct Item {
    pub(super) token: i32,
    pub(super) position: i32,
    pub(super) sequence: i32,
    pub(super) has_logits: bool,
}

pub(super) struct Batch {
    tokens: Vec<i32>,
    positions: Vec<i32>,
    n_seq_id: Vec<i32>,
    /// The pointers in `seq_id` point at these; never grown once they do.
    _sequences: Vec<i32>,
    seq_id: Vec<*mut i32>,
    outputs: Vec<i8>,
}

impl Batch {
    pub(super) fn new(items: &[Item]) -> Self {
        let mut sequences: Vec<i32> = items.iter().map(|i| i.sequence).collect();
        Self {
            tokens: items.iter().map(|i| i.token).collect(),
            positions: items.iter().map(|i| i.position).collect(),
            n_seq_id: vec![1; items.len()],
            seq_id: sequences.iter_mut().map(std::ptr::from_mut).collect(),
            _sequences: sequences,
            outputs: items.iter().map(|i| i8::from(i.has_logits)).collect(),
        }
    }

    /// llama.cpp's view; valid as long as `self`.
    pub(super) fn raw(&mut self) -> sys::llama_batch {
        sys::llama_batch {
            n_tokens: i32::try_from(self.tokens.len()).unwrap_or(i32::MAX),
            token: self.tokens.as_mut_ptr(),
            embd: std::ptr::null_mut(),
            pos: self.positions.as_mut_ptr(),
            n_seq_id: self.n_seq_id.as_mut_ptr(),
            seq_id: self.seq_id.as_mut_ptr(),
            logits: self.outputs.as_mut_ptr(),
        }
    }
}

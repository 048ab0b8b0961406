//! Writes small GGUF files for tests. Shared with the integration tests through `#[path]`; depends on nothing.

/// Bytes of a GGUF file, piece by piece.
#[derive(Clone, Default)]
pub struct TestGguf {
    n_values: u64,
    values: Vec<u8>,
    tensors: Vec<(String, Vec<u64>, u32, u64)>,
}

fn text(out: &mut Vec<u8>, s: &str) {
    out.extend((s.len() as u64).to_le_bytes());
    out.extend(s.as_bytes());
}

impl TestGguf {
    pub fn new() -> Self {
        Self::default()
    }

    /// Any value: its type number and its bytes.
    pub fn raw(mut self, key: &str, ty: u32, bytes: &[u8]) -> Self {
        text(&mut self.values, key);
        self.values.extend(ty.to_le_bytes());
        self.values.extend(bytes);
        self.n_values += 1;
        self
    }

    pub fn u32(self, key: &str, v: u32) -> Self {
        self.raw(key, 4, &v.to_le_bytes())
    }

    pub fn bool(self, key: &str, v: bool) -> Self {
        self.raw(key, 7, &[v.into()])
    }

    pub fn str(self, key: &str, v: &str) -> Self {
        let mut bytes = Vec::new();
        text(&mut bytes, v);
        self.raw(key, 8, &bytes)
    }

    pub fn u32s(self, key: &str, v: &[u32]) -> Self {
        let mut bytes = 4u32.to_le_bytes().to_vec();
        bytes.extend((v.len() as u64).to_le_bytes());
        v.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
        self.raw(key, 9, &bytes)
    }

    pub fn strs(self, key: &str, v: &[&str]) -> Self {
        let mut bytes = 8u32.to_le_bytes().to_vec();
        bytes.extend((v.len() as u64).to_le_bytes());
        v.iter().for_each(|s| text(&mut bytes, s));
        self.raw(key, 9, &bytes)
    }

    /// A tensor of zeros: ggml type number and bytes of its data.
    pub fn tensor(mut self, name: &str, dims: &[u64], ty: u32, bytes: u64) -> Self {
        self.tensors.push((name.to_owned(), dims.to_vec(), ty, bytes));
        self
    }

    /// A small llama with two layers, rows of `n_embd` and matrices of ggml type `ty` (`block` elements in
    /// `block_bytes` bytes), labelled `file_type`.
    pub fn llama(n_embd: u64, ty: u32, (block, block_bytes): (u64, u64), file_type: Option<u32>) -> Self {
        let mut file = Self::new()
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

    /// The file, with zeros for data.
    pub fn bytes(&self) -> Vec<u8> {
        let (mut out, length) = self.head();
        out.resize(length as usize, 0);
        out
    }

    /// Everything before the data, and the length of the whole file.
    pub fn head(&self) -> (Vec<u8>, u64) {
        let mut out = b"GGUF".to_vec();
        out.extend(3u32.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend(self.n_values.to_le_bytes());
        out.extend(&self.values);
        let mut offset = 0u64;
        for (name, dims, ty, bytes) in &self.tensors {
            text(&mut out, name);
            out.extend((dims.len() as u32).to_le_bytes());
            dims.iter().for_each(|d| out.extend(d.to_le_bytes()));
            out.extend(ty.to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset = (offset + bytes).next_multiple_of(32);
        }
        if !self.tensors.is_empty() {
            out.resize(out.len().next_multiple_of(32), 0);
        }
        let length = out.len() as u64 + offset;
        (out, length)
    }
}

//! One model: loading it for a device, refusing what cannot generate text, and the shape of its KV cache.

use super::backend::c_path;
use super::devices::Device;
use super::log;
use crate::data::{ArmConfig, SplitMode};
use crate::engine::api::{EngineError, Vocab};
use crate::units::hex;
use llama_cpp_sys_2 as sys;
use sha2::{Digest, Sha256};
use std::ffi::{CStr, CString};
use std::path::Path;
use std::ptr::NonNull;

/// A loaded model, owned. Its contexts hold it by `Rc`, so it is freed after them.
pub(super) struct Model(NonNull<sys::llama_model>);

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: the pointer came from llama_model_load_from_file and is freed once.
        unsafe { sys::llama_model_free(self.0.as_ptr()) };
    }
}

impl Model {
    /// Loads the model at `path` for these devices, or for the CPU alone; out: it, and what the log said.
    pub(super) fn load(
        path: &Path,
        devices: &[Device],
        n_gpu_layers: i32,
        split_mode: SplitMode,
    ) -> Result<(Self, log::Captured), EngineError> {
        // An empty list keeps every GPU backend out of a run on the CPU; `n_gpu_layers` 0 alone does not.
        let ends = std::iter::once(std::ptr::null_mut());
        let mut list: Vec<_> = devices.iter().map(|device| device.0).chain(ends).collect();
        // SAFETY: returns a value; no preconditions.
        let mut params = unsafe { sys::llama_model_default_params() };
        params.devices = list.as_mut_ptr();
        params.n_gpu_layers = if devices.is_empty() { 0 } else { n_gpu_layers };
        params.split_mode = match split_mode {
            SplitMode::None => sys::LLAMA_SPLIT_MODE_NONE,
            SplitMode::Layer => sys::LLAMA_SPLIT_MODE_LAYER,
            SplitMode::Row => sys::LLAMA_SPLIT_MODE_ROW,
        };
        let (model, captured) = Self::load_with(path, params)?;
        model
            .refuse_unless_generative()
            .map_err(|why| EngineError::Refused(format!("{}: {why}", path.display())))?;
        Ok((model, captured))
    }

    /// The vocabulary alone.
    pub(super) fn load_vocab(path: &Path) -> Result<Self, EngineError> {
        // SAFETY: returns a value; no preconditions.
        let mut params = unsafe { sys::llama_model_default_params() };
        params.vocab_only = true;
        Ok(Self::load_with(path, params)?.0)
    }

    /// `params` may point at a null-terminated list of devices that lives for the call.
    fn load_with(path: &Path, params: sys::llama_model_params) -> Result<(Self, log::Captured), EngineError> {
        let name = c_path(path)?;
        // Checked here because the cause is clearer than llama.cpp's.
        std::fs::File::open(path).map_err(|e| EngineError::Refused(format!("cannot open {}: {e}", path.display())))?;
        // SAFETY: `name` is NUL-terminated and lives for the call, as does what `params` points at.
        let (raw, captured) = log::capture(|| unsafe { sys::llama_model_load_from_file(name.as_ptr(), params) });
        let what = format!("llama.cpp cannot load {}", path.display());
        let model = Self(NonNull::new(raw).ok_or_else(|| captured.error(&what))?);
        Ok((model, captured))
    }

    pub(super) fn as_ptr(&self) -> *mut sys::llama_model {
        self.0.as_ptr()
    }

    fn vocab(&self) -> *const sys::llama_vocab {
        // SAFETY: a loaded model.
        unsafe { sys::llama_model_get_vocab(self.as_ptr()) }
    }

    /// Size of the vocabulary; 0 without one.
    pub(super) fn n_vocab(&self) -> u32 {
        // SAFETY: the vocabulary of a loaded model.
        u32::try_from(unsafe { sys::llama_vocab_n_tokens(self.vocab()) }).unwrap_or_default()
    }

    /// Tokens of `text`, BOS first if the vocabulary asks for it, special tokens not parsed.
    pub(super) fn tokenize(&self, text: &str) -> Result<Vec<i32>, EngineError> {
        let too_long = || EngineError::Refused(format!("a text of {} bytes is too long to tokenize", text.len()));
        let n_bytes = i32::try_from(text.len()).map_err(|_| too_long())?;
        // At most one token for each byte, and one each before and after.
        let n_max = n_bytes.checked_add(2).ok_or_else(too_long)?;
        let mut tokens = vec![0; n_max as usize];
        // SAFETY: `text` has `n_bytes` bytes and `tokens` room for `n_max`; llama.cpp writes no more than that.
        let n = unsafe {
            let (text, out) = (text.as_ptr().cast(), tokens.as_mut_ptr());
            sys::llama_tokenize(self.vocab(), text, n_bytes, out, n_max, true, false)
        };
        tokens.truncate(usize::try_from(n).map_err(|_| too_long())?);
        tokens.shrink_to_fit();
        Ok(tokens)
    }

    /// What another model must have too for their logits to be compared.
    pub(super) fn vocab_identity(&self) -> Vocab {
        let (vocab, n_vocab) = (self.vocab(), self.n_vocab());
        // SAFETY: the vocabulary of a loaded model; these only read.
        let bos = unsafe { sys::llama_vocab_get_add_bos(vocab).then(|| sys::llama_vocab_bos(vocab)) };
        let mut hasher = Sha256::new();
        hasher.update(n_vocab.to_le_bytes());
        hasher.update(bos.unwrap_or(-1).to_le_bytes());
        for token in 0..n_vocab as i32 {
            // SAFETY: `token` is in the vocabulary; the text lives as long as the model.
            let text = unsafe { CStr::from_ptr(sys::llama_vocab_get_text(vocab, token)) };
            hasher.update(text.to_bytes_with_nul());
        }
        let sha256 = hex(&hasher.finalize());
        Vocab { n_vocab, bos, sha256 }
    }

    /// Whether the tokens of `draft` mean the same here, by llama.cpp's own rules (`common_speculative_are_compatible`): the same kind of
    /// vocabulary, the same tokens around a text, about as many tokens, and the same texts of all but the first five. Err: what differs.
    pub(super) fn understands(&self, draft: &Self) -> Result<(), String> {
        const N_MORE: u32 = 128;
        const FIRST_CHECKED: i32 = 5;
        let (own, other) = (self.vocab(), draft.vocab());
        // SAFETY: the vocabularies of two loaded models; these only read.
        let (kinds, begins, ends) = unsafe {
            let begin = |v| sys::llama_vocab_get_add_bos(v).then(|| sys::llama_vocab_bos(v));
            let end = |v| sys::llama_vocab_get_add_eos(v).then(|| sys::llama_vocab_eos(v));
            let kinds = [sys::llama_vocab_type(own), sys::llama_vocab_type(other)];
            (kinds, [begin(own), begin(other)], [end(own), end(other)])
        };
        if kinds[0] != kinds[1] {
            return Err("of another kind".to_owned());
        }
        if begins[0] != begins[1] || ends[0] != ends[1] {
            return Err("other tokens begin or end a text".to_owned());
        }
        let (n_own, n_other) = (self.n_vocab(), draft.n_vocab());
        if n_own.abs_diff(n_other) > N_MORE {
            return Err(format!("{n_other} tokens, here {n_own}"));
        }
        // SAFETY: `token` is in the vocabulary; the text lives as long as the model.
        let text = |vocab, token| unsafe { CStr::from_ptr(sys::llama_vocab_get_text(vocab, token)) };
        let differs = |token: &i32| text(own, *token) != text(other, *token);
        match (FIRST_CHECKED..n_own.min(n_other) as i32).find(differs) {
            Some(token) => Err(format!("its token {token} is another one")),
            None => Ok(()),
        }
    }

    /// Tokens as text, special ones written out.
    pub(super) fn text_of(&self, tokens: &[i32]) -> Result<String, EngineError> {
        let mut bytes = Vec::new();
        let mut piece = [0u8; 256];
        for &token in tokens {
            if u32::try_from(token).map_or(true, |t| t >= self.n_vocab()) {
                return Err(EngineError::Refused(format!("token {token} is not in the vocabulary")));
            }
            // SAFETY: the token is in the vocabulary (llama.cpp would abort otherwise); it writes at most the length given.
            let n = unsafe {
                let out = piece.as_mut_ptr().cast();
                sys::llama_token_to_piece(self.vocab(), token, out, piece.len() as i32, 0, true)
            };
            // Negative: longer than the buffer. No word is; what is cut here is for people to read only.
            bytes.extend_from_slice(piece.get(..usize::try_from(n).unwrap_or(0)).unwrap_or_default());
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A metadata value as text; `None` when the key is missing.
    fn meta(&self, key: &str) -> Option<String> {
        let key = CString::new(key).ok()?;
        let read = |buffer: &mut [u8]| {
            // SAFETY: a loaded model and a NUL-terminated key; llama.cpp writes at most `len` bytes, the last a NUL.
            let n = unsafe {
                let out = buffer.as_mut_ptr().cast();
                sys::llama_model_meta_val_str(self.as_ptr(), key.as_ptr(), out, buffer.len())
            };
            usize::try_from(n).ok()
        };
        let mut buffer = vec![0; read(&mut [0])? + 1];
        let n = read(&mut buffer)?;
        buffer.truncate(n);
        Some(String::from_utf8_lossy(&buffer).into_owned())
    }

    fn architecture(&self) -> String {
        self.meta("general.architecture").unwrap_or_default()
    }

    /// llama.cpp aborts, or returns embeddings, when such a model is asked for the logits of a next token.
    fn refuse_unless_generative(&self) -> Result<(), String> {
        // SAFETY: a loaded model; both only read.
        let (has_encoder, has_decoder) = unsafe {
            (
                sys::llama_model_has_encoder(self.as_ptr()),
                sys::llama_model_has_decoder(self.as_ptr()),
            )
        };
        let arch = self.architecture();
        let key = |name: &str| self.meta(&format!("{arch}.{name}"));
        let is_embedding = key("pooling_type").is_some_and(|p| p != "0" && p != "4294967295")
            || key("attention.causal").is_some_and(|c| c == "false")
            || arch.contains("bert");
        if has_encoder || !has_decoder || is_embedding {
            return Err(format!(
                "a '{arch}' model of this kind makes embeddings or needs an encoder; kvant compares models that generate text"
            ));
        }
        if self.n_vocab() < 1 {
            return Err("the model has no vocabulary, so it cannot generate text".to_owned());
        }
        Ok(())
    }
}

/// Elements of K and of V per token, layer by layer; `None` where the metadata does not tell.
pub(super) struct KvShape {
    layers: Vec<(u64, u64)>,
    /// Elements of one head.
    pub(super) head_k: u64,
    pub(super) head_v: u64,
}

impl KvShape {
    pub(super) fn of(model: &Model) -> Option<Self> {
        let arch = model.architecture();
        let key = |name: &str| model.meta(&format!("{arch}.attention.{name}"));
        // SAFETY: a loaded model; these only read.
        let (n_layer, n_head, n_embd) = unsafe {
            let raw = model.as_ptr();
            (
                sys::llama_model_n_layer(raw),
                sys::llama_model_n_head(raw),
                sys::llama_model_n_embd(raw),
            )
        };
        let n_layer = usize::try_from(n_layer).ok()?;
        let n_head = u64::try_from(n_head).ok()?;
        let default_head = u64::try_from(n_embd).ok()?.checked_div(n_head)?;
        let head = |name: &str| key(name).map_or(Some(default_head), |v| v.parse().ok());
        let (head_k, head_v) = (head("key_length")?, head("value_length")?);
        let n_head_kv = match key("head_count_kv") {
            None => vec![n_head; n_layer],
            Some(text) => per_layer(&text, n_layer)?,
        };
        let layers = n_head_kv.iter().map(|n| (n * head_k, n * head_v)).collect();
        Some(Self { layers, head_k, head_v })
    }

    /// Bytes of a cache of `n_ctx` tokens in which every layer holds every token.
    pub(super) fn bytes(&self, config: &ArmConfig, n_ctx: u32) -> u64 {
        let row = |kind: crate::data::KvType, n: u64| {
            let (n_block, bytes) = kind.block();
            n.div_ceil(n_block) * bytes
        };
        let per_token: u64 = self
            .layers
            .iter()
            .map(|&(k, v)| row(config.type_k, k) + row(config.type_v, v))
            .sum();
        per_token * u64::from(n_ctx)
    }
}

/// A number for all layers, or `[3, 3, 4]` layer by layer.
fn per_layer(text: &str, n_layer: usize) -> Option<Vec<u64>> {
    let Some(list) = text.strip_prefix('[') else {
        return Some(vec![text.parse().ok()?; n_layer]);
    };
    let all: Option<Vec<u64>> = list
        .trim_end_matches(']')
        .split(',')
        .map(|n| n.trim().parse().ok())
        .collect();
    all.filter(|all| all.len() == n_layer)
}

#[cfg(test)]
mod tests {
    use super::per_layer;

    #[test]
    fn one_number_or_one_per_layer() {
        assert_eq!(per_layer("3", 2), Some(vec![3, 3]));
        assert_eq!(per_layer("[3, 4]", 2), Some(vec![3, 4]));
        assert_eq!(per_layer("[3, 4]", 3), None);
        assert_eq!(per_layer("x", 3), None);
    }
}

//! One llama.cpp context, owned.
//!
//! Invariants: the context is freed before its model; one sequence, number 0; `n_past` is what the cache holds; nothing
//! is handed to llama.cpp that it would abort on.

use super::log;
use super::model::{KvShape, Model};
use crate::data::{ArmConfig, ContextInfo, FlashAttn, KvType};
use crate::engine::{argmax, EngineError, RowSink};
use llama_cpp_sys_2 as sys;
use std::ptr::NonNull;
use std::rc::Rc;

/// ggml's limit (GGML_MAX_N_THREADS).
const N_THREADS_MAX: u32 = 512;

pub(super) struct Context {
    pub(super) raw: NonNull<sys::llama_context>,
    /// Keeps the model alive as long as the context.
    _model: Rc<Model>,
    pub(super) n_ctx: u32,
    pub(super) n_batch: u32,
    /// Tokens of one batch that may have logits.
    n_outputs: u32,
    pub(super) n_vocab: usize,
    /// Tokens that `argmax` chooses from.
    n_choices: usize,
    n_past: u32,
    has_logits: bool,
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: `raw` came from llama_init_from_model, is freed once, and its model is still alive.
        unsafe { sys::llama_free(self.raw.as_ptr()) };
    }
}

impl Context {
    /// Opens a context of `model` as `config` says, whose batches may ask for the logits of `n_outputs` tokens.
    pub(super) fn open(
        model: Rc<Model>,
        config: &ArmConfig,
        n_outputs: u32,
    ) -> Result<(Self, ContextInfo), EngineError> {
        Self::open_with(model, config, params(config, n_outputs), n_outputs)
    }

    /// The same for `n_seq` sequences, which have a cache each unless they are to share one.
    pub(super) fn open_batched(
        model: Rc<Model>,
        config: &ArmConfig,
        n_seq: u32,
        is_shared: bool,
    ) -> Result<(Self, ContextInfo), EngineError> {
        let mut params = params(config, config.n_batch);
        params.n_seq_max = n_seq;
        params.kv_unified = is_shared;
        Self::open_with(model, config, params, config.n_batch)
    }

    fn open_with(
        model: Rc<Model>,
        config: &ArmConfig,
        params: sys::llama_context_params,
        n_outputs: u32,
    ) -> Result<(Self, ContextInfo), EngineError> {
        let shape = KvShape::of(&model);
        check(config, shape.as_ref())?;
        // SAFETY: the model is loaded and stays alive in `_model`; `params` started from llama.cpp's defaults.
        let (raw, captured) = log::capture(|| unsafe { sys::llama_init_from_model(model.as_ptr(), params) });
        let what = format!("llama.cpp cannot open a context of {} tokens", config.n_ctx);
        let raw = NonNull::new(raw).ok_or_else(|| captured.error(&what))?;
        let n_vocab = model.n_vocab() as usize;
        // SAFETY: `raw` is a live context; these only read.
        let (n_ctx, n_batch, n_ubatch) = unsafe {
            (
                sys::llama_n_ctx(raw.as_ptr()),
                sys::llama_n_batch(raw.as_ptr()),
                sys::llama_n_ubatch(raw.as_ptr()),
            )
        };
        let logged = captured.bytes_of("kv");
        let exact = shape.map(|s| s.bytes(config, n_ctx));
        let info = ContextInfo {
            n_ctx,
            n_batch,
            n_ubatch,
            kv_bytes: kv_bytes(exact, logged),
            buffers: captured.buffers,
        };
        Ok((
            Self {
                raw,
                _model: model,
                n_ctx,
                n_batch,
                n_outputs: n_outputs.clamp(1, n_batch.max(1)),
                n_vocab,
                n_choices: n_vocab,
                n_past: 0,
                has_logits: false,
            },
            info,
        ))
    }

    pub(super) fn clear(&mut self) {
        // SAFETY: a live context; `false` leaves the data alone and forgets only which cells are used.
        unsafe { sys::llama_memory_clear(sys::llama_get_memory(self.raw.as_ptr()), false) };
        self.n_past = 0;
    }

    pub(super) fn truncate(&mut self, n_keep: u32) -> Result<(), EngineError> {
        if n_keep > self.n_past {
            return Err(refused(format!(
                "cannot keep {n_keep} of {} cached tokens",
                self.n_past
            )));
        }
        // SAFETY: a live context and its only sequence; these only read.
        let (first, n_swa) = unsafe {
            let memory = sys::llama_get_memory(self.raw.as_ptr());
            let model = sys::llama_get_model(self.raw.as_ptr());
            (sys::llama_memory_seq_pos_min(memory, 0), sys::llama_model_n_swa(model))
        };
        // A sliding window has forgotten its older tokens: what follows `n_keep` would look back at nothing.
        if n_swa > 0 && first > 0 && first > position(n_keep).saturating_sub(n_swa) {
            return Err(refused(format!(
                "the cache of this model slides: it holds no tokens before {first} any more, so it cannot go back to {n_keep}"
            )));
        }
        // SAFETY: a live context and its only sequence; an end of -1 means all that follow.
        let removed = unsafe {
            let memory = sys::llama_get_memory(self.raw.as_ptr());
            sys::llama_memory_seq_rm(memory, 0, position(n_keep), -1)
        };
        if !removed {
            return Err(refused("this model's cache cannot drop single tokens"));
        }
        self.n_past = n_keep;
        Ok(())
    }

    /// Refuses what llama.cpp would abort on.
    fn check_tokens(&self, tokens: &[i32]) -> Result<(), EngineError> {
        if tokens.is_empty() {
            return Err(refused("no tokens to decode"));
        }
        if tokens.len() > (self.n_ctx - self.n_past) as usize {
            let (n_past, n_ctx) = (self.n_past, self.n_ctx);
            return Err(refused(format!(
                "{} tokens at depth {n_past} do not fit into n_ctx {n_ctx}",
                tokens.len()
            )));
        }
        if let Some(wrong) = tokens
            .iter()
            .find(|t| usize::try_from(**t).map_or(true, |t| t >= self.n_vocab))
        {
            return Err(refused(format!(
                "token {wrong} is not in the vocabulary of {}",
                self.n_vocab
            )));
        }
        Ok(())
    }

    /// Appends tokens in slices of the context's `n_batch`; the last token of each slice has logits, as in llama-bench.
    pub(super) fn decode(&mut self, tokens: &[i32]) -> Result<(), EngineError> {
        self.check_tokens(tokens)?;
        self.has_logits = false;
        for slice in tokens.chunks(self.n_batch as usize) {
            self.decode_slice(slice)?;
        }
        // SAFETY: a live context.
        unsafe { sys::llama_synchronize(self.raw.as_ptr()) };
        self.has_logits = true;
        Ok(())
    }

    fn decode_slice(&mut self, slice: &[i32]) -> Result<(), EngineError> {
        let n = i32::try_from(slice.len()).map_err(|_| refused("a batch is too large"))?;
        // SAFETY: 1 <= n <= n_batch and all tokens are in the vocabulary (checked above). The batch borrows `slice` for
        // this call only, and llama_decode does not write to it although the field is not const.
        let code = unsafe {
            let batch = sys::llama_batch_get_one(slice.as_ptr().cast_mut(), n);
            sys::llama_decode(self.raw.as_ptr(), batch)
        };
        self.settle(code, slice.len() as u32)
    }

    /// Appends tokens in slices of `n_outputs` and hands out the logits of each token, in order.
    pub(super) fn decode_scored(&mut self, tokens: &[i32], row: &mut RowSink<'_>) -> Result<(), EngineError> {
        self.check_tokens(tokens)?;
        self.has_logits = false;
        for slice in tokens.chunks(self.n_outputs as usize) {
            let first = position(self.n_past);
            let mut batch = Batch::new(slice.iter().zip(first..).map(|(&token, position)| Item {
                token,
                position,
                sequence: 0,
                has_logits: true,
            }));
            // SAFETY: 1 <= tokens <= n_outputs <= n_batch, all in the vocabulary; the arrays behind the batch outlive the call.
            let code = unsafe { sys::llama_decode(self.raw.as_ptr(), batch.raw()) };
            self.settle(code, slice.len() as u32)?;
            // SAFETY: a live context.
            unsafe { sys::llama_synchronize(self.raw.as_ptr()) };
            for i in 0..slice.len() as i32 {
                // SAFETY: a live context; token `i` of the last batch asked for logits.
                let logits = unsafe { sys::llama_get_logits_ith(self.raw.as_ptr(), i) };
                let logits =
                    NonNull::new(logits).ok_or_else(|| refused("llama.cpp has no logits for a scored token"))?;
                // SAFETY: a row has n_vocab values and lives until the next call on the context, which `row` cannot make.
                row(unsafe { std::slice::from_raw_parts(logits.as_ptr(), self.n_vocab) })?;
            }
        }
        self.has_logits = true;
        Ok(())
    }

    /// Books a batch of `n` tokens, or says why llama.cpp did not take it.
    fn settle(&mut self, code: i32, n: u32) -> Result<(), EngineError> {
        if code == 0 {
            self.n_past += n;
            return Ok(());
        }
        self.n_past = self.cached();
        Err(decode_error(code, n, self.n_past))
    }

    pub(super) fn logits(&mut self) -> Result<&[f32], EngineError> {
        if !self.has_logits {
            return Err(refused(
                "there are no logits: nothing was decoded since the cache changed",
            ));
        }
        // SAFETY: a live context; -1 is the last output row.
        let row = unsafe { sys::llama_get_logits_ith(self.raw.as_ptr(), -1) };
        let row = NonNull::new(row).ok_or_else(|| refused("llama.cpp has no logits for the last token"))?;
        // SAFETY: a row has n_vocab values and lives until the next call on the context, which `&mut self` bars.
        Ok(unsafe { std::slice::from_raw_parts(row.as_ptr(), self.n_vocab) })
    }

    pub(super) fn argmax(&mut self) -> Result<i32, EngineError> {
        let n_choices = self.n_choices;
        Ok(argmax(&self.logits()?[..n_choices]))
    }

    /// A draft must not choose what its target does not have: some vocabularies of a family end in unused tokens.
    pub(super) fn choose_below(&mut self, n_vocab: u32) {
        self.n_choices = self.n_vocab.min(n_vocab as usize);
    }

    pub(super) fn save(&mut self) -> Result<Vec<u8>, EngineError> {
        // SAFETY: a live context and its only sequence.
        let size = unsafe { sys::llama_state_seq_get_size(self.raw.as_ptr(), 0) };
        let mut state = vec![0; size];
        // SAFETY: `state` has `size` writable bytes.
        let written = unsafe { sys::llama_state_seq_get_data(self.raw.as_ptr(), state.as_mut_ptr(), size, 0) };
        if written == 0 || written != size {
            return Err(refused(format!("llama.cpp wrote {written} of {size} bytes of state")));
        }
        Ok(state)
    }

    pub(super) fn restore(&mut self, state: &[u8]) -> Result<(), EngineError> {
        let call = || {
            // SAFETY: a live context; `state` has the length given, and llama.cpp checks what it reads against it.
            unsafe { sys::llama_state_seq_set_data(self.raw.as_ptr(), state.as_ptr(), state.len(), 0) }
        };
        let (read, captured) = log::capture(call);
        self.has_logits = false;
        self.n_past = self.cached();
        if read != state.len() {
            return Err(captured.error("llama.cpp cannot restore a state of this context"));
        }
        Ok(())
    }

    /// Tokens in the cache, as llama.cpp counts them.
    fn cached(&self) -> u32 {
        // SAFETY: a live context and its only sequence; -1 when it is empty.
        let last = unsafe { sys::llama_memory_seq_pos_max(sys::llama_get_memory(self.raw.as_ptr()), 0) };
        u32::try_from(last + 1).unwrap_or_default()
    }
}

/// One token of a batch.
#[derive(Clone, Copy)]
pub(super) struct Item {
    pub(super) token: i32,
    pub(super) position: i32,
    pub(super) sequence: i32,
    pub(super) has_logits: bool,
}

/// A batch with the arrays it points into.
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
    pub(super) fn new(items: impl Iterator<Item = Item> + Clone) -> Self {
        let mut sequences: Vec<i32> = items.clone().map(|i| i.sequence).collect();
        Self {
            tokens: items.clone().map(|i| i.token).collect(),
            positions: items.clone().map(|i| i.position).collect(),
            n_seq_id: vec![1; sequences.len()],
            seq_id: sequences.iter_mut().map(std::ptr::from_mut).collect(),
            _sequences: sequences,
            outputs: items.map(|i| i8::from(i.has_logits)).collect(),
        }
    }

    /// llama.cpp's view; valid as long as `self`.
    pub(super) fn raw(&mut self) -> sys::llama_batch {
        sys::llama_batch {
            n_tokens: position(self.tokens.len() as u32),
            token: self.tokens.as_mut_ptr(),
            embd: std::ptr::null_mut(),
            pos: self.positions.as_mut_ptr(),
            n_seq_id: self.n_seq_id.as_mut_ptr(),
            seq_id: self.seq_id.as_mut_ptr(),
            logits: self.outputs.as_mut_ptr(),
        }
    }
}

/// What `llama_decode` means by a code other than 0.
pub(super) fn decode_error(code: i32, n: u32, n_past: u32) -> EngineError {
    let what = format!("llama_decode of {n} tokens at depth {n_past} failed with {code}");
    match code {
        1 => refused(format!("{what}: no free slot in the KV cache")),
        -2 => EngineError::OutOfMemory(what),
        _ => refused(format!("{what}; its log has the cause")),
    }
}

pub(super) fn refused(why: impl Into<String>) -> EngineError {
    EngineError::Refused(why.into())
}

pub(super) fn position(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// The exact size where every layer holds every token; models with sliding windows or recurrent layers hold less, and
/// for these the logged size counts (resolution 0.01 MiB for each buffer).
fn kv_bytes(exact: Option<u64>, logged: u64) -> u64 {
    const RESOLUTION: u64 = 1024 * 1024 / 50;
    exact
        .filter(|exact| exact.abs_diff(logged) <= RESOLUTION)
        .unwrap_or(logged)
}

/// What llama.cpp would abort on or silently change.
fn check(config: &ArmConfig, shape: Option<&KvShape>) -> Result<(), EngineError> {
    if config.n_ctx == 0 || config.n_batch == 0 || config.n_ubatch == 0 {
        return Err(refused("n_ctx, n_batch and n_ubatch must be at least 1"));
    }
    if config.n_threads == 0 || config.n_threads > N_THREADS_MAX {
        return Err(refused(format!(
            "n_threads must be 1 to {N_THREADS_MAX}, not {}",
            config.n_threads
        )));
    }
    if config.type_v.is_quantized() && config.flash_attn == FlashAttn::Off {
        return Err(refused(format!(
            "a {} V cache needs flash attention: turn it on",
            config.type_v
        )));
    }
    let Some(shape) = shape else { return Ok(()) };
    for (name, kind, head) in [("K", config.type_k, shape.head_k), ("V", config.type_v, shape.head_v)] {
        let (block, _) = kind.block();
        if head % block != 0 {
            return Err(refused(format!(
                "a {kind} {name} cache needs heads of a multiple of {block} elements, and this model's have {head}: use f16"
            )));
        }
    }
    Ok(())
}

fn params(config: &ArmConfig, n_outputs: u32) -> sys::llama_context_params {
    // SAFETY: returns a value; no preconditions.
    let mut params = unsafe { sys::llama_context_default_params() };
    let n_threads = i32::try_from(config.n_threads).unwrap_or(i32::MAX);
    params.n_ctx = config.n_ctx;
    params.n_batch = config.n_batch;
    params.n_ubatch = config.n_ubatch;
    params.n_seq_max = 1;
    // Each costs n_vocab floats of compute buffer, n_ubatch of them at most.
    params.n_outputs_max = n_outputs.max(1);
    params.n_threads = n_threads;
    params.n_threads_batch = n_threads;
    params.flash_attn_type = match config.flash_attn {
        FlashAttn::On => sys::LLAMA_FLASH_ATTN_TYPE_ENABLED,
        FlashAttn::Off => sys::LLAMA_FLASH_ATTN_TYPE_DISABLED,
    };
    params.type_k = ggml_type(config.type_k);
    params.type_v = ggml_type(config.type_v);
    params.no_perf = true;
    params.swa_full = false;
    let is_cpu = config.device == "cpu";
    params.op_offload = !is_cpu;
    params.offload_kqv = !is_cpu && !config.no_kv_offload;
    params
}

fn ggml_type(kind: KvType) -> sys::ggml_type {
    match kind {
        KvType::F32 => sys::GGML_TYPE_F32,
        KvType::F16 => sys::GGML_TYPE_F16,
        KvType::Bf16 => sys::GGML_TYPE_BF16,
        KvType::Q8_0 => sys::GGML_TYPE_Q8_0,
        KvType::Q5_1 => sys::GGML_TYPE_Q5_1,
        KvType::Q5_0 => sys::GGML_TYPE_Q5_0,
        KvType::Q4_1 => sys::GGML_TYPE_Q4_1,
        KvType::Q4_0 => sys::GGML_TYPE_Q4_0,
        KvType::Iq4Nl => sys::GGML_TYPE_IQ4_NL,
    }
}

#[cfg(test)]
mod tests {
    use super::{ggml_type, kv_bytes, KvType};
    use llama_cpp_sys_2 as sys;

    #[test]
    fn block_sizes_are_those_of_ggml() {
        for &kind in KvType::ALL {
            let (n, bytes) = kind.block();
            // SAFETY: reads ggml's static type table.
            let (size, block) = unsafe {
                (
                    sys::ggml_type_size(ggml_type(kind)),
                    sys::ggml_blck_size(ggml_type(kind)),
                )
            };
            assert_eq!((block as u64, size as u64), (n, bytes), "{kind}");
        }
    }

    #[test]
    fn the_logged_size_counts_where_the_formula_does_not_hold() {
        assert_eq!(kv_bytes(Some(11_796_480), 11_796_480 + 100), 11_796_480);
        assert_eq!(kv_bytes(Some(11_796_480), 5_000_000), 5_000_000);
        assert_eq!(kv_bytes(None, 7), 7);
    }
}

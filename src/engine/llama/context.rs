//! One llama.cpp context, owned, with one sequence or several that are decoded at once.
//!
//! Sequences have a part of the cache each (`kv_unified` off, as in llama-batched-bench), or share one cache in which a
//! common prompt is held once. Invariants: the context is freed before its model; `n_past` is what the cache holds of
//! each sequence; nothing is handed to llama.cpp that it would abort on.

use super::batch::{Batch, Item};
use super::log;
use super::model::{KvShape, Model};
use crate::data::{ArmConfig, ContextInfo, FlashAttn, KvType};
use crate::engine::api::{EngineError, Layout, LogitsSink};
use llama_cpp_sys_2 as sys;
use std::ptr::NonNull;
use std::rc::Rc;

const N_THREADS_MAX: u32 = 512;

#[derive(Debug, Clone, Copy, Default)]
struct Held {
    n_past: u32,
    /// Of these, tokens that are in the cache once for all sequences.
    n_shared: u32,
}

pub(super) struct Context {
    raw: NonNull<sys::llama_context>,
    /// Keeps the model alive as long as the context.
    _model: Rc<Model>,
    n_ctx: u32,
    n_batch: u32,
    n_outputs: u32,
    n_vocab: usize,
    /// Logits of a row that are handed out.
    n_choices: usize,
    is_unified: bool,
    sequences: Vec<Held>,
    has_logits: bool,
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: `raw` came from llama_init_from_model, is freed once, and its model is still alive.
        unsafe { sys::llama_free(self.raw.as_ptr()) };
    }
}

impl Context {
    /// Opens a context of `model` as `config` and `layout` say. `n_choices`: size of the vocabulary of the model that a
    /// draft is for; it must not choose what that one does not have, and some vocabularies of a family end in unused tokens.
    pub(super) fn open(
        model: Rc<Model>,
        config: &ArmConfig,
        layout: &Layout<'_>,
        n_choices: u32,
    ) -> Result<(Self, ContextInfo), EngineError> {
        Self::open_with(model, config, layout, n_choices, params(config, layout))
    }

    /// Opens a context whose graph is watched node by node; what `watch` gets as its last argument must outlive the context.
    pub(super) fn open_watched(
        model: Rc<Model>,
        config: &ArmConfig,
        layout: &Layout<'_>,
        (watch, seen): (sys::ggml_backend_sched_eval_callback, *mut std::ffi::c_void),
    ) -> Result<Self, EngineError> {
        let mut params = params(config, layout);
        (params.cb_eval, params.cb_eval_user_data) = (watch, seen);
        let n_choices = model.n_vocab();
        Ok(Self::open_with(model, config, layout, n_choices, params)?.0)
    }

    fn open_with(
        model: Rc<Model>,
        config: &ArmConfig,
        layout: &Layout<'_>,
        n_choices: u32,
        params: sys::llama_context_params,
    ) -> Result<(Self, ContextInfo), EngineError> {
        let shape = KvShape::of(&model);
        check(config, shape.as_ref(), layout.n_seq)?;
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
                n_outputs: layout.n_outputs.clamp(1, n_batch.max(1)),
                n_vocab,
                n_choices: n_vocab.min(n_choices as usize),
                is_unified: layout.is_unified,
                sequences: vec![Held::default(); layout.n_seq as usize],
                has_logits: false,
            },
            info,
        ))
    }

    fn memory(&self) -> sys::llama_memory_t {
        // SAFETY: a live context, which owns its memory.
        unsafe { sys::llama_get_memory(self.raw.as_ptr()) }
    }

    pub(super) fn clear(&mut self) {
        // SAFETY: a live context; `false` leaves the data alone and forgets only which cells are used.
        unsafe { sys::llama_memory_clear(self.memory(), false) };
        self.sequences.fill(Held::default());
    }

    pub(super) fn truncate(&mut self, seq: u32, n_keep: u32) -> Result<(), EngineError> {
        let held = *self.sequences.get(seq as usize).ok_or_else(|| no_sequence(seq))?;
        if n_keep > held.n_past {
            return Err(refused(format!(
                "cannot keep {n_keep} of {} cached tokens",
                held.n_past
            )));
        }
        if n_keep > 0 && self.sequences.len() == 1 {
            self.refuse_beyond_window(n_keep)?;
        }
        // SAFETY: a live context and one of its sequences; an end of -1 means all that follow.
        let removed = unsafe { sys::llama_memory_seq_rm(self.memory(), position(seq), position(n_keep), -1) };
        if !removed {
            return Err(refused("this model's cache cannot drop single tokens"));
        }
        self.sequences[seq as usize] = Held {
            n_past: n_keep,
            n_shared: held.n_shared.min(n_keep),
        };
        Ok(())
    }

    /// A sliding window has forgotten its older tokens: what follows `n_keep` would look back at nothing. Of several
    /// sequences only the time counts, which is the same with a window that begins a little later.
    fn refuse_beyond_window(&self, n_keep: u32) -> Result<(), EngineError> {
        // SAFETY: a live context and its only sequence; these only read.
        let (first, n_swa) = unsafe {
            let model = sys::llama_get_model(self.raw.as_ptr());
            (
                sys::llama_memory_seq_pos_min(self.memory(), 0),
                sys::llama_model_n_swa(model),
            )
        };
        if n_swa > 0 && first > 0 && first > position(n_keep).saturating_sub(n_swa) {
            return Err(refused(format!(
                "the cache of this model slides: it holds no tokens before {first} any more, so it cannot go back to {n_keep}"
            )));
        }
        Ok(())
    }

    pub(super) fn share(&mut self) -> Result<(), EngineError> {
        if !self.is_unified {
            return Err(refused("these sequences have caches of their own"));
        }
        for seq in 1..self.sequences.len() as i32 {
            // SAFETY: a live context whose cache is one for all sequences (checked), so that this changes metadata only;
            // both sequences are below its n_seq_max.
            unsafe {
                sys::llama_memory_seq_rm(self.memory(), seq, -1, -1);
                sys::llama_memory_seq_cp(self.memory(), 0, seq, -1, -1);
            }
        }
        let n_past = self.sequences.first().map_or(0, |first| first.n_past);
        self.sequences.fill(Held {
            n_past,
            n_shared: n_past,
        });
        Ok(())
    }

    /// The parts as tokens at their places, of which the last of each part has logits. Refuses what llama.cpp would
    /// abort on.
    fn items(&self, parts: &[(u32, &[i32])]) -> Result<Vec<Item>, EngineError> {
        let mut sequences = self.sequences.clone();
        let mut items = Vec::new();
        for &(seq, tokens) in parts {
            let held = sequences.get_mut(seq as usize).ok_or_else(|| no_sequence(seq))?;
            self.check_tokens(tokens)?;
            items.extend((held.n_past..).zip(tokens).map(|(at, &token)| Item {
                token,
                position: position(at),
                sequence: position(seq),
                has_logits: false,
            }));
            if let Some(last) = items.last_mut() {
                last.has_logits = true;
            }
            held.n_past = held.n_past.saturating_add(tokens.len() as u32);
        }
        self.check_room(&sequences)?;
        Ok(items)
    }

    fn check_tokens(&self, tokens: &[i32]) -> Result<(), EngineError> {
        let n_vocab = self.n_vocab;
        let is_wrong = |token: &i32| usize::try_from(*token).map_or(true, |t| t >= n_vocab);
        match tokens.iter().copied().find(is_wrong) {
            Some(wrong) => Err(refused(format!("token {wrong} is not in the vocabulary of {n_vocab}"))),
            None if tokens.is_empty() => Err(refused("no tokens to decode")),
            None => Ok(()),
        }
    }

    fn check_room(&self, sequences: &[Held]) -> Result<(), EngineError> {
        let n_ctx = u64::from(self.n_ctx);
        let longest = sequences.iter().map(|s| s.n_past).max().unwrap_or(0);
        let own = sequences.iter().map(|s| u64::from(s.n_past - s.n_shared)).sum::<u64>();
        let shared = sequences.iter().map(|s| s.n_shared).max().unwrap_or(0);
        let fits = match self.is_unified {
            true => own + u64::from(shared) <= n_ctx,
            false => u64::from(longest) <= n_ctx / sequences.len() as u64,
        };
        match fits {
            true => Ok(()),
            false => Err(refused(format!(
                "{longest} tokens in each of {} sequences do not fit into n_ctx {n_ctx}",
                sequences.len()
            ))),
        }
    }

    /// Appends to each of these sequences these tokens, in passes of `n_batch`; the last token of each pass has logits too,
    /// as in llama-bench.
    pub(super) fn append(&mut self, parts: &[(u32, &[i32])]) -> Result<(), EngineError> {
        let mut items = self.items(parts)?;
        if items.is_empty() || parts.len() > self.n_outputs as usize {
            let n = parts.len();
            return Err(refused(format!("{n} sequences cannot be decoded at once here")));
        }
        self.has_logits = false;
        for pass in items.chunks_mut(self.n_batch as usize) {
            if let Some(last) = pass.last_mut() {
                last.has_logits = true;
            }
            self.decode(pass)?;
        }
        self.synchronize();
        self.has_logits = true;
        Ok(())
    }

    /// Appends tokens to the first sequence in passes of `n_outputs` and hands out the logits of each token, in order.
    pub(super) fn decode_scored(&mut self, tokens: &[i32], row: &mut LogitsSink<'_>) -> Result<(), EngineError> {
        let mut items = self.items(&[(0, tokens)])?;
        self.has_logits = false;
        for item in &mut items {
            item.has_logits = true;
        }
        for pass in items.chunks(self.n_outputs as usize) {
            self.decode(pass)?;
            self.synchronize();
            for i in 0..pass.len() as i32 {
                row(self.row(i)?)?;
            }
        }
        self.has_logits = true;
        Ok(())
    }

    /// One pass of at most `n_batch` items, of which at most `n_outputs` have logits.
    fn decode(&mut self, items: &[Item]) -> Result<(), EngineError> {
        let mut batch = Batch::new(items);
        // SAFETY: 1 <= items <= n_batch, at most n_outputs of them with logits; all in the vocabulary and in sequences of
        // this context, each at the next position of its sequence (`Context::items`). The arrays behind the batch outlive
        // the call.
        let code = unsafe { sys::llama_decode(self.raw.as_ptr(), batch.raw()) };
        if code == 0 {
            for item in items {
                self.sequences[item.sequence as usize].n_past += 1;
            }
            return Ok(());
        }
        self.count_cached();
        let n_past = self.sequences.iter().map(|s| s.n_past).max().unwrap_or(0);
        Err(decode_error(code, items.len(), n_past))
    }

    fn synchronize(&self) {
        // SAFETY: a live context.
        unsafe { sys::llama_synchronize(self.raw.as_ptr()) };
    }

    /// The logits of token `i` of the last pass, -1 for the last one that has any.
    fn row(&self, i: i32) -> Result<&[f32], EngineError> {
        // SAFETY: a live context; where token `i` did not ask for logits, null comes back.
        let row = unsafe { sys::llama_get_logits_ith(self.raw.as_ptr(), i) };
        let row = NonNull::new(row).ok_or_else(|| refused("llama.cpp has no logits for that token"))?;
        // SAFETY: a row has n_vocab values and lives until the next call that changes the context, which `&self` bars.
        Ok(unsafe { std::slice::from_raw_parts(row.as_ptr(), self.n_vocab) })
    }

    pub(super) fn logits(&self) -> Result<&[f32], EngineError> {
        if !self.has_logits {
            return Err(refused(
                "there are no logits: nothing was decoded since the cache changed",
            ));
        }
        Ok(&self.row(-1)?[..self.n_choices])
    }

    #[cfg(test)]
    pub(super) fn logits_of(&self, i: i32) -> Vec<f32> {
        self.row(i).expect("it asked for logits").to_vec()
    }

    pub(super) fn save(&mut self) -> Result<Vec<u8>, EngineError> {
        // SAFETY: a live context and its first sequence.
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
        self.count_cached();
        if read != state.len() {
            return Err(captured.error("llama.cpp cannot restore a state of this context"));
        }
        Ok(())
    }

    /// Counts what is in the cache as llama.cpp does.
    fn count_cached(&mut self) {
        let memory = self.memory();
        for (seq, held) in (0..).zip(&mut self.sequences) {
            // SAFETY: a live context and one of its sequences; -1 when it is empty.
            let last = unsafe { sys::llama_memory_seq_pos_max(memory, seq) };
            held.n_past = u32::try_from(last + 1).unwrap_or_default();
            held.n_shared = held.n_shared.min(held.n_past);
        }
    }
}

fn decode_error(code: i32, n: usize, n_past: u32) -> EngineError {
    let what = format!("llama_decode of {n} tokens at depth {n_past} failed with {code}");
    match code {
        1 => refused(format!("{what}: no free slot in the KV cache")),
        -2 => EngineError::OutOfMemory(what),
        _ => refused(format!("{what}; its log has the cause")),
    }
}

fn no_sequence(seq: u32) -> EngineError {
    refused(format!("there is no sequence {seq}"))
}

fn refused(why: impl Into<String>) -> EngineError {
    EngineError::Refused(why.into())
}

fn position(n: u32) -> i32 {
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
fn check(config: &ArmConfig, shape: Option<&KvShape>, n_seq: u32) -> Result<(), EngineError> {
    // SAFETY: returns a constant.
    let n_max = unsafe { sys::llama_max_parallel_sequences() };
    if n_seq == 0 || n_seq as usize > n_max {
        return Err(refused(format!(
            "{n_seq} sequences at once: llama.cpp takes 1 to {n_max}"
        )));
    }
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

fn params(config: &ArmConfig, layout: &Layout<'_>) -> sys::llama_context_params {
    // SAFETY: returns a value; no preconditions.
    let mut params = unsafe { sys::llama_context_default_params() };
    let n_threads = i32::try_from(config.n_threads).unwrap_or(i32::MAX);
    params.n_ctx = config.n_ctx;
    params.n_batch = config.n_batch;
    params.n_ubatch = config.n_ubatch;
    params.n_seq_max = layout.n_seq;
    params.kv_unified = layout.is_unified;
    // Each costs n_vocab floats of compute buffer, n_ubatch of them at most.
    params.n_outputs_max = layout.n_outputs.max(1);
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

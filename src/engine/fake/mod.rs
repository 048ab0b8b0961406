//! A deterministic engine with scripted costs on a virtual clock, for tests through the real process.
//!
//! In: a [`FakeScript`] and a file that starts like a GGUF. Out: timings that are a pure function of script, file name
//! and calls; no real time passes unless the script asks for it. It keeps llama.cpp's rules (context size, batch
//! slices, states of the same context only), so that worker code that breaks them fails here first.

mod noise;
mod script;

pub(crate) use script::{FakeCost, FakeFault, FakeScript, FaultAction, FaultPoint, SCRIPT_ENV};

use super::api::{other_vocab, ContextId, Engine, EngineError, Layout, Loaded, LogitsSink, Vocab};
use crate::data::{ArmConfig, BufferSize, ContextInfo, EngineInfo, KvType, SplitMode};
use std::cell::Cell;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

/// Vocabulary: the bytes, and BOS.
const N_VOCAB: u32 = 257;
const BOS: i32 = 256;
/// Elements of K (and of V) per token, over all layers: those of SmolLM2-135M.
const KV_ELEMENTS_PER_TOKEN: u64 = 30 * 192;

pub(crate) fn info() -> EngineInfo {
    EngineInfo {
        name: "fake".to_owned(),
        version: "fake 1".to_owned(),
        system_info: "CPU : VIRTUAL = 1 | ".to_owned(),
        devices: scripted_devices(),
        ..super::built::built()
    }
}

/// The devices that the script says this machine has.
fn scripted_devices() -> Vec<String> {
    let script = std::env::var_os(SCRIPT_ENV).and_then(|path| FakeScript::read(Path::new(&path)).ok());
    script.map_or(Vec::new(), |script| script.devices)
}

#[derive(Clone, Default)]
struct Sequence {
    tokens: Vec<i32>,
    /// Of these, tokens that are in the cache once for all sequences.
    n_shared: usize,
}

struct Context {
    stem: String,
    config: ArmConfig,
    n_ctx: u32,
    cost: FakeCost,
    is_recurrent: bool,
    is_unified: bool,
    /// It is there to score texts: only what is to be scored may have logits.
    is_scoring: bool,
    sequences: Vec<Sequence>,
    /// The sequence that the last token went to.
    last: Option<usize>,
    logits: Vec<f32>,
    /// Factor of the current execution.
    factor: f64,
}

impl Context {
    fn sequence(&mut self, seq: u32) -> Result<&mut Sequence, EngineError> {
        let found = self.sequences.get_mut(seq as usize);
        found.ok_or_else(|| refused(format!("there is no sequence {seq}")))
    }

    /// Takes the tokens in. Out: the virtual time of it, before noise: a prompt costs as much as alone, and every single
    /// token after the first a share.
    fn take(&mut self, parts: &[(u32, &[i32])], further_seq: f64) -> Result<f64, EngineError> {
        let own: usize = self.sequences.iter().map(|s| s.tokens.len() - s.n_shared).sum();
        let shared = self.sequences.iter().map(|s| s.n_shared).max().unwrap_or(0);
        let used = own + shared + parts.iter().map(|(_, tokens)| tokens.len()).sum::<usize>();
        if used > self.n_ctx as usize {
            return Err(refused(format!("{used} tokens do not fit into n_ctx {}", self.n_ctx)));
        }
        let cost = self.cost.clone();
        let (mut n_single, mut ns) = (0, 0.0);
        for &(seq, tokens) in parts {
            if tokens.is_empty() {
                return Err(refused("no tokens to decode"));
            }
            if let Some(wrong) = tokens.iter().find(|t| !(0..N_VOCAB as i32).contains(*t)) {
                return Err(refused(format!("token {wrong} is not in the vocabulary")));
            }
            let own = &mut self.sequence(seq)?.tokens;
            let is_further = tokens.len() == 1 && n_single > 0;
            n_single += usize::from(tokens.len() == 1);
            ns += cost_ns(&cost, own.len(), tokens.len()) * if is_further { further_seq } else { 1.0 };
            own.extend_from_slice(tokens);
            self.last = Some(seq as usize);
        }
        Ok(ns)
    }

    /// Logits after the last token; `kv_noise` is that of a quantized cache.
    fn row(&self, kv_noise: f64) -> Result<Vec<f32>, EngineError> {
        let last = self.last.ok_or_else(|| refused("there are no logits yet"))?;
        let tokens = &self.sequences[last].tokens;
        // The last tokens are enough to tell places apart.
        let recent = &tokens[tokens.len().saturating_sub(32)..];
        let text: Vec<u8> = recent.iter().flat_map(|t| t.to_le_bytes()).collect();
        let exact = noise::hash(7 ^ tokens.len() as u64, &text);
        let (type_k, type_v) = (self.config.type_k, self.config.type_v);
        let own = noise::hash(exact, format!("{}{type_k}{type_v}", self.stem).as_bytes());
        let kv_noise = match (
            type_k.is_quantized() || type_v.is_quantized(),
            self.config.has_kv_rotation,
        ) {
            (false, _) => 0.0,
            (true, true) => kv_noise,
            (true, false) => 2.0 * kv_noise,
        };
        let deviation = self.cost.logit_noise + kv_noise;
        let logit = |i: u64| 2.0 * noise::normal(exact ^ (i << 32)) + deviation * noise::normal(own ^ (i << 32));
        Ok((0..u64::from(N_VOCAB)).map(|i| logit(i) as f32).collect())
    }
}

/// What scripted faults do to an engine from outside.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Virtual time that every `decode` loses.
    pub(crate) stall_ns: Cell<u64>,
    /// One of the next logits is not a number.
    pub(crate) is_not_finite: Cell<bool>,
}

pub(crate) struct FakeEngine {
    script: FakeScript,
    /// What a test's faults do to the next calls.
    pub(crate) effects: Rc<Effects>,
    stem: String,
    is_loaded: bool,
    contexts: Vec<Context>,
    now_ns: u64,
    cpu_ns: u64,
    n_executions: u64,
    n_calls: u64,
}

impl FakeEngine {
    /// An engine that follows `script`.
    pub(crate) fn new(script: FakeScript) -> Self {
        Self {
            script,
            effects: Rc::default(),
            stem: String::new(),
            is_loaded: false,
            contexts: Vec::new(),
            now_ns: 0,
            cpu_ns: 0,
            n_executions: 0,
            n_calls: 0,
        }
    }

    fn context(&mut self, id: ContextId) -> Result<&mut Context, EngineError> {
        self.contexts
            .get_mut(id.0)
            .ok_or_else(|| refused(format!("there is no context {}", id.0)))
    }

    fn is_recurrent(&self) -> bool {
        self.script.recurrent.iter().any(|part| self.stem.contains(part))
    }

    fn cost_of(&self, config: &ArmConfig) -> FakeCost {
        let defaults = script::default_costs();
        let matches = |c: &&FakeCost| {
            self.stem.contains(&c.file)
                && c.type_k.is_none_or(|k| k == config.type_k)
                && c.n_threads.is_none_or(|n| n == config.n_threads)
        };
        let mut cost = self
            .script
            .costs
            .iter()
            .chain(&defaults)
            .find(matches)
            .cloned()
            .expect("the last built-in cost matches every file");
        if config.type_k.is_quantized() || config.type_v.is_quantized() {
            cost.prefill_ns = (cost.prefill_ns as f64 * self.script.quantized_kv_factor) as u64;
            cost.decode_ns = (cost.decode_ns as f64 * self.script.quantized_kv_factor) as u64;
        }
        cost
    }

    /// Draws the noise of the execution that starts now.
    fn start_execution(&mut self, id: ContextId) -> Result<(), EngineError> {
        self.n_executions += 1;
        let n = self.n_executions;
        let wave = std::f64::consts::TAU * n as f64 / self.script.drift_period.max(1.0);
        let noise = self.script.noise * noise::normal(noise::hash(self.script.seed ^ n, self.stem.as_bytes()));
        let factor = noise.exp() * (1.0 + self.script.drift * wave.sin());
        self.context(id)?.factor = factor;
        Ok(())
    }

    fn spend(&mut self, ns: u64, n_threads: u32) {
        self.now_ns += ns;
        self.cpu_ns += ns * u64::from(n_threads);
    }
}

fn refused(why: impl Into<String>) -> EngineError {
    EngineError::Refused(why.into())
}

fn stem_of(path: &Path) -> String {
    path.file_stem()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Virtual time of appending `n_new` tokens at depth `n_past`, before noise: linear in depth, the mean over the new ones.
fn cost_ns(cost: &FakeCost, n_past: usize, n_new: usize) -> f64 {
    let each = if n_new > 1 { cost.prefill_ns } else { cost.decode_ns } as f64;
    let depth = n_past as f64 + (n_new - 1) as f64 / 2.0;
    each * n_new as f64 * (1.0 + cost.growth_per_1000 * depth / 1000.0)
}

fn row_bytes(kind: KvType, elements: u64) -> u64 {
    let (n, bytes) = kind.block();
    elements / n * bytes
}

fn context_info(config: &ArmConfig, n_ctx: u32) -> ContextInfo {
    let per_token = row_bytes(config.type_k, KV_ELEMENTS_PER_TOKEN) + row_bytes(config.type_v, KV_ELEMENTS_PER_TOKEN);
    let kv_bytes = per_token * u64::from(n_ctx);
    ContextInfo {
        n_ctx,
        n_batch: config.n_batch.min(n_ctx),
        n_ubatch: config.n_ubatch.min(config.n_batch).min(n_ctx),
        kv_bytes,
        buffers: vec![BufferSize {
            buffer: "CPU".to_owned(),
            purpose: "kv".to_owned(),
            bytes: kv_bytes,
        }],
    }
}

impl Engine for FakeEngine {
    fn info(&self) -> EngineInfo {
        info()
    }

    fn now_ns(&self) -> u64 {
        self.now_ns
    }

    fn load(&mut self, path: &Path, _: &str, _: i32, _: SplitMode) -> Result<Loaded, EngineError> {
        let mut magic = [0; 4];
        let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
        read.map_err(|e| refused(format!("cannot load {}: {e}", path.display())))?;
        if &magic != b"GGUF" {
            return Err(refused(format!("cannot load {}: not a GGUF file", path.display())));
        }
        self.stem = stem_of(path);
        self.is_loaded = true;
        self.spend(self.script.load_ns, 1);
        let bytes = path.metadata().map(|m| m.len()).unwrap_or_default();
        let weights = vec![BufferSize {
            buffer: "CPU_Mapped".to_owned(),
            purpose: "weights".to_owned(),
            bytes,
        }];
        Ok(Loaded {
            weights,
            n_vocab: N_VOCAB,
        })
    }

    fn load_vocab(&mut self, path: &Path) -> Result<(), EngineError> {
        self.load(path, "cpu", 0, SplitMode::Layer).map(drop)
    }

    fn tokenize(&self, text: &str) -> Result<Vec<i32>, EngineError> {
        Ok(std::iter::once(BOS).chain(text.bytes().map(i32::from)).collect())
    }

    fn vocab(&self) -> Result<Vocab, EngineError> {
        let is_other = self.script.other_vocab.iter().any(|part| self.stem.contains(part));
        let sha256 = if is_other { "other" } else { "fake" };
        Ok(Vocab {
            n_vocab: N_VOCAB,
            bos: Some(BOS),
            sha256: sha256.to_owned(),
        })
    }

    fn text_of(&self, tokens: &[i32]) -> Result<String, EngineError> {
        let bytes: Vec<u8> = tokens.iter().filter_map(|t| u8::try_from(*t).ok()).collect();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn open(&mut self, config: &ArmConfig, layout: &Layout<'_>) -> Result<(ContextId, ContextInfo), EngineError> {
        if let Some(path) = layout.draft {
            let own = std::mem::replace(&mut self.stem, stem_of(path));
            let layout = Layout { draft: None, ..*layout };
            let (vocab, opened) = (self.vocab(), self.open(config, &layout));
            self.stem = own;
            return match vocab? == self.vocab()? {
                true => opened,
                false => Err(other_vocab(path, "the script says so")),
            };
        }
        if !self.is_loaded {
            return Err(refused("no model is loaded"));
        }
        if config.n_ctx == 0 || config.n_batch == 0 || layout.n_seq == 0 {
            return Err(refused("n_ctx, n_batch and the number of sequences must be at least 1"));
        }
        let n_ctx = config.n_ctx.next_multiple_of(256);
        self.contexts.push(Context {
            stem: self.stem.clone(),
            config: config.clone(),
            n_ctx,
            cost: self.cost_of(config),
            is_recurrent: self.is_recurrent(),
            is_unified: layout.is_unified,
            is_scoring: layout.n_outputs < config.n_batch,
            sequences: vec![Sequence::default(); layout.n_seq as usize],
            last: None,
            logits: Vec::new(),
            factor: 1.0,
        });
        Ok((ContextId(self.contexts.len() - 1), context_info(config, n_ctx)))
    }

    fn clear(&mut self, context: ContextId) -> Result<(), EngineError> {
        self.start_execution(context)?;
        self.context(context)?.sequences.fill(Sequence::default());
        Ok(())
    }

    fn truncate(&mut self, context: ContextId, seq: u32, n_keep: u32) -> Result<(), EngineError> {
        self.start_execution(context)?;
        let context = self.context(context)?;
        let is_recurrent = context.is_recurrent;
        let sequence = context.sequence(seq)?;
        let (n_keep, n_past) = (n_keep as usize, sequence.tokens.len());
        if n_keep > n_past {
            return Err(refused(format!("cannot keep {n_keep} of {n_past} tokens")));
        }
        if is_recurrent && 0 < n_keep && n_keep < n_past {
            return Err(refused("this model's cache cannot drop single tokens"));
        }
        sequence.tokens.truncate(n_keep);
        sequence.n_shared = sequence.n_shared.min(n_keep);
        Ok(())
    }

    fn share(&mut self, context: ContextId) -> Result<(), EngineError> {
        let context = self.context(context)?;
        if !context.is_unified {
            return Err(refused("these sequences have caches of their own"));
        }
        let first = &mut context.sequences[0];
        first.n_shared = first.tokens.len();
        let first = first.clone();
        context.sequences.fill(first);
        Ok(())
    }

    fn append(&mut self, context: ContextId, parts: &[(u32, &[i32])]) -> Result<(), EngineError> {
        self.n_calls += 1;
        let call = noise::hash(self.script.seed.rotate_left(17) ^ self.n_calls, self.stem.as_bytes());
        let token_noise = (self.script.token_noise * noise::normal(call)).exp();
        let further_seq = self.script.further_seq;
        let c = self.context(context)?;
        let ns = (c.take(parts, further_seq)? * c.factor * token_noise).round() as u64;
        let n_threads = c.config.n_threads;
        self.spend(ns, n_threads);
        self.now_ns += self.effects.stall_ns.get();
        Ok(())
    }

    /// Every token beyond the first costs the share of a step that every further sequence does.
    fn decode_scored(
        &mut self,
        context: ContextId,
        tokens: &[i32],
        row: &mut LogitsSink<'_>,
    ) -> Result<(), EngineError> {
        let (start, cpu) = (self.now_ns, self.cpu_ns);
        let mut after = (start, cpu);
        let kv_noise = self.script.kv_logit_noise;
        let pass_noise = if tokens.len() > 1 {
            self.script.pass_logit_noise
        } else {
            0.0
        };
        for (i, token) in tokens.iter().enumerate() {
            self.decode(context, &[*token])?;
            if i == 0 {
                let share = 1.0 + (tokens.len() - 1) as f64 * self.script.further_seq;
                let scaled = |before: u64, now: u64| before + ((now - before) as f64 * share) as u64;
                after = (scaled(start, self.now_ns), scaled(cpu, self.cpu_ns));
            }
            let c = self.context(context)?;
            let n_past = c.sequences[0].tokens.len() as u64;
            let is_scoring = c.is_scoring;
            let mut logits = c.row(kv_noise)?;
            if pass_noise > 0.0 {
                for (i, logit) in (0u64..).zip(&mut logits) {
                    *logit += (pass_noise * noise::normal(13 ^ n_past ^ (i << 32))) as f32;
                }
            }
            // What follows is likelier than by chance: a model that guesses is broken.
            if let Some(next) = tokens.get(i + 1).filter(|_| is_scoring) {
                logits[*next as usize] += 4.0;
            }
            if self.effects.is_not_finite.take() {
                logits[0] = f32::NAN;
            }
            row(&logits)?;
        }
        (self.now_ns, self.cpu_ns) = after;
        Ok(())
    }

    /// Handing out logits costs a microsecond, as choosing a token does.
    fn logits(&mut self, context: ContextId) -> Result<&[f32], EngineError> {
        self.spend(1_000, 1);
        let kv_noise = self.script.kv_logit_noise;
        let c = self.context(context)?;
        c.logits = c.row(kv_noise)?;
        Ok(&c.logits)
    }

    fn save(&mut self, context: ContextId) -> Result<Vec<u8>, EngineError> {
        let c = self.context(context)?;
        let tokens = &c.sequences[0].tokens;
        let mut state = fingerprint(&c.stem, &c.config).to_le_bytes().to_vec();
        state.extend(tokens.iter().flat_map(|t| t.to_le_bytes()));
        let n_tokens = tokens.len() as u64;
        self.spend(self.script.state_ns * n_tokens, 1);
        Ok(state)
    }

    fn restore(&mut self, context: ContextId, state: &[u8]) -> Result<(), EngineError> {
        self.start_execution(context)?;
        let c = self.context(context)?;
        let own = fingerprint(&c.stem, &c.config).to_le_bytes();
        let Some(tokens) = state.strip_prefix(&own).filter(|rest| rest.len() % 4 == 0) else {
            return Err(refused("the state is not one of this context"));
        };
        c.last = None;
        c.sequences[0].tokens = tokens
            .chunks_exact(4)
            .map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let n_tokens = c.sequences[0].tokens.len() as u64;
        self.spend(self.script.state_ns * n_tokens, 1);
        Ok(())
    }

    fn cpu_ns(&self) -> Option<u64> {
        Some(self.cpu_ns)
    }
}

fn fingerprint(stem: &str, config: &ArmConfig) -> u64 {
    noise::hash(
        11,
        format!("{stem} {} {} {}", config.type_k, config.type_v, config.flash_attn).as_bytes(),
    )
}

#[cfg(test)]
mod tests;

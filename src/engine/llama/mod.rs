//! llama.cpp as an [`Engine`]: the only place with FFI.
//!
//! It stands on the raw bindings: the safe ones (llama-cpp-2) hide what kvant sets and calls (`n_outputs_max`,
//! metadata-only clear, sequence states in memory), and always build llama.cpp's `common`, five CPU minutes that nothing
//! here uses. Invariants: contexts are freed before their model; llama.cpp is never handed what it would abort on;
//! the cause of every failure comes from llama.cpp's own log (`log`).
#![expect(unsafe_code, reason = "FFI to llama.cpp")]

mod backend;
mod batch;
mod context;
mod decode;
mod devices;
mod imatrix;
mod log;
mod model;
mod quantize;

pub(crate) use decode::Decoder;
pub(crate) use devices::{list as devices, serve_rpc};
pub(crate) use imatrix::gather;
pub(crate) use quantize::quantize;

use super::api::{other_vocab, ContextId, Engine, EngineError, Layout, Loaded, LogitsSink, Vocab};
use crate::data::{ArmConfig, ContextInfo, EngineInfo, SplitMode};
use backend::start;
use context::Context;
use devices::Device;
use llama_cpp_sys_2 as sys;
use model::Model;
use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Instant;

/// Version of the bindings, as pinned in Cargo.toml (a test compares them).
const VERSION: &str = "llama-cpp-sys-2 0.1.161";

/// `llama_print_system_info()`: backends with the instructions they were built with.
pub(crate) fn system_info() -> String {
    static INFO: OnceLock<String> = OnceLock::new();
    let read = || {
        start();
        // SAFETY: the text is static inside llama.cpp; this runs once, so nobody rewrites it meanwhile.
        unsafe { CStr::from_ptr(sys::llama_print_system_info()) }
            .to_string_lossy()
            .into_owned()
    };
    INFO.get_or_init(read).clone()
}

/// Versions, instructions and devices of this build on this machine, without a model.
pub(crate) fn info() -> EngineInfo {
    EngineInfo {
        name: "llama.cpp".to_owned(),
        version: VERSION.to_owned(),
        system_info: system_info(),
        devices: devices::gpu_names(),
        ..super::built::built()
    }
}

/// See the module's text. Contexts come before the model, so that they are dropped first.
pub(crate) struct LlamaEngine {
    contexts: Vec<Context>,
    model: Option<Rc<Model>>,
    /// The model that drafts, and where it is from.
    draft: Option<(PathBuf, Rc<Model>)>,
    /// The devices and their free memory before the load; none on the CPU.
    devices: Vec<(Device, usize)>,
    start: Instant,
}

impl LlamaEngine {
    pub(crate) fn new() -> Result<Self, EngineError> {
        start();
        Ok(Self {
            contexts: Vec::new(),
            model: None,
            draft: None,
            devices: Vec::new(),
            start: Instant::now(),
        })
    }

    fn model(&self) -> Result<&Rc<Model>, EngineError> {
        self.model
            .as_ref()
            .ok_or_else(|| EngineError::Refused("no model is loaded".to_owned()))
    }

    fn context(&mut self, id: ContextId) -> Result<&mut Context, EngineError> {
        let found = self.contexts.get_mut(id.0);
        found.ok_or_else(|| EngineError::Refused(format!("there is no context {}", id.0)))
    }

    fn draft(&mut self, path: &Path, config: &ArmConfig) -> Result<Rc<Model>, EngineError> {
        let known = self.draft.as_ref().filter(|(own, _)| own == path);
        let model = match known {
            Some((_, model)) => Rc::clone(model),
            None => {
                let devices = devices::by_names(&config.device)?;
                Rc::new(Model::load(path, &devices, config.n_gpu_layers, config.split_mode)?.0)
            }
        };
        self.model()?
            .understands(&model)
            .map_err(|why| other_vocab(path, &why))?;
        self.draft = Some((path.to_owned(), Rc::clone(&model)));
        Ok(model)
    }
}

impl Engine for LlamaEngine {
    fn info(&self) -> EngineInfo {
        info()
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn load(
        &mut self,
        path: &Path,
        device: &str,
        n_gpu_layers: i32,
        split_mode: SplitMode,
    ) -> Result<Loaded, EngineError> {
        if self.model.is_some() {
            return Err(EngineError::Refused("a model is already loaded".to_owned()));
        }
        let devices = devices::by_names(device)?;
        self.devices = devices.iter().map(|d| (*d, d.memory().0)).collect();
        let (model, captured) = Model::load(path, &devices, n_gpu_layers, split_mode)?;
        let n_vocab = model.n_vocab();
        self.model = Some(Rc::new(model));
        Ok(Loaded {
            weights: captured.buffers,
            n_vocab,
        })
    }

    fn load_vocab(&mut self, path: &Path) -> Result<(), EngineError> {
        self.model = Some(Rc::new(Model::load_vocab(path)?));
        Ok(())
    }

    fn tokenize(&self, text: &str) -> Result<Vec<i32>, EngineError> {
        self.model()?.tokenize(text)
    }

    fn vocab(&self) -> Result<Vocab, EngineError> {
        Ok(self.model()?.vocab_identity())
    }

    fn text_of(&self, tokens: &[i32]) -> Result<String, EngineError> {
        self.model()?.text_of(tokens)
    }

    fn open(&mut self, config: &ArmConfig, layout: &Layout<'_>) -> Result<(ContextId, ContextInfo), EngineError> {
        let model = match layout.draft {
            Some(path) => self.draft(path, config)?,
            None => Rc::clone(self.model()?),
        };
        let n_choices = self.model()?.n_vocab();
        let (context, info) = Context::open(model, config, layout, n_choices)?;
        self.contexts.push(context);
        Ok((ContextId(self.contexts.len() - 1), info))
    }

    fn clear(&mut self, context: ContextId) -> Result<(), EngineError> {
        self.context(context)?.clear();
        Ok(())
    }

    fn truncate(&mut self, context: ContextId, seq: u32, n_keep: u32) -> Result<(), EngineError> {
        self.context(context)?.truncate(seq, n_keep)
    }

    fn share(&mut self, context: ContextId) -> Result<(), EngineError> {
        self.context(context)?.share()
    }

    fn append(&mut self, context: ContextId, parts: &[(u32, &[i32])]) -> Result<(), EngineError> {
        self.context(context)?.append(parts)
    }

    fn decode_scored(
        &mut self,
        context: ContextId,
        tokens: &[i32],
        row: &mut LogitsSink<'_>,
    ) -> Result<(), EngineError> {
        self.context(context)?.decode_scored(tokens, row)
    }

    fn logits(&mut self, context: ContextId) -> Result<&[f32], EngineError> {
        self.context(context)?.logits()
    }

    fn save(&mut self, context: ContextId) -> Result<Vec<u8>, EngineError> {
        self.context(context)?.save()
    }

    fn restore(&mut self, context: ContextId, state: &[u8]) -> Result<(), EngineError> {
        self.context(context)?.restore(state)
    }

    fn pci_addresses(&self) -> Vec<String> {
        self.devices
            .iter()
            .filter_map(|(device, _)| device.pci_address())
            .collect()
    }

    fn device_bytes(&self) -> Option<u64> {
        let taken = |(device, free_before): &(Device, usize)| free_before.saturating_sub(device.memory().0) as u64;
        (!self.devices.is_empty()).then(|| self.devices.iter().map(taken).sum())
    }
}

#[cfg(test)]
mod tests;

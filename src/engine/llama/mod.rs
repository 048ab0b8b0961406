//! llama.cpp as an [`Engine`]: the only place with FFI.
//!
//! The safe binding carries backend, model and vocabulary; contexts are our own (`context`), because the binding hides
//! what kvant sets. Invariants: contexts are freed before their model; llama.cpp is never handed what it would abort on;
//! the cause of every failure comes from llama.cpp's own log (`log`).
#![expect(unsafe_code, reason = "FFI to llama.cpp")]

mod context;
mod log;
mod model;
mod quantize;

pub use log::ABORT_PREFIX;
pub(super) use quantize::quantize;

use super::{ContextId, Engine, EngineError, Loaded};
use crate::data::{ArmConfig, ContextInfo, EngineInfo};
use context::Context;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_sys_2 as sys;
use std::ffi::CStr;
use std::path::Path;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Instant;

/// Versions of the bindings, as pinned in Cargo.toml (a test compares them).
const VERSION: &str = "llama-cpp-2 0.1.160, llama-cpp-sys-2 0.1.161";

/// The one backend of the process; llama.cpp is initialised once and never shut down.
fn backend() -> Result<&'static LlamaBackend, EngineError> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    let backend = BACKEND.get_or_init(|| {
        log::install();
        LlamaBackend::init().map_err(|e| e.to_string())
    });
    backend
        .as_ref()
        .map_err(|e| EngineError::Refused(format!("llama.cpp does not start: {e}")))
}

/// `llama_print_system_info()`: backends with the instructions they were built with.
pub fn system_info() -> String {
    static INFO: OnceLock<String> = OnceLock::new();
    let read = || {
        if backend().is_err() {
            return String::new();
        }
        // SAFETY: the text is static inside llama.cpp; this runs once, so nobody rewrites it meanwhile.
        unsafe { CStr::from_ptr(sys::llama_print_system_info()) }
            .to_string_lossy()
            .into_owned()
    };
    INFO.get_or_init(read).clone()
}

/// Versions, instructions and devices of this build on this machine, without a model.
pub fn info() -> EngineInfo {
    EngineInfo {
        name: "llama.cpp".to_owned(),
        version: VERSION.to_owned(),
        system_info: system_info(),
        devices: model::device_names(),
    }
}

/// See the module's text. Contexts come before the model, so that they are dropped first.
pub struct LlamaEngine {
    contexts: Vec<Context>,
    model: Option<Rc<LlamaModel>>,
    /// ggml's index of the device and its free memory before the load; `None` on the CPU.
    device: Option<(usize, usize)>,
    start: Instant,
}

impl LlamaEngine {
    /// Starts llama.cpp.
    pub fn new() -> Result<Self, EngineError> {
        backend()?;
        Ok(Self {
            contexts: Vec::new(),
            model: None,
            device: None,
            start: Instant::now(),
        })
    }

    fn model(&self) -> Result<&Rc<LlamaModel>, EngineError> {
        self.model
            .as_ref()
            .ok_or_else(|| EngineError::Refused("no model is loaded".to_owned()))
    }

    fn context(&mut self, id: ContextId) -> Result<&mut Context, EngineError> {
        let found = self.contexts.get_mut(id.0);
        found.ok_or_else(|| EngineError::Refused(format!("there is no context {}", id.0)))
    }
}

/// Free memory of a device.
fn free_bytes(index: usize) -> Option<usize> {
    let devices = llama_cpp_2::list_llama_ggml_backend_devices();
    devices.iter().find(|d| d.index == index).map(|d| d.memory_free)
}

impl Engine for LlamaEngine {
    fn info(&self) -> EngineInfo {
        info()
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn load(&mut self, path: &Path, device: &str, n_gpu_layers: i32) -> Result<Loaded, EngineError> {
        if self.model.is_some() {
            return Err(EngineError::Refused("a model is already loaded".to_owned()));
        }
        if device != "cpu" {
            let index = model::device_index(device)?;
            self.device = free_bytes(index).map(|free| (index, free));
        }
        let (model, captured) = model::load(backend()?, path, device, n_gpu_layers)?;
        let n_vocab = u32::try_from(model.n_vocab()).unwrap_or_default();
        self.model = Some(Rc::new(model));
        Ok(Loaded {
            weights: captured.buffers,
            n_vocab,
        })
    }

    fn tokenize(&self, text: &str) -> Result<Vec<i32>, EngineError> {
        let tokens = self.model()?.vocab().tokenize(text.as_bytes(), true, false);
        Ok(tokens.into_iter().map(|token| token.0).collect())
    }

    fn open(&mut self, config: &ArmConfig) -> Result<(ContextId, ContextInfo), EngineError> {
        let (context, info) = Context::open(Rc::clone(self.model()?), config)?;
        self.contexts.push(context);
        Ok((ContextId(self.contexts.len() - 1), info))
    }

    fn clear(&mut self, context: ContextId) -> Result<(), EngineError> {
        self.context(context)?.clear();
        Ok(())
    }

    fn truncate(&mut self, context: ContextId, n_keep: u32) -> Result<(), EngineError> {
        self.context(context)?.truncate(n_keep)
    }

    fn decode(&mut self, context: ContextId, tokens: &[i32]) -> Result<(), EngineError> {
        self.context(context)?.decode(tokens)
    }

    fn argmax(&mut self, context: ContextId) -> Result<i32, EngineError> {
        self.context(context)?.argmax()
    }

    fn logits(&mut self, context: ContextId) -> Result<Vec<f32>, EngineError> {
        Ok(self.context(context)?.logits()?.to_vec())
    }

    fn save(&mut self, context: ContextId) -> Result<Vec<u8>, EngineError> {
        self.context(context)?.save()
    }

    fn restore(&mut self, context: ContextId, state: &[u8]) -> Result<(), EngineError> {
        self.context(context)?.restore(state)
    }

    fn device_bytes(&self) -> Option<u64> {
        let (index, free_before) = self.device?;
        free_bytes(index).map(|free| free_before.saturating_sub(free) as u64)
    }
}

#[cfg(test)]
mod tests;

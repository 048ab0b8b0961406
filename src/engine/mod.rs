//! What kvant needs of an inference engine: one loaded model, several contexts, and a clock.
//!
//! `llama/` is llama.cpp and the only place with FFI; `fake` is deterministic, with scripted timings on a virtual
//! clock, for tests through the real process. This module knows nothing of plans, journals or statistics.
//! Invariants: `unsafe` lives in `engine/llama/` only; without the feature `test-engine` there is no fake engine,
//! and no variable that asks for it.

mod api;
mod built;
#[cfg(feature = "test-engine")]
pub(crate) mod fake;
mod instructions;
#[cfg(feature = "llama")]
pub(crate) mod llama;
#[cfg(not(feature = "llama"))]
mod none;
mod rpc;

pub(crate) use api::{argmax, ContextId, DeviceInfo, Engine, EngineError, Layout, Shaping, Vocab, N_CTX_IMATRIX};
pub(crate) use instructions::{unused_instructions, used_instructions};
pub(crate) use llama::{devices, gather, quantize, serve_rpc, Decoder};
#[cfg(not(feature = "llama"))]
use none as llama;
pub(crate) use rpc::check_server;

use crate::data::EngineInfo;

pub(crate) fn is_scripted() -> bool {
    #[cfg(feature = "test-engine")]
    return std::env::var_os(fake::SCRIPT_ENV).is_some();
    #[cfg(not(feature = "test-engine"))]
    false
}

/// The engine that workers run, asked without loading a model: llama.cpp's versions, instructions and devices.
pub(crate) fn info() -> EngineInfo {
    #[cfg(feature = "test-engine")]
    if is_scripted() {
        return fake::info();
    }
    llama::info()
}

//! What kvant needs of an inference engine: one loaded model, several contexts, and a clock.
//!
//! `llama/` is llama.cpp and the only place with FFI; `fake` is deterministic, with scripted timings on a virtual
//! clock, for tests through the real process. This module knows nothing of plans, journals or statistics.
//! Invariants: `unsafe` lives in `engine/llama/` only; without the feature `test-engine` there is no fake engine,
//! and no variable that asks for it.

mod api;
mod built;
mod decode;
#[cfg(feature = "test-engine")]
pub(crate) mod fake;
pub(crate) mod imatrix;
mod instructions;
#[cfg(feature = "llama")]
pub(crate) mod llama;
pub(crate) mod quantize;
mod rpc;
pub(crate) mod weights;

pub(crate) use api::{argmax, ContextId, DeviceInfo, Engine, EngineError, Layout, Vocab};
pub(crate) use decode::Decoder;
pub(crate) use instructions::unused_instructions;
pub(crate) use rpc::check_server;

use crate::data::EngineInfo;

/// Whether a test's script stands in for llama.cpp.
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
    #[cfg(feature = "llama")]
    return llama::info();
    #[cfg(not(feature = "llama"))]
    return EngineInfo {
        name: "none".to_owned(),
        version: "none".to_owned(),
        ..built::built()
    };
}

/// The devices of this build on this machine, with their memory. Asking makes a driver set this process up on them.
pub(crate) fn devices() -> Vec<DeviceInfo> {
    #[cfg(feature = "llama")]
    return llama::devices();
    #[cfg(not(feature = "llama"))]
    return Vec::new();
}

/// Offers this machine's memory and processors to llama.cpp on others (its RPC backend) at `endpoint`; returns when that ends.
///
/// # Errors
/// When this build has no RPC backend, or a device is not there.
pub(crate) fn serve_rpc(endpoint: &str, device: &str, n_threads: u32) -> Result<(), EngineError> {
    #[cfg(feature = "llama")]
    return llama::serve_rpc(endpoint, device, n_threads);
    #[cfg(not(feature = "llama"))]
    {
        let _ = (endpoint, device, n_threads);
        Err(EngineError::Refused("this build has no llama.cpp".to_owned()))
    }
}

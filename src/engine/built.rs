//! How this program was built.

use crate::data::EngineInfo;

/// The part of what an engine says of itself that is fixed when it is compiled.
pub(super) fn built() -> EngineInfo {
    EngineInfo {
        kvant: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("KVANT_LLAMA_COMMIT").map(str::to_owned),
        flags: env!("KVANT_FLAGS").to_owned(),
        ..EngineInfo::default()
    }
}

//! What runs arms: an engine, and an executable with one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EngineInfo {
    /// `llama.cpp` or `fake`.
    pub name: String,
    /// Versions of the bindings that carry llama.cpp.
    pub version: String,
    /// Version of kvant.
    #[serde(default)]
    pub kvant: String,
    /// Commit of llama.cpp, where another one than that of the bindings was built (`just worker`).
    #[serde(default)]
    pub commit: Option<String>,
    /// What it was compiled with: flags of the compiler, features of kvant, settings of llama.cpp's build.
    #[serde(default)]
    pub flags: String,
    /// `llama_print_system_info()`.
    pub system_info: String,
    /// Devices besides the CPU, by name.
    pub devices: Vec<String>,
}

impl EngineInfo {
    /// What tells its llama.cpp from others: the commit where it is known.
    pub fn llama_cpp(&self) -> &str {
        self.commit.as_deref().unwrap_or(&self.version)
    }
}

/// An executable that arms are measured with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BuildInfo {
    /// What it is called in the run.
    pub name: String,
    /// Where it lay; `~` is the user's home.
    pub path: String,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
    /// What it said of itself before the run.
    pub engine: EngineInfo,
}

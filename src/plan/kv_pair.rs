//! The types of a KV cache, as the user names them.

use crate::data::{KvType, NO_ROTATION};

/// K and V cache types of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KvPair {
    pub k: KvType,
    pub v: KvType,
    /// llama.cpp may rotate what goes into it, which it does by default.
    pub is_rotated: bool,
}

impl KvPair {
    /// The same type for both, rotated as llama.cpp does it.
    pub fn of(kind: KvType) -> KvPair {
        KvPair {
            k: kind,
            v: kind,
            is_rotated: true,
        }
    }
}

impl std::fmt::Display for KvPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.k == self.v {
            write!(f, "{}", self.k)?;
        } else {
            write!(f, "{}/{}", self.k, self.v)?;
        }
        f.write_str(if self.is_rotated { "" } else { NO_ROTATION })
    }
}

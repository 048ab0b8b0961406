//! The numbers that tensors of ggml's types hold: llama.cpp has the decoders.

#[cfg(feature = "llama")]
pub use super::llama::Decoder;

/// A build without llama.cpp has none.
#[cfg(not(feature = "llama"))]
#[derive(Debug, Clone, Copy)]
pub enum Decoder {}

#[cfg(not(feature = "llama"))]
impl Decoder {
    /// Refused.
    pub fn of(_: u32) -> Result<Self, super::EngineError> {
        let why = "this build has no llama.cpp, so it cannot decode tensors: build with the feature 'llama'";
        Err(super::EngineError::Refused(why.to_owned()))
    }

    /// There is nobody to call it.
    pub fn decode(&self, _: &[u8], _: &mut [f32]) -> bool {
        match *self {}
    }
}

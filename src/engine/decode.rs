//! The numbers that tensors of ggml's types hold: llama.cpp has the decoders.

#[cfg(feature = "llama")]
pub(crate) use super::llama::Decoder;

/// A build without llama.cpp has none.
#[cfg(not(feature = "llama"))]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Decoder {}

#[cfg(not(feature = "llama"))]
impl Decoder {
    pub(crate) fn of(_: u32) -> Result<Self, super::api::EngineError> {
        let why = "this build has no llama.cpp, so it cannot decode tensors: build with the feature 'llama'";
        Err(super::api::EngineError::Refused(why.to_owned()))
    }

    pub(crate) fn decode(&self, _: &[u8], _: &mut [f32]) -> bool {
        match *self {}
    }
}

//! What a build without llama.cpp answers in its place.

use super::api::{DeviceInfo, EngineError, Gathered, Shaping};
use crate::data::EngineInfo;
use std::path::Path;

fn refused<T>(what: &str) -> Result<T, EngineError> {
    Err(EngineError::Refused(format!(
        "this build has no llama.cpp, so it cannot {what}: build with the feature 'llama'"
    )))
}

pub(crate) fn info() -> EngineInfo {
    EngineInfo {
        name: "none".to_owned(),
        version: "none".to_owned(),
        ..super::built::built()
    }
}

pub(crate) fn devices() -> Vec<DeviceInfo> {
    Vec::new()
}

pub(crate) fn serve_rpc(_: &str, _: &str, _: u32) -> Result<(), EngineError> {
    refused("serve a device")
}

pub(crate) fn quantize(src: &Path, _: &Path, _: u32, _: &Shaping) -> Result<(), EngineError> {
    refused(&format!("make a variant of {}", src.display()))
}

pub(crate) fn gather(model: &Path, _: &str, _: u32, _: u32) -> Result<(Gathered, u32), EngineError> {
    refused(&format!("gather an importance matrix of {}", model.display()))
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Decoder {}

impl Decoder {
    pub(crate) fn of(_: u32) -> Result<Self, EngineError> {
        refused("decode tensors")
    }

    pub(crate) fn decode(&self, _: &[u8], _: &mut [f32]) -> bool {
        match *self {}
    }
}

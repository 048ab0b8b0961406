//! kvant: which GGUF variant, with which KV cache, should I run on this machine?

pub mod catalog;
pub mod corpus;
pub mod data;
pub mod engine;
pub mod gguf;
pub mod host;
pub mod journal;
pub mod protocol;
pub mod stats;
pub mod units;

//! kvant: which GGUF variant, with which KV cache, should I run on this machine?

pub mod corpus;
pub mod data;
pub mod engine;
pub mod gguf;

pub mod journal;
pub mod plan;
pub mod protocol;
pub mod rng;
pub mod report;
pub mod stats;
pub mod units;
pub mod worker;

//! kvant: which GGUF variant, with which KV cache, should I run on this machine?

pub mod corpus;

//! The integration tests: one binary, one module per subcommand.

#[cfg(not(feature = "test-engine"))]
compile_error!("these tests need the scripted engine: `just test`, or `cargo test --release --features test-engine`");

use kvant::gguf::Writer;

mod builds;
mod choices;
mod circles;
mod compare;
mod devices;
mod diff;
mod faults;
mod fixture;
mod gates;
mod hub;
mod hub_faults;
mod hub_lab;
mod hub_server;
mod inspect;
mod languages;
mod layering;
mod limits;
mod mcp;
mod mix;
#[cfg(feature = "llama")]
mod mix_real;
mod models;
mod page;
mod quality;
mod readme;
mod report;
mod resume;
#[cfg(kvant_rpc)]
mod rpc;
mod server;
mod shards;
mod shelves;
mod shelves_hub;
#[cfg(feature = "llama")]
mod shelves_real;
mod triage;
mod url;
mod util;
mod workloads;
#[cfg(feature = "llama")]
mod workloads_real;
#[path = "../../src/gguf/write_test.rs"]
mod write_test;

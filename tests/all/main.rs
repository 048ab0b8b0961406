//! The integration tests: one binary, one module per subcommand.

mod compare;
mod faults;
mod fixture;
mod layering;
mod quality;
mod report;
mod resume;
mod util;
#[path = "../../src/gguf/write_test.rs"]
#[expect(dead_code, reason = "shared with the unit tests of gguf, which need more of it")]
mod write_test;

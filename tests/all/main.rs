//! The integration tests: one binary, one module per subcommand.

mod fixture;
mod report;

//! The kvant command; see the library for the flow.

fn main() -> std::process::ExitCode {
    kvant::cli::main()
}

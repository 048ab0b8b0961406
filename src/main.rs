//! The kvant command; see the library for the flow.

#[global_allocator]
static ALLOCATOR: out_of_memory::LastWords = out_of_memory::LastWords;

fn main() -> std::process::ExitCode {
    kvant::cli::main()
}

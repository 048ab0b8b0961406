//! The command line: types for clap, one file per subcommand, errors and exit codes.
//!
//! Only this module prints to stdout and decides the exit code; chatter and progress go to stderr.

mod answers;
mod args;
mod bench_flags;
mod builds;
mod candidates;
mod compare;
mod desk;
mod device;
mod diff;
mod doctor;
mod exit;
mod finish;
mod gate;
mod home;
mod inspect;
mod job;
mod lock;
mod manual;
mod mcp;
mod merge;
mod mix;
mod models;
mod output;
mod probe;
mod profile;
mod progress;
mod quantize;
mod report;
mod resolve;
mod resume;
mod runs;
mod scores;
mod show_plan;
mod sources;
mod stop;
mod survey;
mod texts;
mod triage;
mod values;
mod warnings;

use args::{Cli, Command};
use clap::Parser;
use exit::Failure;
use std::io::Write;
use std::process::ExitCode;

/// The `kvant` command: parses, runs the subcommand, prints an error with its causes and next step.
pub fn main() -> ExitCode {
    let line = match bench_flags::translated(std::env::args_os()) {
        Ok(line) => line,
        Err(why) => return Failure::msg(exit::BAD_INPUT, why).report(),
    };
    let cli = match Cli::try_parse_from(&line.args) {
        Ok(cli) => cli,
        Err(error) => {
            if error.use_stderr() {
                match line.as_typed(&error.render().to_string()) {
                    Some(text) => output::say(text.trim_end()),
                    None => drop(error.print()),
                }
                return ExitCode::from(exit::BAD_INPUT);
            }
            let printed = error.print().and_then(|()| std::io::stdout().flush());
            // Help and version are answers, not errors.
            return output::printed(printed).map_or_else(Failure::report, |()| ExitCode::from(exit::OK));
        }
    };
    if let Command::Worker { .. } = &cli.command {
        return crate::worker::run();
    }
    exit::no_backtraces();
    let result = match &cli.command {
        Command::Compare(args) => compare::run(args, &cli.global),
        Command::Gate(args) => gate::run(args, &cli.global),
        Command::Triage(args) => triage::run(args, &cli.global),
        Command::Mix(args) => mix::run(args, &cli.global),
        Command::Report(args) => report::run(args, &cli.global),
        Command::Merge(args) => merge::run(args, &cli.global),
        Command::RpcServer(args) => device::serve(args),
        Command::Diff(args) => diff::run(args, &cli.global),
        Command::Inspect(args) => inspect::run(args, &cli.global),
        Command::Mcp => mcp::run(&cli.global),
        Command::Doctor => doctor::run(&cli.global),
        Command::Models(args) => models::run(args, &cli.global),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man => manual::page(),
        Command::Quantize(args) => quantize::run(args),
        Command::Imatrix(args) => quantize::imatrix(args),
        Command::Corpus(args) => texts::print_corpus(args),
        Command::Worker { .. } => Ok(exit::OK),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(),
    }
}

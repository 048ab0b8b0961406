//! `--resume`: the settings of the run that is to be completed.

use super::args::{Cli, Command, CompareArgs};
use super::bench_flags;
use super::exit::{Failure, BAD_INPUT};
use crate::data::RunHeader;
use clap::Parser;

/// The arguments the run was started with. The user may repeat them or leave them out, but not change them.
pub fn recorded_args(header: &RunHeader, given: &CompareArgs) -> Result<CompareArgs, Failure> {
    let typed = bench_flags::translated(header.command.iter().map(Into::into)).ok();
    let parsed = typed.and_then(|line| Cli::try_parse_from(line.args).ok());
    let Some(Command::Compare(recorded)) = parsed.map(|cli| cli.command) else {
        let why = "the journal's command line is not one that this kvant understands; start a new run";
        return Err(Failure::msg(BAD_INPUT, why));
    };
    let recorded = CompareArgs {
        out: given.out.clone(),
        resume: true,
        format: given.format,
        ..*recorded
    };
    let defaults = Cli::try_parse_from(["kvant", "compare"]).map(|cli| cli.command);
    let is_left_out = match defaults {
        Ok(Command::Compare(defaults)) => {
            CompareArgs {
                out: given.out.clone(),
                resume: true,
                format: given.format,
                ..*defaults
            } == *given
        }
        _ => false,
    };
    if is_left_out || recorded == *given {
        return Ok(recorded);
    }
    let text = format!(
        "--resume: the run in {} was started as `{}`; repeat these flags, or give none besides --out",
        given.out.as_deref().unwrap_or(std::path::Path::new(".")).display(),
        header.command.join(" "),
    );
    Err(Failure::msg(BAD_INPUT, text))
}

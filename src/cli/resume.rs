//! `--resume`: whether there is a run to complete, and its settings.

use super::args::{self, Cli, Command, CompareArgs};
use super::bench_flags;
use super::exit::{Failure, BAD_INPUT};
use super::runs::JOURNAL_NAME;
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
    if is_left_out(given) || recorded == *given {
        return Ok(recorded);
    }
    let text = format!(
        "--resume: the run in {} was started as `{}`; repeat these flags, or give none besides --out",
        given.out.as_deref().unwrap_or(std::path::Path::new(".")).display(),
        header.command.join(" "),
    );
    Err(Failure::msg(BAD_INPUT, text))
}

/// A scheduler starts what it killed again by the same command: that begins the run where it has not begun.
pub fn is_to_continue(given: &CompareArgs) -> bool {
    let is_begun = || given.out.as_ref().is_some_and(|dir| dir.join(JOURNAL_NAME).exists());
    given.resume && (is_begun() || is_left_out(given))
}

/// No flags of the run are given.
fn is_left_out(given: &CompareArgs) -> bool {
    let defaults = args::given::<CompareArgs>(&[]).map(|defaults| CompareArgs {
        out: given.out.clone(),
        resume: true,
        format: given.format,
        ..defaults
    });
    defaults.is_ok_and(|defaults| defaults == *given)
}

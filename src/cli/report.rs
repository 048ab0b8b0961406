//! `kvant report`: the report of a run, rendered again from its journal.

use super::args::{Global, ReportArgs};
use super::exit::{Failure, BAD_INPUT, INCOMPLETE, OK, UNEXPECTED};
use super::look;
use crate::data::{FailureKind, Outcome};
use crate::journal::{self, Journal};
use crate::report::{explain, results_json, terminal, write_all, ReportModel};
use std::path::{Path, PathBuf};

/// Name of the journal in the folder of a run.
pub const JOURNAL_NAME: &str = "journal.jsonl";

/// Renders and prints.
pub fn run(args: &ReportArgs, global: &Global) -> Result<u8, Failure> {
    let path = if args.run.is_dir() {
        args.run.join(JOURNAL_NAME)
    } else {
        args.run.clone()
    };
    let journal = journal::read(&path)?;
    if journal.torn_tail && !global.quiet {
        eprintln!(
            "note: {}: the last line is torn (the run was cut short); it is left out",
            path.display()
        );
    }
    if let Some(cell) = &args.explain {
        let model = ReportModel::build(&journal.header, &journal.records);
        let text = explain(&model, &journal.records, cell).map_err(|why| Failure::msg(BAD_INPUT, why))?;
        look::print(&text).map_err(|e| Failure::new(UNEXPECTED, e))?;
        return Ok(OK);
    }
    let own = path.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    finish(&journal, args.out.as_deref().unwrap_or(&own), global)
}

/// Writes the report files of `journal` into `dir`, prints the summary, and gives the exit code.
pub fn finish(journal: &Journal, dir: &Path, global: &Global) -> Result<u8, Failure> {
    let model = ReportModel::build(&journal.header, &journal.records);
    let files = write_all(dir, &model).map_err(|e| Failure::new(UNEXPECTED, e))?;
    let text = if global.json {
        results_json(&model).map_err(|e| Failure::new(UNEXPECTED, e))?
    } else {
        terminal::summary(&model, look::of_stdout(global))
    };
    look::print(&text).map_err(|e| Failure::new(UNEXPECTED, e))?;
    if let (Some(report), false) = (files.first(), global.quiet) {
        eprintln!("report: {} ({} files beside it)", report.display(), files.len() - 1);
    }
    // What was not scored for want of time is no failure; what was tried and failed is.
    let is_scored = |outcome: &Outcome| !matches!(outcome, Outcome::Failed(kind, _) if *kind != FailureKind::NotRun);
    let is_complete = model.totals.is_complete
        && model.cells.iter().all(|cell| cell.outcome == Outcome::Ok)
        && model.quality.rows.iter().all(|row| is_scored(&row.outcome));
    Ok(if is_complete { OK } else { INCOMPLETE })
}

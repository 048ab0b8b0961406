//! What is printed and written of a run.

use super::args::{Format, Global};
use super::exit::{Failure, BAD_INPUT, INCOMPLETE, NOT_MET, OK, UNEXPECTED};
use super::{home, output};
use crate::data::{FailureKind, Outcome};
use crate::decide::GateStanding;
use crate::journal::Journal;
use crate::report::{
    emit_choice, gate_md, llama_bench_table, results_json, terminal, write_all, write_file, Program, ReportModel,
};
use std::path::{Path, PathBuf};

/// A run is printed in one form: clap does not hold a command's flags against global ones.
pub fn check_form(has_other: bool, global: &Global) -> Result<(), Failure> {
    if has_other && global.json {
        let why = "--json and --format or --emit print the run in two forms: leave one out";
        return Err(Failure::msg(BAD_INPUT, why));
    }
    Ok(())
}

/// Where the file of a variant lay; runs before format 5 name only the file.
fn file_of(model: &ReportModel, variant: &str) -> String {
    let info = model.variant(variant);
    let path = info.and_then(|v| v.path.as_deref()).map(home::whole);
    let name = || info.map_or_else(|| variant.to_owned(), |v| v.file.clone());
    path.map_or_else(name, |path| path.display().to_string())
}

/// Prints `text` and then says where the files are that were written; where stdout is lost, they are not.
pub fn tell(text: &str, files: &[PathBuf], global: &Global) -> Result<(), Failure> {
    let Some(report) = files.first() else {
        return output::print(text);
    };
    output::print(text).map_err(|e| e.after(format!("the report is in {}", report.display())))?;
    if !global.quiet {
        output::say(format!(
            "report: {} ({} files beside it)",
            report.display(),
            files.len() - 1
        ));
    }
    Ok(())
}

/// None where no folder is named.
pub fn write_files(dir: Option<&Path>, files: &[(&str, &str)]) -> Result<Vec<PathBuf>, Failure> {
    let Some(dir) = dir else { return Ok(Vec::new()) };
    let write = |(name, text): &(&str, &str)| {
        let path = dir.join(name);
        write_file(&path, text).map(|()| path)
    };
    files.iter().map(write).collect::<Result<_, _>>().map_err(unwritten)
}

pub fn unwritten(e: std::io::Error) -> Failure {
    Failure::msg(
        UNEXPECTED,
        format!("{e}; free some space, or choose another folder with --out"),
    )
}

/// What is printed of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown {
    /// In place of the summary.
    pub format: Option<Format>,
    /// In place of anything else.
    pub emit: Option<Program>,
    /// Whether the warnings were told when the run began.
    pub is_warned: bool,
}

impl Shown {
    /// What is printed: for a person, as JSON, or for another program.
    pub fn text(self, model: &ReportModel, global: &Global) -> Result<String, Failure> {
        if let Some(program) = self.emit {
            return Ok(emit_choice(program, model, |variant| file_of(model, variant)));
        }
        if self.format == Some(Format::LlamaBench) {
            return Ok(llama_bench_table(model));
        }
        if global.json {
            return results_json(model).map_err(|e| Failure::new(UNEXPECTED, e));
        }
        let told = model.told(global.lang);
        let style = terminal::Style {
            is_warned: self.is_warned,
            ..output::of_stdout(global)
        };
        Ok(match model.gate {
            Some(_) => gate_md(&told),
            None => terminal::summary(&told, style),
        })
    }
}

/// Writes the report files of `journal` into `dir`, prints what is to be shown, and gives the exit code.
pub fn finish(journal: &Journal, dir: &Path, global: &Global, shown: Shown) -> Result<u8, Failure> {
    let model = ReportModel::build(&journal.header, &journal.records);
    let files = write_report(&model, dir, global)?;
    tell(&shown.text(&model, global)?, &files, global)?;
    Ok(code(&model))
}

pub fn write_report(model: &ReportModel, dir: &Path, global: &Global) -> Result<Vec<PathBuf>, Failure> {
    let advice = "free some space and write it again, or elsewhere, with `kvant report RUN --out FOLDER`";
    write_all(dir, &model.told(global.lang)).map_err(|e| {
        Failure::msg(
            UNEXPECTED,
            format!("{e}; what was measured is in the journal: {advice}"),
        )
    })
}

pub fn code(model: &ReportModel) -> u8 {
    // What was not scored for want of time is no failure; what was tried and failed is.
    let is_scored = |outcome: &Outcome| !matches!(outcome, Outcome::Failed(kind, _) if *kind != FailureKind::NotRun);
    let is_complete = model.totals.is_complete
        && model
            .cells
            .iter()
            .all(|cell| matches!(cell.outcome, Outcome::Ok | Outcome::Failed(FailureKind::LeftOut, _)))
        && model.quality.rows.iter().all(|row| is_scored(&row.outcome));
    let is_met = model.header.goal.is_none() || model.decision.as_ref().is_none_or(|d| d.is_met());
    let is_met = is_met && model.gate.as_ref().is_none_or(|g| g.standing != GateStanding::Failed);
    match (is_complete, is_met) {
        (_, false) => NOT_MET,
        (true, true) => OK,
        (false, true) => INCOMPLETE,
    }
}

//! `kvant report`: the report of a run, rendered again from its journal; or several runs on one page.

use super::args::{Format, Global, ReportArgs};
use super::exit::{Failure, BAD_INPUT, INCOMPLETE, NOT_MET, OK, UNEXPECTED};
use super::{home, output};
use crate::data::{FailureKind, Outcome};
use crate::decide::GateStanding;
use crate::journal::{self, Journal};
use crate::report::{
    bench_document, emit_choice, explain, gate_md, llama_bench_table, parse_bench, results_json, terminal, write_all,
    write_file, write_several, BenchRow, Program, ReportModel, Several,
};
use std::path::{Path, PathBuf};

pub const JOURNAL_NAME: &str = "journal.jsonl";

pub enum Source {
    Run(Box<Journal>, PathBuf),
    Bench(Vec<BenchRow>),
}

/// Reads a run (its folder or its journal) or a file of llama-bench.
pub fn load(path: &Path, global: &Global) -> Result<Source, Failure> {
    if !path.is_dir() {
        if let Some(rows) = std::fs::read_to_string(path).ok().and_then(|text| parse_bench(&text)) {
            let rows = rows.map_err(|e| Failure::msg(BAD_INPUT, format!("{}: {e}", path.display())))?;
            return Ok(Source::Bench(rows));
        }
    }
    let path = if path.is_dir() {
        path.join(JOURNAL_NAME)
    } else {
        path.to_owned()
    };
    let journal = journal::read(&path)?;
    if journal.torn_tail && !global.quiet {
        output::say(format!(
            "note: {}: the last line is torn (the run was cut short); it is left out",
            path.display()
        ));
    }
    Ok(Source::Run(Box::new(journal), path))
}

/// A run is printed in one form: clap does not hold a command's flags against global ones.
pub fn check_form(has_other: bool, global: &Global) -> Result<(), Failure> {
    if has_other && global.json {
        let why = "--json and --format or --emit print the run in two forms: leave one out";
        return Err(Failure::msg(BAD_INPUT, why));
    }
    Ok(())
}

pub fn run(args: &ReportArgs, global: &Global) -> Result<u8, Failure> {
    check_form(args.format.is_some() || args.emit.is_some(), global)?;
    let [run] = args.runs.as_slice() else {
        if args.explain.is_some() || args.format.is_some() || args.emit.is_some() {
            let why = "--explain, --format and --emit are for one run: give one run";
            return Err(Failure::msg(BAD_INPUT, why));
        }
        return several(&args.runs, args.price_per_hour, args.out.as_deref(), global);
    };
    let (mut journal, path) = match load(run, global)? {
        Source::Run(journal, path) => (journal, path),
        Source::Bench(rows) => return bench(run, args, global, &rows),
    };
    journal.header.price_per_hour = args.price_per_hour.or(journal.header.price_per_hour);
    if let Some(cell) = &args.explain {
        let model = ReportModel::build(&journal.header, &journal.records);
        let text = explain(&model, &journal.records, cell).map_err(|why| Failure::msg(BAD_INPUT, why))?;
        output::print(&text)?;
        return Ok(OK);
    }
    let shown = Shown {
        format: args.format,
        emit: args.emit,
        is_warned: false,
    };
    if args.emit.is_some() {
        let model = ReportModel::build(&journal.header, &journal.records);
        output::print(&shown.text(&model, global)?)?;
        return Ok(code(&model));
    }
    let own = path.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    finish(&journal, args.out.as_deref().unwrap_or(&own), global, shown)
}

/// Where the file of a variant lay; runs before format 5 name only the file.
fn file_of(model: &ReportModel, variant: &str) -> String {
    let info = model.variant(variant);
    let path = info.and_then(|v| v.path.as_deref()).map(home::whole);
    let name = || info.map_or_else(|| variant.to_owned(), |v| v.file.clone());
    path.map_or_else(name, |path| path.display().to_string())
}

/// What a path is called in reports: its last part.
pub fn name_of(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// llama-bench's rows: printed; files only where they were asked for.
fn bench(path: &Path, args: &ReportArgs, global: &Global, rows: &[BenchRow]) -> Result<u8, Failure> {
    if args.explain.is_some() || args.format.is_some() || args.emit.is_some() || global.json {
        return Err(no_journal(path));
    }
    let report = bench_document(global.lang, &name_of(path), rows);
    let files = match &args.out {
        Some(dir) => write_files(dir, &[("report.md", &report.md()), ("report.html", &report.html())])?,
        None => Vec::new(),
    };
    tell(&report.text(output::of_stdout(global)), &files, global)?;
    Ok(OK)
}

fn no_journal(path: &Path) -> Failure {
    let why = "a file of llama-bench holds no journal: --explain, --format, --emit and --json need a run of kvant";
    Failure::msg(BAD_INPUT, format!("{}: {why}", path.display()))
}

/// Several runs on one page: printed; files only where they were asked for. As JSON, their results in an array.
pub fn several(
    runs: &[PathBuf],
    price_per_hour: Option<f64>,
    out: Option<&Path>,
    global: &Global,
) -> Result<u8, Failure> {
    let mut report = Several::new(global.lang);
    let mut results = Vec::new();
    for path in runs {
        match load(path, global)? {
            Source::Run(mut journal, _) => {
                journal.header.price_per_hour = price_per_hour.or(journal.header.price_per_hour);
                let model = ReportModel::build(&journal.header, &journal.records);
                if global.json {
                    results.push(results_json(&model).map_err(|e| Failure::new(UNEXPECTED, e))?);
                }
                report.add_run(&name_of(path), model);
            }
            Source::Bench(_) if global.json => return Err(no_journal(path)),
            Source::Bench(rows) => report.add_bench(&name_of(path), &rows),
        }
    }
    let text = if global.json {
        format!("[{}]\n", results.join(",").trim_end())
    } else {
        report.text(output::of_stdout(global))
    };
    let files = match out {
        Some(dir) => write_several(dir, &report).map_err(unwritten)?,
        None => Vec::new(),
    };
    tell(&text, &files, global)?;
    Ok(OK)
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

pub fn write_files(dir: &Path, files: &[(&str, &str)]) -> Result<Vec<PathBuf>, Failure> {
    let write = |(name, text): &(&str, &str)| {
        let path = dir.join(name);
        write_file(&path, text).map(|()| path)
    };
    files.iter().map(write).collect::<Result<_, _>>().map_err(unwritten)
}

fn unwritten(e: std::io::Error) -> Failure {
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

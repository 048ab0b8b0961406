//! `kvant report`: the report of a run, rendered again from its journal; or several runs on one page.

use super::args::{Global, ReportArgs};
use super::exit::{Failure, BAD_INPUT, OK, UNEXPECTED};
use super::finish::{check_form, code, finish, tell, unwritten, write_files, Shown};
use super::output;
use super::runs::{load, name_of, Source};
use crate::report::{bench_document, explain, results_json, write_several, BenchRow, ReportModel, Several};
use std::path::{Path, PathBuf};

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

/// llama-bench's rows: printed; files only where they were asked for.
fn bench(path: &Path, args: &ReportArgs, global: &Global, rows: &[BenchRow]) -> Result<u8, Failure> {
    if args.explain.is_some() || args.format.is_some() || args.emit.is_some() || global.json {
        return Err(no_journal(path));
    }
    let report = bench_document(global.lang, &name_of(path), rows);
    let files = [("report.md", &*report.md()), ("report.html", &*report.html())];
    let files = write_files(args.out.as_deref(), &files)?;
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

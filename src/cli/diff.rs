//! `kvant diff`: two runs, or files of llama-bench, beside each other.

use super::args::{DiffArgs, Global};
use super::exit::{Failure, BAD_INPUT, NOT_MET, OK, UNEXPECTED};
use super::finish::{tell, write_files};
use super::output;
use super::runs::{load, name_of, Source};
use crate::data::FailOn;
use crate::report::{diff_json, Diff, ReportModel, Side};
use std::path::Path;

pub fn run(args: &DiffArgs, global: &Global) -> Result<u8, Failure> {
    let (a, b) = (side(&args.a, global)?, side(&args.b, global)?);
    let diff = Diff::between(global.lang, a, b);
    let failures = match args.fail_on {
        None => Vec::new(),
        Some(kld @ FailOn::Kld(_)) => {
            let why = "runs tell divergence from their own baselines; `kvant gate` tells that of two builds";
            return Err(Failure::msg(BAD_INPUT, format!("--fail-on {kld}: {why}")));
        }
        Some(slower) if !diff.has_verdicts() => {
            let why = "needs two runs of kvant with cells in common whose rounds can be compared; llama-bench's rows give no verdict";
            return Err(Failure::msg(BAD_INPUT, format!("--fail-on {slower}: {why}")));
        }
        Some(FailOn::Slower(share)) => diff.failures(share),
    };
    let json = diff_json(&diff, &failures).map_err(|e| Failure::new(UNEXPECTED, e))?;
    let text = if global.json {
        json.clone()
    } else {
        diff.text(output::of_stdout(global))
    };
    let files = [
        ("diff.md", &*diff.md()),
        ("diff.html", &*diff.html()),
        ("diff.json", &*json),
    ];
    let files = write_files(args.out.as_deref(), &files)?;
    tell(&text, &files, global)?;
    for failure in &failures {
        output::say(failure);
    }
    Ok(if failures.is_empty() { OK } else { NOT_MET })
}

fn side(path: &Path, global: &Global) -> Result<Side, Failure> {
    let name = name_of(path);
    let lang = global.lang;
    Ok(match load(path, global)? {
        Source::Run(journal, _) => {
            Side::of_run(&name, &ReportModel::build(&journal.header, &journal.records).told(lang))
        }
        Source::Bench(rows) => Side::of_bench(lang, &name, &rows),
    })
}

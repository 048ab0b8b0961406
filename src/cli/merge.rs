//! `kvant merge`: the shards of a sweep as one run, or one run per machine on one page.

use super::args::{Global, MergeArgs};
use super::exit::{Failure, BAD_INPUT, JOURNAL, OK};
use super::finish::{code, finish, write_report, Shown};
use super::job::sha256_of_plan;
use super::output;
use super::report::several;
use super::runs::{load, Source, JOURNAL_NAME};
use crate::data::{Record, Warning};
use crate::journal::{self, Journal, Writer};
use crate::plan::{self, Merged, Part};
use crate::report::{Lang, ReportModel};
use std::path::{Path, PathBuf};

pub fn run(args: &MergeArgs, global: &Global) -> Result<u8, Failure> {
    let mut journals: Vec<(String, Journal)> = Vec::new();
    for path in &args.runs {
        let name = path.display().to_string();
        match load(path, global)? {
            Source::Run(journal, _) => journals.push((name, *journal)),
            Source::Bench(_) => {
                let why = "is a file of llama-bench; merge takes the runs of kvant compare --shard i/n";
                return Err(Failure::msg(BAD_INPUT, format!("{name} {why}")));
            }
        }
    }
    let parts: Vec<Part> = journals
        .iter()
        .map(|(name, journal)| Part {
            name,
            header: &journal.header,
            records: &journal.records,
            is_torn: journal.torn_tail,
        })
        .collect();
    let (superseded, others): (Vec<Part>, Vec<Part>) = parts.iter().partition(|part| plan::is_superseded(part, &parts));
    if !superseded.is_empty() && !global.quiet {
        let names: Vec<&str> = superseded.iter().map(|part| part.name).collect();
        output::say(format!(
            "note: left out, since another machine has the whole shard: {}",
            names.join(", ")
        ));
    }
    let merged = plan::merge(&others)?;
    if let [one] = merged.as_slice() {
        say(one, global);
        let path = write(one, &args.out)?;
        return finish(&journal::read(&path)?, &args.out, global, Shown::default());
    }
    let mut folders = Vec::new();
    let mut worst = OK;
    for (number, one) in (1..).zip(&merged) {
        say(one, global);
        let dir = args.out.join(folder_of(number, one));
        let path = write(one, &dir)?;
        // The page that names them all is printed instead.
        let journal = journal::read(&path)?;
        let model = ReportModel::build(&journal.header, &journal.records);
        write_report(&model, &dir, global)?;
        worst = worst.max(code(&model));
        folders.push(dir);
    }
    if !global.quiet {
        output::say(format!(
            "note: the shards come from {} machines; each has a run of its own, since speeds of machines are never pooled",
            merged.len()
        ));
    }
    several(&folders, None, Some(&args.out), global)?;
    Ok(worst)
}

fn say(merged: &Merged, global: &Global) {
    let gaps = merged.records.iter().find_map(|record| match record {
        Record::Warning(warning @ Warning::ShardGaps { .. }) => Some(warning),
        _ => None,
    });
    if let (Some(warning), false) = (gaps, global.quiet) {
        output::say(format!("warning: {}", Lang::default().warning(warning)));
    }
}

/// `1-node017`, or the number alone where the machine has no name.
fn folder_of(number: u32, merged: &Merged) -> String {
    let node = merged.header.shards.as_ref().and_then(|s| s.node.as_deref());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let node: Option<String> = node.map(|name| name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect());
    node.map_or_else(|| format!("machine-{number}"), |name| format!("{number}-{name}"))
}

/// The journal of the joined run; that of an earlier merge is replaced, any other is left alone.
fn write(merged: &Merged, dir: &Path) -> Result<PathBuf, Failure> {
    let cannot = |what: &str, path: &Path, e: std::io::Error| {
        let text = format!(
            "cannot {what} {} ({e}); choose another folder with --out",
            path.display()
        );
        Failure::msg(JOURNAL, text)
    };
    std::fs::create_dir_all(dir).map_err(|e| cannot("make", dir, e))?;
    let path = dir.join(JOURNAL_NAME);
    let is_merged = |journal: Journal| journal.header.command.get(1).is_some_and(|word| word == "merge");
    if path.exists() && journal::read(&path).is_ok_and(is_merged) {
        std::fs::remove_file(&path).map_err(|e| cannot("replace", &path, e))?;
    }
    let mut header = merged.header.clone();
    header.command = std::iter::once("kvant".to_owned())
        .chain(std::env::args().skip(1))
        .collect();
    header.plan_sha256 = sha256_of_plan(&header.plan);
    let name = header
        .run_id
        .rsplit_once("-shard-")
        .map_or(header.run_id.as_str(), |(name, _)| name);
    header.run_id = format!("{name}-merged");
    let mut writer = Writer::create(&path, &header)?;
    for record in &merged.records {
        writer.append(record)?;
    }
    Ok(path)
}

//! `kvant models`: what is known and here, and fetching, verifying, removing it.

use super::args::{Global, ModelsAction, ModelsArgs};
use super::exit::{Failure, OK, UNOBTAINABLE};
use super::progress::LiveLine;
use super::sources::Sources;
use super::{desk, output};
use crate::catalog::{self, Request, Stock, StockFile};
use crate::data::{FilePart, PartName, Warning};
use crate::report::Lang;
use crate::units;
use serde::Serialize;
use serde_json::{json, Value};
use std::path::Path;

pub fn run(args: &ModelsArgs, global: &Global) -> Result<u8, Failure> {
    let (_, live, sources) = desk::of_files(global)?;
    match args.action.as_ref().unwrap_or(&ModelsAction::List) {
        ModelsAction::List => list(&sources, global),
        ModelsAction::Fetch {
            model,
            variants,
            derive,
        } => {
            let request = Request {
                is_derived: *derive,
                command: "models fetch",
                ..Request::of(std::slice::from_ref(model), variants)
            };
            let files = sources.resolve(&request, &live)?;
            live.clear();
            if !files.passed_over.is_empty() && !global.quiet {
                let files = files.passed_over.clone();
                live.line(&format!(
                    "note: {}",
                    Lang::default().warning(&Warning::PassedOver { files })
                ));
            }
            let mut text = String::new();
            for (variant, path) in &files.variants {
                let made = variant.derived_from.as_ref();
                let made = made.map_or(String::new(), |from| format!(" (made from {})", from.file));
                let more = match variant.parts.len() {
                    0 => String::new(),
                    n => format!(" and {} more parts beside it", n - 1),
                };
                text.push_str(&format!("{:8} {}{more}{made}\n", variant.id, path.display()));
            }
            let fetched = files.variants.iter().map(|(variant, path)| WireFetched {
                variant: &variant.id,
                path,
                sha256: &variant.sha256,
                parts: &variant.parts,
                made_from: variant.derived_from.as_ref().map(|from| from.ftype.as_str()),
            });
            print(global, &text, &fetched.collect::<Vec<_>>())
        }
        ModelsAction::Verify { models } => verify(models, &sources, global, &live),
        ModelsAction::Remove { model } => remove(model, &sources, global),
    }
}

fn print(global: &Global, text: &str, json: &impl Serialize) -> Result<u8, Failure> {
    output::print_either(global, json, || text.to_owned())?;
    Ok(OK)
}

#[derive(Serialize)]
struct WireFetched<'a> {
    variant: &'a str,
    path: &'a Path,
    sha256: &'a str,
    /// Of a split model, in order; the path is the first one's.
    #[serde(skip_serializing_if = "<[FilePart]>::is_empty")]
    parts: &'a [FilePart],
    made_from: Option<&'a str>,
}

fn wire(stock: &Stock) -> Value {
    let Stock { entry, files, absent } = stock;
    let sources: Vec<String> = entry.sources.iter().map(|source| source.label()).collect();
    json!({
        "name": entry.name,
        "aliases": entry.aliases,
        "license": entry.license,
        "size": entry.size,
        "n_ctx_train": entry.n_ctx_train,
        "sources": sources,
        "here": files,
        "absent": absent,
    })
}

fn list(sources: &Sources, global: &Global) -> Result<u8, Failure> {
    let stocks = catalog::stock(&[], sources.context())?;
    let head = ["model", "size", "license", "here", "not fetched", "from"];
    let mut table = output::table(&head, |i| i == 1);
    for stock in &stocks {
        // The parts of a split model are one variant.
        let mut sums: Vec<(&str, bool, u64)> = Vec::new();
        for file in &stock.files {
            let (variant, is_made) = (file.variant.as_str(), file.made_from.is_some());
            match sums
                .iter_mut()
                .find(|sum| (sum.0, sum.1) == (variant, is_made) && PartName::parse_path(&file.path).is_some())
            {
                Some(sum) => sum.2 += file.bytes,
                None => sums.push((variant, is_made, file.bytes)),
            }
        }
        let made = |is_made: bool| if is_made { " (made)" } else { "" };
        let here = sums
            .iter()
            .map(|&(variant, is_made, bytes)| format!("{variant} {}{}", units::bytes(bytes), made(is_made)));
        let mut here: Vec<String> = here.collect();
        let is_builtin = stock.entry.is_called(catalog::BUILTIN_MODEL);
        if here.is_empty() {
            here.push(if is_builtin { "always".into() } else { "-".into() });
        }
        let labels: Vec<String> = stock.entry.sources.iter().map(|source| source.label()).collect();
        let or = |value: &Option<String>| value.clone().unwrap_or_else(|| units::NOT_AVAILABLE.to_owned());
        table.add_row([
            stock.entry.name.clone(),
            or(&stock.entry.size),
            or(&stock.entry.license),
            here.join("\n"),
            stock.absent.join(" "),
            labels.join("\n"),
        ]);
    }
    let json: Vec<_> = stocks.iter().map(wire).collect();
    print(global, &output::lines(&table), &json)
}

fn verify(models: &[String], sources: &Sources, global: &Global, live: &LiveLine) -> Result<u8, Failure> {
    let mut text = String::new();
    let mut is_all_right = true;
    let stocks = catalog::stock(models, sources.context())?;
    let mut json = Vec::new();
    for file in stocks.iter().flat_map(|stock| &stock.files) {
        let outcome = match catalog::verify(file, &mut |event| live.file(event))? {
            Some(true) => "ok",
            Some(false) if file.is_ours => "wrong, removed",
            Some(false) => "wrong",
            None => "no hash to compare with",
        };
        is_all_right &= !outcome.starts_with("wrong");
        text.push_str(&format!("{outcome}: {}\n", file.path.display()));
        json.push(json!({"path": file.path, "outcome": outcome}));
    }
    live.clear();
    print(global, &text, &json)?;
    if is_all_right {
        return Ok(OK);
    }
    let advice = "some files were not what they should be; fetch them again with `kvant models fetch NAME`";
    Err(Failure::msg(UNOBTAINABLE, advice))
}

fn remove(model: &str, sources: &Sources, global: &Global) -> Result<u8, Failure> {
    let stocks = catalog::stock(&[model.to_owned()], sources.context())?;
    let files: Vec<&StockFile> = stocks
        .iter()
        .flat_map(|stock| &stock.files)
        .filter(|f| f.is_ours)
        .collect();
    let mut bytes = 0;
    for file in &files {
        catalog::remove(file)?;
        bytes += file.bytes;
    }
    if !global.quiet {
        output::say(format!("removed {} files, {}", files.len(), units::bytes(bytes)));
    }
    Ok(OK)
}

//! What each file of a folder or a repository is and what would be done with it: `kvant inspect` and `kvant compare --dry-run`.

use super::args::Global;
use super::exit::{Failure, BAD_INPUT, OK};
use super::output;
use super::progress::LiveLine;
use super::sources::Sources;
use crate::catalog::{survey, Origin, PreviewVariant, Request, Survey};
use crate::data::{PassedOver, Quantization, VariantInfo};
use crate::report::Lang;
use crate::units;
use serde::Serialize;
use serde_json::json;
use std::path::Path;

/// Version of the JSON. Changes:
/// 1: first version.
const SCHEMA: &str = "kvant.files/1";

/// Prints the table of a comparison. An error when there would be none.
pub fn run(request: &Request<'_>, sources: &Sources, global: &Global) -> Result<u8, Failure> {
    let survey = survey(request, sources.context(), false, &mut |_| {})?;
    print(&survey, global)?;
    match survey.why_none {
        // It is in the JSON.
        Some(_) if global.json => Ok(BAD_INPUT),
        Some(why) => Err(Failure::msg(BAD_INPUT, why)),
        None => Ok(OK),
    }
}

/// Prints the table of a folder, whether its files can be compared or not, or of a repository. False, and nothing is printed, where
/// nothing of a repository can be compared: the best of its files tells more.
pub fn inspect(model: &str, sources: &Sources, global: &Global, live: &LiveLine) -> Result<bool, Failure> {
    let models = [model.to_owned()];
    let survey = survey(&Request::of(&models, &[]), sources.context(), true, &mut |event| {
        live.file(event)
    });
    live.clear();
    let survey = match survey {
        Ok(survey) => survey,
        Err(e) if Path::new(model).is_dir() => return Err(e.into()),
        Err(_) => return Ok(false),
    };
    print(&survey, global)?;
    if let Some(why) = survey.why_none.filter(|_| !global.json) {
        output::print(&format!("\n{why}\n"))?;
    }
    Ok(true)
}

fn print(survey: &Survey, global: &Global) -> Result<(), Failure> {
    let files = rows(survey);
    let json = json!({
        "schema": SCHEMA,
        // Null when there are several or none.
        "model": survey.preview.as_ref().map(|preview| &preview.info.name),
        "files": files,
        "not_compared": survey.why_none,
    });
    output::print_either(global, &json, || table(survey, &files))
}

#[derive(Default, Serialize)]
struct Row<'a> {
    file: &'a str,
    n_parts: usize,
    kind: &'static str,
    /// The kind in words.
    #[serde(skip)]
    what: String,
    detail: Option<&'a str>,
    /// What `--variants` and `--baseline` call it.
    id: Option<&'a str>,
    ftype: Option<&'a str>,
    model_size: Option<u64>,
    bpw: Option<f64>,
    quantization: Option<&'a Quantization>,
    made_from: Option<&'a str>,
    /// `baseline`, `measured`, `not_asked_for` or `passed_over`.
    fate: &'static str,
    /// `here`, `fetched` or `made`; of what is measured.
    origin: Option<&'static str>,
    /// The fate in words.
    #[serde(skip)]
    done: String,
}

fn rows(survey: &Survey) -> Vec<Row<'_>> {
    let preview = survey.preview.iter();
    let measured = preview.clone().flat_map(|preview| &preview.variants).enumerate();
    let measured = measured.map(|(i, v)| match i {
        0 => of_variant(v, "baseline", got(v) + "measured, as the baseline"),
        _ => of_variant(v, "measured", got(v) + "measured"),
    });
    let others = preview.flat_map(|preview| &preview.others).chain(&survey.models);
    let others = others.map(|v| {
        let done = format!("not measured; --variants {} asks for it", v.info.id);
        of_variant(v, "not_asked_for", done)
    });
    let passed = survey.passed_over.iter().map(of_passed);
    measured.chain(others).chain(passed).collect()
}

/// What is done before it is measured.
fn got(variant: &PreviewVariant) -> String {
    match (&variant.origin, &variant.info.derived_from) {
        (Origin::Remote { .. }, _) => "fetched, ".to_owned(),
        (_, Some(from)) => format!("made from {}, ", from.file),
        _ => String::new(),
    }
}

fn of_variant<'a>(variant: &'a PreviewVariant, fate: &'static str, done: String) -> Row<'a> {
    let info: &VariantInfo = &variant.info;
    let quantization = info.quantization.as_ref();
    Row {
        file: &variant.file,
        n_parts: info.parts.len().max(1),
        kind: "model",
        what: quantization.map_or("a model".to_owned(), |told| {
            format!("a model; {}", Lang::default().quantization(told))
        }),
        id: Some(&info.id),
        ftype: info.ftype.as_deref(),
        model_size: (info.model_size > 0).then_some(info.model_size),
        bpw: (info.bpw > 0.0).then_some(info.bpw),
        quantization,
        made_from: info.derived_from.as_ref().map(|from| from.file.as_str()),
        fate,
        origin: Some(match variant.origin {
            Origin::Here => "here",
            Origin::Remote { .. } => "fetched",
            Origin::ToMake => "made",
        }),
        done,
        ..Row::default()
    }
}

fn of_passed(passed: &PassedOver) -> Row<'_> {
    let detail = passed.detail.as_deref();
    Row {
        file: &passed.file,
        n_parts: 1,
        kind: passed.kind.name(),
        what: passed.kind.words().to_owned(),
        detail,
        fate: "passed_over",
        done: detail.map_or("passed over".to_owned(), |detail| format!("passed over: {detail}")),
        ..Row::default()
    }
}

fn table(survey: &Survey, rows: &[Row<'_>]) -> String {
    let head = ["file", "what it is", "variant", "type", "size", "what is done with it"];
    let mut table = output::table(&head, |i| i == 4);
    for row in rows {
        let file = match (row.made_from, row.n_parts) {
            // It has no name yet.
            (Some(_), _) => "-".to_owned(),
            (None, 1) => row.file.to_owned(),
            (None, n) => format!("{} ({n} parts)", row.file),
        };
        table.add_row([
            file,
            row.what.clone(),
            row.id.unwrap_or_default().to_owned(),
            row.ftype.unwrap_or_default().to_owned(),
            row.model_size.map_or(String::new(), units::bytes),
            row.done.clone(),
        ]);
    }
    let head = survey
        .preview
        .as_ref()
        .map_or(String::new(), |preview| format!("{}\n\n", preview.info.name));
    head + &output::lines(&table)
}

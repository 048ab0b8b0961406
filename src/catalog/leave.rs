//! What is left of what is offered: one model, and of it what was named; and the errors where nothing is, or too much.

use super::arg::ModelArg;
use super::error::CatalogError;
use super::label::without_ending;
use super::local_file::{difference, name_of};
use super::names::shown;
use super::offer::{Beside, Offer};
use super::only::Only;
use super::pick::{names, Pick, Picks};
use super::request::Request;
use super::shelf::Shelf;
use super::source::{Source, Tools};
use crate::data::FileKind;
use crate::gguf::known_ftypes;
use std::path::Path;

impl Request<'_> {
    /// Whether all that is wanted by name is there or can be made.
    pub(super) fn check_known(&self, picks: &Picks, shelves: &[Shelf<'_>]) -> Result<(), CatalogError> {
        let besides = || shelves.iter().flat_map(|shelf| &shelf.beside);
        for text in self.wanted.iter().map(|text| text.trim()) {
            let is_unmet = picks.unknown.iter().any(|unknown| unknown == text)
                || picks
                    .picks
                    .iter()
                    .any(|p| matches!(p, Pick::Make(label) if label.eq_ignore_ascii_case(text)));
            // A file of this name is there and cannot be used: making another in its place is not what was meant.
            let is_meant = |beside: &&Beside| {
                let kind = matches!(beside.passed.kind, FileKind::Unusable | FileKind::PartsMissing);
                let label = beside
                    .file
                    .full_label()
                    .is_some_and(|label| label.eq_ignore_ascii_case(text));
                kind && (label || without_ending(&beside.passed.file).eq_ignore_ascii_case(text))
            };
            if let Some(beside) = besides().find(is_meant).filter(|_| is_unmet) {
                return Err(beside.error());
            }
        }
        let Some(given) = picks.unknown.first() else {
            return Ok(());
        };
        Err(CatalogError::Input(format!(
            "--variants: unknown variant '{given}'; there are {}, and others can be made: {}",
            names(shelves).concat().join(", "),
            known_ftypes().collect::<Vec<_>>().join(", ")
        )))
    }

    /// Leaves what `:VARIANT` or `:FILE.gguf` names.
    pub(super) fn narrow(
        &self,
        arg: &ModelArg,
        shelf: &mut Shelf<'_>,
        there: &[String],
        tools: Tools<'_>,
    ) -> Result<(), CatalogError> {
        let Some(only) = &arg.only else { return Ok(()) };
        let text = only.text();
        let is_same = |own: &str| own.eq_ignore_ascii_case(text);
        // The closest that any file comes to what was named.
        let closeness = |offer: &Offer| match only {
            Only::File(_) => Some(usize::from(offer.parts.iter().any(|part| part.file == text))),
            Only::Variant(_) if is_same(&offer.id) => Some(2),
            Only::Variant(_) if offer.full_label().as_deref().is_some_and(is_same) => Some(1),
            Only::Variant(_) => offer.is_called(text).then_some(0),
        };
        let offers = std::mem::take(&mut shelf.offers).into_iter();
        let found: Vec<(usize, Offer)> = offers.filter_map(|offer| Some((closeness(&offer)?, offer))).collect();
        let closest = found.iter().map(|(close, _)| *close).max();
        let meant = found.into_iter().filter(|(close, _)| Some(*close) == closest);
        let meant: Vec<Offer> = meant.map(|(_, offer)| offer).collect();
        if meant.len() > 1 {
            let arguments = meant.iter().map(|offer| vec![offer.argument.clone()]).collect();
            return Err(self.several(&format!("{}:{text}", shelf.source.label()), arguments));
        }
        let is_meant_beside = |beside: &&Beside| match only {
            Only::Variant(_) => beside.file.full_label().as_deref().is_some_and(is_same),
            Only::File(_) => true,
        };
        if let (true, Some(beside)) = (meant.is_empty(), shelf.beside.iter().find(is_meant_beside)) {
            return Err(beside.error());
        }
        if meant.is_empty() && (!there.is_empty() || shelf.source.is_own()) {
            return Err(match there {
                [] => no_such_file(shelf.source, text, tools)?,
                there => no_such_among(shelf.source, text, there),
            });
        }
        shelf.offers = meant;
        Ok(())
    }

    pub(super) fn settle(&self, arg: &ModelArg, shelf: &mut Shelf<'_>) -> Result<(), CatalogError> {
        shelf.settle().map_err(|models| self.several(&arg.given, models))
    }

    fn several(&self, location: &str, models: Vec<Vec<String>>) -> CatalogError {
        let quoted = |argument: &String| match argument.contains([' ', '\'', '"', '(', ')', '&']) {
            true => format!("'{}'", argument.replace('\'', "'\\''")),
            false => argument.clone(),
        };
        let line = |arguments: Vec<String>| {
            let arguments: Vec<String> = arguments.iter().map(quoted).collect();
            format!("\n  kvant {} {}", self.command, arguments.join(" "))
        };
        let lines: String = models.into_iter().map(line).collect();
        CatalogError::Input(format!(
            "{location}: holds several models or files that may be meant; name those to use:{lines}"
        ))
    }
}

pub(super) fn no_such_file(source: &dyn Source, only: &str, tools: Tools<'_>) -> Result<CatalogError, CatalogError> {
    let files = source.local(tools)?.files;
    let there: Vec<String> = files.iter().map(|file| name_of(Path::new(&file.file))).collect();
    Ok(no_such_among(source, only, &there))
}

fn no_such_among(source: &dyn Source, only: &str, there: &[String]) -> CatalogError {
    let some: Vec<String> = there.iter().take(12).map(|file| shown(file)).collect();
    CatalogError::NoSuchFile {
        location: source.label(),
        only: only.to_owned(),
        there: some.join(", "),
    }
}

/// The error of a location where no model is left.
pub(super) fn nothing(shelf: &Shelf<'_>) -> CatalogError {
    match shelf.beside.as_slice() {
        [one] if one.error.is_some() => one.error(),
        besides => {
            let besides: Vec<String> = besides.iter().map(|beside| beside.passed.to_string()).collect();
            CatalogError::nothing_left(&shelf.source.label(), &besides.join(", "))
        }
    }
}

/// What is compared must be one model, wherever it comes from.
pub(super) fn check_one_model(shelves: &[Shelf<'_>]) -> Result<(), CatalogError> {
    let offers = shelves.iter().flat_map(|shelf| &shelf.offers);
    let mut read = offers.filter_map(|offer| Some((offer, offer.local.as_ref()?.key())));
    let Some((first, key)) = read.next() else { return Ok(()) };
    match read.find(|(_, other)| *other != key) {
        None => Ok(()),
        Some((odd, other)) => Err(CatalogError::Input(format!(
            "{}: is not the same model as {} ({}); name files of one model",
            odd.argument,
            first.argument,
            difference(&other, &key)
        ))),
    }
}

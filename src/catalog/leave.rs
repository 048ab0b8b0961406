//! What is left of what is offered: one model, and of it what was named; and the errors where nothing is, or too much.

use super::arg::{ModelArg, Only};
use super::choose::{Chooser, Counter};
use super::label::without_ending;
use super::offer::{Beside, Offer};
use super::pick::{names, Pick, Picks, Stall};
use super::present::{difference, name_of};
use super::{names as checked_names, CatalogError};
use crate::data::FileKind;
use crate::gguf::known_ftypes;
use std::path::Path;

impl Chooser<'_, '_> {
    /// Whether all that is wanted by name is there or can be made.
    pub(super) fn check_known(&self, picks: &Picks, counters: &[Counter<'_>]) -> Result<(), CatalogError> {
        let besides = || counters.iter().flat_map(|counter| &counter.shelf.beside);
        for text in self.request.wanted.iter().map(|text| text.trim()) {
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
        let stalls: Vec<Stall<'_>> = counters.iter().map(Counter::stall).collect();
        let ids: Vec<String> = names(&stalls).concat();
        Err(CatalogError::UnknownVariant {
            given: given.clone(),
            here: ids.join(", "),
            known: known_ftypes().collect::<Vec<_>>().join(", "),
        })
    }

    /// Leaves what `:VARIANT` or `:FILE.gguf` names.
    pub(super) fn narrow(
        &self,
        arg: &ModelArg,
        counter: &mut Counter<'_>,
        there: &[String],
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
        let offers = std::mem::take(&mut counter.shelf.offers).into_iter();
        let found: Vec<(usize, Offer)> = offers.filter_map(|offer| Some((closeness(&offer)?, offer))).collect();
        let closest = found.iter().map(|(close, _)| *close).max();
        let meant = found.into_iter().filter(|(close, _)| Some(*close) == closest);
        let meant: Vec<Offer> = meant.map(|(_, offer)| offer).collect();
        if meant.len() > 1 {
            let arguments = meant.iter().map(|offer| vec![offer.argument.clone()]).collect();
            return Err(self.several(&format!("{}:{text}", counter.supply.label()), arguments));
        }
        let is_meant_beside = |beside: &&Beside| match only {
            Only::Variant(_) => beside.file.full_label().as_deref().is_some_and(is_same),
            Only::File(_) => true,
        };
        if let (true, Some(beside)) = (meant.is_empty(), counter.shelf.beside.iter().find(is_meant_beside)) {
            return Err(beside.error());
        }
        if meant.is_empty() && (!there.is_empty() || counter.supply.is_own()) {
            let there = match there {
                [] => counter
                    .supply
                    .known()?
                    .files
                    .into_iter()
                    .map(|file| name_of(Path::new(&file.file)))
                    .collect(),
                there => there.to_vec(),
            };
            let shown: Vec<String> = there.iter().take(12).map(|file| checked_names::shown(file)).collect();
            return Err(CatalogError::NoSuchFile {
                place: counter.supply.label(),
                only: text.to_owned(),
                there: shown.join(", "),
            });
        }
        counter.shelf.offers = meant;
        Ok(())
    }

    /// Leaves one model.
    pub(super) fn settle(&self, arg: &ModelArg, counter: &mut Counter<'_>) -> Result<(), CatalogError> {
        counter
            .shelf
            .settle()
            .map_err(|models| self.several(&arg.given, models))
    }

    pub(super) fn several(&self, place: &str, models: Vec<Vec<String>>) -> CatalogError {
        let quoted = |argument: &String| match argument.contains([' ', '\'', '"', '(', ')', '&']) {
            true => format!("'{}'", argument.replace('\'', "'\\''")),
            false => argument.clone(),
        };
        let line = |arguments: Vec<String>| {
            let arguments: Vec<String> = arguments.iter().map(quoted).collect();
            format!("\n  kvant {} {}", self.request.command, arguments.join(" "))
        };
        CatalogError::SeveralModels {
            place: place.to_owned(),
            lines: models.into_iter().map(line).collect(),
        }
    }

    /// The error of a place where no model is left.
    pub(super) fn nothing(&self, counter: &Counter<'_>) -> CatalogError {
        let besides = &counter.shelf.beside;
        match besides.as_slice() {
            [one] if one.error.is_some() => one.error(),
            besides => CatalogError::NoModels {
                place: counter.supply.label(),
                beside: besides
                    .iter()
                    .map(|beside| beside.passed.to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
            },
        }
    }

    /// What is compared must be one model, wherever it comes from.
    pub(super) fn check_one_model(&self, counters: &[Counter<'_>]) -> Result<(), CatalogError> {
        let offers = counters.iter().flat_map(|counter| &counter.shelf.offers);
        let mut read = offers.filter_map(|offer| Some((offer, offer.present.as_ref()?.key())));
        let Some((first, key)) = read.next() else { return Ok(()) };
        match read.find(|(_, other)| *other != key) {
            None => Ok(()),
            Some((odd, other)) => Err(CatalogError::OddFile {
                path: odd.argument.clone(),
                other: first.argument.clone(),
                difference: difference(&other, &key),
            }),
        }
    }
}

impl Beside {
    /// What naming the file gives.
    fn error(&self) -> CatalogError {
        let unread = || CatalogError::NotMeasurable {
            file: self.passed.file.clone(),
            what: match &self.passed.detail {
                Some(detail) => format!("{}: {detail}", self.passed.kind.words()),
                None => self.passed.kind.words().to_owned(),
            },
        };
        self.error.clone().unwrap_or_else(unread)
    }
}

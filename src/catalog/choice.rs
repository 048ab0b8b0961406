//! The variants of a run, in order.

use super::arg::ModelArg;
use super::error::CatalogError;
use super::local_file::LocalFile;
use super::offer::Offer;
use super::pick::{made_of_one, At, Pick};
use super::request::Request;
use super::shelf::Shelf;
use crate::data::{ModelInfo, PassedOver};
use std::cmp::Reverse;

pub(super) struct Choice<'s> {
    pub shelves: Vec<Shelf<'s>>,
    /// What is wanted, the baseline first.
    pub picks: Vec<Pick>,
    pub source: Option<At>,
}

impl Choice<'_> {
    pub(super) fn offer(&self, (a, i): At) -> &Offer {
        &self.shelves[a].offers[i]
    }

    pub(super) fn beside(&self) -> Vec<PassedOver> {
        let besides = self.shelves.iter().flat_map(|shelf| &shelf.beside);
        besides.map(|beside| beside.passed.clone()).collect()
    }

    /// The file that a wanted variant is, or is made from.
    pub(super) fn source(&self) -> Option<&LocalFile> {
        self.offer(self.source?).local.as_ref()
    }

    /// What tells of the model: what others are made from, or the first that is wanted.
    pub(super) fn model(&self) -> Result<&LocalFile, CatalogError> {
        let first = self.picks.iter().find_map(|pick| match *pick {
            Pick::Offer(at) => self.offer(at).local.as_ref(),
            Pick::Make(_) => None,
        });
        self.source().or(first).ok_or_else(|| CatalogError::Unobtainable {
            model: "the model".into(),
            why: "it has no files".into(),
        })
    }

    /// The model, called what its arguments call it.
    pub(super) fn info(&self, args: &[ModelArg]) -> Result<ModelInfo, CatalogError> {
        let mut info = self.model()?.info.clone();
        info.name = args.iter().find_map(|arg| arg.name.clone()).unwrap_or(info.name);
        Ok(info)
    }

    pub(super) fn id(&self, wanted: &Pick) -> &str {
        match *wanted {
            Pick::Offer(place) => &self.offer(place).id,
            Pick::Make(label) => label,
        }
    }

    /// What is offered comes first, the most exact before the others.
    pub(super) fn sort(&mut self) {
        let rank = |wanted: &Pick| match *wanted {
            Pick::Offer(place) => (false, Reverse(self.offer(place).rank()), place),
            Pick::Make(_) => (true, Reverse((0, 0)), (0, 0)),
        };
        let mut picks = self.picks.clone();
        picks.sort_by_key(rank);
        self.picks = picks;
    }

    /// What is made of the one file that there is.
    pub(super) fn add_made(&mut self, request: &Request<'_>) {
        let [Pick::Offer(one)] = self.picks[..] else { return };
        if !request.makes_others {
            return;
        }
        let Some(local) = &self.offer(one).local else {
            return;
        };
        let made = made_of_one(local, request.fast_types);
        self.source = Some(one);
        self.picks.extend(made.into_iter().map(Pick::Make));
    }

    pub(super) fn put_first(&mut self, baseline: Option<&str>) -> Result<(), CatalogError> {
        let Some(text) = baseline else { return Ok(()) };
        let is_id = |wanted: &Pick| self.id(wanted).eq_ignore_ascii_case(text);
        let is_called = |wanted: &Pick| matches!(*wanted, Pick::Offer(place) if self.offer(place).is_called(text));
        let place = self
            .picks
            .iter()
            .position(is_id)
            .or_else(|| self.picks.iter().position(is_called));
        let Some(place) = place else {
            let ids: Vec<&str> = self.picks.iter().map(|wanted| self.id(wanted)).collect();
            return Err(CatalogError::Input(format!(
                "--baseline {text}: is not among the variants compared; use one of {}",
                ids.join(", ")
            )));
        };
        self.picks[..=place].rotate_right(1);
        Ok(())
    }
}

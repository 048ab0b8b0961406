//! The variants of a run, in order.

use super::means::Request;
use super::offer::Offer;
use super::pick::made_of_one;
use super::present::Present;
use super::CatalogError;
use crate::data::PassedOver;

/// The variants of a run.
pub(super) struct Choice {
    /// All that is offered, with ids.
    pub offers: Vec<Offer>,
    /// What lies beside them.
    pub beside: Vec<PassedOver>,
    /// What is wanted, the baseline first.
    pub picks: Vec<Wanted>,
    /// The offer that others are made from.
    pub source: Option<usize>,
}

/// A variant that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// An offer.
    Offer(usize),
    /// One of this file type, to be made.
    Make(&'static str),
}

impl Choice {
    /// The file that a wanted variant is, or is made from.
    pub(super) fn source(&self) -> Option<&Present> {
        self.offers.get(self.source?)?.present.as_ref()
    }

    /// The id of a wanted variant.
    pub(super) fn id(&self, wanted: &Wanted) -> &str {
        match *wanted {
            Wanted::Offer(i) => &self.offers[i].id,
            Wanted::Make(label) => label,
        }
    }

    /// What is offered comes first, the most exact before the others.
    pub(super) fn sort(&mut self) {
        let rank = |wanted: &Wanted| match *wanted {
            Wanted::Offer(i) => (false, std::cmp::Reverse(self.offers[i].rank()), i),
            Wanted::Make(_) => (true, std::cmp::Reverse((0, 0)), 0),
        };
        self.picks.sort_by_key(rank);
    }

    /// What is made of the one file that there is.
    pub(super) fn add_made(&mut self, request: &Request<'_>) {
        let [Wanted::Offer(one)] = self.picks[..] else { return };
        let Some(present) = &self.offers[one].present else {
            return;
        };
        self.source = Some(one);
        let made = made_of_one(present, request.fast_types);
        self.picks.extend(made.into_iter().map(Wanted::Make));
    }

    pub(super) fn put_first(&mut self, baseline: Option<&str>) -> Result<(), CatalogError> {
        let Some(text) = baseline else { return Ok(()) };
        let is_id = |wanted: &Wanted| self.id(wanted).eq_ignore_ascii_case(text);
        let is_called = |wanted: &Wanted| matches!(*wanted, Wanted::Offer(i) if self.offers[i].is_called(text));
        let place = self
            .picks
            .iter()
            .position(is_id)
            .or_else(|| self.picks.iter().position(is_called));
        let Some(place) = place else {
            let ids: Vec<&str> = self.picks.iter().map(|wanted| self.id(wanted)).collect();
            return Err(CatalogError::NoBaseline {
                given: text.to_owned(),
                ids: ids.join(", "),
            });
        };
        self.picks[..=place].rotate_right(1);
        Ok(())
    }
}

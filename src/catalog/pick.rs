//! Which of the variants that are offered are wanted, and what is to be made besides: [`pick`], a pure function.

use super::ids::ids;
use super::label::Label;
use super::local_file::{is_quantized, LocalFile};
use super::offer::Offer;
use super::request::{Request, DEFAULT_VARIANTS};
use super::shelf::Shelf;
use super::source::Breadth;
use crate::data::TensorTypeShare;
use crate::gguf::ftype_of;
use std::collections::BTreeMap;

/// What may be worth making from a quantized file although nothing made from it is more exact.
const REMAKES: [&str; 3] = ["Q8_0", "Q4_K_M", "Q4_0"];
/// A file made from a quantized one is smaller only if it is by this much.
const SMALLER: f64 = 0.95;
/// It may be faster only if it is no larger than this, and this much more of it has types that are fast here.
const NO_LARGER: f64 = 1.1;
const FASTER_SHARE: f64 = 0.5;

/// Where an offer is: its shelf, and its index there.
pub(super) type At = (usize, usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pick {
    Offer(At),
    Make(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Picks {
    /// Variants; of those that are asked for in that order, otherwise the most exact first.
    pub picks: Vec<Pick>,
    pub source: Option<At>,
    /// Names that nothing is called by.
    pub unknown: Vec<String>,
}

impl Picks {
    /// Offers that have to be got: the wanted ones and, where something is made, what it is made from.
    pub(super) fn needed(&self) -> Vec<At> {
        let mut needed: Vec<At> = Vec::new();
        for pick in &self.picks {
            let at = match *pick {
                Pick::Offer(at) => Some(at),
                Pick::Make(_) => self.source,
            };
            needed.extend(at.filter(|at| !needed.contains(at)));
        }
        needed
    }
}

pub(super) fn names(shelves: &[Shelf<'_>]) -> Vec<Vec<String>> {
    let all: Vec<_> = shelves
        .iter()
        .flat_map(|shelf| shelf.offers.iter().map(Offer::nameless))
        .collect();
    let mut ids = ids(&all).into_iter();
    shelves
        .iter()
        .map(|shelf| ids.by_ref().take(shelf.offers.len()).collect())
        .collect()
}

pub(super) fn offers<'s>(shelves: &'s [Shelf<'_>]) -> impl Iterator<Item = At> + 's {
    let shelves = shelves.iter().enumerate();
    shelves.flat_map(|(a, shelf)| (0..shelf.offers.len()).map(move |i| (a, i)))
}

pub(super) fn pick(shelves: &[Shelf<'_>], request: &Request<'_>) -> Picks {
    let offer = |(a, i): At| &shelves[a].offers[i];
    let mut all: Vec<At> = offers(shelves).collect();
    // Of equals the first.
    let best = |offers: &[At]| offers.iter().rev().copied().max_by_key(|&at| offer(at).rank());
    if request.is_derived {
        let here: Vec<_> = all.iter().copied().filter(|&at| offer(at).is_here()).collect();
        all = match here.is_empty() {
            true => best(&all).into_iter().collect(),
            false => here,
        };
    }
    // Of what is wanted the best, if it is exact: another one would be fetched for this alone.
    let source_of = |picks: &[Pick]| {
        let exact = picks.iter().filter_map(|pick| match *pick {
            Pick::Offer(at) => Some(at).filter(|&at| offer(at).is_exact()),
            Pick::Make(_) => None,
        });
        best(&exact.collect::<Vec<_>>()).or(best(&all))
    };
    let mut found = Picks::default();
    if request.wanted.is_empty() {
        found.picks = by_default(shelves, request, &all);
        found.source = source_of(&found.picks);
        return found;
    }
    let ids = names(shelves);
    for text in request.wanted.iter().map(|text| text.trim()) {
        let is_called = |(a, i): At| {
            let is_id = |text: &str| ids[a][i].eq_ignore_ascii_case(text);
            (is_id(text), offer((a, i)).is_called(text))
        };
        let exact = all.iter().copied().filter(|&at| is_called(at).0);
        let mut offers: Vec<_> = exact.collect();
        if offers.is_empty() {
            offers = all.iter().copied().filter(|&at| is_called(at).1).collect();
        }
        let picks: Vec<Pick> = match (offers.is_empty(), ftype_of(text)) {
            (false, _) => offers.into_iter().map(Pick::Offer).collect(),
            (true, Some(label)) => vec![Pick::Make(label)],
            (true, None) => {
                found.unknown.push(text.to_owned());
                continue;
            }
        };
        for pick in picks {
            if !found.picks.contains(&pick) {
                found.picks.push(pick);
            }
        }
    }
    found.source = source_of(&found.picks);
    found
}

/// What is wanted when nothing is said: what somebody put there to be compared, or the usual types of a large collection.
fn by_default(shelves: &[Shelf<'_>], request: &Request<'_>, all: &[At]) -> Vec<Pick> {
    let offer = |(a, i): At| &shelves[a].offers[i];
    let is_type =
        |at: At, label: &str| !matches!(offer(at).name.label, Some(Label::Own(_))) && offer(at).ftype() == Some(label);
    let of = |a: usize| all.iter().copied().filter(move |at| at.0 == a).collect::<Vec<_>>();
    let mut chosen: Vec<At> = Vec::new();
    for (a, shelf) in shelves.iter().enumerate() {
        let own = of(a);
        if is_all_wanted(shelf) && !request.is_derived {
            chosen.extend(own);
            continue;
        }
        for label in request.usual {
            let mut of_type = own.iter().copied().filter(|&at| is_type(at, label)).peekable();
            // As exact as F16, and no larger than it need be.
            let instead = ["BF16", "F32"]
                .iter()
                .filter(|_| *label == "F16" && of_type.peek().is_none());
            let instead = instead.flat_map(|other| own.iter().copied().find(|&at| is_type(at, other)));
            let instead: Vec<_> = instead.take(1).collect();
            chosen.extend(of_type.chain(instead));
        }
        if !chosen.iter().any(|at| at.0 == a) {
            let best = own.into_iter().rev().max_by_key(|&at| offer(at).rank());
            chosen.extend(best);
        }
    }
    chosen.sort_by_key(|&at| std::cmp::Reverse(offer(at).rank()));
    let mut picks: Vec<Pick> = chosen.iter().copied().map(Pick::Offer).collect();
    let is_collection = shelves.iter().all(|shelf| !is_all_wanted(shelf)) || request.is_derived;
    if is_collection && chosen.iter().any(|&at| offer(at).is_exact()) {
        let usual = DEFAULT_VARIANTS.iter().copied().filter(|label| is_quantized(label));
        let missing = usual.filter(|label| !chosen.iter().any(|&at| is_type(at, label)));
        picks.extend(missing.map(Pick::Make));
    }
    picks
}

fn is_all_wanted(shelf: &Shelf<'_>) -> bool {
    match shelf.source.breadth() {
        _ if shelf.is_only => true,
        Breadth::All => true,
        Breadth::Few(n) => shelf.offers.len() <= n,
        Breadth::Usual => false,
    }
}

/// What is made of a model of which there is one file, and which nobody has asked for by name: from an exact file the usual types, from
/// a quantized one what can win on memory or speed.
pub(super) fn made_of_one(file: &LocalFile, fast_types: &[String]) -> Vec<&'static str> {
    match file.ftype {
        "F32" => DEFAULT_VARIANTS.to_vec(),
        "BF16" | "F16" => DEFAULT_VARIANTS[1..].to_vec(),
        _ => {
            let own = file.gguf.tensor_types();
            let can_win = |label: &&str| {
                let expected = file.gguf.expected_types(label);
                *label != file.ftype && expected.is_some_and(|types| may_win(&types, &own, fast_types))
            };
            REMAKES.into_iter().filter(can_win).collect()
        }
    }
}

type Types = BTreeMap<String, TensorTypeShare>;

/// Smaller, or no larger and of types that this machine computes faster with.
fn may_win(made: &Types, own: &Types, fast_types: &[String]) -> bool {
    let bytes = |types: &Types| types.values().map(|share| share.bytes).sum::<u64>().max(1) as f64;
    let fast = |types: &Types| {
        let layers = |(name, share): (&String, &TensorTypeShare)| match fast_types.contains(name) {
            true => share.layer_bytes,
            false => 0,
        };
        let all: u64 = types.values().map(|share| share.layer_bytes).sum();
        types.iter().map(layers).sum::<u64>() as f64 / all.max(1) as f64
    };
    let size = bytes(made) / bytes(own);
    size <= SMALLER || (size <= NO_LARGER && fast(made) >= fast(own) + FASTER_SHARE)
}

//! From model arguments to the variants of a run: the one loop over the sources of a model.
//!
//! What is here is used without asking the network, so that the same command gives the same files again. Otherwise sources are tried in
//! the order given, without mixing them: all variants of a model come from one source, or are made from files of it, as an F16 made
//! from one source's Q4_1 beside another's Q8_0 would be a baseline that is worse than what it is compared with. Several arguments are
//! the user's own mixture, and must be the same model.

use super::arg::ModelArg;
use super::bring::read_header;
use super::choice::{Choice, Wanted};
use super::error::FetchError;
use super::means::{Event, Means, Progress, Request, DEFAULT_VARIANTS};
use super::offer::{Beside, Offer, Shelf};
use super::pick::{names, pick, Pick, Picks, Stall};
use super::present::is_quantized;
use super::supply::{Breadth, Supply};
use super::CatalogError;
use std::collections::BTreeSet;

/// How much of a variant is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Its header.
    Headers,
    /// All of it, on this machine.
    Files,
}

/// Looks for the variants of a request.
pub(super) struct Chooser<'a, 'p> {
    pub request: &'a Request<'a>,
    pub means: &'a Means<'a>,
    pub depth: Depth,
    pub progress: &'a mut Progress<'p>,
}

/// What one source offers to one argument.
pub(super) struct Counter<'s> {
    pub supply: &'s dyn Supply,
    pub shelf: Shelf,
    /// All that the source has was looked at.
    is_whole: bool,
    pub is_only: bool,
}

impl Counter<'_> {
    pub fn stall(&self) -> Stall<'_> {
        Stall {
            offers: &self.shelf.offers,
            breadth: self.supply.breadth(),
            is_only: self.is_only,
        }
    }
}

/// Headers that are read of files whose names tell no type.
const MAX_DOUBTFUL: usize = 4;

type Supplies<'s> = Vec<Box<dyn Supply + 's>>;

impl Chooser<'_, '_> {
    /// Finds out what is wanted, and gets it.
    pub(super) fn choose(&mut self, args: &[ModelArg]) -> Result<Choice, CatalogError> {
        let means = self.means;
        let supplies: Vec<Supplies<'_>> = args.iter().map(|arg| arg.supplies(means)).collect();
        let n_sources = match args {
            [_] => supplies[0].len(),
            _ => 1,
        };
        // What is here.
        for source in 0..n_sources {
            let counters = self.known(args, &supplies, source)?;
            if let Some(choice) = self.complete(counters)? {
                return Ok(choice);
            }
        }
        let (mut tried, mut last_resort) = (Vec::new(), None);
        for source in 0..n_sources {
            let why = match self.asked(args, &supplies, source) {
                Ok(choice) => {
                    if !tried.is_empty() {
                        let label = supplies[0][source].label();
                        self.note(&format!("{}; used {label} instead", tried.join("; ")));
                    }
                    return Ok(choice);
                }
                Err(FetchError::Final(e)) => return Err(*e),
                Err(FetchError::Failed(why)) => why,
            };
            let mut counters = self.known(args, &supplies, source)?;
            for counter in &mut counters {
                counter.shelf.offers.retain(Offer::is_here);
            }
            let is_exact = |offer: &Offer| offer.ftype().is_some_and(|ftype| !is_quantized(ftype));
            let is_some = counters.iter().all(|counter| !counter.shelf.offers.is_empty());
            let is_some = is_some && self.can_do(&counters);
            if is_some && counters.iter().any(|counter| counter.shelf.offers.iter().any(is_exact)) {
                self.note(&format!(
                    "not all variants could be fetched ({why}); the rest is made from what is here"
                ));
                return self.finish(counters).map_err(|e| final_of(args, e));
            }
            tried.push(why);
            if is_some && last_resort.is_none() {
                last_resort = Some(counters);
            }
        }
        match last_resort {
            Some(counters) => {
                self.note(&format!(
                    "nothing more could be fetched ({}); using what is here",
                    tried.join("; ")
                ));
                self.finish(counters).map_err(|e| final_of(args, e))
            }
            None => Err(CatalogError::Unobtainable {
                model: described(args),
                tried,
            }),
        }
    }

    /// Whether everything that is wanted by name is there or can be made.
    fn can_do(&self, counters: &[Counter<'_>]) -> bool {
        let stalls: Vec<Stall<'_>> = counters.iter().map(Counter::stall).collect();
        pick(&stalls, self.request).unknown.is_empty()
    }

    pub(super) fn note(&mut self, text: &str) {
        (self.progress)(&Event::Note { text });
    }

    /// What is known without asking anybody.
    fn known<'s>(
        &mut self,
        args: &[ModelArg],
        supplies: &'s [Supplies<'_>],
        source: usize,
    ) -> Result<Vec<Counter<'s>>, CatalogError> {
        let counters = args.iter().zip(supplies).map(|(arg, supplies)| {
            let supply = supplies[source.min(supplies.len() - 1)].as_ref();
            let known = supply.known()?;
            let is_whole = known.is_whole;
            let shelf = Shelf::of(supply, known.files, arg.only.as_ref())?;
            let mut counter = Counter {
                supply,
                shelf,
                is_whole,
                is_only: arg.only.is_some(),
            };
            if is_whole || arg.only.is_some() {
                self.narrow(arg, &mut counter, &[])?;
            }
            self.settle(arg, &mut counter)?;
            Ok(counter)
        });
        counters.collect()
    }

    /// The choice, if everything that it needs is here and what it should be.
    fn complete(&mut self, counters: Vec<Counter<'_>>) -> Result<Option<Choice>, CatalogError> {
        if let Some(counter) = counters.iter().find(|c| c.shelf.offers.is_empty()) {
            // Nobody else has the user's own files.
            return match counter.supply.breadth() {
                Breadth::All => Err(self.nothing(counter)),
                _ => Ok(None),
            };
        }
        let stalls: Vec<Stall<'_>> = counters.iter().map(Counter::stall).collect();
        let picks = pick(&stalls, self.request);
        let is_here = |&(a, i): &(usize, usize)| counters[a].shelf.offers[i].is_here();
        let is_whole = counters.iter().all(|c| c.is_whole || c.is_only) || self.request.is_derived;
        let usual = |label: &&'static str| {
            let all = counters.iter().flat_map(|c| &c.shelf.offers);
            all.filter(|offer| offer.is_here())
                .any(|offer| offer.ftype() == Some(label))
        };
        let is_enough = is_whole
            || match self.request.wanted {
                [] => DEFAULT_VARIANTS.iter().all(usual),
                _ => !picks.picks.iter().any(|pick| matches!(pick, Pick::Make(_))) && picks.unknown.is_empty(),
            };
        if !is_enough || !needed(&picks).iter().all(is_here) {
            return Ok(None);
        }
        match self.finish(counters) {
            Ok(choice) => Ok(Some(choice)),
            // A file that was not what it should be, and is removed.
            Err(FetchError::Failed(_)) => Ok(None),
            Err(FetchError::Final(e)) => Err(*e),
        }
    }

    /// The choice, from what sources say that they have.
    fn asked(&mut self, args: &[ModelArg], supplies: &[Supplies<'_>], source: usize) -> Result<Choice, FetchError> {
        let mut counters = Vec::new();
        for (arg, supplies) in args.iter().zip(supplies) {
            let of = |supply: &dyn Supply| format!("{}: ", supply.label());
            let first = source.min(supplies.len() - 1);
            let mut tried = Vec::new();
            let n = if args.len() == 1 { 1 } else { supplies.len() };
            let mut found = None;
            for supply in supplies.iter().skip(first).take(n) {
                match supply.list() {
                    Ok(files) => {
                        found = Some((supply.as_ref(), files));
                        break;
                    }
                    Err(FetchError::Failed(why)) => tried.push(of(supply.as_ref()) + &why),
                    Err(e) => return Err(e),
                }
            }
            let (supply, files) = found.ok_or_else(|| FetchError::failed(tried.join("; ")))?;
            let there: Vec<String> = files.iter().map(|file| file.file.clone()).collect();
            let mut counter = Counter {
                supply,
                shelf: Shelf::of(supply, files, arg.only.as_ref())?,
                is_whole: true,
                is_only: arg.only.is_some(),
            };
            match self.narrow(arg, &mut counter, &there) {
                // Another source may have it.
                Err(e @ CatalogError::NoSuchFile { .. }) if supplies.len() > 1 => {
                    return Err(FetchError::failed(e.to_string()));
                }
                narrowed => narrowed?,
            }
            self.settle(arg, &mut counter)?;
            if counter.shelf.offers.is_empty() {
                return Err(match there.is_empty() && supply.owner().is_none() {
                    true => FetchError::failed(of(supply) + "has none of its files"),
                    false => self.nothing(&counter).into(),
                });
            }
            counters.push(counter);
        }
        let label = match counters.as_slice() {
            [one] => format!("{}: ", one.supply.label()),
            _ => String::new(),
        };
        self.look_closer(args, &mut counters)
            .and_then(|()| self.finish(counters))
            .map_err(|e| match e {
                FetchError::Failed(why) => FetchError::failed(label + &why),
                other => other,
            })
    }

    /// Names alone do not tell whether files of different names are one model: their headers do, before they are fetched.
    fn look_closer(&mut self, args: &[ModelArg], counters: &mut [Counter<'_>]) -> Result<(), FetchError> {
        let stalls: Vec<Stall<'_>> = counters.iter().map(Counter::stall).collect();
        let picks = pick(&stalls, self.request);
        let wanted = needed(&picks);
        let offer = |&(a, i): &(usize, usize)| &stalls[a].offers[i];
        let models: BTreeSet<_> = wanted
            .iter()
            .map(|place| (place.0, offer(place).name.model_words()))
            .collect();
        let places = stalls.iter().enumerate();
        let all = places.flat_map(|(a, stall)| (0..stall.offers.len()).map(move |i| (a, i)));
        // A file whose name tells no type may be any of those that are wanted.
        let mut doubtful: Vec<_> = all
            .filter(|place| offer(place).ftype().or(offer(place).own_label()).is_none())
            .collect();
        doubtful.truncate(MAX_DOUBTFUL);
        if models.len() > 1 {
            doubtful.extend(wanted);
        }
        doubtful.retain(|place| !offer(place).is_here() && offer(place).present.is_none());
        doubtful.sort_unstable();
        doubtful.dedup();
        let mut no_models = Vec::new();
        for (a, i) in doubtful {
            let counter = &mut counters[a];
            match read_header(counter.supply, &mut counter.shelf.offers[i]) {
                Ok(()) => {}
                Err(FetchError::Final(e)) if matches!(*e, CatalogError::Gguf(_)) => no_models.push((a, i, *e)),
                Err(e) => return Err(e),
            }
        }
        for (a, i, error) in no_models.into_iter().rev() {
            let shelf = &mut counters[a].shelf;
            let offer = shelf.offers.remove(i);
            shelf.beside.push(Beside::of(&offer, error));
        }
        for (arg, counter) in args.iter().zip(counters.iter_mut()) {
            self.settle(arg, counter)?;
            if counter.shelf.offers.is_empty() {
                return Err(self.nothing(counter).into());
            }
        }
        Ok(self.check_one_model(counters)?)
    }

    /// Gets what is wanted, and names it.
    fn finish(&mut self, mut counters: Vec<Counter<'_>>) -> Result<Choice, FetchError> {
        let stalls: Vec<Stall<'_>> = counters.iter().map(Counter::stall).collect();
        let picks = pick(&stalls, self.request);
        self.check_known(&picks, &counters)?;
        // The baseline first: it is what the rest could be made from, should the network fail half-way.
        for (a, i) in needed(&picks) {
            let Counter { supply, shelf, .. } = &mut counters[a];
            self.get(*supply, &mut shelf.offers[i])?;
        }
        self.check_one_model(&counters)?;
        // Headers may have told other types than names did.
        let stalls: Vec<Stall<'_>> = counters.iter().map(Counter::stall).collect();
        let ids = names(&stalls);
        let firsts: Vec<usize> = stalls
            .iter()
            .scan(0, |first, stall| {
                let own = *first;
                *first += stall.offers.len();
                Some(own)
            })
            .collect();
        let mut picked: Vec<Wanted> = Vec::new();
        for pick in &picks.picks {
            picked.push(match *pick {
                Pick::Offer(a, i) => Wanted::Offer(firsts[a] + i),
                Pick::Make(label) => Wanted::Make(label),
            });
        }
        let is_sorted = self.request.wanted.is_empty();
        let mut choice = Choice {
            offers: Vec::new(),
            beside: Vec::new(),
            picks: picked,
            source: picks.source.map(|(a, i)| firsts[a] + i),
        };
        for (counter, ids) in counters.into_iter().zip(ids) {
            let named = counter.shelf.offers.into_iter().zip(ids);
            choice.offers.extend(named.map(|(offer, id)| Offer { id, ..offer }));
            choice
                .beside
                .extend(counter.shelf.beside.into_iter().map(|beside| beside.passed));
        }
        if is_sorted {
            choice.sort();
            choice.add_made(self.request);
        }
        choice.put_first(self.request.baseline)?;
        if choice.picks.is_empty() {
            return Err(FetchError::failed("has none of the variants"));
        }
        Ok(choice)
    }
}

/// Offers that have to be got: the wanted ones and, where something is made, what it is made from.
fn needed(picks: &Picks) -> Vec<(usize, usize)> {
    let mut needed: Vec<(usize, usize)> = Vec::new();
    for pick in &picks.picks {
        match *pick {
            Pick::Offer(a, i) => needed.push((a, i)),
            Pick::Make(_) => needed.extend(picks.source.filter(|source| !needed.contains(source))),
        }
    }
    let mut seen = BTreeSet::new();
    needed.retain(|place| seen.insert(*place));
    needed
}

fn described(args: &[ModelArg]) -> String {
    match args {
        [one] => one.name().unwrap_or(&one.given).to_owned(),
        _ => args
            .iter()
            .map(|arg| arg.given.as_str())
            .collect::<Vec<_>>()
            .join(" and "),
    }
}

fn final_of(args: &[ModelArg], e: FetchError) -> CatalogError {
    match e {
        FetchError::Final(e) => *e,
        FetchError::Failed(why) => CatalogError::Unobtainable {
            model: described(args),
            tried: vec![why],
        },
    }
}

//! From model arguments to the variants of a run: what is here, then what sources say that they have.
//!
//! What is here is used without asking the network, so that the same command gives the same files again. Otherwise sources are tried in
//! the order given, without mixing them: all variants of a model come from one source, or are made from files of it, as an F16 made
//! from one source's Q4_1 beside another's Q8_0 would be a baseline that is worse than what it is compared with. Several arguments are
//! the user's own mixture, and must be the same model.

use super::arg::ModelArg;
use super::bring::{bring, read_header};
use super::choice::Choice;
use super::error::{CatalogError, FetchError};
use super::event::{Event, Progress};
use super::leave::{check_one_model, nothing};
use super::offer::{Beside, Offer};
use super::pick::{names, offers, pick, At, Pick};
use super::request::{Context, Request, DEFAULT_VARIANTS};
use super::shelf::Shelf;
use super::source::{first, Breadth, Known, Source};
use std::collections::BTreeSet;
use std::rc::Rc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    Headers,
    /// The same, and the headers of all that is offered beside what is wanted.
    AllHeaders,
    Files,
}

pub(super) struct Chooser<'a, 'p> {
    pub request: &'a Request<'a>,
    pub context: Context<'a>,
    pub depth: Depth,
    pub progress: &'a mut Progress<'p>,
}

/// Headers that are read of files whose names tell no type.
const MAX_DOUBTFUL: usize = 4;

/// For each argument the sources that are tried for it.
type Way<'s> = Vec<(&'s ModelArg, &'s [Rc<dyn Source>])>;

impl Chooser<'_, '_> {
    pub(super) fn choose<'s>(&mut self, args: &'s [ModelArg]) -> Result<Choice<'s>, CatalogError> {
        let ways: Vec<Way<'s>> = match args {
            [one] => one.sources.chunks(1).map(|source| vec![(one, source)]).collect(),
            _ => vec![args.iter().map(|arg| (arg, arg.sources.as_slice())).collect()],
        };
        for way in &ways {
            let shelves = self.known(way)?;
            if let Some(choice) = self.complete(shelves)? {
                return Ok(choice);
            }
        }
        let (mut tried, mut last_resort) = (Vec::new(), None);
        for way in &ways {
            let why = match self.asked(way) {
                Ok(choice) => {
                    if !tried.is_empty() {
                        let label = way[0].1[0].label();
                        self.note(&format!("{}; used {label} instead", tried.join("; ")));
                    }
                    return Ok(choice);
                }
                Err(FetchError::Final(e)) => return Err(*e),
                Err(FetchError::Failed(why)) => why,
            };
            let mut shelves = self.known(way)?;
            for shelf in &mut shelves {
                shelf.offers.retain(Offer::is_here);
            }
            let is_some = shelves.iter().all(|shelf| !shelf.offers.is_empty());
            let is_some = is_some && pick(&shelves, self.request).unknown.is_empty();
            if is_some && shelves.iter().any(|shelf| shelf.offers.iter().any(Offer::is_exact)) {
                self.note(&format!(
                    "not all variants could be fetched ({why}); the rest is made from what is here"
                ));
                return self.finish(shelves).map_err(|e| e.of(described(args)));
            }
            tried.push(why);
            last_resort = last_resort.or(Some(shelves).filter(|_| is_some));
        }
        let tried = tried.join("; ");
        let Some(shelves) = last_resort else {
            return Err(FetchError::Failed(tried).of(described(args)));
        };
        self.note(&format!("nothing more could be fetched ({tried}); using what is here"));
        self.finish(shelves).map_err(|e| e.of(described(args)))
    }

    fn note(&mut self, text: &str) {
        (self.progress)(&Event::Note { text });
    }

    /// What is known without asking anybody.
    fn known<'s>(&mut self, way: &Way<'s>) -> Result<Vec<Shelf<'s>>, CatalogError> {
        let shelves = way.iter().map(|&(arg, sources)| {
            let source: &'s dyn Source = sources[0].as_ref();
            let known = source.local(self.context.tools)?;
            let mut shelf = Shelf::of(source, known, arg.only.as_ref())?;
            if shelf.is_whole || shelf.is_only {
                self.request.narrow(arg, &mut shelf, &[], self.context.tools)?;
            }
            self.request.settle(arg, &mut shelf)?;
            Ok(shelf)
        });
        shelves.collect()
    }

    /// The choice, if everything that it needs is here and what it should be.
    fn complete<'s>(&mut self, shelves: Vec<Shelf<'s>>) -> Result<Option<Choice<'s>>, CatalogError> {
        if let Some(shelf) = shelves.iter().find(|shelf| shelf.offers.is_empty()) {
            // Nobody else has the user's own files.
            return match shelf.source.breadth() {
                Breadth::All => Err(nothing(shelf)),
                _ => Ok(None),
            };
        }
        let picks = pick(&shelves, self.request);
        let is_whole = shelves.iter().all(|shelf| shelf.is_whole || shelf.is_only) || self.request.is_derived;
        let usual = |label: &&'static str| {
            let mut all = shelves.iter().flat_map(|shelf| &shelf.offers);
            all.any(|offer| offer.is_here() && offer.ftype() == Some(label))
        };
        let is_enough = is_whole
            || match self.request.wanted {
                [] => DEFAULT_VARIANTS.iter().all(usual),
                _ => !picks.picks.iter().any(|pick| matches!(pick, Pick::Make(_))) && picks.unknown.is_empty(),
            };
        if !is_enough || !picks.needed().iter().all(|&(a, i)| shelves[a].offers[i].is_here()) {
            return Ok(None);
        }
        match self.finish(shelves) {
            Ok(choice) => Ok(Some(choice)),
            // A file that was not what it should be, and is removed.
            Err(FetchError::Failed(_)) => Ok(None),
            Err(FetchError::Final(e)) => Err(*e),
        }
    }

    /// The choice, from what sources say that they have.
    fn asked<'s>(&mut self, way: &Way<'s>) -> Result<Choice<'s>, FetchError> {
        let mut shelves = Vec::new();
        for &(arg, sources) in way {
            let list = |source: &'s dyn Source| Ok((source, source.list(self.context.tools)?));
            let (source, files) = first(sources, list)?;
            let there: Vec<String> = files.iter().map(|file| file.file.clone()).collect();
            let mut shelf = Shelf::of(source, Known::all(files.into_iter()), arg.only.as_ref())?;
            match self.request.narrow(arg, &mut shelf, &there, self.context.tools) {
                // Another source may have it.
                Err(e @ CatalogError::NoSuchFile { .. }) if arg.sources.len() > 1 => {
                    return Err(FetchError::failed(e.to_string()));
                }
                narrowed => narrowed?,
            }
            self.request.settle(arg, &mut shelf)?;
            if shelf.offers.is_empty() {
                return Err(match there.is_empty() && source.owner().is_none() {
                    true => FetchError::failed(format!("{}: has none of its files", source.label())),
                    false => nothing(&shelf).into(),
                });
            }
            shelves.push(shelf);
        }
        let label = match shelves.as_slice() {
            [one] => format!("{}: ", one.source.label()),
            _ => String::new(),
        };
        self.read_headers(way, &mut shelves)
            .and_then(|()| self.finish(shelves))
            .map_err(|e| match e {
                FetchError::Failed(why) => FetchError::Failed(label + &why),
                other => other,
            })
    }

    /// Names alone do not tell whether files of different names are one model: their headers do, before they are fetched.
    fn read_headers(&mut self, way: &Way<'_>, shelves: &mut [Shelf<'_>]) -> Result<(), FetchError> {
        let wanted = pick(shelves, self.request).needed();
        let offer = |&(a, i): &At| &shelves[a].offers[i];
        let models: BTreeSet<_> = wanted.iter().map(|at| (at.0, offer(at).name.model_words())).collect();
        // A file whose name tells no type may be any of those that are wanted.
        let is_doubtful = |at: &At| offer(at).is_untyped();
        let mut doubtful: Vec<At> = offers(shelves).filter(is_doubtful).take(MAX_DOUBTFUL).collect();
        if models.len() > 1 {
            doubtful.extend(wanted);
        }
        doubtful.retain(|at| !offer(at).is_here() && offer(at).local.is_none());
        doubtful.sort_unstable();
        doubtful.dedup();
        let mut no_models = Vec::new();
        for (a, i) in doubtful {
            let Shelf { source, offers, .. } = &mut shelves[a];
            match read_header(*source, &mut offers[i], self.context.tools) {
                Ok(()) => {}
                Err(FetchError::Final(e)) if matches!(*e, CatalogError::Gguf(_)) => no_models.push((a, i, *e)),
                Err(e) => return Err(e),
            }
        }
        for (a, i, error) in no_models.into_iter().rev() {
            let offer = shelves[a].offers.remove(i);
            shelves[a].beside.push(Beside::of(offer, error));
        }
        for (&(arg, _), shelf) in way.iter().zip(shelves.iter_mut()) {
            self.request.settle(arg, shelf)?;
            if shelf.offers.is_empty() {
                return Err(nothing(shelf).into());
            }
        }
        Ok(check_one_model(shelves)?)
    }

    fn finish<'s>(&mut self, mut shelves: Vec<Shelf<'s>>) -> Result<Choice<'s>, FetchError> {
        let picks = pick(&shelves, self.request);
        self.request.check_known(&picks, &shelves)?;
        // The baseline first: it is what the rest could be made from, should the network fail half-way.
        for (a, i) in picks.needed() {
            let Shelf { source, offers, .. } = &mut shelves[a];
            match (self.depth, &offers[i].local) {
                (Depth::Files, _) => bring(*source, &mut offers[i], self.context.tools, self.progress)?,
                (_, None) => read_header(*source, &mut offers[i], self.context.tools)?,
                (_, Some(_)) => {}
            }
        }
        check_one_model(&shelves)?;
        if self.depth == Depth::AllHeaders {
            for Shelf { source, offers, .. } in &mut shelves {
                for offer in offers.iter_mut().filter(|offer| offer.local.is_none()) {
                    (self.progress)(&Event::Reading { file: &offer.shown });
                    // Where it cannot be read, what its name tells has to do.
                    let _ = read_header(*source, offer, self.context.tools);
                }
            }
        }
        // Headers may have told other types than names did.
        let ids = names(&shelves);
        for (shelf, ids) in shelves.iter_mut().zip(ids) {
            for (offer, id) in shelf.offers.iter_mut().zip(ids) {
                offer.id = id;
            }
        }
        let mut choice = Choice {
            shelves,
            picks: picks.picks,
            source: picks.source,
        };
        if self.request.wanted.is_empty() {
            choice.sort();
            choice.add_made(self.request);
        }
        choice.put_first(self.request.baseline)?;
        match choice.picks.is_empty() {
            true => Err(FetchError::failed("has none of the variants")),
            false => Ok(choice),
        }
    }
}

fn described(args: &[ModelArg]) -> String {
    match args {
        [one] => one.described().to_owned(),
        _ => args
            .iter()
            .map(|arg| arg.given.as_str())
            .collect::<Vec<_>>()
            .join(" and "),
    }
}

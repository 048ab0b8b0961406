//! The header of one file of a model, without the rest of it where it lies on the Hub: [`header`].

use super::arg::ModelArg;
use super::error::{CatalogError, FetchError};
use super::leave::no_such_file;
use super::local_file::{join, read_parts};
use super::offer::{sets, Offer};
use super::only::Only;
use super::request::Context;
use super::shape::Shape;
use super::source::{first, Listed, Source, Tools};
use crate::data::FileKind;
use crate::gguf::{Gguf, GgufProblem};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// It, over all parts of a split model.
    pub gguf: Gguf,
    /// Where it was read, for people.
    pub location: String,
    /// The files, when they are on this machine; of a split model in order.
    pub paths: Vec<PathBuf>,
    /// Which part was named, and of how many.
    pub part: Option<(u64, u64)>,
    /// Parts that are not there: then the header is of the named one alone.
    pub missing: Vec<String>,
    /// Header and first bytes of each file, when they were asked for.
    heads: Vec<(Gguf, Vec<u8>)>,
}

impl Header {
    pub fn of_remote(gguf: Gguf, location: &str) -> Header {
        Header {
            location: location.to_owned(),
            paths: Vec::new(),
            part: gguf.part(),
            gguf,
            missing: Vec::new(),
            heads: Vec::new(),
        }
    }

    /// Of a file on this machine; of a split model any part may be named.
    pub fn of_file(path: &Path) -> Result<Header, CatalogError> {
        let named = Gguf::open(path)?;
        let part = named.part();
        let mut header = Header {
            paths: vec![path.to_owned()],
            ..Header::of_remote(named, &path.display().to_string())
        };
        if part.is_none() {
            return Ok(header);
        }
        match read_parts(path) {
            Ok((parts, paths)) => {
                header.gguf = join(parts).map_err(|problem| problem.at(path))?;
                header.paths = paths;
            }
            Err(e) => match e.problem {
                GgufProblem::PartsMissing { missing, .. } => header.missing = missing,
                // A part whose name tells of no others.
                GgufProblem::Unsuitable { .. } => {}
                _ => return Err(e.into()),
            },
        }
        Ok(header)
    }
}

/// Reads the header that `model` stands for: a .gguf file, or a model's file of `variant` (the best one when absent),
/// from this machine or, by range requests, from the Hub.
pub fn header(model: &str, variant: Option<&str>, context: Context<'_>) -> Result<Header, CatalogError> {
    read(model, variant, false, context)
}

/// The same; `keeps_heads`: with the bytes before the tensors.
fn read(model: &str, variant: Option<&str>, keeps_heads: bool, context: Context<'_>) -> Result<Header, CatalogError> {
    let path = Path::new(model);
    // A file's header tells what is wrong with it better than the search for a name.
    if fs::metadata(path).is_ok_and(|meta| !meta.is_dir()) {
        return Header::of_file(path);
    }
    let arg = ModelArg::parse(Some(model), context.catalog)?;
    // What the argument names, the variant, or any that may be a model.
    let is_meant = |offer: &Offer| match (&arg.only, variant) {
        (Some(only), _) => offer.may_be(only),
        (None, text) => text.is_none_or(|text| offer.is_called(text)) && offer.name.suspected() == FileKind::Model,
    };
    let here = |source: &dyn Source| {
        let found = local(source, &is_meant, variant, context.tools)?;
        found.ok_or_else(|| FetchError::failed("is not here"))
    };
    match first(&arg.sources, here) {
        Ok(path) => return Header::of_file(&path),
        Err(FetchError::Final(e)) => return Err(*e),
        Err(FetchError::Failed(_)) => {}
    }
    if let Some(own) = arg.sources.iter().find(|source| source.is_own() && arg.entry.is_none()) {
        return Err(match variant.or(arg.only.as_ref().map(Only::text)) {
            Some(text) => no_such_file(own.as_ref(), text, context.tools)?,
            None => CatalogError::nothing_left(&own.label(), ""),
        });
    }
    first(&arg.sources, |source| {
        remote(source, &is_meant, keeps_heads, context.tools)
    })
    .map_err(|e| e.of(arg.described().to_owned()))
}

/// The best file that is here, or that was made of one.
fn local(
    source: &dyn Source,
    is_meant: &dyn Fn(&Offer) -> bool,
    variant: Option<&str>,
    tools: Tools<'_>,
) -> Result<Option<PathBuf>, CatalogError> {
    let offers = offers(source, source.local(tools)?.files);
    let meant = offers.iter().filter(|offer| offer.is_here() && is_meant(offer));
    let found = meant.max_by_key(|offer| offer.rank());
    let found = found.and_then(|offer| offer.parts[0].path.clone());
    Ok(found.or_else(|| made(&offers, variant, tools)))
}

/// Those that are here are opened; where that fails, their names tell what they are.
fn offers(source: &dyn Source, files: Vec<Listed>) -> Vec<Offer> {
    let mut offers: Vec<Offer> = sets(files).into_iter().map(|parts| Offer::new(source, parts)).collect();
    for offer in &mut offers {
        let _ = offer.open();
    }
    offers
}

/// A file of random weights with the shape of a model, in the store: of a .gguf file, of a header on the Hub, or of a known model's
/// dimensions, where no file of it is needed.
pub fn shape(given: &str, context: Context<'_>) -> Result<PathBuf, CatalogError> {
    let path = Path::new(given);
    let named = context.catalog.find(given).filter(|_| !path.is_file());
    if let Some(entry) = named {
        let Some(dimensions) = &entry.shape else {
            let known = context.catalog.entries.iter().filter(|e| e.shape.is_some());
            let known: Vec<&str> = known.map(|e| e.name.as_str()).collect();
            return Err(CatalogError::Input(format!(
                "--shape {given}: its dimensions are not known; name a .gguf file, hf:owner/repo, or one of {}",
                known.join(", ")
            )));
        };
        let n_ctx_train = entry.n_ctx_train.unwrap_or(2048);
        return Shape::of_dimensions(&entry.name, n_ctx_train, dimensions).write(context.tools.store);
    }
    let header = read(given, None, true, context)?;
    let location = PathBuf::from(&header.location);
    if !header.missing.is_empty() {
        let (missing, count) = (header.missing, header.part.map_or(0, |(_, count)| count as u32));
        return Err(GgufProblem::PartsMissing { missing, count }.at(&location).into());
    }
    let heads = match header.heads.is_empty() {
        false => header.heads,
        true => {
            let head = |path: &PathBuf| {
                let gguf = Gguf::open(path)?;
                let mut head = vec![0; gguf.data_offset as usize];
                let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
                read.map_err(|e| GgufProblem::Unreadable(e.to_string()).at(path))?;
                Ok::<_, CatalogError>((gguf, head))
            };
            header.paths.iter().map(head).collect::<Result<_, _>>()?
        }
    };
    Shape::of_headers(&header.location, heads).write(context.tools.store)
}

/// A file of this variant that was made of one that is here.
fn made(offers: &[Offer], variant: Option<&str>, tools: Tools<'_>) -> Option<PathBuf> {
    let files = offers.iter().flat_map(|offer| &offer.parts);
    let sources = files.filter_map(|file| {
        file.sha256
            .clone()
            .or_else(|| tools.store.remembered(file.path.as_ref()?))
    });
    let mut made = sources.flat_map(|sha256| tools.store.made_of(&sha256));
    let (_, path) = made.find(|(ftype, _)| variant.is_some_and(|wanted| ftype.eq_ignore_ascii_case(wanted)))?;
    Some(path)
}

fn remote(
    source: &dyn Source,
    is_meant: &dyn Fn(&Offer) -> bool,
    keeps_heads: bool,
    tools: Tools<'_>,
) -> Result<Header, FetchError> {
    let offers = offers(source, source.list(tools)?);
    let meant = offers.iter().filter(|offer| is_meant(offer));
    let best = meant.max_by_key(|offer| offer.rank());
    let parts = &best.ok_or_else(|| FetchError::failed("has no such file"))?.parts;
    let heads = parts.iter().map(|part| source.header(part, keeps_heads, tools));
    let mut heads = heads.collect::<Result<Vec<_>, _>>()?;
    let location = source.location(&parts[0]);
    let gguf = join(heads.iter().map(|(gguf, _)| gguf.clone()).collect());
    let gguf = gguf.map_err(|problem| problem.at(Path::new(&location)))?;
    if !keeps_heads {
        heads.clear();
    }
    Ok(Header {
        heads,
        ..Header::of_remote(gguf, &location)
    })
}

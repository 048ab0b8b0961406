//! The header of one file of a model, without the rest of it where it lies on the Hub: [`header`].

use super::arg::ModelArg;
use super::error::{CatalogError, FetchError};
use super::label::FileName;
use super::local_file::{join, name_of, rank_of, read_parts};
use super::offer::{is_among, sets};
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
    /// Of a file that is not here.
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
            gguf: named,
            location: path.display().to_string(),
            paths: vec![path.to_owned()],
            part,
            missing: Vec::new(),
            heads: Vec::new(),
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
    let wanted = |parts: &[Listed]| is_meant(&arg, variant, parts);
    let here = |source: &dyn Source| {
        let found = local(source, &wanted, variant, context.tools)?;
        found.ok_or_else(|| FetchError::failed("is not here"))
    };
    match first(&arg.sources, here) {
        Ok(path) => return Header::of_file(&path),
        Err(FetchError::Final(e)) => return Err(*e),
        Err(FetchError::Failed(_)) => {}
    }
    if let Some(own) = arg.sources.iter().find(|source| source.is_own() && arg.entry.is_none()) {
        let location = own.label();
        let Some(text) = variant.or(arg.only.as_ref().map(Only::text)) else {
            return Err(CatalogError::nothing_left(&location, ""));
        };
        let files = own.local(context.tools)?.files.into_iter();
        let there: Vec<String> = files.map(|file| name_of(Path::new(&file.file))).take(12).collect();
        return Err(CatalogError::NoSuchFile {
            location,
            only: text.to_owned(),
            there: there.join(", "),
        });
    }
    first(&arg.sources, |source| {
        remote(source, &wanted, keeps_heads, context.tools)
    })
    .map_err(|e| e.of(arg.described().to_owned()))
}

/// The best file that is here, or that was made of one.
fn local(
    source: &dyn Source,
    is_meant: &dyn Fn(&[Listed]) -> bool,
    variant: Option<&str>,
    tools: Tools<'_>,
) -> Result<Option<PathBuf>, CatalogError> {
    let sets = sets(source.local(tools)?.files);
    let is_here = |parts: &&Vec<Listed>| parts.iter().all(|part| part.path.is_some());
    let meant = sets.iter().filter(is_here).filter(|parts| is_meant(parts));
    let found = best(meant).and_then(|parts| parts[0].path.clone());
    Ok(found.or_else(|| made(&sets, variant, tools)))
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

/// Whether these files are meant: what the argument names, the variant, or any that may be a model.
fn is_meant(arg: &ModelArg, variant: Option<&str>, parts: &[Listed]) -> bool {
    let name = FileName::parse(&parts[0].file);
    let is_named = arg.only.as_ref().is_some_and(|only| is_among(only, parts));
    let is_of = |text: &str| {
        let own = [ftype_of(parts).map(str::to_owned), name.full_label()];
        own.iter().flatten().any(|own| own.eq_ignore_ascii_case(text))
    };
    match (&arg.only, variant) {
        (Some(_), _) => is_named,
        (None, Some(text)) => is_of(text) && name.suspected() == FileKind::Model,
        (None, None) => name.suspected() == FileKind::Model,
    }
}

fn best<'l>(sets: impl Iterator<Item = &'l Vec<Listed>>) -> Option<&'l Vec<Listed>> {
    sets.max_by_key(|parts| ftype_of(parts).map(rank_of))
}

/// Declared, by the header of a file that is here, or by its name.
fn ftype_of(parts: &[Listed]) -> Option<&'static str> {
    let declared = parts[0].ftype;
    let found = || Gguf::open(parts[0].path.as_ref()?).ok()?.ftype_checked();
    declared
        .or_else(found)
        .or_else(|| FileName::parse(&parts[0].file).ftype())
}

/// A file of this variant that was made of one that is here.
fn made(sets: &[Vec<Listed>], variant: Option<&str>, tools: Tools<'_>) -> Option<PathBuf> {
    let files = sets.iter().flatten();
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
    is_meant: &dyn Fn(&[Listed]) -> bool,
    keeps_heads: bool,
    tools: Tools<'_>,
) -> Result<Header, FetchError> {
    let sets = sets(source.list(tools)?);
    let parts = best(sets.iter().filter(|parts| is_meant(parts)));
    let parts = parts.ok_or_else(|| FetchError::failed("has no such file"))?;
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

//! The header of one file of a model, without the rest of it where it lies on the Hub: [`header`].

use super::arg::{HubRef, ModelArg, Only};
use super::error::FetchError;
use super::hub::{Listing, RangeFile, RemoteFile, RepoAt};
use super::known::{variant_of_name, Entry, Source};
use super::obtain::{local_files, MAIN};
use super::resolve::Means;
use super::shape::Shape;
use super::source::{self, Present};
use super::{names, CatalogError};
use crate::gguf::{ftype_of, known_ftypes, Gguf, GgufError, GgufProblem};
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A header that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// It.
    pub gguf: Gguf,
    /// Where it was read, for people.
    pub place: String,
    /// The file, when it is on this machine.
    pub path: Option<PathBuf>,
    /// The bytes before the tensors, when it is not and they were asked for.
    pub head: Option<Vec<u8>>,
}

/// Reads the header that `model` stands for: a .gguf file, or a model's file of `variant` (the best one when absent),
/// from this machine or, by range requests, from the Hub.
pub fn header(model: &str, variant: Option<&str>, means: &Means<'_>) -> Result<Header, CatalogError> {
    read(model, variant, false, means)
}

/// The same; `keeps_head`: with its bytes, where the file is far away.
fn read(model: &str, variant: Option<&str>, keeps_head: bool, means: &Means<'_>) -> Result<Header, CatalogError> {
    let variant = match variant {
        None => None,
        Some(given) => Some(ftype_of(given).ok_or_else(|| CatalogError::UnknownVariant {
            given: given.to_owned(),
            known: known_ftypes().collect::<Vec<_>>().join(", "),
        })?),
    };
    let path = Path::new(model);
    // A file's header tells what is wrong with it better than the search for a name.
    if fs::metadata(path).is_ok_and(|meta| !meta.is_dir()) {
        return local(path);
    }
    match ModelArg::parse(Some(model), means.catalog)? {
        ModelArg::Builtin => local(&source::builtin(means.store)?.path),
        ModelArg::Path(path) if path.is_dir() => {
            let files = source::find(&path)?;
            let is_meant = |file: &&Present| variant.is_none_or(|variant| file.id == variant);
            let file = files
                .iter()
                .filter(is_meant)
                .max_by_key(|file| Present::rank_of(&file.id));
            match file {
                Some(file) => local(&file.path),
                None => Err(CatalogError::NoModels(path)),
            }
        }
        ModelArg::Path(path) => local(&path),
        ModelArg::Known(entry) => of_entry(&entry, variant, None, keeps_head, means),
        ModelArg::Hub(HubRef { repo, revision, only }) => {
            let entry = HubRef {
                repo,
                revision,
                only: None,
            }
            .entry();
            let only = only.or_else(|| variant.map(Only::Variant));
            of_entry(&entry, variant, only.as_ref(), keeps_head, means)
        }
    }
}

/// A file of random weights with the shape of a model, in the store: of a .gguf file, of a header on the Hub, or of a known model's
/// dimensions, where no file of it is needed.
pub fn shape(given: &str, means: &Means<'_>) -> Result<PathBuf, CatalogError> {
    let path = Path::new(given);
    let named = means.catalog.find(given).filter(|_| !path.is_file());
    if let Some(entry) = named {
        let Some(dimensions) = &entry.shape else {
            let known = means.catalog.entries.iter().filter(|e| e.shape.is_some());
            return Err(CatalogError::NoShape {
                given: given.to_owned(),
                known: known.map(|e| e.name.as_str()).collect::<Vec<_>>().join(", "),
            });
        };
        let n_ctx_train = entry.n_ctx_train.unwrap_or(2048);
        return Shape::of_dimensions(&entry.name, n_ctx_train, dimensions).write(means.store);
    }
    let header = read(given, None, true, means)?;
    let unreadable = |e: std::io::Error| {
        CatalogError::from(GgufError {
            path: PathBuf::from(&header.place),
            problem: GgufProblem::Unreadable(e.to_string()),
        })
    };
    let head = match &header.path {
        Some(path) => {
            let mut head = vec![0; header.gguf.data_offset as usize];
            let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
            read.map(|()| head)
        }
        None => header
            .head
            .clone()
            .ok_or_else(|| std::io::Error::other("its header was not kept")),
    };
    Shape::of_header(&header.place, &header.gguf, head.map_err(unreadable)?).write(means.store)
}

fn local(path: &Path) -> Result<Header, CatalogError> {
    Ok(Header {
        gguf: Gguf::open(path)?,
        place: path.display().to_string(),
        path: Some(path.to_owned()),
        head: None,
    })
}

fn of_entry(
    entry: &Entry,
    variant: Option<&'static str>,
    only: Option<&Only>,
    keeps_head: bool,
    means: &Means<'_>,
) -> Result<Header, CatalogError> {
    let is_meant = |id: &str, file: &str| variant.is_none_or(|v| v == id) && only.is_none_or(|only| only.is_of(file));
    let mut here = Vec::new();
    for source in &entry.sources {
        for (published, path) in local_files(source, means) {
            if is_meant(published.variant, &published.file) {
                here.push((published.variant.to_owned(), path.clone()));
            }
            let made = published.sha256.iter().flat_map(|sha256| means.store.made_of(sha256));
            here.extend(made.filter(|(id, _)| variant == Some(id) && only.is_none()));
        }
    }
    if let Some((_, path)) = here.into_iter().max_by_key(|(id, _)| Present::rank_of(id)) {
        return local(&path);
    }
    let mut tried = Vec::new();
    for source in &entry.sources {
        match remote(source, &is_meant, keeps_head, means) {
            Ok(header) => return Ok(header),
            Err(FetchError::Final(e)) => return Err(*e),
            Err(FetchError::Failed(why)) => tried.push(format!("{}: {why}", source.label())),
        }
    }
    Err(CatalogError::Unobtainable {
        model: entry.name.clone(),
        tried,
    })
}

fn remote(
    source: &Source,
    is_meant: &dyn Fn(&str, &str) -> bool,
    keeps_head: bool,
    means: &Means<'_>,
) -> Result<Header, FetchError> {
    let Source::Hub { repo, revision, files } = source else {
        return Err(FetchError::failed(
            "has no header to read from afar; `kvant models fetch` gets the file",
        ));
    };
    let revision = revision.as_deref().unwrap_or(MAIN);
    let at = RepoAt { repo, revision };
    let listing = means.hub.list(at)?;
    let variant_of = |file: &str| match files.iter().find(|known| known.file == file) {
        Some(known) => Some(known.variant),
        None => variant_of_name(file).filter(|_| files.is_empty()),
    };
    let meant = listing.files.iter().filter_map(|file| {
        let variant = variant_of(&file.file)?;
        is_meant(variant, &file.file).then_some((variant, file))
    });
    let (_, file) = meant
        .max_by_key(|(variant, _)| Present::rank_of(variant))
        .ok_or_else(|| FetchError::failed("has no such file"))?;
    let place = format!("hf:{repo}@{}:{}", listing.commit, names::shown(&file.file));
    let (gguf, head) = read_remote(means, at, &listing, file, &place, keeps_head)?;
    Ok(Header {
        gguf,
        place,
        path: None,
        head,
    })
}

/// A header by range requests; `keeps_head`: with its bytes.
pub(super) fn read_remote(
    means: &Means<'_>,
    at: RepoAt<'_>,
    listing: &Listing,
    file: &RemoteFile,
    place: &str,
    keeps_head: bool,
) -> Result<(Gguf, Option<Vec<u8>>), FetchError> {
    let mut input = means.hub.open(at, listing, file)?;
    let bytes = RangeFile::bytes(&input);
    let damaged = |problem| {
        CatalogError::from(GgufError {
            path: PathBuf::from(place),
            problem,
        })
    };
    let gguf = Gguf::read(&mut input, bytes);
    if let Some(failure) = input.take_failure() {
        return Err(failure);
    }
    let gguf = gguf.map_err(damaged)?;
    if !keeps_head {
        return Ok((gguf, None));
    }
    let mut head = vec![0; gguf.data_offset as usize];
    let again = input.seek(SeekFrom::Start(0)).and_then(|_| input.read_exact(&mut head));
    match (again, input.take_failure()) {
        (Ok(()), _) => Ok((gguf, Some(head))),
        (Err(_), Some(failure)) => Err(failure),
        (Err(e), None) => Err(damaged(GgufProblem::Unreadable(e.to_string())).into()),
    }
}

//! What the variants of a model will be, before any of them is fetched or made: [`look_ahead`].

use super::arg::{ModelArg, Only};
use super::error::FetchError;
use super::header::read_remote;
use super::hub::RepoAt;
use super::known::{Entry, Published, Source};
use super::obtain::{by_name, local_files, open_published, MAIN};
use super::resolve::{parse_variants, Means, Request};
use super::source::{builtin, find, Present};
use super::{names, CatalogError};
use crate::data::{ModelInfo, VariantInfo};
use crate::gguf::{Gguf, GgufError};
use std::path::PathBuf;

/// What a triage looks at unless told otherwise, of what a source publishes.
const CANDIDATES: &[&str] = &["F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0"];

/// A model whose files need not be here.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahead {
    /// The model.
    pub info: ModelInfo,
    /// Its variants: the wanted ones, or what the source publishes of the usual ones and this machine has.
    pub variants: Vec<AheadVariant>,
}

/// A variant that need not be here.
#[derive(Debug, Clone, PartialEq)]
pub struct AheadVariant {
    /// What is known of it. Without a hash where it is not here; types and sizes are expected ones where it is to be made.
    pub info: VariantInfo,
    /// Where it is.
    pub origin: Origin,
}

/// Where a variant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// On this machine.
    Here,
    /// At a source, so many bytes long.
    Remote {
        /// Bytes to fetch.
        bytes: u64,
    },
    /// It would be made from another one.
    ToMake,
}

/// Reads headers only: from files that are here, and from the Hub by range requests where something wanted is not. Nothing is written.
pub fn look_ahead(request: &Request<'_>, means: &Means<'_>) -> Result<Ahead, CatalogError> {
    let wanted = match request.wanted {
        [] => None,
        given => Some(parse_variants(given)?),
    };
    let (entry, only) = match ModelArg::parse(request.model, means.catalog)? {
        ModelArg::Builtin => return of_found(here(vec![builtin(means.store)?], means), wanted),
        ModelArg::Path(path) => return of_found(here(find(&path)?, means), wanted),
        ModelArg::Known(entry) => (entry, None),
        ModelArg::Hub(hub) => (hub.entry(), hub.only),
    };
    let look = Look {
        entry: &entry,
        only: only.as_ref(),
        wanted: wanted.as_deref(),
        means,
    };
    let mut tried = Vec::new();
    for source in &entry.sources {
        match look.at(source) {
            Ok(found) if found.is_empty() => tried.push(format!("{}: has none of the variants", source.label())),
            Ok(found) => return of_found(found, wanted),
            Err(FetchError::Final(e)) => return Err(*e),
            Err(FetchError::Failed(why)) => tried.push(format!("{}: {why}", source.label())),
        }
    }
    Err(CatalogError::Unobtainable {
        model: entry.name,
        tried,
    })
}

/// A header with its place.
struct Found {
    /// It was made from another one, here.
    is_made: bool,
    gguf: Gguf,
    info: ModelInfo,
    variant: VariantInfo,
    origin: Origin,
}

impl Found {
    fn of(present: Present, origin: Origin) -> Found {
        Found {
            is_made: false,
            variant: present.variant(String::new(), None),
            gguf: present.gguf,
            info: present.info,
            origin,
        }
    }
}

/// Files of this machine, and what was made of them.
fn here(files: Vec<Present>, means: &Means<'_>) -> Vec<Found> {
    // Where the hash of a file is not noted, nothing was made of it yet.
    let sources = files.iter().filter_map(|file| means.store.remembered(&file.path));
    let made: Vec<_> = sources.flat_map(|sha256| means.store.made_of(&sha256)).collect();
    let mut found: Vec<Found> = files.into_iter().map(|file| Found::of(file, Origin::Here)).collect();
    for (id, path) in made {
        let is_new = !is_among(&found, &id);
        if let Some(mut file) = Present::open(&path).ok().filter(|_| is_new) {
            file.id = id;
            let is_made = true;
            found.push(Found {
                is_made,
                ..Found::of(file, Origin::Here)
            });
        }
    }
    found
}

/// What is looked for, and with what.
struct Look<'a> {
    entry: &'a Entry,
    only: Option<&'a Only>,
    wanted: Option<&'a [&'static str]>,
    means: &'a Means<'a>,
}

impl Look<'_> {
    /// What one source has: the files of this machine, and where that is not enough what the Hub publishes.
    fn at(&self, source: &Source) -> Result<Vec<Found>, FetchError> {
        if *source == Source::Builtin {
            return Ok(here(vec![builtin(self.means.store)?], self.means));
        }
        let is_meant = |file: &str| self.only.is_none_or(|only| only.is_of(file));
        let files = local_files(source, self.means).into_iter();
        let files = files.filter(|(published, _)| is_meant(&published.file));
        let files = files.map(|(published, path)| open_published(self.entry, &published, &path));
        let mut found = here(files.collect::<Result<_, _>>()?, self.means);
        let enough = self.wanted.unwrap_or(super::DEFAULT_VARIANTS);
        if enough.iter().all(|id| is_among(&found, id)) {
            return Ok(found);
        }
        let looked = match source {
            Source::Hub { repo, revision, files } => {
                let revision = revision.as_deref().unwrap_or(MAIN);
                self.at_hub(RepoAt { repo, revision }, files, &mut found)
            }
            _ => Err(FetchError::failed(
                "has no header to read from afar; `kvant models fetch` gets the file",
            )),
        };
        match looked {
            Err(FetchError::Failed(_)) if !found.is_empty() => Ok(found),
            other => other.map(|()| found),
        }
    }

    /// Adds what a repository publishes of the wanted variants and `found` lacks.
    fn at_hub(&self, at: RepoAt<'_>, known: &[Published], found: &mut Vec<Found>) -> Result<(), FetchError> {
        let listing = self.means.hub.list(at)?;
        let published = match known.is_empty() {
            true => by_name(at.repo, &listing, self.only)?,
            false => known.to_vec(),
        };
        for file in chosen(&published, self.wanted, self.only.is_some()) {
            let remote = listing.files.iter().find(|r| r.file == file.file);
            let Some(remote) = remote.filter(|_| !is_among(found, file.variant)) else {
                continue;
            };
            let place = format!("hf:{}:{}", at.repo, names::shown(&remote.file));
            let (gguf, _) = read_remote(self.means, at, &listing, remote, &place, false)?;
            let of_file = |problem| {
                CatalogError::from(GgufError {
                    path: PathBuf::from(&place),
                    problem,
                })
            };
            gguf.check_generative().map_err(of_file)?;
            let present = Present {
                path: PathBuf::from(&remote.file),
                info: gguf.model_info(&self.entry.name).map_err(of_file)?,
                gguf,
                id: file.variant.to_owned(),
            };
            let bytes = remote.bytes;
            found.push(Found::of(present, Origin::Remote { bytes }));
        }
        Ok(())
    }
}

fn is_among(found: &[Found], id: &str) -> bool {
    found.iter().any(|f| f.variant.id == id)
}

/// The files whose headers are of use: the wanted ones; where none of them is published the best one, from which they would be made.
fn chosen<'a>(published: &'a [Published], wanted: Option<&[&'static str]>, is_only: bool) -> Vec<&'a Published> {
    let has = |id: &str| published.iter().any(|file| file.variant == id);
    let is_wanted = |file: &&Published| match wanted {
        _ if is_only => true,
        Some(wanted) => wanted.contains(&file.variant),
        // As exact as F16, and as large.
        None => CANDIDATES.contains(&file.variant) || (file.variant == "BF16" && !has("F16")),
    };
    let chosen: Vec<_> = published.iter().filter(is_wanted).collect();
    match chosen.is_empty() {
        true => published
            .iter()
            .max_by_key(|file| Present::rank_of(file.variant))
            .into_iter()
            .collect(),
        false => chosen,
    }
}

/// The wanted ones, and those that would be made from the best.
fn of_found(mut found: Vec<Found>, wanted: Option<Vec<&'static str>>) -> Result<Ahead, CatalogError> {
    // What was made comes after what it was made from.
    found.sort_by_key(|f| (f.is_made, std::cmp::Reverse(Present::rank_of(&f.variant.id))));
    let Some(best) = found.first() else {
        return Err(CatalogError::Unobtainable {
            model: "the model".into(),
            tried: vec!["it has no files".into()],
        });
    };
    let offered: Vec<&Found> = found.iter().filter(|f| !f.is_made).collect();
    let ids: Vec<String> = match wanted {
        Some(wanted) => wanted.into_iter().map(str::to_owned).collect(),
        None if offered.len() > 1 => offered.iter().map(|f| f.variant.id.clone()).collect(),
        None => super::DEFAULT_VARIANTS.iter().map(|id| (*id).to_owned()).collect(),
    };
    let variants = ids.into_iter().filter_map(|id| {
        if let Some(f) = found.iter().find(|f| f.variant.id == id) {
            return Some(AheadVariant {
                info: f.variant.clone(),
                origin: f.origin,
            });
        }
        Some(AheadVariant {
            info: expected(best, &id)?,
            origin: Origin::ToMake,
        })
    });
    Ok(Ahead {
        info: best.info.clone(),
        variants: variants.collect(),
    })
}

/// A variant of this label made from a file.
fn expected(from: &Found, label: &str) -> Option<VariantInfo> {
    let tensor_types = from.gguf.expected_types(label)?;
    let model_size = tensor_types.values().map(|share| share.bytes).sum();
    let n_params = from.variant.model_n_params;
    Some(VariantInfo {
        id: label.to_owned(),
        model_size,
        bpw: 8.0 * model_size as f64 / n_params.max(1) as f64,
        tensor_types,
        n_fallback: 0,
        ftype: Some(label.to_owned()),
        ..from.variant.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_of_what_can_be_the_answer() {
        let all: Vec<Published> = ["BF16", "F16", "Q8_0", "Q4_K_M", "IQ1_S"]
            .map(|variant| Published {
                variant,
                file: format!("{variant}.gguf"),
                sha256: None,
                bytes: None,
            })
            .to_vec();
        let of = |all: &[Published], wanted: Option<&[&'static str]>| -> Vec<&'static str> {
            chosen(all, wanted, false)
                .into_iter()
                .map(|file| file.variant)
                .collect()
        };
        assert_eq!(of(&all, None), ["F16", "Q8_0", "Q4_K_M"]);
        assert_eq!(of(&all[2..], None), ["Q8_0", "Q4_K_M"]);
        let without_f16 = [&all[..1], &all[2..3]].concat();
        assert_eq!(of(&without_f16, None), ["BF16", "Q8_0"], "as exact as F16");
        assert_eq!(of(&all, Some(&["IQ1_S"])), ["IQ1_S"]);
        assert_eq!(of(&all[2..], Some(&["Q6_K"])), ["Q8_0"], "what it would be made from");
        assert_eq!(chosen(&all[4..], None, true).len(), 1, "a file that was named");
    }
}

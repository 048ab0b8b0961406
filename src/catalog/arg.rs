//! The model argument: a name, a path, or `hf:owner/repo[@revision]`, each with `:VARIANT` or `:FILE.gguf` behind it.

use super::known::{Catalog, Entry, Source, BUILTIN_MODEL, DEFAULT_MODEL};
use super::label::FileName;
use super::means::Means;
use super::supply::{self, Builtin, Listed, OwnFile, OwnFolder, Supply};
use super::{names, CatalogError};
use std::fs;
use std::path::{Path, PathBuf};

/// What a model argument stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModelArg {
    /// As it was given.
    pub given: String,
    /// Where to look.
    pub place: Place,
    /// Only this of it.
    pub only: Option<Only>,
}

/// Where a model is looked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// The model inside this program.
    Builtin,
    /// A file or a folder.
    Path(PathBuf),
    /// A model with sources, or a repository of the Hub that no entry speaks of.
    Known(Entry),
}

/// `owner/repo[@revision][:variant]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRef {
    /// `owner/name`.
    pub repo: String,
    /// Branch, tag or commit.
    pub revision: Option<String>,
    /// Only this variant or file of it.
    pub only: Option<Only>,
}

/// Which file of a repository, a folder or a known model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// The one that is called so: by its file type, its label, or its name.
    Variant(String),
    /// The one of this path.
    File(String),
}

impl Only {
    /// Reads what follows the colon.
    fn parse(text: &str) -> Result<Only, String> {
        if text.to_ascii_lowercase().ends_with(".gguf") {
            names::check_file(text)?;
            return Ok(Only::File(text.to_owned()));
        }
        let is_good = !text.is_empty()
            && text.len() <= 96
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '/'));
        match is_good {
            true => Ok(Only::Variant(text.to_owned())),
            false => Err(format!(
                "'{}' is neither a variant nor a .gguf file",
                names::shown(text)
            )),
        }
    }

    /// Whether these parts, or one of them, may be meant.
    pub(super) fn is_among(&self, parts: &[Listed]) -> bool {
        parts.iter().any(|part| match self {
            Only::File(name) => part.file == *name || part.file.ends_with(&format!("/{name}")),
            Only::Variant(text) => {
                let is_same = |own: &str| own.eq_ignore_ascii_case(text);
                let name = FileName::parse(&part.file);
                let base = names::base_name(&part.file);
                let own = match &name.label {
                    Some(super::label::Label::Own(own)) => Some(own.as_str()),
                    _ => None,
                };
                // What only a header can tell is looked at when it was read.
                let is_unlabelled = name.label.is_none();
                is_unlabelled
                    || part.ftype.or(name.ftype()).or(own).is_some_and(is_same)
                    || name.full_label().as_deref().is_some_and(is_same)
                    || is_same(super::label::without_ending(base))
            }
        })
    }

    /// As the command line has it.
    pub(super) fn text(&self) -> &str {
        match self {
            Only::Variant(text) | Only::File(text) => text,
        }
    }
}

impl HubRef {
    /// Reads what follows `hf:`.
    pub fn parse(text: &str) -> Result<HubRef, CatalogError> {
        let wrong = |why: String| CatalogError::BadHubRef {
            given: names::shown(text),
            why,
        };
        let (rest, only) = match text.split_once(':') {
            Some((rest, only)) => (rest, Some(only)),
            None => (text, None),
        };
        let (repo, revision) = match rest.split_once('@') {
            Some((repo, revision)) => (repo, Some(revision)),
            None => (rest, None),
        };
        names::check_repo(repo).map_err(wrong)?;
        revision.map_or(Ok(()), names::check_revision).map_err(wrong)?;
        Ok(HubRef {
            repo: repo.to_owned(),
            revision: revision.map(str::to_owned),
            only: only.map(Only::parse).transpose().map_err(wrong)?,
        })
    }

    /// As a model with one source.
    pub(super) fn entry(&self) -> Entry {
        let name = names::base_name(&self.repo);
        Entry {
            name: name.trim_end_matches("-GGUF").trim_end_matches("-gguf").to_owned(),
            aliases: Vec::new(),
            license: None,
            size: None,
            n_ctx_train: None,
            shape: None,
            sources: vec![Source::Hub {
                repo: self.repo.clone(),
                revision: self.revision.clone(),
                files: Vec::new(),
            }],
        }
    }
}

impl ModelArg {
    /// A known name counts before a path of the same name (write `./name` for the path). `None` is the default model.
    pub(super) fn parse(model: Option<&str>, catalog: &Catalog) -> Result<ModelArg, CatalogError> {
        let given = model.unwrap_or(DEFAULT_MODEL);
        let arg = |place, only| ModelArg {
            given: given.to_owned(),
            place,
            only,
        };
        if let Some(text) = given.strip_prefix("hf:") {
            let hub = HubRef::parse(text)?;
            return Ok(arg(Place::Known(hub.entry()), hub.only));
        }
        if let Some(place) = place_of(given, catalog) {
            return Ok(arg(place, None));
        }
        // A colon in the name of a file is no sign.
        if let Some((rest, only)) = given.rsplit_once(':') {
            if let (Some(place), Ok(only)) = (place_of(rest, catalog), Only::parse(only)) {
                if !matches!(&place, Place::Path(path) if !path.is_dir()) {
                    return Ok(arg(place, Some(only)));
                }
            }
        }
        Err(CatalogError::NotFound {
            given: given.to_owned(),
            similar: catalog.similar(given).into_iter().map(str::to_owned).collect(),
        })
    }

    /// What to call the model; `None` where its files say.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.place {
            Place::Builtin => Some("built-in"),
            Place::Path(_) => None,
            Place::Known(entry) => Some(&entry.name),
        }
    }

    /// Its sources, in the order in which they are tried.
    pub(super) fn supplies<'a>(&'a self, means: &'a Means<'a>) -> Vec<Box<dyn Supply + 'a>> {
        match &self.place {
            Place::Builtin => vec![Box::new(Builtin { store: means.store })],
            Place::Path(path) if path.is_dir() => vec![Box::new(OwnFolder { path: path.clone() })],
            Place::Path(path) => vec![Box::new(OwnFile { path: path.clone() })],
            Place::Known(entry) => entry.sources.iter().map(|source| supply::open(source, means)).collect(),
        }
    }
}

fn place_of(given: &str, catalog: &Catalog) -> Option<Place> {
    if let Some(entry) = catalog.find(given) {
        return Some(match entry.is_called(BUILTIN_MODEL) {
            true => Place::Builtin,
            false => Place::Known(entry.clone()),
        });
    }
    let is_there = !given.is_empty() && fs::symlink_metadata(given).is_ok();
    is_there.then(|| Place::Path(Path::new(given).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_references_are_read() {
        let parsed = HubRef::parse("a/b@refs/pr/1:q4_k_m").expect("valid");
        assert_eq!(
            (parsed.repo.as_str(), parsed.revision.as_deref()),
            ("a/b", Some("refs/pr/1"))
        );
        assert_eq!(parsed.only, Some(Only::Variant("q4_k_m".into())));
        let parsed = HubRef::parse("a/b-GGUF:x/y.gguf").expect("valid");
        assert_eq!(parsed.only, Some(Only::File("x/y.gguf".into())));
        assert_eq!(parsed.entry().name, "b");
        for bad in [
            "",
            "a",
            "a/b:",
            "a/b:../x.gguf",
            "a/b@",
            "a/b@../..",
            "../../x",
            "a/b:Q 9",
            "a/b c",
        ] {
            let error = HubRef::parse(bad).expect_err(bad);
            assert_eq!(error.class().exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn names_come_before_paths_and_unknown_ones_get_help() {
        let catalog = Catalog::shipped().expect("sound");
        let parse = |arg| ModelArg::parse(arg, &catalog);
        let place = |arg| parse(arg).expect("it is there").place;
        assert_eq!(place(Some("built-in")), Place::Builtin);
        assert!(matches!(place(None), Place::Known(entry) if entry.name == DEFAULT_MODEL));
        assert!(matches!(place(Some("src")), Place::Path(_)));
        let one = parse(Some("src:UD-Q4_K_XL")).expect("a folder");
        assert_eq!(
            (one.place, one.only),
            (Place::Path("src".into()), Some(Only::Variant("UD-Q4_K_XL".into())))
        );
        let one = parse(Some("smollm2-135m:q8_0")).expect("a known model");
        assert_eq!(one.only, Some(Only::Variant("q8_0".into())));
        for bad in ["src:", "nowhere:Q8_0", "Cargo.toml:Q8_0"] {
            assert!(parse(Some(bad)).is_err(), "{bad}");
        }
        let error = parse(Some("SmolLM2-135")).expect_err("unknown").to_string();
        assert!(
            error.contains("SmolLM2-135M-Instruct") && error.contains("kvant models"),
            "{error}"
        );
    }
}

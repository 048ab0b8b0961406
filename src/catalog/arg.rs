//! The model argument: a name, a path, or `hf:owner/repo[@revision][:variant]`.

use super::known::{variant_of_name, Catalog, Entry, Source, BUILTIN_MODEL, DEFAULT_MODEL};
use super::{names, CatalogError};
use crate::gguf::ftype_of;
use std::fs;
use std::path::{Path, PathBuf};

/// What the model argument stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ModelArg {
    /// The model inside this program.
    Builtin,
    /// A file or a folder.
    Path(PathBuf),
    /// A model with sources.
    Known(Entry),
    /// A repository of the Hub that no entry speaks of.
    Hub(HubRef),
}

/// `hf:owner/repo[@revision][:variant]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRef {
    /// `owner/name`.
    pub repo: String,
    /// Branch, tag or commit.
    pub revision: Option<String>,
    /// Only this variant or file of it.
    pub only: Option<Only>,
}

/// Which file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// The one of this variant.
    Variant(&'static str),
    /// The one of this name.
    File(String),
}

impl Only {
    /// Whether a file of this name is meant.
    pub(super) fn is_of(&self, file: &str) -> bool {
        match self {
            Only::Variant(variant) => variant_of_name(file) == Some(*variant),
            Only::File(name) => file == name,
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
        let only = match only {
            None => None,
            Some(file) if file.to_ascii_lowercase().ends_with(".gguf") => {
                names::check_file(file).map_err(wrong)?;
                Some(Only::File(file.to_owned()))
            }
            Some(label) => {
                let unknown = || {
                    wrong(format!(
                        "'{}' is neither a variant nor a .gguf file",
                        names::shown(label)
                    ))
                };
                Some(Only::Variant(ftype_of(label).ok_or_else(unknown)?))
            }
        };
        Ok(HubRef {
            repo: repo.to_owned(),
            revision: revision.map(str::to_owned),
            only,
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
        let arg = model.unwrap_or(DEFAULT_MODEL);
        if let Some(text) = arg.strip_prefix("hf:") {
            return Ok(ModelArg::Hub(HubRef::parse(text)?));
        }
        if let Some(entry) = catalog.find(arg) {
            return Ok(match entry.is_called(BUILTIN_MODEL) {
                true => ModelArg::Builtin,
                false => ModelArg::Known(entry.clone()),
            });
        }
        if fs::symlink_metadata(arg).is_ok() {
            return Ok(ModelArg::Path(Path::new(arg).to_owned()));
        }
        Err(CatalogError::NotFound {
            given: arg.to_owned(),
            similar: catalog.similar(arg).into_iter().map(str::to_owned).collect(),
        })
    }
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
        assert_eq!(parsed.only, Some(Only::Variant("Q4_K_M")));
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
            "a/b:Q9",
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
        assert_eq!(parse(Some("built-in")), Ok(ModelArg::Builtin));
        assert!(matches!(parse(None), Ok(ModelArg::Known(entry)) if entry.name == DEFAULT_MODEL));
        assert!(matches!(parse(Some("src")), Ok(ModelArg::Path(_))));
        let error = parse(Some("SmolLM2-135")).expect_err("unknown").to_string();
        assert!(
            error.contains("SmolLM2-135M-Instruct") && error.contains("kvant models"),
            "{error}"
        );
    }
}

//! The model argument: a name, a path, or what one of the kinds of sources reads (`hf:owner/repo[@revision]`), each with `:VARIANT` or
//! `:FILE.gguf` behind it.

use super::error::CatalogError;
use super::known::{Catalog, Entry, DEFAULT_MODEL};
use super::names::BUILTIN_MODEL;
use super::only::Only;
use super::request::{Context, Request};
use super::source::{self, Given, Sources};
use std::fs;

#[derive(Debug, Clone)]
pub(super) struct ModelArg {
    pub given: String,
    /// What to call the model; `None` where its files say.
    pub name: Option<String>,
    /// Where its files come from, in the order in which they are tried.
    pub sources: Sources,
    pub only: Option<Only>,
    /// The known model that it is, or that stands for it.
    pub entry: Option<Entry>,
}

impl ModelArg {
    /// A known name counts before a path of the same name (write `./name` for the path). `None` is the default model.
    pub(super) fn parse(model: Option<&str>, catalog: &Catalog) -> Result<ModelArg, CatalogError> {
        let given = model.unwrap_or(DEFAULT_MODEL);
        if let Some(read) = source::read(given) {
            let Given { name, source, only } = read?;
            let entry = Some(Entry::of_one(name.as_deref().unwrap_or(given), source.clone()));
            return Ok(ModelArg {
                given: given.to_owned(),
                name,
                sources: vec![source],
                only,
                entry,
            });
        }
        if let Some(arg) = ModelArg::find(given, catalog) {
            return Ok(arg);
        }
        // A colon in the name of a file is no sign.
        if let Some((rest, only)) = given.rsplit_once(':') {
            if let (Some(arg), Ok(only)) = (ModelArg::find(rest, catalog), Only::parse(only)) {
                if arg.entry.is_some() || fs::metadata(rest).is_ok_and(|meta| meta.is_dir()) {
                    return Ok(ModelArg {
                        given: given.to_owned(),
                        only: Some(only),
                        ..arg
                    });
                }
            }
        }
        Err(CatalogError::not_found(given, &catalog.similar(given)))
    }

    /// All arguments of a request, each once.
    pub(super) fn all(request: &Request<'_>, context: Context<'_>) -> Result<Vec<ModelArg>, CatalogError> {
        if request.models.is_empty() {
            return Ok(vec![ModelArg::parse(None, context.catalog)?]);
        }
        let mut args: Vec<ModelArg> = Vec::new();
        for model in request.models {
            let arg = ModelArg::parse(Some(model), context.catalog)?;
            if args.iter().all(|known| known.identity() != arg.identity()) {
                args.push(arg);
            }
        }
        Ok(args)
    }

    fn identity(&self) -> (&Option<String>, Vec<String>, &Option<Only>) {
        let labels = self.sources.iter().map(|source| source.label());
        (&self.name, labels.collect(), &self.only)
    }

    pub(super) fn described(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.given)
    }

    fn find(given: &str, catalog: &Catalog) -> Option<ModelArg> {
        let arg = |name, sources, entry| ModelArg {
            given: given.to_owned(),
            name,
            sources,
            only: None,
            entry,
        };
        if let Some(entry) = catalog.find(given) {
            let name = match entry.is_called(BUILTIN_MODEL) {
                true => "built-in",
                false => &entry.name,
            };
            return Some(arg(Some(name.to_owned()), entry.sources.clone(), Some(entry.clone())));
        }
        let is_there = !given.is_empty() && fs::symlink_metadata(given).is_ok();
        is_there.then(|| arg(None, vec![source::own(given.into())], None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_paths_and_unknown_ones_get_help() {
        let catalog = Catalog::shipped().expect("sound");
        let parse = |arg| ModelArg::parse(arg, &catalog);
        let name = |arg| parse(arg).expect("it is there").name;
        assert_eq!(name(Some("built-in")).as_deref(), Some("built-in"));
        assert_eq!(name(None).as_deref(), Some(DEFAULT_MODEL));
        assert_eq!(name(Some("src")), None);
        let one = parse(Some("src:UD-Q4_K_XL")).expect("a folder");
        assert_eq!(
            (one.sources[0].label().as_str(), one.only),
            ("src", Some(Only::Variant("UD-Q4_K_XL".into())))
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

//! models.toml to entries. Every error names the file, the line and the key.

use super::entry::{Dimensions, Entry};
use crate::catalog::error::CatalogError;
use crate::catalog::names;
use crate::catalog::source::{kind, kind_names, Fields, Listed, Source};
use crate::gguf::{ftype_of, known_ftypes};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    model: Vec<RawModel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModel {
    name: Spanned<String>,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    license: Option<String>,
    size: Option<String>,
    n_ctx_train: Option<u32>,
    shape: Option<Spanned<Dimensions>>,
    #[serde(default)]
    source: Vec<Spanned<RawSource>>,
}

/// A source: its kind, the texts that the kind asks for, and its files.
#[derive(Default)]
struct RawSource {
    kind: Option<Spanned<String>>,
    texts: BTreeMap<String, Spanned<String>>,
    variants: BTreeMap<String, Spanned<RawPublished>>,
}

impl<'de> Deserialize<'de> for RawSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = RawSource;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a source")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawSource, A::Error> {
                let mut raw = RawSource::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "kind" => raw.kind = Some(map.next_value()?),
                        "variants" => raw.variants = map.next_value()?,
                        _ => drop(raw.texts.insert(key, map.next_value()?)),
                    }
                }
                Ok(raw)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPublished {
    file: Spanned<String>,
    sha256: Option<Spanned<String>>,
    bytes: Option<u64>,
}

/// The entries of a file's text. `folder` is what relative paths of `file` sources start from.
pub(super) fn entries(text: &str, file: &str, folder: &Path) -> Result<Vec<Entry>, CatalogError> {
    let at = CatalogText { text, file };
    let raw: RawFile = toml::from_str(text).map_err(|e| at.syntax(&e))?;
    let mut entries: Vec<Entry> = Vec::new();
    for model in raw.model {
        for name in std::iter::once(&model.name).chain(&model.aliases) {
            check_name(name.get_ref()).map_err(|why| at.error(&name.span(), "name", why))?;
            if entries.iter().any(|entry| entry.is_called(name.get_ref())) {
                let why = format!("two models are called '{}'; rename one", name.get_ref());
                return Err(at.error(&name.span(), "name", why));
            }
        }
        if model.source.is_empty() {
            let why = "this model has no [[model.source]]; say where its files come from";
            return Err(at.error(&model.name.span(), "source", why));
        }
        if let Some(shape) = &model.shape {
            shape
                .get_ref()
                .check()
                .map_err(|why| at.error(&shape.span(), "shape", why))?;
        }
        let sources = model.source.into_iter().map(|source| at.source(source, folder));
        entries.push(Entry {
            name: model.name.into_inner(),
            aliases: model.aliases.into_iter().map(Spanned::into_inner).collect(),
            license: model.license,
            size: model.size,
            n_ctx_train: model.n_ctx_train,
            shape: model.shape.map(Spanned::into_inner),
            sources: sources.collect::<Result<_, _>>()?,
        });
    }
    Ok(entries)
}

/// A name must not look like the other ways to name a model.
fn check_name(name: &str) -> Result<(), String> {
    let is_good = names::is_plain(name) && !name.to_ascii_lowercase().ends_with(".gguf");
    match is_good {
        true => Ok(()),
        false => Err(format!(
            "'{}' cannot be a model's name; use letters, digits, `.`, `_` and `-`, and no ending `.gguf`",
            names::shown(name)
        )),
    }
}

struct CatalogText<'a> {
    text: &'a str,
    file: &'a str,
}

impl CatalogText<'_> {
    fn error(&self, span: &Range<usize>, key: &str, why: impl Display) -> CatalogError {
        CatalogError::Input(format!("{}:{}: {key}: {why}", self.file, self.line(span.start)))
    }

    fn line(&self, byte: usize) -> usize {
        let before = self.text.as_bytes().get(..byte).unwrap_or_default();
        before.iter().filter(|&&b| b == b'\n').count() + 1
    }

    /// What the TOML parser or serde complains of. The key is the one on that line.
    fn syntax(&self, e: &toml::de::Error) -> CatalogError {
        let start = e.span().map_or(0, |span| span.start);
        let line = self.text.lines().nth(self.line(start) - 1).unwrap_or("");
        let key = line
            .split(['=', '#'])
            .next()
            .unwrap_or("")
            .trim()
            .trim_matches(['[', ']']);
        let why = e.message().lines().collect::<Vec<_>>().join(", ");
        self.error(
            &(start..start),
            &names::shown(key),
            format!("{why}; docs/models.md lists the keys"),
        )
    }

    fn source(&self, source: Spanned<RawSource>, folder: &Path) -> Result<Rc<dyn Source>, CatalogError> {
        let span = source.span();
        let raw = source.into_inner();
        let given = raw.kind.ok_or_else(|| {
            let why = format!("this source has no kind; use {}", kind_names());
            self.error(&span, "kind", why)
        })?;
        let name = given.get_ref();
        let kind = kind(name).ok_or_else(|| {
            let why = format!("unknown kind '{}'; use {}", names::shown(name), kind_names());
            self.error(&given.span(), "kind", why)
        })?;
        if let Some((key, text)) = raw.texts.iter().find(|(key, _)| !kind.keys.contains(&key.as_str())) {
            let why = format!(
                "a source of kind '{name}' has no key '{}'; remove it",
                names::shown(key)
            );
            return Err(self.error(&text.span(), &names::shown(key), why));
        }
        (kind.open)(&Fields {
            kind: kind.name,
            texts: &raw.texts,
            files: self.files(&raw.variants, kind.is_pinned)?,
            folder,
            span,
            error: &|span, key, why| self.error(span, key, why),
        })
    }

    /// The files of a source; what nothing else vouches for must be pinned.
    fn files(
        &self,
        variants: &BTreeMap<String, Spanned<RawPublished>>,
        is_pinned: bool,
    ) -> Result<Vec<Listed>, CatalogError> {
        let mut files = Vec::new();
        for (label, published) in variants {
            let span = published.span();
            let raw = published.get_ref();
            let key = format!("variants.{}", names::shown(label));
            let variant = ftype_of(label).ok_or_else(|| {
                let known = known_ftypes().collect::<Vec<_>>().join(", ");
                self.error(&span, &key, format!("unknown variant; use one of {known}"))
            })?;
            names::check_file(raw.file.get_ref()).map_err(|why| self.error(&raw.file.span(), "file", why))?;
            let sha256 = raw.sha256.as_ref().map(|sha| {
                let text = sha.get_ref().to_ascii_lowercase();
                match names::is_sha256(&text) {
                    true => Ok(text),
                    false => Err(self.error(&sha.span(), "sha256", "must be the 64 hex digits that sha256sum prints")),
                }
            });
            let sha256 = sha256.transpose()?;
            if is_pinned && (sha256.is_none() || raw.bytes.is_none()) {
                let why = "a file of this source needs `sha256` and `bytes`, as nothing else vouches for it";
                return Err(self.error(&span, &key, why));
            }
            files.push(Listed {
                file: raw.file.get_ref().clone(),
                ftype: Some(variant),
                bytes: raw.bytes,
                sha256,
                path: None,
            });
        }
        Ok(files)
    }
}

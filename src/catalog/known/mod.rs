//! The models known by name: [`Catalog`], from the models.toml that is built in, the user's own, and `--catalog`.

mod entry;
mod parse;
#[cfg(test)]
mod tests;

pub use entry::{Dimensions, Entry};

use super::error::CatalogError;
use super::names::BUILTIN_MODEL;
use super::store::folder_of;
use std::fs;
use std::path::{Path, PathBuf};

const SHIPPED: &str = include_str!("../../../models.toml");
/// The model that is measured when none is named.
pub const DEFAULT_MODEL: &str = "SmolLM2-135M-Instruct";
#[derive(Debug, Clone)]
pub struct Catalog {
    /// In the order of the files; a later entry of the same name has taken the place of an earlier one.
    pub entries: Vec<Entry>,
}

impl Catalog {
    pub fn shipped() -> Result<Catalog, CatalogError> {
        Catalog::from_text(SHIPPED, "models.toml")
    }

    /// The models of a text; errors call it `name`.
    pub fn from_text(text: &str, name: &str) -> Result<Catalog, CatalogError> {
        let entries = parse::entries(text, name, Path::new("."))?;
        Ok(Catalog { entries })
    }

    /// The shipped models, the user's (`$XDG_CONFIG_HOME/kvant/models.toml`), and those of `extra`.
    pub fn load(extra: Option<&Path>) -> Result<Catalog, CatalogError> {
        let mut catalog = Catalog::shipped()?;
        if let Some(own) = own_file().filter(|path| path.exists()) {
            catalog.extend(&own)?;
        }
        if let Some(path) = extra {
            catalog.extend(path)?;
        }
        Ok(catalog)
    }

    fn extend(&mut self, path: &Path) -> Result<(), CatalogError> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|e| {
            CatalogError::Input(format!(
                "{name}: cannot be read ({e}); check the path and its permissions"
            ))
        })?;
        for entry in parse::entries(&text, &name, path.parent().unwrap_or(Path::new(".")))? {
            if entry.is_called(BUILTIN_MODEL) {
                let why = "'builtin' is the model inside kvant; choose another name";
                return Err(CatalogError::Input(format!("{name}:1: name: {why}")));
            }
            self.entries.retain(|known| !known.is_called(&entry.name));
            self.entries.push(entry);
        }
        Ok(())
    }

    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.is_called(name))
    }

    /// Names that have something in common with `given`, for an error message.
    pub fn similar(&self, given: &str) -> Vec<&str> {
        let given = given.to_ascii_lowercase();
        let words: Vec<&str> = given.split(['-', '_', '.', ' ', '/']).filter(|w| w.len() > 2).collect();
        let is_similar = |entry: &&Entry| {
            let name = entry.name.to_ascii_lowercase();
            words.iter().any(|word| name.contains(word))
        };
        self.entries
            .iter()
            .filter(is_similar)
            .map(|entry| entry.name.as_str())
            .collect()
    }
}

pub fn own_file() -> Option<PathBuf> {
    let config = folder_of("XDG_CONFIG_HOME").or_else(|| Some(folder_of("HOME")?.join(".config")))?;
    Some(config.join("kvant").join("models.toml"))
}

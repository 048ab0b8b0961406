//! What follows the colon of a model argument: `:VARIANT` or `:FILE.gguf`.

use super::names;

/// Which file of a repository, a folder or a known model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// The one that is called so: by its file type, its label, or its name.
    Variant(String),
    File(String),
}

impl Only {
    pub(super) fn parse(text: &str) -> Result<Only, String> {
        if text.to_ascii_lowercase().ends_with(".gguf") {
            names::check_file(text)?;
            return Ok(Only::File(text.to_owned()));
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '/');
        match !text.is_empty() && text.len() <= 96 && text.chars().all(is_plain) {
            true => Ok(Only::Variant(text.to_owned())),
            false => Err(format!(
                "'{}' is neither a variant nor a .gguf file",
                names::shown(text)
            )),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Only::Variant(text) | Only::File(text) => text,
        }
    }
}

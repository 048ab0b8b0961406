//! Words, templates and genres of a language, as its file in assets/corpus has them.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grammar {
    /// The genres that are drawn from, each as often as it stands here.
    #[serde(default)]
    pub(super) genres: Vec<String>,
    #[serde(default)]
    pub(super) instructions: BTreeMap<String, String>,
    #[serde(default)]
    texts: BTreeMap<String, String>,
    words: BTreeMap<String, Vec<String>>,
    /// What is replaced by what in a finished document.
    #[serde(default)]
    pub(super) replace: Vec<(String, String)>,
}

pub(super) static ENGLISH: LazyLock<Grammar> = LazyLock::new(|| of(include_str!("../../assets/corpus/english.toml")));
pub(super) static SPANISH: LazyLock<Grammar> = LazyLock::new(|| of(include_str!("../../assets/corpus/spanish.toml")));
pub(super) static TECHNICAL: LazyLock<Grammar> =
    LazyLock::new(|| of(include_str!("../../assets/corpus/technical.toml")));
static NAMES: LazyLock<Grammar> = LazyLock::new(|| of(include_str!("../../assets/corpus/names.toml")));

fn of(text: &str) -> Grammar {
    toml::from_str(text).expect("the tests of the corpus read every file")
}

impl Grammar {
    /// The alternatives of a rule; none when there is no such rule.
    pub(super) fn words(&'static self, key: &str) -> &'static [String] {
        let found = self.words.get(key).or_else(|| NAMES.words.get(key));
        found.map_or(&[], Vec::as_slice)
    }

    pub(super) fn text(&'static self, key: &str) -> Option<&'static str> {
        let found = self.texts.get(key).or_else(|| NAMES.texts.get(key));
        found.map(String::as_str)
    }
}

pub(super) fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Every word with a capital.
pub(super) fn title(text: &str) -> String {
    text.split(' ').map(capitalise).collect::<Vec<_>>().join(" ")
}

/// "a lamp", "an orange lamp". The word lists hold no word where sound and spelling disagree.
pub(super) fn with_article(text: &str) -> String {
    let article = if text.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {text}")
}

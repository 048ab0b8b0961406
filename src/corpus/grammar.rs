//! A small template grammar: rules by name, slots in braces, and bindings that keep a document's facts fixed.
//!
//! `{key}` is a binding or, failing that, a rule of which one alternative is drawn; `{^key}` starts with a capital;
//! `{a key}` puts the English article before it; `[this|that]` draws one of the pieces. It knows nothing of languages.

use super::rng::Rng;

/// A rule's name and its alternatives.
pub(super) type Rule = (&'static str, &'static [&'static str]);

/// The rules of one language.
pub(super) struct Grammar(pub(super) &'static [&'static [Rule]]);

/// The facts of one document: what a slot stands for every time it appears.
#[derive(Default)]
pub(super) struct Facts(Vec<(&'static str, String)>);

impl Facts {
    /// Binds `key`; a later binding of the same key hides an earlier one.
    pub(super) fn set(&mut self, key: &'static str, value: impl ToString) {
        self.0.push((key, value.to_string()));
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(k, _)| *k == key).map(|(_, v)| v.as_str())
    }
}

impl Grammar {
    /// The alternatives of a rule; empty when there is no such rule.
    pub(super) fn rule(&self, key: &str) -> &'static [&'static str] {
        self.0
            .iter()
            .flat_map(|rules| rules.iter())
            .find(|(k, _)| *k == key)
            .map_or(&[], |(_, v)| v)
    }

    /// One alternative of a rule, filled in.
    pub(super) fn say(&self, rng: &mut Rng, facts: &Facts, key: &str) -> String {
        self.fill(rng, facts, &format!("{{{key}}}"))
    }

    /// `n` different alternatives of a rule, filled in and joined by spaces.
    pub(super) fn several(&self, rng: &mut Rng, facts: &Facts, key: &str, n: usize) -> String {
        let chosen = rng.sample(self.rule(key), n);
        let filled: Vec<String> = chosen.iter().map(|t| self.fill(rng, facts, t)).collect();
        filled.join(" ")
    }

    /// All alternatives of a rule, shuffled: a document that deals from one deck never says the same thing twice.
    pub(super) fn deck(&self, rng: &mut Rng, key: &str) -> Vec<&'static str> {
        let all = self.rule(key);
        rng.sample(all, all.len())
    }

    /// Up to `n` templates off the deck, filled in and joined by spaces; empty when the deck is.
    pub(super) fn deal(&self, rng: &mut Rng, facts: &Facts, deck: &mut Vec<&'static str>, n: usize) -> String {
        let dealt = deck.split_off(deck.len().saturating_sub(n));
        let filled: Vec<String> = dealt.iter().map(|t| self.fill(rng, facts, t)).collect();
        filled.join(" ")
    }

    /// The template with every slot replaced.
    pub(super) fn fill(&self, rng: &mut Rng, facts: &Facts, template: &str) -> String {
        let mut out = String::with_capacity(template.len() * 2);
        let mut rest = template;
        while let Some(start) = rest.find(['{', '[']) {
            out.push_str(&rest[..start]);
            let close = if rest[start..].starts_with('{') { '}' } else { ']' };
            let Some(len) = rest[start..].find(close) else { break };
            let inner = &rest[start + 1..start + len];
            rest = &rest[start + len + 1..];
            if close == ']' {
                let pieces: Vec<&str> = inner.split('|').collect();
                let piece = pieces[rng.below(pieces.len())];
                out.push_str(piece);
            } else {
                let filled = self.slot(rng, facts, inner);
                out.push_str(&filled);
            }
        }
        out.push_str(rest);
        out
    }

    fn slot(&self, rng: &mut Rng, facts: &Facts, slot: &str) -> String {
        let (capital, key) = slot.strip_prefix('^').map_or((false, slot), |k| (true, k));
        let (article, key) = key.strip_prefix("a ").map_or((false, key), |k| (true, k));
        let mut text = match facts.get(key) {
            Some(value) => value.to_string(),
            None => {
                let alternatives = self.rule(key);
                if alternatives.is_empty() {
                    return key.to_string();
                }
                let template = rng.pick(alternatives);
                self.fill(rng, facts, template)
            }
        };
        if article {
            text = with_article(&text);
        }
        if capital {
            text = capitalise(&text);
        }
        text
    }
}

/// The text with its first letter in upper case.
pub(super) fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
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

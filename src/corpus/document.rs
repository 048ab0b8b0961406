//! One document in the making: its facts, and the templates that it is made from.
//!
//! A genre is a list of instructions. `key = template` fills a template and keeps it as a fact, which stands for the same text
//! every time it appears; the fact `text` is the document. The others:
//!
//! | instruction | does |
//! |---|---|
//! | `use G` | the instructions of G |
//! | `people A B`, `man C` | somebody new for each key, with `Alast` and `A_sex` (f or m) |
//! | `draw RULE A B` | a different word of the rule for each key |
//! | `deck RULE` | shuffles its alternatives, to be dealt by `{n off RULE}` |
//! | `paragraphs K N RULE: T`, `lines ...` | T once for each of N different alternatives (`{it}`, `{i}`-th), joined |
//! | `mix K N RULE M RULE` | two kinds of lines, interleaved |
//! | `sales RULE`, `bill RULE: T`, `days ...`, `quiz ...` | tables, diaries and questions, see there |
//!
//! Slots: `{key}` is a fact, or a text of that name, or one alternative of a rule; `{=key}` is no fact; `{^key}` starts
//! with a capital and `{^^key}` has one in every word; `{a key}` puts the English article before it; in a key, `@fact`
//! stands for what the fact is. `{2..9}` draws a number, `{price + 2..9}` counts from left to right. `{n of rule}` fills n
//! different alternatives, `{n off rule}` the next n of a deck. `{A_sex?she|he}` asks whether a fact is `f`, `{60%x|y}`
//! draws, and so does `[x|y|z]`; an alternative `=key` is filled only when it is chosen.

use super::grammar::{capitalise, title, with_article, Grammar};
use crate::rng::SplitMix64;
use std::collections::BTreeMap;

pub(super) struct Document<'a> {
    pub(super) rng: &'a mut SplitMix64,
    grammar: &'static Grammar,
    facts: BTreeMap<String, String>,
    decks: BTreeMap<String, Vec<String>>,
    names: Vec<String>,
}

impl<'a> Document<'a> {
    /// An invented first name that can be said, a family name, and whether it is a woman.
    pub(super) fn invented(&mut self) -> (String, String, bool) {
        let is_female = self.rng.chance(50);
        let ending = self.fill(if is_female { "{female}" } else { "{male}" });
        // A syllable that starts with a vowel needs a consonant before it.
        let needs_consonant = ending.starts_with(['a', 'e', 'i', 'o']);
        let middle = self.fill(if needs_consonant { "{consonant}" } else { "{middle}" });
        let start = self.fill("{onset}{middle}");
        (format!("{start}{middle}{ending}"), self.fill("{family}"), is_female)
    }

    pub(super) fn new(rng: &'a mut SplitMix64, grammar: &'static Grammar) -> Self {
        Self {
            rng,
            grammar,
            facts: BTreeMap::new(),
            decks: BTreeMap::new(),
            names: Vec::new(),
        }
    }

    pub(super) fn write(mut self) -> String {
        let genres = &self.grammar.genres;
        let genre = &genres[self.rng.below(genres.len())];
        self.perform(genre);
        let text = self.facts.remove("text").unwrap_or_default();
        let replace = &self.grammar.replace;
        replace.iter().fold(text, |text, (from, to)| text.replace(from, to))
    }

    pub(super) fn set(&mut self, key: &str, value: impl ToString) {
        self.facts.insert(key.to_owned(), value.to_string());
    }

    pub(super) fn fact(&self, key: &str) -> &str {
        self.facts.get(key).map_or("", String::as_str)
    }

    pub(super) fn perform(&mut self, genre: &str) {
        let grammar = self.grammar;
        for line in grammar.instructions.get(genre).map_or("", String::as_str).lines() {
            match line.split_once(" = ") {
                Some((key, template)) if !key.contains(' ') => {
                    let text = self.fill(&template.replace("\\n", "\n"));
                    self.set(key, text.trim_end());
                }
                _ => self.instruction(line),
            }
        }
    }

    fn instruction(&mut self, line: &str) {
        let (head, template) = line.split_once(": ").unwrap_or((line, ""));
        let words: Vec<&str> = head.split(' ').collect();
        match words[..] {
            ["use", genre] => self.perform(genre),
            ["people", ref keys @ ..] => keys.iter().for_each(|key| self.person(key, false)),
            ["man", key] => self.person(key, true),
            ["draw", rule, ref keys @ ..] => {
                let drawn = self.rng.sample(self.grammar.words(rule), keys.len());
                keys.iter().zip(drawn).for_each(|(key, word)| self.set(key, word));
            }
            ["deck", rule] => self.shuffle(rule),
            ["paragraphs", key, n, rule] => self.repeat(key, n, rule, template, "\n\n"),
            ["lines", key, n, rule] => self.repeat(key, n, rule, template, "\n"),
            ["mix", key, n, small, m, business] => {
                let (n, m) = (self.term(n), self.term(m));
                self.mix(key, (n, small), (m, business));
            }
            ["sales", rule] => self.sales(rule),
            ["bill", rule] => self.bill(rule, template),
            ["days", months, weekdays, deck] => self.days(months, weekdays, deck),
            ["quiz", ref rules @ ..] => self.quiz(rules),
            _ => unreachable!("no instruction of a corpus file reads '{line}'"),
        }
    }

    /// Somebody whose first name nobody has yet.
    pub(super) fn person(&mut self, key: &str, must_be_male: bool) {
        loop {
            let (first, last, is_female) = self.invented();
            let is_wanted = !must_be_male || !is_female;
            if is_wanted && !self.names.contains(&first) {
                self.set(&format!("{key}last"), last);
                self.set(&format!("{key}_sex"), if is_female { "f" } else { "m" });
                self.set(key, &first);
                return self.names.push(first);
            }
        }
    }

    pub(super) fn shuffle(&mut self, rule: &str) {
        let all = self.grammar.words(rule);
        let deck = self.rng.sample(all, all.len());
        self.decks.insert(rule.to_owned(), deck);
    }

    fn repeat(&mut self, key: &str, n: &str, rule: &str, template: &str, between: &str) {
        let n = self.term(n);
        let drawn = self.draw(rule, n);
        let mut all = Vec::with_capacity(drawn.len());
        for (i, it) in (1..).zip(drawn) {
            let it = self.fill(&it);
            self.set("it", it);
            self.set("i", i);
            all.push(self.fill(template).trim_end().to_owned());
        }
        self.set(key, all.join(between));
    }

    pub(super) fn draw(&mut self, rule: &str, n: i64) -> Vec<String> {
        let rule = self.key(rule);
        self.rng.sample(self.grammar.words(&rule), n as usize)
    }

    pub(super) fn words(&self, rule: &str) -> &'static [String] {
        self.grammar.words(rule)
    }

    pub(super) fn text(&mut self, name: &str) -> String {
        let template = self.grammar.text(name).unwrap_or_default();
        self.fill(template)
    }

    /// A key with what its `@fact` is.
    fn key(&self, key: &str) -> String {
        match key.split_once('@') {
            Some((start, fact)) => format!("{start}{}", self.fact(fact)),
            None => key.to_owned(),
        }
    }

    pub(super) fn fill(&mut self, template: &str) -> String {
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
                out.push_str(pieces[self.rng.below(pieces.len())]);
            } else {
                let text = self.slot(inner);
                out.push_str(&text);
            }
        }
        out.push_str(rest);
        out
    }

    fn slot(&mut self, slot: &str) -> String {
        if let Some(key) = slot.strip_prefix("^^") {
            return title(&self.slot(key));
        }
        if let Some(key) = slot.strip_prefix('^') {
            return capitalise(&self.slot(key));
        }
        if let Some(key) = slot.strip_prefix("a ") {
            return with_article(&self.slot(key));
        }
        if let Some((fact, alternatives)) = slot.split_once('?') {
            let is_first = self.fact(fact) == "f";
            return self.either(is_first, alternatives);
        }
        if let Some((percent, alternatives)) = slot.split_once('%') {
            let is_first = self.rng.chance(percent.parse().unwrap_or(0));
            return self.either(is_first, alternatives);
        }
        if let Some((n, rule)) = slot.split_once(" of ") {
            let n = self.term(n);
            let drawn = self.draw(rule, n);
            return self.fill_all(&drawn);
        }
        if let Some((n, rule)) = slot.split_once(" off ") {
            let n = self.term(n) as usize;
            let deck = self.decks.entry(rule.to_owned()).or_default();
            let dealt = deck.split_off(deck.len().saturating_sub(n));
            return self.fill_all(&dealt);
        }
        if slot.contains("..") || slot.contains(' ') {
            return self.number(slot).to_string();
        }
        self.word(slot)
    }

    fn either(&mut self, is_first: bool, alternatives: &str) -> String {
        let (first, second) = alternatives.split_once('|').unwrap_or((alternatives, ""));
        let chosen = if is_first { first } else { second };
        match chosen.strip_prefix('=') {
            Some(key) => self.word(key),
            None => chosen.to_owned(),
        }
    }

    fn fill_all(&mut self, templates: &[String]) -> String {
        let filled: Vec<String> = templates.iter().map(|t| self.fill(t)).collect();
        filled.join(" ")
    }

    /// A fact, a text, or one alternative of a rule; a key that is none of these stands for itself.
    fn word(&mut self, key: &str) -> String {
        let (key, may_be_fact) = match key.strip_prefix('=') {
            Some(key) => (key.to_owned(), false),
            None => (self.key(key), true),
        };
        if let Some(value) = self.facts.get(&key).filter(|_| may_be_fact) {
            return value.clone();
        }
        let grammar = self.grammar;
        match (grammar.text(&key), grammar.words(&key)) {
            (Some(text), _) => self.fill(text),
            (None, []) => key,
            (None, words) => {
                let template = self.rng.pick(words);
                self.fill(template)
            }
        }
    }

    fn number(&mut self, expression: &str) -> i64 {
        let mut parts = expression.split(' ');
        let mut value = self.term(parts.next().unwrap_or_default());
        while let (Some(operator), Some(term)) = (parts.next(), parts.next()) {
            let term = self.term(term);
            value = match operator {
                "+" => value + term,
                "-" => value - term,
                _ => value * term,
            };
        }
        value
    }

    /// A number, a fact that is one, or a draw from `a..b`.
    fn term(&mut self, term: &str) -> i64 {
        let value = |text: &str| text.parse().or_else(|_| self.fact(text).parse()).unwrap_or(0);
        match term.split_once("..") {
            Some((lo, hi)) => {
                let (lo, hi) = (value(lo), value(hi));
                self.rng.range(lo, hi)
            }
            None => value(term),
        }
    }
}

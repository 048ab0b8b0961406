//! What variants are called: the shortest that tells one from the others.
//!
//! A variant is called by its file type, or by the label of its name where that is a recipe of the publisher's own
//! (`UD-Q4_K_XL`). Where several would be called alike, what their files differ by is put before it: the owner of the
//! repository (`bartowski/Q4_K_M`), words of the names (`i1-Q4_K_M`), folders.

use super::label::{FileName, Label};
use std::collections::{BTreeMap, BTreeSet};

/// Longest run of words in an id: it stands in tables.
const MAX_WORDS_BYTES: usize = 32;

#[derive(Debug, Clone)]
pub(super) struct Nameless<'a> {
    /// Its path in the source, or on this machine.
    pub file: &'a str,
    /// Its file type by its header, or as its source declares it; absent where only the name is known.
    pub ftype: Option<&'a str>,
    /// The type is declared, and so is the name.
    pub is_declared: bool,
    pub owner: Option<&'a str>,
}

/// An id in the making: `owner/folder/words-base`.
#[derive(Clone, Default)]
struct Id {
    owner: Option<String>,
    folder: String,
    words: String,
    base: String,
}

impl Id {
    fn text(&self) -> String {
        let short = |text: &str| text[..text.floor_char_boundary(MAX_WORDS_BYTES)].to_owned();
        let mut text = String::new();
        for folder in self.owner.iter().chain([&self.folder]).filter(|part| !part.is_empty()) {
            text = format!("{text}{}/", short(folder));
        }
        if !self.words.is_empty() {
            text = format!("{text}{}-", short(&self.words));
        }
        text + &self.base
    }
}

/// The names, each once, in the order of the files.
pub(super) fn ids(files: &[Nameless<'_>]) -> Vec<String> {
    let names: Vec<FileName> = files.iter().map(|file| FileName::parse(file.file)).collect();
    let bases = files.iter().zip(&names).map(|(file, name)| base(file, name));
    let mut ids: Vec<Id> = bases.map(|base| Id { base, ..Id::default() }).collect();
    for group in alike(&ids) {
        let owners: BTreeSet<_> = group.iter().map(|&i| files[i].owner).collect();
        for &i in group.iter().filter(|_| owners.len() > 1) {
            ids[i].owner = files[i].owner.map(str::to_owned);
        }
    }
    for group in alike(&ids) {
        let words: Vec<&[String]> = group.iter().map(|&i| names[i].words.as_slice()).collect();
        for (&i, own) in group.iter().zip(differing(&words)) {
            ids[i].words = own.join("-");
        }
    }
    for group in alike(&ids) {
        let folders: Vec<Vec<String>> = group.iter().map(|&i| folders(files[i].file)).collect();
        let folders: Vec<&[String]> = folders.iter().map(Vec::as_slice).collect();
        for (&i, own) in group.iter().zip(differing(&folders)) {
            ids[i].folder = own.join("/");
        }
    }
    // What is cut short may be alike again.
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut once = |id: &Id| {
        let text = id.text();
        let n = seen.entry(text.to_lowercase()).or_default();
        *n += 1;
        match *n {
            1 => text,
            n => format!("{text}-{n}"),
        }
    };
    ids.iter().map(&mut once).collect()
}

fn base(file: &Nameless<'_>, name: &FileName) -> String {
    let stem = || match name.words.join("-") {
        none if none.is_empty() => "model".to_owned(),
        words => words[..words.floor_char_boundary(MAX_WORDS_BYTES)].to_owned(),
    };
    match (&name.label, file.ftype) {
        (_, Some(declared)) if file.is_declared => declared.to_owned(),
        (Some(label @ Label::Own(_)), Some(found)) if !label.fits(found) => found.to_owned(),
        (Some(Label::Own(_)), _) => name.full_label().unwrap_or_else(stem),
        (_, Some(found)) => found.to_owned(),
        (Some(Label::Type(ftype)), None) => (*ftype).to_owned(),
        (None, None) => stem(),
    }
}

/// Places of the names that occur more than once, in any case.
fn alike(ids: &[Id]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, id) in ids.iter().enumerate() {
        groups.entry(id.text().to_lowercase()).or_default().push(i);
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// Each list without the words that all begin with and all end with.
fn differing(lists: &[&[String]]) -> Vec<Vec<String>> {
    let shortest = lists.iter().map(|list| list.len()).min().unwrap_or(0);
    let agree = |of: &dyn Fn(&[String]) -> Option<String>| {
        let mut words = lists.iter().map(|list| of(list));
        let first = words.next().flatten();
        first.is_some() && words.all(|word| word == first)
    };
    let word = |list: &[String], i: usize| list.get(i).map(|word| word.to_lowercase());
    let n_first = (0..shortest).take_while(|&i| agree(&|list| word(list, i))).count();
    let n_last = (0..shortest - n_first)
        .take_while(|&i| agree(&|list| word(list, list.len() - 1 - i)))
        .count();
    lists
        .iter()
        .map(|list| list[n_first..list.len() - n_last].to_vec())
        .collect()
}

fn folders(file: &str) -> Vec<String> {
    let mut folders: Vec<String> = file
        .split('/')
        .map(|part| part.replace([' ', ',', '|', ':'], "-"))
        .filter(|part| !part.is_empty())
        .collect();
    folders.pop();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(files: &[(&str, Option<&str>, Option<&str>)]) -> Vec<String> {
        let files: Vec<Nameless> = files
            .iter()
            .map(|&(file, ftype, owner)| Nameless {
                file,
                ftype,
                is_declared: false,
                owner,
            })
            .collect();
        ids(&files)
    }

    fn local(files: &[(&str, &str)]) -> Vec<String> {
        named(
            &files
                .iter()
                .map(|&(file, ftype)| (file, Some(ftype), None))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_file_type_is_enough_where_it_is_the_only_one() {
        assert_eq!(local(&[("a.gguf", "F16"), ("b-Q4_K_M.gguf", "Q8_0")]), ["F16", "Q8_0"]);
        assert_eq!(local(&[("m-UD-Q4_K_XL.gguf", "Q4_K_M")]), ["UD-Q4_K_XL"]);
        assert_eq!(local(&[("m-UD-Q4_K_XL.gguf", "Q8_0")]), ["Q8_0"], "the name lies");
    }

    #[test]
    fn what_the_names_differ_by_tells_files_of_one_type_apart() {
        let q4 = "Q4_K_M";
        assert_eq!(
            local(&[("t-F16.gguf", "F16"), ("t-Q4_K_M.gguf", q4), ("t-UD-Q4_K_XL.gguf", q4)]),
            ["F16", "Q4_K_M", "UD-Q4_K_XL"]
        );
        assert_eq!(
            local(&[("t.Q4_K_M.gguf", q4), ("t.i1-Q4_K_M.gguf", q4)]),
            ["Q4_K_M", "i1-Q4_K_M"]
        );
        assert_eq!(
            local(&[("L-3.2-bartowski-Q4_K_M.gguf", q4), ("l-3.2-unsloth-q4_k_m.gguf", q4)]),
            ["bartowski-Q4_K_M", "unsloth-Q4_K_M"]
        );
        assert_eq!(local(&[("a.gguf", "F16"), ("b.gguf", "F16")]), ["a-F16", "b-F16"]);
        let three = [
            ("/x/p/m-Q4_K_M.gguf", q4),
            ("/x/q/m-Q4_K_M.gguf", q4),
            ("/x/q/m-i1-Q4_K_M.gguf", q4),
        ];
        assert_eq!(local(&three), ["p/Q4_K_M", "q/Q4_K_M", "i1-Q4_K_M"]);
    }

    #[test]
    fn owners_tell_repositories_apart() {
        let all = [
            ("x-Q4_K_M.gguf", None, Some("a")),
            ("google_x.Q4_K_M.gguf", None, Some("b")),
            ("x.i1-Q4_K_M.gguf", None, Some("b")),
            ("x-Q8_0.gguf", None, Some("b")),
            ("own.gguf", Some("Q4_K_M"), None),
        ];
        assert_eq!(
            named(&all),
            ["a/Q4_K_M", "b/google_x-Q4_K_M", "b/x-i1-Q4_K_M", "Q8_0", "Q4_K_M"]
        );
    }

    #[test]
    fn names_are_never_alike_and_never_long() {
        let long = "w".repeat(90);
        let files = [format!("{long}-a.gguf"), format!("{long}-b.gguf"), "x.gguf".to_owned()];
        let ids = local(&files.each_ref().map(|file| (file.as_str(), "F16")));
        assert!(ids.iter().all(|id| id.len() < 48), "{ids:?}");
        assert_eq!(BTreeSet::from_iter(&ids).len(), 3);
        assert_eq!(local(&[("m.gguf", "F16"), ("m.gguf", "F16")]), ["F16", "F16-2"]);
    }
}

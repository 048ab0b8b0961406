//! No file of src/ needs itself by way of others: the imports between files have no circles.
//!
//! A `pub use` is transparent: what is named through it counts as an import of the file that defines it. Test modules are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Module = Vec<String>;

/// The files of src/ as modules.
struct Tree {
    /// Code without comments, texts and tests, by module.
    code: BTreeMap<Module, String>,
    /// What each module's `use`s call by a name of its own; which of them it offers to others.
    uses: BTreeMap<Module, Vec<Use>>,
}

struct Use {
    path: Module,
    name: String,
    is_public: bool,
}

/// Without comments, texts, characters and inline test modules.
fn stripped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |at| at + 5)
        } else if c == '"' {
            let mut is_escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                ends
            });
            end.map_or(rest.len(), |at| at + 2)
        } else if let Some(at) = ["'\"'", "'\\''", "'\\\\'", "'{'", "'}'"]
            .iter()
            .find(|c| rest.starts_with(**c))
        {
            at.len()
        } else {
            0
        };
        if skip == 0 {
            out.push(c);
        }
        rest = &rest[skip.max(c.len_utf8())..];
    }
    let is_test = |at: usize| {
        let after = out[at..].split_once("]\n").map_or("", |(_, after)| after.trim_start());
        let after = after
            .trim_start_matches("pub(super) ")
            .trim_start_matches("pub(crate) ");
        after.starts_with("mod ") || after.starts_with("use ")
    };
    let mut kept = String::new();
    let mut from = 0;
    for (at, _) in out
        .match_indices("#[cfg(")
        .filter(|(at, _)| out[*at..].lines().next().unwrap_or("").contains("(test"))
    {
        if at < from || !is_test(at) {
            continue;
        }
        kept.push_str(&out[from..at]);
        let item = &out[at..];
        from = match (item.find(';'), item.find(" {\n")) {
            (Some(end), body) if body.is_none_or(|body| end < body) => at + end + 1,
            (_, Some(_)) => item.find("\n}\n").map_or(out.len(), |end| at + end + 3),
            _ => out.len(),
        };
    }
    kept + &out[from.min(out.len())..]
}

/// The paths of a `use`, and what each is called then.
fn expanded(prefix: &[String], text: &str, found: &mut Vec<(Module, String)>) {
    let text = text.trim();
    let segments = |s: &str| {
        s.split("::")
            .map(str::trim)
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let Some(open) = text.find('{') else {
        let (path, alias) = text
            .split_once(" as ")
            .map_or((text, None), |(path, alias)| (path, Some(alias.trim())));
        let mut path = [prefix, &segments(path)].concat();
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if let Some(last) = path.last().cloned() {
            found.push((path, alias.map_or(last, str::to_owned)));
        }
        return;
    };
    let prefix = [prefix, &segments(&text[..open])].concat();
    let inner = &text[open + 1..text.rfind('}').unwrap_or(text.len())];
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            if !inner[start..at].trim().is_empty() {
                expanded(&prefix, &inner[start..at], found);
            }
            start = (at + 1).min(inner.len());
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl Tree {
    fn read(src: &Path) -> Tree {
        let mut tree = Tree {
            code: BTreeMap::new(),
            uses: BTreeMap::new(),
        };
        let mut folders = vec![src.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    let inner = path.strip_prefix(src).expect("below src").with_extension("");
                    let mut module: Module = inner.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                    if module.last().is_some_and(|last| last == "mod") {
                        module.pop();
                    }
                    let is_test = module
                        .iter()
                        .any(|part| part == "tests" || part.ends_with("_test") || part.ends_with("_tests"));
                    if !is_test && !matches!(module[0].as_str(), "lib" | "main") {
                        tree.code
                            .insert(module, stripped(&fs::read_to_string(&path).expect("readable")));
                    }
                }
            }
        }
        let modules: Vec<Module> = tree.code.keys().cloned().collect();
        for module in modules {
            // Who may see a thing is no import.
            let text = tree.code[&module].replace("pub(in crate::", "pub(in ");
            let (mut uses, mut code, mut rest) = (Vec::new(), String::new(), text.as_str());
            while let Some(at) = rest.find("use ") {
                let line = &rest[rest[..at].rfind('\n').map_or(0, |at| at + 1)..at];
                let is_use = line.trim().is_empty() || line.trim().starts_with("pub");
                let end = rest[at..].find(';').map_or(rest.len(), |end| at + end + 1);
                if !is_use || line.contains('=') {
                    code.push_str(&rest[..at + 4]);
                    rest = &rest[at + 4..];
                    continue;
                }
                code.push_str(&rest[..at - line.len()]);
                let mut found = Vec::new();
                expanded(&[], rest[at + 4..end].trim_end_matches(';'), &mut found);
                for (path, name) in found {
                    if let Some(path) = tree.absolute(&module, &path) {
                        let is_public = line.contains("pub");
                        uses.push(Use { path, name, is_public });
                    }
                }
                rest = &rest[end..];
            }
            code.push_str(rest);
            tree.code.insert(module.clone(), code);
            tree.uses.insert(module, uses);
        }
        tree
    }

    /// A path from the root of the crate; `None` for one of another crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Module> {
        let n_up = path.iter().take_while(|part| *part == "super").count();
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module, &path[1..]].concat()),
            "super" => Some([&module[..module.len().checked_sub(n_up)?], &path[n_up..]].concat()),
            child => {
                let inner = [module, &[child.to_owned()]].concat();
                self.code.contains_key(&inner).then(|| [module, path].concat())
            }
        }
    }

    /// The file that defines what a path names.
    fn file_of(&self, path: &[String], n_hops: usize) -> Option<Module> {
        let n = (1..=path.len()).rev().find(|&n| self.code.contains_key(&path[..n]))?;
        let module = path[..n].to_vec();
        let through = path.get(n).and_then(|name| {
            let uses = self.uses.get(&module)?;
            let known = uses.iter().find(|known| known.name == *name)?;
            self.file_of(&[&known.path[..], &path[n + 1..]].concat(), n_hops.checked_sub(1)?)
        });
        Some(through.unwrap_or(module))
    }

    /// The files that each file imports from.
    fn edges(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let of = |module: &Module| {
            let code = &self.code[module];
            let names = |name: &str| code.split(|c| !is_word(c)).any(|word| word == name);
            let imports = self.uses[module]
                .iter()
                .filter(|known| !known.is_public || names(&known.name));
            let mut paths: Vec<Module> = imports.map(|known| known.path.clone()).collect();
            for text in code
                .split(|c| !is_word(c) && c != ':')
                .filter(|text| text.contains("::"))
            {
                let path: Module = text.split("::").map(str::to_owned).collect();
                paths.extend(self.absolute(module, &path));
            }
            let files = paths.iter().filter_map(|path| self.file_of(path, 9));
            files.filter(|file| file != module).collect()
        };
        self.code.keys().map(|module| (module, of(module))).collect()
    }
}

/// Sets of files each of which needs all others of its set.
fn circles(edges: &BTreeMap<&Module, BTreeSet<Module>>) -> BTreeSet<Vec<String>> {
    let reached = |from: &Module| {
        let (mut seen, mut todo) = (BTreeSet::new(), vec![from]);
        while let Some(next) = todo.pop() {
            for file in edges.get(next).into_iter().flatten() {
                if seen.insert(file.clone()) {
                    todo.push(file);
                }
            }
        }
        seen
    };
    let all: BTreeMap<&Module, BTreeSet<Module>> = edges.keys().map(|file| (*file, reached(file))).collect();
    let in_one = all.iter().filter(|(file, reached)| reached.contains(**file));
    let circles = in_one.map(|(file, reached)| {
        let back = reached
            .iter()
            .filter(|other| all.get(other).is_some_and(|reached| reached.contains(*file)));
        back.map(|other| other.join("/")).collect()
    });
    circles.collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let tree = Tree::read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src"));
    let edges = tree.edges();
    let n_edges: usize = edges.values().map(BTreeSet::len).sum();
    assert!(n_edges > 800, "the test reads imports: {n_edges}");
    let circles = circles(&edges);
    let lines: Vec<String> = circles.iter().map(|circle| circle.join(" ")).collect();
    assert!(lines.is_empty(), "these files need each other:\n{}", lines.join("\n"));
}

#[test]
fn circles_are_found_through_what_is_offered_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let put = |file: &str, text: &str| {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(path, text).expect("written");
    };
    let found = || circles(&Tree::read(dir.path()).edges()).into_iter().collect::<Vec<_>>();
    put(
        "a/mod.rs",
        "mod one;\nmod two;\npub use one::{One, Other as Another};\n",
    );
    put(
        "a/one.rs",
        "pub struct One; // use super::two::Two;\n#[cfg(test)]\nmod tests {\n    use super::super::two::Two;\n}\n",
    );
    put("a/two.rs", "use super::Another;\npub struct Two(Another);\n");
    put(
        "b.rs",
        "const TEXT: &str = \"\nuse crate::b::x;\n\";\nfn f(_: crate::a::One) {}\n",
    );
    assert_eq!(found(), Vec::<Vec<String>>::new());
    put("a/one.rs", "use super::two::Two;\npub struct One(Two);\n");
    assert_eq!(found(), [["a/one", "a/two"]]);
    put("a/one.rs", "pub fn one() {\n    crate::b::f();\n}\n");
    assert_eq!(found(), [["a/one", "b"]]);
}

//! The imports between modules are those of docs/architecture.md, and no others.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The table in docs/architecture.md: rows `| module | job | may import |`.
fn table() -> BTreeMap<String, Vec<String>> {
    let doc = fs::read_to_string(root().join("docs/architecture.md")).expect("it exists");
    let words = |cell: &str| -> Vec<String> {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(|w| w.trim_end_matches('/').to_owned())
            .collect()
    };
    doc.lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            Some((words(cells.first()?).first()?.clone(), words(cells.get(2)?)))
        })
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// Module of a source file: `src/stats/mod.rs` and `src/stats/x.rs` are `stats`, `src/units.rs` is `units`.
fn module_of(path: &Path) -> String {
    let inner = path.strip_prefix(root().join("src")).expect("below src");
    let first = inner
        .components()
        .next()
        .expect("a name")
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Modules named after `crate::` in code (not in comments), e.g. `use crate::{host, units}`.
fn imports(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .map(|l| l.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = Vec::new();
    for after in code.split("crate::").skip(1) {
        let names: Vec<String> = match after.strip_prefix('{') {
            Some(group) => {
                let mut depth = 0;
                let inner: String = group
                    .chars()
                    .take_while(|c| {
                        depth += i32::from(*c == '{') - i32::from(*c == '}');
                        depth >= 0
                    })
                    .collect();
                inner
                    .split(',')
                    .map(|n| n.trim().split("::").next().unwrap_or("").to_owned())
                    .collect()
            }
            None => vec![after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()],
        };
        found.extend(names.into_iter().filter(|n| !n.is_empty()));
    }
    found
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let table = table();
    let modules: Vec<String> = sources(&root().join("src")).iter().map(|p| module_of(p)).collect();
    let mut wrong = Vec::new();
    let mut n_edges = 0;
    for path in sources(&root().join("src")) {
        let module = module_of(&path);
        if ["lib", "main", "cli"].contains(&module.as_str()) {
            continue;
        }
        let allowed = table
            .get(&module)
            .unwrap_or_else(|| panic!("{module} is not in docs/architecture.md"));
        for import in imports(&fs::read_to_string(&path).expect("readable")) {
            if import == module || !modules.contains(&import) {
                continue;
            }
            n_edges += 1;
            if !allowed.iter().any(|a| a.split("::").next() == Some(&import)) {
                wrong.push(format!("{}: {module} imports {import}", path.display()));
            }
        }
    }
    assert!(n_edges > 40, "the test reads imports: {n_edges}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_groups_and_skips_comments() {
    assert_eq!(
        imports("use crate::{host, units::x};\n// crate::no\nfn f(a: crate::data::Arm) {}"),
        ["host", "units", "data"]
    );
}

#[test]
fn unsafe_code_lives_in_the_llama_engine_only() {
    for path in sources(&root().join("src")) {
        let text = fs::read_to_string(&path).expect("readable");
        let is_ffi = path.to_string_lossy().contains("engine/llama/");
        let uses = text
            .lines()
            .any(|l| l.trim_start().starts_with("unsafe ") || l.contains(" unsafe {"));
        assert!(is_ffi || !uses, "{}", path.display());
        let n_blocks = text.matches("unsafe {").count() + text.matches("unsafe impl").count();
        let n_reasons = text.matches("SAFETY:").count();
        assert!(
            n_reasons >= n_blocks,
            "{}: {n_blocks} unsafe blocks, {n_reasons} reasons",
            path.display()
        );
    }
}

/// A step of the wall clock, by hand or by a time server, cannot reach a duration.
#[test]
fn the_wall_clock_only_dates_a_run() {
    for path in sources(&root().join("src")) {
        let n = fs::read_to_string(&path)
            .expect("readable")
            .matches("SystemTime::now")
            .count();
        let dates_runs = path.ends_with("src/cli/job.rs");
        assert_eq!(n, usize::from(dates_runs), "{}", path.display());
    }
}

use super::*;
use crate::catalog::label::FileName;

#[test]
fn the_shipped_models_are_sound() {
    let catalog = Catalog::shipped().expect("the file of the repository");
    let names: Vec<_> = catalog.entries.iter().map(|e| e.name.as_str()).collect();
    for name in [
        "builtin",
        DEFAULT_MODEL,
        "Qwen2.5-0.5B-Instruct",
        "Llama-3.2-1B-Instruct",
        "Qwen3-0.6B",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    for entry in &catalog.entries {
        assert!(entry.license.is_some() && entry.size.is_some(), "{}", entry.name);
        for file in entry.sources.iter().flat_map(|source| source.declared()) {
            assert_eq!(FileName::parse(&file.file).ftype(), file.ftype, "{}", file.file);
        }
    }
    assert_eq!(
        catalog.find("smollm2-135m").map(|e| e.name.as_str()),
        Some(DEFAULT_MODEL)
    );
    assert_eq!(catalog.similar("qwen3-0.5b"), ["Qwen3-0.6B"]);
}

#[test]
fn bad_entries_name_file_line_and_key() {
    // `|` is a line break, and `@` the beginning of a model with one source.
    for (text, words) in [
        ("x = ", &["mine.toml:1:"][..]),
        ("[[model]]|nam = 'x'|", &["mine.toml:2:", "nam"]),
        ("[[model]]|license = 'x'|", &["mine.toml:1:", "name"]),
        ("[[model]]|name = 3|", &["mine.toml:2:", "name", "string"]),
        ("[[model]]|name = '../m'|", &["mine.toml:2:", "name", "../m"]),
        ("[[model]]|name = 'm'|", &["mine.toml:2:", "source"]),
        ("@repo = 'a/b'|", &["mine.toml:3:", "kind"]),
        ("@kind = 'ftp'|", &["mine.toml:4:", "kind", "ftp", "hf, pypi"]),
        ("@kind = 'hf'|", &["mine.toml:3:", "repo"]),
        (
            "@kind = 'hf'|repo = '../../x'|",
            &["mine.toml:5:", "repo", "owner/name"],
        ),
        (
            "@kind = 'hf'|repo = 'a/b'|revision = '../c'|",
            &["mine.toml:6:", "revision"],
        ),
        (
            "@kind = 'hf'|repo = 'a/b'|package = 'c==1'|",
            &["mine.toml:6:", "package", "remove"],
        ),
        (
            "@kind = 'hf'|repo = 'a/b'|variants.Q9 = { file = 'x' }|",
            &["mine.toml:6:", "variants.Q9", "Q4_K_M"],
        ),
        (
            "@kind = 'hf'|repo = 'a/b'|variants.F16 = { file = '../x' }|",
            &["mine.toml:6:", "file"],
        ),
        (
            "@kind = 'hf'|repo = 'a/b'|variants.F16 = { file = 'x', sha256 = 'ab' }|",
            &["mine.toml:6:", "sha256", "64"],
        ),
        (
            "@kind = 'pypi'|package = 'a==1'|variants.F16 = { file = 'x' }|",
            &["mine.toml:6:", "variants.F16", "sha256"],
        ),
        ("@kind = 'pypi'|package = '-r a'|", &["mine.toml:5:", "package"]),
        ("@kind = 'file'|path = 'a'|", &["mine.toml:3:", "variants"]),
        ("@kind = 'url'|url = 'ftp://h'|", &["mine.toml:5:", "url", "http"]),
        ("@kind = 'builtin'|@kind = 'builtin'|", &["mine.toml:6:", "two models"]),
    ] {
        let text = text
            .replace('@', "[[model]]|name = 'm'|[[model.source]]|")
            .replace('|', "\n");
        let message = parse::entries(&text, "mine.toml", Path::new("/x"))
            .expect_err(&text)
            .to_string();
        assert!(
            words.iter().all(|word| message.contains(word)),
            "{words:?} in: {message}\n{text}"
        );
    }
}

#[test]
fn every_truncation_is_an_error_or_a_shorter_list() {
    for n in 0..SHIPPED.len() {
        if SHIPPED.is_char_boundary(n) {
            let _ = parse::entries(&SHIPPED[..n], "cut.toml", Path::new("."));
        }
    }
}

#[test]
fn a_users_file_extends_and_replaces() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("mine.toml");
    let text = "[[model]]\nname = \"qwen3-0.6b\"\n[[model.source]]\nkind = \"file\"\npath = \"models\"\nvariants.F16 = { file = \"q.gguf\" }\n";
    fs::write(&path, text).expect("written");
    let mut catalog = Catalog::shipped().expect("sound");
    let n = catalog.entries.len();
    catalog.extend(&path).expect("a good file");
    assert_eq!(catalog.entries.len(), n);
    let entry = catalog.find("Qwen3-0.6B").expect("the user's entry counts");
    assert_eq!(
        entry.sources[0].label(),
        dir.path().join("models").display().to_string()
    );
    fs::write(&path, text.replace("qwen3-0.6b", "builtin")).expect("written");
    assert!(catalog.extend(&path).is_err());
}

use super::*;
use crate::catalog::label::FileName;

fn refused(text: &str) -> String {
    parse::entries(text, "mine.toml", Path::new("/x"))
        .expect_err("must be refused")
        .to_string()
}

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
    let head = "[[model]]\nname = \"m\"\n[[model.source]]\n";
    let cases: &[(String, &[&str])] = &[
        ("x = ".into(), &["mine.toml:1:"]),
        ("[[model]]\nnam = \"x\"\n".into(), &["mine.toml:2:", "nam"]),
        ("[[model]]\nlicense = \"x\"\n".into(), &["mine.toml:1:", "name"]),
        ("[[model]]\nname = 3\n".into(), &["mine.toml:2:", "name", "string"]),
        ("[[model]]\nname = \"../m\"\n".into(), &["mine.toml:2:", "name", "../m"]),
        ("[[model]]\nname = \"m\"\n".into(), &["mine.toml:2:", "source"]),
        (
            format!("{head}kind = \"ftp\"\n"),
            &["mine.toml:4:", "kind", "ftp", "hf, pypi"],
        ),
        (format!("{head}kind = \"hf\"\n"), &["mine.toml:3:", "repo"]),
        (
            format!("{head}kind = \"hf\"\nrepo = \"../../x\"\n"),
            &["mine.toml:5:", "repo", "owner/name"],
        ),
        (
            format!("{head}kind = \"hf\"\nrepo = \"a/b\"\nrevision = \"../c\"\n"),
            &["mine.toml:6:", "revision"],
        ),
        (
            format!("{head}kind = \"hf\"\nrepo = \"a/b\"\npackage = \"c==1\"\n"),
            &["mine.toml:6:", "package", "remove"],
        ),
        (
            format!("{head}kind = \"hf\"\nrepo = \"a/b\"\nvariants.Q9 = {{ file = \"x\" }}\n"),
            &["mine.toml:6:", "variants.Q9", "Q4_K_M"],
        ),
        (
            format!("{head}kind = \"hf\"\nrepo = \"a/b\"\nvariants.F16 = {{ file = \"../x\" }}\n"),
            &["mine.toml:6:", "file"],
        ),
        (
            format!("{head}kind = \"hf\"\nrepo = \"a/b\"\nvariants.F16 = {{ file = \"x\", sha256 = \"ab\" }}\n"),
            &["mine.toml:6:", "sha256", "64"],
        ),
        (
            format!("{head}kind = \"pypi\"\npackage = \"a==1\"\nvariants.F16 = {{ file = \"x\" }}\n"),
            &["mine.toml:6:", "variants.F16", "sha256"],
        ),
        (
            format!("{head}kind = \"pypi\"\npackage = \"-r a\"\n"),
            &["mine.toml:5:", "package"],
        ),
        (
            format!("{head}kind = \"file\"\npath = \"a\"\n"),
            &["mine.toml:3:", "variants"],
        ),
        (
            format!("{head}kind = \"builtin\"\n{head}kind = \"builtin\"\n"),
            &["mine.toml:6:", "two models"],
        ),
    ];
    for (text, words) in cases {
        let message = refused(text);
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

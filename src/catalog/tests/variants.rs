//! Several files: which are variants, what they are called, what is passed over.

use super::*;

fn ids(model: &ModelFiles) -> Vec<&str> {
    model.variants.iter().map(|(v, _)| v.id.as_str()).collect()
}

#[test]
fn files_may_be_named_one_by_one_wherever_they_lie() {
    let fixture = Fixture::new();
    let none = Scripted::default();
    fixture.put("m/t-Q4_K_M.gguf", &llama("Q4_K_M").bytes());
    let weighted = llama("Q4_K_M");
    fixture.put("m/t-UD-Q4_K_XL.gguf", &weighted.bytes());
    fixture.put("m/sub/t-F16.gguf", &llama("F16").bytes());
    fixture.put("m/sub/t.i1-Q4_K_M.gguf", &weighted.bytes());
    let folder = fixture.dir.path().join("m");
    let one = fixture.put("p/t-Q4_K_M.gguf", &weighted.bytes()).display().to_string();
    let models = [
        format!("{}:UD-Q4_K_XL", folder.display()),
        format!("{}:Q4_K_M", folder.display()),
        one.clone(),
        one,
    ];
    let baseline = Request {
        baseline: Some("m/Q4_K_M"),
        ..Request::of(&models, &[])
    };
    let model = ask(&fixture.store, &baseline, &none).expect("three files");
    assert_eq!(ids(&model), ["m/Q4_K_M", "UD-Q4_K_XL", "p/Q4_K_M"]);
    let absent = [format!("{}:sub/../x", folder.display())];
    let (code, text) = message(ask(&fixture.store, &Request::of(&absent, &[]), &none));
    assert!(
        code == 2 && text.contains("has no such file as sub/../x; there are"),
        "{text}"
    );
    let one = [format!("{}:I1-q4_k_m", folder.display())];
    let alone = ask(&fixture.store, &Request::of(&one, &["Q4_K_M".to_owned()]), &none).expect("one");
    assert_eq!(
        (ids(&alone), alone.variants[0].0.file.as_str()),
        (vec!["Q4_K_M"], "t.i1-Q4_K_M.gguf")
    );
    let unknown = Request {
        baseline: Some("Q8_0"),
        ..baseline
    };
    let (code, text) = message(ask(&fixture.store, &unknown, &none));
    assert!(
        code == 2 && text.contains("--baseline Q8_0") && text.contains("p/Q4_K_M"),
        "{text}"
    );
    let other = fixture.put("other.gguf", &tiny_llama(64, 1, (1, 2), Some(1)).bytes());
    let models = [models[1].clone(), other.display().to_string()];
    let (code, text) = message(ask(&fixture.store, &Request::of(&models, &[]), &none));
    assert!(
        code == 2 && text.contains("other.gguf: is not the same model as") && text.contains("n_embd 64 instead of 256"),
        "{text}"
    );
}

#[test]
fn models_of_other_vocabularies_are_not_one_model() {
    let fixture = Fixture::new();
    let other = |tokens: &[&str]| {
        let file = Writer::new()
            .str("general.architecture", "llama")
            .u32("llama.block_count", 1)
            .u32("llama.context_length", 128)
            .u32("llama.embedding_length", 256)
            .u32("llama.attention.head_count", 4)
            .strs("tokenizer.ggml.tokens", tokens);
        file.tensor("token_embd.weight", &[256, 2], 1, 1024).bytes()
    };
    let models = [("a.gguf", ["x", "yz"]), ("b.gguf", ["xy", "z"])]
        .map(|(name, tokens)| fixture.put(name, &other(&tokens)).display().to_string());
    let (code, text) = message(ask(&fixture.store, &Request::of(&models, &[]), &Scripted::default()));
    assert!(code == 2 && text.contains("texts of the vocabulary"), "{text}");
}

#[test]
fn what_lies_beside_a_model_is_passed_over_and_named() {
    let fixture = Fixture::new();
    let none = Scripted::default();
    let odd = tiny_llama(64, 1, (1, 2), Some(1)).bytes();
    fixture.put("m/t-F16.gguf", &llama("F16").bytes());
    fixture.put("m/t-Q8_0.gguf", &llama("Q8_0").bytes());
    fixture.put(
        "m/mmproj-t-F16.gguf",
        &llama("F16").str("general.type", "mmproj").bytes(),
    );
    fixture.put(
        "m/my-adapter.gguf",
        &Writer::new().str("general.type", "adapter").bytes(),
    );
    fixture.put(
        "m/t.imatrix.gguf",
        &Writer::new().str("general.type", "imatrix").bytes(),
    );
    fixture.put("m/t-draft-Q8_0.gguf", &odd);
    fixture.put("m/other-F16.gguf", &odd);
    fixture.put("m/pointer-Q4_0.gguf", b"version https://git-lfs.github.com/spec/v1");
    fixture.put(
        "m/half-F16-00001-of-00002.gguf",
        &llama("F16").raw("split.count", 2, &2u16.to_le_bytes()).bytes(),
    );
    fixture.put("m/README.md", b"# t");
    let folder = fixture.dir.path().join("m");
    let model = fixture.resolve(&folder, &[], &none).expect("two variants");
    assert_eq!(ids(&model), ["F16", "Q8_0"]);
    let mut passed: Vec<(&str, &str)> = model
        .passed_over
        .iter()
        .map(|passed| (passed.file.as_str(), passed.kind.name()))
        .collect();
    passed.sort_unstable();
    let expected = [
        ("half-F16-00001-of-00002.gguf", "parts_missing"),
        ("mmproj-t-F16.gguf", "projector"),
        ("my-adapter.gguf", "adapter"),
        ("other-F16.gguf", "other_model"),
        ("pointer-Q4_0.gguf", "unusable"),
        ("t-draft-Q8_0.gguf", "draft"),
        ("t.imatrix.gguf", "imatrix"),
    ];
    assert_eq!(passed, expected);
    let half = model
        .passed_over
        .iter()
        .find(|p| p.file.starts_with("half"))
        .expect("listed");
    assert_eq!(half.detail.as_deref(), Some("half-F16-00002-of-00002.gguf is missing"));
    // A file that was asked for by name and is not usable is not made in its place.
    let (code, text) = message(fixture.resolve(&folder, &["F16", "Q4_0"], &none));
    assert!(
        code == 2 && text.contains("pointer-Q4_0.gguf") && text.contains("git lfs pull"),
        "{text}"
    );
    assert!(none.asked.borrow().is_empty());
    // Nothing is left: the files and what they are.
    fs::remove_file(folder.join("t-F16.gguf")).expect("removed");
    fs::remove_file(folder.join("t-Q8_0.gguf")).expect("removed");
    fs::remove_file(folder.join("other-F16.gguf")).expect("removed");
    fs::remove_file(folder.join("t-draft-Q8_0.gguf")).expect("removed");
    let (code, text) = message(fixture.resolve(&folder, &[], &none));
    for word in [
        "mmproj-t-F16.gguf (the vision",
        "my-adapter.gguf (a LoRA",
        "half-F16-00002-of-00002.gguf is missing",
    ] {
        assert!(code == 2 && text.contains(word), "{word}: {text}");
    }
}

#[test]
fn what_is_made_of_a_split_model_is_made_of_all_parts() {
    let fixture = Fixture::new();
    let part = |file: Writer, no: u16| {
        let count = 2u16.to_le_bytes();
        file.raw("split.count", 2, &count).raw("split.no", 2, &no.to_le_bytes())
    };
    let first = part(llama("F16"), 0).u32("split.tensors.count", 6);
    let first = fixture.put("m/t-F16-00001-of-00002.gguf", &first.bytes());
    let second = part(Writer::new(), 1).tensor("output.weight", &[256, 4], 1, 2048);
    let second = fixture.put("m/t-F16-00002-of-00002.gguf", &second.bytes());
    // The quantizer writes what the first part alone would give.
    let made = fixture
        .resolve(&second, &["F16", "Q8_0"], &Scripted::default())
        .expect_err("its size is not that of a part");
    assert!(made.to_string().contains("parameters instead of"), "{made}");
    fs::remove_file(&first).expect("removed");
    for named in [&second, &fixture.dir.path().join("m")] {
        let (code, text) = message(fixture.resolve(named, &[], &Scripted::default()));
        assert!(
            code == 2 && text.contains("t-F16-00001-of-00002.gguf is missing"),
            "{text}"
        );
    }
}

#[test]
fn of_one_quantized_file_it_and_what_can_win_are_candidates() {
    let fixture = Fixture::new();
    let wide = |ty, block, ftype| {
        let file = tiny_llama(256, ty, block, ftype_id(ftype));
        fixture.put(&format!("{ftype}.gguf"), &file.bytes())
    };
    let of = |path: &Path, fast: &[&str]| {
        let models = [path.display().to_string()];
        let fast: Vec<String> = fast.iter().map(|ty| (*ty).to_owned()).collect();
        let request = Request {
            fast_types: &fast,
            ..Request::of(&models, &[])
        };
        let model = ask(&fixture.store, &request, &Scripted::default()).expect("variants");
        model.ids()
    };
    let q8 = wide(8, (32, 34), "Q8_0");
    assert_eq!(of(&q8, &[]), ["Q8_0", "Q4_K_M", "Q4_0"], "both are smaller, F16 is not");
    let q4 = wide(12, (256, 144), "Q4_K_M");
    assert_eq!(of(&q4, &[]), ["Q4_K_M"], "nothing is smaller");
    let q4_1 = wide(3, (32, 20), "Q4_1");
    // In so small a model the output matrix, which is larger in what is made, is half of it.
    assert_eq!(of(&q4_1, &[]), ["Q4_1"]);
    assert_eq!(
        of(&q4_1, &["q4_0"]),
        ["Q4_1", "Q4_0"],
        "no larger, and of a type that is fast here"
    );
    let f16 = wide(1, (1, 2), "F16");
    assert_eq!(of(&f16, &[]), ["F16", "Q8_0", "Q4_K_M"]);
}

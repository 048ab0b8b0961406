//! Several files: which are variants, what they are called, what is passed over.

use super::*;

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

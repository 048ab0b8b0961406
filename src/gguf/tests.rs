use super::write_test::tiny_llama;
use super::*;
use crate::data::KvType;
use std::io::Cursor;

const F16: (u64, u64) = (1, 2);
const Q5_0: (u64, u64) = (32, 22);

fn read(bytes: &[u8]) -> Result<Gguf, GgufProblem> {
    Gguf::read(Cursor::new(bytes), bytes.len() as u64)
}

fn message(bytes: &[u8]) -> String {
    read(bytes).expect_err("must be refused").to_string()
}

#[test]
fn reads_a_small_model() {
    let gguf = read(&tiny_llama(64, 1, F16, Some(1)).bytes()).expect("a good file");
    assert_eq!(gguf.tensors.len(), 5);
    assert_eq!(gguf.n_params(), 64 * (4 + 2 * 9));
    assert_eq!(gguf.model_size(), 64 * 20 * 2 + 64 * 2 * 4);
    assert_eq!(gguf.ftype(), Some("F16"));
    assert_eq!(gguf.tensor_types()["f32"].n_tensors, 2);
    gguf.check_generative().expect("a language model");
    let info = gguf.model_info("tiny").expect("a whole shape");
    assert_eq!((info.n_embd_k_gqa, info.n_vocab, info.n_ctx_train), (32, 4, 128));
    assert_eq!(kv_bytes_per_token(&info, KvType::F16, KvType::Q8_0), 2 * (64 + 34));
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = tiny_llama(64, 1, F16, Some(1)).bytes();
    for n in 0..bytes.len() {
        let text = message(&bytes[..n]);
        assert!(
            n < 8 || text.contains("truncated") || text.contains("do not fit"),
            "{n}: {text}"
        );
    }
    let text = message(&bytes[..bytes.len() - 1]);
    assert!(text.contains("tensor blk.1.attn_q.weight ends at byte"), "{text}");
}

#[test]
fn absurd_counts_are_refused_before_any_allocation() {
    let head = |n_tensors: u64, n_values: u64| {
        let mut b = b"GGUF\x03\0\0\0".to_vec();
        b.extend(n_tensors.to_le_bytes());
        b.extend(n_values.to_le_bytes());
        b.resize(b.len() + 64, 0);
        b
    };
    for n in [1 << 20, u64::MAX, i64::MAX as u64] {
        assert!(message(&head(n, 0)).contains("do not fit"));
        assert!(message(&head(0, n)).contains("do not fit"));
    }
    let huge = u64::MAX.to_le_bytes();
    assert!(message(&Writer::new().raw("k", 8, &huge).bytes()).contains("truncated"));
    for element in [0u32, 4, 8, 12] {
        let array = [&element.to_le_bytes()[..], &huge].concat();
        let text = message(&Writer::new().raw("k", 9, &array).bytes());
        assert!(text.contains("truncated") || text.contains("elements"), "{text}");
    }
    let nested = [&9u32.to_le_bytes()[..], &1u64.to_le_bytes()].concat();
    assert!(message(&Writer::new().raw("k", 9, &nested).bytes()).contains("array of arrays"));
}

#[test]
fn tiny_entries_cannot_take_more_memory_than_the_file() {
    // 20,000 tensors without elements: 600 KB of file would need 5 MB.
    let mut file = Writer::new();
    for i in 0..20_000 {
        file = file.tensor(&format!("{i}"), &[0], 0, 0);
    }
    assert!(message(&file.bytes()).contains("more memory"));
}

#[test]
fn other_files_are_named_for_what_they_are() {
    assert_eq!(message(b""), GgufProblem::Empty.to_string());
    assert!(message(b"Once upon a time").contains("a text (\"Once upon a time\")"));
    assert!(message(b"<!DOCTYPE html><html>").contains("web page"));
    assert!(message(b"version https://git-lfs.github.com/spec/v1\noid sha256:0").contains("git lfs pull"));
    assert!(message(b"\x7fELF\x02\x01").contains("7f 45 4c 46"));
    assert!(message(b"GGUF\0\0\0\x03").contains("big-endian"));
    assert!(message(b"GGUF\x01\0\0\0").contains("version 1"));
    assert!(message(b"GGUF\x04\0\0\0").contains("version 4"));
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(
        Gguf::open(dir.path()).expect_err("a folder").problem,
        GgufProblem::IsFolder
    );
    assert_eq!(
        Gguf::open(&dir.path().join("no")).expect_err("none").problem,
        GgufProblem::Missing
    );
}

#[test]
fn damaged_tensor_descriptions_are_named() {
    let llama = || tiny_llama(64, 1, F16, Some(1));
    assert!(message(&llama().tensor("odd", &[33], 8, 34).bytes()).contains("no multiple of 32"));
    assert!(message(&llama().tensor("new", &[32], 77, 34).bytes()).contains("unknown ggml type 77"));
    assert!(message(&llama().tensor("old", &[32], 4, 34).bytes()).contains("unknown ggml type 4"));
    assert!(message(&llama().tensor("big", &[1 << 40, 1 << 40], 0, 0).bytes()).contains("absurd shape"));
    assert!(message(&llama().tensor("blk.0.attn_q.weight", &[1], 0, 4).bytes()).contains("there twice"));
    assert!(message(&llama().u32("general.name", 1).bytes()).contains("there twice"));
    assert!(message(&llama().u32("general.alignment", 12).bytes()).contains("power of two"));
}

#[test]
fn models_that_generate_no_text_are_refused() {
    let refused = |file: Writer| {
        let gguf = read(&file.bytes()).expect("a readable file");
        gguf.check_generative().expect_err("must be refused").to_string()
    };
    let llama = || tiny_llama(64, 1, F16, Some(1));
    assert!(refused(Writer::new().str("general.architecture", "nomic-bert")).contains("embedding"));
    assert!(refused(llama().u32("llama.pooling_type", 3)).contains("embedding"));
    assert!(refused(llama().bool("llama.attention.causal", false)).contains("embedding"));
    assert!(refused(llama().str("general.type", "adapter")).contains("LoRA"));
    assert!(refused(llama().str("general.type", "mmproj")).contains("vision"));
    assert!(refused(llama().raw("split.count", 2, &3u16.to_le_bytes())).contains("3 parts"));
    assert!(refused(Writer::new().str("general.architecture", "llama")).contains("no tensors"));
    assert!(refused(Writer::new()).contains("general.architecture is missing"));
}

#[test]
fn head_counts_per_layer_must_agree() {
    let file = |counts: &[u32]| {
        let file = Writer::new()
            .str("general.architecture", "x")
            .u32("x.block_count", 2)
            .u32("x.context_length", 64)
            .u32("x.embedding_length", 64)
            .u32("x.attention.head_count", 4)
            .u32("x.attention.key_length", 24)
            .u32s("x.attention.head_count_kv", counts)
            .strs("tokenizer.ggml.tokens", &["a"]);
        read(&file.bytes()).expect("readable").model_info("x")
    };
    let info = file(&[2, 2]).expect("equal layers");
    assert_eq!((info.n_embd_k_gqa, info.n_embd_v_gqa), (48, 32));
    assert!(file(&[2, 1])
        .expect_err("different layers")
        .to_string()
        .contains("different numbers"));
    assert!(file(&[]).is_err());
}

#[test]
fn fallbacks_follow_llama_cpps_rules() {
    // Rows of 64 under Q4_K_M: the tied embedding is Q8_0 by recipe, the two matrices fell back to Q5_0.
    let mut file = tiny_llama(64, 6, Q5_0, Some(15));
    let gguf = read(&file.bytes()).expect("readable");
    assert_eq!((gguf.ftype_checked(), gguf.n_fallback()), (Some("Q4_K_M"), 2));
    // With an output matrix the embedding is no longer special.
    file = file.tensor("output.weight", &[64, 4], 8, 8 * 34);
    assert_eq!(read(&file.bytes()).expect("readable").n_fallback(), 3);
    // Real K-quants have none.
    let real = tiny_llama(256, 12, (256, 144), Some(15));
    assert_eq!(read(&real.bytes()).expect("readable").n_fallback(), 0);
    let f16 = tiny_llama(64, 1, F16, Some(1));
    assert_eq!(read(&f16.bytes()).expect("readable").n_fallback(), 0);
}

#[test]
fn a_label_that_the_tensors_belie_is_not_believed() {
    let gguf = read(&tiny_llama(256, 1, F16, Some(15)).bytes()).expect("readable");
    assert_eq!((gguf.ftype(), gguf.ftype_checked()), (Some("Q4_K_M"), Some("F16")));
    let gguf = read(&tiny_llama(64, 8, (32, 34), None).bytes()).expect("readable");
    assert_eq!((gguf.ftype(), gguf.ftype_checked()), (None, Some("Q8_0")));
}

#[test]
fn type_table_agrees_with_ggmls_block_layouts() {
    for &ty in GgmlType::ALL {
        assert_eq!(GgmlType::from_id(ty.id()), Some(ty));
    }
    assert_eq!(GgmlType::Q4K.bpw(), 4.5);
    assert_eq!(GgmlType::Q6K.bpw(), 6.5625);
    assert_eq!(GgmlType::Iq4Xs.bpw(), 4.25);
    for label in known_ftypes() {
        assert_eq!(ftype_id(label).and_then(super::ftype::ftype_name), Some(label));
    }
    assert_eq!(ftype_of("q4_k_m"), Some("Q4_K_M"));
}

#[cfg(feature = "llama")]
#[test]
fn file_types_have_llama_cpps_numbers() {
    use llama_cpp_sys_2 as sys;
    for (name, id) in [
        ("F32", sys::LLAMA_FTYPE_ALL_F32),
        ("F16", sys::LLAMA_FTYPE_MOSTLY_F16),
        ("BF16", sys::LLAMA_FTYPE_MOSTLY_BF16),
        ("Q8_0", sys::LLAMA_FTYPE_MOSTLY_Q8_0),
        ("Q6_K", sys::LLAMA_FTYPE_MOSTLY_Q6_K),
        ("Q5_K_M", sys::LLAMA_FTYPE_MOSTLY_Q5_K_M),
        ("Q5_K_S", sys::LLAMA_FTYPE_MOSTLY_Q5_K_S),
        ("Q5_1", sys::LLAMA_FTYPE_MOSTLY_Q5_1),
        ("Q5_0", sys::LLAMA_FTYPE_MOSTLY_Q5_0),
        ("Q4_K_M", sys::LLAMA_FTYPE_MOSTLY_Q4_K_M),
        ("Q4_K_S", sys::LLAMA_FTYPE_MOSTLY_Q4_K_S),
        ("Q4_1", sys::LLAMA_FTYPE_MOSTLY_Q4_1),
        ("Q4_0", sys::LLAMA_FTYPE_MOSTLY_Q4_0),
        ("IQ4_NL", sys::LLAMA_FTYPE_MOSTLY_IQ4_NL),
        ("IQ4_XS", sys::LLAMA_FTYPE_MOSTLY_IQ4_XS),
        ("Q3_K_L", sys::LLAMA_FTYPE_MOSTLY_Q3_K_L),
        ("Q3_K_M", sys::LLAMA_FTYPE_MOSTLY_Q3_K_M),
        ("Q3_K_S", sys::LLAMA_FTYPE_MOSTLY_Q3_K_S),
        ("Q2_K", sys::LLAMA_FTYPE_MOSTLY_Q2_K),
    ] {
        assert_eq!(ftype_id(name), Some(id), "{name}");
    }
}

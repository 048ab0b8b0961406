//! Damaged headers through everything that `inspect` does with one.

use super::facts::Facts;
use super::render;
use crate::catalog::Header;
use crate::gguf::write_test::tiny_llama;
use crate::gguf::Gguf;
use crate::rng::SplitMix64;
use std::io::Cursor;

const N_MUTATIONS: usize = 10_000;

/// A header with every kind of metadata that is shown.
fn good() -> Vec<u8> {
    tiny_llama(64, 6, (32, 22), Some(15))
        .str("general.license", "apache-2.0")
        .str("tokenizer.ggml.model", "gpt2")
        .str("tokenizer.ggml.pre", "smollm")
        .str(
            "tokenizer.chat_template",
            "{% for message in messages %}{{ message }}{% endfor %}",
        )
        .str("quantize.imatrix.file", "imatrix.gguf")
        .u32("general.quantization_version", 2)
        .u32s("some.list", &[1, 2, 3, 4])
        .bool("some.truth", true)
        .bytes()
}

/// Flips, truncations, absurd numbers, parts cut out and parts doubled.
fn mutate(bytes: &mut Vec<u8>, n_header: usize, dice: &mut SplitMix64) {
    const ABSURD: [u64; 10] = [
        0,
        1,
        255,
        1 << 31,
        u32::MAX as u64,
        1 << 32,
        1 << 40,
        i64::MAX as u64,
        1 << 63,
        u64::MAX,
    ];
    let at = dice.below(n_header.min(bytes.len()).saturating_sub(8));
    match dice.below(6) {
        0 => bytes[at] ^= 1 << dice.below(8),
        1 => bytes[at] = dice.next_u64() as u8,
        2 => bytes.truncate(dice.below(bytes.len())),
        3 => {
            let width = [4, 8][dice.below(2)];
            let value = ABSURD[dice.below(ABSURD.len())].to_le_bytes();
            bytes[at..at + width].copy_from_slice(&value[..width]);
        }
        4 => {
            let end = (at + 1 + dice.below(64)).min(bytes.len());
            bytes.drain(at..end);
        }
        _ => {
            let end = (at + 1 + dice.below(64)).min(bytes.len());
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
    }
}

#[test]
fn ten_thousand_damaged_headers_give_an_error_or_an_answer() {
    let good = good();
    let whole = Gguf::read(Cursor::new(&good), good.len() as u64).expect("a good file");
    let n_header = whole.data_offset as usize;
    // Seeded, so that a failure can be seen again.
    let mut dice = SplitMix64::new(0x5eed_0003);
    let (mut n_errors, mut n_answers) = (0, 0);
    for i in 0..N_MUTATIONS {
        let mut bytes = good.clone();
        for _ in 0..=dice.below(3) {
            if bytes.len() > 8 {
                mutate(&mut bytes, n_header, &mut dice);
            }
        }
        let text = match Gguf::read(Cursor::new(&bytes), bytes.len() as u64) {
            Ok(gguf) => {
                n_answers += 1;
                assert!(gguf.model_size() <= gguf.file_bytes && gguf.n_fallback() <= gguf.tensors.len() as u64);
                let header = Header::of_remote(gguf, "x.gguf");
                let facts = Facts::of(&header, Some(1 << 34));
                let json = serde_json::to_string(&facts).expect("it serialises");
                assert!(json.len() < 20 * bytes.len() + 20_000, "mutation {i}");
                render::text(&facts)
            }
            Err(problem) => {
                n_errors += 1;
                problem.to_string()
            }
        };
        assert!(
            !text.is_empty() && text.len() < bytes.len() + 20_000,
            "mutation {i}: {text}"
        );
        assert!(!text.contains("NaN"), "mutation {i}: {text}");
        assert!(
            !text.chars().any(|c| c.is_control() && c != '\n'),
            "mutation {i}: {text:?}"
        );
    }
    assert!(
        n_errors > 3_000 && n_answers > 1_000,
        "{n_errors} errors, {n_answers} answers"
    );
}

#[cfg(feature = "llama")]
#[test]
fn types_have_ggml_s_numbers_and_blocks() {
    use crate::engine::Decoder;
    use crate::gguf::GgmlType;
    let mut names = Vec::new();
    for &ty in GgmlType::ALL {
        let Ok(decoder) = Decoder::of(ty.id()) else {
            names.push(ty.name());
            continue;
        };
        let (n, n_bytes) = decoder.block();
        assert_eq!((n as u64, n_bytes as u64), ty.block(), "{}", ty.name());
        for fill in [0u8, 0x7f, 0xff] {
            let bytes = vec![fill; 3 * n_bytes + 1];
            let mut row = vec![0.5; 2 * n];
            // From an odd address, too.
            assert!(decoder.decode(&bytes[1..=2 * n_bytes], &mut row), "{}", ty.name());
            assert!(!decoder.decode(&bytes[..2 * n_bytes], &mut row[1..]));
            assert!(!decoder.decode(&bytes, &mut row));
        }
    }
    assert_eq!(
        names,
        ["q8_1", "q8_k", "i8", "i16", "i32", "i64", "f64"],
        "not decodable"
    );
    assert!(Decoder::of(1000).is_err());

    let decoder = Decoder::of(GgmlType::Q8_0.id()).expect("it has one");
    // A half-precision scale of 0.5, then 32 codes.
    let block: Vec<u8> = [0x00, 0x38]
        .into_iter()
        .chain((0..32).map(|i| (i as i8 - 16) as u8))
        .collect();
    let mut row = [0.0; 32];
    assert!(decoder.decode(&block, &mut row));
    assert_eq!((row[0], row[16], row[31]), (-8.0, 0.0, 7.5));
}

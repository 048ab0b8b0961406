//! What the corpus promises: the same text everywhere, for ever.

use super::*;

/// Every genre, slot and draw, as they were when journals began to name the hash of their text: large vocabulary, no slot left open, right
/// sums.
#[test]
fn no_byte_of_three_million_changes() {
    for (seed, salt, expected) in [
        (
            1,
            "kvant",
            "5df2ad6a34c9138dd397c70afd441634a6b2a7ce87d5ba5d88b9c1e66a5024b8",
        ),
        (
            2,
            "test",
            "87a7913e5c1562b777e473f5170a5c91595cf8262e1f12bb9bc823e89126b500",
        ),
        (
            7,
            "",
            "f4f558534eb3d41795a23591a9109ea75d4e919022f8dadb88d39bedd168722a",
        ),
    ] {
        assert_eq!(
            sha256_hex(&Corpus::new(seed, salt).text(3_000_000)),
            expected,
            "seed {seed}, salt '{salt}'"
        );
    }
}

#[test]
fn sha256_is_the_published_one() {
    assert_eq!(
        sha256_hex("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn seed_salt_and_index_all_change_the_text() {
    let first = Corpus::new(1, "a").document(0);
    assert_ne!(first, Corpus::new(2, "a").document(0));
    assert_ne!(first, Corpus::new(1, "b").document(0));
    assert_ne!(first, Corpus::new(1, "a").document(1));
}

#[test]
fn a_text_is_whole_documents_from_the_first_on() {
    let corpus = Corpus::new(7, "");
    assert_eq!(corpus.text(0), corpus.document(0));
    let two = format!("{}\n\n{}", corpus.document(0), corpus.document(1));
    assert_eq!(corpus.text(corpus.document(0).len() + 1), two);
    assert!(corpus.text(50_000).len() >= 50_000);
}

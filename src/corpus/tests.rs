//! What the corpus promises: the same text everywhere, variety, right sums.

use super::*;
use std::collections::BTreeSet;

#[test]
fn the_same_seed_gives_the_same_text_on_every_platform() {
    let text = Corpus::new(1, "test").text(100_000);
    assert_eq!(text, Corpus::new(1, "test").text(100_000));
    assert_eq!(
        sha256_hex(&text),
        "74981f766aeeab4391b8b75f822814f254563428fa0d6f419a2796fc8f37c48d"
    );
}

/// Every genre, slot and draw, as they were when journals began to name the hash of their text.
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

#[test]
fn every_slot_of_every_template_is_filled() {
    let corpus = Corpus::new(11, "slots");
    for index in 0..1500 {
        let document = corpus.document(index);
        assert!(
            (500..9000).contains(&document.len()),
            "document {index} has {} bytes:\n{document}",
            document.len()
        );
        if !document.contains("\"id\":") {
            assert!(
                !document.contains(['{', '}']),
                "document {index} has an open slot:\n{document}"
            );
        }
    }
}

#[test]
fn every_name_in_a_template_is_a_fact_or_a_rule() {
    // A slot that is neither comes out as its own name, with an underscore or a digit in many cases; the names of the
    // rules that are never plain words must not appear.
    let corpus = Corpus::new(12, "names");
    let unknown = [
        "shopkind",
        "petkind",
        "ftrade",
        "othertown",
        "noun1",
        "room1",
        "Alast",
        "Blast",
        "Ahe",
        "Ahis",
        "nsum",
        "agemoved",
        "staffafter",
        "cosa_m",
        "adj_f",
        "apodo1",
        "cuarto1",
        "calle1",
        "nsuma",
        "dianum",
        "mes1",
        "pronobj",
        "heroe",
        "escondite1",
        "product1",
    ];
    for index in 0..1500 {
        let document = corpus.document(index);
        for word in document.split(|c: char| !c.is_alphanumeric() && c != '_') {
            assert!(!unknown.contains(&word), "document {index} says {word}:\n{document}");
        }
    }
}

#[test]
fn the_vocabulary_is_large_and_most_documents_differ() {
    let text = Corpus::new(5, "variety").text(1_000_000);
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphabetic()).collect();
    assert!(words.len() > 4000, "{} different words", words.len());
    let corpus = Corpus::new(5, "variety");
    let openings: BTreeSet<String> = (0..500)
        .map(|i| corpus.document(i).chars().take(120).collect())
        .collect();
    assert!(openings.len() > 400, "{} different openings", openings.len());
}

#[test]
fn bills_add_up() {
    let corpus = Corpus::new(6, "sums");
    let mut n_bills = 0;
    for document in (0..1000)
        .map(|i| corpus.document(i))
        .filter(|d| d.contains("\nSubtotal: "))
    {
        let numbers = |line: &str| {
            line.split(|c: char| !c.is_ascii_digit())
                .filter_map(|n| n.parse::<i64>().ok())
                .collect::<Vec<_>>()
        };
        let mut subtotal = 0;
        for line in document
            .lines()
            .filter(|l| l.starts_with("| ") && !l.starts_with("| Item"))
        {
            let row = numbers(line);
            assert_eq!(row[0] * row[1], row[2], "{line}");
            subtotal += row[2];
        }
        let foot = |head: &str| document.lines().find(|l| l.starts_with(head)).map(numbers).unwrap();
        let (discount, total) = (foot("Discount"), foot("Total"));
        assert_eq!(foot("Subtotal"), [subtotal]);
        assert_eq!(discount[1], subtotal * discount[0] / 100);
        assert_eq!(total, [subtotal - discount[1]]);
        n_bills += 1;
    }
    assert!(n_bills > 20, "{n_bills} bills");
}

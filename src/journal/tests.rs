//! Round trips, damage at every place, failing disks, two writers.

use super::*;
use crate::data::*;
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn header() -> RunHeader {
    RunHeader {
        format: JOURNAL_FORMAT,
        run_id: "built-in-20261121-213000".to_owned(),
        command: vec!["kvant".to_owned(), "compare".to_owned(), "builtin \"x\"\n".to_owned()],
        plan: Plan {
            seed: u64::MAX,
            equivalence: 0.1 + 0.2,
            ..Plan::default()
        },
        text_seed: Some(1),
        host: HostInfo {
            cpu: "größer ≥ 1".to_owned(),
            memory_bytes: 1 << 33,
            ..HostInfo::default()
        },
        ..RunHeader::default()
    }
}

fn sample(round: u32, at_ns: u64, itl_ns: Vec<u64>, ttft_ns: Option<u64>) -> Record {
    let conditions = SampleConditions {
        cpu_ns: at_ns,
        n_involuntary_switches: 1,
        ..SampleConditions::default()
    };
    let ns = at_ns / 2;
    let sample = Sample {
        n_repeat: 1,
        timed_ns: at_ns,
        warmup_ns: 0,
        itl_ns,
        conditions,
        seen: match ttft_ns {
            Some(ttft_ns) => Seen::Prompt { ns, ttft_ns },
            None => Seen::Time { ns },
        },
    };
    Record::Sample(SampleRecord {
        launch: 0,
        round,
        position: 1,
        cell: 2,
        at_ns,
        sample,
    })
}

fn failure(reason: String) -> Record {
    Record::Failure(FailureRecord {
        cell: 1,
        kind: FailureKind::Crashed,
        reason,
    })
}

fn quality(index: u32, kld: f32, before: String) -> Record {
    // A divergence is finite: the worker refuses anything else.
    let kld = if kld.is_finite() { kld } else { 0.5 };
    let p = (f64::from(index) / 1e9, 0.1 + 0.2);
    let disagreement = Disagreement {
        position: index,
        kld: f64::from(kld),
        before,
        next: "\u{1f980}".to_owned(),
        baseline_top: String::new(),
        baseline_top_p: p,
        top: "|".to_owned(),
        top_p: p,
    };
    let score = ChunkScore {
        n_scored: 1,
        nll_sum: f64::from(kld) / 3.0,
        nll_sq_sum: f64::MIN_POSITIVE,
        vs_baseline: Some(Divergence {
            nll_cross_sum: 0.1,
            kld_sum: f64::from(kld),
            kld_sq_sum: 0.3,
            n_same_top: 0,
            dp_sum: -0.7,
            dp_sq_sum: 0.0,
            dp_4_sum: 1e-300,
            kld: vec![kld],
            dp: vec![-kld],
            disagreements: vec![disagreement],
        }),
    };
    let chunk = Chunk {
        n_ctx: 512,
        text: 0,
        index,
    };
    Record::Quality(QualityRecord {
        chunk,
        scores: vec![(1, score)],
        forward_ns: vec![8],
        ns: 9,
        is_cached: chunk.index.is_multiple_of(2),
    })
}

fn any_record() -> impl Strategy<Value = Record> {
    let readings = (
        any::<u32>(),
        any::<u64>(),
        prop::collection::vec(any::<u64>(), 0..6),
        any::<Option<u64>>(),
    );
    prop_oneof![
        readings.prop_map(|(round, at_ns, itl_ns, ttft_ns)| sample(round, at_ns, itl_ns, ttft_ns)),
        any::<String>().prop_map(failure),
        any::<(u32, u32)>().prop_map(|(launch, round)| Record::Round(RoundRecord {
            launch,
            round,
            in_launch: 0
        })),
        (any::<u32>(), prop::collection::vec(0..99usize, 0..4)).prop_map(|(round, cells)| {
            Record::Block(BlockRecord {
                launch: 1,
                round,
                in_launch: 2,
                cells,
            })
        }),
        (any::<u32>(), any::<f32>(), any::<String>()).prop_map(|(index, kld, text)| quality(index, kld, text)),
        prop::collection::vec(any::<String>(), 0..4)
            .prop_map(|names| Record::Warning(Warning::UnusedInstructions { names })),
        any::<(u64, u64, u64)>().prop_map(|(wall_ns, loading_ns, timed_ns)| {
            Record::End(EndRecord {
                stopped_by: StoppedBy::Budget,
                wall_ns,
                loading_ns,
                timed_ns,
                warmup_ns: 7,
                quality_ns: 3,
            })
        }),
    ]
}

/// The bytes of a journal with these records.
fn journal_bytes(records: &[Record]) -> Vec<u8> {
    let sink = FailingSink::default();
    let bytes = Arc::clone(&sink.bytes);
    let mut writer = Writer::on_sink(Box::new(sink), Path::new("test"), &header()).unwrap();
    for record in records {
        writer.append(record).unwrap();
    }
    let bytes = bytes.lock().unwrap().clone();
    bytes
}

fn three_records() -> Vec<Record> {
    vec![
        sample(0, 500_000_000, vec![1, 2, 3], None),
        failure("signal 6: \"GGML_ASSERT(x)\" \\ \u{1f980}".to_owned()),
        Record::Round(RoundRecord {
            launch: 0,
            round: 0,
            in_launch: 0,
        }),
    ]
}

/// Offset at which line `number` (from 1) begins.
fn line_start(bytes: &[u8], number: usize) -> usize {
    let newlines = bytes
        .iter()
        .enumerate()
        .filter(|(_, &b)| b == b'\n')
        .map(|(i, _)| i + 1);
    std::iter::once(0).chain(newlines).nth(number - 1).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_is_read(records in prop::collection::vec(any_record(), 0..8)) {
        let journal = read_bytes(&journal_bytes(&records)).unwrap();
        prop_assert_eq!(journal, Journal { header: header(), records, torn_tail: false });
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_bytes(&bytes);
        let mut after_header = journal_bytes(&[]);
        after_header.extend(&bytes);
        let _ = read_bytes(&after_header);
    }
}

#[test]
fn every_single_bit_counts() {
    let records = three_records();
    let good = journal_bytes(&records);
    let last_line = line_start(&good, 4);
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            if let Ok(journal) = read_bytes(&bad) {
                // The newline before the last line belongs to it: without it both lines are one torn line.
                let is_noticed = journal.torn_tail && at + 1 >= last_line;
                assert!(is_noticed, "bit {bit} of byte {at}");
                assert!(records.starts_with(&journal.records) && journal.header == header());
            }
        }
    }
}

#[test]
fn a_cut_at_every_byte_of_the_last_record_keeps_the_others() {
    let records = three_records();
    let bytes = journal_bytes(&records);
    let last_line = line_start(&bytes, 4);
    for end in last_line..bytes.len() {
        let journal = read_bytes(&bytes[..end]).unwrap();
        assert_eq!(journal.records, records[..2]);
        assert_eq!(journal.torn_tail, end > last_line, "cut at {end}");
    }
}

#[test]
fn a_cut_within_the_header_is_named() {
    let bytes = journal_bytes(&[]);
    assert_eq!(read_bytes(b""), Err(Problem::Empty));
    for end in 1..bytes.len() {
        assert_eq!(read_bytes(&bytes[..end]), Err(Problem::TornHeader), "cut at {end}");
    }
}

#[test]
fn damage_before_the_last_line_is_fatal_and_names_the_line() {
    let good = journal_bytes(&three_records());
    let mut bad = good.clone();
    let at = line_start(&good, 3) + 70;
    bad[at] ^= 1;
    let problem = read_bytes(&bad).unwrap_err();
    assert_eq!(
        problem,
        Problem::Line {
            line: 3,
            problem: LineProblem::Checksum
        }
    );
    let error = JournalError::Unusable {
        path: "run/journal.jsonl".into(),
        problem,
    };
    assert_eq!(
        error.to_string(),
        "journal unusable: run/journal.jsonl: line 3: checksum mismatch; restore the file from a copy, or start a new run"
    );
    bad.splice(line_start(&good, 2)..line_start(&good, 3), *b"{}\n");
    assert!(matches!(
        read_bytes(&bad),
        Err(Problem::Line {
            line: 2,
            problem: LineProblem::Malformed { .. }
        })
    ));
}

#[test]
fn a_missing_or_repeated_line_is_named() {
    let good = journal_bytes(&three_records());
    let (second, third, fourth) = (line_start(&good, 2), line_start(&good, 3), line_start(&good, 4));
    let without_third = [&good[..third], &good[fourth..]].concat();
    let sequence = |line, found| {
        Err(Problem::Line {
            line,
            problem: LineProblem::Sequence { found, expected: line },
        })
    };
    assert_eq!(read_bytes(&without_third), sequence(3, 4));
    let second_twice = [&good[..third], &good[second..]].concat();
    assert_eq!(read_bytes(&second_twice), sequence(3, 2));
}

/// A journal whose lines hold these texts as records, intact.
fn journal_of_texts(records: &[&str]) -> Vec<u8> {
    let lines = records.iter().zip(1..).map(|(record, seq)| {
        let crc = crc32fast::hash(format!("{seq}{record}").as_bytes());
        format!("{{\"seq\":{seq},\"crc\":\"{crc:08x}\",\"record\":{record}}}\n")
    });
    lines.collect::<String>().into_bytes()
}

fn header_text() -> String {
    serde_json::to_string(&Record::Header(Box::new(header()))).unwrap()
}

#[test]
fn the_documented_checksum_is_the_one_in_use() {
    let record = Record::Round(RoundRecord {
        launch: 0,
        round: 3,
        in_launch: 0,
    });
    let by_hand = journal_of_texts(&[&header_text(), r#"{"round":{"launch":0,"round":3,"in_launch":0}}"#]);
    assert_eq!(journal_bytes(&[record]), by_hand);
}

#[test]
fn an_intact_line_that_is_not_understood_is_fatal_even_at_the_end() {
    let unknown = journal_of_texts(&[&header_text(), r#"{"telepathy":{}}"#]);
    assert!(matches!(
        read_bytes(&unknown),
        Err(Problem::Line {
            line: 2,
            problem: LineProblem::Record { .. }
        })
    ));
    let second_header = journal_of_texts(&[&header_text(), &header_text()]);
    assert_eq!(
        read_bytes(&second_header),
        Err(Problem::Line {
            line: 2,
            problem: LineProblem::SecondHeader
        })
    );
}

/// Format 1 knew nothing of quality.
#[test]
fn journals_of_format_1_are_read() {
    let mut old = serde_json::to_value(header()).unwrap();
    old["format"] = 1.into();
    old["plan"].as_object_mut().unwrap().remove("quality");
    old.as_object_mut().unwrap().remove("texts");
    let end = r#"{"end":{"stopped_by":"budget","wall_ns":5,"loading_ns":1,"timed_ns":2,"warmup_ns":1}}"#;
    let journal = read_bytes(&journal_of_texts(&[&format!(r#"{{"header":{old}}}"#), end])).unwrap();
    assert_eq!(
        (journal.header.format, journal.header.plan.quality, journal.header.texts),
        (1, None, vec![])
    );
    assert!(matches!(&journal.records[..], [Record::End(end)] if end.quality_ns == 0));
}

#[test]
fn other_versions_and_other_files_are_named() {
    let format = u64::from(JOURNAL_FORMAT) + 1;
    let newer = journal_of_texts(&[&format!(r#"{{"header":{{"format":{format},"all":"new"}}}}"#)]);
    assert_eq!(read_bytes(&newer), Err(Problem::Newer { format }));
    assert!(Problem::Newer { format }
        .to_string()
        .contains("written by a newer kvant"));
    let older = journal_of_texts(&[r#"{"header":{"format":0}}"#]);
    assert_eq!(read_bytes(&older), Err(Problem::UnknownFormat { format: 0 }));
    let headless = journal_of_texts(&[r#"{"round":{"launch":0,"round":3}}"#]);
    assert_eq!(read_bytes(&headless), Err(Problem::NoHeader));
    for other in [
        &b"GGUF\x03\0\0\0"[..],
        b"{\"schema\":\"kvant.results/1\"}\n",
        b"\n",
        b"\0\0\0\0\0\0\0\0\0\0",
    ] {
        assert_eq!(read_bytes(other), Err(Problem::NotAJournal));
    }
}

#[test]
fn a_line_longer_than_any_record_is_refused() {
    let long = format!("\"{}\"", "x".repeat(17 << 20));
    let bytes = journal_of_texts(&[&header_text(), &long, "{}"]);
    assert_eq!(
        read_bytes(&bytes),
        Err(Problem::Line {
            line: 2,
            problem: LineProblem::TooLong
        })
    );
}

#[test]
fn a_failed_append_leaves_a_readable_journal_and_a_usable_writer() {
    let records = three_records();
    for n_until_failure in 0..3 {
        for n_bytes_left in [0, 1, 40, usize::MAX] {
            for truncate_fails in [false, true] {
                // The header is the first append.
                let n_until_failure = Some(n_until_failure + 1);
                let sink = FailingSink {
                    n_until_failure,
                    n_bytes_left,
                    truncate_fails,
                    ..FailingSink::default()
                };
                check_failing_sink(sink, &records);
            }
        }
    }
}

fn check_failing_sink(sink: FailingSink, records: &[Record]) {
    let bytes = Arc::clone(&sink.bytes);
    let truncate_fails = sink.truncate_fails;
    let left_whole = sink.n_bytes_left == usize::MAX;
    let mut writer = Writer::on_sink(Box::new(sink), Path::new("test"), &header()).unwrap();
    let mut written = Vec::new();
    let mut n_failures = 0;
    for record in records {
        match writer.append(record) {
            Ok(()) => written.push(record.clone()),
            Err(e) => {
                n_failures += 1;
                assert!(e.to_string().contains("cannot write journal test"), "{e}");
                if truncate_fails && left_whole && n_failures == 1 {
                    // Reported as failed, though it may have reached the disk: on reading it counts.
                    written.push(record.clone());
                }
            }
        }
    }
    let journal = read_bytes(&bytes.lock().unwrap()).unwrap();
    assert_eq!(journal.records, written);
    if !truncate_fails {
        assert!(!journal.torn_tail);
        assert_eq!(written.len(), records.len() - 1);
    }
}

#[test]
fn a_header_that_cannot_be_stored_or_written_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    let mut header = header();
    header.plan.equivalence = f64::NAN;
    let error = Writer::create(&path, &header).err().unwrap();
    assert!(matches!(error, JournalError::NotStorable { seq: 1, .. }), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let nowhere = dir.path().join("missing").join("journal.jsonl");
    assert!(matches!(
        Writer::create(&nowhere, &header),
        Err(JournalError::Io { .. })
    ));
}

#[test]
fn a_journal_is_created_once_continued_and_kept_to_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    let records = three_records();
    let mut writer = Writer::create(&path, &header()).unwrap();
    writer.append(&records[0]).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(matches!(
        Writer::create(&path, &header()),
        Err(JournalError::Exists { .. })
    ));
    assert!(matches!(Writer::resume(&path), Err(JournalError::InUse { .. })));
    assert_eq!(read(&path).unwrap().records, records[..1], "reading needs no lock");
    drop(writer);

    let mut torn = fs::read(&path).unwrap();
    torn.extend(br#"{"seq":3,"crc":"00"#);
    fs::write(&path, torn).unwrap();
    assert!(read(&path).unwrap().torn_tail);
    let (mut writer, journal) = Writer::resume(&path).unwrap();
    assert!(journal.torn_tail);
    assert_eq!(journal.records, records[..1]);
    for record in &records[1..] {
        writer.append(record).unwrap();
    }
    let whole = Journal {
        header: header(),
        records: records.clone(),
        torn_tail: false,
    };
    assert_eq!(read(&path).unwrap(), whole);
    assert_eq!(
        fs::read(&path).unwrap(),
        journal_bytes(&records),
        "as if never interrupted"
    );
}

#[test]
fn an_unusable_journal_is_not_touched_by_resume() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    for bytes in [
        journal_of_texts(&[r#"{"header":{"format":2}}"#, "{}"]),
        b"# notes\n".to_vec(),
        Vec::new(),
    ] {
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(Writer::resume(&path), Err(JournalError::Unusable { .. })));
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        Writer::resume(&path),
        Err(JournalError::Io { action: "open", .. })
    ));
    assert!(matches!(read(&path), Err(JournalError::Io { action: "read", .. })));
    assert!(
        matches!(read(dir.path()), Err(JournalError::Io { .. })),
        "a folder is not a journal"
    );
}

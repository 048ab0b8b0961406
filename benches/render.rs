//! How long it takes to render a large run: 1,000 cells and 20 rounds, from the journal to files on disk. `just bench`.

#![expect(clippy::print_stdout, reason = "the timings are for whoever runs it")]

#[expect(dead_code, reason = "tests use the rest of it")]
#[path = "../tests/all/fixture.rs"]
mod fixture;

use kvant::data::{BlockRecord, Cell, Record, RunHeader, Sample, SampleRecord, Seen, Work};
use kvant::journal::{self, FailingSink, Writer};
use kvant::report::{charts, report_html, report_md, results_json, write_all, Lang, ReportModel};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const N_CELLS: usize = 1000;
const N_ROUNDS: u32 = 20;

/// The fixture's arms at as many depths as it takes.
fn large() -> (RunHeader, Vec<Record>) {
    let (mut header, small) = fixture::run();
    let n_arms = header.plan.arms.len();
    header.plan.cells = (0..N_CELLS)
        .map(|index| {
            let (arm, depth) = (index % n_arms, (1 + index / n_arms) as u32 * 16);
            let spec = match depth.is_multiple_of(32) {
                true => Work::prefill(depth),
                false => Work::decode(32, depth),
            };
            let id = format!("{} | {spec}", header.plan.arms[arm].id);
            Cell { id, arm, spec }
        })
        .collect();
    let sample = small.iter().find_map(|record| match record {
        Record::Sample(sample) if !sample.sample.itl_ns.is_empty() => Some(sample.sample.clone()),
        _ => None,
    });
    let sample = sample.expect("the fixture decodes");
    let mut records: Vec<Record> = small
        .into_iter()
        .filter(|r| !matches!(r, Record::Sample(_) | Record::Block(_) | Record::Round(_)))
        .collect();
    let mut noise = fixture::Noise(kvant::rng::SplitMix64::new(3));
    for round in 0..N_ROUNDS {
        for cell in 0..N_CELLS {
            let ns = (4e8 * (1.0 + 0.1 * noise.next())) as u64;
            let seen = Seen::Time { ns };
            let sample = Sample { seen, ..sample.clone() };
            let (launch, position) = (round / 4, cell as u32);
            records.push(Record::Sample(SampleRecord {
                launch,
                round,
                position,
                cell,
                at_ns: 0,
                sample,
            }));
        }
        records.push(Record::Block(BlockRecord {
            launch: round / 4,
            round,
            in_launch: round % 4,
            cells: (0..N_CELLS).collect(),
        }));
    }
    (header, records)
}

/// The same as a journal's bytes.
fn journal_bytes(header: &RunHeader, records: &[Record]) -> Vec<u8> {
    let sink = FailingSink::default();
    let mut writer = Writer::on_sink(Box::new(sink.clone()), Path::new("memory"), header).expect("it can be stored");
    for record in records {
        writer.append(record).expect("memory takes it");
    }
    let bytes = sink.bytes.lock().expect("nobody else writes").clone();
    bytes
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = black_box(work());
    println!("{what:<28} {:>8.1} ms", began.elapsed().as_secs_f64() * 1e3);
    result
}

fn main() {
    let (header, records) = large();
    let bytes = journal_bytes(&header, &records);
    println!(
        "{N_CELLS} cells, {N_ROUNDS} rounds, {} MiB of journal",
        bytes.len() >> 20
    );
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("journal.jsonl");
    std::fs::write(&path, &bytes).expect("a file");
    let began = Instant::now();
    let run = timed("reading the journal", || journal::read(&path).expect("it is one"));
    let model = timed("model", || ReportModel::build(&run.header, &run.records));
    let files = timed("all files, to disk", || {
        write_all(dir.path(), &model.told(Lang::default())).expect("they can be written")
    });
    println!(
        "{} files in {:.2} s; of that",
        files.len(),
        began.elapsed().as_secs_f64()
    );
    timed("  report.md", || report_md(&model.told(Lang::default())));
    timed("  report.html", || report_html(&model.told(Lang::default())));
    timed("  results.json", || {
        results_json(&model).map(|json| json.len()).unwrap_or_default()
    });
    timed("  charts (SVG and PNG)", || charts(&model.told(Lang::default())));
}

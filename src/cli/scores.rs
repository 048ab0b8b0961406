//! Scores of texts that are cached in the store: the same files, texts and build give the same figures, so they are scored once.

use crate::corpus;
use crate::data::{Arm, Chunk, ChunkScore, QualityRecord, Record, RunHeader, TextTokens};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const SCORES: &str = "scores";

/// What one arm gave, against one baseline.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Scored {
    tokens: Option<TextTokens>,
    chunks: Vec<(Chunk, ChunkScore)>,
}

/// What is cached of the plan of `header`: the texts in tokens, and chunks with the scores of the plan's arms.
pub fn read(store: &Path, header: &RunHeader) -> (Option<TextTokens>, Vec<QualityRecord>) {
    let (mut tokens, mut chunks) = (None, BTreeMap::<Chunk, Vec<(usize, ChunkScore)>>::new());
    for (index, arm) in arms(header) {
        let cached = read_file(&path(store, header, arm));
        tokens = tokens.or(cached.tokens.filter(|_| index == 0));
        for (chunk, score) in cached.chunks {
            chunks.entry(chunk).or_default().push((index, score));
        }
    }
    let record = |(chunk, scores)| QualityRecord {
        chunk,
        scores,
        forward_ns: Vec::new(),
        ns: 0,
        is_cached: true,
    };
    (tokens, chunks.into_iter().map(record).collect())
}

/// Keeps what a run scored. Without room for it the next run scores again.
pub fn keep(store: &Path, header: &RunHeader, records: &[Record]) {
    let tokens = records.iter().find_map(Record::texts);
    for (index, arm) in arms(header) {
        let path = path(store, header, arm);
        let mut chunks: BTreeMap<Chunk, ChunkScore> = read_file(&path).chunks.into_iter().collect();
        let n_before = chunks.len();
        for record in records {
            if let Record::Quality(q) = record {
                let own = q.scores.iter().filter(|(arm, _)| *arm == index);
                chunks.extend(own.map(|(_, score)| (q.chunk, score.clone())));
            }
        }
        let cached = Scored {
            tokens: tokens.cloned(),
            chunks: chunks.into_iter().collect(),
        };
        if cached.chunks.len() > n_before {
            let _ = crate::fs::write_with(&path, |file| Ok(serde_json::to_writer(file, &cached)?));
        }
    }
}

fn arms(header: &RunHeader) -> impl Iterator<Item = (usize, &Arm)> {
    header.plan.quality.iter().flat_map(|q| &q.arms).enumerate()
}

fn path(store: &Path, header: &RunHeader, arm: &Arm) -> PathBuf {
    let sha256 = |variant: &str| {
        header
            .variants
            .iter()
            .find(|v| v.id == variant)
            .map(|v| v.sha256.clone())
    };
    let baseline = header.plan.quality.iter().flat_map(|q| &q.arms).next().unwrap_or(arm);
    let mut words = vec![
        header.llama_cpp.clone(),
        header.system_info.clone(),
        header.host.cpu.clone(),
    ];
    for one in [baseline, arm] {
        let mut config = one.config.clone();
        config.n_ctx = 0;
        words.push(sha256(&one.variant).unwrap_or_default());
        words.push(serde_json::to_string(&config).unwrap_or_default());
        let build = header.builds.iter().find(|b| Some(&b.name) == config.build.as_ref());
        words.extend(build.map(|b| b.sha256.clone()));
    }
    words.extend(arm.is_control.then(|| "control".to_owned()));
    words.extend(header.texts.iter().map(|text| text.sha256.clone()));
    store.join(SCORES).join(corpus::sha256_hex(&words.join("\n")) + ".json")
}

fn read_file(path: &Path) -> Scored {
    let text = std::fs::read(path).ok();
    text.and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}

//! Sensitivities that are cached in the store: of the same source, text, importance matrix and build they are measured once, whatever the
//! target. One JSON line each, with a checksum; a line that is torn or damaged is left out.

use super::super::exit::{Failure, INTERRUPTED};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

pub fn stopped() -> Failure {
    Failure::msg(
        INTERRUPTED,
        "stopped; what was measured is kept, and the same command goes on from there",
    )
}

type Key = (String, String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fact {
    /// Sum of squared errors of the weights.
    Error { group: String, ty: String, error: f64 },
    /// Divergences of chunks, from the `first` on.
    Kld {
        group: String,
        ty: String,
        first: u32,
        kld: Vec<f64>,
        ns: u64,
    },
}

/// What is known of each group in each type.
pub struct Cache {
    file: File,
    pub errors: BTreeMap<Key, f64>,
    /// Divergences of chunks, in the order of the text.
    pub kld: BTreeMap<Key, Vec<f64>>,
}

impl Cache {
    /// Reads what is in the file at `path`, which is begun if it is not there or `is_fresh`.
    pub fn open(path: &Path, is_fresh: bool) -> io::Result<Cache> {
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        let text = match is_fresh {
            true => String::new(),
            false => std::fs::read(path).map_or_else(|_| String::new(), |b| String::from_utf8_lossy(&b).into_owned()),
        };
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(is_fresh)
            .append(!is_fresh)
            .open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        let mut cache = Cache {
            file,
            errors: BTreeMap::new(),
            kld: BTreeMap::new(),
        };
        text.lines().filter_map(decode).for_each(|fact| cache.take(fact));
        Ok(cache)
    }

    fn take(&mut self, fact: Fact) {
        match fact {
            Fact::Error { group, ty, error } => drop(self.errors.insert((group, ty), error)),
            Fact::Kld {
                group, ty, first, kld, ..
            } => {
                let known = self.kld.entry((group, ty)).or_default();
                if known.len() == first as usize {
                    known.extend(kld);
                }
            }
        }
    }

    fn keep(&mut self, fact: Fact) -> io::Result<()> {
        let text = serde_json::to_string(&fact)?;
        let crc = crc32fast::hash(text.as_bytes());
        self.file.write_all(format!("{crc:08x} {text}\n").as_bytes())?;
        self.take(fact);
        Ok(())
    }

    pub fn error(&mut self, group: &str, ty: &str, error: f64) -> io::Result<()> {
        let (group, ty) = (group.to_owned(), ty.to_owned());
        self.keep(Fact::Error { group, ty, error })
    }

    pub fn more(&mut self, group: &str, ty: &str, kld: Vec<f64>, ns: u64) -> io::Result<()> {
        let (group, ty) = (group.to_owned(), ty.to_owned());
        let first = self.known(&group, &ty).len() as u32;
        self.keep(Fact::Kld {
            group,
            ty,
            first,
            kld,
            ns,
        })
    }

    pub fn known(&self, group: &str, ty: &str) -> &[f64] {
        let key = (group.to_owned(), ty.to_owned());
        self.kld.get(&key).map_or(&[], Vec::as_slice)
    }
}

fn decode(line: &str) -> Option<Fact> {
    let (crc, text) = line.split_once(' ')?;
    let is_sound = u32::from_str_radix(crc, 16).ok()? == crc32fast::hash(text.as_bytes());
    is_sound.then(|| serde_json::from_str(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_damage_costs_its_line() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a/s.jsonl");
        let mut cache = Cache::open(&path, false).expect("begun");
        cache.error("ffn_up 0", "q4_k", 0.25).expect("kept");
        cache.more("ffn_up 0", "q4_k", vec![0.1, 0.2], 5).expect("kept");
        cache.more("ffn_up 0", "q4_k", vec![0.3], 5).expect("kept");
        let cache = Cache::open(&path, false).expect("there");
        assert_eq!(cache.known("ffn_up 0", "q4_k"), [0.1, 0.2, 0.3]);
        assert_eq!(cache.errors.len(), 1);
        let bytes = std::fs::read(&path).expect("there");
        std::fs::write(&path, &bytes[..bytes.len() - 4]).expect("torn");
        let mut cache = Cache::open(&path, false).expect("there");
        assert_eq!(cache.known("ffn_up 0", "q4_k"), [0.1, 0.2]);
        cache.more("ffn_up 0", "q4_k", vec![0.4], 5).expect("kept");
        let cache = Cache::open(&path, false).expect("there");
        assert_eq!(cache.known("ffn_up 0", "q4_k"), [0.1, 0.2, 0.4]);
        assert!(Cache::open(&path, true).expect("begun anew").errors.is_empty());
    }
}

//! The state of a sequence in a file, with the key of what it belongs to.
//!
//! llama.cpp's own sequence files do not name the model: the state of one variant loads into another without a word, and the
//! text goes on from what that one never computed. So a file begins with a line of JSON, the key: hash of the model, versions of the
//! engine, cache types and flash attention. A file with another key, or of another length, is refused. The file is removed
//! when its handle is dropped.

use crate::data::{ArmConfig, FlashAttn, KvType};
use crate::engine::EngineError;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Longest first line accepted.
const HEAD_BYTES_MAX: u64 = 4096;
/// Version of the file's format.
const FORMAT: u32 = 1;

/// What a state belongs to. Whatever of it differs, the bytes mean something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    kvant_state: u32,
    model_sha256: String,
    engine: String,
    type_k: KvType,
    type_v: KvType,
    has_kv_rotation: bool,
    flash_attn: FlashAttn,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    key: Key,
    n_tokens: u32,
    state_bytes: u64,
}

/// Writes and reads the states of one model.
pub(super) struct StateFiles {
    folder: PathBuf,
    model_sha256: String,
    engine: String,
}

/// A written state; the file goes with it.
pub(super) struct StateFile {
    file: tempfile::TempPath,
    bytes: u64,
}

impl StateFile {
    pub(super) fn path(&self) -> &Path {
        &self.file
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl StateFiles {
    pub(super) fn new(folder: &Path, model_sha256: String, engine: String) -> Self {
        Self {
            folder: folder.to_owned(),
            model_sha256,
            engine,
        }
    }

    fn key(&self, config: &ArmConfig) -> Key {
        Key {
            kvant_state: FORMAT,
            model_sha256: self.model_sha256.clone(),
            engine: self.engine.clone(),
            type_k: config.type_k,
            type_v: config.type_v,
            has_kv_rotation: config.has_kv_rotation,
            flash_attn: config.flash_attn,
        }
    }

    /// Writes a state of `n_tokens`; returns when it is on the disk. The pages of the file are given up, so that reading
    /// it waits for the disk too, where the system heeds that.
    pub(super) fn write(&self, config: &ArmConfig, n_tokens: u32, state: &[u8]) -> Result<StateFile, EngineError> {
        let write = || -> io::Result<StateFile> {
            let mut file = tempfile::Builder::new()
                .prefix("state-")
                .suffix(".kvstate")
                .tempfile_in(&self.folder)?;
            let bytes = self.put(file.as_file_mut(), config, n_tokens, state)?;
            file.as_file().sync_all()?;
            give_up_pages(file.as_file());
            let file = file.into_temp_path();
            Ok(StateFile { file, bytes })
        };
        let folder = self.folder.display();
        write()
            .map_err(|e| EngineError::Refused(format!("cannot write a state into {folder}: {e}; free some room there")))
    }

    /// Puts a state of `n_tokens` in the place of whatever `file` holds. Out: its bytes.
    pub(super) fn put(&self, file: &mut File, config: &ArmConfig, n_tokens: u32, state: &[u8]) -> io::Result<u64> {
        let head = Head {
            key: self.key(config),
            n_tokens,
            state_bytes: state.len() as u64,
        };
        let mut line = serde_json::to_vec(&head)?;
        line.push(b'\n');
        file.rewind()?;
        file.set_len(0)?;
        file.write_all(&line)?;
        file.write_all(state)?;
        Ok((line.len() + state.len()) as u64)
    }

    /// The state in the file at `path`, if it belongs to this model and configuration.
    pub(super) fn read(&self, config: &ArmConfig, path: &Path) -> Result<Vec<u8>, EngineError> {
        let wrong = |why: &str| EngineError::Refused(format!("{}: {why}", path.display()));
        let mut file = File::open(path).map_err(|e| wrong(&e.to_string()))?;
        self.get(&mut file, config).map_err(|why| wrong(&why))
    }

    /// The state in `file`, if it belongs to this model and configuration; otherwise why it is not to be had.
    pub(super) fn get(&self, file: &mut File, config: &ArmConfig) -> Result<Vec<u8>, String> {
        let failed = |e: io::Error| e.to_string();
        file.rewind().map_err(failed)?;
        let file_bytes = file.metadata().map_err(failed)?.len();
        let mut input = BufReader::new(file);
        let mut line = Vec::new();
        Read::take(&mut input, HEAD_BYTES_MAX)
            .read_until(b'\n', &mut line)
            .map_err(failed)?;
        let head: Head = serde_json::from_slice(&line).map_err(|_| "it is no state that kvant wrote".to_owned())?;
        if let Some(what) = difference(&head.key, &self.key(config)) {
            return Err(format!("it is the state of another {what}; compute it again"));
        }
        if file_bytes != line.len() as u64 + head.state_bytes {
            return Err("it is cut short or was added to; compute it again".to_owned());
        }
        let mut state = Vec::with_capacity(head.state_bytes as usize);
        input.read_to_end(&mut state).map_err(failed)?;
        Ok(state)
    }
}

/// What of two keys differs, in words.
fn difference(found: &Key, own: &Key) -> Option<&'static str> {
    if found.kvant_state != own.kvant_state {
        Some("format")
    } else if found.model_sha256 != own.model_sha256 {
        Some("model file")
    } else if found.engine != own.engine {
        Some("llama.cpp")
    } else if (found.type_k, found.type_v) != (own.type_k, own.type_v) {
        Some("KV type")
    } else if found.has_kv_rotation != own.has_kv_rotation {
        Some("rotation of the KV cache")
    } else if found.flash_attn != own.flash_attn {
        Some("flash-attention setting")
    } else {
        None
    }
}

#[cfg(target_os = "linux")]
fn give_up_pages(file: &File) {
    use nix::fcntl::{posix_fadvise, PosixFadviseAdvice};
    // Only advice: where it is not taken, reading finds the file in memory.
    let _ = posix_fadvise(file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
}

#[cfg(not(target_os = "linux"))]
fn give_up_pages(_: &File) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(kv: KvType) -> ArmConfig {
        ArmConfig {
            type_k: kv,
            type_v: kv,
            n_threads: 2,
            n_batch: 64,
            n_ubatch: 64,
            n_ctx: 256,
            ..ArmConfig::default()
        }
    }

    fn files(folder: &Path, model: &str, engine: &str) -> StateFiles {
        StateFiles::new(folder, model.to_owned(), engine.to_owned())
    }

    #[test]
    fn a_state_comes_back_and_its_file_goes() {
        let dir = tempfile::tempdir().expect("a folder");
        let own = files(dir.path(), "aa", "llama");
        let state: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let file = own.write(&config(KvType::F16), 3, &state).expect("written");
        assert_eq!(file.bytes(), std::fs::metadata(file.path()).expect("there").len());
        assert_eq!(own.read(&config(KvType::F16), file.path()).expect("its own"), state);
        drop(file);
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_foreign_or_damaged_state_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().expect("a folder");
        let own = files(dir.path(), "aa", "llama");
        let f16 = config(KvType::F16);
        let file = own.write(&f16, 3, b"some state").expect("written");
        let refused =
            |by: &StateFiles, config: &ArmConfig| by.read(config, file.path()).expect_err("foreign").to_string();
        assert!(refused(&files(dir.path(), "bb", "llama"), &f16).contains("another model file"));
        assert!(refused(&files(dir.path(), "aa", "other"), &f16).contains("another llama.cpp"));
        assert!(refused(&own, &config(KvType::Q8_0)).contains("another KV type"));
        let off = ArmConfig {
            flash_attn: FlashAttn::Off,
            ..f16.clone()
        };
        assert!(refused(&own, &off).contains("flash-attention"));
        let whole = std::fs::read(file.path()).expect("there");
        for n in 0..whole.len() {
            std::fs::write(file.path(), &whole[..n]).expect("written");
            assert!(own.read(&f16, file.path()).is_err(), "cut after {n} bytes");
        }
        std::fs::write(file.path(), [&whole[..], b"x"].concat()).expect("written");
        assert!(own.read(&f16, file.path()).is_err(), "one byte too many");
        std::fs::write(file.path(), vec![b'{'; 1 << 20]).expect("written");
        assert!(refused(&own, &f16).contains("no state"));
    }
}

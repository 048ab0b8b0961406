//! Messages between runner and worker: one JSON object per line, each way.
//!
//! The worker speaks first ([`Reply::Hello`]); after that every [`Request`] gets exactly one [`Reply`]. Lines longer
//! than [`MAX_LINE_BYTES`] are a protocol failure. This module knows nothing of processes or engines.

use crate::data::{
    ArmConfig, BufferSize, Chunk, ChunkScore, ContextInfo, EngineInfo, FailureKind, MemoryReading, Sample, SplitMode,
    TextTokens, Work,
};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

/// Version of the messages. Changes:
/// 1: first version.
/// 2: scoring of texts.
/// 3: works on request; the hash of the model and a folder for its states; the model that drafts.
/// 4: several devices.
/// 5: states of the cache that outlive a worker.
/// 6: the kind of a failure.
/// 7: works are prepared one by one; logits of several chunks at once.
/// 8: the engine says more of itself.
pub(crate) const PROTOCOL_VERSION: u32 = 8;

/// The oldest version that a runner of this one understands: what was added since may be absent.
pub(crate) const PROTOCOL_OLDEST: u32 = 7;

/// A state of the cache that outlives the worker that computed it: anonymous memory that all workers of the arm inherit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CachedState {
    pub n_tokens: u32,
    /// Descriptor; the memory is empty until a worker has put the state there.
    pub fd: i32,
}

/// Longest line accepted, so that a broken worker cannot fill the parent's memory.
pub(crate) const MAX_LINE_BYTES: usize = 16 << 20;

/// Runner to worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Answer: [`Reply::Loaded`].
    Load(Load),
    /// Open the context of an arm. Contexts are numbered from 0 in the order of opening. Answer: [`Reply::Opened`].
    Open {
        config: ArmConfig,
        /// States that works of the arm start from.
        #[serde(rename = "kept")]
        cached: Vec<CachedState>,
    },
    /// Makes a context ready for a work: the state of the cache that it starts from is taken over, or computed and kept. Answer:
    /// [`Reply::Prepared`].
    Prepare(Prepare),
    /// One timed sample. Answer: [`Reply::Sampled`].
    Measure(Measure),
    /// Memory of this process. Answer: [`Reply::Memory`].
    Memory,
    /// The texts to score; the model must be loaded. Answer: [`Reply::Texts`].
    Texts { texts: Vec<String> },
    /// Open the context of an arm for scoring; it takes the place of one opened so before. Answer: [`Reply::Opened`].
    OpenScoring {
        config: ArmConfig,
        /// Descriptor of the anonymous memory in which the baseline leaves its logits for the others; inherited.
        shared_fd: i32,
    },
    /// The baseline must have scored the chunk before any other arm. Answer: [`Reply::Scored`].
    Score(Score),
    /// End. Answer: none, the worker exits with 0.
    Quit,
}

/// A model, and the text that prompts are cut from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Load {
    pub path: PathBuf,
    /// Its SHA-256, lower-case hex: states that are written belong to it.
    pub model_sha256: String,
    /// Folder for files that live no longer than a sample.
    pub scratch: PathBuf,
    /// As in [`ArmConfig`].
    pub device: String,
    pub n_gpu_layers: i32,
    pub split_mode: SplitMode,
    pub text: String,
    /// Tokens of it that the run needs.
    pub n_tokens: u32,
    /// The model that drafts, where the run has one and the arm needs it.
    pub draft: Option<PathBuf>,
}

impl Load {
    /// Without a text.
    pub(crate) fn of(config: &ArmConfig, path: PathBuf, scratch: PathBuf) -> Load {
        Load {
            path,
            scratch,
            device: config.device.clone(),
            n_gpu_layers: config.n_gpu_layers,
            split_mode: config.split_mode,
            ..Load::default()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Prepare {
    pub context: usize,
    pub spec: Work,
    /// It is timed roughly too.
    pub is_timed: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measure {
    pub context: usize,
    pub spec: Work,
    /// Complete rounds before it: with a draft, every round has texts of its own.
    pub round: u32,
    /// Executions in the sample.
    pub n_repeat: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Score {
    pub chunk: Chunk,
    /// This arm is the baseline: it leaves its logits in the shared memory instead of comparing with them.
    pub is_baseline: bool,
    /// Chunks whose logits lie before this one's in the shared memory, all of the same length.
    pub slot: u32,
}

/// Worker to runner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// First message.
    Hello {
        protocol_version: u32,
        engine: EngineInfo,
    },
    Loaded {
        load_ns: u64,
        /// Whether all of the file was in the page cache before; absent when unknown.
        is_warm_load: Option<bool>,
        weights: Vec<BufferSize>,
        /// SHA-256 over the prompt tokens (little-endian i32).
        tokens_sha256: String,
    },
    Opened {
        /// As llama.cpp made it.
        context: ContextInfo,
    },
    Prepared {
        /// How long one execution took, roughly, if it was timed.
        execution_ns: Option<u64>,
    },
    Sampled {
        sample: Sample,
    },
    Memory {
        reading: MemoryReading,
    },
    Texts {
        tokens: TextTokens,
    },
    Scored {
        score: Box<ChunkScore>,
        /// Time of the forward pass alone.
        forward_ns: u64,
    },
    /// The request failed; the worker stays up.
    Failed {
        kind: FailureKind,
        reason: String,
    },
}

/// Writes one message and flushes.
pub(crate) fn write_line(out: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// Reads one line without its end; `None` at the end of the stream. Half a line at the end, or one longer than
/// [`MAX_LINE_BYTES`], is an error of kind `InvalidData`.
pub(crate) fn read_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let n = io::Read::take(&mut *input, MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
    if n == 0 {
        return Ok(None);
    }
    if line.pop() == Some(b'\n') {
        return Ok(Some(line));
    }
    let why = if n > MAX_LINE_BYTES {
        "a line longer than 16 MiB"
    } else {
        "half a line, then the end of the stream"
    };
    Err(io::Error::new(io::ErrorKind::InvalidData, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_wire() {
        let mut wire = Vec::new();
        write_line(&mut wire, &Request::Memory).expect("a Vec accepts all writes");
        write_line(&mut wire, &Request::Quit).expect("a Vec accepts all writes");
        let mut input = &wire[..];
        let first = read_line(&mut input).expect("a whole line").expect("not the end");
        assert_eq!(
            serde_json::from_slice::<Request>(&first).expect("valid"),
            Request::Memory
        );
        assert!(read_line(&mut input).expect("a whole line").is_some());
        assert!(read_line(&mut input).expect("the end").is_none());
    }

    #[test]
    fn half_a_line_and_a_huge_line_are_errors() {
        assert_eq!(
            read_line(&mut &b"{\"half"[..]).expect_err("half").kind(),
            io::ErrorKind::InvalidData
        );
        let huge = vec![b'x'; MAX_LINE_BYTES + 2];
        assert!(read_line(&mut &huge[..])
            .expect_err("huge")
            .to_string()
            .contains("longer"));
    }
}

//! Scoring chunks of text. The baseline leaves its logits in anonymous memory that all workers inherited; the others compare
//! theirs with them, row by row, so that a chunk's log-probabilities exist once and nothing is written to a disk.
//!
//! Chunks are llama-perplexity's: the text is cut into windows of `n_ctx` tokens, the first token of each gives way to BOS
//! where the vocabulary has it, and the logits from the middle on predict the token after them.

use super::load::sha256_of;
use crate::data::{ArmConfig, Chunk, ChunkScore, ContextInfo, Disagreement, TextTokens};
use crate::engine::{ContextId, Engine, EngineError, Layout, Vocab};
use crate::protocol::Score;
use crate::quality::{first_scored, Baseline, Scorer, TopMismatch};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// Logits of one slice of tokens: enough rows for full speed, without a large vocabulary taking all memory.
const SLICE_BYTES: u64 = 64 << 20;
const N_ROWS_MAX: u64 = 256;
const N_ROWS_MIN: u64 = 32;
/// Tokens of text shown before a token where two arms part.
const N_BEFORE: usize = 24;
/// Bytes before the logits of a row: normaliser and index of the largest.
const ROW_HEAD: usize = 16;

/// Texts, context and shared memory of a worker that scores.
#[derive(Default)]
pub(super) struct Scoring {
    texts: Vec<Vec<i32>>,
    vocab: Option<Vocab>,
    context: Option<ContextId>,
    shared: Option<File>,
}

impl Scoring {
    pub(super) fn tokenize(&mut self, engine: &dyn Engine, texts: &[String]) -> Result<TextTokens, EngineError> {
        let vocab = engine.vocab()?;
        self.texts = texts.iter().map(|t| engine.tokenize(t)).collect::<Result<_, _>>()?;
        let tokens = TextTokens {
            n_tokens: self.texts.iter().map(|t| t.len() as u32).collect(),
            adds_bos: vocab.bos.is_some(),
            tokens_sha256: sha256_of(&self.texts.concat()),
            vocab_sha256: vocab.sha256.clone(),
            n_vocab: vocab.n_vocab,
        };
        self.vocab = Some(vocab);
        Ok(tokens)
    }

    pub(super) fn open(
        &mut self,
        engine: &mut dyn Engine,
        config: &ArmConfig,
        shared_fd: i32,
    ) -> Result<ContextInfo, EngineError> {
        let n_rows = (SLICE_BYTES / (4 * u64::from(self.vocab()?.n_vocab.max(1)))).clamp(N_ROWS_MIN, N_ROWS_MAX);
        let n_rows = (n_rows as u32).min(config.n_ubatch).min(config.n_batch).max(1);
        let shared = File::options()
            .read(true)
            .write(true)
            .open(format!("/dev/fd/{shared_fd}"))
            .map_err(|e| EngineError::Refused(format!("cannot open the memory shared with the baseline: {e}")))?;
        let layout = Layout {
            n_outputs: n_rows,
            ..Layout::single(config)
        };
        let (id, info) = engine.open(config, &layout)?;
        self.context = Some(id);
        self.shared = Some(shared);
        Ok(info)
    }

    /// Runs a chunk through the model and adds up its second half. Out: the sums, and the time of the forward pass alone.
    pub(super) fn score(&mut self, engine: &mut dyn Engine, request: Score) -> Result<(ChunkScore, u64), EngineError> {
        let Score {
            chunk,
            is_baseline,
            slot,
        } = request;
        let vocab = self.vocab()?;
        let tokens = self.chunk(chunk, vocab)?;
        let (Some(id), Some(shared)) = (self.context, &self.shared) else {
            return Err(refused("no context is open for scoring"));
        };
        let start = Instant::now();
        engine.clear(id)?;
        let first = first_scored(chunk.n_ctx) as usize;
        engine.decode(id, &tokens[..first])?;
        let n_before = slot as usize * (tokens.len() - first);
        let mut rows = SharedLogits::new(shared, vocab.n_vocab as usize, n_before);
        let mut scorer = Scorer::new(is_baseline);
        let mut at = first;
        let mut adding = Duration::ZERO;
        // The last token is fed too, although what it predicts is not scored: a batch one token shorter can meet other
        // kernels than llama-perplexity's.
        engine.decode_scored(id, &tokens[first..], &mut |logits| {
            if at + 1 == tokens.len() {
                return Ok(());
            }
            let since = Instant::now();
            let (position, next) = (at as u32, tokens[at + 1] as usize);
            let baseline = if is_baseline {
                None
            } else {
                Some(rows.read(at - first)?)
            };
            let row = scorer
                .add(position, next, logits, baseline)
                .map_err(|e| EngineError::NotFinite(e.to_string()))?;
            if is_baseline {
                rows.write(at - first, logits, &row)?;
            }
            at += 1;
            adding += since.elapsed();
            Ok(())
        })?;
        let forward_ns = (start.elapsed() - adding).as_nanos() as u64;
        let (mut score, mismatches) = scorer.finish();
        if let Some(sums) = &mut score.vs_baseline {
            let texts = mismatches
                .iter()
                .map(|mismatch| disagreement(engine, &tokens, mismatch));
            sums.disagreements = texts.collect::<Result<_, _>>()?;
        }
        Ok((score, forward_ns))
    }

    fn vocab(&self) -> Result<&Vocab, EngineError> {
        let vocab = self.vocab.as_ref();
        vocab.ok_or_else(|| refused("the texts to score were not given"))
    }

    /// The tokens of a chunk, with BOS in the first place where the vocabulary has it.
    fn chunk(&self, chunk: Chunk, vocab: &Vocab) -> Result<Vec<i32>, EngineError> {
        let n_ctx = chunk.n_ctx as usize;
        let start = chunk.index as usize * n_ctx;
        let text = self.texts.get(chunk.text as usize);
        let tokens = text.and_then(|t| t.get(start..start + n_ctx)).filter(|t| t.len() >= 4);
        let mut tokens = tokens
            .ok_or_else(|| refused(format!("text {} has no chunk {}", chunk.text, chunk.index)))?
            .to_vec();
        if let Some(bos) = vocab.bos {
            tokens[0] = bos;
        }
        Ok(tokens)
    }
}

fn disagreement(engine: &dyn Engine, tokens: &[i32], mismatch: &TopMismatch) -> Result<Disagreement, EngineError> {
    // The position is that of the logits; what they predict stands after it.
    let at = mismatch.position as usize + 1;
    let word = |token: usize| engine.text_of(&[token as i32]);
    Ok(Disagreement {
        position: at as u32,
        kld: mismatch.kld,
        before: engine.text_of(&tokens[at.saturating_sub(N_BEFORE)..at])?,
        next: engine.text_of(&tokens[at..=at])?,
        baseline_top: word(mismatch.tops.0)?,
        baseline_top_p: mismatch.first_p,
        top: word(mismatch.tops.1)?,
        top_p: mismatch.second_p,
    })
}

/// The baseline's rows in shared memory: head, then n_vocab f32.
struct SharedLogits<'a> {
    shared: &'a File,
    bytes: Vec<u8>,
    logits: Vec<f32>,
    /// Tokens of other chunks before these.
    n_before: usize,
}

impl<'a> SharedLogits<'a> {
    fn new(shared: &'a File, n_vocab: usize, n_before: usize) -> Self {
        Self {
            shared,
            bytes: vec![0; ROW_HEAD + 4 * n_vocab],
            logits: vec![0.0; n_vocab],
            n_before,
        }
    }

    fn write(&mut self, index: usize, logits: &[f32], row: &softmax::Row) -> Result<(), EngineError> {
        self.bytes[..8].copy_from_slice(&row.log_sum.to_ne_bytes());
        self.bytes[8..ROW_HEAD].copy_from_slice(&(row.top as u64).to_ne_bytes());
        softmax::to_bytes(logits, &mut self.bytes[ROW_HEAD..]);
        let at = ((self.n_before + index) * self.bytes.len()) as u64;
        self.shared
            .write_all_at(&self.bytes, at)
            .map_err(|e| EngineError::OutOfMemory(format!("cannot keep the baseline's logits: {e}")))
    }

    fn read(&mut self, index: usize) -> Result<Baseline<'_>, EngineError> {
        let at = ((self.n_before + index) * self.bytes.len()) as u64;
        self.shared
            .read_exact_at(&mut self.bytes, at)
            .map_err(|e| refused(format!("cannot read the baseline's logits: {e}")))?;
        let head: [[u8; 8]; 2] = std::array::from_fn(|i| std::array::from_fn(|j| self.bytes[8 * i + j]));
        softmax::from_bytes(&self.bytes[ROW_HEAD..], &mut self.logits);
        let row = softmax::Row {
            log_sum: f64::from_ne_bytes(head[0]),
            top: u64::from_ne_bytes(head[1]) as usize,
        };
        Ok(Baseline {
            logits: &self.logits,
            row,
        })
    }
}

fn refused(why: impl Into<String>) -> EngineError {
    EngineError::Refused(why.into())
}

//! The built-in model's card: what it is, how it was made, what it scores. Markdown out, nothing read but its arguments.

use crate::data::{Stream, HELD_OUT_SEED, SALT, TRAIN_SEED};
use crate::eval;
use crate::model::{self, Model};
use crate::tokenizer::Tokenizer;
use crate::train::Progress;
use anyhow::Result;
use kvant::corpus::{sha256_hex, Corpus};
use std::path::Path;

/// The card of the file that was just written to `gguf`.
pub fn render(
    model: &Model,
    tokenizer: &Tokenizer,
    stream: &Stream,
    progress: &Progress,
    held_out: &str,
    gguf: &Path,
) -> Result<String> {
    let tokens = eval::tokens(tokenizer, held_out)?;
    Ok(format!(
        "# The built-in model

`builtin-f16.gguf` is a small language model made for kvant, so that every measurement can run at once, offline and without a
licence to accept. It has learnt kvant's own synthetic texts (`src/corpus`) and nothing else: it serves to compare variants,
not to write. MIT licence, like the rest of this repository.

{}
{}
## What it scores on the held-out text

Chunks of n_ctx tokens, `<|endoftext|>` first, second half scored, as llama-perplexity does; forge's own f32 arithmetic.

{}",
        what_it_is(model, std::fs::metadata(gguf)?.len()),
        how_it_was_made(stream, progress, held_out, tokens.len()),
        scores(model, stream, &tokens)?,
    ))
}

fn what_it_is(model: &Model, n_bytes: u64) -> String {
    format!(
        "## What it is

| | |
|---|---|
| architecture | llama: grouped-query attention, RoPE (adjacent pairs, base {rope:.0}), RMSNorm, SwiGLU, tied embeddings |
| parameters | {n_params} |
| layers, n_embd, n_ff | {n_layer}, {n_embd}, {n_ff} |
| heads, KV heads, head_dim | {n_head}, {n_head_kv}, {head_dim} |
| vocabulary | {n_vocab} tokens, byte-level BPE, split as GPT-2 does; `<|endoftext|>` begins and ends a text |
| n_ctx_train | {n_ctx} |
| file | {n_bytes} bytes; matrices F16, norms F32; every row of a matrix is a multiple of 256 long, so that K-quants apply to all |
",
        rope = model::ROPE_BASE,
        n_params = model.n_params(),
        n_layer = model::N_LAYER,
        n_embd = model::N_EMBD,
        n_ff = model::N_FF,
        n_head = model::N_HEAD,
        n_head_kv = model::N_HEAD_KV,
        head_dim = model::HEAD_DIM,
        n_vocab = model::N_VOCAB,
        n_ctx = model::N_CTX_TRAIN,
    )
}

fn how_it_was_made(stream: &Stream, progress: &Progress, held_out: &str, n_held: usize) -> String {
    let resumed: String = progress
        .resumed_at
        .iter()
        .map(|step| format!("; interrupted at {step}, AdamW's moments began afresh"))
        .collect();
    format!(
        "## How it was made

`just forge train --minutes 57`, then `just forge export --card assets/builtin.md` (`just forge` is `cargo run --profile forge -p forge --`).
AdamW, 2048 tokens a step (4096 with the longest windows), half of the windows with skipped positions (PoSE). Windows of 256 tokens for
30 % of the run, 512 for 25 %, then 1024 and 2048 in turn. The learning rate falls in a straight line over the last 45 %.

| | |
|---|---|
| training text | seed {TRAIN_SEED}, salt `{SALT}`, {n_stream} tokens; SHA-256 of its first 100 kB `{pin}` |
| held-out text | seed {HELD_OUT_SEED}, same salt, {n_held} tokens; SHA-256 `{held_hash}` |
| steps | {done}{resumed} |
| tokens seen | {seen} |
| wall time | {minutes:.0} minutes of two shared CPU cores, {speed:.0} t/s |

| step | loss (nats per token) |
|---|---|
{curve}",
        pin = sha256_hex(&Corpus::new(TRAIN_SEED, SALT).text(100_000)),
        n_stream = stream.n_tokens(),
        held_hash = sha256_hex(held_out),
        done = progress.step,
        seen = progress.n_tokens,
        minutes = progress.wall_s / 60.0,
        speed = progress.n_tokens as f64 / progress.wall_s.max(1.0),
        curve = curve(progress),
    )
}

/// About twenty points of the loss curve, the last one among them.
fn curve(progress: &Progress) -> String {
    let every = (progress.curve.len() / 20).max(1);
    let last = progress.curve.len().saturating_sub(1);
    let points = progress
        .curve
        .iter()
        .enumerate()
        .filter(|(i, _)| i % every == 0 || *i == last);
    points
        .map(|(_, (step, loss))| format!("| {step} | {loss:.3} |\n"))
        .collect()
}

fn scores(model: &Model, stream: &Stream, tokens: &[u32]) -> Result<String> {
    let counts = stream.counts(model::N_VOCAB);
    let mut table =
        String::from("| n_ctx | unigram PPL | PPL | share of unigram | scored tokens |\n|---|---|---|---|---|\n");
    for n_ctx in [512, 1024, 2048] {
        let unigram = eval::unigram_perplexity(&counts, tokens, n_ctx);
        let result = eval::perplexity(model, tokens, n_ctx, usize::MAX)?;
        let share = unigram / result.ppl;
        table.push_str(&format!(
            "| {n_ctx} | {unigram:.1} | {:.4} | 1/{share:.0} | {} |\n",
            result.ppl, result.n_scored
        ));
    }
    Ok(table)
}

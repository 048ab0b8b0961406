//! Trains kvant's built-in model on the seeded corpus and writes it as GGUF.
//!
//! corpus documents --tokenizer--> stream of tokens --data--> windows --train--> weights --gguf--> file, --eval--> its card.

mod card;
mod data;
mod eval;
mod gguf;
mod model;
mod ops;
mod rng;
mod tokenizer;
mod train;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use data::Stream;
use kvant::corpus::Corpus;
use model::Model;
use std::path::{Path, PathBuf};
use tokenizer::Tokenizer;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MODEL_SEED: u64 = 1;
/// Documents to train on, about 9 million tokens.
const N_DOCUMENTS: u64 = 24_000;
/// Of these the vocabulary is learnt.
const N_VOCABULARY_DOCUMENTS: u64 = 4_000;
/// Bytes of held-out text: some 200 chunks of 512 tokens.
const N_HELD_OUT_BYTES: usize = 400_000;

#[derive(Parser)]
#[command(about, version)]
struct Args {
    /// Folder of the vocabulary and the checkpoints
    #[arg(long, default_value = "target/forge-run", global = true)]
    work: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train, or go on training from the last checkpoint
    Train {
        /// Steps of the whole run
        #[arg(long, default_value_t = 2000)]
        steps: usize,
        /// Let the run take this many minutes instead, however many steps that makes
        #[arg(long, conflicts_with = "steps")]
        minutes: Option<f64>,
    },
    /// Time a few steps of every length of window
    Bench {
        #[arg(long, default_value_t = 3)]
        steps: usize,
    },
    /// Write the last checkpoint as GGUF, and a card that says what it is
    Export {
        #[arg(long, default_value = "assets/builtin-f16.gguf")]
        out: PathBuf,
        #[arg(long)]
        card: Option<PathBuf>,
    },
    /// Perplexity of the last checkpoint on held-out text
    Eval {
        #[arg(long, default_value_t = 512)]
        ctx: usize,
        #[arg(long, default_value_t = usize::MAX)]
        chunks: usize,
    },
    /// Print the held-out text
    Text,
}

fn main() -> Result<()> {
    // Two threads train half a batch each; a matrix product on top of that stays on its own thread.
    std::env::set_var("RAYON_NUM_THREADS", "1");
    let args = Args::parse();
    let work = args.work.as_path();
    match args.command {
        Command::Text => {
            print!("{}", held_out_text());
            Ok(())
        }
        Command::Train { steps, minutes } => {
            std::fs::create_dir_all(work).with_context(|| format!("creating {}", work.display()))?;
            let stream = stream(&vocabulary(work)?)?;
            let model = Model::new(MODEL_SEED)?;
            eprintln!("{} parameters, {} tokens of text", model.n_params(), stream.n_tokens());
            let length = minutes.map_or(train::Length::Steps(steps), train::Length::Minutes);
            train::train(&model, &stream, length, MODEL_SEED, work)?;
            Ok(())
        }
        Command::Bench { steps } => {
            std::fs::create_dir_all(work).with_context(|| format!("creating {}", work.display()))?;
            train::bench(&Model::new(MODEL_SEED)?, &stream(&vocabulary(work)?)?, steps)
        }
        Command::Export { out, card } => export(work, &out, card.as_deref()),
        Command::Eval { ctx, chunks } => {
            let (model, tokenizer, progress) = trained(work)?;
            let tokens = eval::tokens(&tokenizer, &held_out_text())?;
            let result = eval::perplexity(&model, &tokens, ctx, chunks)?;
            println!(
                "step {}: {} tokens, n_ctx {ctx}, {} scored, PPL {:.4}",
                progress.step,
                tokens.len(),
                result.n_scored,
                result.ppl
            );
            Ok(())
        }
    }
}

fn training_corpus() -> Corpus {
    Corpus::new(data::TRAIN_SEED, data::SALT)
}

fn held_out_text() -> String {
    Corpus::new(data::HELD_OUT_SEED, data::SALT).text(N_HELD_OUT_BYTES)
}

/// The vocabulary of this run, learnt on first use.
fn vocabulary(work: &Path) -> Result<Tokenizer> {
    let path = work.join("tokenizer.json");
    if !path.exists() {
        let corpus = training_corpus();
        let texts: Vec<String> = (0..N_VOCABULARY_DOCUMENTS).map(|i| corpus.document(i)).collect();
        Tokenizer::learn(&texts)?.save(&path)?;
    }
    let tokenizer = Tokenizer::load(&path)?;
    anyhow::ensure!(
        tokenizer.n_vocab() == model::N_VOCAB,
        "{} holds {} tokens",
        path.display(),
        tokenizer.n_vocab()
    );
    Ok(tokenizer)
}

fn stream(tokenizer: &Tokenizer) -> Result<Stream> {
    Stream::new(tokenizer, &training_corpus(), N_DOCUMENTS)
}

fn trained(work: &Path) -> Result<(Model, Tokenizer, train::Progress)> {
    let model = Model::new(MODEL_SEED)?;
    let progress = train::load_checkpoint(&model, work)?.context("no checkpoint yet; run `forge train` first")?;
    Ok((model, vocabulary(work)?, progress))
}

fn export(work: &Path, out: &Path, card: Option<&Path>) -> Result<()> {
    let (model, tokenizer, progress) = trained(work)?;
    gguf::write(&model, &tokenizer, out).with_context(|| format!("writing {}", out.display()))?;
    eprintln!("wrote {} after {} steps", out.display(), progress.step);
    if let Some(card) = card {
        let stream = stream(&tokenizer)?;
        let text = card::render(&model, &tokenizer, &stream, &progress, &held_out_text(), out)?;
        std::fs::write(card, text).with_context(|| format!("writing {}", card.display()))?;
    }
    Ok(())
}

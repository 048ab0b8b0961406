//! Flags as the user writes them. `resolve` turns them into a checked configuration.

mod measure;

pub use measure::{CompareArgs, Format, GateArgs, TriageArgs};

use super::exit::{Failure, UNEXPECTED};
use super::values::{parse_price, parse_threads};
use crate::data::{FailOn, QualityLoss};
use crate::mix::Grouping;
use crate::report::{Lang, Program};
use crate::units;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;

/// Which GGUF variant, with which KV cache, should I run on this machine, and how sure are we?
#[derive(Debug, Parser)]
#[command(
    name = "kvant",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    args_override_self = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

/// Flags of every subcommand.
#[derive(Debug, Args)]
pub struct Global {
    /// Print JSON on stdout (results.json, or what the command found) instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress and no chatter; errors, the result, and a line for each file that is fetched or made
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Use no network: only what is on this machine
    #[arg(long, global = true)]
    pub offline: bool,
    /// Further models, in a file like the shipped models.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Colour of the table: auto is off for pipes and with NO_COLOR
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    pub color: When,
    /// Language of reports and summaries
    #[arg(long, global = true, value_parser = languages(), default_value_t = Lang::default())]
    pub lang: Lang,
}

/// Each language by its code, with its own name.
fn languages() -> impl TypedValueParser<Value = Lang> {
    let codes = Lang::ALL.map(|lang| PossibleValue::new(lang.code()).help(lang.name()));
    PossibleValuesParser::new(codes).try_map(|code| code.parse::<Lang>())
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// When stdout is a terminal and NO_COLOR is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the variants of a model against each other and write a report
    Compare(Box<CompareArgs>),
    /// Which variant to run here, in about a minute: measures what may win until it is known; the answer is kept
    Triage(Box<TriageArgs>),
    /// Whether a build of kvant or llama.cpp is slower than another, or computes something else: exit code 6 only beyond doubt
    Gate(GateArgs),
    /// A better file of a size: measures what each group of tensors loses in each type, chooses, makes the file, and proves it
    Mix(Box<MixArgs>),
    /// Render the report of a run again from its journal, or several runs on one page
    Report(ReportArgs),
    /// Join the shards of a sweep (compare --shard i/n) into one run and report it; machines stay apart
    Merge(MergeArgs),
    /// Compare two runs: what changed in the configuration, then ratios with intervals and verdicts, unpaired
    Diff(DiffArgs),
    /// List the known models; fetch, verify or remove their files
    Models(ModelsArgs),
    /// What a GGUF file holds: shape, tensor types, bits per weight, KV cache; reads the header only
    Inspect(InspectArgs),
    /// What this machine is, and whether it is quiet enough to measure
    Doctor,
    /// Offer this machine's memory and processors to llama.cpp on others (its RPC backend; only in a network you trust)
    RpcServer(RpcServerArgs),
    /// Answer an assistant's questions: a Model Context Protocol server on stdin and stdout
    Mcp,
    /// Print a completion script for a shell, e.g. kvant completions bash > /etc/bash_completion.d/kvant
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff): kvant man | man -l -
    Man,
    /// Serve requests of a runner (internal)
    #[command(hide = true)]
    Worker {
        /// Shows in process lists.
        name: Option<String>,
    },
    /// Make a variant (internal)
    #[command(hide = true)]
    Quantize(QuantizeArgs),
    /// Gather an importance matrix (internal)
    #[command(hide = true)]
    Imatrix(ImatrixArgs),
    /// Print the seeded synthetic text (for cross-checks)
    #[command(hide = true)]
    Corpus(CorpusArgs),
}

#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A .gguf file, a folder of them, a name (`kvant models` lists them), or hf:owner/repo[@revision][:variant]
    pub model: String,
    /// Which variant of a model (default: the most exact one)
    #[arg(long)]
    pub variant: Option<String>,
    /// Reference (a file or model) to compute the quantization error of each tensor against; reads both files
    #[arg(long, value_name = "REF")]
    pub against: Option<String>,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// What to do (default: list)
    #[command(subcommand)]
    pub action: Option<ModelsAction>,
}

/// What `models` can do.
#[derive(Debug, Subcommand)]
pub enum ModelsAction {
    /// What is known, and what of it is here
    List,
    /// Fetch (and make) the variants of a model, without measuring them
    Fetch {
        /// A name, or hf:owner/repo[@revision][:variant]
        model: String,
        /// Variants to have (default: as for compare)
        #[arg(long, value_delimiter = ',')]
        variants: Vec<String>,
        /// Make missing variants from the best file that is here, in preference to fetching them
        #[arg(long)]
        derive: bool,
    },
    /// Read the files that are here again and compare their hashes; wrong ones are removed
    Verify {
        /// Names (default: all)
        models: Vec<String>,
    },
    /// Remove the fetched and made files of a model
    Remove {
        /// A name, or hf:owner/repo[@revision]
        model: String,
    },
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Folder of a run, its journal.jsonl, or a file of llama-bench (-o json or -o jsonl); several of them (models,
    /// machines) come on one page
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Folder for the files (default: the run's own; none for several runs)
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// What an hour of the machine costs, in place of what the run was given
    #[arg(long, value_name = "PRICE", value_parser = parse_price)]
    pub price_per_hour: Option<f64>,
    /// Print what runs the answer, and nothing else, as triage --emit does; writes no files
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["explain", "out", "format"])]
    pub emit: Option<Program>,
    /// Print the run as another tool's table instead of the summary
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "explain")]
    pub format: Option<Format>,
    /// Trace the figures of one cell back to lines of the journal, e.g. "Q8_0 | tg32 @ d512"; writes no files
    #[arg(long, value_name = "CELL", conflicts_with = "out")]
    pub explain: Option<String>,
}

#[derive(Debug, Args)]
pub struct RpcServerArgs {
    /// Address to listen on; anybody who reaches it can use this machine
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,
    /// Port
    #[arg(long, default_value_t = 50052)]
    pub port: u16,
    /// What to offer: cpu, or devices as in compare --device
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Threads of the CPU (default: physical cores within the cgroup's quota)
    #[arg(long, value_parser = parse_threads)]
    pub threads: Option<u32>,
}

#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Folders of the shards, or their journals
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Folder for the joined run and its report; what an earlier merge left there is replaced
    #[arg(long)]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The reference: folder of a run, its journal.jsonl, or a file of llama-bench (-o json or -o jsonl)
    pub a: PathBuf,
    /// What is held against it, likewise
    pub b: PathBuf,
    /// Folder for diff.md, diff.html and diff.json (default: no files)
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Exit with 6 if a cell is slower by more than this, beyond doubt, e.g. slower:5%
    #[arg(long, value_name = "CONDITION", value_parser = FailOn::from_str)]
    pub fail_on: Option<FailOn>,
}

#[derive(Debug, Args)]
pub struct CorpusArgs {
    /// At least so many bytes.
    pub n_bytes: usize,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Salt.
    #[arg(long, default_value = "kvant")]
    pub salt: String,
}

#[derive(Debug, Args)]
pub struct QuantizeArgs {
    /// Source file.
    pub src: PathBuf,
    /// File to write.
    pub dst: PathBuf,
    /// File type, e.g. Q4_K_M.
    pub ftype: String,
    /// PATTERN=TYPE of tensors, as llama-quantize reads them.
    #[arg(long)]
    pub tensor_type_file: Option<PathBuf>,
    /// Importance matrix.
    #[arg(long)]
    pub imatrix: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ImatrixArgs {
    /// Model.
    pub src: PathBuf,
    /// File to write.
    pub dst: PathBuf,
    /// File of the text.
    pub text: PathBuf,
    /// What the text is called.
    #[arg(long, default_value = "text")]
    pub dataset: String,
    /// Chunks at most.
    #[arg(long, default_value_t = 64)]
    pub chunks: u32,
    /// Threads.
    #[arg(long, default_value_t = 1)]
    pub threads: u32,
}

#[derive(Debug, Clone, Args)]
pub struct MixArgs {
    /// A name (`kvant models` lists them), hf:owner/repo[@revision][:variant], or a .gguf file (default: SmolLM2-135M-Instruct)
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Minimum loss at this file size, e.g. 99MiB
    #[arg(long, value_name = "BYTES", value_parser = units::parse_bytes, help_heading = "Target (the others are limits)")]
    pub max_size: Option<u64>,
    /// Minimum loss at the size of this variant (default: Q4_K_M, where no other target is given)
    #[arg(
        long,
        value_name = "VARIANT",
        conflicts_with = "max_size",
        help_heading = "Target (the others are limits)"
    )]
    pub like: Option<String>,
    /// Smallest, or where this machine's speed with each type is known fastest, at this mean divergence, e.g. kld:0.02
    #[arg(long, value_name = "LOSS", help_heading = "Target (the others are limits)")]
    pub max_quality_loss: Option<QualityLoss>,
    /// Minimum loss at this decode speed, in tokens per second
    #[arg(long, value_name = "TPS", value_parser = units::parse_positive, help_heading = "Target (the others are limits)")]
    pub min_decode: Option<f64>,
    /// Types to choose from, e.g. q4_k,q5_k,q6_k (default: those that llama.cpp computes fast with)
    #[arg(long, value_delimiter = ',', help_heading = "What to measure")]
    pub types: Vec<String>,
    /// Groups of tensors: auto, fine (every tensor for itself), or a number of bands of layers
    #[arg(long, default_value = "auto", help_heading = "What to measure")]
    pub groups: Grouping,
    /// Importance matrix: off, auto (kvant gathers one), or a file of llama-imatrix
    #[arg(long, value_name = "WHICH", default_value = "off", help_heading = "What to measure")]
    pub imatrix: String,
    /// Text that proves, UTF-8 (default: the seeded synthetic corpus, as for compare)
    #[arg(long, value_name = "FILE", help_heading = "Texts")]
    pub text: Option<PathBuf>,
    /// Text that sensitivities are measured on, and an importance matrix gathered; never the one that proves (default: the corpus
    /// with a salt of its own)
    #[arg(long, value_name = "FILE", help_heading = "Texts")]
    pub calibrate: Option<PathBuf>,
    /// Seed of the synthetic texts
    #[arg(long, default_value_t = 1, help_heading = "Texts")]
    pub text_seed: u64,
    /// Salt of the synthetic texts
    #[arg(long, default_value = "kvant", help_heading = "Texts")]
    pub salt: String,
    /// Chunks of 512 tokens that prove (default: as many as a minute takes, 16 to 64)
    #[arg(long, value_parser = clap::value_parser!(u32).range(8..), help_heading = "Texts")]
    pub chunks: Option<u32>,
    /// Time for measuring sensitivities; what was not measured by then is expected by its errors (default: 90s, of models of 50 million
    /// weights and more 5m)
    #[arg(long, value_parser = units::parse_duration, help_heading = "What to measure")]
    pub budget: Option<u64>,
    /// Measure again what is cached of earlier runs
    #[arg(long, help_heading = "What to measure")]
    pub fresh: bool,
    /// Threads (default: physical cores within the cgroup's quota)
    #[arg(long, value_parser = parse_threads, help_heading = "What to measure")]
    pub threads: Option<u32>,
    /// Seed of the order in which speed is measured (default: drawn, and recorded)
    #[arg(long, help_heading = "What to measure")]
    pub seed: Option<u64>,
    /// Print what runs the recommended file, and nothing else, on stdout: llama-server, llama-cli, ollama (a Modelfile) or lmstudio
    #[arg(long, value_name = "PROGRAM", help_heading = "The answer")]
    pub emit: Option<Program>,
    /// Folder for the report (default: in the store, beside what is cached)
    #[arg(long, help_heading = "The answer")]
    pub out: Option<PathBuf>,
}

/// The flags of a command of which these alone are given.
pub fn given<T: Args>(flags: &[&str]) -> Result<T, Failure> {
    let command = T::augment_args(clap::Command::new("kvant").no_binary_name(true));
    let matches = command.try_get_matches_from(flags);
    matches.and_then(|matches| T::from_arg_matches(&matches)).map_err(|e| {
        Failure::msg(
            UNEXPECTED,
            format!("the defaults of flags cannot be read ({e}); please report this"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn quick_runs_stay_at_short_contexts_unless_told_otherwise() {
        let contexts = |args: &[&str]| {
            let all = ["kvant", "compare", "builtin"].iter().chain(args);
            match Cli::parse_from(all).command {
                Command::Compare(args) => (args.work_flags.n_prompt, args.work_flags.depths),
                other => panic!("{other:?}"),
            }
        };
        let (all, short) = (vec![128, 512, 2048], vec![128, 512]);
        assert_eq!(contexts(&[]), (all.clone(), all));
        assert_eq!(contexts(&["--level", "quick"]), (short.clone(), short.clone()));
        assert_eq!(contexts(&["--level", "quick", "--depths", "4096"]), (short, vec![4096]));
    }
}

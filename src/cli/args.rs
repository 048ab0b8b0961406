//! Flags as the user writes them. `resolve` turns them into a checked configuration.

use super::values::{
    parse_kv, parse_layers, parse_loss, parse_on_off, parse_positive, parse_precision, parse_price, parse_quality,
    parse_server, parse_threads, parse_workload, BuildArg, WorkloadChoice,
};
use crate::data::{FailOn, FlashAttn, Level, Purpose, QualityLoss, RequestShape, SplitMode};
use crate::mix::Grouping;
use crate::plan::{workloads_help, KvPair, QualityMode, ShardOf, WorkFlags};
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

/// What is printed in place of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The Markdown table of llama-bench, to paste into an issue.
    LlamaBench,
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

/// The subcommands.
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

/// Flags of `inspect`.
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

/// Flags of `models`.
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

/// Flags of `report`.
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

/// Flags of `rpc-server`.
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

/// Flags of `merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Folders of the shards, or their journals
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Folder for the joined run and its report; what an earlier merge left there is replaced
    #[arg(long)]
    pub out: PathBuf,
}

/// Flags of `diff`.
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

/// Arguments of the hidden `corpus`.
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

/// Arguments of the hidden `quantize`.
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

/// Arguments of the hidden `imatrix`.
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

/// Flags of `mix`.
#[derive(Debug, Clone, Args)]
pub struct MixArgs {
    /// A name (`kvant models` lists them), hf:owner/repo[@revision][:variant], or a .gguf file (default: SmolLM2-135M-Instruct)
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Least loss at this size of the file, e.g. 99MiB
    #[arg(long, value_name = "BYTES", value_parser = units::parse_bytes, help_heading = "Target (the others are limits)")]
    pub max_size: Option<u64>,
    /// Least loss at the size of this variant (default: Q4_K_M, where no other target is given)
    #[arg(
        long,
        value_name = "VARIANT",
        conflicts_with = "max_size",
        help_heading = "Target (the others are limits)"
    )]
    pub like: Option<String>,
    /// Smallest, or where this machine's speed with each type is known fastest, at this mean divergence, e.g. kld:0.02
    #[arg(long, value_name = "LOSS", value_parser = parse_loss, help_heading = "Target (the others are limits)")]
    pub max_quality_loss: Option<QualityLoss>,
    /// Least loss at this speed of decode, tokens per second
    #[arg(long, value_name = "TPS", value_parser = parse_positive, help_heading = "Target (the others are limits)")]
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
    /// Measure again what is kept of earlier runs
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
    /// Folder for the report (default: in the store, beside what is kept)
    #[arg(long, help_heading = "The answer")]
    pub out: Option<PathBuf>,
}

/// Flags of `compare`.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(
    after_help = "llama-bench's short flags work too: kvant compare -m model.gguf -p 512 -n 128 -d 0,4096 -ctk f16,q8_0; K and V are crossed, an unnamed one is f16."
)]
pub struct CompareArgs {
    /// A name (`kvant models` lists them), hf:owner/repo[@revision][:variant], a .gguf file, or a folder of .gguf files;
    /// several are files of one model that are compared with each other (default: SmolLM2-135M-Instruct)
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Variants to compare, the baseline first, by file type or by what --dry-run calls them; missing types are made (default:
    /// what is named; of large repositories and of single exact files F16, Q8_0 and Q4_K_M; of a single quantized file it and
    /// what made from it can win)
    #[arg(long, value_delimiter = ',', help_heading = "What to measure")]
    pub variants: Vec<String>,
    /// The variant that others are compared with (default: the first of --variants, or the most exact)
    #[arg(long, value_name = "VARIANT", help_heading = "What to measure")]
    pub baseline: Option<String>,
    /// List what each file is and what would be done with it; fetch, make and measure nothing
    #[arg(long, conflicts_with_all = ["shape", "resume"], help_heading = "What to measure")]
    pub dry_run: bool,
    /// Measure a model of random weights with this shape, without its quality: a .gguf file, hf:owner/repo, or a name of which
    /// `kvant models` knows the dimensions, with no network
    #[arg(
        long,
        value_name = "MODEL",
        conflicts_with = "models",
        help_heading = "What to measure"
    )]
    pub shape: Option<String>,
    /// Make missing variants from the best file that is here, in preference to fetching them
    #[arg(long, help_heading = "What to measure")]
    pub derive: bool,
    /// Executable to measure with: kvant of another build, or a folder of `just dist`; several are compared, the baseline's first,
    /// e.g. --worker old=/usr/bin/kvant --worker new=target/release/kvant
    #[arg(long = "worker", value_name = "NAME=PATH", value_parser = BuildArg::from_str, help_heading = "What to measure")]
    pub workers: Vec<BuildArg>,
    /// Address of a llama-server that runs the variant, measured beside kvant's own worker as far as it can be asked over HTTP, e.g.
    /// http://127.0.0.1:8080
    #[arg(long, value_name = "URL", value_parser = parse_server, help_heading = "What to measure")]
    pub server: Option<String>,
    /// KV-cache types, the baseline's first; K/V for different ones, e.g. f16,q8_0,q8_0/f16;
    /// -norot behind a quantized one keeps llama.cpp from rotating what goes into it, e.g. q4_0,q4_0-norot
    #[arg(long, value_delimiter = ',', value_parser = parse_kv, default_value = "f16,q8_0", help_heading = "What to measure")]
    pub kv: Vec<KvPair>,
    /// Prompt lengths of the prefill cells, in tokens (with --level quick: 128,512)
    #[arg(long, value_parser = units::parse_list, default_value = "128,512,2048", default_value_if("level", "quick", "128,512"), help_heading = "What to measure")]
    pub n_prompt: std::vec::Vec<u32>,
    /// Depths of the decode cells: tokens in the cache before (with --level quick: 128,512)
    #[arg(long, value_parser = units::parse_list, default_value = "128,512,2048", default_value_if("level", "quick", "128,512"), help_heading = "What to measure")]
    pub depths: std::vec::Vec<u32>,
    /// Tokens generated per decode sample
    #[arg(long, default_value_t = 32, help_heading = "What to measure")]
    pub n_gen: u32,
    #[arg(long, value_delimiter = ',', default_value = "prefill,decode,no_reuse", value_parser = parse_workload, help = workloads_help(), help_heading = "What to measure")]
    pub workloads: Vec<WorkloadChoice>,
    #[command(flatten)]
    pub work_flags: WorkFlags,
    /// Model file that drafts, for the workload speculative (default: the smallest variant compared)
    #[arg(long, value_name = "FILE", help_heading = "What to measure")]
    pub draft: Option<PathBuf>,
    /// Measure every KV type with every variant and prompt length (default: the baseline at the middle one)
    #[arg(long, help_heading = "What to measure")]
    pub full_matrix: bool,
    /// Score texts too: on, full (every arm and chunk, however long it takes), or off
    #[arg(long, value_parser = parse_quality, default_value = "on", help_heading = "Quality")]
    pub quality: QualityMode,
    /// Text file to score, UTF-8; may be repeated (default: a seeded synthetic corpus)
    #[arg(long, value_name = "FILE", help_heading = "Quality")]
    pub text: Vec<PathBuf>,
    /// Windows to score at, in tokens (default: 512, and the greatest of --depths)
    #[arg(long, value_parser = units::parse_list, help_heading = "Quality")]
    pub quality_ctx: Option<std::vec::Vec<u32>>,
    /// KV-cache types to score besides the baseline's (default: --kv, q8_0, q4_0; with full also for K and V alone)
    #[arg(long, value_delimiter = ',', value_parser = parse_kv, help_heading = "Quality")]
    pub quality_kv: Option<Vec<KvPair>>,
    /// Score until ln(PPL ratio) is known to this half-width, and the KLD to ten times it (default: until it is known whether each
    /// arm keeps to the limit of quality)
    #[arg(long, value_parser = parse_precision, help_heading = "Quality")]
    pub quality_precision: Option<f64>,
    /// At most so many chunks per window
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Quality")]
    pub quality_chunks: Option<u32>,
    /// auto (a GPU where there is one), cpu, cuda, cuda:1, or llama.cpp's names, e.g. CUDA0,CUDA1 (doctor lists them)
    #[arg(long, default_value = "auto", help_heading = "How to run llama.cpp")]
    pub device: String,
    /// Layers on the device: a number or all (default: all); several, the baseline's first, are compared, and 0 is the
    /// CPU alone, e.g. all,16,0
    #[arg(long, allow_hyphen_values = true, value_delimiter = ',', value_parser = parse_layers, help_heading = "How to run llama.cpp")]
    pub n_gpu_layers: Vec<i32>,
    /// KV cache on the device: on or off
    #[arg(long, default_value = "on", value_parser = parse_on_off, action = clap::ArgAction::Set, help_heading = "How to run llama.cpp")]
    pub kv_offload: bool,
    /// How several devices share a model: layer, row, or none (the first one alone)
    #[arg(long, default_value = "layer", help_heading = "How to run llama.cpp")]
    pub split_mode: SplitMode,
    /// Servers of llama.cpp's RPC backend (kvant rpc-server), host:port; their devices come before those of --device
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "HOST:PORT",
        help_heading = "How to run llama.cpp"
    )]
    pub rpc: Vec<String>,
    /// Threads (default: physical cores within the cgroup's quota); several, the baseline's first, are compared, e.g. 8,4
    #[arg(long, value_delimiter = ',', value_parser = parse_threads, help_heading = "How to run llama.cpp")]
    pub threads: Vec<u32>,
    /// Logical batch: tokens per llama_decode call
    #[arg(long, default_value_t = 2048, value_parser = clap::value_parser!(u32).range(1..), help_heading = "How to run llama.cpp")]
    pub n_batch: u32,
    /// Physical batch: tokens per graph
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..), help_heading = "How to run llama.cpp")]
    pub n_ubatch: u32,
    /// Context size in tokens (default: what the cells need)
    #[arg(long, help_heading = "How to run llama.cpp")]
    pub n_ctx: Option<u32>,
    /// Flash attention, the same for all arms: on or off
    #[arg(long, default_value = "on", help_heading = "How to run llama.cpp")]
    pub flash_attn: FlashAttn,
    /// How thorough: quick, default or full
    #[arg(long, default_value = "default", help_heading = "How long")]
    pub level: Level,
    /// Time for measuring, e.g. 90s or 5m (default: quick 2m, default 7m30s, full 20m);
    /// a fifth of it is for quality
    #[arg(long, value_parser = units::parse_duration, help_heading = "How long")]
    pub budget: Option<u64>,
    /// Once the answer is settled, stop when every headline ratio is known to this half-width, e.g. 2%
    #[arg(long, default_value = "2%", value_parser = parse_precision, help_heading = "How long")]
    pub precision: f64,
    /// Speeds that differ by less count as the same, e.g. 2%
    #[arg(long, default_value = "2%", value_parser = parse_precision, help_heading = "How long")]
    pub equivalence: f64,
    /// Exactly this many rounds, each of them whole, whatever the budget and the precision
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "How long")]
    pub rounds: Option<u32>,
    /// Exactly this many sets of fresh worker processes (default: at least 4, 6 or 8, by level)
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "How long")]
    pub launches: Option<u32>,
    /// Longest wait for any one answer of a worker (default: from the work)
    #[arg(long, value_parser = units::parse_duration, help_heading = "How long")]
    pub deadline: Option<u64>,
    #[command(flatten)]
    pub goal: GoalArgs,
    /// What an hour of this machine costs, in any currency, e.g. 0.50: the report then tells what a million tokens cost
    #[arg(long, value_name = "PRICE", value_parser = parse_price, help_heading = "What to measure")]
    pub price_per_hour: Option<f64>,
    /// Seed of the order of cells and of bootstraps (default: drawn for each run, and recorded)
    #[arg(long, help_heading = "Repeatability")]
    pub seed: Option<u64>,
    /// Seed of the texts
    #[arg(long, default_value_t = 1, help_heading = "Repeatability")]
    pub text_seed: u64,
    /// Salt of the texts: another salt gives other texts of the same kind
    #[arg(long, default_value = "kvant", help_heading = "Repeatability")]
    pub salt: String,
    /// Folder for the run (default: reports/<model>-<time>)
    #[arg(long, help_heading = "Repeatability")]
    pub out: Option<PathBuf>,
    /// Measure one part of the plan, e.g. 2/4: any scheduler can spread the parts; kvant merge joins them
    #[arg(long, value_name = "I/N", value_parser = ShardOf::from_str, help_heading = "Repeatability")]
    pub shard: Option<ShardOf>,
    /// Complete the run in --out: only what its journal lacks is measured. With the run's flags, a folder without a run begins it
    #[arg(long, requires = "out", help_heading = "Repeatability")]
    pub resume: bool,
    /// Print the run as another tool's table instead of the summary
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        conflicts_with = "dry_run",
        help_heading = "The answer"
    )]
    pub format: Option<Format>,
}

/// Flags of `triage`.
#[derive(Debug, Clone, Args)]
pub struct TriageArgs {
    /// As for compare: names, hf:owner/repo[@revision][:variant], .gguf files, or a folder of .gguf files
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Candidates, the baseline first; missing ones are made (default: what is named, of large repositories F16, Q8_0, Q6_K,
    /// Q5_K_M, Q4_K_M and Q4_0, as far as memory and budget allow; of a single file as for compare)
    #[arg(long, value_delimiter = ',', help_heading = "Candidates")]
    pub variants: Vec<String>,
    /// Measure a model of random weights with this shape, without its quality: a .gguf file, hf:owner/repo, or a name of which
    /// `kvant models` knows the dimensions, with no network
    #[arg(long, value_name = "MODEL", conflicts_with = "models", help_heading = "Candidates")]
    pub shape: Option<String>,
    /// Mixes that `kvant mix` made of this model are candidates too; where there is none, one of the size of Q4_K_M is made first
    #[arg(long, conflicts_with_all = ["shape", "dry_run"], help_heading = "Candidates")]
    pub with_mix: bool,
    /// KV-cache types, each with every variant
    #[arg(long, value_delimiter = ',', value_parser = parse_kv, default_value = "f16,q8_0", help_heading = "Candidates")]
    pub kv: Vec<KvPair>,
    #[command(flatten)]
    pub goal: GoalArgs,
    /// Context to hold, in tokens (default: what is measured)
    #[arg(long, help_heading = "Limits of the recommendation")]
    pub n_ctx: Option<u32>,
    /// Tokens in the cache while decode is measured (default: what the request has)
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to measure")]
    pub depth: Option<u32>,
    /// Tokens of the prompt (default: what the request has)
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to measure")]
    pub n_prompt: Option<u32>,
    /// Time for measuring; a third of it may go into quality
    #[arg(long, value_parser = units::parse_duration, default_value = "60s", help_heading = "What to measure")]
    pub budget: u64,
    /// Score a text too: on or off
    #[arg(long, value_parser = parse_quality, default_value = "on", help_heading = "What to measure")]
    pub quality: QualityMode,
    /// auto (a GPU where there is one), cpu, or devices as in compare --device
    #[arg(long, default_value = "auto", help_heading = "Candidates")]
    pub device: String,
    /// Layers on the device: several are candidates, e.g. all,16,0
    #[arg(long, allow_hyphen_values = true, value_delimiter = ',', value_parser = parse_layers, help_heading = "Candidates")]
    pub n_gpu_layers: Vec<i32>,
    /// Threads (default: physical cores within the cgroup's quota); several are candidates, e.g. 8,4
    #[arg(long, value_delimiter = ',', value_parser = parse_threads, help_heading = "Candidates")]
    pub threads: Vec<u32>,
    /// Read headers and predict memory and speed of each candidate; fetch and measure none of them
    #[arg(long, conflicts_with_all = ["shape", "emit", "out"], help_heading = "The answer")]
    pub dry_run: bool,
    /// Measure again, even if the answer is kept
    #[arg(long, help_heading = "The answer")]
    pub fresh: bool,
    /// Go on measuring for a kept answer, even if it is settled
    #[arg(long, conflicts_with_all = ["fresh", "out"], help_heading = "The answer")]
    pub more: bool,
    /// Print what runs the answer, and nothing else, on stdout: llama-server, llama-cli, ollama (a Modelfile) or lmstudio
    #[arg(long, value_name = "PROGRAM", help_heading = "The answer")]
    pub emit: Option<Program>,
    /// Folder for the report (default: beside the kept answer)
    #[arg(long, help_heading = "The answer")]
    pub out: Option<PathBuf>,
    /// Seed of the order of cells (default: drawn for each run, and recorded)
    #[arg(long, help_heading = "Repeatability")]
    pub seed: Option<u64>,
}

/// Flags of `gate`.
#[derive(Debug, Clone, Args)]
pub struct GateArgs {
    /// As for compare; a .gguf file is measured as it is
    #[arg(value_name = "MODEL", required = true)]
    pub models: Vec<String>,
    /// Variants to measure (default: Q8_0 of a name)
    #[arg(long, value_delimiter = ',')]
    pub variants: Vec<String>,
    /// The two executables, the one that the other is held against first: kvant, or a folder of `just dist` or `just worker`,
    /// e.g. --worker base=/usr/bin/kvant --worker candidate=target/release/kvant
    #[arg(long = "worker", value_name = "NAME=PATH", value_parser = BuildArg::from_str, required = true)]
    pub workers: Vec<BuildArg>,
    /// Exit with 6 if the second is slower by this share or more, or if its KL divergence from the first is larger, beyond doubt, e.g.
    /// slower:3% or kld:1e-4; may be repeated
    #[arg(long, value_name = "CONDITION", value_parser = FailOn::from_str, default_value = "slower:3%")]
    pub fail_on: Vec<FailOn>,
    /// Time for measuring; it ends earlier when the answer is settled
    #[arg(long, value_parser = units::parse_duration, default_value = "5m")]
    pub budget: u64,
    /// KV-cache type
    #[arg(long, value_delimiter = ',', value_parser = parse_kv, default_value = "f16")]
    pub kv: Vec<KvPair>,
    /// Tokens of the prompt whose prefill is timed
    #[arg(long, default_value_t = 512)]
    pub n_prompt: u32,
    /// Tokens in the cache while decode is timed
    #[arg(long, default_value_t = 512)]
    pub depth: u32,
    /// Text to score for kld, UTF-8 (default: the seeded synthetic corpus)
    #[arg(long, value_name = "FILE")]
    pub text: Vec<PathBuf>,
    /// auto (a GPU where there is one), cpu, or devices as in compare --device
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Threads (default: physical cores within the cgroup's quota)
    #[arg(long, value_parser = parse_threads)]
    pub threads: Option<u32>,
    /// Longest wait for any one answer of a worker (default: from the work)
    #[arg(long, value_parser = units::parse_duration)]
    pub deadline: Option<u64>,
    /// Seed of the order (default: drawn, and recorded)
    #[arg(long)]
    pub seed: Option<u64>,
    /// Folder for the run, with gate.md and junit.xml (default: reports/<model>-<time>)
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// What the recommendation is for, and has to keep to.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct GoalArgs {
    /// What the model is used for, as tokens of prompt + answer whose time is to be short: chat (512+256, the default), rag (2048+128),
    /// code (1024+512), write (128+1024), or decode (the speed of decode alone)
    #[arg(long = "for", value_name = "USE", help_heading = "Limits of the recommendation")]
    pub purpose: Option<Purpose>,
    /// The same as tokens of prompt and answer, e.g. 300+100
    #[arg(
        long,
        value_name = "P+G",
        conflicts_with = "purpose",
        help_heading = "Limits of the recommendation"
    )]
    pub request: Option<RequestShape>,
    /// By how much another candidate may be faster and the answer still counts as settled
    #[arg(long, value_name = "SHARE", value_parser = parse_precision, help_heading = "Limits of the recommendation")]
    pub regret: Option<f64>,
    /// Least tokens per second in decode, for each user
    #[arg(long, value_name = "TPS", value_parser = parse_positive, help_heading = "Limits of the recommendation")]
    pub min_decode: Option<f64>,
    /// Longest time to the first token of the longest prompt measured, e.g. 2s or 500ms
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration, help_heading = "Limits of the recommendation")]
    pub max_ttft: Option<u64>,
    /// Most resident memory at its peak, e.g. 4GiB
    #[arg(long, value_name = "BYTES", value_parser = units::parse_bytes, help_heading = "Limits of the recommendation")]
    pub max_ram: Option<u64>,
    /// Most memory of the device, e.g. 8GiB
    #[arg(long, value_name = "BYTES", value_parser = units::parse_bytes, help_heading = "Limits of the recommendation")]
    pub max_vram: Option<u64>,
    /// Most loss of quality: of perplexity, e.g. 1%, or of KL divergence, e.g. kld:0.02 (default: none that can be told,
    /// unless speed or memory is limited)
    #[arg(long, value_name = "LOSS", value_parser = parse_loss, help_heading = "Limits of the recommendation")]
    pub max_quality_loss: Option<QualityLoss>,
    /// Users at once, each with a context of its own
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=256), help_heading = "Limits of the recommendation")]
    pub users: Option<u32>,
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
                Command::Compare(args) => (args.n_prompt, args.depths),
                other => panic!("{other:?}"),
            }
        };
        let (all, short) = (vec![128, 512, 2048], vec![128, 512]);
        assert_eq!(contexts(&[]), (all.clone(), all));
        assert_eq!(contexts(&["--level", "quick"]), (short.clone(), short.clone()));
        assert_eq!(contexts(&["--level", "quick", "--depths", "4096"]), (short, vec![4096]));
    }
}

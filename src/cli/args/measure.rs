//! Flags of the commands that measure: `compare`, `triage` and `gate`.

use crate::cli::values::{
    parse_kv, parse_layers, parse_on_off, parse_price, parse_quality, parse_server, parse_threads, parse_workload,
    BuildArg, WorkloadChoice,
};
use crate::data::{FailOn, FlashAttn, Goal, Level, SplitMode};
use crate::plan::{workloads_help, KvPair, QualityMode, ShardOf, WorkFlags};
use crate::report::Program;
use crate::units;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;

/// What is printed in place of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The Markdown table of llama-bench, to paste into an issue.
    LlamaBench,
}

#[derive(Debug, Clone, PartialEq, Args)]
#[command(
    after_help = "llama-bench's short flags work too: kvant compare -m model.gguf -p 512 -n 128 -d 512,4096 -ctk f16,q8_0; K and V are crossed, an unnamed one is f16."
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
    /// Address of a llama-server that runs the variant, or of another server of OpenAI's completions with the name of its model, measured
    /// beside kvant's own worker as far as it can be asked over HTTP, e.g. http://127.0.0.1:8080 or http://127.0.0.1:11434/v1#NAME
    #[arg(long, value_name = "URL", value_parser = parse_server, help_heading = "What to measure")]
    pub server: Option<String>,
    /// KV-cache types, the baseline's first; K/V for different ones, e.g. f16,q8_0,q8_0/f16;
    /// -norot behind a quantized one keeps llama.cpp from rotating what goes into it, e.g. q4_0,q4_0-norot
    #[arg(long, value_delimiter = ',', value_parser = parse_kv, default_value = "f16,q8_0", help_heading = "What to measure")]
    pub kv: Vec<KvPair>,
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
    #[arg(long, value_parser = units::parse_share, help_heading = "Quality")]
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
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), help_heading = "How to run llama.cpp")]
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
    #[arg(long, default_value = "2%", value_parser = units::parse_share, help_heading = "How long")]
    pub precision: f64,
    /// Speeds that differ by less count as the same, e.g. 2%
    #[arg(long, default_value = "2%", value_parser = units::parse_share, help_heading = "How long")]
    pub equivalence: f64,
    /// Exactly this many rounds, each of them whole, whatever the budget and the precision
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "How long")]
    pub rounds: Option<u32>,
    /// Exactly this many sets of fresh worker processes (default: at least 4, 6 or 8, by level)
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "How long")]
    pub launches: Option<u32>,
    /// Maximum time for any one answer of a worker (default: from the work)
    #[arg(long, value_parser = units::parse_duration, help_heading = "How long")]
    pub deadline: Option<u64>,
    #[command(flatten)]
    pub goal: Goal,
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
    pub goal: Goal,
    /// Context to hold, in tokens (default: what is measured)
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Limits of the recommendation")]
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
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
    pub n_prompt: u32,
    /// Tokens in the cache while decode is timed
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
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
    /// Maximum time for any one answer of a worker (default: from the work)
    #[arg(long, value_parser = units::parse_duration)]
    pub deadline: Option<u64>,
    /// Seed of the order (default: drawn, and recorded)
    #[arg(long)]
    pub seed: Option<u64>,
    /// Folder for the run, with gate.md and junit.xml (default: reports/<model>-<time>)
    #[arg(long)]
    pub out: Option<PathBuf>,
}

//! How a cell ended, and what the user is warned of.

use super::beside::PassedOver;
use super::config::named_enum;
use serde::{Deserialize, Serialize};
use std::fmt;

named_enum! {
    /// Why a cell has no (or no complete) result.
    FailureKind, "failure kind", {
        /// The worker died from a signal or exited by itself.
        Crashed = "crashed",
        /// No answer before the deadline.
        TimedOut = "timed_out",
        /// The worker broke the protocol: version, framing, wrong answer.
        Protocol = "protocol",
        /// llama.cpp refused: load, context or decode error.
        Engine = "engine",
        /// Not enough memory for it.
        OutOfMemory = "out_of_memory",
        /// What the file gives cannot be right: logits that are not finite, or text predicted worse than its type explains.
        Broken = "broken",
        /// Stopped by the user, or by the budget before its first sample.
        NotRun = "not_run",
        /// Its arm cannot become the choice, and left before its first sample.
        LeftOut = "left_out",
    }
}

/// The state of a cell in the results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Measured.
    Ok,
    /// Not, or not completely, with the reason in words.
    Failed(FailureKind, String),
}

/// What the user is told to look at. Stored in the journal; each text ends in advice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// This build leaves instructions of the CPU unused.
    UnusedInstructions {
        /// Their names, e.g. `AVX512_VNNI`.
        names: Vec<String>,
    },
    /// The predicted memory of all workers is too large: rounds load them in turn.
    WorkersNotResident {
        /// Predicted sum.
        needed_bytes: u64,
        /// 60 % of what is available.
        limit_bytes: u64,
    },
    /// A depth or prompt is longer than the contexts that the model was trained with; it is measured all the same.
    BeyondTrainedContext {
        /// Depth asked for.
        n_depth: u32,
        /// The model's own limit.
        n_ctx_train: u32,
    },
    /// The baseline was made from an already quantized file.
    RequantizedBaseline {
        /// The variant.
        variant: String,
        /// File type it was made from.
        from: String,
    },
    /// Variants were made from an already quantized file.
    Requantized {
        /// The variants.
        variants: Vec<String>,
        /// File type they were made from.
        from: String,
    },
    /// Files that lie where the model does and are not measured.
    PassedOver {
        /// Which, and what they are.
        files: Vec<PassedOver>,
    },
    /// Other load on the machine when the run started.
    BusyMachine {
        /// One-minute load average times 100.
        load_percent: u32,
        /// Logical CPUs usable.
        n_cpus: u32,
    },
    /// More threads than CPUs.
    TooManyThreads {
        /// Threads of the arm that has most.
        n_threads: u32,
        /// Logical CPUs usable.
        n_cpus: u32,
    },
    /// Numbers come from the scripted test engine.
    FakeEngine,
    /// The weights are random.
    RandomWeights {
        /// What they have the shape of.
        shape: String,
    },
    /// The control was made slower on purpose. Before format 5 only.
    Handicap {
        /// By this share.
        share: String,
    },
    /// The built-in model was measured because the default one could not be had.
    BuiltinInstead {
        /// The default model.
        model: String,
        /// Each source and why it failed.
        why: String,
    },
    /// An arm whose cache is not to be rotated has heads that llama.cpp does not rotate.
    NothingRotated {
        /// Its KV type.
        kv: String,
        /// Elements of a head of K, and of V.
        heads: (u32, u32),
    },
    /// `--workloads all` left out the workload speculative.
    NothingDrafts,
    /// Arms are on RPC servers, which take one client at a time: rounds load the workers in turn.
    OneClientPerServer,
    /// A sweep was merged without some of its shards, or with some that did not end.
    ShardGaps {
        /// Shards of the sweep.
        count: u32,
        /// Numbers of those that are not here.
        missing: Vec<u32>,
        /// Numbers of those that were cut short.
        unfinished: Vec<u32>,
    },
    /// Part of a label's tensors has another type than the label says.
    FallbackTensors {
        /// The variant.
        variant: String,
        /// How many tensors.
        n_fallback: u64,
        /// Of how many.
        n_tensors: u64,
    },
}

impl Warning {
    /// Whether it changes what the user does next. What does not stands in the report.
    pub const fn is_urgent(&self) -> bool {
        !matches!(
            self,
            Warning::FallbackTensors { .. } | Warning::WorkersNotResident { .. } | Warning::OneClientPerServer
        )
    }
}

/// Files that a warning lists.
const N_SHOWN: usize = 6;

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::UnusedInstructions { names } => write!(
                f,
                "this build leaves {} of the CPU unused, so speeds are lower than they could be; rebuild with RUSTFLAGS=\"-C target-cpu=native\" and without SOURCE_DATE_EPOCH",
                names.join(", ")
            ),
            Warning::WorkersNotResident { needed_bytes, limit_bytes } => write!(
                f,
                "all models together need {} MiB and {} MiB may be used, so every round loads them in turn; close other programs or compare fewer variants for steadier figures",
                needed_bytes >> 20,
                limit_bytes >> 20
            ),
            Warning::BeyondTrainedContext { n_depth, n_ctx_train } => write!(
                f,
                "depth {n_depth} is beyond the {n_ctx_train} tokens the model was trained with, so its text there may be poor; use --depths to stay below"
            ),
            Warning::RequantizedBaseline { variant, from } => write!(
                f,
                "{variant} was made from a {from} file, so its quality is that of {from}, not of the published {variant}; pass the published file to compare quality"
            ),
            Warning::Requantized { variants, from } => write!(
                f,
                "{} made from a {from} file, which nothing made from it can be more exact than; these are not the published variants: pass those to compare them",
                match variants.as_slice() {
                    [one] => format!("{one} was"),
                    [most @ .., last] => format!("{} and {last} were", most.join(", ")),
                    [] => "nothing was".to_owned(),
                }
            ),
            Warning::PassedOver { files } => {
                let shown: Vec<String> = files.iter().take(N_SHOWN).map(PassedOver::to_string).collect();
                let more = match files.len().saturating_sub(N_SHOWN) {
                    0 => String::new(),
                    n => format!(" and {n} more"),
                };
                write!(f, "passed over {}{more}; name a file to measure it", shown.join(", "))
            }
            Warning::BusyMachine { load_percent, n_cpus } => write!(
                f,
                "the machine was busy at the start (load {}.{:02} on {n_cpus} CPUs), so intervals may be wide; stop other programs and run again",
                load_percent / 100,
                load_percent % 100
            ),
            Warning::TooManyThreads { n_threads, n_cpus } => write!(
                f,
                "{n_threads} threads share {n_cpus} CPUs, and every operation of llama.cpp waits for the last of its threads, so these speeds are far below what the machine can do; use --threads {n_cpus} or fewer"
            ),
            Warning::FakeEngine => write!(f, "these numbers come from kvant's scripted test engine, not from a model; do not use them"),
            Warning::RandomWeights { shape } => write!(
                f,
                "the weights are random, in the shape of {shape}: speed and memory are the model's, its text means nothing, and its quality is not measured"
            ),
            Warning::Handicap { share } => write!(
                f,
                "the control was made slower by {share} on purpose, to calibrate kvant; its figures are no measurements"
            ),
            Warning::BuiltinInstead { model, why } => write!(
                f,
                "this is kvant's tiny built-in model, not {model}, which could not be had ({why}); its figures say little about other models: mend that and run again, or name a .gguf file"
            ),
            Warning::NothingRotated { kv, heads: (k, v) } => write!(
                f,
                "llama.cpp rotates nothing in a cache of this model with or without {kv} (quantized heads of a multiple of 64 elements only; its K has {k}, V {v}), so both are the same; leave it out"
            ),
            Warning::NothingDrafts => write!(
                f,
                "nothing here can draft for the baseline, so speculative decoding was left out; compare a smaller variant too, or name a file with --draft"
            ),
            Warning::OneClientPerServer => write!(
                f,
                "a server of llama.cpp's RPC backend takes one client at a time, so every round loads the models in turn, over the network; give it time with --budget"
            ),
            Warning::ShardGaps { count, missing, unfinished } => {
                let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
                if !missing.is_empty() {
                    write!(
                        f,
                        "of {count} shards these are missing: {}; what they hold is not in this report: run them and merge again",
                        list(missing)
                    )?;
                }
                if !unfinished.is_empty() {
                    let and = if missing.is_empty() { "" } else { "; and " };
                    write!(
                        f,
                        "{and}of {count} shards these were cut short: {}; complete them with --resume and merge again",
                        list(unfinished)
                    )?;
                }
                Ok(())
            }
            Warning::FallbackTensors { variant, n_fallback, n_tensors } => write!(
                f,
                "{n_fallback} of {n_tensors} tensors of {variant} have another type than the label says, because their rows do not fit its blocks; judge it by its bits per weight"
            ),
        }
    }
}

//! How a cell ended, and what the user is warned of.

use super::beside::PassedOver;
use super::named::named_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(into = "OutcomeOf")]
pub enum Outcome {
    Ok,
    /// Not, or not completely, with the reason in words.
    Failed(FailureKind, String),
}

#[derive(Serialize, JsonSchema)]
struct OutcomeOf {
    /// `ok`, or the kind of failure.
    outcome: &'static str,
    /// As it was recorded, in the words of llama.cpp, the system or kvant.
    reason: Option<String>,
}

impl From<Outcome> for OutcomeOf {
    fn from(outcome: Outcome) -> OutcomeOf {
        let (outcome, reason) = match outcome {
            Outcome::Ok => ("ok", None),
            Outcome::Failed(kind, reason) => (kind.name(), Some(reason).filter(|r| !r.is_empty())),
        };
        OutcomeOf { outcome, reason }
    }
}

/// What the user is told to look at. Stored in the journal; each text ends in advice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    UnusedInstructions {
        /// Their names, e.g. `AVX512_VNNI`.
        names: Vec<String>,
    },
    /// The predicted memory of all workers is too large: rounds load them in turn.
    WorkersNotResident {
        needed_bytes: u64,
        /// 60 % of what is available.
        limit_bytes: u64,
    },
    /// A depth or prompt is longer than the contexts that the model was trained with; it is measured all the same.
    BeyondTrainedContext {
        n_depth: u32,
        n_ctx_train: u32,
    },
    /// The baseline was made from an already quantized file.
    RequantizedBaseline {
        variant: String,
        from: String,
    },
    Requantized {
        variants: Vec<String>,
        from: String,
    },
    /// Files that lie where the model does and are not measured.
    PassedOver {
        files: Vec<PassedOver>,
    },
    /// Other load on the machine when the run started.
    BusyMachine {
        /// One-minute load average times 100.
        load_percent: u32,
        n_cpus: u32,
    },
    TooManyThreads {
        n_threads: u32,
        n_cpus: u32,
    },
    FakeEngine,
    RandomWeights {
        shape: String,
    },
    /// The control was made slower on purpose. Before format 5 only.
    Handicap {
        share: String,
    },
    /// The built-in model was measured because the default one could not be had.
    BuiltinInstead {
        model: String,
        /// Each source and why it failed.
        why: String,
    },
    /// An arm whose cache is not to be rotated has heads that llama.cpp does not rotate.
    NothingRotated {
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
        count: u32,
        /// Numbers of those that are not here.
        missing: Vec<u32>,
        /// Numbers of those that were cut short.
        unfinished: Vec<u32>,
    },
    /// Part of a label's tensors has another type than the label says.
    FallbackTensors {
        variant: String,
        n_fallback: u64,
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

//! The script of the fake engine: what everything costs, and what goes wrong when. JSON; every field has a default,
//! so `{}` is a quiet machine with sensible speeds.

use crate::data::{KvType, Workload};
use crate::engine::api::EngineError;
use serde::Deserialize;
use std::path::Path;

/// Environment variable that holds the path of the script and switches the fake engine on.
pub(crate) const SCRIPT_ENV: &str = "KVANT_FAKE_ENGINE";

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FakeScript {
    pub(crate) seed: u64,
    /// Standard deviation of the log of the noise of an execution (drawn at every clear, restore and truncate).
    pub(crate) noise: f64,
    /// The same for every single call of `decode`.
    pub(crate) token_noise: f64,
    /// Amplitude of the slow wave that all costs ride on, e.g. 0.15.
    pub(crate) drift: f64,
    pub(crate) drift_period: f64,
    pub(crate) load_ns: u64,
    /// Real sleep in every sample, so that a test has time to strike.
    pub(crate) real_sleep_us: u64,
    /// Costs; the first entry that matches counts, the built-in ones come last.
    pub(crate) costs: Vec<FakeCost>,
    /// Factor on all costs when K or V is quantized.
    pub(crate) quantized_kv_factor: f64,
    /// Standard deviation of the logits that a quantized KV cache adds.
    pub(crate) kv_logit_noise: f64,
    /// Standard deviation of the logits that a pass of several tokens adds: it rounds differently from one of a single token.
    pub(crate) pass_logit_noise: f64,
    /// Files (parts of their stems) that claim another vocabulary.
    pub(crate) other_vocab: Vec<String>,
    /// Files (parts of their stems) whose cache cannot drop single tokens, as that of a recurrent model.
    pub(crate) recurrent: Vec<String>,
    /// What each further sequence of a batch adds to a step, as a share of the step of one.
    pub(crate) further_seq: f64,
    /// Virtual time of saving or restoring a state, for each of its tokens.
    pub(crate) state_ns: u64,
    /// Names of devices besides the CPU.
    pub(crate) devices: Vec<String>,
    /// Faults; all that match strike, in this order.
    pub(crate) faults: Vec<FakeFault>,
}

impl Default for FakeScript {
    fn default() -> Self {
        Self {
            seed: 1,
            noise: 0.005,
            token_noise: 0.01,
            drift: 0.0,
            drift_period: 40.0,
            load_ns: 200_000_000,
            real_sleep_us: 0,
            costs: Vec::new(),
            quantized_kv_factor: 1.08,
            kv_logit_noise: 0.02,
            pass_logit_noise: 0.0,
            other_vocab: Vec::new(),
            recurrent: Vec::new(),
            devices: Vec::new(),
            further_seq: 0.25,
            state_ns: 500,
            faults: Vec::new(),
        }
    }
}

impl FakeScript {
    pub(crate) fn read(path: &Path) -> Result<Self, EngineError> {
        let wrong = |why: &dyn std::fmt::Display| {
            EngineError::Refused(format!("the script of the fake engine, {}: {why}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|e| wrong(&e))?;
        serde_json::from_str(&text).map_err(|e| wrong(&e))
    }
}

/// What a token costs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FakeCost {
    /// Part of the stem of the file name; empty matches all.
    #[serde(default)]
    pub(crate) file: String,
    #[serde(default)]
    pub(crate) type_k: Option<KvType>,
    #[serde(default)]
    pub(crate) n_threads: Option<u32>,
    /// Nanoseconds per token of a batch of two or more, at depth 0.
    pub(crate) prefill_ns: u64,
    /// Nanoseconds per one-token step, at depth 0.
    pub(crate) decode_ns: u64,
    /// Relative growth of both per 1000 tokens of depth.
    #[serde(default = "default_growth")]
    pub(crate) growth_per_1000: f64,
    /// Standard deviation of the logits against those of an exact model.
    #[serde(default)]
    pub(crate) logit_noise: f64,
}

fn default_growth() -> f64 {
    0.15
}

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultPoint {
    /// Before the first message (no file is known yet).
    Hello,
    Load,
    Open,
    /// Before the untimed round.
    Prepare,
    #[default]
    Measure,
    Memory,
    Score,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultAction {
    Panic,
    Exit(i32),
    /// SIGABRT, as after a failed assert of ggml.
    Abort,
    /// SIGKILL, as from the kernel when memory runs out.
    Kill,
    Hang,
    /// SIGSTOP, as from a shell or a debugger: no answer until somebody sends SIGCONT.
    Stop,
    /// So many bytes of memory are taken and touched, then the proper answer.
    Allocate(usize),
    /// A line on fd 1, then the proper answer.
    Noise,
    Refuse(String),
    Oom,
    /// Real sleep of so many milliseconds, then the proper answer.
    Slow(u64),
    /// Virtual nanoseconds that every `decode` of the sample loses without CPU use: a neighbour stole the processor.
    Stall(u64),
    /// One of the next logits is not a number.
    NotFinite,
    /// Half an answer, then the end of the stream.
    HalfLine,
    /// An answer longer than the protocol allows.
    HugeLine,
    WrongVersion,
    /// A well-formed answer to another question.
    WrongAnswer,
}

/// A fault: every condition given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FakeFault {
    /// Part of the stem of the file name; empty matches all.
    #[serde(default)]
    pub(crate) file: String,
    #[serde(default)]
    pub(crate) at: FaultPoint,
    /// Only for this workload (samples).
    #[serde(default)]
    pub(crate) workload: Option<Workload>,
    /// Only in contexts with this K type (prepare and samples).
    #[serde(default)]
    pub(crate) type_k: Option<KvType>,
    /// Matching steps of this process that go well first.
    #[serde(default)]
    pub(crate) after: u32,
    /// How often it strikes in this process; always when absent.
    #[serde(default)]
    pub(crate) times: Option<u32>,
    pub(crate) action: FaultAction,
}

/// Costs that hold where a script says nothing: plausible for a 135M model on two cores.
pub(super) fn default_costs() -> Vec<FakeCost> {
    [
        ("F32", 2_600_000, 24_000_000, 0.0),
        ("BF16", 2_400_000, 12_500_000, 0.0),
        ("F16", 1_300_000, 12_500_000, 0.0),
        ("Q8_0", 1_250_000, 7_000_000, 0.01),
        ("Q6_K", 1_600_000, 6_800_000, 0.03),
        ("Q5", 1_650_000, 6_300_000, 0.06),
        ("Q4", 1_500_000, 5_600_000, 0.12),
        ("Q3", 1_700_000, 5_600_000, 0.3),
        ("Q2", 1_700_000, 5_000_000, 0.8),
        ("", 1_300_000, 10_000_000, 0.0),
    ]
    .into_iter()
    .map(|(file, prefill_ns, decode_ns, logit_noise)| FakeCost {
        file: file.to_owned(),
        type_k: None,
        n_threads: None,
        prefill_ns,
        decode_ns,
        growth_per_1000: default_growth(),
        logit_noise,
    })
    .collect()
}

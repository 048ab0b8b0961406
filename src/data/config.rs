//! What is measured: arms, workloads and cells, under llama.cpp's own field names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A name that is not one of the accepted ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} '{given}': use one of {accepted}")]
pub struct ParseNameError {
    /// What was being named, e.g. "KV type".
    pub what: &'static str,
    /// The text that was given.
    pub given: String,
    /// The accepted names, separated by ", ".
    pub accepted: String,
}

/// Declares an enum with one lower-case name per variant, used in serde, `Display` and `FromStr` alike.
macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident, $what:literal, { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The name used in flags, files and tables.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.name()) }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::data::ParseNameError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|v| v.name().eq_ignore_ascii_case(s)).ok_or_else(|| $crate::data::ParseNameError {
                    what: $what,
                    given: s.to_owned(),
                    accepted: Self::ALL.iter().map(|v| v.name()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}
pub(crate) use named_enum;

named_enum! {
    /// Element type of the K or V cache: the types llama.cpp's own tools offer.
    KvType, "KV type", {
        /// 32-bit float.
        F32 = "f32",
        /// 16-bit float, llama.cpp's default.
        F16 = "f16",
        /// bfloat16.
        Bf16 = "bf16",
        /// 8-bit blocks of 32.
        Q8_0 = "q8_0",
        /// 5-bit blocks with offset.
        Q5_1 = "q5_1",
        /// 5-bit blocks.
        Q5_0 = "q5_0",
        /// 4-bit blocks with offset.
        Q4_1 = "q4_1",
        /// 4-bit blocks.
        Q4_0 = "q4_0",
        /// 4-bit non-linear blocks.
        Iq4Nl = "iq4_nl",
    }
}

impl KvType {
    /// Elements per block and bytes per block, as in ggml's type table.
    pub const fn block(self) -> (u64, u64) {
        match self {
            KvType::F32 => (1, 4),
            KvType::F16 | KvType::Bf16 => (1, 2),
            KvType::Q8_0 => (32, 34),
            KvType::Q5_1 => (32, 24),
            KvType::Q5_0 => (32, 22),
            KvType::Q4_1 => (32, 20),
            KvType::Q4_0 | KvType::Iq4Nl => (32, 18),
        }
    }

    /// Whether values are stored in blocks (needs flash attention for V, and a head size divisible by 32).
    pub const fn is_quantized(self) -> bool {
        self.block().0 > 1
    }
}

named_enum! {
    /// llama.cpp's flash-attention setting. The same for all arms that are compared.
    FlashAttn, "flash-attention setting", {
        /// Always on.
        On = "on",
        /// Always off.
        Off = "off",
    }
}

named_enum! {
    /// How a model is spread over several devices.
    #[derive(Default)]
    SplitMode, "split mode", {
        /// On one of them.
        None = "none",
        /// Layer by layer, llama.cpp's default.
        #[default]
        Layer = "layer",
        /// Rows of each matrix.
        Row = "row",
    }
}

named_enum! {
    /// How thorough a run is.
    Level, "level", {
        /// At least 4 launches of 2 rounds.
        Quick = "quick",
        /// At least 6 launches of 4 rounds.
        Default = "default",
        /// At least 8 launches of 4 rounds.
        Full = "full",
    }
}

named_enum! {
    /// What one sample does.
    Workload, "workload", {
        /// `n_prompt` tokens into an empty cache.
        Prefill = "prefill",
        /// `n_gen` one-token steps at depth `n_depth`.
        Decode = "decode",
        /// `n_gen` tokens, each by recomputing the whole prefix in a cleared cache.
        NoReuse = "no_reuse",
        /// The first token of a follow-up prompt of `n_prompt` tokens, of which the first `n_depth` are in the cache.
        PrefixReuse = "prefix_reuse",
        /// `n_gen` steps of `n_seq` sequences at once, each at depth `n_depth`.
        Batched = "batched",
        /// Saving the state of `n_depth` tokens and restoring it, in memory and on disk, against computing it again.
        State = "state",
        /// `n_gen` tokens at depth `n_depth`, chosen greedily: by the target alone, and with a draft of [`N_DRAFT`] tokens before each
        /// of its passes.
        Speculative = "speculative",
        /// `n_seq` users at once, each sending requests of `n_prompt` tokens that are answered with `n_gen`, one after the other.
        Requests = "requests",
    }
}

/// Tokens that the draft is asked for before each pass of the target.
pub const N_DRAFT: u32 = 4;

/// What a draft is worth depends on the text: executions with one take turns with this many, which differ in the last tokens of the
/// prompt, and so in everything generated.
pub const N_PASSAGES: u32 = 256;

/// Last tokens of the prompt that each such text has to itself.
pub const N_OWN_TOKENS: u32 = 32;

/// Requests that are answered for each user in one execution.
pub const N_REQUESTS: u32 = 4;

impl Workload {
    /// What is measured unless the user asks for more.
    pub const DEFAULT: &'static [Workload] = &[Workload::Prefill, Workload::Decode, Workload::NoReuse];

    /// The two works people wait for: headline ratios, the control and the stop rule look at them.
    pub const fn is_headline(self) -> bool {
        matches!(self, Workload::Prefill | Workload::Decode)
    }

    /// Whether its executions start from a kept state of the cache.
    pub const fn starts_filled(self) -> bool {
        matches!(self, Workload::Decode | Workload::PrefixReuse | Workload::Speculative)
    }

    /// Whether it has several sequences at once, in a context of their own.
    pub const fn is_at_once(self) -> bool {
        matches!(self, Workload::Batched | Workload::Requests)
    }
}

/// Everything that fixes one llama.cpp context and the device it runs on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ArmConfig {
    /// Element type of the K cache.
    pub type_k: KvType,
    /// Element type of the V cache.
    pub type_v: KvType,
    /// llama.cpp rotates what goes into a quantized cache, where heads are multiples of 64; `false`: it was told not to.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub has_kv_rotation: bool,
    /// Flash attention.
    pub flash_attn: FlashAttn,
    /// `cpu`, or llama.cpp's devices separated by commas, such as `CUDA0,CUDA1`; `rpc:host:port` is what a server of llama.cpp's RPC
    /// backend offers.
    pub device: String,
    /// Layers on the device; 0 on the CPU, -1 for all.
    pub n_gpu_layers: i32,
    /// Threads for one-token batches and for larger ones.
    pub n_threads: u32,
    /// Logical batch: tokens per `llama_decode` call.
    pub n_batch: u32,
    /// Physical batch: tokens per graph.
    pub n_ubatch: u32,
    /// Context size asked for, in tokens (llama.cpp pads it to 256).
    pub n_ctx: u32,
    /// How the model is spread over several devices.
    #[serde(default, skip_serializing_if = "SplitMode::is_default")]
    pub split_mode: SplitMode,
    /// The KV cache stays in the CPU's memory, whatever the device.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_kv_offload: bool,
}

impl SplitMode {
    fn is_default(&self) -> bool {
        *self == SplitMode::default()
    }
}

fn yes() -> bool {
    true
}

fn is_yes(answer: &bool) -> bool {
    *answer
}

impl ArmConfig {
    /// Whether any of it runs elsewhere than on the CPU.
    pub fn is_on_device(&self) -> bool {
        self.device != "cpu"
    }

    /// KV type in tables and ids: `q8_0`, `q8_0/f16` where K and V differ, `q8_0-norot` without rotation.
    pub fn kv(&self) -> String {
        let (k, v) = (self.type_k, self.type_v);
        let types = if k == v { k.to_string() } else { format!("{k}/{v}") };
        if self.has_kv_rotation {
            types
        } else {
            types + NO_ROTATION
        }
    }
}

/// Follows the KV type of a cache that is not rotated.
pub const NO_ROTATION: &str = "-norot";

/// A variant with one KV/flash-attention/offload configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Unique in the plan, e.g. `Q8_0`, `Q8_0 kv q8_0`, `F16 control`.
    pub id: String,
    /// Variant id, e.g. `Q8_0`.
    pub variant: String,
    /// The disguised second baseline (A').
    pub is_control: bool,
    /// The arm the others are compared with.
    pub is_baseline: bool,
    /// Its context and device.
    pub config: ArmConfig,
}

impl Arm {
    /// The arm apart from its KV type: the variant, and the layers on the device and threads where the plan varies them, as in `Q8_0 ngl 16`.
    pub fn label(&self) -> &str {
        let without_kv = self.id.split(" kv ").next().unwrap_or(&self.id);
        without_kv.strip_suffix(" control").unwrap_or(without_kv)
    }
}

/// What a sample of a cell executes, without the arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct WorkSpec {
    /// Kind of work.
    pub workload: Workload,
    /// Tokens of the prompt (prefill: all inside the timed region; prefix_reuse: those in the cache included; requests: of each).
    pub n_prompt: u32,
    /// Tokens generated inside the timed region (decode, no_reuse, speculative; batched: by each sequence; requests: of each answer).
    pub n_gen: u32,
    /// Tokens in the cache (decode, prefix_reuse, state, speculative; batched: of each sequence), or before the first generated one (no_reuse).
    pub n_depth: u32,
    /// Sequences at once; requests: users.
    pub n_seq: u32,
    /// Batched: the sequences share their prompt, which is in the cache once; otherwise each has its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_pp_shared: bool,
}

impl fmt::Display for WorkSpec {
    /// llama-bench's names: `pp512`, `tg32 @ d512`; `nr4 @ d128` without KV reuse, `ttft512 @ d256` with half of the prompt in
    /// the cache, `tg32 @ d128 x16` for 16 sequences at once, `rq128+32 x4` for 4 users.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.workload {
            Workload::Prefill => write!(f, "pp{}", self.n_prompt),
            Workload::Decode => write!(f, "tg{} @ d{}", self.n_gen, self.n_depth),
            Workload::NoReuse => write!(f, "nr{} @ d{}", self.n_gen, self.n_depth),
            Workload::PrefixReuse => write!(f, "ttft{} @ d{}", self.n_prompt, self.n_depth),
            Workload::State => write!(f, "state @ d{}", self.n_depth),
            Workload::Speculative => write!(f, "sp{} @ d{}", self.n_gen, self.n_depth),
            Workload::Requests => write!(f, "rq{}+{} x{}", self.n_prompt, self.n_gen, self.n_seq),
            Workload::Batched => {
                let shared = if self.is_pp_shared { " shared" } else { "" };
                write!(f, "tg{} @ d{} x{}{shared}", self.n_gen, self.n_depth, self.n_seq)
            }
        }
    }
}

impl WorkSpec {
    /// A work of one sequence.
    pub const fn single(workload: Workload, n_prompt: u32, n_gen: u32, n_depth: u32) -> WorkSpec {
        WorkSpec {
            workload,
            n_prompt,
            n_gen,
            n_depth,
            n_seq: 1,
            is_pp_shared: false,
        }
    }

    /// Tokens that the throughput of a sample counts: prompt tokens or generated tokens.
    pub const fn n_tokens_counted(&self) -> u32 {
        match self.workload {
            Workload::Prefill | Workload::PrefixReuse => self.n_prompt,
            Workload::Decode | Workload::NoReuse | Workload::Speculative => self.n_gen,
            Workload::Batched => self.n_gen.saturating_mul(self.n_seq),
            Workload::Requests => self.n_gen.saturating_mul(self.n_requests()),
            Workload::State => self.n_depth,
        }
    }

    /// Requests answered in one execution.
    pub const fn n_requests(&self) -> u32 {
        self.n_seq.saturating_mul(N_REQUESTS)
    }

    /// Whether the sequences are in one cache; otherwise each has a part of its own.
    pub const fn is_kv_unified(&self) -> bool {
        self.is_pp_shared || matches!(self.workload, Workload::Requests)
    }

    /// Cache slots the work needs in the context of its arm, in tokens. Sequences at once have a context of their own.
    pub const fn n_ctx_needed(&self) -> u32 {
        match self.workload {
            Workload::Prefill | Workload::PrefixReuse => self.n_prompt + 1,
            Workload::Decode | Workload::NoReuse | Workload::Batched | Workload::Speculative => {
                self.n_depth + self.n_gen
            }
            Workload::State => self.n_depth + 1,
            Workload::Requests => self.n_prompt + self.n_gen,
        }
    }

    /// Depth of the state that its executions start from.
    pub const fn n_depth_kept(&self) -> u32 {
        match self.workload {
            Workload::Speculative => self.n_depth.saturating_sub(N_OWN_TOKENS),
            _ => self.n_depth,
        }
    }

    /// Tokens of text the work needs. Each of several sequences begins one token further on, so that no two are alike; executions
    /// with a draft end their prompts with a passage each.
    pub const fn n_tokens_needed(&self) -> u32 {
        match self.workload {
            Workload::Batched => self.n_ctx_needed().saturating_add(self.n_seq),
            Workload::Speculative => self.n_depth_kept() + N_PASSAGES * (N_OWN_TOKENS + 1),
            // Each begins one token further on; those that an execution begins with are further ones.
            Workload::Requests => self
                .n_ctx_needed()
                .saturating_add(self.n_requests().saturating_add(self.n_seq)),
            _ => self.n_ctx_needed(),
        }
    }

    /// Cache slots of the context of several sequences: each its own part of it, or one cache in which the prompt is once.
    pub const fn n_ctx_batched(&self) -> u32 {
        if matches!(self.workload, Workload::Requests) {
            self.n_ctx_needed().saturating_mul(self.n_seq).next_multiple_of(256)
        } else if self.is_pp_shared {
            self.n_depth
                .saturating_add(self.n_gen.saturating_mul(self.n_seq))
                .next_multiple_of(256)
        } else {
            (self.n_depth + self.n_gen)
                .next_multiple_of(256)
                .saturating_mul(self.n_seq)
        }
    }
}

/// An arm with one workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Unique in the plan: `<arm id> | <spec>`.
    pub id: String,
    /// Index into `Plan::arms`.
    pub arm: usize,
    /// Its work.
    pub spec: WorkSpec,
}

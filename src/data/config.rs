//! What is measured: arms and cells, under llama.cpp's own field names.

use super::named::named_enum;
use super::Work;
use serde::{Deserialize, Serialize};

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
    #[derive(Default)]
    Level, "level", {
        /// At least 4 launches of 2 rounds.
        Quick = "quick",
        /// At least 6 launches of 4 rounds.
        #[default]
        Default = "default",
        /// At least 8 launches of 4 rounds.
        Full = "full",
    }
}

/// Everything that fixes one llama.cpp context and the device it runs on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ArmConfig {
    pub type_k: KvType,
    pub type_v: KvType,
    /// llama.cpp rotates what goes into a quantized cache, where heads are multiples of 64; `false`: it was told not to.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub has_kv_rotation: bool,
    pub flash_attn: FlashAttn,
    /// `cpu`, or llama.cpp's devices separated by commas, such as `CUDA0,CUDA1`; `rpc:host:port` is what a server of llama.cpp's RPC
    /// backend offers, and the address of a llama-server ([`is_server`]) one that already runs.
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
    #[serde(default, skip_serializing_if = "SplitMode::is_default")]
    pub split_mode: SplitMode,
    /// The KV cache stays in the CPU's memory, whatever the device.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_kv_offload: bool,
    /// The executable that runs it, by the name it has in the run ([`BuildInfo`](super::BuildInfo)); absent: kvant's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
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

impl Default for ArmConfig {
    /// llama.cpp's own, on one thread of a CPU.
    fn default() -> ArmConfig {
        ArmConfig {
            type_k: KvType::F16,
            type_v: KvType::F16,
            has_kv_rotation: true,
            flash_attn: FlashAttn::On,
            device: "cpu".to_owned(),
            n_gpu_layers: 0,
            n_threads: 1,
            n_batch: 2048,
            n_ubatch: 512,
            n_ctx: 512,
            split_mode: SplitMode::Layer,
            no_kv_offload: false,
            build: None,
        }
    }
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

/// Whether a device is a server that already runs.
pub fn is_server(device: &str) -> bool {
    device.starts_with("http://") || device.starts_with("https://")
}

/// Follows the KV type of a cache that is not rotated.
pub const NO_ROTATION: &str = "-norot";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Unique in the plan, e.g. `Q8_0`, `Q8_0 kv q8_0`, `F16 control`.
    pub id: String,
    /// Variant id, e.g. `Q8_0`.
    pub variant: String,
    /// The disguised second baseline (A').
    pub is_control: bool,
    pub is_baseline: bool,
    pub config: ArmConfig,
}

impl Arm {
    /// Whether texts are scored alike: the same weights and cache in the same build, wherever they run.
    pub fn scores_as(&self, other: &Arm) -> bool {
        let of = |arm: &Arm| (arm.variant.clone(), arm.config.kv(), arm.config.build.clone());
        of(self) == of(other)
    }

    /// The arm apart from its KV type: the variant, and build, layers on the device and threads where the plan varies them, as in
    /// `Q8_0 (new) ngl 16`.
    pub fn label(&self) -> &str {
        let without_kv = self.id.split(" kv ").next().unwrap_or(&self.id);
        without_kv.strip_suffix(" control").unwrap_or(without_kv)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Unique in the plan: `<arm id> | <spec>`.
    pub id: String,
    /// Index into `Plan::arms`.
    pub arm: usize,
    pub spec: Work,
}

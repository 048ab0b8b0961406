//! Predicted memory: of an arm alone, as the memory probe measures it, and of a worker with all that its cells keep.

use crate::data::{ArmConfig, ModelInfo, VariantInfo, Work};
use crate::gguf::kv_bytes_per_token;
use std::collections::{BTreeMap, BTreeSet};

/// What decides how llama.cpp lays weights out in memory.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'a> {
    /// `llama_print_system_info()`: what the build can use.
    pub system_info: &'a str,
    /// What the CPU has, in ggml's names.
    pub instructions: &'a [String],
}

impl Layout<'_> {
    fn uses(&self, name: &str) -> bool {
        self.instructions.iter().any(|i| i == name) && self.system_info.contains(&format!(" {name} = 1"))
    }

    /// The types that llama.cpp computes with in a layout of its own here, which is faster than decoding the blocks of the file.
    pub fn fast_types(&self) -> Vec<String> {
        let names = [
            "f16", "q4_0", "q4_1", "q8_0", "q4_k", "q5_k", "q6_k", "iq4_nl", "iq4_xs",
        ];
        names
            .into_iter()
            .filter(|name| self.copied(name) > 0.0)
            .map(str::to_owned)
            .collect()
    }

    /// Bytes of the copy of a tensor that llama.cpp makes in a layout of its own, per byte in the file: none for types that
    /// it computes with as they are. (ggml-cpu/amx/mmq.cpp: `get_row_size`; ggml-cpu/repack.cpp:
    /// `ggml_repack_get_optimal_repack_type`.)
    fn copied(&self, ggml_type: &str) -> f64 {
        let (block, more) = match ggml_type {
            "f16" => (1.0, 0.0),
            "q8_0" => (34.0, 4.0),
            "q4_k" => (144.0, 4.0),
            "q5_k" => (176.0, 4.0),
            "iq4_xs" => (136.0, 2.0),
            "q4_0" | "q4_1" | "q6_k" => (1.0, 0.0),
            _ => (0.0, 0.0),
        };
        if self.uses("AMX_INT8") && self.uses("AVX512_VNNI") && block > 0.0 {
            return (block + more) / block;
        }
        let repacked: &[&str] = if self.uses("AVX2") {
            &["q4_0", "q4_k", "iq4_nl"]
        } else if self.uses("NEON") && self.uses("DOTPROD") {
            &["q4_0", "q4_k", "q5_k", "q6_k", "q8_0", "iq4_nl"]
        } else {
            &[]
        };
        f64::from(u8::from(repacked.contains(&ggml_type)))
    }
}

/// kvant's own pages with llama.cpp in them.
const PROGRAM_BYTES: u64 = 16 << 20;
/// Heap and stacks, apart from the vocabulary.
const HEAP_BYTES: u64 = 3 << 20;
/// A token of the vocabulary with its merges, in llama.cpp's tables.
const TOKEN_BYTES: u64 = 270;
/// Rows of `n_embd` floats that a graph holds at once for each token of a physical batch: the streams through attention and the
/// feed-forward part.
const ACTIVATION_ROWS: u64 = 13;

/// Predicted peak of the resident memory of an arm alone on the CPU: the mapped file, the copies of its weights, the KV cache,
/// compute buffers as far as `n_tokens` at once touch them, vocabulary and program. On a device its weights are elsewhere: an upper
/// bound.
pub fn arm_memory_bytes(
    model: &ModelInfo,
    variant: &VariantInfo,
    layout: &Layout,
    config: &ArmConfig,
    n_tokens: u32,
) -> u64 {
    let n_ctx = u64::from(config.n_ctx.next_multiple_of(256));
    let n_ubatch = u64::from(config.n_ubatch.min(n_tokens)).min(n_ctx);
    let copies: f64 = variant
        .tensor_types
        .iter()
        .map(|(name, share)| share.bytes as f64 * layout.copied(name))
        .sum();
    let kv_bytes = n_ctx.saturating_mul(kv_bytes_per_token(model, config.type_k, config.type_v));
    // Which token sees which: a 16-bit mask.
    let mask = n_ctx.saturating_mul(n_ubatch) * 2;
    let activations = n_ubatch * u64::from(model.n_embd) * 4 * ACTIVATION_ROWS;
    let vocabulary = u64::from(model.n_vocab) * (TOKEN_BYTES + 4);
    variant
        .model_size
        .saturating_add(copies as u64)
        .saturating_add(kv_bytes)
        .saturating_add(mask + activations + vocabulary + PROGRAM_BYTES + HEAP_BYTES)
}

/// Predicted memory of the devices of an arm: its share of the weights and of the KV cache, and the compute buffer, whose largest part
/// are the logits of a physical batch (contexts keep room for those of a whole batch). Absent on the CPU.
pub fn device_memory_bytes(model: &ModelInfo, variant: &VariantInfo, config: &ArmConfig) -> Option<u64> {
    let n_layer = u64::from(model.n_layer.max(1));
    // The output counts as one more layer.
    let layers = match config.n_gpu_layers {
        _ if config.device == "cpu" => return None,
        n if n < 0 => n_layer + 1,
        n => u64::from(n.unsigned_abs()).min(n_layer + 1),
    };
    let n_ctx = u64::from(config.n_ctx.next_multiple_of(256));
    let n_ubatch = u64::from(config.n_ubatch).min(n_ctx);
    let weights = (variant.model_size as f64 * layers as f64 / (n_layer + 1) as f64) as u64;
    let cache = n_ctx.saturating_mul(kv_bytes_per_token(model, config.type_k, config.type_v));
    let cache = if config.no_kv_offload {
        0
    } else {
        cache / n_layer * layers.min(n_layer)
    };
    let activations = n_ubatch * u64::from(model.n_embd) * 4 * ACTIVATION_ROWS + n_ctx.saturating_mul(n_ubatch) * 2;
    let logits = n_ubatch.saturating_mul(u64::from(model.n_vocab)) * 4;
    Some(
        weights
            .saturating_add(cache)
            .saturating_add(activations)
            .saturating_add(logits),
    )
}

/// Predicted resident memory of a worker: the arm, the states it keeps for its depths, one more on the way, and the caches of
/// several sequences.
pub fn worker_memory_bytes(
    model: &ModelInfo,
    variant: &VariantInfo,
    layout: &Layout,
    config: &ArmConfig,
    works: impl Iterator<Item = Work> + Clone,
) -> u64 {
    let per_token = kv_bytes_per_token(model, config.type_k, config.type_v);
    let cached: BTreeSet<u32> = works.clone().map(|w| w.shape().n_cached).collect();
    let copied = works.clone().map(|w| w.shape().n_copied).max().unwrap_or(0);
    // Of each kind of prompt the context with most sequences.
    let mut at_once = BTreeMap::new();
    for work in works {
        if let Some(own) = work.shape().at_once {
            let largest = at_once.entry((work.workload(), own.is_unified)).or_insert(0);
            *largest = own.n_ctx.max(*largest);
        }
    }
    let sum = |all: &mut dyn Iterator<Item = &u32>| all.map(|&n| u64::from(n)).sum::<u64>();
    let tokens = sum(&mut cached.iter()) + u64::from(copied) + sum(&mut at_once.values());
    arm_memory_bytes(model, variant, layout, config, config.n_ubatch).saturating_add(tokens.saturating_mul(per_token))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::work::{Batched, PrefixReuse, State};
    use crate::data::{KvType, TensorTypeShare};

    pub fn model(n_embd: u32, n_layer: u32, n_kv: u32, n_vocab: u32) -> ModelInfo {
        ModelInfo {
            name: "m".into(),
            architecture: "llama".into(),
            n_layer,
            n_embd,
            n_head: 9,
            n_head_kv: 3,
            n_embd_k_gqa: n_kv,
            n_embd_v_gqa: n_kv,
            n_vocab,
            n_ctx_train: 2048,
        }
    }

    pub fn variant(types: &[(&str, u64)]) -> VariantInfo {
        let share = |&(name, bytes): &(&str, u64)| {
            (
                name.to_owned(),
                TensorTypeShare {
                    n_tensors: 1,
                    bytes,
                    ..TensorTypeShare::default()
                },
            )
        };
        VariantInfo {
            id: "V".into(),
            file: "v.gguf".into(),
            path: None,
            sha256: String::new(),
            model_size: types.iter().map(|(_, bytes)| bytes).sum(),
            model_n_params: 1,
            bpw: 8.0,
            tensor_types: types.iter().map(share).collect(),
            n_fallback: 0,
            n_tensors: 1,
            ftype: None,
            derived_from: None,
            quantization: None,
            parts: Vec::new(),
        }
    }

    pub fn config(kv: KvType, n_ctx: u32) -> ArmConfig {
        ArmConfig {
            type_k: kv,
            type_v: kv,
            n_threads: 2,
            n_ctx,
            ..ArmConfig::default()
        }
    }

    const AMX: &str = "CPU : AVX2 = 1 | AVX512_VNNI = 1 | AMX_INT8 = 1 | REPACK = 1 | ";

    fn instructions() -> Vec<String> {
        ["AVX2", "AVX512_VNNI", "AMX_INT8"].map(str::to_owned).to_vec()
    }

    #[test]
    fn only_what_build_and_processor_share_is_copied() {
        let all = instructions();
        let amx = Layout {
            system_info: AMX,
            instructions: &all,
        };
        let avx2 = Layout {
            system_info: AMX,
            instructions: &all[..1],
        };
        let plain = Layout {
            system_info: "CPU : SSE3 = 1 | ",
            instructions: &all,
        };
        assert_eq!(
            (amx.copied("f16"), avx2.copied("f16"), plain.copied("f16")),
            (1.0, 0.0, 0.0)
        );
        assert_eq!((amx.copied("q8_0"), avx2.copied("q8_0")), (38.0 / 34.0, 0.0));
        assert_eq!(
            (amx.copied("q4_k"), avx2.copied("q4_k"), plain.copied("q4_k")),
            (148.0 / 144.0, 1.0, 0.0)
        );
        assert_eq!((amx.copied("q5_0"), avx2.copied("q5_0")), (0.0, 0.0));
        assert_eq!(amx.copied("f32"), 0.0);
    }

    #[test]
    fn a_device_holds_its_share() {
        let (model, variant) = (model(576, 30, 192, 49_152), variant(&[("q8_0", 142_884_864)]));
        let on = |n_gpu_layers, no_kv_offload| {
            let config = ArmConfig {
                device: "CUDA0".into(),
                n_gpu_layers,
                no_kv_offload,
                ..config(KvType::F16, 2048)
            };
            device_memory_bytes(&model, &variant, &config)
        };
        assert_eq!(device_memory_bytes(&model, &variant, &config(KvType::F16, 2048)), None);
        let (all, half, none) = (
            on(-1, false).expect("a device"),
            on(15, false).expect("a device"),
            on(0, false).expect("a device"),
        );
        assert_eq!(on(99, false), Some(all), "there are no more layers than all");
        assert_eq!(all - none, 142_884_864 + 2048 * 23_040);
        assert_eq!(half - none, 142_884_864 * 15 / 31 + 2048 * 23_040 / 2);
        assert_eq!(
            on(-1, true).map(|b| b + 2048 * 23_040),
            Some(all),
            "the cache stays with the CPU"
        );
    }

    #[test]
    fn a_worker_holds_more_than_its_arm() {
        let (model, variant) = (model(576, 30, 192, 49_152), variant(&[("q8_0", 142_884_864)]));
        let all = instructions();
        let layout = Layout {
            system_info: AMX,
            instructions: &all,
        };
        let config = config(KvType::F16, 2080);
        let worker = |works: &[Work]| worker_memory_bytes(&model, &variant, &layout, &config, works.iter().copied());
        let alone = arm_memory_bytes(&model, &variant, &layout, &config, 512);
        assert_eq!(worker(&[]), alone);
        let warm = Work::PrefixReuse(PrefixReuse {
            n_prompt: 1024,
            n_shared: 512,
        });
        assert_eq!(
            worker(&[Work::decode(32, 128), Work::decode(32, 128), warm]),
            alone + (128 + 512) * 23_040,
            "a state for each depth"
        );
        let batched = [(4, false), (16, false), (16, true)].map(|(n_seq, is_pp_shared)| {
            Work::Batched(Batched {
                n_gen: 32,
                n_depth: 128,
                n_seq,
                is_pp_shared,
            })
        });
        assert_eq!(
            worker(&batched),
            alone + (16 * 256 + 768) * 23_040,
            "own caches and a shared one"
        );
        assert_eq!(worker(&[Work::State(State { n_depth: 512 })]), alone + 512 * 23_040);
    }
}

//! One model: loading it for a device, refusing what cannot generate text, and the shape of its KV cache.

use super::log;
use crate::data::ArmConfig;
use crate::engine::EngineError;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::LlamaBackendDeviceType;
use llama_cpp_sys_2 as sys;
use std::path::Path;

/// Loads the model at `path`; out: it, and what the log said.
pub(super) fn load(
    backend: &LlamaBackend,
    path: &Path,
    device: &str,
    n_gpu_layers: i32,
) -> Result<(LlamaModel, log::Captured), EngineError> {
    let what = format!("llama.cpp cannot load {}", path.display());
    // Checked here because the binding asserts it, and because the cause is clearer.
    std::fs::File::open(path).map_err(|e| EngineError::Refused(format!("cannot open {}: {e}", path.display())))?;
    let params = params(device, n_gpu_layers)?;
    let (result, captured) = log::capture(|| LlamaModel::load_from_file(backend, path, &params));
    let model = result.map_err(|error| match error {
        llama_cpp_2::LlamaModelLoadError::NullResult => captured.error(&what),
        other => EngineError::Refused(format!("{what}: {other}")),
    })?;
    refuse_unless_generative(&model).map_err(|why| EngineError::Refused(format!("{}: {why}", path.display())))?;
    Ok((model, captured))
}

/// An empty device list keeps every GPU backend out of a run on the CPU; `n_gpu_layers` 0 alone does not.
fn params(device: &str, n_gpu_layers: i32) -> Result<LlamaModelParams, EngineError> {
    let refused = |e: llama_cpp_2::LlamaCppError| EngineError::Refused(format!("device '{device}': {e}"));
    if device == "cpu" {
        return LlamaModelParams::default()
            .with_n_gpu_layers(0)
            .with_devices(&[])
            .map_err(refused);
    }
    let index = device_index(device)?;
    let params = LlamaModelParams::default().with_devices(&[index]).map_err(refused)?;
    // A negative count means all layers, which is the default and cannot be passed.
    Ok(match u32::try_from(n_gpu_layers) {
        Ok(n) => params.with_n_gpu_layers(n),
        Err(_) => params,
    })
}

/// ggml's index of a device by name.
pub(super) fn device_index(name: &str) -> Result<usize, EngineError> {
    let devices = llama_cpp_2::list_llama_ggml_backend_devices();
    let found = devices
        .iter()
        .find(|d| d.name.eq_ignore_ascii_case(name))
        .map(|d| d.index);
    found.ok_or_else(|| {
        let known: Vec<String> = std::iter::once("cpu".to_owned()).chain(device_names()).collect();
        EngineError::Refused(format!("there is no device '{name}': use one of {}", known.join(", ")))
    })
}

/// Devices besides the CPU.
pub(super) fn device_names() -> Vec<String> {
    llama_cpp_2::list_llama_ggml_backend_devices()
        .into_iter()
        .filter(|d| {
            matches!(
                d.device_type,
                LlamaBackendDeviceType::Gpu | LlamaBackendDeviceType::IntegratedGpu
            )
        })
        .map(|d| d.name)
        .collect()
}

/// llama.cpp aborts, or returns embeddings, when such a model is asked for the logits of a next token.
fn refuse_unless_generative(model: &LlamaModel) -> Result<(), String> {
    // SAFETY: the pointer is that of a loaded model, which outlives both calls; both only read.
    let (has_encoder, has_decoder) = unsafe {
        let raw = as_raw(model);
        (sys::llama_model_has_encoder(raw), sys::llama_model_has_decoder(raw))
    };
    let arch = architecture(model);
    let key = |name: &str| model.meta_val_str(&format!("{arch}.{name}")).ok();
    let is_embedding = key("pooling_type").is_some_and(|p| p != "0" && p != "4294967295")
        || key("attention.causal").is_some_and(|c| c == "false")
        || arch.contains("bert");
    if has_encoder || !has_decoder || is_embedding {
        return Err(format!(
            "a '{arch}' model of this kind makes embeddings or needs an encoder; kvant compares models that generate text"
        ));
    }
    if model.n_vocab() < 1 {
        return Err("the model has no vocabulary, so it cannot generate text".to_owned());
    }
    Ok(())
}

/// The raw model. `LlamaModel` is `repr(transparent)` over a non-null pointer, through a `repr(transparent)` wrapper.
pub(super) fn as_raw(model: &LlamaModel) -> *mut sys::llama_model {
    const { assert!(std::mem::size_of::<LlamaModel>() == std::mem::size_of::<*mut sys::llama_model>()) };
    // SAFETY: see above; the versions of the bindings are pinned, and the size is checked when compiling.
    unsafe { *std::ptr::from_ref(model).cast::<*mut sys::llama_model>() }
}

fn architecture(model: &LlamaModel) -> String {
    model.meta_val_str("general.architecture").unwrap_or_default()
}

/// Elements of K and of V per token, layer by layer; `None` where the metadata does not tell.
pub(super) struct KvShape {
    layers: Vec<(u64, u64)>,
    /// Elements of one head.
    pub(super) head_k: u64,
    pub(super) head_v: u64,
}

impl KvShape {
    /// Reads the metadata of the model.
    pub(super) fn of(model: &LlamaModel) -> Option<Self> {
        let arch = architecture(model);
        let key = |name: &str| model.meta_val_str(&format!("{arch}.attention.{name}")).ok();
        let n_layer = usize::try_from(model.n_layer()).ok()?;
        let n_head = u64::from(model.n_head());
        let default_head = u64::try_from(model.n_embd()).ok()?.checked_div(n_head)?;
        let head = |name: &str| key(name).map_or(Some(default_head), |v| v.parse().ok());
        let (head_k, head_v) = (head("key_length")?, head("value_length")?);
        let n_head_kv = match key("head_count_kv") {
            None => vec![n_head; n_layer],
            Some(text) => per_layer(&text, n_layer)?,
        };
        let layers = n_head_kv.iter().map(|n| (n * head_k, n * head_v)).collect();
        Some(Self { layers, head_k, head_v })
    }

    /// Bytes of a cache of `n_ctx` tokens in which every layer holds every token.
    pub(super) fn bytes(&self, config: &ArmConfig, n_ctx: u32) -> u64 {
        let row = |kind: crate::data::KvType, n: u64| {
            let (n_block, bytes) = kind.block();
            n.div_ceil(n_block) * bytes
        };
        let per_token: u64 = self
            .layers
            .iter()
            .map(|&(k, v)| row(config.type_k, k) + row(config.type_v, v))
            .sum();
        per_token * u64::from(n_ctx)
    }
}

/// A number for all layers, or `[3, 3, 4]` layer by layer.
fn per_layer(text: &str, n_layer: usize) -> Option<Vec<u64>> {
    let Some(list) = text.strip_prefix('[') else {
        return Some(vec![text.parse().ok()?; n_layer]);
    };
    let all: Option<Vec<u64>> = list
        .trim_end_matches(']')
        .split(',')
        .map(|n| n.trim().parse().ok())
        .collect();
    all.filter(|all| all.len() == n_layer)
}

#[cfg(test)]
mod tests {
    use super::per_layer;

    #[test]
    fn one_number_or_one_per_layer() {
        assert_eq!(per_layer("3", 2), Some(vec![3, 3]));
        assert_eq!(per_layer("[3, 4]", 2), Some(vec![3, 4]));
        assert_eq!(per_layer("[3, 4]", 3), None);
        assert_eq!(per_layer("x", 3), None);
    }
}

//! What the user is warned of before the start.

use super::args::CompareArgs;
use super::desk::Desk;
use crate::catalog::ModelFiles;
use crate::data::{KvType, Plan, Warning};
use crate::engine;
use crate::plan::Prediction;

/// Load average per usable CPU (in percent) above which the machine is called busy.
pub const BUSY_PERCENT: u32 = 50;

/// What must not be overlooked comes first.
pub fn warnings(
    args: &CompareArgs,
    plan: &Plan,
    files: &ModelFiles,
    desk: &Desk<'_>,
    prediction: &Prediction,
) -> Vec<Warning> {
    let (model, host) = (&files.info, &desk.host);
    let variants = || files.variants.iter().map(|(variant, _)| variant);
    let mut warnings = Vec::new();
    let is_scripted = engine::is_scripted();
    if is_scripted {
        warnings.push(Warning::FakeEngine);
    }
    if let Some(shape) = &args.shape {
        warnings.push(Warning::RandomWeights { shape: shape.clone() });
    }
    if let Some(fallback) = &files.fallback {
        let (model, why) = (fallback.model.clone(), fallback.why.clone());
        warnings.push(Warning::BuiltinInstead { model, why });
    }
    if !files.passed_over.is_empty() {
        let files = files.passed_over.clone();
        warnings.push(Warning::PassedOver { files });
    }
    let names = engine::unused_instructions(&host.instructions, &desk.engine.system_info);
    if !is_scripted && !names.is_empty() {
        warnings.push(Warning::UnusedInstructions { names });
    }
    if host.load_percent > BUSY_PERCENT * host.n_cpus {
        warnings.push(Warning::BusyMachine {
            load_percent: host.load_percent,
            n_cpus: host.n_cpus,
        });
    }
    let n_cpus = host.n_cpus;
    let n_threads = plan.arms.iter().map(|arm| arm.config.n_threads).max().unwrap_or(0);
    if n_threads > n_cpus {
        warnings.push(Warning::TooManyThreads { n_threads, n_cpus });
    }
    if prediction.has_servers {
        warnings.push(Warning::OneClientPerServer);
    }
    if !prediction.fits_at_once() {
        let needed_bytes = prediction.worker_bytes.values().sum();
        warnings.push(Warning::WorkersNotResident {
            needed_bytes,
            limit_bytes: prediction.limit_bytes,
        });
    }
    let deepest = plan.cells.iter().map(|c| c.spec.shape().n_context).max().unwrap_or(0);
    if deepest > model.n_ctx_train {
        warnings.push(Warning::BeyondTrainedContext {
            n_depth: deepest,
            n_ctx_train: model.n_ctx_train,
        });
    }
    let not_rotated = plan.arms.iter().find(|a| !a.config.has_kv_rotation);
    if let Some(config) = not_rotated.map(|a| &a.config) {
        let heads = (model.n_embd_k_gqa, model.n_embd_v_gqa);
        let heads = (heads.0 / model.n_head_kv.max(1), heads.1 / model.n_head_kv.max(1));
        let is_rotated = |kind: KvType, head: u32| kind.is_quantized() && head > 0 && head.is_multiple_of(64);
        if !is_rotated(config.type_k, heads.0) && !is_rotated(config.type_v, heads.1) {
            let kv = config.kv();
            warnings.push(Warning::NothingRotated { kv, heads });
        }
    }
    let baseline = plan.arms.first().map(|a| a.variant.as_str());
    let remade = variants().filter(|v| Some(v.id.as_str()) != baseline);
    let remade = remade.filter_map(|v| Some((v, v.derived_from.as_ref().filter(|d| d.is_requantized)?)));
    let remade: Vec<_> = remade.collect();
    if let Some((_, from)) = remade.first() {
        warnings.push(Warning::Requantized {
            variants: remade.iter().map(|(v, _)| v.id.clone()).collect(),
            from: from.ftype.clone(),
        });
    }
    for variant in variants() {
        let made_from = variant.derived_from.as_ref().filter(|d| d.is_requantized);
        if let (true, Some(from)) = (Some(variant.id.as_str()) == baseline, made_from) {
            warnings.push(Warning::RequantizedBaseline {
                variant: variant.id.clone(),
                from: from.ftype.clone(),
            });
        }
        if variant.n_fallback > 0 {
            let (n_fallback, n_tensors) = (variant.n_fallback, variant.n_tensors);
            warnings.push(Warning::FallbackTensors {
                variant: variant.id.clone(),
                n_fallback,
                n_tensors,
            });
        }
    }
    warnings
}

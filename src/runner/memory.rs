//! Memory of each arm, from a short-lived process of its own: other arms' buffers would hide the peak.

use super::child::{AskError, Worker};
use super::config::Site;
use super::workers::load_and_open;
use crate::data::{FailureKind, FlashAttn, MemoryRecord, Work};
use crate::protocol::{Measure, Reply, Request};

/// Loads the model of `arm` alone, fills one physical batch and reads the process' memory.
///
/// The cache is zero-filled at creation and so resident as a whole; compute buffers are touched by the first full batch.
/// Without flash attention the attention scores grow with the depth, so then the longest prompt is run.
pub fn probe(site: Site, arm: usize, id: u64) -> Result<MemoryRecord, AskError> {
    let plan = &site.run.plan;
    let deadline = site
        .run
        .deadline(site.run.prediction.execution_ns.iter().copied().max().unwrap_or(0));
    let setting = &plan.arms[arm].config;
    let longest = plan.cells.iter().map(|c| c.spec.shape().n_context).max().unwrap_or(1);
    let n_depth = match setting.flash_attn {
        FlashAttn::On => longest.min(setting.n_ubatch),
        FlashAttn::Off => longest,
    };
    let name = format!("memory {}", plan.arms[arm].id);
    let mut worker = Worker::spawn(&site.run.command.of_arm(setting), &name, id, site.mailbox, deadline)?;
    let loaded = load_and_open(site, &mut worker, arm, n_depth + 1, Vec::new())?;
    let mut ask = |request| worker.ask(&request, site.mailbox, deadline);
    let Reply::Sampled { .. } = ask(Request::Measure(Measure {
        context: 0,
        spec: Work::prefill(n_depth),
        round: 0,
        n_repeat: 1,
    }))?
    else {
        return Err(unexpected());
    };
    let Reply::Memory { reading } = ask(Request::Memory)? else {
        return Err(unexpected());
    };
    worker.quit();
    let mut buffers = loaded.weights;
    buffers.extend(loaded.context.buffers);
    Ok(MemoryRecord {
        arm,
        reading,
        kv_bytes: loaded.context.kv_bytes,
        buffers,
        n_depth,
        predicted_bytes: site.run.prediction.arm_bytes.get(arm).copied().flatten(),
        predicted_device_bytes: site.run.prediction.device_bytes.get(arm).copied().flatten(),
    })
}

fn unexpected() -> AskError {
    AskError::Dead(FailureKind::Protocol, "the worker answered out of turn".into())
}

//! How rows of `results.json` name their arm and the ends of an interval: the columns that rows share.

use crate::data::{Arm, FlashAttn, KvType, SplitMode};
use crate::stats::Interval;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// The arm of a row.
#[derive(Serialize, JsonSchema)]
pub(super) struct ArmHead<'a> {
    variant: &'a str,
    /// Its id, unique in the run.
    arm: &'a str,
    type_k: KvType,
    type_v: KvType,
    kv_rotation: bool,
    /// The executable, by its name in `builds`; absent: kvant's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<&'a str>,
    is_baseline: bool,
    is_control: bool,
}

/// With everything that its contexts were opened with.
#[derive(Serialize, JsonSchema)]
pub(super) struct ArmInFull<'a> {
    #[serde(flatten)]
    head: ArmHead<'a>,
    flash_attn: FlashAttn,
    device: &'a str,
    /// 0 on the CPU, -1 for all.
    n_gpu_layers: i32,
    n_threads: u32,
    n_batch: u32,
    n_ubatch: u32,
    n_ctx: u32,
    /// Of arms on several devices.
    split_mode: Option<SplitMode>,
    no_kv_offload: bool,
}

fn head(arm: &Arm) -> ArmHead<'_> {
    ArmHead {
        variant: &arm.variant,
        arm: &arm.id,
        type_k: arm.config.type_k,
        type_v: arm.config.type_v,
        kv_rotation: arm.config.has_kv_rotation,
        build: arm.config.build.as_deref(),
        is_baseline: arm.is_baseline,
        is_control: arm.is_control,
    }
}

pub(super) fn arm<S: Serializer>(arm: &Arm, to: S) -> Result<S::Ok, S::Error> {
    head(arm).serialize(to)
}

pub(super) fn arm_in_full<S: Serializer>(arm: &Arm, to: S) -> Result<S::Ok, S::Error> {
    let config = &arm.config;
    let full = ArmInFull {
        head: head(arm),
        flash_attn: config.flash_attn,
        device: &config.device,
        n_gpu_layers: config.n_gpu_layers,
        n_threads: config.n_threads,
        n_batch: config.n_batch,
        n_ubatch: config.n_ubatch,
        n_ctx: config.n_ctx,
        split_mode: config.device.contains(',').then_some(config.split_mode),
        no_kv_offload: config.no_kv_offload,
    };
    full.serialize(to)
}

/// Each as it is written for people.
pub(super) fn texts<T: ToString, S: Serializer>(all: &[T], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(ToString::to_string))
}

/// The ends of an interval, beside the estimate that has a field of its own.
#[derive(Serialize, JsonSchema)]
pub(super) struct Ends {
    lo: Option<f64>,
    hi: Option<f64>,
    level: Option<f64>,
}

pub(super) fn ends<S: Serializer>(interval: &Option<Interval>, to: S) -> Result<S::Ok, S::Error> {
    let ends = Ends {
        lo: interval.map(|i| i.lo),
        hi: interval.map(|i| i.hi),
        level: interval.map(|i| i.level),
    };
    ends.serialize(to)
}

//! What a variant has to keep to, as the user asked.

use serde::{Deserialize, Serialize};

/// Limits of a decision; none of them: the fastest arm whose quality is that of the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Goal {
    /// Least decode throughput, tokens per second of each user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_decode_tps: Option<f64>,
    /// Longest time to the first token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ttft_ns: Option<u64>,
    /// Most resident memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ram_bytes: Option<u64>,
    /// Most memory of a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_vram_bytes: Option<u64>,
    /// Most loss of quality against the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quality_loss: Option<QualityLoss>,
    /// Context to hold, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_ctx: Option<u32>,
    /// Users at once, each with a context of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_users: Option<u32>,
}

/// A loss of quality.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityLoss {
    /// Growth of the perplexity, as a fraction: 0.01 is 1 %.
    Ppl(f64),
    /// Mean KL divergence, nats per token.
    Kld(f64),
}

impl Goal {
    /// Users at once; one unless asked for more.
    pub fn users(&self) -> u32 {
        self.n_users.unwrap_or(1).max(1)
    }

    /// Whether anything but quality is limited.
    pub const fn limits_cost(&self) -> bool {
        self.min_decode_tps.is_some()
            || self.max_ttft_ns.is_some()
            || self.max_ram_bytes.is_some()
            || self.max_vram_bytes.is_some()
    }
}

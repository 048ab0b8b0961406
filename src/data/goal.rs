//! What a recommendation is for, and what it has to keep to, as the user asked.

use super::named::named_enum;
use crate::units;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A request: so many tokens in, so many out. Its time is what a recommendation makes short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestShape {
    /// Tokens of the prompt; 0: the speed of decode alone counts.
    pub n_prompt: u32,
    /// Tokens of the answer.
    pub n_gen: u32,
}

named_enum! {
    /// What a model is used for, as the shape of its requests.
    Purpose, "purpose", {
        /// Short questions, answers of some paragraphs.
        Chat = "chat",
        /// Questions about long passages.
        Rag = "rag",
        /// A file in, a change to it out.
        Code = "code",
        /// A short order, a long text.
        Write = "write",
        /// The speed of decode alone.
        Decode = "decode",
    }
}

impl Purpose {
    pub const fn request(self) -> RequestShape {
        let (n_prompt, n_gen) = match self {
            Purpose::Chat => (512, 256),
            Purpose::Rag => (2048, 128),
            Purpose::Code => (1024, 512),
            Purpose::Write => (128, 1024),
            Purpose::Decode => (0, 1),
        };
        RequestShape { n_prompt, n_gen }
    }
}

impl RequestShape {
    pub const fn is_decode_alone(self) -> bool {
        self.n_prompt == 0
    }

    /// The depth at which a token of the answer is timed: right after the prompt, or in the middle of the answer where that is
    /// deeper by more than a quarter.
    pub const fn n_depth(self) -> u32 {
        let half = self.n_gen / 2;
        if half > self.n_prompt / 4 {
            self.n_prompt + half
        } else {
            self.n_prompt
        }
    }

    pub fn purpose(self) -> Option<Purpose> {
        Purpose::ALL.iter().copied().find(|p| p.request() == self)
    }
}

impl fmt::Display for RequestShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.n_prompt, self.n_gen)
    }
}

impl std::str::FromStr for RequestShape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(purpose) = text.parse::<Purpose>() {
            return Ok(purpose.request());
        }
        let wrong = || {
            let purposes: Vec<&str> = Purpose::ALL.iter().map(|p| p.name()).collect();
            format!(
                "'{text}' is no request: use one of {}, or write the tokens of prompt and answer, for example 512+256",
                purposes.join(", ")
            )
        };
        let (n_prompt, n_gen) = text.split_once('+').ok_or_else(wrong)?;
        let number = |part: &str| {
            part.trim()
                .parse::<u32>()
                .ok()
                .filter(|n| (1..=1 << 20).contains(n))
                .ok_or_else(wrong)
        };
        Ok(RequestShape {
            n_prompt: number(n_prompt)?,
            n_gen: number(n_gen)?,
        })
    }
}

/// Another arm may be faster by this much and the choice still counts as settled.
pub const REGRET: f64 = 0.03;

const HEADING: &str = "Limits of the recommendation";

/// What is sought, and its limits; without limits: the arm with the shortest request whose quality is that of the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema, clap::Args)]
pub struct Goal {
    /// What the model is used for, as tokens of prompt + answer whose time is to be short: chat (512+256, the default), rag (2048+128),
    /// code (1024+512), write (128+1024), decode (the speed of decode alone), or numbers of your own, e.g. 300+100
    #[arg(long = "for", visible_alias = "request", value_name = "USE", help_heading = HEADING)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestShape>,
    /// By how much another candidate may be faster and the answer still counts as settled (default: 3%)
    #[arg(long, value_name = "SHARE", value_parser = units::parse_share, help_heading = HEADING)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<f64>,
    /// Minimum decode speed in tokens per second, for each user
    #[arg(long = "min-decode", value_name = "TPS", value_parser = units::parse_positive, help_heading = HEADING)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_decode_tps: Option<f64>,
    /// Minimum prefill speed of the longest prompt measured, in tokens per second
    #[arg(long = "min-prefill", value_name = "TPS", value_parser = units::parse_positive, help_heading = HEADING)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_prefill_tps: Option<f64>,
    /// Maximum time to the first token of the longest prompt measured, e.g. 2s or 500ms
    #[arg(long = "max-ttft", value_name = "TIME", value_parser = units::parse_duration, help_heading = HEADING)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ttft_ns: Option<u64>,
    /// Maximum resident memory at its peak, e.g. 4GiB
    #[arg(long = "max-ram", value_name = "BYTES", value_parser = units::parse_bytes, help_heading = HEADING)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ram_bytes: Option<u64>,
    /// Maximum memory of the device, e.g. 8GiB
    #[arg(long = "max-vram", value_name = "BYTES", value_parser = units::parse_bytes, help_heading = HEADING)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_vram_bytes: Option<u64>,
    /// Maximum loss of quality: of perplexity, e.g. 1%, or of KL divergence, e.g. kld:0.02 (default: none that can be told,
    /// unless speed or memory is limited)
    #[arg(long, value_name = "LOSS", help_heading = HEADING)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quality_loss: Option<QualityLoss>,
    /// Context to hold, in tokens.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_ctx: Option<u32>,
    /// Users at once, each with a context of its own
    #[arg(long = "users", value_parser = clap::value_parser!(u32).range(1..=256), help_heading = HEADING)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_users: Option<u32>,
}

named_enum! {
    /// What a limit is on.
    Limited, "limit", {
        DecodeTps = "decode_tps",
        PrefillTps = "prefill_tps",
        TtftNs = "ttft_ns",
        RamBytes = "ram_bytes",
        DeviceBytes = "device_bytes",
        /// Tokens of context that there must be room for.
        NCtx = "n_ctx",
        /// Growth of perplexity, as a fraction.
        Ppl = "ppl",
        /// Mean KL divergence, nats.
        Kld = "kld",
    }
}

impl Limited {
    /// Whether a limit is a least value.
    pub const fn is_least(self) -> bool {
        matches!(self, Limited::DecodeTps | Limited::PrefillTps | Limited::NCtx)
    }

    pub const fn is_quality(self) -> bool {
        matches!(self, Limited::Ppl | Limited::Kld)
    }
}

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Limit {
    #[serde(rename = "limit")]
    pub on: Limited,
    /// In the unit that `limit` names; the most that is allowed, of speeds and context the least.
    pub value: f64,
}

/// A loss of quality.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QualityLoss {
    /// Growth of the perplexity, as a fraction: 0.01 is 1 %.
    Ppl(f64),
    /// Mean KL divergence, nats per token.
    Kld(f64),
}

impl Goal {
    pub fn request(&self) -> RequestShape {
        self.request.unwrap_or(Purpose::Chat.request())
    }

    /// By how much another arm may be faster.
    pub fn regret(&self) -> f64 {
        self.regret.unwrap_or(REGRET)
    }

    /// Users at once; one unless asked for more.
    pub fn users(&self) -> u32 {
        self.n_users.unwrap_or(1).max(1)
    }

    /// What candidates are held against.
    pub fn limits(&self) -> Vec<Limit> {
        let number = |n: Option<u64>| n.map(|n| n as f64);
        let quality = match self.max_quality_loss {
            Some(QualityLoss::Ppl(most)) => (Limited::Ppl, Some(most)),
            Some(QualityLoss::Kld(most)) => (Limited::Kld, Some(most)),
            None => (Limited::Kld, None),
        };
        let all = [
            (Limited::DecodeTps, self.min_decode_tps),
            (Limited::PrefillTps, self.min_prefill_tps),
            (Limited::TtftNs, number(self.max_ttft_ns)),
            (Limited::RamBytes, number(self.max_ram_bytes)),
            (Limited::DeviceBytes, number(self.max_vram_bytes)),
            (Limited::NCtx, self.n_ctx.map(f64::from)),
            quality,
        ];
        let given = all
            .into_iter()
            .filter_map(|(on, value)| Some(Limit { on, value: value? }));
        given.collect()
    }

    /// With this limit in place of its own.
    pub const fn with(mut self, Limit { on, value }: Limit) -> Goal {
        match on {
            Limited::DecodeTps => self.min_decode_tps = Some(value),
            Limited::PrefillTps => self.min_prefill_tps = Some(value),
            Limited::TtftNs => self.max_ttft_ns = Some(value as u64),
            Limited::RamBytes => self.max_ram_bytes = Some(value as u64),
            Limited::DeviceBytes => self.max_vram_bytes = Some(value as u64),
            Limited::NCtx => self.n_ctx = Some(value as u32),
            Limited::Ppl => self.max_quality_loss = Some(QualityLoss::Ppl(value)),
            Limited::Kld => self.max_quality_loss = Some(QualityLoss::Kld(value)),
        }
        self
    }

    /// Whether speed, latency or memory is limited.
    pub fn limits_cost(&self) -> bool {
        let is_cost = |limit: &Limit| limit.on != Limited::NCtx && !limit.on.is_quality();
        self.limits().iter().any(is_cost)
    }
}

impl std::str::FromStr for QualityLoss {
    type Err = String;

    /// `1%` of perplexity, or `kld:0.02`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("kld:") {
            Some(nats) => units::parse_positive(nats)
                .map(QualityLoss::Kld)
                .map_err(|_| format!("'{text}': write nats per token, e.g. kld:0.02")),
            None => units::parse_percent(text)
                .map(QualityLoss::Ppl)
                .map_err(|e| format!("{e}; or kld:0.02 for a KL divergence")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_and_shown() {
        let read = |text: &str| text.parse::<RequestShape>();
        let request = read("512+256").expect("a request");
        assert_eq!(
            (request, request.to_string().as_str()),
            (Purpose::Chat.request(), "512+256")
        );
        for bad in ["", "512", "0+1", "1+0", "512x256", "+", "1e3+1", "99999999+1"] {
            assert!(read(bad).expect_err(bad).contains("512+256"), "{bad}");
        }
        assert_eq!(read("rag"), Ok(Purpose::Rag.request()));
        let depths: Vec<u32> = Purpose::ALL.iter().map(|p| p.request().n_depth()).collect();
        assert_eq!(depths, [512, 2048, 1024, 640, 0]);
        assert_eq!(Purpose::Write.request().purpose(), Some(Purpose::Write));
    }
}

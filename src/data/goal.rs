//! What a recommendation is for, and what it has to keep to, as the user asked.

use super::named::named_enum;
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
        let wrong = || format!("'{text}' is no request: write the tokens of prompt and answer, for example 512+256");
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

/// What is sought, and its limits; without limits: the arm with the shortest request whose quality is that of the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Goal {
    /// The request that is to be short; that of a chat where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestShape>,
    /// By how much another arm may be faster; [`REGRET`] where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<f64>,
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

    pub const fn limits_cost(&self) -> bool {
        self.min_decode_tps.is_some()
            || self.max_ttft_ns.is_some()
            || self.max_ram_bytes.is_some()
            || self.max_vram_bytes.is_some()
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
        let depths: Vec<u32> = Purpose::ALL.iter().map(|p| p.request().n_depth()).collect();
        assert_eq!(depths, [512, 2048, 1024, 640, 0]);
        assert_eq!(Purpose::Write.request().purpose(), Some(Purpose::Write));
    }
}

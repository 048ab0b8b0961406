//! What a sample of a cell executes: a work of one of the workloads, each with numbers of its own, and what all modules ask of it.
//!
//! How a workload is planned is in `plan/works`, how it is executed in `worker/works`; one file each.

use super::named::named_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Declares the workloads: the name in flags and files, and the numbers that its works have, each with its column in [`WorkFields`].
macro_rules! workloads {
    ($($(#[$doc:meta])+ $name:ident = $text:literal { $($field:ident: $column:ident $ty:ty),+ })+) => {
        named_enum! {
            /// What one sample does.
            Workload, "workload", { $($(#[$doc])+ $name = $text),+ }
        }

        $(
            $(#[$doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name { $(pub $field: $ty),+ }
        )+

        /// What a sample of a cell executes, without the arm. The order of workloads and of their numbers is part of a plan: rounds
        /// shuffle works in this order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(from = "WorkFields", into = "WorkFields")]
        pub enum Work { $($name($name)),+ }

        impl Work {
            pub const fn workload(&self) -> Workload {
                match self { $(Work::$name(_) => Workload::$name),+ }
            }

            pub const fn fields(&self) -> WorkFields {
                match self { $(Work::$name(work) => WorkFields { $($column: work.$field,)+ ..WorkFields::new(Workload::$name) }),+ }
            }
        }

        impl From<WorkFields> for Work {
            fn from(fields: WorkFields) -> Work {
                match fields.workload { $(Workload::$name => Work::$name($name { $($field: fields.$column),+ })),+ }
            }
        }
    };
}

workloads! {
    /// A prompt into an empty cache.
    Prefill = "prefill" { n_prompt: n_prompt u32 }
    /// `n_gen` one-token steps behind `n_depth` tokens.
    Decode = "decode" { n_gen: n_gen u32, n_depth: n_depth u32 }
    /// `n_gen` tokens, the first behind `n_depth` others, each by recomputing all before it in a cleared cache.
    NoReuse = "no_reuse" { n_gen: n_gen u32, n_depth: n_depth u32 }
    /// The first token of a follow-up prompt of which the first `n_shared` are in the cache.
    PrefixReuse = "prefix_reuse" { n_prompt: n_prompt u32, n_shared: n_depth u32 }
    /// `n_gen` steps of `n_seq` sequences at once, each at depth `n_depth`. They share their prompt, which is in the cache once, or each
    /// has its own.
    Batched = "batched" { n_gen: n_gen u32, n_depth: n_depth u32, n_seq: n_seq u32, is_pp_shared: is_pp_shared bool }
    /// Saving the state of `n_depth` tokens and restoring it, in memory and on disk, against computing it again.
    State = "state" { n_depth: n_depth u32 }
    /// `n_gen` tokens at depth `n_depth`, chosen greedily: by the target alone, and with a draft of [`N_DRAFT`] tokens before each
    /// of its passes.
    Speculative = "speculative" { n_gen: n_gen u32, n_depth: n_depth u32 }
    /// `n_users` at once, each sending requests of `n_prompt` tokens that are answered with `n_gen`, one after the other.
    Requests = "requests" { n_prompt: n_prompt u32, n_gen: n_gen u32, n_users: n_seq u32 }
    /// A conversation in one cache: a system prompt of `n_system` tokens, then `n_turns` times `n_prompt` tokens of the user and an
    /// answer of `n_gen`.
    Chat = "chat" { n_prompt: n_prompt u32, n_gen: n_gen u32, n_system: n_depth u32, n_turns: n_turns u32 }
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

    /// Whether most of its time goes into steps of one token a sequence, which differ between processes as those of decode do;
    /// otherwise it goes into prompts.
    pub const fn is_steps(self) -> bool {
        match self {
            Workload::Prefill | Workload::NoReuse | Workload::PrefixReuse | Workload::State => false,
            Workload::Decode | Workload::Batched | Workload::Speculative | Workload::Requests | Workload::Chat => true,
        }
    }
}

/// What all modules ask of a work, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// What the throughput of a sample counts.
    pub n_counted: u32,
    /// Where it stands among contexts: the length of its prompt, or the depth.
    pub n_context: u32,
    /// Slots it needs in the context of its arm.
    pub n_ctx: u32,
    /// Text it needs.
    pub n_text: u32,
    /// In the state of the cache that its executions start from; 0: they start with nothing.
    pub n_cached: u32,
    /// In a state that is copied meanwhile.
    pub n_copied: u32,
    /// The context of its own, if it has several sequences.
    pub at_once: Option<AtOnce>,
}

/// A context of several sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtOnce {
    pub n_seq: u32,
    /// The sequences are in one cache; otherwise each has a part of its own.
    pub is_unified: bool,
    /// Cache slots.
    pub n_ctx: u32,
}

impl Work {
    pub const fn prefill(n_prompt: u32) -> Work {
        Work::Prefill(Prefill { n_prompt })
    }

    pub const fn decode(n_gen: u32, n_depth: u32) -> Work {
        Work::Decode(Decode { n_gen, n_depth })
    }

    /// Whether a second model drafts for it.
    pub const fn needs_draft(&self) -> bool {
        matches!(self, Work::Speculative(_))
    }

    /// Whether a server can be asked for it over HTTP.
    pub const fn is_served(&self) -> bool {
        !matches!(self, Work::Batched(_) | Work::State(_) | Work::Speculative(_))
    }

    pub const fn shape(&self) -> Shape {
        match *self {
            Work::Prefill(Prefill { n_prompt }) => Shape::plain(n_prompt, n_prompt, n_prompt + 1),
            Work::Decode(Decode { n_gen, n_depth }) => Shape {
                n_cached: n_depth,
                ..Shape::plain(n_gen, n_depth, n_depth + n_gen)
            },
            Work::NoReuse(NoReuse { n_gen, n_depth }) => Shape::plain(n_gen, n_depth, n_depth + n_gen),
            Work::PrefixReuse(PrefixReuse { n_prompt, n_shared }) => Shape {
                n_cached: n_shared,
                ..Shape::plain(n_prompt, n_prompt, n_prompt + 1)
            },
            Work::State(State { n_depth }) => Shape {
                n_copied: n_depth,
                ..Shape::plain(n_depth, n_depth, n_depth + 1)
            },
            Work::Speculative(Speculative { n_gen, n_depth }) => {
                let n_cached = n_depth.saturating_sub(N_OWN_TOKENS);
                Shape {
                    n_cached,
                    // Executions end their prompts with a passage each.
                    n_text: n_cached + N_PASSAGES * (N_OWN_TOKENS + 1),
                    ..Shape::plain(n_gen, n_depth, n_depth + n_gen)
                }
            }
            Work::Batched(work) => work.shape(),
            Work::Requests(work) => work.shape(),
            Work::Chat(work) => {
                let n_all = work.n_before(work.n_turns);
                Shape::plain(work.n_turns.saturating_mul(work.n_gen), n_all, n_all)
            }
        }
    }
}

impl Shape {
    /// One sequence from an empty cache, with as much text as cache.
    const fn plain(n_counted: u32, n_context: u32, n_ctx: u32) -> Shape {
        Shape {
            n_counted,
            n_context,
            n_ctx,
            n_text: n_ctx,
            n_cached: 0,
            n_copied: 0,
            at_once: None,
        }
    }
}

impl Batched {
    const fn shape(&self) -> Shape {
        let n_each = self.n_depth + self.n_gen;
        let n_all = self.n_gen.saturating_mul(self.n_seq);
        // One cache in which the prompt is once, or each its own part of it.
        let n_ctx = match self.is_pp_shared {
            true => self.n_depth.saturating_add(n_all).next_multiple_of(256),
            false => n_each.next_multiple_of(256).saturating_mul(self.n_seq),
        };
        Shape {
            // Each sequence begins one token further on, so that no two are alike.
            n_text: n_each.saturating_add(self.n_seq),
            at_once: Some(AtOnce {
                n_seq: self.n_seq,
                is_unified: self.is_pp_shared,
                n_ctx,
            }),
            ..Shape::plain(n_all, self.n_depth, n_each)
        }
    }
}

impl Requests {
    /// Requests answered in one execution.
    pub const fn n_requests(&self) -> u32 {
        self.n_users.saturating_mul(N_REQUESTS)
    }

    const fn shape(&self) -> Shape {
        let n_each = self.n_prompt + self.n_gen;
        Shape {
            // Each begins one token further on; those that an execution begins with are further ones.
            n_text: n_each.saturating_add(self.n_requests().saturating_add(self.n_users)),
            at_once: Some(AtOnce {
                n_seq: self.n_users,
                is_unified: true,
                n_ctx: n_each.saturating_mul(self.n_users).next_multiple_of(256),
            }),
            ..Shape::plain(self.n_gen.saturating_mul(self.n_requests()), self.n_prompt, n_each)
        }
    }
}

impl Chat {
    /// Tokens said before a turn, from 0; the system prompt belongs to the first.
    pub const fn n_before(&self, turn: u32) -> u32 {
        match turn {
            0 => 0,
            _ => self
                .n_system
                .saturating_add(turn.saturating_mul(self.n_prompt.saturating_add(self.n_gen))),
        }
    }

    /// Tokens that a turn adds before its answer.
    pub const fn n_asked(&self, turn: u32) -> u32 {
        match turn {
            0 => self.n_system.saturating_add(self.n_prompt),
            _ => self.n_prompt,
        }
    }
}

impl fmt::Display for Work {
    /// llama-bench's names: `pp512`, `tg32 @ d512`; `nr4 @ d128` without KV reuse, `ttft512 @ d256` with half of the prompt in
    /// the cache, `tg32 @ d128 x16` for 16 sequences at once, `rq128+32 x4` for 4 users, `chat256+4x(64+64)` for 4 turns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::Prefill(w) => write!(f, "pp{}", w.n_prompt),
            Work::Decode(w) => write!(f, "tg{} @ d{}", w.n_gen, w.n_depth),
            Work::NoReuse(w) => write!(f, "nr{} @ d{}", w.n_gen, w.n_depth),
            Work::PrefixReuse(w) => write!(f, "ttft{} @ d{}", w.n_prompt, w.n_shared),
            Work::Batched(w) => {
                let shared = if w.is_pp_shared { " shared" } else { "" };
                write!(f, "tg{} @ d{} x{}{shared}", w.n_gen, w.n_depth, w.n_seq)
            }
            Work::State(w) => write!(f, "state @ d{}", w.n_depth),
            Work::Speculative(w) => write!(f, "sp{} @ d{}", w.n_gen, w.n_depth),
            Work::Requests(w) => write!(f, "rq{}+{} x{}", w.n_prompt, w.n_gen, w.n_users),
            Work::Chat(w) => write!(f, "chat{}+{}x({}+{})", w.n_system, w.n_turns, w.n_prompt, w.n_gen),
        }
    }
}

/// A work as files and messages hold it: numbers, of which each workload has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkFields {
    pub workload: Workload,
    /// Of a prompt; `prefix_reuse`: those that are shared included; `requests`: of each; `chat`: of the user in each turn.
    pub n_prompt: u32,
    /// Generated; `batched`: by each sequence; `requests` and `chat`: of each answer.
    pub n_gen: u32,
    /// Tokens in the cache before; `prefix_reuse`: those that are shared; `chat`: of the system prompt.
    pub n_depth: u32,
    /// Sequences at once; `requests`: users.
    pub n_seq: u32,
    /// `batched`: the sequences share their prompt, which is in the cache once; otherwise each has its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_pp_shared: bool,
    /// `chat`: turns.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_turns: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl WorkFields {
    const fn new(workload: Workload) -> WorkFields {
        WorkFields {
            workload,
            n_prompt: 0,
            n_gen: 0,
            n_depth: 0,
            n_seq: 1,
            is_pp_shared: false,
            n_turns: 0,
        }
    }
}

impl From<Work> for WorkFields {
    fn from(work: Work) -> WorkFields {
        work.fields()
    }
}

/// Columns that tables have for all workloads.
impl Work {
    pub const fn n_prompt(&self) -> u32 {
        self.fields().n_prompt
    }

    pub const fn n_gen(&self) -> u32 {
        self.fields().n_gen
    }

    pub const fn n_depth(&self) -> u32 {
        self.fields().n_depth
    }

    pub const fn n_seq(&self) -> u32 {
        self.fields().n_seq
    }

    pub const fn is_pp_shared(&self) -> bool {
        self.fields().is_pp_shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_they_always_were() {
        for (row, name) in [
            (
                r#"{"workload":"prefill","n_prompt":512,"n_gen":0,"n_depth":0,"n_seq":1}"#,
                "pp512",
            ),
            (
                r#"{"workload":"decode","n_prompt":0,"n_gen":32,"n_depth":512,"n_seq":1}"#,
                "tg32 @ d512",
            ),
            (
                r#"{"workload":"no_reuse","n_prompt":0,"n_gen":4,"n_depth":128,"n_seq":1}"#,
                "nr4 @ d128",
            ),
            (
                r#"{"workload":"prefix_reuse","n_prompt":512,"n_gen":0,"n_depth":256,"n_seq":1}"#,
                "ttft512 @ d256",
            ),
            (
                r#"{"workload":"batched","n_prompt":0,"n_gen":32,"n_depth":128,"n_seq":4}"#,
                "tg32 @ d128 x4",
            ),
            (
                r#"{"workload":"batched","n_prompt":0,"n_gen":32,"n_depth":128,"n_seq":4,"is_pp_shared":true}"#,
                "tg32 @ d128 x4 shared",
            ),
            (
                r#"{"workload":"state","n_prompt":0,"n_gen":0,"n_depth":128,"n_seq":1}"#,
                "state @ d128",
            ),
            (
                r#"{"workload":"speculative","n_prompt":0,"n_gen":32,"n_depth":128,"n_seq":1}"#,
                "sp32 @ d128",
            ),
            (
                r#"{"workload":"chat","n_prompt":64,"n_gen":32,"n_depth":256,"n_seq":1,"n_turns":4}"#,
                "chat256+4x(64+32)",
            ),
            (
                r#"{"workload":"requests","n_prompt":128,"n_gen":32,"n_depth":0,"n_seq":4}"#,
                "rq128+32 x4",
            ),
        ] {
            let work: Work = serde_json::from_str(row).expect("a work");
            assert_eq!(serde_json::to_string(&work).expect("a row"), row);
            assert_eq!(work.to_string(), name);
        }
    }
}

//! What a timed sample of a work showed.

use super::GpuConditions;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "SampleFields", into = "SampleFields")]
pub struct Sample {
    /// Executions in it (short work is repeated to last long enough).
    pub n_repeat: u32,
    /// Sum of the timed regions. State: computing it; copies and files wait for memory and disk, not for the processor.
    pub timed_ns: u64,
    /// Untimed warm-up before it.
    pub warmup_ns: u64,
    /// Where tokens come one by one: every gap between them, executions one after the other.
    pub itl_ns: Vec<u64>,
    pub conditions: SampleConditions,
    pub seen: Seen,
}

/// What the workload of a sample is about. Times are of one execution: sums divided by the number of them, rounded down.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// Decode, no_reuse, batched.
    Time { ns: u64 },
    /// Prefill: without its first token, and with it, in the first execution. Prefix_reuse: with it.
    Prompt { ns: u64, ttft_ns: u64 },
    /// Its copy in memory is what counts.
    State(Box<StateTimes>),
    /// Sums over the executions; what counts is the time with the draft.
    Speculative(Box<SpeculativeSums>),
    /// Those that were both sent and answered while it was timed.
    Requests { ns: u64, requests: Vec<RequestTimes> },
    /// The whole conversation, and each of its turns.
    Chat { ns: u64, turns: Vec<TurnTimes> },
}

impl Sample {
    /// The time that throughput and ratios are of: one execution, or what of it counts.
    pub fn ns(&self) -> u64 {
        match &self.seen {
            Seen::Time { ns } | Seen::Prompt { ns, .. } | Seen::Requests { ns, .. } | Seen::Chat { ns, .. } => *ns,
            Seen::State(times) => times.restore_ns,
            Seen::Speculative(sums) => sums.drafted_ns / u64::from(self.n_repeat.max(1)),
        }
    }

    pub fn ttft_ns(&self) -> Option<u64> {
        match self.seen {
            Seen::Prompt { ttft_ns, .. } => Some(ttft_ns),
            _ => None,
        }
    }
}

/// What one sequence's state costs, per execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StateTimes {
    /// Computing it from its tokens in an empty cache.
    pub recompute_ns: u64,
    /// Copying it into memory of the process.
    pub save_ns: u64,
    /// Putting such a copy back into an empty cache.
    pub restore_ns: u64,
    /// Saving it and writing it to a file, until the file is on the disk.
    pub write_ns: u64,
    /// Reading the file, checking that it belongs here, and restoring it.
    pub read_ns: u64,
    /// Bytes of the copy.
    pub state_bytes: u64,
    pub file_bytes: u64,
}

/// Greedy generation by the target alone and with a draft: sums over the executions of a sample.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SpeculativeSums {
    /// The target alone.
    pub plain_ns: u64,
    pub drafted_ns: u64,
    /// Of that, time in the draft.
    pub draft_ns: u64,
    /// Tokens generated each way.
    pub n_tokens: u64,
    /// Passes of the target with the draft.
    pub n_passes: u64,
    /// Tokens drafted, by their place behind the last certain one.
    pub n_drafted: Vec<u64>,
    /// Of these, tokens that the target accepted.
    pub n_accepted: Vec<u64>,
    /// Of each token where the target alone, after the same text, chooses another: how far its logits of the two are apart.
    #[serde(default)]
    pub other_gaps: Vec<f32>,
    /// How far passes of several tokens moved the likely tokens of these texts against each other, at most, compared with passes of a
    /// single one; absent where no token was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TurnTimes {
    /// From what the user says to the first token of the answer.
    pub ttft_ns: u64,
    /// The other tokens of the answer.
    pub gen_ns: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestTimes {
    /// From sending it to the last token of its answer.
    pub latency_ns: u64,
    /// From sending it to the first one.
    pub ttft_ns: u64,
}

/// What a process used while a sample was timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SampleConditions {
    /// CPU time of the worker, all threads.
    pub cpu_ns: u64,
    pub n_involuntary_switches: u64,
    pub n_major_faults: u64,
    /// CPU time that the hypervisor withheld from the machine, all CPUs; absent where the kernel does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steal_ns: Option<u64>,
    /// Time that the cgroup's quota held processes back; absent where there is no quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_ns: Option<u64>,
    /// Time that the machine was suspended; absent where the system does not tell, and in journals of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_ns: Option<u64>,
    /// Energy of the processor packages and of memory, as far as the machine counts it, microjoules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_uj: Option<u64>,
    /// Its GPUs; absent on the CPU, and where no driver tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuConditions>,
}

/// A sample as journals and messages hold it: a field for what only some workloads have.
#[derive(Serialize, Deserialize)]
struct SampleFields {
    ns: u64,
    n_repeat: u32,
    timed_ns: u64,
    warmup_ns: u64,
    ttft_ns: Option<u64>,
    itl_ns: Vec<u64>,
    conditions: SampleConditions,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<Box<StateTimes>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speculative: Option<Box<SpeculativeSums>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requests: Vec<RequestTimes>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    turns: Vec<TurnTimes>,
}

impl From<Sample> for SampleFields {
    fn from(sample: Sample) -> SampleFields {
        let mut fields = SampleFields {
            ns: sample.ns(),
            n_repeat: sample.n_repeat,
            timed_ns: sample.timed_ns,
            warmup_ns: sample.warmup_ns,
            ttft_ns: sample.ttft_ns(),
            itl_ns: sample.itl_ns,
            conditions: sample.conditions,
            state: None,
            speculative: None,
            requests: Vec::new(),
            turns: Vec::new(),
        };
        match sample.seen {
            Seen::Time { .. } | Seen::Prompt { .. } => {}
            Seen::State(times) => fields.state = Some(times),
            Seen::Speculative(sums) => fields.speculative = Some(sums),
            Seen::Requests { requests, .. } => fields.requests = requests,
            Seen::Chat { turns, .. } => fields.turns = turns,
        }
        fields
    }
}

impl From<SampleFields> for Sample {
    fn from(fields: SampleFields) -> Sample {
        let (ns, requests, turns) = (fields.ns, fields.requests, fields.turns);
        Sample {
            n_repeat: fields.n_repeat,
            timed_ns: fields.timed_ns,
            warmup_ns: fields.warmup_ns,
            itl_ns: fields.itl_ns,
            conditions: fields.conditions,
            seen: match (fields.state, fields.speculative, fields.ttft_ns) {
                (Some(times), ..) => Seen::State(times),
                (_, Some(sums), _) => Seen::Speculative(sums),
                (.., Some(ttft_ns)) => Seen::Prompt { ns, ttft_ns },
                _ if !requests.is_empty() => Seen::Requests { ns, requests },
                _ if !turns.is_empty() => Seen::Chat { ns, turns },
                _ => Seen::Time { ns },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_they_always_were() {
        let fields = |ns: u64, ttft: &str, itl: &str, more: &str| {
            format!(
                "{{\"ns\":{ns},\"n_repeat\":2,\"timed_ns\":20,\"warmup_ns\":3,\"ttft_ns\":{ttft},\"itl_ns\":{itl},\"conditions\":\
                 {{\"cpu_ns\":1,\"n_involuntary_switches\":0,\"n_major_faults\":0}}{more}}}"
            )
        };
        let state = r#","state":{"recompute_ns":9,"save_ns":1,"restore_ns":7,"write_ns":1,"read_ns":1,"state_bytes":1,"file_bytes":1}"#;
        let speculative = r#","speculative":{"plain_ns":30,"drafted_ns":20,"draft_ns":5,"n_tokens":8,"n_passes":2,"n_drafted":[2],"n_accepted":[1],"other_gaps":[]}"#;
        for fields in [
            fields(10, "12", "[]", ""),
            fields(10, "null", "[4,6]", ""),
            fields(7, "null", "[]", state),
            fields(10, "null", "[]", speculative),
            fields(10, "null", "[4,6]", r#","turns":[{"ttft_ns":4,"gen_ns":6}]"#),
            fields(10, "null", "[4,6]", r#","requests":[{"latency_ns":9,"ttft_ns":3}]"#),
        ] {
            let sample: Sample = serde_json::from_str(&fields).expect("a sample");
            assert_eq!(serde_json::to_string(&sample).expect("fields"), fields);
        }
    }
}

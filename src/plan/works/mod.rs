//! How each workload is planned: one file each, and two lists here that name them all.

mod batched;
mod chat;
mod decode;
mod no_reuse;
mod prefill;
mod prefix_reuse;
mod requests;
mod speculative;
mod state;

use super::predict::Cost;
use crate::data::work::*;
use crate::data::Arm;
use crate::units;
use clap::{Args, FromArgMatches};

/// How large the works are.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct WorkFlags {
    /// Prompt lengths of the prefill cells, in tokens (with --level quick: 128,512)
    #[arg(long, value_parser = units::parse_list, default_value = "128,512,2048", default_value_if("level", "quick", "128,512"), help_heading = "What to measure")]
    pub n_prompt: std::vec::Vec<u32>,
    /// Depths of the decode cells: tokens in the cache before (with --level quick: 128,512)
    #[arg(long, value_parser = units::parse_list, default_value = "128,512,2048", default_value_if("level", "quick", "128,512"), help_heading = "What to measure")]
    pub depths: std::vec::Vec<u32>,
    /// Tokens generated per decode sample
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to measure")]
    pub n_gen: u32,
    #[command(flatten)]
    pub batched: batched::BatchedFlags,
    #[command(flatten)]
    pub requests: requests::RequestFlags,
    #[command(flatten)]
    pub chat: chat::ChatFlags,
}

impl Default for WorkFlags {
    /// As when none of them is given.
    fn default() -> WorkFlags {
        let none = WorkFlags::augment_args(clap::Command::new("kvant")).get_matches_from(["kvant"]);
        WorkFlags::from_arg_matches(&none).expect("every flag has a default")
    }
}

/// llama.cpp's limit (LLAMA_MAX_SEQ).
const N_SEQ_MAX: u32 = 256;

/// A list of numbers of sequences that llama.cpp can hold apart.
fn parse_sequences(text: &str) -> Result<Vec<u32>, String> {
    let list = units::parse_list(text).map_err(|e| e.to_string())?;
    match list.iter().find(|n| **n > N_SEQ_MAX) {
        Some(n) => Err(format!(
            "{n} are too many: llama.cpp decodes at most {N_SEQ_MAX} sequences at once; use smaller numbers"
        )),
        None => Ok(list),
    }
}

/// A workload apart from its numbers.
pub(super) struct Kind {
    /// What it is, for who may ask for it; none of what is measured anyway.
    about: &'static str,
    works: fn(&WorkFlags) -> Vec<Work>,
}

const fn kind(workload: Workload) -> Kind {
    match workload {
        Workload::Prefill => prefill::KIND,
        Workload::Decode => decode::KIND,
        Workload::NoReuse => no_reuse::KIND,
        Workload::PrefixReuse => prefix_reuse::KIND,
        Workload::Batched => batched::KIND,
        Workload::State => state::KIND,
        Workload::Speculative => speculative::KIND,
        Workload::Requests => requests::KIND,
        Workload::Chat => chat::KIND,
    }
}

/// An arm, as far as it depends on it which works it has.
pub(super) struct ArmOfRun<'a> {
    pub arm: &'a Arm,
    pub is_first_kv: bool,
    pub is_full_matrix: bool,
    pub is_triage: bool,
    pub flags: &'a WorkFlags,
}

/// How a work is planned.
pub(super) trait Planned {
    /// Predicted seconds of one execution.
    fn seconds(&self, cost: &Cost<'_>) -> f64;

    /// Whether an arm has it, apart from works that decide.
    fn is_measured(&self, of: &ArmOfRun<'_>) -> bool {
        of.is_first_kv && !of.arm.is_control
    }

    /// Long, and telling little more each time; `n_prompt`: the prompt that decides, if one does.
    fn is_dear(&self, _n_prompt: Option<u32>) -> bool {
        false
    }
}

pub(super) fn planned(work: &Work) -> &dyn Planned {
    match work {
        Work::Prefill(work) => work,
        Work::Decode(work) => work,
        Work::NoReuse(work) => work,
        Work::PrefixReuse(work) => work,
        Work::Batched(work) => work,
        Work::State(work) => work,
        Work::Speculative(work) => work,
        Work::Requests(work) => work,
        Work::Chat(work) => work,
    }
}

impl Cost<'_> {
    /// Predicted duration of one execution.
    pub fn execution_ns(&self, work: &Work) -> u64 {
        (planned(work).seconds(self) * 1e9) as u64
    }
}

/// The works of the workloads that are asked for.
pub(super) fn works(asked: &[Workload], flags: &WorkFlags) -> Vec<Work> {
    let asked = Workload::ALL.iter().filter(|w| asked.contains(w));
    asked.flat_map(|&w| (kind(w).works)(flags)).collect()
}

/// What `--workloads` can name.
pub fn workloads_help() -> String {
    let (usual, other): (Vec<Workload>, Vec<Workload>) =
        Workload::ALL.iter().partition(|w| Workload::DEFAULT.contains(w));
    let usual: Vec<&str> = usual.into_iter().map(Workload::name).collect();
    let other: Vec<String> = other.into_iter().map(|w| format!("{w} ({})", kind(w).about)).collect();
    format!(
        "Workloads: {}; on request {}; or all",
        usual.join(", "),
        other.join(", ")
    )
}

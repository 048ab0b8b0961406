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
use super::settings::Settings;
use crate::data::work::*;
use crate::data::Arm;
use clap::{Args, FromArgMatches};

/// What the user sets for single workloads.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct WorkFlags {
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

/// Numbers that a flag takes; each is 1 or more.
pub(super) struct Numbers {
    pub flag: &'static str,
    /// A value that works.
    pub example: &'static str,
    pub values: Vec<u32>,
    /// They are sequences that llama.cpp has to hold apart.
    pub is_n_seq: bool,
}

impl Numbers {
    pub fn of(flag: &'static str, example: &'static str, values: &[u32]) -> Numbers {
        Numbers {
            flag,
            example,
            values: values.to_vec(),
            is_n_seq: false,
        }
    }
}

/// A workload apart from its numbers.
pub(super) struct Kind {
    /// What it is, for who may ask for it; none of what is measured anyway.
    about: &'static str,
    works: fn(&Settings) -> Vec<Work>,
    /// What is set for it alone.
    numbers: fn(&Settings) -> Vec<Numbers>,
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

/// How a work is planned.
pub(super) trait Planned {
    /// Predicted seconds of one execution.
    fn seconds(&self, cost: &Cost<'_>) -> f64;

    /// Whether an arm has it, apart from works that decide.
    fn is_measured(&self, s: &Settings, arm: &Arm) -> bool {
        is_first_kv(s, arm) && !arm.is_control
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

/// The works of the workloads that are asked for.
pub(super) fn works(s: &Settings) -> Vec<Work> {
    let asked = Workload::ALL.iter().filter(|w| s.workloads.contains(w));
    asked.flat_map(|&w| (kind(w).works)(s)).collect()
}

/// What is set for single workloads.
pub(super) fn numbers(s: &Settings) -> Vec<Numbers> {
    Workload::ALL.iter().flat_map(|&w| (kind(w).numbers)(s)).collect()
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

fn is_first_kv(s: &Settings, arm: &Arm) -> bool {
    s.kv.first().is_some_and(|kv| kv.to_string() == arm.config.kv())
}

const fn no_numbers(_: &Settings) -> Vec<Numbers> {
    Vec::new()
}

//! The works that are measured on request.

use super::matrix::Settings;
use crate::data::{WorkSpec, Workload};

/// Shares of a follow-up prompt that are in the cache already, in percent; 0 is the cold prompt they are held against.
const SHARED_PERCENT: [u32; 4] = [0, 25, 50, 90];

/// Depths of the follow-up prompts of `n_prompt` tokens; at least one token is always left to process.
fn shared_depths(n_prompt: u32) -> Vec<u32> {
    let at = |percent| (u64::from(n_prompt) * u64::from(percent) / 100) as u32;
    let mut depths: Vec<u32> = SHARED_PERCENT.map(at).to_vec();
    depths.dedup();
    depths
}

/// Follow-up prompts of every length, from the cold one to the one that shares most.
pub(super) fn prefix_specs(s: &Settings) -> Vec<WorkSpec> {
    let spec = |n_prompt, n_depth| WorkSpec::single(Workload::PrefixReuse, n_prompt, 0, n_depth);
    let of_prompt = |&n: &u32| shared_depths(n).into_iter().map(move |d| spec(n, d));
    s.n_prompts.iter().flat_map(of_prompt).collect()
}

/// llama.cpp's limit (LLAMA_MAX_SEQ).
pub(super) const N_SEQ_MAX: u32 = 256;

/// Several sequences at once, at the smallest depth: the largest number of them fills that many caches.
pub(super) fn batched_specs(s: &Settings) -> Vec<WorkSpec> {
    let n_depth = s.n_depths.iter().copied().min().unwrap_or(0);
    let spec = |n_seq: u32, is_pp_shared| WorkSpec {
        workload: Workload::Batched,
        n_prompt: 0,
        n_gen: s.n_gen,
        n_depth,
        n_seq,
        is_pp_shared,
    };
    [false, true]
        .into_iter()
        .flat_map(|is_shared| s.n_seqs.iter().map(move |&n| spec(n, is_shared)))
        .collect()
}

/// A closed loop of so many users, one kind of request for all.
pub(super) fn request_specs(s: &Settings) -> Vec<WorkSpec> {
    let spec = |&n_seq: &u32| WorkSpec {
        workload: Workload::Requests,
        n_prompt: s.request_prompt,
        n_gen: s.request_gen,
        n_depth: 0,
        n_seq,
        is_pp_shared: false,
    };
    s.n_users.iter().map(spec).collect()
}

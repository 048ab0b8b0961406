//! Follow-up prompts of every length, from the cold one to the one that shares most.

use super::*;

pub(super) const KIND: Kind = Kind {
    about: "follow-up prompts that share a prefix",
    works,
};

/// Shares of a follow-up prompt that are in the cache already, in percent; 0 is the cold prompt they are held against.
const SHARED_PERCENT: [u32; 4] = [0, 25, 50, 90];

fn works(flags: &WorkFlags) -> Vec<Work> {
    let of_prompt = |&n_prompt: &u32| {
        let shares = shares(n_prompt).into_iter();
        shares.map(move |n_shared| Work::PrefixReuse(PrefixReuse { n_prompt, n_shared }))
    };
    flags.n_prompt.iter().flat_map(of_prompt).collect()
}

/// At least one token is always left to process.
fn shares(n_prompt: u32) -> Vec<u32> {
    let at = |percent| (u64::from(n_prompt) * u64::from(percent) / 100) as u32;
    let mut shares: Vec<u32> = SHARED_PERCENT.map(at).to_vec();
    shares.dedup();
    shares
}

impl Planned for PrefixReuse {
    fn seconds(&self, cost: &Cost<'_>) -> f64 {
        cost.prompt(self.n_prompt) - cost.prompt(self.n_shared)
    }
}

//! A prompt into an empty cache.

use super::*;

pub(super) const KIND: Kind = Kind {
    about: "",
    works: |flags| flags.n_prompt.iter().map(|&n| Work::prefill(n)).collect(),
};

impl Planned for Prefill {
    fn seconds(&self, cost: &Cost<'_>) -> f64 {
        cost.prompt(self.n_prompt)
    }

    /// With other KV types than the first only at the middle length: on a CPU long prompts into a quantized cache take most of the time
    /// and tell least. The control leaves out longer ones.
    fn is_measured(&self, of: &ArmOfRun<'_>) -> bool {
        let middle = middle(&of.flags.n_prompt);
        match of.arm.is_control {
            _ if of.is_full_matrix => true,
            true => Some(self.n_prompt) <= middle,
            false => of.is_first_kv || (!of.is_triage && Some(self.n_prompt) == middle),
        }
    }

    /// At least twice as long as the one that decides.
    fn is_dear(&self, n_prompt: Option<u32>) -> bool {
        n_prompt.is_some_and(|n| self.n_prompt >= n.saturating_mul(2))
    }
}

/// The lower of two middle ones: what tables show of prompts.
fn middle(values: &[u32]) -> Option<u32> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

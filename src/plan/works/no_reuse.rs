//! Generating without KV reuse.

use super::*;

pub(super) const KIND: Kind = Kind { about: "", works };

/// Tokens of an execution.
const N_GEN: u32 = 1;
/// The cost grows with the square of the depth.
const N_DEPTH_MAX: u32 = 512;

fn works(flags: &WorkFlags) -> Vec<Work> {
    let depths = flags.depths.iter().copied().filter(|d| *d <= N_DEPTH_MAX);
    depths
        .map(|n_depth| Work::NoReuse(NoReuse { n_gen: N_GEN, n_depth }))
        .collect()
}

impl Planned for NoReuse {
    fn seconds(&self, cost: &Cost<'_>) -> f64 {
        f64::from(self.n_gen) * cost.prompt(self.n_depth + 1)
    }

    fn is_dear(&self, _: Option<u32>) -> bool {
        true
    }
}

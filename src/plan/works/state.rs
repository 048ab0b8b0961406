//! Saving and restoring a state at every depth.

use super::*;

pub(super) const KIND: Kind = Kind {
    about: "saving and restoring",
    works: |flags| {
        let depths = flags.depths.iter();
        depths.map(|&n_depth| Work::State(State { n_depth })).collect()
    },
};

impl Planned for State {
    /// Computed once, then copied and restored twice, at the speed of memory; the disk is left out.
    fn seconds(&self, cost: &Cost<'_>) -> f64 {
        cost.prompt(self.n_depth) + 6.0 * cost.cache(self.n_depth)
    }
}

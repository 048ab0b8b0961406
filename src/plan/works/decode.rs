//! One-token steps at a depth.

use super::*;

pub(super) const KIND: Kind = Kind {
    about: "",
    works: |flags| {
        let depths = flags.depths.iter();
        depths.map(|&d| Work::decode(flags.n_gen, d)).collect()
    },
};

impl Planned for Decode {
    fn seconds(&self, cost: &Cost<'_>) -> f64 {
        f64::from(self.n_gen) * cost.step(1, self.n_depth)
    }

    fn is_measured(&self, _: &ArmOfRun<'_>) -> bool {
        true
    }
}

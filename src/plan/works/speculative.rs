//! Speculative decoding of the baseline at every depth.

use super::*;

pub(super) const KIND: Kind = Kind {
    about: "a draft model beside the baseline",
    works,
};

fn works(flags: &WorkFlags) -> Vec<Work> {
    let work = |&n_depth: &u32| {
        let n_gen = flags.n_gen;
        Work::Speculative(Speculative { n_gen, n_depth })
    };
    flags.depths.iter().map(work).collect()
}

impl Planned for Speculative {
    /// Alone, and with a draft that is about as costly: at worst twice as long.
    fn seconds(&self, cost: &Cost<'_>) -> f64 {
        3.0 * f64::from(self.n_gen) * cost.step(1, self.n_depth)
    }

    fn is_measured(&self, of: &ArmOfRun<'_>) -> bool {
        of.arm.is_baseline
    }
}

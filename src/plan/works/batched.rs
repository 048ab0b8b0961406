//! Several sequences at once, at the smallest depth: the largest number of them fills that many caches.

use super::*;

#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct BatchedFlags {
    /// Sequences at once, for the workload batched
    #[arg(long, value_parser = parse_sequences, default_value = "1,2,4,8,16", help_heading = "What to measure")]
    pub n_seq: std::vec::Vec<u32>,
}

pub(super) const KIND: Kind = Kind {
    about: "several sequences at once",
    works,
};

fn works(flags: &WorkFlags) -> Vec<Work> {
    let n_depth = flags.depths.iter().copied().min().unwrap_or(0);
    let work = |is_pp_shared, n_seq| {
        Work::Batched(Batched {
            n_gen: flags.n_gen,
            n_depth,
            n_seq,
            is_pp_shared,
        })
    };
    let of_kind = |is_shared| flags.batched.n_seq.iter().map(move |&n| work(is_shared, n));
    [false, true].into_iter().flat_map(of_kind).collect()
}

impl Planned for Batched {
    /// The arithmetic is each sequence's own.
    fn seconds(&self, cost: &Cost<'_>) -> f64 {
        let step = cost.step(self.n_seq, self.n_depth) + f64::from(self.n_seq) * cost.arithmetic();
        f64::from(self.n_gen) * step
    }
}

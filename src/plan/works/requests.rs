//! A closed loop of several users, one kind of request for all.

use super::*;

#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct RequestFlags {
    /// Users at once, for the workload requests
    #[arg(long, value_parser = parse_sequences, default_value = "1,4", help_heading = "What to measure")]
    pub n_users: std::vec::Vec<u32>,
    /// Tokens of the prompt of a request
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to measure")]
    pub request_prompt: u32,
    /// Tokens of its answer
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to measure")]
    pub request_gen: u32,
}

pub(super) const KIND: Kind = Kind {
    about: "users who wait for their answers",
    works,
};

fn works(flags: &WorkFlags) -> Vec<Work> {
    let flags = &flags.requests;
    let work = |&n_users: &u32| {
        Work::Requests(Requests {
            n_prompt: flags.request_prompt,
            n_gen: flags.request_gen,
            n_users,
        })
    };
    flags.n_users.iter().map(work).collect()
}

impl Planned for Requests {
    fn seconds(&self, cost: &Cost<'_>) -> f64 {
        let (n, n_gen) = (f64::from(self.n_requests()), f64::from(self.n_gen));
        let each = cost.prompt(self.n_prompt) + n_gen * cost.arithmetic();
        n * each + n / f64::from(self.n_users) * n_gen * cost.step(self.n_users, 0)
    }
}

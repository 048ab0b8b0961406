//! One conversation, from its system prompt to its last answer.

use super::*;

#[derive(Debug, Clone, PartialEq, Args)]
pub struct ChatFlags {
    /// Turns of the conversation of the workload chat
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to measure")]
    pub chat_turns: u32,
    /// Tokens of its system prompt
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to measure")]
    pub chat_system: u32,
    /// Tokens that the user says in each turn
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to measure")]
    pub chat_prompt: u32,
    /// Tokens of each answer
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to measure")]
    pub chat_gen: u32,
}

pub(super) const KIND: Kind = Kind {
    about: "a conversation of several turns in one cache",
    works: |flags| {
        let flags = &flags.chat;
        vec![Work::Chat(Chat {
            n_prompt: flags.chat_prompt,
            n_gen: flags.chat_gen,
            n_system: flags.chat_system,
            n_turns: flags.chat_turns,
        })]
    },
};

impl Planned for Chat {
    fn seconds(&self, cost: &Cost<'_>) -> f64 {
        let turn = |turn| {
            let (before, prompt_end) = (self.n_before(turn), self.n_before(turn) + self.n_asked(turn));
            let steps = f64::from(self.n_gen) * cost.step(1, prompt_end);
            cost.prompt(prompt_end) - cost.prompt(before) + steps
        };
        (0..self.n_turns).map(turn).sum()
    }
}

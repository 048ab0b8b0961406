//! Which type each tensor should have: from what each costs alone to the mix that loses least.
//!
//! In: a header, sensitivities (what one group of tensors in one type costs, everything else exact), limits. Out: a [`Recipe`] and what it is
//! predicted to lose, weigh and cost in time. Small divergences add, so the choice is a multiple-choice knapsack, solved exactly. Pure
//! maths: knows nothing of files, workers or llama.cpp, and claims nothing; what a mix is worth is measured on the whole file.

mod choose;
mod groups;
mod recipe;
mod sensitivity;

pub use choose::{choose, Aim, Costs, Limits};
pub use groups::{groups, Group, Grouping, Matrix};
pub use recipe::Recipe;
pub use sensitivity::{Candidate, Scarce, Sensitivities, N_FIRST};

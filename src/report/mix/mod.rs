//! The answer of a search for a mix: what was found (`model`, which is `mix.json`), and what is said of it (`say`, which is
//! `mix.md` and the text of the terminal).

mod model;
mod say;

pub use model::{MixChoice, MixLimits, MixMatrix, MixReport, MixRow, MixSensitivity, MixWeighing};
pub use say::{mix_json, MIX_SCHEMA};

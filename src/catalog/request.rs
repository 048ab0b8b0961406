//! What is asked of the catalog, and what it works with.

use super::known::Catalog;
use super::source::Tools;

/// The variants compared unless told otherwise, of those that a model has or that can be made from an exact file of it.
pub const DEFAULT_VARIANTS: &[&str] = &["F16", "Q8_0", "Q4_K_M"];

#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Names, paths or `hf:...`, all of one model; none is the default model.
    pub models: &'a [String],
    /// Variants, by their ids or by file type; the usual ones when empty.
    pub wanted: &'a [String],
    /// The variant that comes first; the most exact one, or the first that is wanted, when absent.
    pub baseline: Option<&'a str>,
    /// Make missing variants from what is here, in preference to fetching them.
    pub is_derived: bool,
    /// File types that are usual: what a large repository is asked for.
    pub usual: &'a [&'static str],
    /// ggml types that llama.cpp computes fastest with on this machine.
    pub fast_types: &'a [String],
    /// Make what can win beside the one file that there is.
    pub makes_others: bool,
    /// The subcommand, for advice.
    pub command: &'static str,
}

impl<'a> Request<'a> {
    /// What `kvant compare` asks for of these models.
    pub fn of(models: &'a [String], wanted: &'a [String]) -> Request<'a> {
        Request {
            models,
            wanted,
            baseline: None,
            is_derived: false,
            usual: DEFAULT_VARIANTS,
            fast_types: &[],
            makes_others: true,
            command: "compare",
        }
    }
}

#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub catalog: &'a Catalog,
    pub tools: Tools<'a>,
}

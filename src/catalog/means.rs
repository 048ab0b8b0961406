//! What is asked of the catalog, what it works with, and what it tells while it works.

use super::known::Catalog;
use super::pypi::Pip;
use super::{Hub, Quantize, Store};
use std::path::Path;

/// The variants compared unless told otherwise, of those that a model has or that can be made from an exact file of it.
pub const DEFAULT_VARIANTS: &[&str] = &["F16", "Q8_0", "Q4_K_M"];

/// What is being done, for a progress line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// Reading a file for its hash.
    Hashing {
        /// The file.
        file: &'a Path,
        /// Bytes so far.
        done: u64,
    },
    /// A variant is being made.
    Making {
        /// Which.
        variant: &'a str,
        /// Name of the source file.
        from: &'a str,
        /// Bytes written so far.
        done: u64,
        /// Bytes it will have, roughly.
        total: u64,
    },
    /// It is made.
    Made {
        /// Which.
        variant: &'a str,
        /// Name of the source file.
        from: &'a str,
        /// Where.
        file: &'a Path,
        /// Its length.
        bytes: u64,
    },
    /// A file is being fetched.
    Fetching {
        /// Its name.
        file: &'a str,
        /// From where.
        from: &'a str,
        /// Bytes so far.
        done: u64,
        /// Its length.
        total: u64,
    },
    /// It is there, and verified.
    Fetched {
        /// Its name.
        file: &'a str,
        /// From where.
        from: &'a str,
        /// Its length.
        bytes: u64,
    },
    /// Another process fetches the same file.
    Waiting {
        /// Its name.
        file: &'a str,
    },
    /// Something the user should know.
    Note {
        /// In words.
        text: &'a str,
    },
}

/// Gets every [`Event`].
pub(super) type Progress<'a> = dyn FnMut(&Event<'_>) + 'a;

/// What is asked for.
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
            command: "compare",
        }
    }
}

/// What it is done with.
pub struct Means<'a> {
    /// The known models.
    pub catalog: &'a Catalog,
    /// Where files are made and kept.
    pub store: &'a Store,
    /// The Hub.
    pub hub: &'a Hub,
    /// The package index.
    pub pip: &'a Pip,
    /// Makes variants, and knows when the user wants to stop.
    pub quantizer: &'a dyn Quantize,
}

//! What is being done, for a progress line.

use std::path::Path;

/// A step of getting, making or checking files; `from` is a source, or the file that another is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    Hashing {
        file: &'a Path,
        done: u64,
    },
    /// A variant is being made; `total` is a rough prediction.
    Making {
        variant: &'a str,
        from: &'a str,
        done: u64,
        total: u64,
    },
    Made {
        variant: &'a str,
        from: &'a str,
        file: &'a Path,
        bytes: u64,
    },
    Fetching {
        file: &'a str,
        from: &'a str,
        done: u64,
        total: u64,
    },
    /// It is there, and verified.
    Fetched {
        file: &'a str,
        from: &'a str,
        bytes: u64,
    },
    /// The header of a file that is elsewhere.
    Reading {
        file: &'a str,
    },
    /// Another process fetches the same file.
    Waiting {
        file: &'a str,
    },
    Note {
        text: &'a str,
    },
}

pub type Progress<'a> = dyn FnMut(&Event<'_>) + 'a;

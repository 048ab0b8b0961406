//! Every text of a report, page, notebook and summary, in each language, side by side; and numbers as the language
//! writes them.
//!
//! Names of fields, workloads, outcomes and files are the same in every language, and so is what a run recorded in words:
//! the reasons of failures come from llama.cpp and the system.
//!
//! Invariant: nothing else in `report` holds a sentence for a reader.

mod charts;
mod conclusion;
mod decision;
mod diff;
mod notebook;
mod numbers;
mod page;
mod recorded;
mod sections;
mod several;
mod workloads;

use std::fmt;
use std::str::FromStr;

/// Language of reports and summaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

impl Lang {
    /// Every language.
    pub const ALL: [Lang; 2] = [Lang::En, Lang::Es];

    /// Its code (ISO 639-1), as in `--lang`, in `results.json` and in the page.
    pub const fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Es => "es",
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Lang {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let found = Lang::ALL
            .into_iter()
            .find(|lang| lang.code().eq_ignore_ascii_case(code));
        found.ok_or_else(|| format!("unknown language '{code}': use en or es"))
    }
}

/// Declares texts: a name, what stands in it, and the text in English and in Spanish.
macro_rules! texts {
    ($($name:ident($($arg:ident),* $(,)?) { $en:literal, $es:literal $(,)? })*) => {
        impl $crate::report::lang::Lang {
            $(pub(in $crate::report) fn $name(self $(, $arg: impl std::fmt::Display)*) -> String {
                match self {
                    $crate::report::lang::Lang::En => format!($en),
                    $crate::report::lang::Lang::Es => format!($es),
                }
            })*
        }
    };
}
use texts;

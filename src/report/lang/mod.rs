//! Every text of a report, page, notebook and summary, from the files in `lang/`: one per language. And numbers as the
//! language writes them.
//!
//! Names of fields, workloads, outcomes and files are the same in every language, and so is what a run recorded in words:
//! the reasons of failures come from llama.cpp and the system.
//!
//! Invariant: nothing else in `report` holds a sentence for a reader, and no code asks which language it is.

mod charts;
mod decision;
mod numbers;
mod recorded;
mod workloads;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentResource, FluentValue};
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::OnceLock;

// A function for each message of `lang/en.ftl`, and `FILES`: made by build.rs.
include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Language of reports and summaries: a file in `lang/`, English unless another is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lang(usize);

impl Lang {
    /// Every language.
    pub const ALL: [Lang; FILES.len()] = {
        let mut all = [Lang(0); FILES.len()];
        let mut n = 0;
        while n < all.len() {
            all[n] = Lang(n);
            n += 1;
        }
        all
    };

    /// Its code (ISO 639-1), as in `--lang`, in `results.json` and in the page.
    pub const fn code(self) -> &'static str {
        FILES[self.0].0
    }

    /// Its own name, such as `Español`.
    pub fn name(self) -> String {
        self.language()
    }

    /// A message with its variables; where a language lacks it, in English.
    fn text<const N: usize>(self, id: &'static str, values: [(&'static str, FluentValue<'static>); N]) -> String {
        let args = values.into_iter().collect();
        let said = |lang: Lang| {
            let bundle = lang.bundle();
            let pattern = bundle.get_message(id)?.value()?;
            let text = bundle.format_pattern(pattern, Some(&args), &mut Vec::new());
            Some(text.into_owned())
        };
        said(self)
            .or_else(|| said(Lang::default()))
            .unwrap_or_else(|| id.to_owned())
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: [OnceLock<FluentBundle<FluentResource>>; FILES.len()] =
            [const { OnceLock::new() }; FILES.len()];
        BUNDLES[self.0].get_or_init(|| {
            let (code, source) = FILES[self.0];
            let mut bundle = FluentBundle::new_concurrent(code.parse().into_iter().collect());
            // The marks would show in files and terminals, and nothing here is written from right to left.
            bundle.set_use_isolating(false);
            bundle.set_transform(Some(joined));
            // What is wrong with a file fails the build or a test: what is right of it is of use all the same.
            let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(source.to_owned());
            bundle.add_resource_overriding(resource);
            bundle
        })
    }
}

/// Lines of a text are joined: where they break says nothing.
fn joined(text: &str) -> Cow<'_, str> {
    match text.contains('\n') {
        true => text.replace('\n', " ").into(),
        false => text.into(),
    }
}

fn shown(value: impl Display) -> FluentValue<'static> {
    value.to_string().into()
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
        found.ok_or_else(|| {
            let codes = Lang::ALL.map(Lang::code);
            format!("unknown language '{code}': use {}", codes.join(" or "))
        })
    }
}

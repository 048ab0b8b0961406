//! Where files come from. A kind of source is one file here, which implements [`Source`], and two lines: its `mod`, and its place in
//! [`KINDS`].

mod builtin;
mod folder;
mod hub;
mod kind;
mod own;
mod url;
mod wheel;

pub use kind::Tools;
pub(super) use kind::{first, Breadth, Fields, Given, Known, Listed, Source, Sources};
pub(super) use own::own;

use super::error::CatalogError;
use kind::Kind;

const KINDS: &[Kind] = &[hub::KIND, wheel::KIND, folder::KIND, builtin::KIND, url::KIND];

pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// `hf, pypi, file or builtin`.
pub(super) fn kind_names() -> String {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let (last, others) = names.split_last().expect("there is a kind");
    format!("{} or {last}", others.join(", "))
}

/// What a model argument stands for, if it has the form of one of the kinds.
pub(super) fn read(given: &str) -> Option<Result<Given, CatalogError>> {
    KINDS.iter().find_map(|kind| (kind.read)(given))
}

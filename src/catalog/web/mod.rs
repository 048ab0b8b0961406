//! Files over HTTP: requests that are repeated where that may help, refusals in words, reading in parts, and downloads that go on
//! where they stopped. Knows no site; a token goes to its endpoint only.

mod client;
mod http;
mod range;
mod refusal;
mod token;
mod transfer;

pub(super) use client::Client;
pub use client::Web;
pub(super) use http::{address, escape_path, words};
pub(super) use range::RangeFile;
pub(super) use refusal::{header, number};
pub(super) use token::Token;
pub(super) use transfer::Download;

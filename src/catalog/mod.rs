//! From what the user names to variants on disk whose hashes are known.
//!
//! In: model arguments (a name in models.toml, `hf:owner/repo`, a .gguf file, a folder of them; several are files of one model), the
//! wanted variants, the [`Store`], the sources and a [`Quantize`]. Out: [`ModelFiles`], or a [`CatalogError`] that says what
//! to do. A file that is fetched or made gets its name when it is whole and verified, never before. Variants that no
//! source has are made from the best file of one. What a file is comes from its header; names are believed only where there is none to read. Knows
//! nothing of plans, workers or reports.

mod arg;
mod bring;
mod choice;
mod choose;
mod error;
mod event;
mod fetching;
mod hash;
mod header;
mod hub;
mod ids;
mod inventory;
mod known;
mod label;
mod leave;
mod local_file;
mod make;
mod mix;
mod names;
mod offer;
mod only;
mod pick;
mod preview;
mod probes;
mod quantize;
mod request;
mod resolve;
mod shape;
mod shelf;
mod source;
mod space;
mod store;
#[cfg(test)]
mod tests;
mod web;

pub use error::CatalogError;
pub use event::Event;
pub use hash::sha256_of;
pub use header::{header, shape, Header};
pub use hub::Hub;
pub use inventory::{remove, stock, verify, Stock, StockFile};
pub use known::{Catalog, DEFAULT_MODEL};
pub use local_file::identity;
pub use mix::{keep_mix, mixes_of, Mixed};
pub use names::BUILTIN_MODEL;
pub use preview::{is_collection, preview, survey, Origin, Preview, PreviewVariant, Survey, CANDIDATES};
pub use probes::{remove_probes, write_probes, ProbeShape};
pub use quantize::{Quantize, SelfQuantizer, Shape, QUANTIZER_TAG};
pub use request::{Context, Request};
pub use resolve::{resolve, ModelFiles};
pub use source::Tools;
pub use space::free_at;
pub use store::Store;
pub use web::Web;

//! From what the user names to variants on disk whose hashes are known.
//!
//! In: the model argument (a name in models.toml, `hf:owner/repo`, a .gguf file, a folder of them), the wanted
//! variants, the [`Store`], the sources and a [`Quantize`]. Out: [`ModelFiles`], or a [`CatalogError`] that says what
//! to do. A file that is fetched or made gets its name when it is whole and verified, never before. Variants that no
//! source has are made from the best file of one. What a file is comes from its header, never from its name. Knows
//! nothing of plans, workers or reports.

mod ahead;
mod arg;
mod error;
mod fetching;
mod hash;
mod header;
mod hub;
mod inventory;
mod known;
mod make;
mod names;
mod obtain;
mod probes;
mod pypi;
mod quantize;
mod resolve;
mod shape;
mod source;
mod space;
mod store;
#[cfg(test)]
mod tests;

pub use ahead::{look_ahead, Ahead, AheadVariant, Origin};
pub use error::{CatalogError, ErrorClass};
pub use header::{header, shape, Header};
pub use hub::Hub;
pub use inventory::{remove, stock, verify, Stock, StockFile};
pub use known::{Catalog, Dimensions, Entry, Published, Source, BUILTIN_MODEL, DEFAULT_MODEL};
pub use probes::{remove_probes, write_probes, ProbeShape};
pub use pypi::Pip;
pub use quantize::{Quantize, SelfQuantizer, QUANTIZER_TAG};
pub use resolve::{resolve, Event, Means, Missed, ModelFiles, Request, DEFAULT_VARIANTS};
pub use space::free_at;
pub use store::Store;

//! The model inside this program, so that the tool works without any network.

use super::{Breadth, Known, Listed, Supply};
use crate::catalog::hash::sha256_hex;
use crate::catalog::known::BUILTIN_MODEL;
use crate::catalog::{CatalogError, Store};

const BYTES: &[u8] = include_bytes!("../../../assets/builtin-f16.gguf");
const NAME: &str = "builtin-f16.gguf";

/// The model inside this program, written to the store.
pub(in crate::catalog) struct Builtin<'a> {
    pub store: &'a Store,
}

/// Its name, length and SHA-256.
pub(in crate::catalog) fn builtin_file() -> (&'static str, u64, String) {
    (NAME, BYTES.len() as u64, sha256_hex(BYTES))
}

impl Supply for Builtin<'_> {
    fn label(&self) -> String {
        BUILTIN_MODEL.to_owned()
    }

    fn argument(&self, _file: &str) -> String {
        BUILTIN_MODEL.to_owned()
    }

    fn breadth(&self) -> Breadth {
        Breadth::Usual
    }

    fn known(&self) -> Result<Known, CatalogError> {
        let (path, sha256) = self.store.keep(NAME, BYTES)?;
        let file = Listed {
            file: NAME.to_owned(),
            ftype: Some("F16"),
            bytes: Some(BYTES.len() as u64),
            sha256: Some(sha256),
            path: Some(path),
        };
        Ok(Known {
            files: vec![file],
            is_whole: true,
        })
    }
}

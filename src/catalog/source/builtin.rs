//! The model inside this program, so that the tool works without any network.

use super::kind::{Kind, Known, Listed, Source, Tools};
use crate::catalog::error::CatalogError;
use crate::catalog::hash::sha256_hex;
use crate::catalog::names::BUILTIN_MODEL;
use std::path::PathBuf;
use std::rc::Rc;

const BYTES: &[u8] = include_bytes!("../../../assets/builtin-f16.gguf");
const NAME: &str = "builtin-f16.gguf";

pub(super) const KIND: Kind = Kind {
    name: "builtin",
    keys: &[],
    is_pinned: false,
    open: |_| Ok(Rc::new(Builtin)),
    read: |_| None,
};

#[derive(Debug)]
struct Builtin;

fn listed(path: PathBuf, sha256: String) -> Listed {
    Listed {
        file: NAME.to_owned(),
        ftype: Some("F16"),
        bytes: Some(BYTES.len() as u64),
        sha256: Some(sha256),
        path: Some(path),
    }
}

impl Source for Builtin {
    fn label(&self) -> String {
        BUILTIN_MODEL.to_owned()
    }

    fn argument(&self, _file: &str) -> String {
        BUILTIN_MODEL.to_owned()
    }

    fn local(&self, tools: Tools<'_>) -> Result<Known, CatalogError> {
        let (path, sha256) = tools.store.keep(NAME, BYTES)?;
        Ok(Known::all(std::iter::once(listed(path, sha256))))
    }

    /// It is here once it was used.
    fn stock(&self, tools: Tools<'_>) -> Vec<Listed> {
        let sha256 = sha256_hex(BYTES);
        let path = Some(tools.store.path(&sha256, NAME)).filter(|path| path.is_file());
        path.map(|path| listed(path, sha256)).into_iter().collect()
    }
}

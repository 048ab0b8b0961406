//! A folder of models.toml, with the files that are declared there.

use super::{declared, Breadth, Known, Supply};
use crate::catalog::known::Published;
use crate::catalog::CatalogError;
use crate::data::PartName;
use std::path::Path;

/// A folder of this machine.
pub(super) struct Folder<'a> {
    pub path: &'a Path,
    pub files: &'a [Published],
}

impl Supply for Folder<'_> {
    fn label(&self) -> String {
        self.path.display().to_string()
    }

    fn argument(&self, file: &str) -> String {
        self.path.join(file).display().to_string()
    }

    fn breadth(&self) -> Breadth {
        Breadth::Usual
    }

    fn is_own(&self) -> bool {
        true
    }

    fn known(&self) -> Result<Known, CatalogError> {
        let parts = |published: &Published| {
            let all = PartName::files_of(&self.path.join(&published.file));
            let is_named = |path: &Path| path == self.path.join(&published.file);
            let found = all.into_iter().filter(|path| path.is_file());
            let found = found.map(|path| {
                let mut file = declared(published, Some(path.clone()));
                if !is_named(&path) {
                    // Declared are those of the part that is named.
                    (file.sha256, file.bytes) = (None, None);
                    let name = path.strip_prefix(self.path).unwrap_or(&path);
                    file.file = name.to_string_lossy().into_owned();
                }
                file
            });
            found.collect::<Vec<_>>()
        };
        Ok(Known {
            files: self.files.iter().flat_map(parts).collect(),
            is_whole: true,
        })
    }
}

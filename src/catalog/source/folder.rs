//! A folder of models.toml, with the files that are declared there.

use super::kind::{with_parts, Kind, Known, Listed, Source, Tools};
use crate::catalog::error::CatalogError;
use std::path::PathBuf;
use std::rc::Rc;

pub(super) const KIND: Kind = Kind {
    name: "file",
    keys: &["path"],
    is_pinned: false,
    open: |fields| {
        Ok(Rc::new(Folder {
            path: fields.folder.join(fields.text("path", |_| Ok(()))?),
            files: fields.some_files()?,
        }))
    },
    read: |_| None,
};

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    files: Vec<Listed>,
}

impl Source for Folder {
    fn label(&self) -> String {
        self.path.display().to_string()
    }

    fn argument(&self, file: &str) -> String {
        self.path.join(file).display().to_string()
    }

    fn is_own(&self) -> bool {
        true
    }

    fn declared(&self) -> &[Listed] {
        &self.files
    }

    fn local(&self, _: Tools<'_>) -> Result<Known, CatalogError> {
        let path = |name: &str| Some(self.path.join(name)).filter(|path| path.is_file());
        let parts = with_parts(&self.files, path).into_iter();
        Ok(Known::all(parts.filter(|part| part.path.is_some())))
    }
}

//! Files and folders of the user's own, as the command line names them.

use super::kind::{Breadth, Known, Listed, Source, Tools};
use crate::catalog::error::CatalogError;
use crate::catalog::local_file::name_of;
use crate::data::{FileKind, PartName, PassedOver};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use walkdir::{DirEntry, WalkDir};

/// Folders in folders that are looked into: as deep as programs that keep models lay them.
const MAX_DEPTH: usize = 4;
/// More files than anybody keeps models beside.
const MAX_FILES: usize = 10_000;

/// A file, or a folder with the folders in it.
#[derive(Debug)]
struct Own {
    path: PathBuf,
    is_folder: bool,
}

pub(in crate::catalog) fn own(path: PathBuf) -> Rc<dyn Source> {
    let is_folder = path.is_dir();
    Rc::new(Own { path, is_folder })
}

impl Source for Own {
    fn label(&self) -> String {
        self.path.display().to_string()
    }

    fn argument(&self, file: &str) -> String {
        file.to_owned()
    }

    fn shown(&self, file: &str) -> String {
        match self.is_folder {
            true => shown_below(&self.path, Path::new(file)),
            false => name_of(Path::new(file)),
        }
    }

    fn breadth(&self) -> Breadth {
        Breadth::All
    }

    fn is_own(&self) -> bool {
        true
    }

    fn local(&self, _: Tools<'_>) -> Result<Known, CatalogError> {
        let files = match self.is_folder {
            true => walk(&self.path)?.into_iter().filter(|path| is_gguf(path)).collect(),
            false => PartName::files_of(&self.path),
        };
        let here = files
            .iter()
            .filter(|path| self.is_folder || **path == self.path || path.is_file());
        Ok(Known::all(here.map(|path| listed(path))))
    }

    fn beside(&self) -> Result<Vec<PassedOver>, CatalogError> {
        if !self.is_folder {
            return Ok(Vec::new());
        }
        let others = walk(&self.path)?.into_iter().filter(|path| !is_gguf(path));
        let others = others.map(|path| {
            let file = shown_below(&self.path, &path);
            let kind = match file.to_ascii_lowercase().contains("imatrix") {
                true => FileKind::Imatrix,
                false => FileKind::Other,
            };
            let detail = None;
            PassedOver { file, kind, detail }
        });
        Ok(others.collect())
    }
}

fn shown_below(folder: &Path, file: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned()
}

fn listed(path: &Path) -> Listed {
    Listed {
        file: path.to_string_lossy().into_owned(),
        bytes: fs::metadata(path).ok().map(|meta| meta.len()),
        path: Some(path.to_owned()),
        ..Listed::default()
    }
}

fn is_gguf(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("gguf"))
}

/// All files of a folder and of folders in it, those that lie nearest first, by name. Links to folders are not followed: they may
/// lead in a circle.
fn walk(folder: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let failed = |why: String| {
        let folder = folder.display();
        CatalogError::Input(format!("{folder}: cannot be listed ({why}); check its permissions"))
    };
    let is_shown = |entry: &DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    let entries = WalkDir::new(folder).max_depth(MAX_DEPTH + 1).into_iter();
    let mut found = Vec::new();
    for entry in entries.filter_entry(is_shown) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => found.push((entry.depth(), entry.into_path())),
            Err(e) if e.depth() == 0 => {
                return Err(failed(e.io_error().map_or_else(|| e.to_string(), ToString::to_string)));
            }
            // Somebody else's folder in the user's.
            Err(_) => {}
        }
        if found.len() > MAX_FILES {
            return Err(failed(format!(
                "it holds more than {MAX_FILES} files; name a folder in it"
            )));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

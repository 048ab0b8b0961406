//! Files and folders of the user's own, as the command line names them.

use super::{Breadth, Known, Listed, Supply};
use crate::catalog::present::name_of;
use crate::catalog::CatalogError;
use crate::data::{FileKind, PartName, PassedOver};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders in folders that are looked into: as deep as programs that keep models lay them.
const MAX_DEPTH: usize = 4;
/// More files than anybody keeps models beside.
const MAX_FILES: usize = 10_000;

/// A file.
pub(in crate::catalog) struct OwnFile {
    pub path: PathBuf,
}

/// A folder, with the folders in it.
pub(in crate::catalog) struct OwnFolder {
    pub path: PathBuf,
}

impl Supply for OwnFile {
    fn label(&self) -> String {
        self.path.display().to_string()
    }

    fn argument(&self, file: &str) -> String {
        file.to_owned()
    }

    fn shown(&self, file: &str) -> String {
        name_of(Path::new(file))
    }

    fn breadth(&self) -> Breadth {
        Breadth::All
    }

    fn is_own(&self) -> bool {
        true
    }

    fn known(&self) -> Result<Known, CatalogError> {
        let parts = PartName::files_of(&self.path);
        let here = parts.iter().filter(|part| **part == self.path || part.is_file());
        Ok(Known {
            files: here.map(|path| listed(path)).collect(),
            is_whole: true,
        })
    }
}

impl Supply for OwnFolder {
    fn label(&self) -> String {
        self.path.display().to_string()
    }

    fn argument(&self, file: &str) -> String {
        file.to_owned()
    }

    fn shown(&self, file: &str) -> String {
        shown_below(&self.path, Path::new(file))
    }

    fn breadth(&self) -> Breadth {
        Breadth::All
    }

    fn is_own(&self) -> bool {
        true
    }

    fn known(&self) -> Result<Known, CatalogError> {
        let files = walk(&self.path)?.into_iter().filter(|path| is_gguf(path));
        Ok(Known {
            files: files.map(|path| listed(&path)).collect(),
            is_whole: true,
        })
    }
}

/// What a folder holds besides GGUF files.
pub(in crate::catalog) fn others_beside(folder: &Path) -> Result<Vec<PassedOver>, CatalogError> {
    let others = walk(folder)?.into_iter().filter(|path| !is_gguf(path));
    let others = others.map(|path| {
        let file = shown_below(folder, &path);
        let kind = match file.to_ascii_lowercase().contains("imatrix") {
            true => FileKind::Imatrix,
            false => FileKind::Other,
        };
        let detail = None;
        PassedOver { file, kind, detail }
    });
    Ok(others.collect())
}

fn shown_below(folder: &Path, file: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned()
}

fn listed(path: &Path) -> Listed {
    Listed {
        file: path.to_string_lossy().into_owned(),
        ftype: None,
        bytes: fs::metadata(path).ok().map(|meta| meta.len()),
        sha256: None,
        path: Some(path.to_owned()),
    }
}

fn is_gguf(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("gguf"))
}

/// All files of a folder and of folders in it, those that lie nearest first, by name. Links to folders are not followed: they may
/// lead in a circle.
fn walk(folder: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let unlisted = |e: std::io::Error| CatalogError::Folder(folder.display().to_string(), e.to_string());
    let mut found = Vec::new();
    let mut level = vec![folder.to_owned()];
    for depth in 0..=MAX_DEPTH {
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for inside in &level {
            let entries = match fs::read_dir(inside) {
                Ok(entries) => entries,
                Err(e) if depth == 0 => return Err(unlisted(e)),
                // Somebody else's folder in the user's.
                Err(_) => continue,
            };
            for entry in entries {
                let entry = entry.map_err(unlisted)?;
                let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
                match entry.file_type().map_err(unlisted)?.is_dir() {
                    _ if is_hidden => {}
                    true => folders.push(entry.path()),
                    false => files.push(entry.path()),
                }
            }
        }
        if found.len() + files.len() > MAX_FILES {
            let why = format!("it holds more than {MAX_FILES} files; name a folder in it");
            return Err(CatalogError::Folder(folder.display().to_string(), why));
        }
        files.sort();
        found.append(&mut files);
        level = folders;
    }
    Ok(found)
}

//! A variant that a source offers, and a file that it has besides.

use super::error::CatalogError;
use super::ids::Nameless;
use super::label::{without_ending, FileName, Label};
use super::local_file::{is_quantized, rank_of, LocalFile};
use super::names;
use super::only::Only;
use super::source::{Listed, Source};
use crate::data::{FileKind, PartName, PassedOver};
use std::collections::BTreeMap;

/// A variant that a source offers: a file, or the parts of one.
pub(super) struct Offer {
    /// Its files, in order.
    pub parts: Vec<Listed>,
    pub name: FileName,
    /// Its header, once it was read.
    pub local: Option<LocalFile>,
    pub owner: Option<String>,
    /// How to name it on the command line.
    pub argument: String,
    /// What it is called in lists.
    pub shown: String,
    pub id: String,
}

/// A file that was passed over, and the error that naming it gives.
pub(super) struct Beside {
    pub passed: PassedOver,
    pub file: FileName,
    pub error: Option<CatalogError>,
}

impl Offer {
    pub(super) fn new(source: &dyn Source, parts: Vec<Listed>) -> Offer {
        let file = parts.first().map_or("", |part| &part.file);
        Offer {
            argument: source.argument(file),
            shown: source.shown(file),
            owner: source.owner().map(str::to_owned),
            id: String::new(),
            local: None,
            name: FileName::parse(file),
            parts,
        }
    }

    pub(super) fn file(&self) -> &str {
        self.parts.first().map_or("", |part| &part.file)
    }

    pub(super) fn is_here(&self) -> bool {
        self.parts.iter().all(|part| part.path.is_some())
    }

    /// Bytes of all parts, where they are known.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// Its file type: declared, by its header, or by its name.
    pub(super) fn ftype(&self) -> Option<&'static str> {
        let declared = self.parts.first().and_then(|part| part.ftype);
        let found = self.local.as_ref().map(|local| local.ftype);
        declared.or(found).or(self.name.ftype())
    }

    pub(super) fn is_exact(&self) -> bool {
        self.ftype().is_some_and(|ftype| !is_quantized(ftype))
    }

    /// The label of its name with the recipe before it, unless its header belies it.
    pub(super) fn full_label(&self) -> Option<String> {
        self.name.full_label().filter(|_| !self.is_belied())
    }

    fn is_belied(&self) -> bool {
        let found = self.local.as_ref().zip(self.name.label.as_ref());
        found.is_some_and(|(local, label)| !label.fits(local.ftype))
    }

    pub(super) fn own_label(&self) -> Option<&str> {
        match &self.name.label {
            Some(Label::Own(own)) if !self.is_belied() => Some(own),
            _ => None,
        }
    }

    /// How good a source it is.
    pub(super) fn rank(&self) -> (u8, u64) {
        match (&self.local, self.ftype()) {
            (Some(local), _) => local.rank(),
            (None, Some(ftype)) => rank_of(ftype),
            // Another recipe of a type: as exact as its name says.
            (None, None) => (0, 0),
        }
    }

    pub(super) fn nameless(&self) -> Nameless<'_> {
        let declared = self.parts.first().and_then(|part| part.ftype);
        Nameless {
            file: self.file(),
            // A mix is called by its own label.
            ftype: declared.or(self.local.as_ref().map(|p| p.gguf.mix_label().unwrap_or(p.ftype))),
            is_declared: declared.is_some(),
            owner: self.owner.as_deref(),
        }
    }

    /// Reads the headers of the files that are here.
    pub(super) fn open(&mut self) -> Result<(), CatalogError> {
        let path = self.parts.first().and_then(|part| part.path.clone());
        let Some(path) = path else { return Ok(()) };
        self.local = Some(self.checked(LocalFile::open(&path)?)?);
        Ok(())
    }

    /// A header must be what models.toml says.
    pub(super) fn checked(&self, mut local: LocalFile) -> Result<LocalFile, CatalogError> {
        let declared = self.parts.first().and_then(|part| part.ftype);
        if let Some(said) = declared {
            if local.ftype != said && local.gguf.ftype() != Some(said) {
                return Err(CatalogError::Mislabelled {
                    path: local.path().to_owned(),
                    variant: said.to_owned(),
                    found: local.ftype.to_owned(),
                });
            }
            local.ftype = said;
        }
        Ok(local)
    }

    /// What it is found by besides its id: its label with the recipe, its label, its file type, the name of a file.
    pub(super) fn is_called(&self, text: &str) -> bool {
        let is_same = |own: &str| own.eq_ignore_ascii_case(text);
        // A recipe of its own is not what its type says.
        let is_typed = self.own_label().or(self.ftype()).is_some_and(is_same);
        let mut files = self.parts.iter().map(|part| names::base_name(&part.file));
        is_typed
            || self.full_label().as_deref().is_some_and(is_same)
            || files.any(|file| is_same(file) || is_same(without_ending(file)))
    }

    /// Only its header can tell what type it is.
    pub(super) fn is_untyped(&self) -> bool {
        self.ftype().or(self.own_label()).is_none()
    }

    pub(super) fn may_be(&self, only: &Only) -> bool {
        let is_at = |part: &Listed, name: &str| part.file == *name || part.file.ends_with(&format!("/{name}"));
        match only {
            Only::File(name) => self.parts.iter().any(|part| is_at(part, name)),
            Only::Variant(text) => self.is_called(text) || self.is_untyped(),
        }
    }
}

impl Beside {
    pub(super) fn unread(offer: Offer, kind: FileKind, detail: Option<String>) -> Beside {
        Beside {
            passed: PassedOver {
                file: offer.shown,
                kind,
                detail,
            },
            file: offer.name,
            error: None,
        }
    }

    /// A file that was opened and is no model.
    pub(super) fn of(offer: Offer, error: CatalogError) -> Beside {
        let (kind, detail) = match &error {
            CatalogError::Gguf(e) => match e.problem.kind() {
                kind @ (FileKind::Unusable | FileKind::PartsMissing) => (kind, Some(e.problem.to_string())),
                kind => (kind, None),
            },
            _ => (FileKind::Unusable, None),
        };
        Beside {
            error: Some(error),
            ..Beside::unread(offer, kind, detail)
        }
    }

    /// What naming the file gives.
    pub(super) fn error(&self) -> CatalogError {
        let unread = || {
            let PassedOver { file, kind, detail } = &self.passed;
            let detail = detail.as_ref().map_or(String::new(), |detail| format!(": {detail}"));
            CatalogError::Input(format!("{file}: is {}{detail}; name another file", kind.words()))
        };
        self.error.clone().unwrap_or_else(unread)
    }
}

/// Files, and parts of files, that belong together, in the order of their first names.
pub(super) fn sets(files: Vec<Listed>) -> Vec<Vec<Listed>> {
    let mut indices: BTreeMap<(String, u32), usize> = BTreeMap::new();
    let mut sets: Vec<Vec<Listed>> = Vec::new();
    for file in files {
        let index = PartName::parse(&file.file).map(|part| {
            let next = sets.len();
            *indices.entry((part.stem, part.count)).or_insert(next)
        });
        match index.and_then(|index| sets.get_mut(index)) {
            Some(set) => set.push(file),
            None => sets.push(vec![file]),
        }
    }
    for set in &mut sets {
        set.sort_by(|a, b| a.file.cmp(&b.file));
    }
    sets
}

//! From the files of a source to the variants it offers, and what lies beside them.

use super::arg::Only;
use super::ids::Nameless;
use super::label::FileName;
use super::present::{difference, name_of, rank_of, ModelKey, Present};
use super::supply::{Listed, Supply};
use super::CatalogError;
use crate::data::{FileKind, PartName, PassedOver};
use std::collections::BTreeMap;
use std::path::Path;

/// A variant that a source offers: a file, or the parts of one.
pub(super) struct Offer {
    /// Its files, in order.
    pub parts: Vec<Listed>,
    /// What its name says.
    pub name: FileName,
    /// Its header, once it was read.
    pub present: Option<Present>,
    /// Owner of the repository.
    pub owner: Option<String>,
    /// How to name it on the command line.
    pub argument: String,
    /// What it is called in lists.
    pub shown: String,
    /// What it is called among the others.
    pub id: String,
}

/// What a source offers, and what else lies there.
#[derive(Default)]
pub(super) struct Shelf {
    /// Variants, by name.
    pub offers: Vec<Offer>,
    /// What was passed over.
    pub beside: Vec<Beside>,
}

/// A file that was passed over, and the error that naming it gives.
pub(super) struct Beside {
    pub passed: PassedOver,
    pub file: FileName,
    pub error: Option<CatalogError>,
}

impl Offer {
    /// Path of its first file in the source.
    pub(super) fn file(&self) -> &str {
        self.parts.first().map_or("", |part| &part.file)
    }

    /// Whether all of it lies on this machine.
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
        let found = self.present.as_ref().map(|present| present.ftype);
        declared.or(found).or(self.name.ftype())
    }

    /// The label of its name with the recipe before it, unless its header belies it.
    pub(super) fn full_label(&self) -> Option<String> {
        self.name.full_label().filter(|_| !self.is_belied())
    }

    fn is_belied(&self) -> bool {
        let found = self.present.as_ref().zip(self.name.label.as_ref());
        found.is_some_and(|(present, label)| !label.fits(present.ftype))
    }

    /// The publisher's own label.
    pub(super) fn own_label(&self) -> Option<&str> {
        match &self.name.label {
            Some(super::label::Label::Own(own)) if !self.is_belied() => Some(own),
            _ => None,
        }
    }

    /// How good a source it is.
    pub(super) fn rank(&self) -> (u8, u64) {
        match (&self.present, self.ftype()) {
            (Some(present), _) => present.rank(),
            (None, Some(ftype)) => rank_of(ftype),
            // Another recipe of a type: as exact as its name says.
            (None, None) => (0, 0),
        }
    }

    /// For its id.
    pub(super) fn nameless(&self) -> Nameless<'_> {
        let declared = self.parts.first().and_then(|part| part.ftype);
        Nameless {
            file: self.file(),
            // A mix is called by its own label.
            ftype: declared.or(self.present.as_ref().map(|p| p.gguf.mix_label().unwrap_or(p.ftype))),
            is_declared: declared.is_some(),
            owner: self.owner.as_deref(),
        }
    }

    /// Reads the headers of the files that are here.
    pub(super) fn open(&mut self) -> Result<(), CatalogError> {
        let path = self.parts.first().and_then(|part| part.path.clone());
        let Some(path) = path else { return Ok(()) };
        self.present = Some(self.checked(Present::open(&path)?)?);
        Ok(())
    }

    /// A header must be what models.toml says.
    pub(super) fn checked(&self, mut present: Present) -> Result<Present, CatalogError> {
        let declared = self.parts.first().and_then(|part| part.ftype);
        if let Some(said) = declared {
            if present.ftype != said && present.gguf.ftype() != Some(said) {
                return Err(CatalogError::Mislabelled {
                    path: present.path().to_owned(),
                    variant: said.to_owned(),
                    found: present.ftype.to_owned(),
                });
            }
            present.ftype = said;
        }
        Ok(present)
    }

    /// What it is found by besides its id: its label with the recipe, its label, its file type, the name of its file.
    pub(super) fn is_called(&self, text: &str) -> bool {
        let is_same = |own: &str| own.eq_ignore_ascii_case(text);
        // A recipe of its own is not what its type says.
        let is_typed = self.own_label().or(self.ftype()).is_some_and(is_same);
        let file = name_of(Path::new(self.file()));
        let stem = super::label::without_ending(&file);
        is_typed || self.full_label().as_deref().is_some_and(is_same) || is_same(&file) || is_same(stem)
    }
}

impl Shelf {
    /// Sorts files into variants and what lies beside them. Headers are read where files are here; elsewhere names are
    /// believed until then. `only`: what the command line names of the source.
    pub(super) fn of(supply: &dyn Supply, files: Vec<Listed>, only: Option<&Only>) -> Result<Shelf, CatalogError> {
        let mut shelf = Shelf::default();
        let mut suspects = Vec::new();
        for parts in sets(files) {
            // Which variant is meant by a name is seen when all have theirs.
            if matches!(only, Some(only @ Only::File(_)) if !only.is_among(&parts)) {
                continue;
            }
            let name = FileName::parse(&parts[0].file);
            let kind = name.suspected();
            if let Some(missing) = missing_part(&parts) {
                let passed = PassedOver {
                    file: supply.shown(&parts[0].file),
                    kind: FileKind::PartsMissing,
                    detail: Some(format!("{missing} is missing")),
                };
                let opened = parts[0].path.as_ref().map(|path| Present::open(path));
                // A whole model may be called like a part.
                if !matches!(opened, Some(Ok(_))) {
                    shelf.beside.push(Beside {
                        passed,
                        file: name,
                        error: opened.and_then(Result::err),
                    });
                    continue;
                }
            }
            let mut offer = Offer {
                argument: supply.argument(&parts[0].file),
                shown: supply.shown(&parts[0].file),
                owner: supply.owner().map(str::to_owned),
                id: String::new(),
                present: None,
                parts,
                name,
            };
            if offer.is_here() {
                match offer.open() {
                    Ok(()) => shelf.offers.push(offer),
                    Err(error @ CatalogError::Mislabelled { .. }) => return Err(error),
                    // Whether it is what was fetched is seen when it is used.
                    Err(CatalogError::Gguf(e)) if !supply.is_own() && e.problem.kind() == FileKind::Unusable => {
                        shelf.offers.push(offer);
                    }
                    Err(error) => shelf.beside.push(Beside::of(&offer, error)),
                }
            } else if kind == FileKind::Model || matches!(only, Some(Only::File(_))) {
                shelf.offers.push(offer);
            } else {
                suspects.push((kind, offer));
            }
        }
        if shelf.offers.is_empty() {
            // Nothing else is there: their headers tell.
            shelf.offers = suspects.into_iter().map(|(_, offer)| offer).collect();
        } else {
            shelf.beside.extend(suspects.into_iter().map(|(kind, offer)| Beside {
                passed: PassedOver {
                    file: offer.shown.clone(),
                    kind,
                    detail: None,
                },
                file: offer.name,
                error: None,
            }));
        }
        shelf.pass_over_drafts();
        let ids = super::ids::ids(&shelf.offers.iter().map(Offer::nameless).collect::<Vec<_>>());
        for (offer, id) in shelf.offers.iter_mut().zip(ids) {
            offer.id = id;
        }
        Ok(shelf)
    }

    /// Drafts are whole models; their names tell them from what they draft for.
    fn pass_over_drafts(&mut self) {
        let is_draft = |offer: &Offer| offer.name.suspected() == FileKind::Draft;
        if self.offers.iter().all(is_draft) {
            return;
        }
        for offer in self.offers.extract_if(.., |offer| is_draft(offer)) {
            self.beside.push(Beside {
                passed: PassedOver {
                    file: offer.shown.clone(),
                    kind: FileKind::Draft,
                    detail: None,
                },
                file: offer.name,
                error: None,
            });
        }
    }

    /// Leaves one model: the one that lies nearest; of several the one with more files than all others together. Out: for each model what to name, when it cannot be
    /// told which is meant.
    pub(super) fn settle(&mut self) -> Result<(), Vec<Vec<String>>> {
        let mut models: Vec<(ModelKey, Vec<usize>)> = Vec::new();
        for (i, offer) in self.offers.iter().enumerate() {
            let Some(key) = offer.present.as_ref().map(Present::key) else {
                continue;
            };
            match models.iter_mut().find(|(known, _)| *known == key) {
                Some((_, members)) => members.push(i),
                None => models.push((key, vec![i])),
            }
        }
        if models.len() < 2 {
            return Ok(());
        }
        let depth = |(_, members): &(ModelKey, Vec<usize>)| {
            let depths = members.iter().map(|&i| self.offers[i].file().matches('/').count());
            depths.min().unwrap_or(0)
        };
        let nearest = models.iter().map(depth).min();
        let near: Vec<_> = models.iter().filter(|model| Some(depth(model)) == nearest).collect();
        let n_files: usize = models.iter().map(|(_, members)| members.len()).sum();
        let is_most = |model: &&&(ModelKey, Vec<usize>)| near.len() == 1 || 2 * model.1.len() > n_files;
        let Some((key, meant)) = near.iter().find(is_most).map(|model| (*model).clone()) else {
            let arguments = |members: &[usize]| members.iter().map(|&i| self.offers[i].argument.clone()).collect();
            return Err(models.iter().map(|(_, members)| arguments(members)).collect());
        };
        for (place, offer) in std::mem::take(&mut self.offers).into_iter().enumerate() {
            let other = offer.present.as_ref().map(Present::key);
            let other = other.filter(|_| !meant.contains(&place));
            match other {
                None => self.offers.push(offer),
                Some(other) => self.beside.push(Beside {
                    passed: PassedOver {
                        file: offer.shown.clone(),
                        kind: FileKind::OtherModel,
                        detail: Some(difference(&other, &key)),
                    },
                    file: offer.name,
                    error: None,
                }),
            }
        }
        Ok(())
    }
}

impl Beside {
    /// A file that was opened and is no model.
    pub(super) fn of(offer: &Offer, error: CatalogError) -> Beside {
        let kind = match &error {
            CatalogError::Gguf(e) => e.problem.kind(),
            _ => FileKind::Unusable,
        };
        let detail = match &error {
            CatalogError::Gguf(e) if matches!(kind, FileKind::Unusable | FileKind::PartsMissing) => {
                Some(e.problem.to_string())
            }
            _ => None,
        };
        Beside {
            passed: PassedOver {
                file: offer.shown.clone(),
                kind,
                detail,
            },
            file: offer.name.clone(),
            error: Some(error),
        }
    }
}

/// Files, and parts of files, that belong together, in the order of their first names.
pub(super) fn sets(files: Vec<Listed>) -> Vec<Vec<Listed>> {
    let mut places: BTreeMap<(String, u32), usize> = BTreeMap::new();
    let mut sets: Vec<Vec<Listed>> = Vec::new();
    for file in files {
        let place = PartName::parse(&file.file).map(|part| {
            let next = sets.len();
            *places.entry((part.stem, part.count)).or_insert(next)
        });
        match place.and_then(|place| sets.get_mut(place)) {
            Some(set) => set.push(file),
            None => sets.push(vec![file]),
        }
    }
    for set in &mut sets {
        set.sort_by(|a, b| a.file.cmp(&b.file));
    }
    sets
}

/// The first part of a split model that its source does not have.
fn missing_part(parts: &[Listed]) -> Option<String> {
    let part = PartName::parse(&parts.first()?.file)?;
    let missing = part.all().find(|name| !parts.iter().any(|own| own.file == *name))?;
    Some(name_of(Path::new(&missing)))
}

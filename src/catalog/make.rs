//! Makes the variants that are missing.
//!
//! From a quantized source everything is made through an F16 of it, so that a variant is the same whichever others
//! are wanted beside it, and so that the F16 arm is exactly what the others were rounded from: the comparison then
//! shows what each variant loses against that F16, and the report says what the F16 itself came from.

use super::error::CatalogError;
use super::event::{Event, Progress};
use super::local_file::LocalFile;
use super::quantize::{Quantize, QUANTIZER_TAG};
use super::space;
use super::store::Store;
use crate::data::VariantInfo;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) struct Maker<'a> {
    pub store: &'a Store,
    pub quantizer: &'a dyn Quantize,
    pub source: &'a LocalFile,
    pub source_sha256: String,
    pub dir: PathBuf,
}

impl<'a> Maker<'a> {
    /// Where a variant lies, made or not.
    fn path(&self, variant: &str) -> PathBuf {
        self.dir.join(format!("{variant}-{QUANTIZER_TAG}.gguf"))
    }

    /// What has to be made for `missing`: an F16 on the way included.
    fn needed<'v>(&self, missing: &[&'v str]) -> Vec<&'v str> {
        let mut needed = missing.to_vec();
        if self.source.is_quantized() && !needed.is_empty() && !needed.contains(&"F16") {
            needed.insert(0, "F16");
        }
        needed
    }

    /// Makes or finds all of `missing`; room on disk is checked for all of them before the first is written.
    pub(super) fn make_all(
        &self,
        missing: &[&str],
        progress: &mut Progress<'_>,
    ) -> Result<Vec<(VariantInfo, PathBuf)>, CatalogError> {
        let needed: Vec<_> = self.needed(missing);
        let absent: Vec<_> = needed
            .iter()
            .copied()
            .filter(|variant| !self.path(variant).exists())
            .collect();
        let bytes = absent
            .iter()
            .map(|variant| space::predicted_bytes(&self.source.gguf, variant))
            .sum();
        if !absent.is_empty() {
            space::check(&absent.join(", "), self.store.root(), bytes)?;
        }
        let base = match self.source.is_quantized() && !needed.is_empty() {
            true => self.make("F16", self.source.path(), progress)?.1,
            false => self.source.path().to_owned(),
        };
        missing
            .iter()
            .map(|variant| self.make(variant, &base, progress))
            .collect()
    }

    /// One variant, from the store if it is there, unchanged and whole.
    fn make(
        &self,
        variant: &str,
        base: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<(VariantInfo, PathBuf), CatalogError> {
        let path = self.path(variant);
        let base = if variant == "F16" { self.source.path() } else { base };
        let mut hashing = |done| progress(&Event::Hashing { file: &path, done });
        if let Some(record) = self.store.made(&path, &mut hashing) {
            if let Ok(made) = self.check(variant, &path) {
                return Ok((self.describe(variant, &made, record.sha256), path));
            }
            let _ = fs::remove_file(&path);
        }
        let from = self.source.file();
        let total = space::predicted_bytes(&self.source.gguf, variant);
        let mut making = |done: u64| {
            let done = done.min(total);
            progress(&Event::Making {
                variant,
                from: &from,
                done,
                total,
            });
        };
        making(0);
        let temp = self.store.temporary(&self.dir)?;
        if let Err(why) = self.quantizer.quantize(base, &temp, variant, &mut making) {
            return Err(self.failure(variant, why));
        }
        self.check(variant, &temp).map_err(|why| self.failure(variant, why))?;
        let from = self.source.derived(&self.source_sha256);
        let (path, sha256) = self.store.publish(&temp, |_| path.clone(), variant, &from, progress)?;
        let made = self.check(variant, &path).map_err(|why| self.failure(variant, why))?;
        Ok((self.describe(variant, &made, sha256), path))
    }

    /// Reads a made file back: it must be whole, hold the same model, and be what was asked for.
    fn check(&self, variant: &str, path: &Path) -> Result<LocalFile, String> {
        let made = LocalFile::open(path).map_err(|e| e.to_string())?;
        if made.gguf.ftype() != Some(variant) {
            return Err(format!(
                "the quantizer wrote a file of type {}",
                made.gguf.ftype().unwrap_or("unknown")
            ));
        }
        if made.gguf.n_params() != self.source.gguf.n_params() {
            return Err(format!(
                "the quantizer wrote {} parameters instead of {}",
                made.gguf.n_params(),
                self.source.gguf.n_params()
            ));
        }
        Ok(made)
    }

    /// Asked for by this name, so that is its name in the run; the histogram tells what it holds.
    fn describe(&self, variant: &str, made: &LocalFile, sha256: String) -> VariantInfo {
        made.variant(variant, &[sha256], Some(self.source.derived(&self.source_sha256)))
    }

    /// A disk that filled up meanwhile explains any failure of the quantizer.
    fn failure(&self, variant: &str, why: String) -> CatalogError {
        if self.quantizer.is_stopped() {
            return CatalogError::Interrupted(variant.to_owned());
        }
        let needed = space::predicted_bytes(&self.source.gguf, variant);
        match space::free(&self.dir) {
            // Measured while the unfinished file is still there.
            Some(free) if free < 1 << 20 => space::no_room(variant, &self.dir, needed, free),
            _ if is_for_want_of_memory(&why) => CatalogError::NoMemory {
                variant: variant.to_owned(),
                why,
            },
            _ => CatalogError::NotMade {
                variant: variant.to_owned(),
                from: self.source.file(),
                why,
            },
        }
    }
}

/// Whether the quantizer's last words are those of our allocator, of C++, or of a thread that could not be started.
fn is_for_want_of_memory(why: &str) -> bool {
    let words = [
        "out of memory",
        "bad_alloc",
        "Cannot allocate memory",
        "Resource temporarily unavailable",
        "terminate called without an active exception",
    ];
    words.iter().any(|word| why.contains(word))
}

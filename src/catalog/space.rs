//! Is there room for a file before it is written?

use super::error::CatalogError;
use crate::gguf::{ftype_bpw, Gguf};
use std::path::Path;

/// Bytes a file of type `ftype` made from `source` takes, rounded up: at least Q8_0's size for matrices that fall
/// back and for the embeddings, f32 for vectors, 2 % and 1 MiB on top.
pub(super) fn predicted_bytes(source: &Gguf, ftype: &str) -> u64 {
    let bpw = ftype_bpw(ftype).unwrap_or(32.0);
    let bits: f64 = source
        .tensors
        .iter()
        .map(|t| {
            let falls_back = t.dims[0] % 256 != 0 && bpw < 8.5;
            let is_embedding = matches!(t.name.as_str(), "token_embd.weight" | "output.weight");
            let bpw = match t.n_dims_used() {
                0 | 1 => 32.0,
                _ if falls_back || is_embedding => bpw.max(8.5),
                _ => bpw,
            };
            bpw * t.n_elements as f64
        })
        .sum();
    (bits / 8.0 * 1.02) as u64 + source.data_offset + (1 << 20)
}

/// Bytes this user may still write at `dir`; `None` where the system does not tell.
pub(super) fn free(dir: &Path) -> Option<u64> {
    let stat = nix::sys::statvfs::statvfs(dir).ok()?;
    // Casts, as the types differ between systems.
    let (blocks, size) = (stat.blocks_available() as u64, stat.fragment_size() as u64);
    blocks.checked_mul(size)
}

/// The same for a folder that may not exist yet: at its nearest ancestor that does.
pub fn free_at(dir: &Path) -> Option<u64> {
    let absolute = std::path::absolute(dir).ok()?;
    absolute.ancestors().find_map(free)
}

pub(super) fn full(e: &std::io::Error, what: &str, dir: &Path) -> Option<CatalogError> {
    (e.kind() == std::io::ErrorKind::StorageFull).then(|| no_room(what, dir, 1 << 20, free(dir).unwrap_or(0)))
}

pub(super) fn no_room(what: &str, dir: &Path, needed: u64, free: u64) -> CatalogError {
    CatalogError::NoRoom {
        what: what.to_owned(),
        dir: dir.to_owned(),
        needed,
        free,
    }
}

/// An error when `needed` bytes do not fit at `dir`.
pub(super) fn check(what: &str, dir: &Path, needed: u64) -> Result<(), CatalogError> {
    match free(dir) {
        Some(free) if free < needed => Err(no_room(what, dir, needed, free)),
        _ => Ok(()),
    }
}

//! The importance matrix of a mix: a file of the user's, or one that kvant gathers over the calibrating text and keeps in the store.

use super::super::args::MixArgs;
use super::super::desk::Desk;
use super::super::exit::{Failure, BAD_INPUT, UNEXPECTED};
use super::cached::stopped;
use super::calibration::{Calibration, N_CHUNKS_IMATRIX};
use crate::catalog::{Quantize, QUANTIZER_TAG};
use crate::corpus;
use crate::data::VariantInfo;
use crate::gguf::Imatrix;
use crate::report::MixMatrix;
use std::path::{Path, PathBuf};

/// Folder of matrices in the store.
const FOLDER: &str = "imatrix";

pub struct Weighing {
    pub path: PathBuf,
    pub matrix: Imatrix,
    pub sha256: String,
    pub what: MixMatrix,
}

pub fn of(
    args: &MixArgs,
    (reference, file): &(VariantInfo, PathBuf),
    calibration: &Calibration,
    n_threads: u32,
    desk: &Desk<'_>,
) -> Result<Option<Weighing>, Failure> {
    let (path, what) = match args.imatrix.as_str() {
        "off" => return Ok(None),
        "auto" => {
            let path = gathered((reference, file), calibration, n_threads, desk)?;
            let what = MixMatrix::Gathered {
                n_chunks: N_CHUNKS_IMATRIX,
                text: calibration.name.clone(),
            };
            (path, what)
        }
        given => (PathBuf::from(given), MixMatrix::File(given.to_owned())),
    };
    let unread = |e: &dyn std::fmt::Display| Failure::msg(BAD_INPUT, format!("--imatrix {}: {e}", path.display()));
    let matrix = Imatrix::open(&path).map_err(|e| unread(&e))?;
    let sha256 = desk
        .sources
        .store()
        .sha256(&path, &mut |_| {})
        .map_err(|e| unread(&e))?;
    Ok(Some(Weighing {
        path,
        matrix,
        sha256,
        what,
    }))
}

fn gathered(
    (reference, file): (&VariantInfo, &Path),
    calibration: &Calibration,
    n_threads: u32,
    desk: &Desk<'_>,
) -> Result<PathBuf, Failure> {
    let Desk { sources, live, .. } = desk;
    let text = calibration.for_imatrix();
    let words = [
        reference.sha256.as_str(),
        &corpus::sha256_hex(text),
        QUANTIZER_TAG,
        &N_CHUNKS_IMATRIX.to_string(),
    ];
    let name = &corpus::sha256_hex(&words.join("\n"))[..16];
    let dir = sources.store().root().join(FOLDER);
    let path = dir.join(format!("imatrix-{name}.gguf"));
    if path.is_file() {
        return Ok(path);
    }
    let unusable = |e: std::io::Error| {
        let why = format!(
            "{} cannot be used ({e}); free some space, or set KVANT_STORE",
            dir.display()
        );
        Failure::msg(UNEXPECTED, why)
    };
    std::fs::create_dir_all(&dir).map_err(unusable)?;
    let scratch = tempfile::Builder::new()
        .prefix(".tmp-")
        .tempdir_in(&dir)
        .map_err(unusable)?;
    let (text_file, made) = (scratch.path().join("text"), scratch.path().join("imatrix.gguf"));
    std::fs::write(&text_file, text).map_err(unusable)?;
    live.share("gathering an importance matrix", 0, 1);
    let quantizer = sources.quantizer();
    let gather = quantizer.gather(
        (file, &made),
        (&text_file, &calibration.name),
        (N_CHUNKS_IMATRIX, n_threads),
        &mut |_| {},
    );
    live.clear();
    gather.map_err(|why| match quantizer.is_stopped() {
        true => stopped(),
        false => Failure::msg(UNEXPECTED, format!("no importance matrix could be gathered: {why}")),
    })?;
    std::fs::rename(&made, &path).map_err(unusable)?;
    Ok(path)
}

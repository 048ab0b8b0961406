//! The mix as a file: by llama.cpp's quantizer, checked, labelled, in the store.

use super::super::desk::Desk;
use super::super::exit::{Failure, UNEXPECTED};
use super::forge::label_of;
use super::search::{Chosen, Search};
use super::setting::Setting;
use crate::catalog::{keep_mix, Mixed, QUANTIZER_TAG};
use crate::data::{DerivedFrom, VariantInfo};
use crate::gguf::{GgmlType, Gguf};
use crate::units;
use std::path::{Path, PathBuf};

/// What to call the mix: its size, and what its weights were weighed with.
pub fn label(search: &Search<'_>, chosen: &Chosen, is_weighed: bool) -> String {
    let bytes = chosen.recipe.bytes(&search.forge.matrices) + search.forge.other_bytes();
    let size = units::bytes(bytes).replace(' ', "");
    let weighed = if is_weighed { "-imatrix" } else { "" };
    format!("mix-{size}{weighed}")
}

/// The file, by llama.cpp's quantizer, checked and put into the store.
pub fn make(
    search: &Search<'_>,
    chosen: &Chosen,
    label: &str,
    setting: &Setting,
    desk: &Desk<'_>,
) -> Result<(VariantInfo, PathBuf), Failure> {
    let Setting { calibration, files, .. } = setting;
    let forge = &search.forge;
    let main = chosen.recipe.main_type(&forge.matrices).unwrap_or(GgmlType::Q8_0);
    let path = forge.path("mix.gguf");
    let total = chosen.recipe.bytes(&forge.matrices);
    let label_line = format!("making {label}");
    forge.quantize(&chosen.recipe, main, &path, &mut |done| {
        desk.live.share(&label_line, done.min(total), total)
    })?;
    check(&path, search, chosen)?;
    let from = made_from(&files.reference.0);
    let imatrix = forge.imatrix.as_ref();
    let notes = [
        ("calibration", format!("{} {}", calibration.name, calibration.sha256)),
        ("quantizer", format!("{QUANTIZER_TAG} {}", label_of(main))),
        (
            "imatrix",
            imatrix.map_or("none".to_owned(), |(path, _)| {
                path.file_name().unwrap_or_default().to_string_lossy().into_owned()
            }),
        ),
    ];
    let mixed = Mixed {
        file: &path,
        label,
        recipe: &chosen.recipe.text(&forge.matrices),
        notes: &notes,
        from: &from,
    };
    Ok(keep_mix(&mixed, desk.sources.store(), &mut |event| {
        desk.live.file(event)
    })?)
}

/// What is recorded of a file that was made of the reference: what that was made from, where kvant made it.
pub fn made_from(reference: &VariantInfo) -> DerivedFrom {
    reference.derived_from.clone().unwrap_or(DerivedFrom {
        file: reference.file.clone(),
        sha256: reference.sha256.clone(),
        ftype: reference.ftype.clone().unwrap_or_else(|| reference.id.clone()),
        is_requantized: false,
    })
}

/// The quantizer must have done what it was asked.
fn check(path: &Path, search: &Search<'_>, chosen: &Chosen) -> Result<(), Failure> {
    let made = Gguf::open(path).map_err(|e| Failure::new(UNEXPECTED, e))?;
    let reference = Gguf::open(&search.forge.reference).map_err(|e| Failure::new(UNEXPECTED, e))?;
    for tensor in &reference.tensors {
        let asked = chosen.recipe.0.get(&tensor.name).copied().unwrap_or(tensor.ggml_type);
        let found = made.tensors.iter().find(|t| t.name == tensor.name).map(|t| t.ggml_type);
        if found != Some(asked) {
            let found = found.map_or("nothing", GgmlType::name);
            let text = format!(
                "llama.cpp's quantizer made {} {found} instead of {}; please report this",
                tensor.name,
                asked.name()
            );
            return Err(Failure::msg(UNEXPECTED, text));
        }
    }
    Ok(())
}

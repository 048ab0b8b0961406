//! Making a variant from another one with llama.cpp's own quantizer.
//!
//! In: a GGUF file and a file type. Out: the new file, complete or not there at all (it is written under a temporary
//! name). llama.cpp may abort on a broken source, so callers run this in a child process.

use super::api::EngineError;
use super::weights::Shaping;
use std::path::Path;

/// File types kvant can make, with llama.cpp's `LLAMA_FTYPE_*` numbers. Types that need an importance matrix are absent.
pub(crate) const FTYPES: &[(&str, u32)] = &[
    ("F32", 0),
    ("F16", 1),
    ("BF16", 32),
    ("Q8_0", 7),
    ("Q6_K", 18),
    ("Q5_K_M", 17),
    ("Q5_K_S", 16),
    ("Q5_1", 9),
    ("Q5_0", 8),
    ("Q4_K_M", 15),
    ("Q4_K_S", 14),
    ("Q4_1", 3),
    ("Q4_0", 2),
    ("IQ4_NL", 25),
    ("IQ4_XS", 30),
    ("Q3_K_L", 13),
    ("Q3_K_M", 12),
    ("Q3_K_S", 11),
    ("Q2_K", 10),
];

/// llama.cpp's number of a file type, by name in any case.
pub(crate) fn ftype_id(name: &str) -> Option<u32> {
    FTYPES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|&(_, id)| id)
}

/// Writes `src` as `ftype` to `dst`, also from an already quantized source; `n_threads` 0 means all cores.
///
/// Errors name the file and carry llama.cpp's last error lines; `dst` is untouched then.
pub(crate) fn quantize(
    src: &Path,
    dst: &Path,
    ftype: &str,
    shaping: &Shaping,
    n_threads: u32,
) -> Result<(), EngineError> {
    let Some(id) = ftype_id(ftype) else {
        let known: Vec<&str> = FTYPES.iter().map(|&(name, _)| name).collect();
        return Err(EngineError::Refused(format!(
            "unknown file type '{ftype}': use one of {}",
            known.join(", ")
        )));
    };
    make(src, dst, id, shaping, n_threads)
}

#[cfg(feature = "llama")]
use super::llama::quantize as make;

#[cfg(not(feature = "llama"))]
fn make(src: &Path, _dst: &Path, _ftype: u32, _: &Shaping, _n_threads: u32) -> Result<(), EngineError> {
    Err(EngineError::Refused(format!(
        "this build has no llama.cpp, so it cannot make a variant of {}: build with the feature 'llama'",
        src.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_unknown_ones_are_refused() {
        assert_eq!(ftype_id("q4_k_m"), Some(15));
        let error = quantize(Path::new("a"), Path::new("b"), "Q9", &Shaping::default(), 1).expect_err("no such type");
        assert!(error.to_string().contains("unknown file type 'Q9'"));
    }
}

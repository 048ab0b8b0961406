//! The hidden `quantize`: llama.cpp's quantizer in a process of its own, because it may abort on a broken source; and the hidden
//! `imatrix`, which gathers an importance matrix, likewise.

use super::args::{ImatrixArgs, QuantizeArgs};
use super::exit::{Failure, BAD_INPUT, OK, UNEXPECTED};
use crate::engine::{gather, quantize, Shaping, N_CTX_IMATRIX};
use crate::gguf::{ftype_id, known_ftypes, write_imatrix, GgmlType, Imatrix};
use std::path::Path;

/// Makes the file; the caller reads stderr for the cause of a failure.
pub fn run(args: &QuantizeArgs) -> Result<u8, Failure> {
    crate::worker::die_with_parent().map_err(|e| Failure::new(UNEXPECTED, e))?;
    let ftype = ftype_id(&args.ftype).ok_or_else(|| {
        let known: Vec<&str> = known_ftypes().collect();
        let why = format!("unknown file type '{}': use one of {}", args.ftype, known.join(", "));
        Failure::msg(BAD_INPUT, why)
    })?;
    let shaping = Shaping {
        types: args.tensor_type_file.as_deref().map_or(Ok(Vec::new()), types)?,
        imatrix: match &args.imatrix {
            Some(path) => Imatrix::open(path).map_err(|e| Failure::new(BAD_INPUT, e))?.entries,
            None => Default::default(),
        },
    };
    quantize(&args.src, &args.dst, ftype, &shaping).map_err(|e| Failure::new(UNEXPECTED, e))?;
    Ok(OK)
}

/// Reads what llama-quantize reads as --tensor-type-file: PATTERN=TYPE, between blanks.
fn types(path: &Path) -> Result<Vec<(String, u32)>, Failure> {
    let wrong = |why: String| Failure::msg(BAD_INPUT, format!("--tensor-type-file {}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
    let of = |line: &str| {
        let (pattern, name) = line.split_once('=')?;
        let known = GgmlType::ALL.iter().find(|ty| ty.name().eq_ignore_ascii_case(name))?;
        Some((pattern.to_owned(), known.id()))
    };
    text.split_whitespace()
        .map(|line| of(line).ok_or_else(|| wrong(format!("'{line}' is not PATTERN=TYPE"))))
        .collect()
}

/// Gathers an importance matrix; the caller reads stderr for the cause of a failure.
pub fn imatrix(args: &ImatrixArgs) -> Result<u8, Failure> {
    crate::worker::die_with_parent().map_err(|e| Failure::new(UNEXPECTED, e))?;
    let failed = |e: &dyn std::fmt::Display| Failure::msg(UNEXPECTED, e.to_string());
    let text = std::fs::read_to_string(&args.text).map_err(|e| failed(&e))?;
    let (sums, n_chunks) = gather(&args.src, &text, args.chunks, args.threads).map_err(|e| failed(&e))?;
    write_imatrix(&args.dst, &sums, &args.dataset, (n_chunks, N_CTX_IMATRIX)).map_err(|e| failed(&e))?;
    Ok(OK)
}

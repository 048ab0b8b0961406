//! The hidden `quantize`: llama.cpp's quantizer in a process of its own, because it may abort on a broken source.

use super::args::QuantizeArgs;
use super::exit::{Failure, OK, UNEXPECTED};
use crate::engine::quantize::quantize;

/// Makes the file; the caller reads stderr for the cause of a failure.
pub fn run(args: &QuantizeArgs) -> Result<u8, Failure> {
    crate::worker::die_with_parent().map_err(|e| Failure::new(UNEXPECTED, e))?;
    quantize(&args.src, &args.dst, &args.ftype, 0).map_err(|e| Failure::new(UNEXPECTED, e))?;
    Ok(OK)
}

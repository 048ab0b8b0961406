//! What rounding costs: textbook schemes, and the error of rounded numbers against a reference.
//!
//! In: slices of f32. Out: slices of f32 and sums of squares. Pure maths: no I/O, no FFI.

mod error;
#[cfg(test)]
mod tests;
mod textbook;

pub(crate) use error::ErrorSum;
pub(crate) use textbook::{Granularity, Range, Scheme};

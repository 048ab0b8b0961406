//! What ggml's block formats hold: bytes to numbers, textbook rounding to compare them with, and the error of either
//! against a reference.
//!
//! In: slices of bytes and of f32. Out: slices of f32 and sums of squares. Pure maths: no I/O, no FFI, no panic on any
//! bytes. Formulas follow `dequantize_row_*` of ggml's ggml-quants.c (ggml 0.26); tests compare them with gguf-py's.

mod blocks;
mod error;
mod k_blocks;
#[cfg(test)]
mod tests;
mod textbook;

pub use blocks::{decode_row, is_decodable};
pub use error::ErrorSum;
pub use textbook::{Granularity, Range, Scheme};

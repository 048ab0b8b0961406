//! Rows of any decodable type to f32; the formats with blocks of 32.

use super::k_blocks;
use crate::gguf::GgmlType;

/// The values of the 4-bit codes of IQ4_NL and IQ4_XS.
pub(super) const IQ4_VALUES: [i8; 16] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/// Writes the numbers of one block.
type Decode = fn(&[u8], &mut [f32]);

/// The decoder of one block; `None` for types whose codebooks are not in here (IQ1 to IQ3, ternary, FP4).
fn decoder(ty: GgmlType) -> Option<Decode> {
    Some(match ty {
        GgmlType::F32 => |b, out| out[0] = f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
        GgmlType::F16 => |b, out| out[0] = f16(b, 0),
        GgmlType::Bf16 => |b, out| out[0] = f32::from_bits(u32::from(u16::from_le_bytes([b[0], b[1]])) << 16),
        GgmlType::Q4_0 => q4_0,
        GgmlType::Q4_1 => q4_1,
        GgmlType::Q5_0 => q5_0,
        GgmlType::Q5_1 => q5_1,
        GgmlType::Q8_0 => q8_0,
        GgmlType::Iq4Nl => iq4_nl,
        GgmlType::Q2K => k_blocks::q2_k,
        GgmlType::Q3K => k_blocks::q3_k,
        GgmlType::Q4K => k_blocks::q4_k,
        GgmlType::Q5K => k_blocks::q5_k,
        GgmlType::Q6K => k_blocks::q6_k,
        GgmlType::Iq4Xs => k_blocks::iq4_xs,
        _ => return None,
    })
}

/// Whether [`decode_row`] knows the type.
pub fn is_decodable(ty: GgmlType) -> bool {
    decoder(ty).is_some()
}

/// The numbers of a row. `out` must have as many elements as `bytes` has room for; false (and `out` unchanged) when it
/// has not, or when the type is not decodable.
pub fn decode_row(ty: GgmlType, bytes: &[u8], out: &mut [f32]) -> bool {
    let (n, n_bytes) = ty.block();
    let (Ok(n), Ok(n_bytes)) = (usize::try_from(n), usize::try_from(n_bytes)) else {
        return false;
    };
    let Some(decode) = decoder(ty) else { return false };
    if !bytes.len().is_multiple_of(n_bytes) || out.len() != bytes.len() / n_bytes * n {
        return false;
    }
    for (block, out) in bytes.chunks_exact(n_bytes).zip(out.chunks_exact_mut(n)) {
        decode(block, out);
    }
    true
}

/// The half-precision number at byte `at`.
pub(super) fn f16(bytes: &[u8], at: usize) -> f32 {
    let bits = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits) & 0x3ff;
    match exponent {
        // Subnormal: a multiple of 2^-24.
        0 => f32::from_bits(sign | (fraction as f32 * 2f32.powi(-24)).to_bits()),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

/// The i-th number of a block comes from the low half of byte i, the (i+16)-th from its high half.
fn nibbles(bytes: &[u8], out: &mut [f32], value: impl Fn(usize, u8) -> f32) {
    for (j, byte) in bytes.iter().enumerate().take(16) {
        out[j] = value(j, byte & 0xf);
        out[j + 16] = value(j + 16, byte >> 4);
    }
}

fn q4_0(b: &[u8], out: &mut [f32]) {
    let d = f16(b, 0);
    nibbles(&b[2..], out, |_, q| (f32::from(q) - 8.0) * d);
}

fn q4_1(b: &[u8], out: &mut [f32]) {
    let (d, m) = (f16(b, 0), f16(b, 2));
    nibbles(&b[4..], out, |_, q| f32::from(q) * d + m);
}

/// The fifth bit of number `j`.
fn fifth(bits: u32, j: usize) -> u8 {
    (((bits >> j) & 1) as u8) << 4
}

fn q5_0(b: &[u8], out: &mut [f32]) {
    let (d, high) = (f16(b, 0), u32::from_le_bytes([b[2], b[3], b[4], b[5]]));
    nibbles(&b[6..], out, |j, q| (f32::from(q | fifth(high, j)) - 16.0) * d);
}

fn q5_1(b: &[u8], out: &mut [f32]) {
    let (d, m) = (f16(b, 0), f16(b, 2));
    let high = u32::from_le_bytes([b[4], b[5], b[6], b[7]]);
    nibbles(&b[8..], out, |j, q| f32::from(q | fifth(high, j)) * d + m);
}

fn q8_0(b: &[u8], out: &mut [f32]) {
    let d = f16(b, 0);
    for (x, q) in out.iter_mut().zip(&b[2..]) {
        *x = f32::from(q.cast_signed()) * d;
    }
}

fn iq4_nl(b: &[u8], out: &mut [f32]) {
    let d = f16(b, 0);
    nibbles(&b[2..], out, |_, q| d * f32::from(IQ4_VALUES[usize::from(q)]));
}

//! The formats with super-blocks of 256.

use super::blocks::{f16, IQ4_VALUES};

/// Scale and minimum `j` of the 12 bytes that Q4_K and Q5_K pack eight of each into, six bits wide.
fn scale_min(j: usize, s: &[u8]) -> (f32, f32) {
    let (scale, min) = match j < 4 {
        true => (s[j] & 63, s[j + 4] & 63),
        false => (
            (s[j + 4] & 0xf) | ((s[j - 4] >> 6) << 4),
            (s[j + 4] >> 4) | ((s[j] >> 6) << 4),
        ),
    };
    (f32::from(scale), f32::from(min))
}

pub(super) fn q2_k(b: &[u8], out: &mut [f32]) {
    let (scales, q) = (&b[..16], &b[16..80]);
    let (d, min) = (f16(b, 80), f16(b, 82));
    for (i, out) in out.chunks_exact_mut(16).enumerate() {
        // Two groups of 16 share a shift; four shifts share 32 bytes.
        let (half, shift, side) = (i / 8, 2 * (i % 8 / 2), i % 2);
        let q = &q[32 * half + 16 * side..];
        let (dl, ml) = (d * f32::from(scales[i] & 0xf), min * f32::from(scales[i] >> 4));
        for (x, q) in out.iter_mut().zip(q) {
            *x = dl * f32::from((q >> shift) & 3) - ml;
        }
    }
}

pub(super) fn q3_k(b: &[u8], out: &mut [f32]) {
    let (high, q, packed) = (&b[..32], &b[32..96], &b[96..108]);
    let d = f16(b, 108);
    for (i, out) in out.chunks_exact_mut(16).enumerate() {
        let low = match i < 8 {
            true => packed[i] & 0xf,
            false => packed[i - 8] >> 4,
        };
        let scale = low | (((packed[8 + i % 4] >> (2 * (i / 4))) & 3) << 4);
        let dl = d * (f32::from(scale) - 32.0);
        let (half, shift, side) = (i / 8, 2 * (i % 8 / 2), i % 2);
        let (q, high) = (&q[32 * half + 16 * side..], &high[16 * side..]);
        let bit = 1 << (i / 2);
        for ((x, q), high) in out.iter_mut().zip(q).zip(high) {
            let offset = if high & bit == 0 { 4.0 } else { 0.0 };
            *x = dl * (f32::from((q >> shift) & 3) - offset);
        }
    }
}

pub(super) fn q4_k(b: &[u8], out: &mut [f32]) {
    let (d, min, scales, q) = (f16(b, 0), f16(b, 2), &b[4..16], &b[16..144]);
    for (i, out) in out.chunks_exact_mut(32).enumerate() {
        let (scale, m) = scale_min(i, scales);
        let (dl, ml) = (d * scale, min * m);
        for (x, q) in out.iter_mut().zip(&q[32 * (i / 2)..]) {
            *x = dl * f32::from((q >> (4 * (i % 2))) & 0xf) - ml;
        }
    }
}

pub(super) fn q5_k(b: &[u8], out: &mut [f32]) {
    let (d, min, scales, high, q) = (f16(b, 0), f16(b, 2), &b[4..16], &b[16..48], &b[48..176]);
    for (i, out) in out.chunks_exact_mut(32).enumerate() {
        let (scale, m) = scale_min(i, scales);
        let (dl, ml) = (d * scale, min * m);
        for ((x, q), high) in out.iter_mut().zip(&q[32 * (i / 2)..]).zip(high) {
            let q = ((q >> (4 * (i % 2))) & 0xf) | (((high >> i) & 1) << 4);
            *x = dl * f32::from(q) - ml;
        }
    }
}

pub(super) fn q6_k(b: &[u8], out: &mut [f32]) {
    let (low, high, scales) = (&b[..128], &b[128..192], &b[192..208]);
    let d = f16(b, 208);
    for (i, out) in out.chunks_exact_mut(32).enumerate() {
        let (half, part) = (i / 4, i % 4);
        let (low, high) = (&low[64 * half + 32 * (part % 2)..], &high[32 * half..]);
        for (l, x) in out.iter_mut().enumerate() {
            let q = ((low[l] >> (4 * (part / 2))) & 0xf) | (((high[l] >> (2 * part)) & 3) << 4);
            let scale = scales[8 * half + 2 * part + l / 16].cast_signed();
            *x = d * f32::from(scale) * (f32::from(q) - 32.0);
        }
    }
}

pub(super) fn iq4_xs(b: &[u8], out: &mut [f32]) {
    let (d, scales_high, scales_low, q) = (f16(b, 0), u16::from_le_bytes([b[2], b[3]]), &b[4..8], &b[8..136]);
    for (i, out) in out.chunks_exact_mut(32).enumerate() {
        let low = (scales_low[i / 2] >> (4 * (i % 2))) & 0xf;
        let scale = low | ((((scales_high >> (2 * i)) & 3) as u8) << 4);
        let dl = d * (f32::from(scale) - 32.0);
        for (l, q) in q[16 * i..16 * i + 16].iter().enumerate() {
            out[l] = dl * f32::from(IQ4_VALUES[usize::from(q & 0xf)]);
            out[l + 16] = dl * f32::from(IQ4_VALUES[usize::from(q >> 4)]);
        }
    }
}

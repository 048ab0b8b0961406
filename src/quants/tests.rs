use super::*;
use crate::gguf::GgmlType as T;

/// Bytes of a linear congruential generator, with scales made small positive halves; gguf-py's `quants.dequantize`
/// (gguf 0.19) was given the same.
fn pseudo_random(ty: T, n_blocks: usize, scales: &[usize]) -> Vec<u8> {
    let n_bytes = ty.block().1 as usize;
    let mut state = 12345u64;
    let mut bytes: Vec<u8> = (0..n_blocks * n_bytes)
        .map(|_| {
            state = (state * 1_103_515_245 + 12345) & 0x7fff_ffff;
            (state >> 16) as u8
        })
        .collect();
    for block in 0..n_blocks {
        for at in scales {
            let byte = &mut bytes[block * n_bytes + at + 1];
            *byte = 0x20 | (*byte & 3);
        }
    }
    if ty.block().0 == 1 {
        bytes
            .iter_mut()
            .skip(1)
            .step_by(2)
            .for_each(|b| *b = 0x30 | (*b & 0x8f));
    }
    bytes
}

/// (type, offsets of scales, numbers 0, 1, 17, n/2 and n-1, sum of number times place) as gguf-py gives them.
type Expected = (T, &'static [usize], [f64; 5], f64);

#[rustfmt::skip]
const EXPECTED: &[Expected] = &[
    (T::F16, &[], [0.3037109375, -0.79931640625, -0.194580078125, -0.268310546875, -1.568359375], -22.166748046875),
    (T::Bf16, &[], [4.097_819_328_308_105_5e-7, -0.000873565673828125, -1.082_662_492_990_493_8e-8, -1.890_584_826_469_421_4e-7, -0.193359375], 21.07457526183498),
    (T::Q4_0, &[0], [-0.028472900390625, 0.01898193359375, 0.01898193359375, 0.06819915771484375, 0.06819915771484375], -26.653472900390625),
    (T::Q4_1, &[0, 2], [0.15485382080078125, 0.13587188720703125, 0.10739898681640625, 0.1613922119140625, 0.137969970703125], 189.62149810791016),
    (T::Q5_0, &[0], [0.123382568359375, -0.05694580078125, 0.047454833984375, 0.11891937255859375, 0.1280670166015625], -20.790931701660156),
    (T::Q5_1, &[0, 2], [0.25925445556640625, 0.21179962158203125, 0.14536285400390625, 0.201934814453125, 0.041259765625], 270.4808578491211),
    (T::Q8_0, &[0], [0.958587646484375, -0.81622314453125, 0.15185546875, -0.4013214111328125, -0.656707763671875], 67.18522644042969),
    (T::Iq4Nl, &[0], [-0.332183837890625, 0.237274169921875, 0.237274169921875, 1.1009292602539062, 1.1009292602539062], -360.48321533203125),
    (T::Q2K, &[80, 82], [-0.02854156494140625, -0.16513824462890625, 0.1365966796875, -0.0593719482421875, 0.12078857421875], 5866.387138366699),
    (T::Q3K, &[108], [1.07666015625, 0.2691650390625, -0.64599609375, -0.450439453125, 0.0], -4367.996368408203),
    (T::Q4K, &[0, 2], [2.3232574462890625, 3.2059173583984375, 0.5579376220703125, 0.2895050048828125, 0.9209213256835938], 425599.11126708984),
    (T::Q5K, &[0, 2], [5.8538970947265625, 1.1463775634765625, 5.5596771240234375, 3.514373779296875, 0.3072662353515625], 460798.76303100586),
    (T::Q6K, &[208], [-41.4591064453125, -5.9227294921875, 43.378509521484375, -22.255462646484375, 7.862983703613281], -67094.06591796875),
    (T::Iq4Xs, &[0], [-0.237274169921875, 0.332183837890625, -0.844696044921875, 0.184783935546875, 19.76264190673828], 121075.69146728516),
];

#[test]
fn blocks_decode_as_gguf_py_decodes_them() {
    for &(ty, scales, picked, sum) in EXPECTED {
        let n_blocks = if ty.block().0 == 1 { 64 } else { 2 };
        let bytes = pseudo_random(ty, n_blocks, scales);
        let mut row = vec![0.0; n_blocks * ty.block().0 as usize];
        assert!(decode_row(ty, &bytes, &mut row));
        let n = row.len();
        assert_eq!(
            [0, 1, 17, n / 2, n - 1].map(|i| f64::from(row[i])),
            picked,
            "{}",
            ty.name()
        );
        let weighted: f64 = row
            .iter()
            .enumerate()
            .map(|(i, x)| (i + 1) as f64 * f64::from(*x))
            .sum();
        assert!((weighted - sum).abs() <= 1e-9 * sum.abs(), "{}: {weighted}", ty.name());
    }
}

#[test]
fn any_bytes_decode_without_a_panic_and_wrong_lengths_are_refused() {
    for &ty in T::ALL {
        let (n, n_bytes) = ty.block();
        for fill in [0u8, 0x7f, 0xff] {
            let mut row = vec![0.0; n as usize];
            let bytes = vec![fill; n_bytes as usize];
            assert_eq!(decode_row(ty, &bytes, &mut row), is_decodable(ty));
            assert!(!decode_row(ty, &bytes[1..], &mut row) || n_bytes == 1);
            assert!(!decode_row(ty, &bytes, &mut row[1..]));
        }
    }
}

#[test]
fn half_precision_is_exact() {
    for (bits, value) in [
        (0x3c00u16, 1.0f32),
        (0xc000, -2.0),
        (0x0001, 5.960_464_5e-8),
        (0x03ff, 6.097_555e-5),
        (0x7bff, 65504.0),
        (0x0400, 6.103_515_6e-5),
    ] {
        let mut row = [0.0];
        assert!(decode_row(T::F16, &bits.to_le_bytes(), &mut row));
        assert_eq!(row[0], value);
    }
}

fn rounded(scheme: Scheme, row: &[f32]) -> Vec<f32> {
    let mut range = Range::default();
    range.add(row);
    let mut out = vec![0.0; row.len()];
    scheme.round(row, range, &mut out);
    out
}

#[test]
fn textbook_rounding_by_hand() {
    let [sym, asym] = [Scheme::ALL[6], Scheme::ALL[7]];
    assert_eq!((sym.name().as_str(), asym.name().as_str()), ("4 sym row", "4 asym row"));
    // Scale 7/7 = 1: codes -7 to 7.
    assert_eq!(rounded(sym, &[7.0, -3.4, 0.6, 0.0]), [7.0, -3.0, 1.0, 0.0]);
    // Range 0 to 15, scale 1, zero point 0.
    assert_eq!(rounded(asym, &[15.0, 3.4, 0.6]), [15.0, 3.0, 1.0]);
    // Range -5 to 10, scale 1, zero point 5.
    assert_eq!(rounded(asym, &[-5.0, 10.0, 0.2]), [-5.0, 10.0, 0.0]);
    for scheme in Scheme::ALL {
        assert_eq!(rounded(scheme, &[0.0, 0.0]), [0.0, 0.0]);
        assert_eq!(rounded(scheme, &[f32::NAN, f32::INFINITY]), [0.0, 0.0]);
    }
}

#[test]
fn each_bit_is_worth_six_decibels() {
    let row: Vec<f32> = (0..10_000)
        .map(|i| ((i * 7919) % 10_007) as f32 / 10_007.0 - 0.5)
        .collect();
    let snr = |scheme: Scheme| {
        let mut sum = ErrorSum::default();
        sum.add(0, 32, &row, &rounded(scheme, &row));
        sum.snr_db().expect("an error")
    };
    // A uniform signal over the range of b bits has 6.02 b dB; symmetric codes leave one of 2^b unused.
    assert!((snr(Scheme::ALL[1]) - 48.2).abs() < 0.2, "{}", snr(Scheme::ALL[1]));
    assert!((snr(Scheme::ALL[5]) - 24.1).abs() < 0.7, "{}", snr(Scheme::ALL[5]));
}

#[test]
fn errors_are_summed_and_the_worst_block_is_found() {
    let mut sum = ErrorSum::default();
    assert_eq!((sum.rmse(), sum.snr_db(), sum.worst_block()), (None, None, None));
    sum.add(0, 2, &[1.0, 1.0, 1.0, 1.0], &[1.0, 1.0, 1.0, 1.0]);
    assert!(sum.is_exact() && sum.snr_db().is_none());
    sum.add(3, 2, &[1.0, 1.0, 1.0, 1.0], &[1.0, 1.0, 3.0, 1.0]);
    assert_eq!(sum.rmse(), Some((4.0f64 / 8.0).sqrt()));
    assert_eq!(sum.snr_db(), Some(10.0 * 2.0f64.log10()));
    assert_eq!(sum.worst_block(), Some((2.0f64.sqrt(), 3, 1)));
    let mut other = ErrorSum::default();
    other.merge(&sum);
    assert_eq!(other, sum);
}

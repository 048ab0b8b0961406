use super::*;

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

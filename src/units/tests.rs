//! Where rounding reaches the next digit or unit, and texts that are refused.

use super::*;
use proptest::prelude::*;

#[test]
fn rates_keep_three_digits_across_every_power_of_ten() {
    for (rate, text) in [
        (0.0, "0"),
        (0.01234, "0.0123"),
        (0.1, "0.100"),
        (0.9994, "0.999"),
        (0.9996, "1.00"),
        (4.556, "4.56"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (97.36, "97.4"),
        (99.94, "99.9"),
        (99.96, "100"),
        (168.7, "169"),
        (1234.4, "1234"),
        (12345.6, "12346"),
        (-0.00001, "0.0000"),
        (f64::NAN, "n/a"),
        (f64::INFINITY, "n/a"),
    ] {
        assert_eq!(tps(rate), text, "{rate}");
    }
}

#[test]
fn a_rate_needs_tokens_and_time() {
    assert_eq!(rate_per_s(32, 1_000_000_000), Some(32.0));
    assert_eq!(rate_per_s(1, 1), Some(1e9));
    assert_eq!(rate_per_s(0, 5), None);
    assert_eq!(rate_per_s(5, 0), None);
    assert_eq!(or_na(rate_per_s(0, 0), tps), "n/a");
    assert_eq!(or_na(Some(97.36), tps), "97.4");
}

#[test]
fn times_and_sizes_change_unit_where_they_should() {
    assert_eq!(ms(12_345_678), "12.3");
    assert_eq!(ms(0), "0");
    assert_eq!(mib(270 << 20), "270");
    assert_eq!(mib(u64::MAX), "17592186044416");
    for (n, text) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (1536, "1.50 KiB"),
        ((1 << 20) - 1, "1.00 MiB"),
        (270 << 20, "270 MiB"),
        (4 << 30, "4.00 GiB"),
        (u64::MAX, "16.0 EiB"),
    ] {
        assert_eq!(bytes(n), text, "{n}");
    }
    for (n, text) in [
        (0, "0 ms"),
        (850_000_000, "850 ms"),
        (999_400_000, "999 ms"),
        (999_600_000, "1.00 s"),
        (12_340_000_000, "12.3 s"),
        (59_940_000_000, "59.9 s"),
        (59_960_000_000, "1 min 00 s"),
        (200_000_000_000, "3 min 20 s"),
        (3_599_400_000_000, "59 min 59 s"),
        (3_599_600_000_000, "1 h 00 min"),
        (3_930_000_000_000, "1 h 06 min"),
    ] {
        assert_eq!(duration(n), text, "{n}");
    }
    assert!(duration(u64::MAX).ends_with("min"));
}

#[test]
fn ratios_and_percentages_show_what_matters() {
    for (value, text) in [
        (1.714, "1.71x"),
        (1.0, "1.000x"),
        (0.9846, "0.985x"),
        (0.5, "0.500x"),
        (12.34, "12.3x"),
        (f64::NAN, "n/a"),
    ] {
        assert_eq!(ratio(value), text, "{value}");
    }
    for (value, text) in [
        (0.0, "0 %"),
        (0.02, "2.0 %"),
        (0.0042, "0.42 %"),
        (0.9998, "99.98 %"),
        (1.0, "100 %"),
        (1.71, "171.0 %"),
        (-0.123, "-12.3 %"),
        (-1e-9, "0.00 %"),
        (f64::NEG_INFINITY, "n/a"),
    ] {
        assert_eq!(percent(value), text, "{value}");
    }
}

#[test]
fn counts_are_grouped_by_threes() {
    assert_eq!(count(0_u32), "0");
    assert_eq!(count(9999_u32), "9999");
    assert_eq!(count(10_000_u32), "10\u{a0}000");
    assert_eq!(count(1_234_567_u32), "1\u{a0}234\u{a0}567");
    assert_eq!(count(u64::MAX).replace('\u{a0}', ""), u64::MAX.to_string());
}

#[test]
fn lists_are_read_in_order_or_refused_with_advice() {
    assert_eq!(parse_list("128,512, 2048"), Ok(vec![128, 512, 2048]));
    assert_eq!(parse_list("4294967295"), Ok(vec![u32::MAX]));
    let message = |text: &str| parse_list(text).unwrap_err().to_string();
    assert_eq!(
        message("512,2k"),
        "'512,2k' is not a list of numbers: '2k' may mean 2000 or 2 x 1024; write the number in full"
    );
    assert!(message("4294967296").contains("too large"));
    assert!(message("0").contains("1 or more") && message("128,0").contains("1 or more"));
    assert!(message("128,128").contains("128 is given twice"));
    for bad in ["", ",", "128,", "1 2", "-1", "+1", "1.5", "k", "ten", "1e3"] {
        assert!(parse_list(bad).is_err(), "{bad}");
    }
}

#[test]
fn durations_are_read_with_their_unit() {
    for (text, ns) in [
        ("250ms", 250_000_000),
        ("90s", 90_000_000_000),
        ("90 s", 90_000_000_000),
        ("5m", 300_000_000_000),
        ("2min", 120_000_000_000),
        ("1.5h", 5_400_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("3 min 20 s", 200_000_000_000),
    ] {
        assert_eq!(parse_duration(text), Ok(ns), "{text}");
    }
    assert!(parse_duration("90")
        .unwrap_err()
        .to_string()
        .contains("the unit is missing"));
    for bad in [
        "",
        "s",
        "0s",
        "-5s",
        "5d",
        "5 s x",
        "1..5s",
        "1e9s",
        "99999999999999999h",
        "NaNs",
        "infs",
    ] {
        assert!(parse_duration(bad).is_err(), "{bad}");
    }
}

#[test]
fn sizes_and_percentages_are_read_with_their_unit() {
    for (text, n) in [
        ("100B", 100),
        ("512MiB", 512 << 20),
        ("4G", 4 << 30),
        ("4 gib", 4 << 30),
        ("4GB", 4_000_000_000),
        ("0.5KiB", 512),
    ] {
        assert_eq!(parse_bytes(text), Ok(n), "{text}");
    }
    for bad in ["", "4", "GiB", "-1GiB", "4XB", "99999999TiB"] {
        assert!(parse_bytes(bad).is_err(), "{bad}");
    }
    assert_eq!(parse_percent("2%"), Ok(0.02));
    assert_eq!(parse_percent(" 0.5 %"), Ok(0.005));
    assert!(parse_percent("0.02")
        .unwrap_err()
        .to_string()
        .contains("percent sign is missing"));
    for bad in ["", "%", "-2%", "2%%", "two%", "NaN%"] {
        assert!(parse_percent(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in ".{0,20}", x in any::<f64>(), n in any::<u64>()) {
        let _ = (parse_list(&text), parse_duration(&text), parse_bytes(&text), parse_percent(&text));
        for shown in [tps(x), ratio(x), percent(x), ms(n), mib(n), bytes(n), duration(n), count(n)] {
            prop_assert!(!shown.contains("NaN") && !shown.contains("inf"), "{}", shown);
        }
    }

    #[test]
    fn what_is_shown_can_be_given_back(seconds in 1u64..1_000_000) {
        let ns = seconds * 1_000_000_000;
        let back = parse_duration(&duration(ns)).unwrap();
        prop_assert!(back.abs_diff(ns) <= 30_000_000_000);
    }
}

#[test]
fn changes_perplexities_and_divergences() {
    assert_eq!(
        [0.02, -0.0031, 0.0, 0.000_001, f64::NAN].map(signed_percent),
        ["+2.0 %", "-0.31 %", "0 %", "0.00 %", "n/a"]
    );
    assert_eq!(
        [2.6251, 17.312, 123.45, 17130.4].map(ppl),
        ["2.625", "17.31", "123.5", "17130"]
    );
    assert_eq!(
        [0.0, 3.21e-6, 0.000_61, 0.018_27, 0.234, f64::INFINITY].map(nats),
        ["0", "3.2e-6", "0.00061", "0.0183", "0.234", "n/a"]
    );
}

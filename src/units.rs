//! Numbers to text, and text to numbers: the only place where nanoseconds become milliseconds and bytes become
//! MiB, and the only parser of lists, durations, sizes and percentages.
//!
//! Invariants: imports nothing of kvant; pure; the same on every machine and in every language (a decimal point,
//! digits grouped with a no-break space). A number that is not finite, like one that is absent, reads `n/a`:
//! never 0, never NaN.
//!
//! [`tps`], [`ms`] and [`mib`] give the bare number, for tables that name the unit in their head; [`bytes`],
//! [`duration`], [`ratio`] and [`percent`] carry their unit.

/// What stands in for a number that is absent or undefined.
pub const NOT_AVAILABLE: &str = "n/a";

/// `show` of the value, or [`NOT_AVAILABLE`].
pub fn or_na<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| NOT_AVAILABLE.to_owned(), show)
}

/// Tokens per second of `n_tokens` in `ns` nanoseconds; absent when either is 0.
pub fn rate_per_s(n_tokens: u32, ns: u64) -> Option<f64> {
    (n_tokens > 0 && ns > 0).then(|| f64::from(n_tokens) * 1e9 / ns as f64)
}

/// A rate in tokens per second, with three significant digits and no unit: `1234`, `169`, `97.4`, `4.56`.
pub fn tps(rate: f64) -> String {
    three_digits(rate)
}

/// Nanoseconds as milliseconds, with three significant digits and no unit: `1234`, `12.3`, `0.456`.
pub fn ms(ns: u64) -> String {
    three_digits(ns as f64 / 1e6)
}

/// Bytes as MiB, with three significant digits and no unit: `1024`, `270`, `0.514`.
pub fn mib(bytes: u64) -> String {
    three_digits(bytes as f64 / f64::from(1 << 20))
}

/// Bytes with the unit that suits them: `512 B`, `1.50 KiB`, `270 MiB`, `4.00 GiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut scaled = bytes as f64;
    let mut unit = 0;
    // 1023.5 would print as 1024 of the smaller unit.
    while scaled >= 1023.5 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    format!("{} {}", three_digits(scaled), UNITS[unit])
}

/// A ratio: `1.71x`, `12.3x`, `0.985x`.
///
/// Ratios from 0.9 to 1.1 get three decimals, because there the third one matters (`1.004x`).
pub fn ratio(ratio: f64) -> String {
    if !ratio.is_finite() {
        return NOT_AVAILABLE.to_owned();
    }
    if (0.9..1.1).contains(&ratio) {
        return format!("{ratio:.3}x");
    }
    format!("{}x", three_digits(ratio))
}

/// A fraction as a percentage: 0.02 is `2.0 %`, 0.9998 is `99.98 %`, 1 is `100 %`.
///
/// One decimal; two above 99 and below 1, where the difference to 100 and 0 is what is read.
pub fn percent(fraction: f64) -> String {
    let value = fraction * 100.0;
    if !value.is_finite() {
        return NOT_AVAILABLE.to_owned();
    }
    let size = value.abs();
    let decimals = match size {
        _ if size == 0.0 || size == 100.0 || size >= 999.5 => 0,
        _ if size < 0.995 || (99.0..100.0).contains(&size) => 2,
        _ => 1,
    };
    format!("{} %", without_negative_zero(format!("{value:.decimals$}")))
}

/// A wall time in words: `850 ms`, `12.3 s`, `3 min 20 s`, `1 h 05 min`.
pub fn duration(ns: u64) -> String {
    // Rounding to the unit shown comes before the choice of unit, so that 59.96 s reads 1 min 00 s.
    if ns < 999_500_000 {
        return format!("{} ms", ms(ns));
    }
    if ns < 59_950_000_000 {
        return format!("{} s", three_digits(ns as f64 / 1e9));
    }
    let seconds = ns / 1_000_000_000 + u64::from(ns % 1_000_000_000 >= 500_000_000);
    if seconds < 3600 {
        return format!("{} min {:02} s", seconds / 60, seconds % 60);
    }
    let minutes = seconds / 60 + u64::from(seconds % 60 >= 30);
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

/// A count, with digits grouped by threes from 10 000 up (no-break spaces, as the BIPM writes them).
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// A text that is not the number it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is not {what}: {advice}")]
pub struct ParseUnitError {
    /// What was expected, e.g. "a duration".
    pub what: &'static str,
    /// The text that was given.
    pub given: String,
    /// How to write it.
    pub advice: String,
}

/// Whole numbers separated by commas, in the order given: `128,512,2048`.
///
/// # Errors
/// On an empty item, a number given twice, one above `u32::MAX`, and on suffixes: `2k` may mean 2000 or 2048.
pub fn parse_list(text: &str) -> Result<Vec<u32>, ParseUnitError> {
    let error = |advice: String| ParseUnitError {
        what: "a list of numbers",
        given: text.to_owned(),
        advice,
    };
    let mut list = Vec::new();
    for item in text.split(',').map(str::trim) {
        if item.is_empty() {
            return Err(error(
                "write whole numbers separated by commas, e.g. 128,512,2048".to_owned(),
            ));
        }
        if let Some(number) = item.strip_suffix(['k', 'K']).filter(|number| is_digits(number)) {
            return Err(error(format!(
                "'{number}k' may mean {number}000 or {number} x 1024; write the number in full"
            )));
        }
        if !is_digits(item) {
            return Err(error(format!(
                "'{item}' is not a whole number; write e.g. 128,512,2048"
            )));
        }
        let number = item
            .parse()
            .map_err(|_| error(format!("{item} is too large; the limit is {}", u32::MAX)))?;
        if list.contains(&number) {
            return Err(error(format!("{number} is given twice; name each number once")));
        }
        list.push(number);
    }
    Ok(list)
}

/// A duration in nanoseconds: `250ms`, `90s`, `5m` or `5min`, `1.5h`, `1h30m`.
///
/// # Errors
/// On a number without a unit, an unknown unit, zero, and anything beyond 584 years.
pub fn parse_duration(text: &str) -> Result<u64, ParseUnitError> {
    let error = |advice: &str| ParseUnitError {
        what: "a duration",
        given: text.to_owned(),
        advice: advice.to_owned(),
    };
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return Err(error("write e.g. 90s, 5min or 1h30m"));
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest).ok_or_else(|| error("write e.g. 90s, 5min or 1h30m"))?;
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let ns_per_unit = match &after[..end] {
            "ms" => 1e6,
            "s" | "sec" => 1e9,
            "m" | "min" => 60e9,
            "h" => 3600e9,
            "" => return Err(error("the unit is missing; write e.g. 90s, 5min or 1h30m")),
            _ => {
                return Err(error(
                    "units are ms, s, m (or min) and h; write e.g. 90s, 5min or 1h30m",
                ))
            }
        };
        total += number * ns_per_unit;
        rest = after[end..].trim_start();
    }
    // u64::MAX is not a double; anything below 1.8e19 is safely inside.
    match total.round() {
        ns if ns < 1.0 => Err(error("it must be longer than 0; write e.g. 90s, 5min or 1h30m")),
        ns if ns < 1.8e19 => Ok(ns as u64),
        _ => Err(error("it is too long; write e.g. 90s, 5min or 1h30m")),
    }
}

/// A size in bytes: `512MiB`, `4GiB` or `4G` (powers of 1024), `4GB` (powers of 1000), `100B`.
///
/// # Errors
/// On a number without a unit, an unknown unit, and anything beyond 16 EiB.
pub fn parse_bytes(text: &str) -> Result<u64, ParseUnitError> {
    let error = |advice: &str| ParseUnitError {
        what: "a size",
        given: text.to_owned(),
        advice: advice.to_owned(),
    };
    let (number, unit) = split_number(text.trim()).ok_or_else(|| error("write e.g. 512MiB or 4GiB"))?;
    let bytes_per_unit = match unit.trim().to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "k" | "kib" => 1024.0,
        "m" | "mib" => 1_048_576.0,
        "g" | "gib" => 1_073_741_824.0,
        "t" | "tib" => 1_099_511_627_776.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "" => return Err(error("the unit is missing; write e.g. 512MiB or 4GiB")),
        _ => {
            return Err(error(
                "units are B, KiB, MiB, GiB, TiB, KB, MB, GB and TB; write e.g. 512MiB or 4GiB",
            ))
        }
    };
    match (number * bytes_per_unit).round() {
        bytes if bytes < 1.8e19 => Ok(bytes as u64),
        _ => Err(error("it is too large; write e.g. 512MiB or 4GiB")),
    }
}

/// A percentage as a fraction: `2%` is 0.02, `0.5 %` is 0.005.
///
/// # Errors
/// Without the percent sign (is 0.5 a half, or half a percent?), and below 0.
pub fn parse_percent(text: &str) -> Result<f64, ParseUnitError> {
    let error = |advice: &str| ParseUnitError {
        what: "a percentage",
        given: text.to_owned(),
        advice: advice.to_owned(),
    };
    match split_number(text.trim()) {
        Some((number, "%")) => Ok(number / 100.0),
        Some((number, rest)) if rest.trim() == "%" => Ok(number / 100.0),
        Some((_, "")) => Err(error("the percent sign is missing; write e.g. 2%")),
        _ => Err(error("write e.g. 2% or 0.5%")),
    }
}

/// Three significant digits, and all digits of the integer part.
fn three_digits(value: f64) -> String {
    if !value.is_finite() {
        return NOT_AVAILABLE.to_owned();
    }
    // Thresholds sit where rounding reaches the next digit: 9.995 reads 10.0, not 9.99 or 10.00.
    let decimals = match value.abs() {
        size if size == 0.0 || size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        size if size >= 0.0995 => 3,
        _ => 4,
    };
    without_negative_zero(format!("{value:.decimals$}"))
}

/// `-0.0` is 0 to a reader.
fn without_negative_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| b == b'0' || b == b'.') => rest.to_owned(),
        _ => text,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The non-negative decimal number a text starts with, and what follows it.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    number.is_finite().then_some((number, &text[end..]))
}

#[cfg(test)]
mod tests {
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
        assert_eq!(count(0), "0");
        assert_eq!(count(9999), "9999");
        assert_eq!(count(10_000), "10\u{a0}000");
        assert_eq!(count(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(count(u64::MAX).replace('\u{a0}', ""), u64::MAX.to_string());
    }

    #[test]
    fn lists_are_read_in_order_or_refused_with_advice() {
        assert_eq!(parse_list("128,512, 2048"), Ok(vec![128, 512, 2048]));
        assert_eq!(parse_list("0"), Ok(vec![0]));
        assert_eq!(parse_list("4294967295"), Ok(vec![u32::MAX]));
        let message = |text: &str| parse_list(text).unwrap_err().to_string();
        assert_eq!(
            message("512,2k"),
            "'512,2k' is not a list of numbers: '2k' may mean 2000 or 2 x 1024; write the number in full"
        );
        assert!(message("4294967296").contains("too large"));
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
}

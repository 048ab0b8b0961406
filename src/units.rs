//! Numbers to text as tables and summaries have them, and text to numbers: the only parser of lists, durations, sizes and
//! percentages.
//!
//! Invariants: imports nothing of kvant; pure; the same on every machine, with a decimal point and digits grouped with
//! a no-break space (`report::lang` puts another language's decimal sign in its place). A number that is not finite, like one that is absent, reads `n/a`:
//! never 0, never NaN.
//!
//! [`tps`], [`ms`] and [`mib`] give the bare number, for tables that name the unit in their head; [`bytes`],
//! [`duration`], [`ratio`] and [`percent`] carry their unit.

#[cfg(test)]
mod tests;

/// What stands in for a number that is absent or undefined.
pub(crate) const NOT_AVAILABLE: &str = "n/a";

/// `show` of the value, or [`NOT_AVAILABLE`].
pub(crate) fn or_na<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| NOT_AVAILABLE.to_owned(), show)
}

/// Tokens per second of `n_tokens` in `ns` nanoseconds; absent when either is 0.
pub(crate) fn rate_per_s(n_tokens: u32, ns: u64) -> Option<f64> {
    (n_tokens > 0 && ns > 0).then(|| f64::from(n_tokens) * 1e9 / ns as f64)
}

/// A rate in tokens per second, with three significant digits and no unit: `1234`, `169`, `97.4`, `4.56`.
pub(crate) fn tps(rate: f64) -> String {
    three_digits(rate)
}

/// Nanoseconds as milliseconds, with three significant digits and no unit: `1234`, `12.3`, `0.456`.
pub(crate) fn ms(ns: u64) -> String {
    three_digits(ns as f64 / 1e6)
}

/// Bytes as MiB, with three significant digits and no unit: `1024`, `270`, `0.514`.
pub(crate) fn mib(bytes: u64) -> String {
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
pub(crate) fn ratio(ratio: f64) -> String {
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
pub(crate) fn percent(fraction: f64) -> String {
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

/// The same with its sign, for changes: `+2.0 %`, `-0.31 %`, `0 %`.
pub(crate) fn signed_percent(fraction: f64) -> String {
    let text = percent(fraction);
    let is_zero = !text.contains(|c: char| ('1'..='9').contains(&c));
    if fraction > 0.0 && fraction.is_finite() && !is_zero {
        return format!("+{text}");
    }
    text
}

/// A perplexity with four significant digits: `2.625`, `17.31`, `1234`.
pub(crate) fn ppl(ppl: f64) -> String {
    if !ppl.is_finite() {
        return NOT_AVAILABLE.to_owned();
    }
    let decimals = match ppl.abs() {
        size if size >= 999.95 => 0,
        size if size >= 99.995 => 1,
        size if size >= 9.9995 => 2,
        _ => 3,
    };
    format!("{ppl:.decimals$}")
}

/// A divergence in nats with two or three significant digits, however small: `0.0183`, `0.00061`, `3.2e-6`; `0` is exactly 0.
pub(crate) fn nats(nats: f64) -> String {
    if !nats.is_finite() {
        return NOT_AVAILABLE.to_owned();
    }
    match nats.abs() {
        0.0 => "0".to_owned(),
        size if size >= 0.1 => three_digits(nats),
        size if size >= 0.01 => format!("{nats:.4}"),
        size if size >= 1e-4 => format!("{nats:.5}"),
        _ => format!("{nats:.1e}"),
    }
}

/// A wall time in words: `850 ms`, `12.3 s`, `3 min 20 s`, `1 h 05 min`.
pub(crate) fn duration(ns: u64) -> String {
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

/// Lower-case hexadecimal digits, two for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A count, with digits grouped by threes from 10 000 up (no-break spaces, as the BIPM writes them).
pub(crate) fn count(n: impl Into<u64>) -> String {
    let digits = n.into().to_string();
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
pub(crate) struct ParseUnitError {
    /// What was expected, e.g. "a duration".
    pub(crate) what: &'static str,
    pub(crate) given: String,
    pub(crate) advice: String,
}

/// Whole numbers separated by commas, in the order given: `128,512,2048`.
///
/// # Errors
/// On an empty item, 0, a number given twice, one above `u32::MAX`, and on suffixes: `2k` may mean 2000 or 2048.
pub(crate) fn parse_list(text: &str) -> Result<Vec<u32>, ParseUnitError> {
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
        if number == 0 {
            return Err(error("each must be 1 or more; write e.g. 128,512,2048".to_owned()));
        }
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
pub(crate) fn parse_duration(text: &str) -> Result<u64, ParseUnitError> {
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
pub(crate) fn parse_bytes(text: &str) -> Result<u64, ParseUnitError> {
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
pub(crate) fn parse_percent(text: &str) -> Result<f64, ParseUnitError> {
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

/// A percentage above 0 and below 100, as a fraction.
pub(crate) fn parse_share(text: &str) -> Result<f64, String> {
    let value = parse_percent(text).map_err(|e| e.to_string())?;
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(format!(
            "'{text}' is out of range: use more than 0% and less than 100%, for example 2%"
        ))
    }
}

/// A number above 0.
pub(crate) fn parse_positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err(format!("'{text}' is not a number above 0; write e.g. 20")),
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

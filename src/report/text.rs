//! Names shared by the renderers that are the same in every language.

/// Rounded to whole nanoseconds; an estimate is never negative.
pub(super) fn whole_ns(ns: f64) -> u64 {
    ns.round() as u64
}

/// The words of a command, for a shell.
pub(super) fn command_line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word of a command, quoted for a shell where it must be.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

//! Names shared by the renderers that are the same in every language.

use crate::data::ArmConfig;

/// Rounded to whole nanoseconds; an estimate is never negative.
pub(super) fn whole_ns(ns: f64) -> u64 {
    ns.round() as u64
}

/// KV type of an arm: `q8_0`, or `q8_0/f16` where K and V differ.
pub(super) fn kv(config: &ArmConfig) -> String {
    config.kv()
}

/// A word of a command, quoted for a shell where it must be.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

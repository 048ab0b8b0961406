//! Invented first names, put together so that they can be said.

use super::document::Document;

/// First name, family name, and whether it is a woman.
pub(super) fn person(document: &mut Document<'_>) -> (String, String, bool) {
    let is_female = document.rng.chance(50);
    let ending = document.fill(if is_female { "{female}" } else { "{male}" });
    // A syllable that starts with a vowel needs a consonant before it.
    let needs_consonant = ending.starts_with(['a', 'e', 'i', 'o']);
    let middle = document.fill(if needs_consonant { "{consonant}" } else { "{middle}" });
    let start = document.fill("{onset}{middle}");
    (format!("{start}{middle}{ending}"), document.fill("{family}"), is_female)
}

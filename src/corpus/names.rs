//! Invented names of people, places and companies, put together from syllables: most never occur twice in the corpus,
//! so that a model must look back into the document to repeat one.

use super::rng::Rng;

const ONSETS: &[&str] = &[
    "M", "T", "L", "K", "S", "R", "N", "B", "D", "V", "J", "P", "H", "F", "G", "Br", "Tr", "Al", "El", "Is", "Or",
    "Cl", "Gr", "Dr", "Fl", "St", "Ast", "Ul", "Ev", "Z",
];
const MIDDLES: &[&str] = &[
    "a", "e", "i", "o", "ar", "el", "in", "or", "an", "er", "al", "il", "on", "ur", "am", "ath", "ev", "is", "om", "u",
];
const FEMALE: &[&str] = &[
    "a", "na", "ra", "la", "ia", "ela", "ina", "ora", "ya", "sa", "ita", "wen",
];
const MALE: &[&str] = &["o", "n", "k", "ro", "mir", "to", "rik", "as", "ton", "dan", "vo", "lio"];
const SURNAME_HEADS: &[&str] = &[
    "Hal", "Mar", "Ven", "Cor", "Dal", "Ost", "Pel", "Quin", "Ram", "Sol", "Tar", "Ver", "Wes", "Bel", "Cas", "Fen",
    "Gal", "Lor", "Mont", "Nav", "Ald", "Ech", "Ibar", "Zur",
];
const SURNAME_TAILS: &[&str] = &[
    "lin", "den", "ares", "ero", "iga", "well", "man", "ova", "ton", "berg", "ano", "eda", "ric", "uz", "ley", "mont",
];
const PLACE_HEADS: &[&str] = &[
    "Old", "North", "Stone", "Gray", "Green", "Salt", "Ash", "Bright", "Win", "Thorn", "Black", "River", "Lark",
    "Mill", "Ox", "High", "Cold", "Elm", "Fox", "Amber",
];
const PLACE_TAILS: &[&str] = &[
    "mere", "wick", "ford", "bridge", "haven", "field", "well", "port", "dale", "gate", "stead", "moor", "hill",
    "brook",
];
const LUGARES_HEADS: &[&str] = &[
    "Villa", "Puerto ", "San ", "Monte", "Torre", "Peña", "Río ", "Val", "Campo", "Fuente", "Agua", "Santa ", "Alta",
    "Cerro ",
];
const LUGARES_TAILS: &[&str] = &[
    "lora", "verde", "mira", "serena", "blanca", "nova", "luz", "clara", "rosa", "mayor", "seca", "dorada", "fría",
    "alba",
];

/// Someone in a document.
pub(super) struct Person {
    pub(super) first: String,
    pub(super) last: String,
    pub(super) is_female: bool,
}

pub(super) fn person(rng: &mut Rng) -> Person {
    let is_female = rng.chance(50);
    let ending = rng.pick(if is_female { FEMALE } else { MALE });
    let middle = if ending.starts_with(['a', 'e', 'i', 'o']) {
        rng.pick(&["r", "l", "n", "m", "d", "v", "s"])
    } else {
        rng.pick(MIDDLES)
    };
    let (onset, glue) = (rng.pick(ONSETS), rng.pick(MIDDLES));
    // A vowel must follow the onset; syllables that start with a vowel may stand alone.
    let first = format!("{onset}{glue}{middle}{ending}");
    Person {
        first,
        last: surname(rng),
        is_female,
    }
}

/// People whose first names differ from one another.
pub(super) fn people(rng: &mut Rng, n: usize) -> Vec<Person> {
    let mut cast: Vec<Person> = Vec::with_capacity(n);
    while cast.len() < n {
        let new = person(rng);
        if cast.iter().all(|p| p.first != new.first) {
            cast.push(new);
        }
    }
    cast
}

/// A man whose first name nobody in `cast` has.
pub(super) fn man_beside(rng: &mut Rng, cast: &[Person]) -> Person {
    loop {
        let new = person(rng);
        if !new.is_female && cast.iter().all(|p| p.first != new.first) {
            return new;
        }
    }
}

pub(super) fn surname(rng: &mut Rng) -> String {
    format!("{}{}", rng.pick(SURNAME_HEADS), rng.pick(SURNAME_TAILS))
}

/// An English-sounding town.
pub(super) fn town(rng: &mut Rng) -> String {
    format!("{}{}", rng.pick(PLACE_HEADS), rng.pick(PLACE_TAILS))
}

/// A Spanish-sounding town.
pub(super) fn lugar(rng: &mut Rng) -> String {
    let (head, tail) = (rng.pick(LUGARES_HEADS), rng.pick(LUGARES_TAILS));
    if head.ends_with(' ') {
        format!("{head}{}", super::grammar::capitalise(tail))
    } else {
        format!("{head}{tail}")
    }
}

/// A code such as `KD-4172`: cheap to repeat with context, dear without.
pub(super) fn code(rng: &mut Rng) -> String {
    let letters: Vec<char> = "ABCDEFGHJKLMNPQRSTUVWXYZ".chars().collect();
    format!(
        "{}{}-{}",
        letters[rng.below(24)],
        letters[rng.below(24)],
        rng.range(1000, 9999)
    )
}

//! Values of flags: from what the user wrote to what it means. Errors say what to write instead.

use crate::data::{is_server, KvType, Workload, NO_ROTATION};
use crate::plan::{KvPair, QualityMode};
use crate::units;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadChoice {
    All,
    One(Workload),
}

pub(super) fn parse_workload(text: &str) -> Result<WorkloadChoice, String> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(WorkloadChoice::All);
    }
    text.replace('-', "_")
        .parse()
        .map(WorkloadChoice::One)
        .map_err(|e: crate::data::ParseNameError| format!("{e}, all"))
}

pub(super) fn parse_quality(text: &str) -> Result<QualityMode, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Ok(QualityMode::On),
        "full" => Ok(QualityMode::Full),
        "off" => Ok(QualityMode::Off),
        _ => Err(format!("'{text}' is not on, full or off")),
    }
}

/// Layers on a device; -1 for all.
pub(super) fn parse_layers(text: &str) -> Result<i32, String> {
    match text.trim() {
        all if all.eq_ignore_ascii_case("all") || all == "-1" => Ok(-1),
        number => number.parse::<u16>().map(i32::from).map_err(|_| {
            format!("'{text}' is no number of layers: use 0 for the CPU alone, a number such as 16, or all")
        }),
    }
}

pub(super) fn parse_threads(text: &str) -> Result<u32, String> {
    match text.trim().parse() {
        Ok(n) if (1..=MAX_THREADS).contains(&n) => Ok(n),
        _ => Err(format!(
            "'{text}' is no number of threads from 1 to {MAX_THREADS}, the most that llama.cpp allows; write e.g. 8"
        )),
    }
}

/// ggml's GGML_MAX_N_THREADS.
const MAX_THREADS: u32 = 512;

/// `NAME=PATH`: an executable, by the name it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildArg {
    pub name: String,
    pub path: PathBuf,
}

impl FromStr for BuildArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("'{text}' does not name an executable: write NAME=PATH, e.g. new=target/release/kvant");
        let (name, path) = text.split_once('=').ok_or_else(wrong)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || path.is_empty() {
            return Err(wrong());
        }
        if !name.chars().all(is_plain) {
            return Err(format!(
                "'{name}' cannot be a name in tables: use letters, digits, '-', '_' and '.'"
            ));
        }
        Ok(BuildArg {
            name: name.to_owned(),
            path: path.into(),
        })
    }
}

/// An address with its scheme.
pub(super) fn parse_server(text: &str) -> Result<String, String> {
    let wrong = || {
        format!(
            "'{text}' is no address of a server: write it as http://127.0.0.1:8080, or http://127.0.0.1:11434/v1#NAME"
        )
    };
    is_server(text).then(|| text.to_owned()).ok_or_else(wrong)
}

pub(super) fn parse_on_off(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("'{text}' is neither on nor off")),
    }
}

/// `q8_0`, `q8_0/f16`, or either with `-norot`.
pub(super) fn parse_kv(text: &str) -> Result<KvPair, crate::data::ParseNameError> {
    let (types, is_rotated) = match text.strip_suffix(NO_ROTATION) {
        Some(types) => (types, false),
        None => (text, true),
    };
    let (k, v) = types.split_once('/').unwrap_or((types, types));
    Ok(KvPair {
        k: k.parse::<KvType>()?,
        v: v.parse::<KvType>()?,
        is_rotated,
    })
}

/// What an hour costs.
pub(super) fn parse_price(text: &str) -> Result<f64, String> {
    units::parse_positive(text).map_err(|_| format!("'{text}' is no price: use a number above 0, for example 0.50"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_limited_as_ggml_limits_them() {
        assert_eq!((parse_threads("1"), parse_threads(" 512")), (Ok(1), Ok(512)));
        for bad in ["0", "513", "1024", "-1", "x", ""] {
            assert!(parse_threads(bad).is_err_and(|e| e.contains("from 1 to 512")), "{bad}");
        }
    }

    #[test]
    fn kv_pairs_are_read_and_unknown_types_name_the_known_ones() {
        let pair = parse_kv("q8_0/f16").expect("valid");
        assert_eq!((pair.k, pair.v, pair.is_rotated), (KvType::Q8_0, KvType::F16, true));
        let pair = parse_kv("q8_0/f16-norot").expect("valid");
        assert_eq!((pair.is_rotated, pair.to_string().as_str()), (false, "q8_0/f16-norot"));
        assert!(parse_kv("q3").expect_err("unknown").to_string().contains("q8_0"));
    }

    #[test]
    fn a_name_and_a_path_are_read_or_refused() {
        let read = |text: &str| text.parse::<BuildArg>();
        let build = read("new-1.2=a=b/kvant").expect("a name and a path");
        assert_eq!(
            (build.name.as_str(), build.path.to_str()),
            ("new-1.2", Some("a=b/kvant"))
        );
        for bad in ["target/release/kvant", "=kvant", "new="] {
            assert!(read(bad).expect_err(bad).contains("NAME=PATH"), "{bad}");
        }
        assert!(read("a b=kvant").expect_err("a space").contains("letters"));
    }
}

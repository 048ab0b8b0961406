//! What is asked for: a target and limits, as sums over the file.

use super::super::args::MixArgs;
use super::super::exit::{Failure, BAD_INPUT};
use crate::data::QualityLoss;
use crate::gguf::GgmlType;
use crate::mix::Aim;

/// What llama.cpp computes fast with on common CPUs, and its quantizer makes without an importance matrix.
const TYPES: &[GgmlType] = &[
    GgmlType::Q2K,
    GgmlType::Q3K,
    GgmlType::Iq4Xs,
    GgmlType::Iq4Nl,
    GgmlType::Q4_0,
    GgmlType::Q4K,
    GgmlType::Q4_1,
    GgmlType::Q5_0,
    GgmlType::Q5K,
    GgmlType::Q5_1,
    GgmlType::Q6K,
    GgmlType::Q8_0,
];
/// What it makes besides.
const MORE_TYPES: &[GgmlType] = &[GgmlType::Iq3S, GgmlType::Mxfp4];
/// What it makes with an importance matrix.
const WEIGHED_TYPES: &[GgmlType] = &[GgmlType::Iq2Xxs, GgmlType::Iq2Xs, GgmlType::Iq2S, GgmlType::Iq3Xxs];

/// The flags, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Bytes of the file at most.
    pub max_size: Option<u64>,
    /// The variant whose size is meant.
    pub like: Option<String>,
    /// Mean divergence at most.
    pub max_kld: Option<f64>,
    /// Tokens per second at least.
    pub min_decode: Option<f64>,
}

impl Target {
    /// Reads the flags; without any target the file is to be as large as Q4_K_M.
    pub fn of(args: &MixArgs) -> Result<Target, Failure> {
        let max_kld = match args.max_quality_loss {
            None => None,
            Some(QualityLoss::Kld(most)) => Some(most),
            Some(QualityLoss::Ppl(_)) => {
                let why = "--max-quality-loss: a mix is chosen by divergence, which adds up; write it as kld:0.02";
                return Err(Failure::msg(BAD_INPUT, why));
            }
        };
        let is_none = args.max_size.is_none() && args.like.is_none() && max_kld.is_none() && args.min_decode.is_none();
        Ok(Target {
            max_size: args.max_size,
            like: args
                .like
                .clone()
                .or(is_none.then(|| "Q4_K_M".to_owned()))
                .map(|l| l.to_ascii_uppercase()),
            max_kld,
            min_decode: args.min_decode,
        })
    }

    /// What is to be least. A speed or a size that is asked for leaves quality to be won; a quality, time, where it is known, or size.
    pub fn aim(&self, knows_speed: bool) -> Aim {
        match self.max_kld {
            None => Aim::Loss,
            Some(_) if knows_speed => Aim::Time,
            Some(_) => Aim::Bytes,
        }
    }
}

/// The types to choose from.
pub fn types(args: &MixArgs, has_imatrix: bool) -> Result<Vec<GgmlType>, Failure> {
    if args.types.is_empty() {
        return Ok(TYPES.to_vec());
    }
    let of = |name: &String| {
        let known = TYPES.iter().chain(MORE_TYPES).chain(WEIGHED_TYPES);
        let found = known.copied().find(|ty| ty.name().eq_ignore_ascii_case(name));
        match found {
            Some(ty) if WEIGHED_TYPES.contains(&ty) && !has_imatrix => Err(Failure::msg(
                BAD_INPUT,
                format!("--types {name}: llama.cpp makes it with an importance matrix only; add --imatrix auto"),
            )),
            Some(ty) => Ok(ty),
            None => {
                let known = TYPES.iter().chain(MORE_TYPES).chain(WEIGHED_TYPES);
                let names: Vec<&str> = known.map(|ty| ty.name()).collect();
                let text = format!(
                    "--types {name}: not a type of weights to choose; use some of {}",
                    names.join(", ")
                );
                Err(Failure::msg(BAD_INPUT, text))
            }
        }
    };
    args.types.iter().map(of).collect()
}

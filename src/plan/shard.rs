//! Splitting a plan into parts that any scheduler can spread, each a run of its own.
//!
//! The pieces that are dealt out: the arms of one variant and device (all their KV types, which are compared with each
//! other) at one context length (prefill, decode and what is related to them). A shard gets neighbouring pieces, so that it loads
//! few models, and for the works in them the baseline and its control, so that its ratios are paired within itself.

use crate::data::{Arm, ArmConfig, Cell, KvType, Plan, QualityPlan, Work};
use std::collections::BTreeSet;

/// One part of so many, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardOf {
    pub index: u32,
    pub count: u32,
}

impl std::fmt::Display for ShardOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl std::str::FromStr for ShardOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').map(|(i, n)| (i.trim().parse(), n.trim().parse()));
        match numbers {
            Some((Ok(index), Ok(count))) if (1..=count).contains(&index) => Ok(ShardOf { index, count }),
            _ => Err(format!(
                "'{text}' is no part of a whole: give its number, from 1, and how many there are, for example 2/4"
            )),
        }
    }
}

/// A plan that has fewer pieces than shards were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("--shard {shard}: the plan has {n_pieces} independent pieces (variants times context lengths); split it into at most {n_pieces} shards")]
pub struct TooManyShards {
    pub shard: ShardOf,
    pub n_pieces: usize,
}

/// The part of `whole` that is `shard`.
///
/// # Errors
/// When there are more shards than pieces.
pub fn shard(whole: &Plan, shard: ShardOf) -> Result<Plan, TooManyShards> {
    parts(whole, &[shard.index], shard.count)
}

/// The part of `whole` that these shards make together.
///
/// # Errors
/// When there are more shards than pieces.
pub fn parts(whole: &Plan, indices: &[u32], count: u32) -> Result<Plan, TooManyShards> {
    let mut own = BTreeSet::new();
    for &index in indices {
        own.extend(own_cells(whole, ShardOf { index, count })?);
    }
    let kept = with_references(whole, &own);
    let mut arm_indices = BTreeSet::new();
    for (index, arm) in whole.arms.iter().enumerate() {
        let has_cells = kept.iter().any(|&c| whole.cells[c].arm == index);
        if has_cells || arm.is_baseline {
            arm_indices.insert(index);
        }
    }
    let arm_at = |old: usize| arm_indices.iter().position(|&a| a == old);
    let cells = kept.iter().filter_map(|&c| {
        let cell = &whole.cells[c];
        Some(Cell {
            arm: arm_at(cell.arm)?,
            ..cell.clone()
        })
    });
    Ok(Plan {
        arms: arm_indices.iter().map(|&a| whole.arms[a].clone()).collect(),
        cells: cells.collect(),
        quality: whole.quality.as_ref().and_then(|q| quality_of(whole, q, &own)),
        ..whole.clone()
    })
}

/// The cells of the pieces of a shard, without the references they need besides.
fn own_cells(whole: &Plan, shard: ShardOf) -> Result<BTreeSet<usize>, TooManyShards> {
    let pieces = pieces(whole);
    let (n, count) = (pieces.len(), shard.count as usize);
    if count > n {
        return Err(TooManyShards { shard, n_pieces: n });
    }
    let dealt = pieces.into_iter().enumerate();
    let own = dealt.filter(|(k, _)| k * count / n + 1 == shard.index as usize);
    Ok(own.flat_map(|(_, cells)| cells).collect())
}

/// What cannot be split further, in the order of the plan's arms, each from the shortest context to the longest.
fn pieces(whole: &Plan) -> Vec<Vec<usize>> {
    let mut keys: Vec<Key> = Vec::new();
    for arm in whole.arms.iter().filter(|arm| !arm.is_control) {
        if !keys.contains(&key(arm)) {
            keys.push(key(arm));
        }
    }
    let lengths: BTreeSet<u32> = whole.cells.iter().map(|c| c.spec.shape().n_context).collect();
    let piece = |wanted: &Key, wanted_length: u32| -> Vec<usize> {
        let cells = whole.cells.iter().enumerate();
        let is_in = |cell: &Cell| {
            let arm = &whole.arms[cell.arm];
            !arm.is_control && key(arm) == *wanted && cell.spec.shape().n_context == wanted_length
        };
        cells.filter(|(_, cell)| is_in(cell)).map(|(index, _)| index).collect()
    };
    let all = keys.iter().flat_map(|key| lengths.iter().map(move |&n| (key, n)));
    all.map(|(key, n)| piece(key, n)).filter(|p| !p.is_empty()).collect()
}

/// An arm apart from its cache and its executable: arms that share it are compared with each other.
type Key = (String, ArmConfig);

fn key(arm: &Arm) -> Key {
    let config = ArmConfig {
        type_k: KvType::F16,
        type_v: KvType::F16,
        build: None,
        ..arm.config.clone()
    };
    (arm.variant.clone(), config)
}

/// These cells, and the baseline's and its control's on the same works.
fn with_references(whole: &Plan, own: &BTreeSet<usize>) -> BTreeSet<usize> {
    let works: BTreeSet<Work> = own.iter().map(|&c| whole.cells[c].spec).collect();
    let is_reference = |cell: &Cell| {
        let arm = &whole.arms[cell.arm];
        (arm.is_baseline || arm.is_control) && works.contains(&cell.spec)
    };
    let references = whole.cells.iter().enumerate().filter(|(_, cell)| is_reference(cell));
    references.map(|(index, _)| index).chain(own.iter().copied()).collect()
}

/// Quality is not split by context: a variant is scored by the shard that has the first of its pieces.
fn quality_of(whole: &Plan, quality: &QualityPlan, own: &BTreeSet<usize>) -> Option<QualityPlan> {
    let first = |variant: &str| {
        let of_variant = |c: &Cell| !whole.arms[c.arm].is_control && whole.arms[c.arm].variant == variant;
        let cells = whole.cells.iter().enumerate().filter(|(_, c)| of_variant(c));
        cells.min_by_key(|(index, c)| (c.spec.shape().n_context, *index))
    };
    let is_own = |variant: &str| first(variant).is_some_and(|(cell, _)| own.contains(&cell));
    let arms: Vec<Arm> = quality
        .arms
        .iter()
        .filter(|a| a.is_baseline || a.is_control || is_own(&a.variant))
        .cloned()
        .collect();
    let has_own = quality.arms.iter().any(|a| is_own(&a.variant));
    has_own.then(|| QualityPlan {
        arms,
        ..quality.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::super::matrix::{build, tests::settings};
    use super::*;

    fn shards(whole: &Plan, count: u32) -> Vec<Plan> {
        (1..=count)
            .map(|index| shard(whole, ShardOf { index, count }).expect("not too many"))
            .collect()
    }

    #[test]
    fn shards_hold_every_cell_and_their_own_references() {
        let whole = build(&settings()).expect("valid");
        let all: BTreeSet<&str> = whole.cells.iter().map(|c| c.id.as_str()).collect();
        for count in 1..=9 {
            let shards = shards(&whole, count);
            let mut seen: Vec<&str> = Vec::new();
            for part in &shards {
                assert!(part.arms[0].is_baseline && part.arms.last().expect("arms").is_control);
                for (index, cell) in part.cells.iter().enumerate() {
                    let arm = &part.arms[cell.arm];
                    assert_eq!(cell.id, format!("{} | {}", arm.id, cell.spec));
                    let has_baseline = part.cells.iter().any(|c| c.arm == 0 && c.spec == cell.spec);
                    assert!(has_baseline, "shard of {count}, cell {index}: {}", cell.id);
                    if !arm.is_baseline && !arm.is_control {
                        assert!(!seen.contains(&cell.id.as_str()), "{} is in two shards", cell.id);
                    }
                    seen.push(&cell.id);
                }
            }
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{count} shards");
            let scored: Vec<&Arm> = shards
                .iter()
                .filter_map(|p| p.quality.as_ref())
                .flat_map(|q| &q.arms)
                .collect();
            for arm in &whole.quality.as_ref().expect("on").arms {
                let n = scored.iter().filter(|a| a.id == arm.id).count();
                assert!(
                    n == 1 || n > 0 && (arm.is_baseline || arm.is_control),
                    "{}: {n}",
                    arm.id
                );
            }
        }
        assert_eq!(shards(&whole, 1)[0].cells, whole.cells);
    }

    #[test]
    fn neighbouring_pieces_keep_the_number_of_models_small() {
        let whole = build(&settings()).expect("valid");
        let variants = |plan: &Plan| {
            plan.arms
                .iter()
                .map(|a| a.variant.clone())
                .collect::<BTreeSet<_>>()
                .len()
        };
        let n: Vec<usize> = shards(&whole, 3).iter().map(variants).collect();
        assert_eq!(n, [1, 2, 2], "the baseline's own arms, then one other variant each");
    }

    #[test]
    fn more_shards_than_pieces_are_refused_with_the_number() {
        let whole = build(&settings()).expect("valid");
        let error = shard(&whole, ShardOf { index: 1, count: 10 }).expect_err("too many");
        assert!(error.to_string().contains("at most 9"), "{error}");
        assert!(
            "0/4".parse::<ShardOf>().is_err() && "5/4".parse::<ShardOf>().is_err() && "4".parse::<ShardOf>().is_err()
        );
        assert_eq!("2/4".parse(), Ok(ShardOf { index: 2, count: 4 }));
    }
}

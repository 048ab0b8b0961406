//! Joining the shards of a sweep into one run per machine.
//!
//! In: headers and records of runs that each hold a shard. Out: for every machine, a header and records whose report shows the cells of
//! all its shards. Rounds keep their samples together: those of one shard come after those of another, so that ratios stay paired
//! within a shard. Invariant: what was measured on different machines never meets in one run.

use super::shard::{parts, ShardOf};
use crate::data::{
    Arm, EndRecord, FailureKind, FailureRecord, Plan, Record, RunHeader, Shards, StoppedBy, VariantInfo, Warning,
};
use std::collections::BTreeSet;

/// A run to be joined with others.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// What the user calls it.
    pub name: &'a str,
    pub header: &'a RunHeader,
    pub records: &'a [Record],
    /// Its last line is torn.
    pub is_torn: bool,
}

/// What was joined, on one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// Header; run id, command and hash of the plan are for the caller to set.
    pub header: RunHeader,
    /// Records, in the order of the shards.
    pub records: Vec<Record>,
}

/// Runs that are not the shards of one sweep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    #[error("{name} is no shard: it was measured as a whole; give the runs of kvant compare --shard i/n")]
    NoShard { name: String },
    #[error("{name} is no shard of the sweep that {first} is of: {what} differ; give the runs of one command")]
    Foreign {
        name: String,
        first: String,
        what: &'static str,
    },
    #[error("{name} and {other} are both shard {shard} on the same machine; give one of them")]
    Twice { name: String, other: String, shard: String },
    #[error("{name} does not hold the cells of shard {shard}: another kvant split the plan; measure all shards with one version")]
    OtherSplit { name: String, shard: String },
}

/// Joins shards. Several machines give several runs, in the order in which they first appear.
///
/// # Errors
/// When the runs are not the shards of one sweep, or one is there twice.
pub fn merge(runs: &[Part]) -> Result<Vec<Merged>, MergeError> {
    let mut machines: Vec<Vec<(Part, &Shards)>> = Vec::new();
    let mut first: Option<(Part, &Shards)> = None;
    for &part in runs {
        let shards = part.header.shards.as_deref().ok_or_else(|| MergeError::NoShard {
            name: part.name.to_owned(),
        })?;
        let sweep = *first.get_or_insert((part, shards));
        check_same_sweep(sweep, (part, shards))?;
        check_split(part, shards)?;
        match machines
            .iter_mut()
            .find(|known| is_same_machine(known[0].0.header, part.header))
        {
            Some(known) => {
                check_once(known, (part, shards))?;
                known.push((part, shards));
            }
            None => machines.push(vec![(part, shards)]),
        }
    }
    let all = runs.iter().filter_map(|part| part.header.shards.as_deref());
    let missing = first.map_or(Vec::new(), |(_, shards)| Shards::missing(shards.count, all));
    let is_alone = machines.len() == 1;
    Ok(machines
        .into_iter()
        .map(|mut parts| {
            parts.sort_by_key(|(_, shards)| shards.indices.clone());
            join(&parts, &missing, is_alone)
        })
        .collect())
}

/// Whether a shard that was cut short was begun anew, and ended, on another machine: schedulers do so when a node fails.
pub fn is_superseded(part: &Part, runs: &[Part]) -> bool {
    let of = |part: &Part| part.header.shards.as_ref().map(|s| (s.indices.clone(), s.count));
    let is_whole = |other: &Part| {
        of(other) == of(part) && !is_same_machine(other.header, part.header) && ended(other) != StoppedBy::Interrupt
    };
    ended(part) == StoppedBy::Interrupt && runs.iter().any(is_whole)
}

/// One machine: its name, where there is one, what it is, and what llama.cpp makes of it.
fn is_same_machine(a: &RunHeader, b: &RunHeader) -> bool {
    let of = |h: &RunHeader| {
        let node = h.shards.as_ref().and_then(|s| s.node.clone());
        (
            node,
            h.host.cpu.clone(),
            h.host.n_cores,
            h.host.n_cpus,
            h.system_info.clone(),
        )
    };
    of(a) == of(b)
}

fn check_same_sweep((first, sweep): (Part, &Shards), (part, shards): (Part, &Shards)) -> Result<(), MergeError> {
    let (a, b) = (first.header, part.header);
    let is_other_file = |v: &VariantInfo| a.variants.iter().any(|own| own.id == v.id && own.sha256 != v.sha256);
    // Threads follow the machine unless they were given.
    // Each shard may have drawn an order of its own.
    let apart_from_order = |plan: &Plan| Plan {
        seed: 0,
        ..plan.clone()
    };
    let apart_from_threads = |plan: &Plan| {
        let mut plan = apart_from_order(plan);
        let of_quality = plan.quality.iter_mut().flat_map(|q| &mut q.arms);
        plan.arms
            .iter_mut()
            .chain(of_quality)
            .for_each(|arm| arm.config.n_threads = 0);
        plan
    };
    let is_here = is_same_machine(a, b);
    let is_same_plan = match is_here {
        true => apart_from_order(&sweep.whole) == apart_from_order(&shards.whole),
        false => apart_from_threads(&sweep.whole) == apart_from_threads(&shards.whole),
    };
    let what = if a.model != b.model {
        "the models"
    } else if !is_same_plan {
        "the plans"
    } else if sweep.count != shards.count {
        "the numbers of shards"
    } else if b.variants.iter().any(is_other_file) || a.draft.is_some() && b.draft.is_some() && a.draft != b.draft {
        "the model files"
    } else if (&a.salt, &a.corpus_sha256, &a.texts) != (&b.salt, &b.corpus_sha256, &b.texts) {
        "the texts"
    } else if (&a.tool_version, &a.llama_cpp) != (&b.tool_version, &b.llama_cpp) || a.build_hashes() != b.build_hashes()
    {
        "the versions of kvant or llama.cpp"
    } else {
        return Ok(());
    };
    Err(MergeError::Foreign {
        name: part.name.to_owned(),
        first: first.name.to_owned(),
        what,
    })
}

fn check_split(part: Part, shards: &Shards) -> Result<(), MergeError> {
    let own = parts(&shards.whole, &shards.indices, shards.count);
    if own.is_ok_and(|own| own.cells == part.header.plan.cells) {
        return Ok(());
    }
    Err(MergeError::OtherSplit {
        name: part.name.to_owned(),
        shard: named(shards),
    })
}

fn check_once(known: &[(Part, &Shards)], (part, shards): (Part, &Shards)) -> Result<(), MergeError> {
    for (other, theirs) in known {
        if let Some(&index) = shards.indices.iter().find(|i| theirs.indices.contains(i)) {
            let count = shards.count;
            return Err(MergeError::Twice {
                name: part.name.to_owned(),
                other: other.name.to_owned(),
                shard: ShardOf { index, count }.to_string(),
            });
        }
    }
    Ok(())
}

fn named(shards: &Shards) -> String {
    let numbers: Vec<String> = shards.indices.iter().map(u32::to_string).collect();
    format!("{}/{}", numbers.join("+"), shards.count)
}

fn join(shards: &[(Part, &Shards)], missing: &[u32], is_alone: bool) -> Merged {
    let (first, sweep) = shards[0];
    let mut indices: Vec<u32> = shards.iter().flat_map(|(_, s)| s.indices.iter().copied()).collect();
    indices.sort_unstable();
    // One machine: what is missing shows as cells that were not run. Several: each shows what it holds.
    let plan = match is_alone {
        true => sweep.whole.clone(),
        false => parts(&sweep.whole, &indices, sweep.count).unwrap_or_else(|_| first.header.plan.clone()),
    };
    let mut header = first.header.clone();
    header.started_at = shards
        .iter()
        .map(|(p, _)| p.header.started_at.clone())
        .min()
        .unwrap_or_default();
    header.variants = Vec::new();
    header.draft = shards.iter().find_map(|(p, _)| p.header.draft.clone());
    for variant in shards.iter().flat_map(|(p, _)| &p.header.variants) {
        if !header.variants.iter().any(|known| known.id == variant.id) {
            header.variants.push(variant.clone());
        }
    }
    let order = |id: &str| plan.arms.iter().position(|a| a.variant == id);
    header.variants.sort_by_key(|v| order(&v.id));
    let mut records = Vec::new();
    let ends: Vec<StoppedBy> = shards.iter().map(|(part, _)| ended(part)).collect();
    let unfinished: Vec<u32> = shards
        .iter()
        .zip(&ends)
        .filter(|(_, why)| **why == StoppedBy::Interrupt)
        .flat_map(|((_, s), _)| s.indices.iter().copied())
        .collect();
    if !missing.is_empty() || !unfinished.is_empty() {
        records.push(Record::Warning(Warning::ShardGaps {
            count: sweep.count,
            missing: missing.to_vec(),
            unfinished,
        }));
    }
    let mut offset = Offset::default();
    for (part, _) in shards {
        let moved = Move::new(&plan, &part.header.plan, offset);
        for record in part.records {
            match moved.record(record) {
                Some(Record::Warning(warning)) if records.contains(&Record::Warning(warning.clone())) => {}
                Some(record) => records.push(record),
                None => {}
            }
        }
        if part.records.last().is_some_and(|r| !matches!(r, Record::End(_))) {
            records.push(end(StoppedBy::Interrupt));
        }
        offset = offset.after(part.records);
    }
    records.extend(not_there(&plan, shards, missing, sweep.count));
    records.push(end(why_all(&ends, !missing.is_empty())));
    header.shards = Some(Box::new(Shards {
        indices,
        ..sweep.clone()
    }));
    header.plan = plan;
    Merged { header, records }
}

/// Cells that no shard here holds.
fn not_there(plan: &Plan, shards: &[(Part, &Shards)], missing: &[u32], count: u32) -> Vec<Record> {
    let there: BTreeSet<&str> = shards
        .iter()
        .flat_map(|(p, _)| p.header.plan.cells.iter().map(|c| c.id.as_str()))
        .collect();
    let list = missing.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let absent = plan
        .cells
        .iter()
        .enumerate()
        .filter(|(_, c)| !there.contains(c.id.as_str()));
    absent
        .map(|(cell, _)| {
            Record::Failure(FailureRecord {
                cell,
                kind: FailureKind::NotRun,
                reason: format!("it belongs to a shard that is missing (of {count}: {list}); run it and merge again"),
            })
        })
        .collect()
}

/// Why a shard ended; `Interrupt` when it did not by itself.
fn ended(part: &Part) -> StoppedBy {
    match part.records.last() {
        Some(Record::End(end)) if !part.is_torn => end.stopped_by,
        _ => StoppedBy::Interrupt,
    }
}

/// Why all of it ended: the least complete of its shards.
fn why_all(ends: &[StoppedBy], has_gaps: bool) -> StoppedBy {
    if has_gaps {
        return StoppedBy::Interrupt;
    }
    let order = [
        StoppedBy::Interrupt,
        StoppedBy::Failures,
        StoppedBy::Budget,
        StoppedBy::Rounds,
        StoppedBy::Precision,
    ];
    order
        .into_iter()
        .find(|why| ends.contains(why))
        .unwrap_or(StoppedBy::Interrupt)
}

/// An end that adds no time: those of the shards stand before it.
fn end(stopped_by: StoppedBy) -> Record {
    Record::End(EndRecord {
        stopped_by,
        ..EndRecord::default()
    })
}

/// Launches and rounds that were there before.
#[derive(Debug, Clone, Copy, Default)]
struct Offset {
    launches: u32,
    rounds: u32,
}

impl Offset {
    fn after(self, records: &[Record]) -> Offset {
        let seen = records.iter().filter_map(|record| match record {
            Record::Launch(l) => Some((l.launch, 0)),
            Record::Sample(s) => Some((s.launch, s.round + 1)),
            Record::Probe(a) => Some((a.launch, a.round + 1)),
            Record::Disturbed(d) => Some((d.launch, d.round + 1)),
            Record::Block(b) => Some((b.launch, b.round + 1)),
            Record::Round(r) => Some((r.launch, r.round + 1)),
            _ => None,
        });
        let most = seen.fold(None, |most: Option<(u32, u32)>, (launch, rounds)| {
            let (launches, before) = most.unwrap_or((0, 0));
            Some((launches.max(launch + 1), before.max(rounds)))
        });
        let (launches, rounds) = most.unwrap_or((0, 0));
        Offset {
            launches: self.launches + launches,
            rounds: self.rounds + rounds,
        }
    }
}

/// Where the arms and cells of a shard are in the whole.
struct Move {
    arms: Vec<Option<usize>>,
    cells: Vec<Option<usize>>,
    quality: Vec<Option<usize>>,
    offset: Offset,
}

impl Move {
    fn new(whole: &Plan, own: &Plan, offset: Offset) -> Move {
        let arm_at = |arms: &[Arm], id: &str| arms.iter().position(|a| a.id == id);
        let scored = |plan: &Plan| plan.quality.as_ref().map_or(Vec::new(), |q| q.arms.clone());
        let all = scored(whole);
        Move {
            arms: own.arms.iter().map(|a| arm_at(&whole.arms, &a.id)).collect(),
            cells: own
                .cells
                .iter()
                .map(|c| whole.cells.iter().position(|w| w.id == c.id))
                .collect(),
            quality: scored(own).iter().map(|a| arm_at(&all, &a.id)).collect(),
            offset,
        }
    }

    /// The record in the whole; `None` when it is of something that is not there.
    fn record(&self, record: &Record) -> Option<Record> {
        let at = |map: &[Option<usize>], index: usize| map.get(index).copied().flatten();
        let (launches, rounds) = (self.offset.launches, self.offset.rounds);
        let mut moved = record.clone();
        match &mut moved {
            Record::Header(_) => return None,
            Record::Warning(_) | Record::Texts(_) | Record::SpeedEnd(_) | Record::End(_) => {}
            Record::Launch(l) => {
                l.launch += launches;
                l.arms.retain(|arm| at(&self.arms, arm.arm).is_some());
                for arm in &mut l.arms {
                    arm.arm = at(&self.arms, arm.arm)?;
                }
                let repeats = l.repeats.iter().filter_map(|&(c, n)| Some((at(&self.cells, c)?, n)));
                l.repeats = repeats.collect();
            }
            Record::Sample(s) => {
                (s.launch, s.round) = (s.launch + launches, s.round + rounds);
                s.cell = at(&self.cells, s.cell)?;
            }
            Record::Probe(a) => (a.launch, a.round) = (a.launch + launches, a.round + rounds),
            Record::Dropped(d) => {
                d.round += rounds;
                d.arm = at(&self.arms, d.arm)?;
            }
            Record::Disturbed(d) => {
                (d.launch, d.round) = (d.launch + launches, d.round + rounds);
                d.cell = at(&self.cells, d.cell)?;
            }
            Record::Block(b) => {
                (b.launch, b.round) = (b.launch + launches, b.round + rounds);
                b.cells = b.cells.iter().filter_map(|&c| at(&self.cells, c)).collect();
            }
            Record::Round(r) => (r.launch, r.round) = (r.launch + launches, r.round + rounds),
            Record::Failure(f) => f.cell = at(&self.cells, f.cell)?,
            Record::Memory(m) => m.arm = at(&self.arms, m.arm)?,
            Record::Quality(q) => {
                for (arm, _) in &mut q.scores {
                    *arm = at(&self.quality, *arm)?;
                }
            }
            Record::QualityFailure(f) => f.arm = at(&self.quality, f.arm)?,
        }
        Some(moved)
    }
}

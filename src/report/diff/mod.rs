//! Two runs beside each other: what changed in the configuration, then ratios with intervals and verdicts, unpaired.
//!
//! In: a [`Side`] each, made of a run's model or of llama-bench's rows. Out: a [`Diff`], a pure function of both, which
//! renders as a document (`render`) and as JSON.
//!
//! Invariant: without samples of interleaved rounds on both sides there is no interval and no verdict.

mod json;
mod quality;
mod render;
mod side;

use super::lang::Lang;
use super::wire;
use crate::data::FailOn;
use crate::stats::{self, Interval, Verdict};
pub use json::{diff_json, DIFF_SCHEMA};
use quality::LEVEL;
pub use quality::{DiffQuality, QualityFigures};
pub use render::{bench_document, BenchReport};
use serde::Serialize;
pub(super) use side::SideCell;
pub use side::{Rate, Side};

#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    pub lang: Lang,
    /// The reference.
    pub a: Side,
    /// What is held against it.
    pub b: Side,
    pub changed: Vec<Change>,
    /// How many settings were compared.
    pub n_settings: usize,
    /// Cells that both have, in the order of A.
    pub rows: Vec<DiffRow>,
    /// Arms and windows that both scored, in the order of A.
    pub quality: Vec<DiffQuality>,
    /// Cells of A that B lacks, and the other way round.
    pub only: [Vec<String>; 2],
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub setting: String,
    pub a: String,
    pub b: String,
}

/// A cell that both sides have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffRow {
    pub variant: String,
    pub kv: String,
    /// E.g. `tg32 @ d512`.
    pub work: String,
    pub a: Rate,
    pub b: Rate,
    /// Speed of B over that of A.
    pub ratio: f64,
    /// Absent without samples on both sides.
    #[serde(flatten, serialize_with = "wire::ends")]
    pub interval: Option<Interval>,
    /// Absent without an interval.
    pub verdict: Option<Verdict>,
    /// The interval at which those of all rows hold together (Bonferroni): what a condition is held against.
    #[serde(skip)]
    family: Option<Interval>,
}

impl Diff {
    /// Compares. The region that counts as the same is the wider one of both runs.
    pub fn between(lang: Lang, a: Side, b: Side) -> Diff {
        let names = || {
            a.settings
                .iter()
                .map(|(name, _)| name)
                .filter(|name| b.setting(name).is_some())
        };
        let changed = names().filter_map(|name| {
            let (of_a, of_b) = (a.setting(name)?, b.setting(name)?);
            (of_a != of_b).then(|| Change {
                setting: name.clone(),
                a: of_a.to_owned(),
                b: of_b.to_owned(),
            })
        });
        let (changed, n_settings) = (changed.collect(), names().count());
        let lacks = |side: &Side, other: &Side| -> Vec<String> {
            let lacking = side.cells.iter().filter(|cell| other.cell(cell).is_none());
            lacking.map(|c| format!("{} {} {}", c.variant, c.kv, c.work)).collect()
        };
        let only = [lacks(&a, &b), lacks(&b, &a)];
        let both: Vec<(&SideCell, &SideCell)> = a.cells.iter().filter_map(|c| Some((c, b.cell(c)?))).collect();
        let rows = both.iter().map(|(x, y)| row((&a, x), (&b, y), both.len())).collect();
        Diff {
            lang,
            changed,
            n_settings,
            rows,
            quality: quality::rows(&a.quality, &b.quality, a.tokens.is_some() && a.tokens == b.tokens),
            only,
            a,
            b,
        }
    }

    /// Whether verdicts could be given at all.
    pub fn has_verdicts(&self) -> bool {
        self.rows.iter().any(|row| row.verdict.is_some())
    }

    /// Cells that are slower by more than the limit, beyond doubt: the whole interval lies below, at the level at which those of all
    /// cells hold together, so that a run with many cells does not cry wolf.
    pub fn failures(&self, slower: f64) -> Vec<String> {
        let t = self.lang;
        let is_failed =
            |row: &&DiffRow| row.verdict == Some(Verdict::Slower) && row.family.is_some_and(|i| i.hi < 1.0 - slower);
        let said = |row: &DiffRow| {
            let ratio = t.or_na(row.interval.as_ref(), |i| t.ratio(i));
            t.d_fail_on(
                FailOn::Slower(slower),
                t.arm_with_kv(&row.variant, &row.kv),
                &row.work,
                ratio,
            )
        };
        self.rows.iter().filter(is_failed).map(said).collect()
    }
}

/// The intervals are wider by the bias that the controls of the two runs show beyond doubt.
fn row((side_a, a): (&Side, &SideCell), (side_b, b): (&Side, &SideCell), n_rows: usize) -> DiffRow {
    let controls = [side_a.control, side_b.control];
    let bias = controls.iter().flatten().map(stats::sure_bias).fold(0.0, f64::max);
    let at = |level: f64| match (&a.rates, &b.rates) {
        (Some(x), Some(y)) => {
            stats::unpaired_ratio_interval(y, x, a.process_sd, level).map(|i| stats::widened(i, bias))
        }
        _ => None,
    };
    let interval = at(LEVEL);
    let equivalence = side_a.equivalence.max(side_b.equivalence);
    DiffRow {
        variant: a.variant.clone(),
        kv: a.kv.clone(),
        work: a.work.clone(),
        a: a.rate,
        b: b.rate,
        ratio: interval.map_or(b.rate.tps / a.rate.tps, |i| i.estimate),
        verdict: interval.map(|i| stats::verdict(&i, equivalence)),
        interval,
        family: at(1.0 - (1.0 - LEVEL) / n_rows.max(1) as f64),
    }
}

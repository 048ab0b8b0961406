//! What two runs say of quality: perplexity paired by window where both scored the same tokens, divergence side by side.

use crate::data::Chunk;
use crate::report::model::Figure;
use crate::report::{wire, QualityReport, ReportModel};
use crate::stats::{self, Interval};
use serde::Serialize;
use std::collections::BTreeMap;

/// Level of every interval by itself, and of all rows of `--fail-on` together.
pub(super) const LEVEL: f64 = 0.95;

/// Quality of an arm in a window that both sides have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffQuality {
    pub variant: String,
    pub kv: String,
    /// Tokens per window.
    pub n_ctx: u32,
    pub a: QualityFigures,
    pub b: QualityFigures,
    /// ln(PPL of B / PPL of A) over the windows that both scored; absent when they scored other tokens.
    pub ln_ratio: Option<f64>,
    /// Over windows; absent with too few.
    #[serde(flatten, serialize_with = "wire::ends")]
    pub interval: Option<Interval>,
    pub n_windows_a: u32,
    pub n_windows_b: u32,
    pub n_windows_both: u32,
}

/// Quality of an arm, each value with its interval where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QualityFigures {
    pub ppl: Figure,
    /// Mean KL divergence from the run's own baseline, nats; absent for that baseline.
    pub kld: Option<Figure>,
}

/// One arm in one window of one side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SideQuality {
    variant: String,
    kv: String,
    n_ctx: u32,
    figures: QualityFigures,
    nll_by_chunk: Vec<(Chunk, f64)>,
}

impl SideQuality {
    /// Everything a run scored.
    pub(super) fn all(model: &ReportModel) -> Vec<SideQuality> {
        let rows = model.quality.rows.iter().filter(|r| r.is_ok() && !r.arm.is_control);
        rows.filter_map(SideQuality::of).collect()
    }

    fn of(row: &QualityReport) -> Option<SideQuality> {
        Some(SideQuality {
            variant: row.arm.label().to_owned(),
            kv: row.arm.config.kv(),
            n_ctx: row.n_ctx,
            figures: QualityFigures {
                ppl: row.ppl?,
                kld: row.kld_mean.filter(|_| !row.arm.is_baseline),
            },
            nll_by_chunk: row.nll_by_chunk.clone(),
        })
    }

    /// Equal for runs that scored the same tokens: the same texts, split alike.
    pub(super) fn tokens(model: &ReportModel) -> Option<String> {
        let tokens = model.quality.tokens.as_ref()?;
        let texts: Vec<&str> = model.header.texts.iter().map(|t| t.sha256.as_str()).collect();
        let n_vocab = model.header.model.n_vocab;
        Some(format!("{texts:?} {:?} {} {n_vocab}", tokens.n_tokens, tokens.adds_bos))
    }

    fn is_same(&self, other: &SideQuality) -> bool {
        (&self.variant, &self.kv, self.n_ctx) == (&other.variant, &other.kv, other.n_ctx)
    }
}

/// Arms and windows that both have, in the order of A; `is_comparable`: they scored the same tokens.
pub(super) fn rows(a: &[SideQuality], b: &[SideQuality], is_comparable: bool) -> Vec<DiffQuality> {
    let rows = a.iter().filter_map(|of_a| {
        let of_b = b.iter().find(|of_b| of_b.is_same(of_a))?;
        Some(row(of_a, of_b, is_comparable))
    });
    rows.collect()
}

fn row(a: &SideQuality, b: &SideQuality, is_comparable: bool) -> DiffQuality {
    let of_a: BTreeMap<Chunk, f64> = a.nll_by_chunk.iter().copied().collect();
    let changes = b.nll_by_chunk.iter().filter(|_| is_comparable);
    let changes: Vec<f64> = changes
        .filter_map(|(chunk, nll)| Some(nll - of_a.get(chunk)?))
        .collect();
    let mean = changes.iter().sum::<f64>() / changes.len() as f64;
    DiffQuality {
        variant: a.variant.clone(),
        kv: a.kv.clone(),
        n_ctx: a.n_ctx,
        a: a.figures,
        b: b.figures,
        ln_ratio: (!changes.is_empty()).then_some(mean),
        // Any fixed seed: the same two journals give the same interval.
        interval: stats::block_mean_interval(&changes, LEVEL, 1),
        n_windows_a: a.nll_by_chunk.len() as u32,
        n_windows_b: b.nll_by_chunk.len() as u32,
        n_windows_both: changes.len() as u32,
    }
}

//! What a run found, in sentences: the answer, its evidence, and what must be read before it.

mod answer;
pub(super) mod on_request;
mod speed;

pub(super) use answer::unmet;

use super::model::Moves;
use super::{CellReport, Comparison, Report};
use crate::data::{Arm, FailureKind, Outcome, StoppedBy, Warning, Workload};
use crate::stats::{self, Verdict};

impl Report<'_> {
    /// Reasons not to trust the figures, most serious first.
    pub fn banners(&self) -> Vec<String> {
        let t = self.lang;
        let first = |is_of_kind: fn(&Warning) -> bool| self.warnings.iter().find(|w| is_of_kind(w));
        let serious = [
            first(|w| matches!(w, Warning::FakeEngine)),
            first(|w| matches!(w, Warning::BuiltinInstead { .. })),
            first(|w| matches!(w, Warning::ShardGaps { .. })),
        ];
        let serious = serious.into_iter().flatten();
        let mut banners: Vec<String> = serious.map(|warning| sentence(&t.warning(warning))).collect();
        let failures = self.failures();
        let broken = failures.iter().filter(|f| f.kind == FailureKind::Broken);
        banners.extend(broken.map(|f| t.broken_banner(f.what.join(", "), f.reason)));
        match self.totals.stopped_by {
            _ if self.totals.n_rounds == 0 => {}
            None => banners.push(t.cut_short_banner()),
            Some(StoppedBy::Interrupt) => banners.push(t.interrupted_banner()),
            Some(_) => {}
        }
        banners
    }

    /// What the first screen says: the answer, how sure it is, the choices for other requests, and what is missing.
    pub fn conclusion(&self) -> Vec<String> {
        let mut said = opening(self);
        if !self.has_results() {
            said.extend(failures(self));
            return said;
        }
        if said.is_empty() {
            said = self.fastest(Workload::Decode);
        }
        said.extend(closing(self));
        said.extend(self.by_use());
        said.extend(failures(self));
        if self.quality.windows().is_empty() {
            said.push(self.lang.quality_not_measured());
        }
        said
    }

    /// All that was found, for files without sections: the conclusion with its evidence, then what each section says.
    pub fn findings(&self) -> Vec<String> {
        let mut said = self.conclusion();
        if !self.has_results() {
            return said;
        }
        said.extend(self.evidence());
        said.extend(self.other_purposes());
        said.extend(self.alternatives());
        said.extend(self.fastest(Workload::Decode));
        said.extend(self.fastest(Workload::Prefill));
        said.extend(self.kv_effect());
        said.extend(on_request::on_request(self));
        said.extend(self.losses());
        said.extend(self.doubts());
        said
    }
}

/// What the terminal says before its table: the answer, or why there is none.
pub(super) fn opening(model: &Report) -> Vec<String> {
    if !model.has_results() {
        return vec![nothing_measured(model)];
    }
    if model.specs(Workload::Decode).is_empty() {
        return on_request::on_request(model);
    }
    model.short_answer()
}

/// What it says after it: how sure the run is.
pub(super) fn closing(model: &Report) -> Option<String> {
    let t = model.lang;
    if !model.has_results() {
        return None;
    }
    if let Some(control) = &model.control.pooled {
        let (baseline, ratio) = (baseline_name(model), t.ratio(&control.ratio));
        let bias = stats::sure_bias(&control.ratio);
        return Some(match bias > 0.0 {
            true => t.terminal_bias(baseline, ratio, t.percent(bias.exp_m1())),
            false => t.terminal_control(baseline, ratio),
        });
    }
    let totals = &model.totals;
    (totals.n_rounds > 0).then(|| t.terminal_launches(t.launches(totals.n_launches), t.rounds(totals.n_rounds)))
}

fn baseline_name(model: &Report) -> String {
    model
        .baseline()
        .map_or_else(|| model.lang.the_baseline(), |arm| arm.label().to_owned())
}

impl Report<'_> {
    /// What variants lose in the shortest window, and what KV types lose in the longest.
    pub(super) fn losses(&self) -> Vec<String> {
        let t = self.lang;
        let windows = self.quality.windows();
        let (Some(&shortest), Some(&longest)) = (windows.first(), windows.last()) else {
            return Vec::new();
        };
        let baseline = baseline_name(self);
        let compared = |n_ctx: u32| {
            let rows = self.quality.rows.iter();
            rows.filter(move |r| r.n_ctx == n_ctx && r.is_ok() && r.verdict.is_some())
        };
        let variants: Vec<String> = compared(shortest)
            .filter(|r| self.has_base_kv(&r.arm))
            .map(|r| t.quality_said(r.arm.label(), t.quality_verdict(r)))
            .collect();
        let of_kv: Vec<String> = compared(longest)
            .filter(|r| !self.has_base_kv(&r.arm) && r.arm.label() == baseline)
            .map(|r| t.quality_said(t.kv_named(r.arm.config.kv()), t.quality_verdict(r)))
            .collect();
        let mut sentences = Vec::new();
        if !variants.is_empty() {
            sentences.push(t.quality_of_variants(&baseline, shortest, variants.join("; ")));
        }
        if !of_kv.is_empty() {
            sentences.push(t.quality_of_kv(&baseline, longest, of_kv.join("; ")));
        }
        sentences
    }

    /// What each other KV type does to the cache and to decode, on the baseline's weights at the greatest depth.
    pub(super) fn kv_effect(&self) -> Vec<String> {
        let t = self.lang;
        let Some(spec) = self.specs(Workload::Decode).into_iter().next_back() else {
            return Vec::new();
        };
        let mut said = Vec::new();
        let mut kinds: Vec<String> = Vec::new();
        for arm in self
            .arms()
            .filter(|a| self.cell(&a.id, &spec).is_some_and(|c| c.vs_f16_kv.is_some()))
        {
            let kind = arm.config.kv();
            if kinds.contains(&kind) {
                continue;
            }
            let effects: Vec<String> = self
                .arms()
                .filter(|a| a.config.kv() == kind)
                .filter_map(|a| self.cell(&a.id, &spec)?.vs_f16_kv.as_ref().map(|c| (a, c)))
                .map(|(a, c)| t.kv_ratio(t.ratio(&c.ratio), a.label(), t.verdict(c.verdict)))
                .collect();
            let size = kv_size(self, arm).unwrap_or_default();
            said.push(t.kv_effect(&kind, size, spec.n_depth(), t.list(&effects)));
            kinds.push(kind);
        }
        said
    }

    /// Ratios that move with the machine, and comparisons that stay open.
    pub(super) fn doubts(&self) -> Vec<String> {
        moving(self).into_iter().chain(unsettled(self)).collect()
    }
}

fn nothing_measured(model: &Report) -> String {
    let t = model.lang;
    let n_failed = model.cells.iter().filter(|c| is_failure(c)).count();
    if n_failed > 0 {
        t.nothing_measured_failed(n_failed, t.cells(model.cells.len()))
    } else {
        t.nothing_measured()
    }
}

fn kv_size(model: &Report, arm: &Arm) -> Option<String> {
    let t = model.lang;
    let own = model.memory_of(&arm.id)?;
    let f16 = model.memory.iter().find(|m| {
        m.arm.variant == arm.variant && m.arm.config.type_k.name() == "f16" && m.arm.config.type_v.name() == "f16"
    })?;
    Some(t.kv_size(t.bytes(own.kv_bytes), t.bytes(f16.kv_bytes)))
}

/// Ratios that are others on a machine that is slower or faster.
fn moving(model: &Report) -> Option<String> {
    let t = model.lang;
    let one = |moves: &Moves| {
        let cell = model.cells.iter().find(|cell| cell.index == moves.cell)?;
        let with = if moves.is_with_reads {
            t.memory_reads()
        } else {
            t.matrix_products()
        };
        let (slowest, fastest) = (t.two_decimals(moves.ratios.0), t.two_decimals(moves.ratios.1));
        Some(t.moves_one(t.arm(&cell.arm), t.work(&cell.spec), slowest, fastest, with))
    };
    let each: Vec<String> = model.trust.moves.iter().filter_map(one).collect();
    (!each.is_empty()).then(|| t.moving(each.join("; ")))
}

/// Headline comparisons that stay open, with what would settle them.
fn unsettled(model: &Report) -> Option<String> {
    let t = model.lang;
    let is_headline = |c: &&CellReport| !c.arm.is_control && c.spec.workload().is_headline();
    let open: Vec<(&CellReport, &Comparison)> = model
        .cells
        .iter()
        .filter(is_headline)
        .filter_map(|cell| {
            let comparison = if cell.vs_f16_kv.is_some() {
                &cell.vs_f16_kv
            } else {
                &cell.vs_baseline
            };
            comparison.as_ref().map(|c| (cell, c))
        })
        .filter(|(_, c)| c.verdict == Verdict::CantTell)
        .collect();
    if open.is_empty() {
        return None;
    }
    const SHOWN: usize = 3;
    let named: Vec<String> = open
        .iter()
        .take(SHOWN)
        .map(|(cell, c)| t.open_one(t.arm(&cell.arm), t.work(&cell.spec), t.ratio(&c.ratio)))
        .collect();
    let others = match open.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => t.open_others(n),
    };
    // The median: one ratio on the very edge of "the same" would ask for thousands of rounds.
    let mut more: Vec<u32> = open.iter().filter_map(|(_, c)| c.n_rounds_more).collect();
    more.sort_unstable();
    let settle = more.get(more.len().saturating_sub(1) / 2).map_or(String::new(), |&n| {
        let what = if open.len() == 1 {
            t.settle_it()
        } else {
            t.settle_half()
        };
        t.would_settle(t.more_rounds(n), time_of(model, n), what)
    });
    Some(t.unsettled(t.list(&named), others, settle))
}

/// ` (25 min 10 s)`, at the pace of this run.
fn time_of(model: &Report, n_rounds: u32) -> String {
    let totals = &model.totals;
    let per_round = totals
        .wall_ns
        .saturating_sub(totals.loading_ns)
        .checked_div(u64::from(totals.n_rounds));
    let time = per_round
        .filter(|&ns| ns > 0)
        .map(|ns| ns.saturating_mul(u64::from(n_rounds)));
    time.map_or(String::new(), |ns| format!(" ({})", model.lang.duration(ns)))
}

fn failures(model: &Report) -> Option<String> {
    let t = model.lang;
    let cells = t.cells(model.cells.len());
    match model.cells.iter().filter(|c| is_failure(c)).count() {
        0 => None,
        n => Some(t.not_measured_of(n, cells)),
    }
}

fn is_failure(cell: &CellReport) -> bool {
    !matches!(
        &cell.outcome,
        Outcome::Ok | Outcome::Failed(FailureKind::NotRun | FailureKind::LeftOut, _)
    )
}

/// A lower-case fragment as a sentence.
fn sentence(fragment: &str) -> String {
    let mut chars = fragment.chars();
    chars.next().map_or(String::new(), |first| {
        format!("{}{}.", first.to_uppercase(), chars.as_str())
    })
}

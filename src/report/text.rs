//! Phrases shared by the renderers: numbers with their intervals, names of arms and works.
//!
//! Every number goes through `units`; absent ones read "n/a".

use super::model::QualityReport;
use super::Comparison;
use crate::data::{Arm, ArmConfig, StoppedBy, WorkSpec, Workload};
use crate::stats::{Interval, QualityVerdict, Verdict};
use crate::units;

/// `43.1 [42.8, 43.5]` in tokens per second.
pub(super) fn tps(interval: Option<&Interval>) -> String {
    units::or_na(interval, |i| with_ends(i, units::tps))
}

/// `12.3 [12.1, 12.6]` in milliseconds, from nanoseconds.
pub(super) fn ms(interval: Option<&Interval>) -> String {
    units::or_na(interval, |i| with_ends(i, |ns| units::ms(whole_ns(ns))))
}

/// A value with the ends of its interval, each shown by `show`; the bare value where there is no interval.
pub(super) fn figure(value: f64, interval: Option<&Interval>, show: impl Fn(f64) -> String) -> String {
    match interval {
        Some(i) => format!("{} [{}, {}]", show(value), show(i.lo), show(i.hi)),
        None => show(value),
    }
}

/// Change of the perplexity against the baseline's: `+0.31 % [+0.12 %, +0.52 %]`.
pub(super) fn ppl_change(row: &QualityReport) -> String {
    units::or_na(row.figures.as_ref(), |f| {
        figure(f.ln_ratio.value, row.ln_ratio.as_ref(), |x| {
            units::signed_percent(x.exp_m1())
        })
    })
}

/// The verdict on quality in words.
pub(super) fn quality_verdict(row: &QualityReport) -> String {
    match (row.verdict, &row.ln_ratio) {
        (Some(QualityVerdict::Worse), Some(i)) => {
            let (lo, hi) = (
                units::signed_percent(i.lo.exp_m1()),
                units::signed_percent(i.hi.exp_m1()),
            );
            format!("worse by [{lo}, {hi}] in PPL")
        }
        (Some(verdict), _) if row.is_ok() => verdict.to_string(),
        (None, _) if row.arm.is_baseline => "baseline".to_owned(),
        (None, _) if row.arm.is_control && row.is_ok() => "the baseline against itself".to_owned(),
        _ => units::NOT_AVAILABLE.to_owned(),
    }
}

/// `1.71x [1.66, 1.76]`.
pub(super) fn ratio(interval: &Interval) -> String {
    let bare = |r: f64| units::ratio(r).trim_end_matches('x').to_owned();
    format!(
        "{} [{}, {}]",
        units::ratio(interval.estimate),
        bare(interval.lo),
        bare(interval.hi)
    )
}

/// The ratio of a comparison, or "n/a".
pub(super) fn ratio_of(comparison: Option<&Comparison>) -> String {
    units::or_na(comparison, |c| ratio(&c.ratio))
}

/// The verdict in words, with the rounds that would settle it.
pub(super) fn verdict_of(comparison: Option<&Comparison>) -> String {
    units::or_na(comparison, |c| match (c.verdict, c.n_rounds_more) {
        (Verdict::CantTell, Some(more)) => format!("can't tell ({})", more_rounds(more)),
        (verdict, _) => verdict.to_string(),
    })
}

/// `about 12 more rounds`. Beyond a hundred the number says no more than "not by measuring longer".
pub(super) fn more_rounds(more: u32) -> String {
    match more {
        1 => "about 1 more round".to_owned(),
        101.. => "over 100 more rounds".to_owned(),
        _ => format!("about {} more rounds", units::count(u64::from(more))),
    }
}

/// Rounded to whole nanoseconds; an estimate is never negative.
pub(super) fn whole_ns(ns: f64) -> u64 {
    ns.round() as u64
}

/// KV type of an arm: `q8_0`, or `q8_0/f16` where K and V differ.
pub(super) fn kv(config: &ArmConfig) -> String {
    if config.type_k == config.type_v {
        config.type_k.to_string()
    } else {
        format!("{}/{}", config.type_k, config.type_v)
    }
}

/// A variant with its KV type: `Q8_0 with f16 KV`.
pub(super) fn arm_in_words(arm: &Arm) -> String {
    format!("{} with {} KV", arm.variant, kv(&arm.config))
}

/// A work in words: `prefill of 512 tokens`, `decode at depth 512`.
pub(super) fn work_in_words(spec: &WorkSpec) -> String {
    match spec.workload {
        Workload::Prefill => format!("prefill of {} tokens", spec.n_prompt),
        Workload::Decode => format!("decode at depth {}", spec.n_depth),
        Workload::NoReuse => format!("decode without KV reuse at depth {}", spec.n_depth),
    }
}

/// Why the run ended, in words.
pub(super) fn stopped_by(stopped_by: Option<StoppedBy>) -> &'static str {
    match stopped_by {
        Some(StoppedBy::Precision) => "every headline ratio reached the target precision",
        Some(StoppedBy::Budget) => "the time budget was spent",
        Some(StoppedBy::Rounds) => "all planned rounds were run",
        Some(StoppedBy::Interrupt) => "it was interrupted",
        Some(StoppedBy::Failures) => "no cell was left to measure",
        None => "the journal was cut short; continue it with --resume",
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// `1 round`, `8 rounds`.
pub(super) fn plural(n: u32, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{s}")
}

fn with_ends(interval: &Interval, show: impl Fn(f64) -> String) -> String {
    format!(
        "{} [{}, {}]",
        show(interval.estimate),
        show(interval.lo),
        show(interval.hi)
    )
}

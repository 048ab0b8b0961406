//! Numbers as the language writes them, and the phrases around them: intervals, lists, counts of things.
//!
//! Every number goes through `units`; absent ones read "n/a" ("n/d").

use super::Lang;
use crate::data::{Arm, FailureKind, StoppedBy, Work, Workload};
use crate::report::model::{Figure, QualityReport};
use crate::report::text::whole_ns;
use crate::report::Comparison;
use crate::stats::{Interval, QualityVerdict, Verdict};
use crate::units;

impl Lang {
    /// A number from `units` with the language's decimal sign. The text must hold nothing but the number and its unit.
    pub(in crate::report) fn number(self, text: String) -> String {
        if text == units::NOT_AVAILABLE {
            return self.na();
        }
        text.replace('.', &self.decimal_sign())
    }

    pub(in crate::report) fn or_na<T>(self, value: Option<T>, show: impl Fn(T) -> String) -> String {
        value.map_or_else(|| self.na(), show)
    }

    pub(in crate::report) fn rate(self, tps: f64) -> String {
        self.number(units::tps(tps))
    }

    pub(in crate::report) fn time(self, ns: f64) -> String {
        self.number(units::ms(whole_ns(ns)))
    }

    pub(in crate::report) fn mib(self, bytes: u64) -> String {
        self.number(units::mib(bytes))
    }

    pub(in crate::report) fn bytes(self, bytes: u64) -> String {
        self.number(units::bytes(bytes))
    }

    pub(in crate::report) fn factor(self, ratio: f64) -> String {
        self.number(units::ratio(ratio))
    }

    pub(in crate::report) fn percent(self, fraction: f64) -> String {
        self.number(units::percent(fraction))
    }

    pub(in crate::report) fn signed_percent(self, fraction: f64) -> String {
        self.number(units::signed_percent(fraction))
    }

    pub(in crate::report) fn ppl(self, ppl: f64) -> String {
        self.number(units::ppl(ppl))
    }

    pub(in crate::report) fn nats(self, nats: f64) -> String {
        self.number(units::nats(nats))
    }

    pub(in crate::report) fn duration(self, ns: u64) -> String {
        self.number(units::duration(ns))
    }

    /// Three digits that count, for joules and prices.
    pub(in crate::report) fn price(self, value: f64) -> String {
        let n_decimals = match value.abs() {
            v if v >= 100.0 => 0,
            v if v >= 10.0 => 1,
            v if v >= 1.0 => 2,
            v if v >= 0.1 => 3,
            _ => 4,
        };
        self.number(format!("{value:.n_decimals$}"))
    }

    /// With two decimals, such as bits per weight and load.
    pub(in crate::report) fn two_decimals(self, value: f64) -> String {
        self.number(format!("{value:.2}"))
    }

    /// `43.1 [42.8, 43.5]`.
    pub(in crate::report) fn with_ends(self, interval: &Interval, show: impl Fn(f64) -> String) -> String {
        let ends = self.ends(show(interval.lo), show(interval.hi));
        format!("{} {ends}", show(interval.estimate))
    }

    /// `43.1 [42.8, 43.5]` in tokens per second.
    pub(in crate::report) fn tps(self, interval: Option<&Interval>) -> String {
        self.or_na(interval, |i| self.with_ends(i, |rate| self.rate(rate)))
    }

    /// `43.1 [42.8, 43.5]` of anything in a time.
    pub(in crate::report) fn rate_interval(self, interval: &Interval) -> String {
        self.with_ends(interval, |rate| self.rate(rate))
    }

    /// `12.3 [12.1, 12.6]` in milliseconds, from nanoseconds.
    pub(in crate::report) fn ms(self, interval: Option<&Interval>) -> String {
        self.or_na(interval, |i| self.with_ends(i, |ns| self.time(ns)))
    }

    /// A value with the ends of its interval, each shown by `show`; the bare value where there is no interval.
    pub(in crate::report) fn figure(
        self,
        value: f64,
        interval: Option<&Interval>,
        show: impl Fn(f64) -> String,
    ) -> String {
        match interval {
            Some(i) => format!("{} {}", show(value), self.ends(show(i.lo), show(i.hi))),
            None => show(value),
        }
    }

    /// A figure over all tokens with its interval over chunks, or "n/a".
    pub(in crate::report) fn pooled(self, figure: Option<&Figure>, show: impl Fn(f64) -> String) -> String {
        self.or_na(figure, |f| self.figure(f.value, f.interval.as_ref(), &show))
    }

    /// `1.71x [1.66, 1.76]`.
    pub(in crate::report) fn ratio(self, interval: &Interval) -> String {
        let bare = |r: f64| self.factor(r).trim_end_matches('x').to_owned();
        let ends = self.ends(bare(interval.lo), bare(interval.hi));
        format!("{} {ends}", self.factor(interval.estimate))
    }

    /// The ratio of a comparison, or "n/a".
    pub(in crate::report) fn ratio_of(self, comparison: Option<&Comparison>) -> String {
        self.or_na(comparison, |c| self.ratio(&c.ratio))
    }

    /// The verdict in words, with the rounds that would settle it.
    pub(in crate::report) fn verdict_of(self, comparison: Option<&Comparison>) -> String {
        self.or_na(comparison, |c| match (c.verdict, c.n_rounds_more) {
            (Verdict::CantTell, Some(more)) => self.cant_tell_yet(self.more_rounds(more)),
            (verdict, _) => self.verdict(verdict),
        })
    }

    /// The verdict in words.
    pub(in crate::report) fn verdict(self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Faster => self.faster(),
            Verdict::Slower => self.slower(),
            Verdict::Same => self.same(),
            Verdict::CantTell => self.cant_tell(),
        }
    }

    /// `about 12 more rounds`. Beyond a hundred the number says no more than "not by measuring longer".
    pub(in crate::report) fn more_rounds(self, more: u32) -> String {
        if more > 100 {
            return self.over_100_more();
        }
        self.some_more_rounds(more)
    }

    /// The verdict on quality in words.
    pub(in crate::report) fn quality_verdict(self, row: &QualityReport) -> String {
        match (row.verdict, row.ln_ratio.and_then(|f| f.interval)) {
            (Some(QualityVerdict::Worse), Some(i)) => {
                let show = |x: f64| self.signed_percent(x.exp_m1());
                self.worse_by(self.ends(show(i.lo), show(i.hi)))
            }
            (Some(QualityVerdict::Worse), None) => self.worse(),
            (Some(QualityVerdict::Indistinguishable), _) => self.indistinguishable(),
            (Some(QualityVerdict::CantTell), _) => self.cant_tell(),
            (None, _) if row.arm.is_baseline => self.baseline(),
            (None, _) if row.arm.is_control && row.is_ok() => self.itself(),
            _ => self.na(),
        }
    }

    /// Why something has no result, where the run recorded no reason in words.
    pub(in crate::report) fn reason(self, kind: FailureKind, recorded: &str) -> String {
        match kind {
            FailureKind::NotRun if recorded.is_empty() => self.no_round_completed(),
            FailureKind::LeftOut if recorded.is_empty() => self.arm_left(),
            _ => recorded.to_owned(),
        }
    }

    /// A variant with its KV type: `Q8_0 with f16 KV`.
    pub(in crate::report) fn arm(self, arm: &Arm) -> String {
        self.arm_with_kv(arm.label(), arm.config.kv())
    }

    /// A work in words: `prefill of 512 tokens`, `decode at depth 512`.
    pub(in crate::report) fn work(self, spec: &Work) -> String {
        match spec.workload() {
            Workload::Prefill => self.prefill_of(spec.n_prompt()),
            Workload::Decode => self.decode_at(spec.n_depth()),
            Workload::NoReuse => self.no_reuse_at(spec.n_depth()),
            Workload::PrefixReuse => self.first_token_of(spec.n_prompt(), spec.n_depth()),
            Workload::State => self.restoring_state(spec.n_depth()),
            Workload::Speculative => self.speculative_at(spec.n_depth()),
            Workload::Batched => self.decode_of(spec.n_seq(), spec.n_depth()),
            Workload::Requests => self.requests_of(spec.n_seq(), spec.n_prompt(), spec.n_gen()),
            Workload::Chat => spec.to_string(),
        }
    }

    /// Why the run ended, in words.
    pub(in crate::report) fn stopped_by(self, stopped_by: Option<StoppedBy>) -> String {
        match stopped_by {
            Some(StoppedBy::Precision) => self.stopped_precision(),
            Some(StoppedBy::Budget) => self.stopped_budget(),
            Some(StoppedBy::Rounds) => self.stopped_rounds(),
            Some(StoppedBy::Interrupt) => self.stopped_interrupt(),
            Some(StoppedBy::Failures) => self.stopped_failures(),
            Some(StoppedBy::Decided) => self.stopped_decided(),
            None => self.stopped_short(),
        }
    }

    /// `a`, `a and b`, `a, b and c`.
    pub(in crate::report) fn list(self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [one] => one.clone(),
            [most @ .., last] => self.and_last(most.join(&self.list_comma()), last),
        }
    }
}

//! Numbers as the language writes them, and the phrases around them: intervals, lists, counts of things.
//!
//! Every number goes through `units`; absent ones read "n/a" ("n/d").

use super::{texts, Lang};
use crate::data::{Arm, StoppedBy, Work, Workload};
use crate::report::model::QualityReport;
use crate::report::text::{kv, whole_ns};
use crate::report::Comparison;
use crate::stats::{Interval, QualityVerdict, Verdict};
use crate::units;

texts! {
    na() { "n/a", "n/d" }
    baseline() { "baseline", "referencia" }
    the_baseline() { "the baseline", "la referencia" }
    itself() { "the baseline against itself", "la referencia contra sí misma" }
    worse_by(lo, hi) { "worse by [{lo}, {hi}] in PPL", "peor en [{lo}; {hi}] de PPL" }
    cant_tell_yet(more) { "can't tell ({more})", "no se puede saber ({more})" }
    one_more_round() { "about 1 more round", "alrededor de 1 ronda más" }
    over_100_more() { "over 100 more rounds", "más de 100 rondas más" }
    some_more_rounds(n) { "about {n} more rounds", "unas {n} rondas más" }
    arm_with_kv(variant, kv) { "{variant} with {kv} KV", "{variant} con KV {kv}" }
    prefill_of(n) { "prefill of {n} tokens", "prefill de {n} tokens" }
    decode_at(n) { "decode at depth {n}", "decodificación a profundidad {n}" }
    no_reuse_at(n) { "decode without KV reuse at depth {n}", "decodificación sin reutilizar KV a profundidad {n}" }
    and_last(most, last) { "{most} and {last}", "{most} y {last}" }
    one_round() { "1 round", "1 ronda" }
    n_rounds(n) { "{n} rounds", "{n} rondas" }
    one_launch() { "1 launch", "1 lanzamiento" }
    n_launches(n) { "{n} launches", "{n} lanzamientos" }
    one_cell() { "1 cell", "1 celda" }
    n_cells(n) { "{n} cells", "{n} celdas" }
    one_sample() { "1 sample", "1 muestra" }
    n_samples(n) { "{n} samples", "{n} muestras" }
    one_disturbed_sample() { "1 disturbed sample", "1 muestra perturbada" }
    n_disturbed_samples(n) { "{n} disturbed samples", "{n} muestras perturbadas" }
    faster() { "faster", "más rápida" }
    slower() { "slower", "más lenta" }
    same() { "same", "igual" }
    cant_tell() { "can't tell", "no se puede saber" }
    indistinguishable() { "indistinguishable", "indistinguible" }
    worse() { "worse", "peor" }
    stopped_precision() {
        "every headline ratio reached the target precision",
        "todas las razones principales alcanzaron la precisión buscada",
    }
    stopped_budget() { "the time budget was spent", "se agotó el tiempo previsto" }
    stopped_rounds() { "all planned rounds were run", "se hicieron todas las rondas previstas" }
    stopped_interrupt() { "it was interrupted", "se interrumpió" }
    stopped_failures() { "no cell was left to measure", "no quedó ninguna celda que medir" }
    stopped_decided() { "the recommendation was settled", "la recomendación quedó decidida" }
    stopped_short() {
        "the journal was cut short; continue it with --resume",
        "el diario quedó cortado; continúelo con --resume",
    }
}

impl Lang {
    /// A number from `units` with the language's decimal sign. The text must hold nothing but the number and its unit.
    pub(in crate::report) fn number(self, text: String) -> String {
        match self {
            _ if text == units::NOT_AVAILABLE => self.na(),
            Lang::En => text,
            Lang::Es => text.replace('.', ","),
        }
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

    /// `[42.8, 43.5]`, `[42,8; 43,5]`.
    pub(in crate::report) fn ends(self, lo: &str, hi: &str) -> String {
        match self {
            Lang::En => format!("[{lo}, {hi}]"),
            Lang::Es => format!("[{lo}; {hi}]"),
        }
    }

    /// `43.1 [42.8, 43.5]`.
    pub(in crate::report) fn with_ends(self, interval: &Interval, show: impl Fn(f64) -> String) -> String {
        let ends = self.ends(&show(interval.lo), &show(interval.hi));
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
            Some(i) => format!("{} {}", show(value), self.ends(&show(i.lo), &show(i.hi))),
            None => show(value),
        }
    }

    /// `1.71x [1.66, 1.76]`.
    pub(in crate::report) fn ratio(self, interval: &Interval) -> String {
        let bare = |r: f64| self.factor(r).trim_end_matches('x').to_owned();
        let ends = self.ends(&bare(interval.lo), &bare(interval.hi));
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
        match more {
            1 => self.one_more_round(),
            101.. => self.over_100_more(),
            _ => self.some_more_rounds(units::count(u64::from(more))),
        }
    }

    /// Change of the perplexity against the baseline's: `+0.31 % [+0.12 %, +0.52 %]`.
    pub(in crate::report) fn ppl_change(self, row: &QualityReport) -> String {
        self.or_na(row.figures.as_ref(), |f| {
            self.figure(f.ln_ratio.value, row.ln_ratio.as_ref(), |x| {
                self.signed_percent(x.exp_m1())
            })
        })
    }

    /// The verdict on quality in words.
    pub(in crate::report) fn quality_verdict(self, row: &QualityReport) -> String {
        match (row.verdict, &row.ln_ratio) {
            (Some(QualityVerdict::Worse), Some(i)) => {
                let show = |x: f64| self.signed_percent(x.exp_m1());
                self.worse_by(show(i.lo), show(i.hi))
            }
            (Some(QualityVerdict::Worse), None) if row.is_ok() => self.worse(),
            (Some(QualityVerdict::Indistinguishable), _) if row.is_ok() => self.indistinguishable(),
            (Some(QualityVerdict::CantTell), _) if row.is_ok() => self.cant_tell(),
            (None, _) if row.arm.is_baseline => self.baseline(),
            (None, _) if row.arm.is_control && row.is_ok() => self.itself(),
            _ => self.na(),
        }
    }

    /// A variant with its KV type: `Q8_0 with f16 KV`.
    pub(in crate::report) fn arm(self, arm: &Arm) -> String {
        self.arm_with_kv(arm.label(), kv(&arm.config))
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
            [most @ .., last] => self.and_last(most.join(", "), last),
        }
    }

    /// `1 round`, `8 rounds`.
    pub(in crate::report) fn rounds(self, n: u32) -> String {
        if n == 1 {
            self.one_round()
        } else {
            self.n_rounds(n)
        }
    }

    /// `1 launch`, `2 launches`.
    pub(in crate::report) fn launches(self, n: u32) -> String {
        if n == 1 {
            self.one_launch()
        } else {
            self.n_launches(n)
        }
    }

    /// `1 cell`, `54 cells`.
    pub(in crate::report) fn cells(self, n: usize) -> String {
        if n == 1 {
            self.one_cell()
        } else {
            self.n_cells(n)
        }
    }

    /// `1 sample`, `8 samples`.
    pub(in crate::report) fn samples(self, n: u32) -> String {
        if n == 1 {
            self.one_sample()
        } else {
            self.n_samples(n)
        }
    }

    /// `1 disturbed sample`, `8 disturbed samples`.
    pub(in crate::report) fn disturbed_samples(self, n: u32) -> String {
        if n == 1 {
            self.one_disturbed_sample()
        } else {
            self.n_disturbed_samples(n)
        }
    }
}

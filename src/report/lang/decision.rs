//! The recommendation in words.

use super::Lang;
use crate::data::{Plan, WhyLeftOut};
use crate::decide::{Check, Exactness, Known, Limit, Seen, WinsIf};

impl Lang {
    /// A limit in words.
    pub(in crate::report) fn limit(self, limit: Limit) -> String {
        match limit {
            Limit::Decode(n) => self.lim_decode(self.rate(n)),
            Limit::Ttft(ns) => self.lim_ttft(self.time(ns as f64)),
            Limit::Ram(bytes) => self.lim_ram(self.bytes(bytes)),
            Limit::Vram(bytes) => self.lim_vram(self.bytes(bytes)),
            Limit::Context(n) => self.lim_context(n),
            Limit::Ppl(most) => self.lim_ppl(self.percent(most)),
            Limit::Kld(most) => self.lim_kld(self.nats(most)),
        }
    }

    /// What was seen against a limit: `decode 14.6 [13.8, 15.3] t/s against 15`.
    pub(in crate::report) fn check(self, check: &Check) -> String {
        let seen = |show: &dyn Fn(f64) -> String| match check.seen {
            Seen::Interval(i) => self.with_ends(&i, show),
            Seen::Point(x) => self.too_few(show(x)),
            Seen::Exact(n) => show(n as f64),
            Seen::Baseline => self.fact_baseline(),
            Seen::Nothing => self.not_seen(),
        };
        let bytes = |n: f64| self.bytes(n as u64);
        match check.limit {
            Limit::Decode(n) => self.seen_decode(seen(&|x| self.rate(x)), self.rate(n)),
            Limit::Ttft(ns) => self.seen_ttft(seen(&|x| self.time(x)), self.time(ns as f64)),
            Limit::Ram(most) | Limit::Vram(most) => self.seen_memory(seen(&bytes), self.bytes(most)),
            Limit::Context(n) => self.seen_context(seen(&|x| x.to_string()), n),
            Limit::Ppl(most) => self.seen_ppl(seen(&|x| self.signed_percent(x)), self.percent(most)),
            Limit::Kld(most) => self.seen_kld(seen(&|x| self.nats(x)), self.nats(most)),
        }
    }

    /// Why a candidate was not measured.
    pub(in crate::report) fn why_left_out(self, why: WhyLeftOut) -> String {
        match why {
            WhyLeftOut::DoesNotFit {
                needed_bytes,
                available_bytes,
            } => self.out_does_not_fit(self.bytes(needed_bytes), self.bytes(available_bytes)),
            WhyLeftOut::OverLimit {
                needed_bytes,
                limit_bytes,
            } => self.out_over_limit(self.bytes(needed_bytes), self.bytes(limit_bytes)),
            WhyLeftOut::TooSlow { decode_tps, least_tps } => {
                self.out_too_slow(self.rate(decode_tps), self.rate(least_tps))
            }
            WhyLeftOut::NoTime { budget_ns } => self.out_no_time(budget_ns / 1_000_000_000),
        }
    }

    /// An arm's quality in a clause.
    pub(in crate::report) fn exactness(self, quality: &Exactness, baseline: &str) -> String {
        match quality {
            Exactness::Baseline => self.fact_baseline(),
            Exactness::Scored { ln_ratio, kld } => {
                let change = self.known(ln_ratio, |x| self.signed_percent(x.exp_m1()));
                self.fact_quality(change, self.kld(kld), baseline)
            }
            Exactness::Unscored => self.fact_open(),
        }
    }

    /// Why nothing is known of an arm's quality.
    pub(in crate::report) fn unscored(self, plan: &Plan) -> String {
        match plan.quality {
            Some(_) => self.fact_open(),
            None => self.fact_unscored(),
        }
    }

    /// The flag that would make an arm the choice.
    pub(in crate::report) fn wins_flag(self, what: WinsIf) -> String {
        let mib = |bytes: u64| format!("{}MiB", bytes >> 20);
        match what {
            WinsIf::PplLoss(loss) => format!("--max-quality-loss {}%", short(loss * 100.0)),
            WinsIf::Kld(kld) => format!("--max-quality-loss kld:{}", short(kld)),
            WinsIf::Ram(bytes) => format!("--max-ram {}", mib(bytes)),
            WinsIf::Vram(bytes) => format!("--max-vram {}", mib(bytes)),
        }
    }

    /// A figure with its interval, or bare.
    pub(in crate::report) fn known(self, known: &Known, show: impl Fn(f64) -> String) -> String {
        match known {
            Known::Interval(i) => self.with_ends(i, show),
            Known::Point(x) => self.too_few(show(*x)),
        }
    }

    /// A divergence with its interval.
    pub(in crate::report) fn kld(self, kld: &Known) -> String {
        self.known(kld, |x| self.nats(x))
    }
}

/// A number as a flag takes it, without the noise of binary fractions.
fn short(x: f64) -> String {
    let text = format!("{x:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

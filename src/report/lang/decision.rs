//! The recommendation in words.

use super::Lang;
use crate::data::{Limit, Limited, Plan, WhyLeftOut};
use crate::decide::{Check, Exactness, Known, Seen};

impl Lang {
    /// A limit in words.
    pub(in crate::report) fn limit(self, limit: Limit) -> String {
        self.lim(limit.on, self.limit_value(limit))
    }

    /// What was seen against a limit: `decode 14.6 [13.8, 15.3] t/s against 15`.
    pub(in crate::report) fn check(self, check: &Check) -> String {
        let on = check.limit.on;
        let show = |value: f64| match on {
            Limited::Ppl => self.signed_percent(value),
            _ => self.limit_value(Limit { on, value }),
        };
        let seen = match check.seen {
            Seen::Interval(i) => self.with_ends(&i, show),
            Seen::Point(x) => self.too_few(show(x)),
            Seen::Exact(n) => show(n as f64),
            Seen::Baseline => self.fact_baseline(),
            Seen::Nothing => self.not_seen(),
        };
        self.seen(on, seen, self.limit_value(check.limit))
    }

    fn limit_value(self, Limit { on, value }: Limit) -> String {
        match on {
            Limited::DecodeTps | Limited::PrefillTps => self.rate(value),
            Limited::TtftNs => self.time(value),
            Limited::RamBytes | Limited::DeviceBytes => self.bytes(value as u64),
            Limited::NCtx => value.to_string(),
            Limited::Ppl => self.percent(value),
            Limited::Kld => self.nats(value),
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
    pub(in crate::report) fn wins_flag(self, Limit { on, value }: Limit) -> String {
        let mib = |bytes: f64| format!("{}MiB", bytes as u64 >> 20);
        match on {
            Limited::DecodeTps => format!("--min-decode {}", short(value)),
            Limited::PrefillTps => format!("--min-prefill {}", short(value)),
            Limited::TtftNs => format!("--max-ttft {}ms", short(value / 1e6)),
            Limited::RamBytes => format!("--max-ram {}", mib(value)),
            Limited::DeviceBytes => format!("--max-vram {}", mib(value)),
            Limited::NCtx => format!("--n-ctx {value}"),
            Limited::Ppl => format!("--max-quality-loss {}%", short(value * 100.0)),
            Limited::Kld => format!("--max-quality-loss kld:{}", short(value)),
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

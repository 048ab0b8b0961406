//! Tables: a column is its heading and what it reads of a row, in one place; a value keeps the number that it shows.

use super::document::{Block, Span, Table, Tone, Value};
use super::lang::Lang;
use super::model::{Figure, QualityReport};
use super::Comparison;
use crate::data::{Arm, Outcome};
use crate::stats::{Interval, QualityVerdict, Verdict};
use crate::units;

/// Rows, to which columns are added one by one.
pub(super) struct Rows<T> {
    t: Lang,
    rows: Vec<T>,
    columns: Vec<(String, Vec<Value>)>,
}

impl<T> Rows<T> {
    pub(super) fn of(t: Lang, rows: impl IntoIterator<Item = T>) -> Rows<T> {
        Rows {
            t,
            rows: rows.into_iter().collect(),
            columns: Vec::new(),
        }
    }

    pub(super) fn column<V: Into<Value>>(mut self, head: impl Into<String>, value: impl Fn(&T) -> V) -> Rows<T> {
        let values = self.rows.iter().map(|row| value(row).into()).collect();
        self.columns.push((head.into(), values));
        self
    }

    pub(super) fn column_if<V: Into<Value>>(
        self,
        is_shown: bool,
        head: impl Into<String>,
        value: impl Fn(&T) -> V,
    ) -> Rows<T> {
        if is_shown {
            self.column(head, value)
        } else {
            self
        }
    }

    /// The columns that most tables begin with: the arm apart from its KV type, and that.
    pub(super) fn arm(self, arm: impl Fn(&T) -> &Arm) -> Rows<T> {
        let t = self.t;
        self.column(t.h_variant(), |row| Value::from(arm(row).label()))
            .column(t.h_kv(), |row| arm(row).config.kv())
    }

    /// Where a column of numbers would stand, the reference says that it is the reference.
    pub(super) fn against<V: Into<Value>>(
        self,
        head: impl Into<String>,
        is_baseline: impl Fn(&T) -> bool,
        value: impl Fn(&T) -> V,
    ) -> Rows<T> {
        let t = self.t;
        self.column(head, |row| match is_baseline(row) {
            true => Value::baseline(t),
            false => value(row).into(),
        })
    }

    /// Speed against that of the baseline, and the verdict on it.
    pub(super) fn versus(self, of: impl Fn(&T) -> (&Arm, Option<&Comparison>)) -> Rows<T> {
        let t = self.t;
        let is_baseline = |row: &T| of(row).0.is_baseline;
        self.against(t.h_ratio(), is_baseline, |row| Value::ratio_of(t, of(row).1))
            .against(t.h_verdict(), is_baseline, |row| Value::verdict_of(t, of(row).1))
    }

    /// The table, or nothing when it has no rows.
    pub(super) fn blocks(self) -> Vec<Block> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let (head, mut columns): (Vec<String>, Vec<_>) = (self.columns.into_iter())
            .map(|(head, values)| (head, values.into_iter()))
            .unzip();
        let rows = (0..self.rows.len()).map(|_| columns.iter_mut().filter_map(Iterator::next).collect());
        vec![Block::Table(Table {
            head,
            rows: rows.collect(),
        })]
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::spans(vec![Span::Text(text)])
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        text.to_owned().into()
    }
}

impl Value {
    pub(super) const fn spans(spans: Vec<Span>) -> Value {
        Value {
            spans,
            key: None,
            tone: None,
            stands_in: false,
        }
    }

    /// A number as it is written.
    pub(super) fn number(key: f64, text: String) -> Value {
        Value {
            key: Some(key).filter(|key| key.is_finite()),
            ..text.into()
        }
    }

    pub(super) fn count(n: impl Into<u64>) -> Value {
        let n = n.into();
        Value::number(n as f64, units::count(n))
    }

    fn stand_in(text: String) -> Value {
        Value {
            stands_in: true,
            ..text.into()
        }
    }

    pub(super) fn absent(t: Lang) -> Value {
        Value::stand_in(t.na())
    }

    pub(super) fn baseline(t: Lang) -> Value {
        Value::stand_in(t.baseline())
    }

    /// A number where there is one.
    pub(super) fn some<N: Copy>(t: Lang, number: Option<N>, show: impl Fn(N) -> (f64, String)) -> Value {
        number.map_or_else(
            || Value::absent(t),
            |n| {
                let (key, text) = show(n);
                Value::number(key, text)
            },
        )
    }

    pub(super) fn mib(t: Lang, bytes: Option<u64>) -> Value {
        Value::some(t, bytes, |bytes| (bytes as f64, t.mib(bytes)))
    }

    pub(super) fn percent(t: Lang, share: Option<f64>) -> Value {
        Value::some(t, share, |share| (share, t.percent(share)))
    }

    /// `1.85x`.
    pub(super) fn factor(t: Lang, factor: Option<f64>) -> Value {
        Value::some(t, factor, |factor| (factor, t.factor(factor)))
    }

    /// Tokens, requests, in a time: `43.1 [42.8, 43.5]`.
    pub(super) fn rate(t: Lang, rate: Option<Interval>) -> Value {
        Value::some(t, rate, |i| (i.estimate, t.rate_interval(&i)))
    }

    /// Milliseconds: `12.3 [12.1, 12.6]`.
    pub(super) fn ms(t: Lang, ns: Option<Interval>) -> Value {
        Value::some(t, ns, |i| (i.estimate, t.ms(Some(&i))))
    }

    /// Milliseconds without their interval.
    pub(super) fn bare_ms(t: Lang, ns: Option<Interval>) -> Value {
        Value::some(t, ns, |i| (i.estimate, t.time(i.estimate)))
    }

    /// `1.71x [1.66, 1.76]`.
    pub(super) fn ratio(t: Lang, ratio: Option<Interval>) -> Value {
        Value::some(t, ratio, |i| (i.estimate, t.ratio(&i)))
    }

    pub(super) fn ratio_of(t: Lang, comparison: Option<&Comparison>) -> Value {
        Value::ratio(t, comparison.map(|c| c.ratio))
    }

    /// A figure over all tokens with its interval over chunks.
    pub(super) fn figure(t: Lang, figure: Option<Figure>, show: impl Fn(f64) -> String) -> Value {
        Value::some(t, figure, |f| (f.value, t.pooled(Some(&f), &show)))
    }

    pub(super) fn nats(t: Lang, figure: Option<Figure>) -> Value {
        Value::figure(t, figure, |x| t.nats(x))
    }

    /// Change of the perplexity against the baseline's.
    pub(super) fn ppl_change(t: Lang, row: Option<&QualityReport>) -> Value {
        Value::figure(t, row.and_then(|row| row.ln_ratio), |x| t.signed_percent(x.exp_m1()))
    }

    /// With the rounds that would settle it.
    pub(super) fn verdict_of(t: Lang, comparison: Option<&Comparison>) -> Value {
        match comparison {
            Some(c) => Value {
                tone: Tone::of(c.verdict),
                ..t.verdict_of(comparison).into()
            },
            None => Value::absent(t),
        }
    }

    pub(super) fn verdict(t: Lang, verdict: Option<Verdict>) -> Value {
        verdict.map_or_else(
            || Value::absent(t),
            |verdict| Value {
                tone: Tone::of(verdict),
                ..t.verdict(verdict).into()
            },
        )
    }

    pub(super) fn quality_verdict(t: Lang, row: &QualityReport) -> Value {
        let tone = row.verdict.map(|verdict| match verdict {
            QualityVerdict::Indistinguishable => Tone::Good,
            QualityVerdict::Worse => Tone::Bad,
            QualityVerdict::CantTell => Tone::Open,
        });
        Value {
            tone,
            ..t.quality_verdict(row).into()
        }
    }

    /// What was measured, or why it was not.
    pub(super) fn unless_failed(t: Lang, outcome: &Outcome, shown: Value) -> Value {
        match outcome {
            Outcome::Ok => shown,
            Outcome::Failed(kind, reason) => t.reason(*kind, reason).into(),
        }
    }
}

impl Tone {
    pub(super) const fn of(verdict: Verdict) -> Option<Tone> {
        match verdict {
            Verdict::Faster => Some(Tone::Good),
            Verdict::Slower => Some(Tone::Bad),
            Verdict::CantTell => Some(Tone::Open),
            Verdict::Same => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Rows, Value};
    use crate::report::document::Block;
    use crate::report::lang::Lang;

    #[test]
    fn columns_keep_their_numbers() {
        let t = Lang::default();
        let blocks = Rows::of(t, [1.5, f64::NAN])
            .column("n", |x| {
                Value::some(t, Some(*x).filter(|x| !x.is_nan()), |x| (x, format!("{x}")))
            })
            .column("word", |_| "12 monkeys")
            .blocks();
        let [Block::Table(table)] = blocks.as_slice() else {
            panic!("one table");
        };
        assert_eq!(table.head, ["n", "word"]);
        assert!(table.is_numeric(0) && !table.is_numeric(1));
        assert_eq!((table.rows[0][0].key, table.rows[1][0].text()), (Some(1.5), t.na()));
        assert!(Rows::of(t, [0; 0]).column("n", |_| "").blocks().is_empty());
    }
}

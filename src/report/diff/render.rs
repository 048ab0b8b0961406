//! A diff, and llama-bench's rows alone, as documents.

use super::{Diff, DiffRow, QualityFigures, Rate};
use crate::report::bench::BenchRow;
use crate::report::document::{paragraph, section, Block, Document, Span, Value};
use crate::report::html::page;
use crate::report::lang::Lang;
use crate::report::markdown::markdown;
use crate::report::model::Figure;
use crate::report::table::Rows;
use crate::report::terminal::{self, Style};
use crate::stats::Verdict;
use crate::units;

impl Diff {
    pub fn md(&self) -> String {
        markdown(self.lang, &self.document(true))
    }

    pub fn html(&self) -> String {
        let under = format!("A: {}. B: {}.", self.a.machine, self.b.machine);
        page(self.lang, &self.document(true), &[], &under, &self.lang.h_kvant())
    }

    pub fn text(&self, style: Style) -> String {
        terminal::document(&self.document(false), style)
    }

    fn document(&self, is_wide: bool) -> Document {
        let t = self.lang;
        Document {
            title: t.d_title(&self.a.name, &self.b.name),
            banners: self.banners(),
            conclusion: self.conclusion(),
            warnings: Vec::new(),
            blocks: [self.configuration(), self.speed(), self.quality_tables(is_wide)].concat(),
        }
    }

    fn banners(&self) -> Vec<String> {
        let t = self.lang;
        let mut banners = Vec::new();
        for side in [&self.a, &self.b] {
            if side.is_bench {
                banners.push(t.d_no_significance(&side.name));
            }
            if !side.is_complete {
                banners.push(t.d_incomplete(&side.name));
            }
        }
        banners
    }

    fn conclusion(&self) -> Vec<String> {
        let t = self.lang;
        if self.rows.is_empty() {
            return vec![t.d_nothing_shared()];
        }
        let mut said = Vec::new();
        if self.has_verdicts() {
            let n = |verdict| self.rows.iter().filter(|r| r.verdict == Some(verdict)).count();
            let open = self.rows.len() - n(Verdict::Faster) - n(Verdict::Slower) - n(Verdict::Same);
            said.push(t.d_counts(
                self.rows.len(),
                n(Verdict::Faster),
                n(Verdict::Slower),
                n(Verdict::Same),
                open,
            ));
            said.extend(self.extreme(Verdict::Slower));
            said.extend(self.extreme(Verdict::Faster));
        } else {
            said.push(t.d_counts_bare(self.rows.len()));
        }
        said.extend(self.quality_said());
        if self.a.machine != self.b.machine {
            said.push(t.d_other_machine());
        }
        said
    }

    /// The cell with the largest loss or gain among those that are called.
    fn extreme(&self, verdict: Verdict) -> Option<String> {
        let t = self.lang;
        let called = self.rows.iter().filter(|r| r.verdict == Some(verdict));
        let row = called.max_by(|x, y| x.ratio.ln().abs().total_cmp(&y.ratio.ln().abs()))?;
        let (arm, ratio) = (t.arm_with_kv(&row.variant, &row.kv), self.ratio(row));
        Some(match verdict {
            Verdict::Slower => t.d_worst(arm, &row.work, ratio),
            _ => t.d_best(arm, &row.work, ratio),
        })
    }

    fn ratio(&self, row: &DiffRow) -> String {
        let t = self.lang;
        row.interval.map_or_else(|| t.factor(row.ratio), |i| t.ratio(&i))
    }

    fn configuration(&self) -> Vec<Block> {
        let t = self.lang;
        let note = match self.changed.len() {
            0 => t.d_config_same(self.n_settings),
            n => t.d_config_others(self.n_settings - n),
        };
        let mut body = Rows::of(t, &self.changed)
            .column(t.d_h_setting(), |change| change.setting.as_str())
            .column(t.d_h_a(&self.a.name), |change| change.a.as_str())
            .column(t.d_h_b(&self.b.name), |change| change.b.as_str())
            .blocks();
        body.extend(paragraph(&note));
        for (side, cells) in [&self.a, &self.b].into_iter().zip(&self.only) {
            if !cells.is_empty() {
                let said = t.d_only(&side.name) + &cells.join(", ");
                body.push(Block::Text(vec![Span::Text(said)]));
            }
        }
        section(t.d_config(), String::new(), body)
    }

    fn speed(&self) -> Vec<Block> {
        let t = self.lang;
        if self.rows.is_empty() {
            return Vec::new();
        }
        let tps = |rate: Rate| match rate.interval {
            Some(_) => Value::rate(t, rate.interval),
            None => Value::number(rate.tps, t.rate(rate.tps)),
        };
        let table = Rows::of(t, &self.rows)
            .column(t.h_variant(), |row| row.variant.as_str())
            .column(t.h_kv(), |row| row.kv.as_str())
            .column(t.h_work(), |row| row.work.as_str())
            .column(t.d_h_a_tps(), |row| tps(row.a))
            .column(t.d_h_b_tps(), |row| tps(row.b))
            .column(t.d_h_ratio(), |row| Value::number(row.ratio, self.ratio(row)))
            .column(t.h_verdict(), |row| Value::verdict(t, row.verdict))
            .column(t.d_h_n(), |row| format!("{}, {}", row.a.n, row.b.n));
        let mut body = vec![Block::Text(vec![Span::Text(t.d_unpaired(&self.a.name, &self.b.name))])];
        body.extend(table.blocks());
        section(t.d_speed(), String::new(), body)
    }

    /// How many perplexities moved by more than chance would have it.
    fn quality_said(&self) -> Option<String> {
        let t = self.lang;
        let n = self.quality.len();
        if n == 0 {
            return None;
        }
        if self.quality.iter().all(|row| row.ln_ratio.is_none()) {
            return Some(t.d_other_texts());
        }
        let known = || self.quality.iter().filter_map(|row| row.interval);
        let (lower, higher) = (known().filter(|i| i.hi < 0.0), known().filter(|i| i.lo > 0.0));
        Some(t.d_ppl_counts(n, lower.count(), higher.count()))
    }

    /// A terminal has no room for the interval of every value.
    fn quality_tables(&self, is_wide: bool) -> Vec<Block> {
        let t = self.lang;
        let shown = |figure: Figure| Figure {
            interval: figure.interval.filter(|_| is_wide),
            ..figure
        };
        let kld = |of: &QualityFigures| match of.kld {
            Some(kld) => Value::nats(t, Some(shown(kld))),
            None => Value::baseline(t),
        };
        let ppl = |of: &QualityFigures| Value::figure(t, Some(shown(of.ppl)), |x| t.ppl(x));
        let change = |x: f64| t.signed_percent(x.exp_m1());
        let table = Rows::of(t, &self.quality)
            .column(t.h_variant(), |row| row.variant.as_str())
            .column(t.h_kv(), |row| row.kv.as_str())
            .column(t.h_window(), |row| Value::count(row.n_ctx))
            .column(t.d_h_a_ppl(), |row| ppl(&row.a))
            .column(t.d_h_b_ppl(), |row| ppl(&row.b))
            .column(t.d_h_ppl_change(), |row| {
                Value::some(t, row.ln_ratio, |x| (x, t.figure(x, row.interval.as_ref(), change)))
            })
            .column(t.d_h_a_kld(), |row| kld(&row.a))
            .column(t.d_h_b_kld(), |row| kld(&row.b))
            .column(t.d_h_n_windows(), |row| {
                let all = [row.n_windows_a, row.n_windows_b, row.n_windows_both];
                all.map(units::count).join(", ")
            });
        section(t.quality(), t.d_quality_intro(), table.blocks())
    }
}

/// Rows of llama-bench, ready to be rendered.
pub struct BenchReport {
    lang: Lang,
    document: Document,
    machine: String,
}

/// A report of llama-bench's rows alone.
pub fn bench_document(lang: Lang, name: &str, rows: &[BenchRow]) -> BenchReport {
    let t = lang;
    let table = Rows::of(t, rows)
        .column(t.b_h_model(), |row| row.model_type.as_str())
        .column(t.h_kv(), |row| row.kv())
        .column(t.h_work(), |row| row.work())
        .column(t.b_h_threads(), |row| Value::count(row.n_threads))
        .column(t.h_tps(), |row| {
            Value::number(
                row.avg_ts,
                format!("{} \u{b1} {}", t.rate(row.avg_ts), t.rate(row.stddev_ts)),
            )
        })
        .column("n", |row| Value::count(row.samples_ns.len() as u64));
    let mut models: Vec<&str> = rows.iter().map(|r| r.model_type.as_str()).collect();
    models.sort_unstable();
    models.dedup();
    let machine = rows.first().map_or(String::new(), |r| r.cpu_info.clone());
    let document = Document {
        title: t.b_title(name),
        banners: vec![t.b_note()],
        conclusion: vec![t.b_conclusion(t.rows(rows.len()), models.join(", "), &machine)],
        warnings: Vec::new(),
        blocks: section(t.b_rows(), String::new(), table.blocks()),
    };
    BenchReport {
        lang,
        document,
        machine,
    }
}

impl BenchReport {
    pub fn md(&self) -> String {
        markdown(self.lang, &self.document)
    }

    pub fn html(&self) -> String {
        page(self.lang, &self.document, &[], &self.machine, &self.lang.h_kvant())
    }

    pub fn text(&self, style: Style) -> String {
        terminal::document(&self.document, style)
    }
}

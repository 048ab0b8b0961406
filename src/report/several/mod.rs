//! Several runs on one page: models or machines beside each other.
//!
//! In: a run's model or llama-bench's rows each. Out: [`Several`], a pure function of them, which renders as a document
//! (`tables`) with one chart (`lines`).
//!
//! Invariant: nothing is tested between runs: they were measured at different times. Verdicts are those within a run.

mod lines;
mod run;
mod tables;

use super::bench::BenchRow;
use super::charts::{draw_all, draw_for_page, Chart, Drawing};
use super::diff::Side;
use super::document::Document;
use super::html::page;
use super::lang::Lang;
use super::markdown::markdown;
use super::terminal::{self, Style};
use super::ReportModel;
use run::OneRun;

pub struct Several {
    lang: Lang,
    runs: Vec<OneRun>,
}

impl Several {
    pub fn new(lang: Lang) -> Several {
        Several { lang, runs: Vec::new() }
    }

    pub fn add_run(&mut self, name: &str, model: ReportModel) {
        let side = Side::of_run(name, &model.told(self.lang));
        let model = Some(model);
        self.runs.push(OneRun { side, model });
    }

    pub fn add_bench(&mut self, name: &str, rows: &[BenchRow]) {
        let side = Side::of_bench(self.lang, name, rows);
        self.runs.push(OneRun { side, model: None });
    }

    pub fn md(&self) -> String {
        markdown(self.lang, &self.document(true))
    }

    pub fn html(&self) -> String {
        let charts = draw_for_page(&self.drawings());
        page(self.lang, &self.document(true), &charts, "", &self.lang.h_kvant())
    }

    pub fn text(&self, style: Style) -> String {
        terminal::document(&self.document(false), style)
    }

    pub fn charts(&self) -> Vec<Chart> {
        draw_all(&self.drawings())
    }

    fn drawings(&self) -> Vec<Drawing> {
        let chart = lines::decode(self.lang, &self.runs).map(Drawing::Lines);
        chart.into_iter().collect()
    }

    /// A terminal has no room for every column.
    fn document(&self, is_wide: bool) -> Document {
        let t = self.lang;
        let names: Vec<_> = self.drawings().iter().map(Drawing::chart_name).collect();
        Document {
            title: t.s_title(self.runs.len()),
            banners: tables::banners(t, &self.runs),
            conclusion: tables::conclusion(t, &self.runs),
            warnings: Vec::new(),
            blocks: [
                tables::runs(t, &self.runs, is_wide),
                tables::variants(t, &self.runs, is_wide),
                tables::speed(t, &self.runs, &names, is_wide),
            ]
            .concat(),
        }
    }
}

//! Charts of a run, as SVG for the page and PNG for documents: one idea each, an error bar for every interval, the
//! same colour for a variant everywhere, dashes and marker shapes for KV types.
//!
//! `series` says what is drawn, `lines`, `bars` and `pareto` lay it out, `paint` puts it on a backend of plotters, `page` into the
//! report's page.
//!
//! Invariant: the same model gives the same bytes, on any machine: the font is our own file, and layout is computed
//! in whole pixels.

mod bars;
mod lines;
mod page;
mod paint;
mod pareto;
mod scale;
mod series;

use super::Report;
use page::page_svg;
pub(super) use paint::Ink;
use paint::{png_of, svg_of, Canvas};
pub(super) use series::LineChart;

/// One chart in both formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// File name without its ending.
    pub name: &'static str,
    /// SVG document.
    pub svg: String,
    /// PNG file.
    pub png: Vec<u8>,
}

/// What a chart is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChartName {
    /// File name without its ending.
    pub(super) name: &'static str,
    /// What it shows, for those who do not see it.
    pub(super) title: String,
}

/// Something to draw.
pub(super) enum Drawing {
    Lines(series::LineChart),
    Bars(series::BarChart),
    Pareto(pareto::ParetoChart),
}

impl Drawing {
    fn name(&self) -> &'static str {
        match self {
            Drawing::Lines(chart) => chart.name,
            Drawing::Bars(chart) => chart.name,
            Drawing::Pareto(chart) => chart.name,
        }
    }

    fn title(&self) -> &str {
        match self {
            Drawing::Lines(chart) => &chart.title,
            Drawing::Bars(chart) => &chart.title,
            Drawing::Pareto(chart) => &chart.title,
        }
    }

    pub(super) fn chart_name(&self) -> ChartName {
        ChartName {
            name: self.name(),
            title: self.title().to_owned(),
        }
    }

    fn size(&self) -> (i32, i32) {
        match self {
            Drawing::Lines(_) => lines::SIZE,
            Drawing::Bars(chart) => bars::size(chart),
            Drawing::Pareto(_) => pareto::SIZE,
        }
    }

    fn draw(&self, canvas: &mut dyn Canvas) {
        match self {
            Drawing::Lines(chart) => lines::draw(chart, canvas),
            Drawing::Bars(chart) => bars::draw(chart, canvas),
            Drawing::Pareto(chart) => pareto::draw(chart, canvas),
        }
    }
}

fn drawings(model: &Report) -> Vec<Drawing> {
    let lines = series::line_charts(model).into_iter().map(Drawing::Lines);
    let pareto = series::pareto_chart(model).map(Drawing::Pareto);
    let memory = series::memory_chart(model).map(Drawing::Bars);
    lines.chain(pareto).chain(memory).collect()
}

/// Every chart the model has data for.
pub fn charts(model: &Report) -> Vec<Chart> {
    draw_all(&drawings(model))
}

/// Both formats. Each chart in a thread of its own: most of the time goes into packing pixels.
pub(super) fn draw_all(drawings: &[Drawing]) -> Vec<Chart> {
    let chart = |drawing: &Drawing| Chart {
        name: drawing.name(),
        svg: svg_of(drawing.size(), &|canvas| drawing.draw(canvas)),
        png: png_of(drawing.size(), &|canvas| drawing.draw(canvas)),
    };
    std::thread::scope(|scope| {
        let begin = |d| std::thread::Builder::new().spawn_scoped(scope, move || chart(d));
        let threads: Vec<_> = drawings.iter().map(begin).collect();
        let finished = threads.into_iter().zip(drawings).map(|(thread, drawing)| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // The system gives no more threads.
            Err(_) => chart(drawing),
        });
        finished.collect()
    })
}

/// The same charts for the page: its colours, and marks that speak when they are pointed at. By name.
pub(super) fn page_charts(model: &Report) -> Vec<(&'static str, String)> {
    draw_for_page(&drawings(model))
}

/// Any charts for the page.
pub(super) fn draw_for_page(drawings: &[Drawing]) -> Vec<(&'static str, String)> {
    let page = |d: &Drawing| page_svg(d.size(), d.title(), &|canvas| d.draw(canvas));
    drawings.iter().map(|d| (d.name(), page(d))).collect()
}

/// Names of the charts that [`charts`] draws, without drawing them.
pub(super) fn chart_names(model: &Report) -> Vec<ChartName> {
    drawings(model).iter().map(Drawing::chart_name).collect()
}

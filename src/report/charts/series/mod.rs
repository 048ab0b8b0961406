//! What each chart shows: series of points with their intervals, taken from the model as they are.

mod memory;
mod quality;
mod rounds;
mod shape;
mod speed;
mod workloads;

use crate::report::Report;
pub(super) use memory::memory_chart;
pub(super) use quality::pareto_chart;
pub(in crate::report) use shape::{Axes, BarChart, LineChart, Point, Series};

/// Every line chart with at least one point.
pub(super) fn line_charts(model: &Report) -> Vec<LineChart> {
    let charts = [
        speed::decode(model),
        speed::prefill(model),
        speed::ttft(model),
        speed::kv_reuse(model),
        workloads::prefix_reuse(model),
        workloads::batched(model),
        workloads::state(model),
        workloads::speculative(model),
        workloads::requests(model),
        workloads::latency(model),
        quality::kld_size(model),
        quality::kld_position(model),
        rounds::rounds(model),
    ];
    charts.into_iter().filter(|chart| !chart.series.is_empty()).collect()
}

//! A chart of values against context: logarithmic x axis with ticks at the measured contexts, legend at the right.

use super::paint::{text_width, Canvas, Ink};
use super::scale::{linear_ticks, log_ticks, span_ticks, tick_label, Axis};
use super::series::{Axes, LineChart, Point, Series};
use crate::units;
use plotters::style::text_anchor::HPos;

/// Width and height in SVG pixels.
pub(super) const SIZE: (i32, i32) = (800, 470);

const TOP: i32 = 104;
const BOTTOM: i32 = SIZE.1 - 58;
const LEFT: i32 = 66;
/// Room at both ends of the x axis, so that no mark sits on the frame.
const INSET: i32 = 34;
/// Pixels between arms at the same context, so that near-equal arms stay apart.
const DODGE: i32 = 9;
/// The same on the steep lines of logarithmic charts, where only the marks are moved: a step aside of the line would
/// read as a step up or down.
const DODGE_STEEP: i32 = 5;

/// Draws the chart.
pub(super) fn draw(chart: &LineChart, canvas: &mut dyn Canvas) {
    let widest = chart.series.iter().map(|s| text_width(&s.label, 14)).max().unwrap_or(0);
    let right = SIZE.0 - widest - 62;
    canvas.text(&chart.title, (16, 26), 21, Ink::Text, HPos::Left);
    canvas.text(&chart.subtitle, (16, 52), 14, Ink::Muted, HPos::Left);
    canvas.text(&chart.y_label, (16, 82), 14, Ink::Text, HPos::Left);

    let points = || chart.series.iter().flat_map(|s| &s.points);
    let mut contexts: Vec<u32> = points().map(|p| p.x).collect();
    contexts.sort_unstable();
    contexts.dedup();
    let (Some(&first), Some(&last)) = (contexts.first(), contexts.last()) else {
        return;
    };
    // Two or three rounds give intervals that would flatten everything else: those run off the axis, without an end.
    let (least, most) = points().fold((f64::INFINITY, 0.0), |(lo, hi): (f64, f64), p| {
        (lo.min(p.y), hi.max(p.y))
    });
    let (lo, hi) = points().fold((least, most), |(lo, hi), p| {
        (lo.min(p.lo.max(least / 2.0)), hi.max(p.hi.min(most * 1.5)))
    });
    let (ends, y_ticks) = match chart.axes {
        Axes::LogBoth => log_ticks(lo, hi),
        Axes::LogX => linear_ticks(hi),
        Axes::Linear => span_ticks(lo, hi),
    };
    let is_y_log = chart.axes == Axes::LogBoth;
    let x = Axis::new(
        chart.axes != Axes::Linear,
        (f64::from(first.max(1)), f64::from(last.max(1))),
        (LEFT + INSET, right - INSET),
    );
    let y = Axis::new(is_y_log, ends, (BOTTOM, TOP));

    grid(canvas, &contexts, &x, &y, &y_ticks, right);
    canvas.text(
        &chart.x_label,
        ((LEFT + right) / 2, SIZE.1 - 18),
        14,
        Ink::Text,
        HPos::Center,
    );
    let last_slot = chart.series.iter().map(|s| s.slot as i32).max().unwrap_or(0);
    for series in &chart.series {
        let dodge = if is_y_log { DODGE_STEEP } else { DODGE };
        // Many arms stand closer together, so that none leaves the axis.
        let dodge = dodge.min(2 * (INSET - 6) / last_slot.max(1));
        let shift = (2 * series.slot as i32 - last_slot) * dodge / 2;
        let line_shift = if is_y_log { 0 } else { shift };
        let at = |p: &Point, value: f64| (x.pixel(f64::from(p.x.max(1))) + line_shift, y.pixel(value));
        draw_series(canvas, series, shift - line_shift, ends, &at);
    }
    legend(canvas, &chart.series, right + 14);
}

fn grid(canvas: &mut dyn Canvas, contexts: &[u32], x: &Axis, y: &Axis, y_ticks: &[f64], right: i32) {
    for &tick in y_ticks {
        let at = y.pixel(tick);
        canvas.line(&[(LEFT, at), (right, at)], Ink::Grid, 1);
        canvas.text(&tick_label(tick), (LEFT - 8, at), 14, Ink::Text, HPos::Right);
    }
    let mut label_end = i32::MIN;
    for &context in contexts {
        let at = x.pixel(f64::from(context.max(1)));
        canvas.line(&[(at, BOTTOM), (at, BOTTOM + 6)], Ink::Muted, 1);
        let label = units::count(context);
        let half = text_width(&label, 14) / 2;
        // Contexts close together on the axis: a label that would run into the last one is left out, its tick stays.
        if at - half >= label_end {
            canvas.text(&label, (at, BOTTOM + 18), 14, Ink::Text, HPos::Center);
            label_end = at + half;
        }
    }
    canvas.line(&[(LEFT, BOTTOM), (right, BOTTOM)], Ink::Muted, 1);
}

fn draw_series(
    canvas: &mut dyn Canvas,
    series: &Series,
    shift: i32,
    ends: (f64, f64),
    at: &dyn Fn(&Point, f64) -> (i32, i32),
) {
    let color = series.ink;
    for pair in series.points.windows(2) {
        stroke(
            canvas,
            at(&pair[0], pair[0].y),
            at(&pair[1], pair[1].y),
            color,
            series.style,
        );
    }
    for point in &series.points {
        let ((px, low), (_, high)) = (at(point, point.lo), at(point, point.hi));
        let px = px + shift;
        canvas.line(&[(px, low), (px, high)], color, 1);
        for (end, value) in [(low, point.lo), (high, point.hi)] {
            if (ends.0..=ends.1).contains(&value) {
                canvas.line(&[(px - 3, end), (px + 3, end)], color, 1);
            }
        }
        let center = (px, at(point, point.y).1);
        marker(canvas, center, color, series.style, point.is_hollow);
        canvas.tip(center, &point.tip);
    }
}

/// Solid for the first style, then dashes, dots, long dashes, sparse dots.
fn stroke(canvas: &mut dyn Canvas, from: (i32, i32), to: (i32, i32), color: Ink, style: usize) {
    match style {
        0 => canvas.line(&[from, to], color, 2),
        1 => canvas.dashes(from, to, (8.0, 5.0), color),
        2 => canvas.dashes(from, to, (2.0, 5.0), color),
        3 => canvas.dashes(from, to, (14.0, 4.0), color),
        _ => canvas.dashes(from, to, (3.0, 9.0), color),
    }
}

/// Circle, triangle, square, diamond, triangle upside down: one shape per style.
fn marker(canvas: &mut dyn Canvas, (x, y): (i32, i32), color: Ink, style: usize, is_hollow: bool) {
    let mut shape = |r: i32, color: Ink| match style {
        0 => canvas.circle((x, y), r, color),
        1 => canvas.polygon(&[(x, y - r - 1), (x + r + 1, y + r), (x - r - 1, y + r)], color),
        2 => canvas.polygon(&[(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)], color),
        3 => canvas.polygon(&[(x, y - r - 2), (x + r + 2, y), (x, y + r + 2), (x - r - 2, y)], color),
        _ => canvas.polygon(&[(x, y + r + 1), (x + r + 1, y - r), (x - r - 1, y - r)], color),
    };
    shape(if is_hollow { 6 } else { 5 }, color);
    if is_hollow {
        shape(4, Ink::Paper);
    }
}

fn legend(canvas: &mut dyn Canvas, series: &[Series], left: i32) {
    for (index, series) in series.iter().enumerate() {
        let y = TOP + 10 + 24 * index as i32;
        let color = series.ink;
        stroke(canvas, (left, y), (left + 34, y), color, series.style);
        marker(canvas, (left + 17, y), color, series.style, false);
        canvas.text(&series.label, (left + 42, y), 14, Ink::Text, HPos::Left);
    }
}

#[cfg(test)]
mod tests {
    use super::{marker, stroke, Canvas, Ink};
    use crate::report::charts::paint::svg_of;
    use std::collections::BTreeSet;

    #[test]
    fn every_style_has_a_mark_and_a_stroke_of_its_own() {
        let drawn = |draw: &dyn Fn(&mut dyn Canvas)| svg_of((80, 40), draw);
        let marks = (0..5).map(|style| drawn(&|c| marker(c, (40, 20), Ink::Text, style, false)));
        assert_eq!(marks.collect::<BTreeSet<String>>().len(), 5);
        let strokes = (0..5).map(|style| drawn(&|c| stroke(c, (0, 20), (80, 20), Ink::Text, style)));
        assert_eq!(strokes.collect::<BTreeSet<String>>().len(), 5);
    }
}

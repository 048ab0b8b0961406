//! What is given up for what: divergence against decode speed, the file's size as the area of the mark.

use super::paint::{text_width, Canvas, Ink};
use super::scale::{linear_ticks, log_ticks, tick_label, Axis};
use plotters::style::text_anchor::HPos;

/// Width and height in SVG pixels.
pub(super) const SIZE: (i32, i32) = (600, 380);

const TOP: i32 = 104;
const BOTTOM: i32 = SIZE.1 - 58;
const LEFT: i32 = 76;
/// Room below the least divergence for what has none: 0 has no place on a logarithmic axis.
const FLOOR: i32 = 34;
const RADIUS_MIN: f64 = 5.0;
const RADIUS_MAX: f64 = 13.0;

/// Arms by speed, divergence and size.
pub(in crate::report) struct ParetoChart {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) marks: Vec<Mark>,
}

/// One arm.
pub(super) struct Mark {
    pub(super) label: String,
    pub(super) variant: usize,
    /// Place of its KV type among those of the run: a disc for the baseline's, rings for the others.
    pub(super) style: usize,
    /// Tokens per second: value and ends.
    pub(super) x: [f64; 3],
    /// Divergence: value and ends; 0 for the baseline.
    pub(super) y: [f64; 3],
    /// Bytes.
    pub(super) size: u64,
    pub(super) tip: String,
}

/// Draws the chart.
pub(super) fn draw(chart: &ParetoChart, canvas: &mut dyn Canvas) {
    let widest = chart.marks.iter().map(|m| text_width(&m.label, 14)).max().unwrap_or(0);
    let right = SIZE.0 - widest - 62;
    canvas.text(&chart.title, (16, 26), 21, Ink::Text, HPos::Left);
    canvas.text(&chart.subtitle, (16, 52), 14, Ink::Muted, HPos::Left);
    canvas.text(&chart.y_label, (16, 82), 14, Ink::Text, HPos::Left);
    let most = chart.marks.iter().map(|m| m.x[2].min(m.x[0] * 1.5)).fold(0.0, f64::max);
    let positive = || chart.marks.iter().filter(|m| m.y[0] > 0.0);
    let (lo, hi) = positive().fold((f64::INFINITY, 0.0), |(lo, hi): (f64, f64), m| {
        (lo.min(m.y[1].max(m.y[0] / 3.0)), hi.max(m.y[2].min(m.y[0] * 3.0)))
    });
    let (x_ends, x_ticks) = linear_ticks(most);
    let (y_ends, y_ticks) = log_ticks(lo, hi);
    let x = Axis::new(false, x_ends, (LEFT, right));
    let y = Axis::new(true, y_ends, (BOTTOM - FLOOR, TOP));
    for &tick in &x_ticks {
        let at = x.pixel(tick);
        canvas.line(&[(at, TOP), (at, BOTTOM)], Ink::Grid, 1);
        canvas.text(&tick_label(tick), (at, BOTTOM + 18), 14, Ink::Text, HPos::Center);
    }
    for &tick in &y_ticks {
        let at = y.pixel(tick);
        canvas.line(&[(LEFT, at), (right, at)], Ink::Grid, 1);
        canvas.text(&tick_label(tick), (LEFT - 8, at), 14, Ink::Text, HPos::Right);
    }
    canvas.line(&[(LEFT, BOTTOM), (right, BOTTOM)], Ink::Muted, 1);
    canvas.text("0", (LEFT - 8, BOTTOM), 14, Ink::Text, HPos::Right);
    canvas.text(
        &chart.x_label,
        ((LEFT + right) / 2, SIZE.1 - 18),
        14,
        Ink::Text,
        HPos::Center,
    );
    let at = |mark: &Mark| {
        let down = if mark.y[0] > 0.0 { y.pixel(mark.y[0]) } else { BOTTOM };
        (x.pixel(mark.x[0]), down)
    };
    let front: Vec<(i32, i32)> = front(&chart.marks).into_iter().map(at).collect();
    for pair in front.windows(2) {
        canvas.dashes(pair[0], pair[1], (5.0, 5.0), Ink::Muted);
    }
    let largest = chart.marks.iter().map(|m| m.size).max().unwrap_or(1).max(1) as f64;
    // The largest first, so that none hides another.
    let mut by_size: Vec<&Mark> = chart.marks.iter().collect();
    by_size.sort_by_key(|mark| std::cmp::Reverse(mark.size));
    for mark in by_size {
        let (px, py) = at(mark);
        let ink = Ink::of(mark.variant);
        canvas.line(&[(x.pixel(mark.x[1]), py), (x.pixel(mark.x[2]), py)], ink, 1);
        if mark.y[0] > 0.0 {
            canvas.line(&[(px, y.pixel(mark.y[1])), (px, y.pixel(mark.y[2]))], ink, 1);
        }
        let radius = RADIUS_MIN + (RADIUS_MAX - RADIUS_MIN) * (mark.size as f64 / largest).sqrt();
        dot(canvas, (px, py), radius.round() as i32, mark);
        canvas.tip((px, py), &mark.tip);
    }
    for (index, mark) in chart.marks.iter().enumerate() {
        let down = TOP + 10 + 24 * index as i32;
        dot(canvas, (right + 26, down), 6, mark);
        canvas.text(&mark.label, (right + 40, down), 14, Ink::Text, HPos::Left);
    }
}

/// A disc, a ring, rings around a dot, a level bar, an upright one.
fn dot(canvas: &mut dyn Canvas, (x, y): (i32, i32), radius: i32, mark: &Mark) {
    let ink = Ink::of(mark.variant);
    canvas.circle((x, y), radius, ink);
    if mark.style > 0 {
        canvas.circle((x, y), radius - 3, Ink::Paper);
    }
    match mark.style {
        0 | 1 => {}
        2 => canvas.circle((x, y), 2, ink),
        3 => canvas.line(&[(x - radius, y), (x + radius, y)], ink, 2),
        _ => canvas.line(&[(x, y - radius), (x, y + radius)], ink, 2),
    }
}

/// Marks that no other beats in speed and divergence at once, from the slowest to the fastest.
fn front(marks: &[Mark]) -> Vec<&Mark> {
    let is_beaten = |mark: &Mark| {
        let beats = |other: &Mark| {
            let (x, y) = (other.x[0] >= mark.x[0], other.y[0] <= mark.y[0]);
            x && y && (other.x[0] > mark.x[0] || other.y[0] < mark.y[0])
        };
        marks.iter().any(beats)
    };
    let mut front: Vec<&Mark> = marks.iter().filter(|mark| !is_beaten(mark)).collect();
    front.sort_by(|a, b| a.x[0].total_cmp(&b.x[0]));
    front
}

#[cfg(test)]
mod tests {
    use super::{front, Mark};

    #[test]
    fn the_front_holds_what_nothing_beats() {
        let mark = |label: &str, x: f64, y: f64| Mark {
            label: label.into(),
            variant: 0,
            style: 0,
            x: [x; 3],
            y: [y; 3],
            size: 1,
            tip: String::new(),
        };
        let marks = [
            mark("fast", 9.0, 0.5),
            mark("exact", 3.0, 0.0),
            mark("beaten", 3.0, 0.5),
            mark("both", 7.0, 0.1),
        ];
        let names: Vec<&str> = front(&marks).iter().map(|m| m.label.as_str()).collect();
        assert_eq!(names, ["exact", "both", "fast"]);
    }
}

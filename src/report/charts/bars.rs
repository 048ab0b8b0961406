//! Resident memory: one stacked bar per arm in tints of its variant's colour, the peak as a mark with its number.

use super::paint::{text_width, Canvas, Ink};
use super::scale::{linear_ticks, tick_label, Axis};
use super::series::BarChart;
use plotters::style::text_anchor::HPos;

const WIDTH: i32 = 800;
const TOP: i32 = 116;
const ROW: i32 = 34;
const BAR: i32 = 22;
/// Room at the right for the number at the end of the longest bar.
const RIGHT: i32 = WIDTH - 96;
/// Per cent of the variant's colour in each part.
const TINTS: [u8; 3] = [100, 55, 25];
const MIB: f64 = 1_048_576.0;

/// Width and height in SVG pixels: as high as its bars need.
pub(super) fn size(chart: &BarChart) -> (i32, i32) {
    (WIDTH, TOP + ROW * chart.bars.len() as i32 + 60)
}

/// Draws the chart.
pub(super) fn draw(chart: &BarChart, canvas: &mut dyn Canvas) {
    canvas.text(&chart.title, (16, 26), 21, Ink::Text, HPos::Left);
    canvas.text(&chart.subtitle, (16, 52), 14, Ink::Muted, HPos::Left);
    legend(chart, canvas);
    let left = 28 + chart.bars.iter().map(|b| text_width(&b.label, 14)).max().unwrap_or(0);
    let bottom = TOP + ROW * chart.bars.len() as i32;
    let end_of = |parts: &[u64]| parts.iter().fold(0_u64, |sum, &part| sum.saturating_add(part));
    let longest = chart
        .bars
        .iter()
        .map(|b| end_of(&b.parts).max(b.peak))
        .max()
        .unwrap_or(0);
    let (ends, ticks) = linear_ticks(longest as f64 / MIB);
    let x = Axis::new(false, ends, (left, RIGHT));
    for &tick in &ticks {
        let at = x.pixel(tick);
        canvas.line(&[(at, TOP), (at, bottom)], Ink::Grid, 1);
        canvas.text(&tick_label(tick), (at, bottom + 16), 14, Ink::Text, HPos::Center);
    }
    canvas.text("MiB", ((left + RIGHT) / 2, bottom + 42), 14, Ink::Text, HPos::Center);
    for (index, bar) in chart.bars.iter().enumerate() {
        let top = TOP + ROW * index as i32 + (ROW - BAR) / 2;
        let middle = top + BAR / 2;
        canvas.text(&bar.label, (left - 10, middle), 14, Ink::Text, HPos::Right);
        for (part, share) in TINTS.iter().enumerate() {
            let from = x.pixel(end_of(&bar.parts[..part]) as f64 / MIB);
            let to = x.pixel(end_of(&bar.parts[..=part]) as f64 / MIB);
            rectangle(canvas, (from, top), (to, top + BAR), Ink::Variant(bar.variant, *share));
        }
        let peak = x.pixel(bar.peak as f64 / MIB);
        canvas.line(&[(peak, top - 4), (peak, top + BAR + 4)], Ink::Text, 2);
        let end = peak.max(x.pixel(end_of(&bar.parts) as f64 / MIB));
        canvas.text(&bar.peak_label, (end + 8, middle), 14, Ink::Text, HPos::Left);
        canvas.tip(((left + end) / 2, middle), &bar.tip);
    }
}

/// In grey: the tints mean the same in every colour.
fn legend(chart: &BarChart, canvas: &mut dyn Canvas) {
    let mut left = 16;
    for (name, share) in chart.part_names.iter().zip(TINTS) {
        rectangle(canvas, (left, 76), (left + 18, 90), Ink::Grey(share));
        canvas.text(name, (left + 26, 83), 14, Ink::Text, HPos::Left);
        left += 26 + text_width(name, 14) + 24;
    }
    canvas.line(&[(left + 9, 73), (left + 9, 93)], Ink::Text, 2);
    canvas.text(&chart.peak_name, (left + 20, 83), 14, Ink::Text, HPos::Left);
}

fn rectangle(canvas: &mut dyn Canvas, (x0, y0): (i32, i32), (x1, y1): (i32, i32), color: Ink) {
    if x1 > x0 {
        canvas.polygon(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1)], color);
    }
}

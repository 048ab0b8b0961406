//! Charts inside the page: SVG in the page's own colours, so that they follow light and dark, with a place to point at
//! for every mark.

use super::paint::{Canvas, Ink};
use crate::report::escape::escape;
use plotters::style::text_anchor::HPos;
use std::fmt::Write;

/// How near a pointer must be to a mark.
const REACH: i32 = 11;

/// The `<svg>` element of a drawing.
pub(super) fn page_svg((width, height): (i32, i32), title: &str, draw: &dyn Fn(&mut dyn Canvas)) -> String {
    let mut svg = PageSvg::default();
    draw(&mut svg);
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"group\" aria-label=\"{}\">\n{}{}</svg>\n",
        escape(title),
        svg.shapes,
        svg.marks
    )
}

/// Height of a line in ems, as plotters' own SVG has it.
const LINE_PER_EM: f64 = 1.24;

#[derive(Default)]
struct PageSvg {
    shapes: String,
    /// After the shapes, so that they lie on top.
    marks: String,
    n_marks: usize,
}

impl PageSvg {
    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        let is_written = self.shapes.write_fmt(shape).and_then(|()| self.shapes.write_char('\n'));
        debug_assert!(is_written.is_ok(), "a String takes all text");
    }
}

/// `class="f4" fill-opacity=".55"`: what a shape is filled or drawn with.
fn filled(ink: Ink) -> String {
    paint("fill", ink)
}

fn stroked(ink: Ink, width: u32) -> String {
    format!("fill=\"none\" {} stroke-width=\"{width}\"", paint("stroke", ink))
}

fn paint(what: &str, ink: Ink) -> String {
    match ink.css() {
        (property, 100) => format!("{what}=\"var({property})\""),
        (property, percent) => format!("{what}=\"var({property})\" {what}-opacity=\".{percent:02}\""),
    }
}

fn list(points: &[(i32, i32)]) -> String {
    points
        .iter()
        .map(|(x, y)| format!("{x},{y}"))
        .collect::<Vec<_>>()
        .join(" ")
}

impl Canvas for PageSvg {
    fn line(&mut self, points: &[(i32, i32)], ink: Ink, width: u32) {
        self.add(format_args!(
            "<polyline points=\"{}\" {}/>",
            list(points),
            stroked(ink, width)
        ));
    }

    fn polygon(&mut self, points: &[(i32, i32)], ink: Ink) {
        self.add(format_args!("<polygon points=\"{}\" {}/>", list(points), filled(ink)));
    }

    fn circle(&mut self, (x, y): (i32, i32), radius: i32, ink: Ink) {
        self.add(format_args!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {}/>",
            filled(ink)
        ));
    }

    fn dashes(&mut self, from: (i32, i32), to: (i32, i32), (dash, gap): (f64, f64), ink: Ink) {
        self.add(format_args!(
            "<polyline points=\"{}\" {} stroke-dasharray=\"{dash} {gap}\"/>",
            list(&[from, to]),
            stroked(ink, 2)
        ));
    }

    fn text(&mut self, text: &str, (x, y): (i32, i32), size: i32, ink: Ink, side: HPos) {
        let anchor = match side {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        // Sizes of the layout are heights of a line, as plotters has them; a page counts the em.
        let size = f64::from(size) / LINE_PER_EM;
        // A little above half the height of the letters: capitals then look centred.
        let y = f64::from(y) + size * 0.35;
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y:.1}\" font-size=\"{size:.1}\" text-anchor=\"{anchor}\" {}>{}</text>",
            filled(ink),
            escape(text)
        ));
    }

    /// One mark of each chart takes part in the order of the Tab key; arrows lead to the others.
    fn tip(&mut self, (x, y): (i32, i32), text: &str) {
        let tab = if self.n_marks == 0 { 0 } else { -1 };
        self.n_marks += 1;
        let text = escape(text);
        let is_written = writeln!(
            self.marks,
            "<circle class=\"mark\" cx=\"{x}\" cy=\"{y}\" r=\"{REACH}\" tabindex=\"{tab}\" role=\"img\" aria-label=\"{}\"><title>{text}</title></circle>",
            text.replace('\n', "; ")
        );
        debug_assert!(is_written.is_ok(), "a String takes all text");
    }
}

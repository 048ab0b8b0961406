//! Lines, shapes and text on a backend of plotters, in pixels of the page. Both formats are drawn twice as fine.

use plotters::prelude::{BitMapBackend, Color, DrawingBackend, IntoFont, RGBColor, SVGBackend, ShapeStyle, TextStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{register_font, FontStyle, FontTransform};
use std::sync::Once;

/// Units of the drawing per pixel of the page: backends of plotters know whole units only.
const SCALE: i32 = 2;

/// How far text is put below its anchor, as a share of its size, so that capitals look centred on it.
const PNG_TEXT_DROP: f64 = 0.13;
const SVG_TEXT_DROP: f64 = 0.03;

/// DejaVu Sans, registered under the generic name that the SVG asks its reader for.
static FONT: &[u8] = include_bytes!("../../../assets/DejaVuSans.ttf");
const FAMILY: &str = "sans-serif";

/// The colour-blind-safe palette of Okabe and Ito (2008), without its yellow, which is too pale for lines on white.
const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// A colour by what it stands for: files show it as ink on white, the page in its light and its dark colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Ink {
    /// Text and marks that belong to no variant.
    Text,
    /// Text that steps back, and axes.
    Muted,
    /// Lines behind the data.
    Grid,
    /// The paper.
    Paper,
    /// So many per cent of grey on the paper.
    Grey(u8),
    /// So many per cent of a variant's colour on the paper.
    Variant(usize, u8),
}

impl Ink {
    /// A variant's own colour.
    pub(in crate::report) fn of(variant: usize) -> Ink {
        Ink::Variant(variant, 100)
    }

    fn rgb(self) -> RGBColor {
        match self {
            Ink::Text => RGBColor(34, 34, 34),
            Ink::Muted => RGBColor(95, 95, 95),
            Ink::Grid => RGBColor(226, 226, 226),
            Ink::Paper => RGBColor(255, 255, 255),
            Ink::Grey(percent) => on_white(RGBColor(70, 70, 70), percent),
            Ink::Variant(variant, percent) => on_white(PALETTE[variant % PALETTE.len()], percent),
        }
    }

    /// The custom property of the page that holds the colour, and its opacity in per cent.
    pub(super) fn css(self) -> (String, u8) {
        match self {
            Ink::Text => ("--ink".to_owned(), 100),
            Ink::Muted => ("--muted".to_owned(), 100),
            Ink::Grid => ("--grid".to_owned(), 100),
            Ink::Paper => ("--paper".to_owned(), 100),
            Ink::Grey(percent) => ("--muted".to_owned(), percent),
            Ink::Variant(variant, percent) => (format!("--c{}", variant % PALETTE.len()), percent),
        }
    }
}

fn on_white(color: RGBColor, percent: u8) -> RGBColor {
    let share = f64::from(percent) / 100.0;
    let mix = |c: u8| (255.0 - (255.0 - f64::from(c)) * share).round() as u8;
    RGBColor(mix(color.0), mix(color.1), mix(color.2))
}

/// What the layout draws on.
pub(super) trait Canvas {
    /// A polyline of this width.
    fn line(&mut self, points: &[(i32, i32)], ink: Ink, width: u32);
    /// A filled polygon.
    fn polygon(&mut self, points: &[(i32, i32)], ink: Ink);
    /// A filled circle.
    fn circle(&mut self, center: (i32, i32), radius: i32, ink: Ink);
    /// One dash after the other from `from` to `to`: lengths of dash and gap.
    fn dashes(&mut self, from: (i32, i32), to: (i32, i32), pattern: (f64, f64), ink: Ink);
    /// Text at its anchor: the given side horizontally, the middle vertically.
    fn text(&mut self, text: &str, at: (i32, i32), size: i32, ink: Ink, side: HPos);
    /// What a mark at this place says when it is pointed at; only the page shows it.
    fn tip(&mut self, _at: (i32, i32), _text: &str) {}
}

/// The SVG document of a drawing.
pub(super) fn svg_of((width, height): (i32, i32), draw: &dyn Fn(&mut dyn Canvas)) -> String {
    let mut text = String::new();
    {
        let backend = SVGBackend::with_string(&mut text, ((width * SCALE) as u32, (height * SCALE) as u32));
        paint(backend, (width, height), SVG_TEXT_DROP, draw);
    }
    // The view box keeps the fine units; the page sees the size it asked for.
    let fine = format!("width=\"{}\" height=\"{}\"", width * SCALE, height * SCALE);
    text.replacen(&fine, &format!("width=\"{width}\" height=\"{height}\""), 1)
}

/// The PNG file of a drawing.
pub(super) fn png_of((width, height): (i32, i32), draw: &dyn Fn(&mut dyn Canvas)) -> Vec<u8> {
    let (w, h) = ((width * SCALE) as u32, (height * SCALE) as u32);
    let mut pixels = vec![255; (w * h * 3) as usize];
    paint(
        BitMapBackend::with_buffer(&mut pixels, (w, h)),
        (width, height),
        PNG_TEXT_DROP,
        draw,
    );
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, w, h);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Best);
    encoder.set_filter(png::FilterType::Up);
    let mut writer = encoder.write_header().expect("a Vec takes all bytes");
    writer
        .write_image_data(&pixels)
        .expect("the buffer has the size of the image");
    writer.finish().expect("a Vec takes all bytes");
    file
}

fn paint<DB: DrawingBackend>(backend: DB, (width, height): (i32, i32), text_drop: f64, draw: &dyn Fn(&mut dyn Canvas)) {
    register();
    let mut on = Backend { backend, text_drop };
    on.polygon(&[(0, 0), (width, 0), (width, height), (0, height)], Ink::Paper);
    draw(&mut on);
    drawn(on.backend.present().is_ok());
}

fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let is_font = register_font(FAMILY, FontStyle::Normal, FONT).is_ok();
        assert!(is_font, "the built-in font is a font");
    });
}

/// Drawing into memory with a font that is there has nothing that can fail.
fn drawn(is_ok: bool) {
    debug_assert!(is_ok, "drawing into memory cannot fail");
}

fn scaled((x, y): (i32, i32)) -> (i32, i32) {
    (x * SCALE, y * SCALE)
}

struct Backend<DB: DrawingBackend> {
    backend: DB,
    text_drop: f64,
}

impl<DB: DrawingBackend> Canvas for Backend<DB> {
    fn line(&mut self, points: &[(i32, i32)], ink: Ink, width: u32) {
        let style = ShapeStyle {
            color: ink.rgb().to_rgba(),
            filled: false,
            stroke_width: width * SCALE as u32,
        };
        let points = points.iter().map(|&p| scaled(p)).collect::<Vec<_>>();
        drawn(self.backend.draw_path(points, &style).is_ok());
    }

    fn dashes(&mut self, from: (i32, i32), to: (i32, i32), (dash, gap): (f64, f64), ink: Ink) {
        let (from, to) = (scaled(from), scaled(to));
        let style = ShapeStyle {
            color: ink.rgb().to_rgba(),
            filled: false,
            stroke_width: 2 * SCALE as u32,
        };
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = (dx * dx + dy * dy).sqrt();
        let at = |along: f64| {
            let share = if length > 0.0 { along.min(length) / length } else { 0.0 };
            (
                from.0 + (dx * share).round() as i32,
                from.1 + (dy * share).round() as i32,
            )
        };
        let mut along = 0.0;
        while along < length {
            let ends = [at(along), at(along + dash * f64::from(SCALE))];
            drawn(self.backend.draw_path(ends, &style).is_ok());
            along += (dash + gap) * f64::from(SCALE);
        }
    }

    fn polygon(&mut self, points: &[(i32, i32)], ink: Ink) {
        let points = points.iter().map(|&p| scaled(p)).collect::<Vec<_>>();
        drawn(self.backend.fill_polygon(points, &ink.rgb()).is_ok());
    }

    fn circle(&mut self, center: (i32, i32), radius: i32, ink: Ink) {
        let (center, radius) = (scaled(center), (radius * SCALE) as u32);
        drawn(self.backend.draw_circle(center, radius, &ink.rgb(), true).is_ok());
    }

    fn text(&mut self, text: &str, at: (i32, i32), size: i32, ink: Ink, side: HPos) {
        let font = (FAMILY, size * SCALE).into_font().transform(FontTransform::None);
        let color = ink.rgb();
        let style = TextStyle::from(font).color(&color).pos(Pos::new(side, VPos::Center));
        let (x, y) = scaled(at);
        let at = (x, y + (f64::from(size * SCALE) * self.text_drop).round() as i32);
        drawn(self.backend.draw_text(text, &style, at).is_ok());
    }
}

/// Width of a text in pixels by our font, and a little more: an SVG reader may have another.
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    register();
    let measured = (FAMILY, size * SCALE).into_font().layout_box(text);
    let width = measured.map_or(0, |((left, _), (right, _))| (right - left) / SCALE);
    width + width / 20 + 2
}

//! A report as blocks: what `sections` says, and `markdown` and `html` render.
//!
//! Texts are plain: nothing here is escaped, every renderer escapes all of it for its own format.

use super::charts::ChartName;

/// A report: the answer first, then its sections.
pub(super) struct Document {
    /// The heading above everything.
    pub(super) title: String,
    /// Reasons not to trust the figures.
    pub(super) banners: Vec<String>,
    /// The conclusion, one sentence or two per entry.
    pub(super) conclusion: Vec<String>,
    /// Warnings, each a sentence.
    pub(super) warnings: Vec<String>,
    /// Everything else.
    pub(super) blocks: Vec<Block>,
}

/// One block.
#[derive(Clone)]
pub(super) enum Block {
    /// A section begins.
    Section(String),
    /// A part of a section begins.
    Part(String),
    /// A paragraph.
    Text(Vec<Span>),
    /// A list of links and what they hold.
    Items(Vec<Vec<Span>>),
    /// Names with their values.
    Facts(Vec<(String, Vec<Span>)>),
    /// A table.
    Table(Table),
    /// A chart.
    Chart(ChartName),
    /// A command line for a shell.
    Command(String),
}

/// Part of a line.
#[derive(Clone)]
pub(super) enum Span {
    /// Plain text.
    Text(String),
    /// Code or data: spaces count.
    Code(String),
    /// A link to a file beside the report.
    Link(&'static str, String),
}

/// A table.
#[derive(Clone)]
pub(super) struct Table {
    /// Heads of the columns.
    pub(super) head: Vec<String>,
    /// Rows of cells.
    pub(super) rows: Vec<Vec<Vec<Span>>>,
}

impl Span {
    pub(super) fn text(text: impl Into<String>) -> Span {
        Span::Text(text.into())
    }

    pub(super) fn code(text: impl Into<String>) -> Span {
        Span::Code(text.into())
    }
}

impl Table {
    /// Whether every cell of a column starts with a digit, or stands in for a number.
    pub(super) fn is_numeric(&self, column: usize) -> bool {
        const STAND_INS: [&str; 4] = ["n/a", "n/d", "baseline", "referencia"];
        let is_number = |cell: &Vec<Span>| match cell.first() {
            Some(Span::Text(text)) => {
                text.starts_with(|c: char| c.is_ascii_digit()) || STAND_INS.contains(&text.as_str())
            }
            _ => false,
        };
        self.rows.iter().filter_map(|row| row.get(column)).all(is_number)
    }
}

/// A section, or nothing when its body is empty.
pub(super) fn section(title: String, intro: String, body: Vec<Block>) -> Vec<Block> {
    if body.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Section(title)];
    blocks.extend(paragraph(&intro));
    blocks.extend(body);
    blocks
}

/// A paragraph, or nothing when it is empty. What stands between backticks is code: for texts of our own only.
pub(super) fn paragraph(text: &str) -> Option<Block> {
    let spans = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    let spans: Vec<Span> = spans
        .map(|(index, part)| {
            if index % 2 == 1 {
                Span::code(part)
            } else {
                Span::text(part)
            }
        })
        .collect();
    (!spans.is_empty()).then_some(Block::Text(spans))
}

/// A table of plain cells, or nothing when it has no rows.
pub(super) fn table(head: Vec<String>, rows: Vec<Vec<String>>) -> Vec<Block> {
    let rows = rows
        .into_iter()
        .map(|row| row.into_iter().map(|cell| vec![Span::Text(cell)]).collect())
        .collect();
    rich_table(head, rows)
}

/// A table, or nothing when it has no rows.
pub(super) fn rich_table(head: Vec<String>, rows: Vec<Vec<Vec<Span>>>) -> Vec<Block> {
    if rows.is_empty() {
        return Vec::new();
    }
    vec![Block::Table(Table { head, rows })]
}

/// A chart, or nothing when the run has no data for it.
pub(super) fn image(charts: &[ChartName], name: &str) -> Vec<Block> {
    let found = charts.iter().find(|chart| chart.name == name);
    found.map(|chart| Block::Chart(chart.clone())).into_iter().collect()
}

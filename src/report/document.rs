//! A report as blocks: what `sections` says, and `markdown` and `html` render.
//!
//! Texts are plain: nothing here is escaped, every renderer escapes all of it for its own format.

use super::charts::ChartName;

/// A report: the answer first, then its sections.
pub(super) struct Document {
    pub(super) title: String,
    /// Reasons not to trust the figures.
    pub(super) banners: Vec<String>,
    pub(super) conclusion: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// What stands beside the conclusion, then the sections.
    pub(super) blocks: Vec<Block>,
}

#[derive(Clone)]
pub(super) enum Block {
    Section(String),
    Part(String),
    Text(Vec<Span>),
    /// A list of links and what they hold.
    Items(Vec<Vec<Span>>),
    Facts(Vec<(String, Vec<Span>)>),
    Table(Table),
    Chart(ChartName),
    Command(String),
}

/// Part of a line.
#[derive(Clone)]
pub(super) enum Span {
    Text(String),
    /// Code or data: spaces count.
    Code(String),
    /// A link to a file beside the report.
    Link(&'static str, String),
}

#[derive(Clone)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<Value>>,
}

#[derive(Clone)]
pub(super) struct Value {
    /// As the language writes it.
    pub(super) spans: Vec<Span>,
    /// What its column is sorted by.
    pub(super) key: Option<f64>,
    /// Whether it is good or bad news.
    pub(super) tone: Option<Tone>,
    /// It stands where a number would: "n/a", "baseline".
    pub(super) stands_in: bool,
}

/// Colour beside the word, never instead of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Open,
}

impl Span {
    pub(super) fn text(text: impl Into<String>) -> Span {
        Span::Text(text.into())
    }

    pub(super) fn code(text: impl Into<String>) -> Span {
        Span::Code(text.into())
    }
}

impl Document {
    /// What stands beside the conclusion, and the sections.
    pub(super) fn parts(&self) -> (&[Block], &[Block]) {
        let is_section = |block: &Block| matches!(block, Block::Section(_));
        let first = self.blocks.iter().position(is_section);
        self.blocks.split_at(first.unwrap_or(self.blocks.len()))
    }
}

impl Table {
    /// Whether a column holds numbers, and what stands in for them.
    pub(super) fn is_numeric(&self, column: usize) -> bool {
        let mut values = self.rows.iter().filter_map(|row| row.get(column));
        values.all(|value| value.key.is_some() || value.stands_in)
    }
}

impl Value {
    pub(super) fn text(&self) -> String {
        text(&self.spans)
    }
}

/// A section, or nothing when its body is empty.
pub(super) fn section(title: String, intro: String, body: Vec<Block>) -> Vec<Block> {
    found(title, Vec::new(), intro, body)
}

/// A section that begins with what was found in it.
pub(super) fn found(title: String, sentences: Vec<String>, intro: String, body: Vec<Block>) -> Vec<Block> {
    if body.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Section(title)];
    blocks.extend(said(sentences));
    blocks.extend(paragraph(&intro));
    blocks.extend(body);
    blocks
}

/// Sentences as they are: names of files and models in them may hold anything.
pub(super) fn said(mut sentences: Vec<String>) -> Option<Block> {
    match sentences.len() {
        0 => None,
        1 => Some(Block::Text(vec![Span::Text(sentences.remove(0))])),
        _ => Some(Block::Items(
            sentences.into_iter().map(|one| vec![Span::Text(one)]).collect(),
        )),
    }
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

/// A table with what it shows, or nothing where it has no rows.
pub(super) fn introduced(intro: &str, table: Vec<Block>) -> Vec<Block> {
    let intro = paragraph(intro).filter(|_| !table.is_empty());
    intro.into_iter().chain(table).collect()
}

/// A chart, or nothing when the run has no data for it.
pub(super) fn image(charts: &[ChartName], name: &str) -> Vec<Block> {
    let found = charts.iter().find(|chart| chart.name == name);
    found.map(|chart| Block::Chart(chart.clone())).into_iter().collect()
}

pub(super) fn text(spans: &[Span]) -> String {
    let text = |span: &Span| match span {
        Span::Text(text) | Span::Code(text) => text.clone(),
        Span::Link(text, _) => (*text).to_owned(),
    };
    spans.iter().map(text).collect()
}

//! The blocks of a document in HTML: sections, tables that can be sorted and filtered, charts.

use crate::report::document::{Block, Span, Table, Tone, Value};
use crate::report::escape::escape;
use crate::report::lang::Lang;

/// Tables with fewer rows need no filter.
const N_ROWS_FILTERED: usize = 5;

/// Blocks of the conclusion, of one kind.
pub(super) fn of_answer(
    t: Lang,
    blocks: &[Block],
    charts: &[(&'static str, String)],
    is_wanted: fn(&Block) -> bool,
) -> String {
    let mut out = Writer::new(t, charts);
    out.headed(&t.conclusion(), "s0".to_owned());
    for block in blocks.iter().filter(|block| is_wanted(block)) {
        out.block(block);
    }
    out.html
}

/// All sections, numbered from 1: 0 is the conclusion.
pub(super) fn rendered(t: Lang, blocks: &[Block], charts: &[(&'static str, String)]) -> String {
    let mut out = Writer::new(t, charts);
    for block in blocks {
        out.block(block);
    }
    out.end_section();
    out.html
}

struct Writer<'a> {
    t: Lang,
    charts: &'a [(&'static str, String)],
    html: String,
    n_sections: usize,
    n_parts: usize,
    /// The last heading: tables and charts are named after it.
    heading: String,
    heading_id: String,
}

impl<'a> Writer<'a> {
    fn new(t: Lang, charts: &'a [(&'static str, String)]) -> Writer<'a> {
        Writer {
            t,
            charts,
            html: String::new(),
            n_sections: 0,
            n_parts: 0,
            heading: String::new(),
            heading_id: String::new(),
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Section(title) => {
                self.end_section();
                self.n_sections += 1;
                self.headed(title, format!("s{}", self.n_sections));
                let id = &self.heading_id;
                self.html.push_str(&format!(
                    "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n",
                    escape(title)
                ));
            }
            Block::Part(title) => {
                self.n_parts += 1;
                self.headed(title, format!("p{}", self.n_parts));
                let id = &self.heading_id;
                self.html.push_str(&format!("<h3 id=\"{id}\">{}</h3>\n", escape(title)));
            }
            Block::Text(spans) => self.html.push_str(&format!("<p>{}</p>\n", inline(spans))),
            Block::Items(items) => {
                let items: String = items.iter().map(|i| format!("<li>{}</li>\n", inline(i))).collect();
                self.html.push_str(&format!("<ul>\n{items}</ul>\n"));
            }
            Block::Facts(facts) => {
                let fact = |(name, value): &(String, Vec<Span>)| {
                    format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), inline(value))
                };
                let facts: String = facts.iter().map(fact).collect();
                self.html.push_str(&format!("<dl>\n{facts}</dl>\n"));
            }
            Block::Table(table) => self.table(table),
            Block::Chart(chart) => self.chart(chart.name),
            Block::Command(command) => {
                let scroll = self.scroll();
                self.html.push_str(&format!(
                    "<div class=\"command\"><pre {scroll}><code>{}</code></pre><button type=\"button\" hidden data-done=\"{}\">{}</button></div>\n",
                    escape(command),
                    escape(&self.t.pg_copied()),
                    escape(&self.t.pg_copy())
                ));
            }
        }
    }

    fn headed(&mut self, title: &str, id: String) {
        self.heading = title.to_owned();
        self.heading_id = id;
    }

    fn end_section(&mut self) {
        if self.n_sections > 0 {
            self.html.push_str("</section>\n");
        }
    }

    /// What may be wider than the screen can be scrolled, also by keyboard.
    fn scroll(&self) -> String {
        format!(
            "class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"{}\"",
            self.heading_id
        )
    }

    fn chart(&mut self, name: &str) {
        if let Some((_, svg)) = self.charts.iter().find(|(of, _)| *of == name) {
            let scroll = self.scroll();
            self.html
                .push_str(&format!("<figure><div {scroll}>\n{svg}</div></figure>\n"));
        }
    }

    fn table(&mut self, table: &Table) {
        if table.rows.len() >= N_ROWS_FILTERED && self.n_sections > 0 {
            self.html.push_str(&format!(
                "<p class=\"filter\"><input type=\"search\" placeholder=\"{}\" aria-label=\"{}\"> <output></output></p>\n",
                escape(&self.t.pg_filter()),
                escape(&self.t.pg_filter_of(&self.heading))
            ));
        }
        let is_numeric: Vec<bool> = (0..table.head.len()).map(|column| table.is_numeric(column)).collect();
        let class = |column: usize| if is_numeric[column] { " class=\"n\"" } else { "" };
        let head: String = table
            .head
            .iter()
            .enumerate()
            .map(|(column, name)| format!("<th scope=\"col\"{}>{}</th>", class(column), escape(name)))
            .collect();
        let mut rows = String::new();
        for row in &table.rows {
            rows.push_str("<tr>");
            for (column, value) in row.iter().enumerate() {
                rows.push_str(&cell(column, value, is_numeric.get(column).copied().unwrap_or(false)));
            }
            rows.push_str("</tr>\n");
        }
        let scroll = self.scroll();
        self.html.push_str(&format!(
            "<div {scroll}><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
        ));
    }
}

fn cell(column: usize, value: &Value, is_numeric: bool) -> String {
    let key = value.key.map_or(String::new(), |key| format!(" data-v=\"{key}\""));
    let tone = value.tone.map(|tone| match tone {
        Tone::Good => "up",
        Tone::Bad => "down",
        Tone::Open => "open",
    });
    let classes: Vec<&str> = is_numeric.then_some("n").into_iter().chain(tone).collect();
    let class = match classes.join(" ") {
        none if none.is_empty() => none,
        names => format!(" class=\"{names}\""),
    };
    if column == 0 {
        return format!("<th scope=\"row\"{key}>{}</th>", inline(&value.spans));
    }
    let shown = match value.text().split_once(" [") {
        Some((number, interval)) if value.key.is_some() => {
            format!("{} <span class=\"ci\">[{}</span>", escape(number), escape(interval))
        }
        _ => inline(&value.spans),
    };
    format!("<td{class}{key}>{shown}</td>")
}

fn inline(spans: &[Span]) -> String {
    let one = |span: &Span| match span {
        Span::Text(text) => escape(text),
        Span::Code(text) => format!("<code>{}</code>", escape(text)),
        Span::Link(text, to) => format!("<a href=\"{}\">{}</a>", escape(to), escape(text)),
    };
    spans.iter().map(one).collect()
}

//! The blocks of a document in HTML: sections, tables that can be sorted and filtered, charts.

use super::escape;
use crate::report::document::{Block, Span, Table};
use crate::report::lang::Lang;

/// Tables with fewer rows need no filter.
const N_ROWS_FILTERED: usize = 5;

/// All blocks. Sections are numbered from 1: 0 is the conclusion.
pub(super) fn rendered(t: Lang, blocks: &[Block], charts: &[(&'static str, String)]) -> String {
    let mut out = Writer {
        t,
        charts,
        html: String::new(),
        n_sections: 0,
        n_parts: 0,
        heading: String::new(),
        heading_id: String::new(),
    };
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

impl Writer<'_> {
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
                self.html
                    .push_str(&format!("<pre {scroll}><code>{}</code></pre>\n", escape(command)));
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
        if table.rows.len() >= N_ROWS_FILTERED {
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
            for (column, spans) in row.iter().enumerate() {
                rows.push_str(&self.cell(column, spans, is_numeric.get(column).copied().unwrap_or(false)));
            }
            rows.push_str("</tr>\n");
        }
        let scroll = self.scroll();
        self.html.push_str(&format!(
            "<div {scroll}><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
        ));
    }

    fn cell(&self, column: usize, spans: &[Span], is_numeric: bool) -> String {
        let plain = match spans {
            [Span::Text(text)] => text.as_str(),
            _ => "",
        };
        let key = sort_key(self.t, plain).map_or(String::new(), |key| format!(" data-v=\"{key}\""));
        let mut classes: Vec<&str> = is_numeric.then_some("n").into_iter().collect();
        classes.extend(self.verdict_class(plain));
        let class = if classes.is_empty() {
            String::new()
        } else {
            format!(" class=\"{}\"", classes.join(" "))
        };
        if column == 0 {
            return format!("<th scope=\"row\"{key}>{}</th>", inline(spans));
        }
        let shown = match plain.split_once(" [") {
            Some((value, interval)) if key.is_empty() => format!("{} [{}", escape(value), escape(interval)),
            Some((value, interval)) => {
                format!("{} <span class=\"ci\">[{}</span>", escape(value), escape(interval))
            }
            None => inline(spans),
        };
        format!("<td{class}{key}>{shown}</td>")
    }

    /// Colour beside the word, never instead of it.
    fn verdict_class(&self, text: &str) -> Option<&'static str> {
        let t = self.t;
        match text {
            _ if text == t.faster() || text == t.indistinguishable() => Some("up"),
            _ if text == t.slower() || text.starts_with(&format!("{} ", t.worse())) => Some("down"),
            _ if text.starts_with(&t.cant_tell()) => Some("open"),
            _ => None,
        }
    }
}

fn inline(spans: &[Span]) -> String {
    let one = |span: &Span| match span {
        Span::Text(text) => escape(text),
        Span::Code(text) => format!("<code>{}</code>", escape(text)),
        Span::Link(text, to) => format!("<a href=\"{}\">{}</a>", escape(to), escape(text)),
    };
    spans.iter().map(one).collect()
}

/// The number a cell begins with, if it is a number and not a name: what its column is sorted by.
fn sort_key(t: Lang, text: &str) -> Option<f64> {
    let decimal = t.decimal_sign().chars().next().unwrap_or('.');
    let is_part = |c: char| c.is_ascii_digit() || ['+', '-', 'e', '\u{a0}', decimal].contains(&c);
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let is_followed = rest.is_empty() || rest.starts_with([' ', 'x']);
    let number: String = number
        .chars()
        .filter(|&c| c != '\u{a0}' && c != '+')
        .map(|c| if c == decimal { '.' } else { c })
        .collect();
    number.parse().ok().filter(|key: &f64| is_followed && key.is_finite())
}

#[cfg(test)]
mod tests {
    use super::sort_key;
    use crate::report::lang::Lang;

    #[test]
    fn cells_are_sorted_by_the_number_they_begin_with() {
        let key = |text| sort_key(Lang::default(), text);
        assert_eq!(key("93.0 [88.9, 96.9]"), Some(93.0));
        assert_eq!(key("134\u{a0}515\u{a0}008"), Some(134_515_008.0));
        assert_eq!(key("1.71x [1.66, 1.76]"), Some(1.71));
        assert_eq!(key("-0.31 %"), Some(-0.31));
        assert_eq!(key("+2.6 % [+2.3 %, +2.9 %]"), Some(2.6));
        assert_eq!(key("3.2e-6"), Some(3.2e-6));
        assert_eq!(key("30 of 272"), Some(30.0));
        for name in ["n/a", "baseline", "f16", "6f3a9", "", "-", "e", "1.2.3"] {
            assert_eq!(key(name), None, "{name}");
        }
        let es = "es".parse().unwrap();
        assert_eq!(sort_key(es, "93,5 [88,9; 96,9]"), Some(93.5));
    }
}

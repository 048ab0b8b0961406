//! `report.md`: GitHub-flavoured Markdown. Text is escaped so that it stays text.

use super::document::{Block, Document, Span, Table, Value};
use super::lang::Lang;
use super::sections::document;
use super::Report;

/// The text of `report.md`.
pub fn report_md(model: &Report) -> String {
    markdown(model.lang, &document(model))
}

/// Any document.
pub(super) fn markdown(t: Lang, document: &Document) -> String {
    let mut md = format!("# {}\n\n", escape(&document.title));
    for banner in &document.banners {
        md.push_str(&format!("> [!CAUTION]\n> {}\n\n", escape(banner)));
    }
    md.push_str(&conclusion(document, &t.conclusion()));
    for block in &document.blocks {
        md.push_str(&rendered(block));
    }
    md.truncate(md.trim_end().len());
    md + "\n"
}

fn conclusion(document: &Document, title: &str) -> String {
    let mut md = format!("## {title}\n\n");
    for sentence in &document.conclusion {
        md.push_str(&format!("- {}\n", escape(sentence)));
    }
    md.push('\n');
    for warning in &document.warnings {
        md.push_str(&format!("> [!WARNING]\n> {}\n\n", escape(warning)));
    }
    md
}

fn rendered(block: &Block) -> String {
    match block {
        Block::Section(title) => format!("## {}\n\n", escape(title)),
        Block::Part(title) => format!("### {}\n\n", escape(title)),
        Block::Text(spans) => format!("{}\n\n", inline(spans)),
        Block::Items(items) => {
            let items: String = items.iter().map(|spans| format!("- {}\n", inline(spans))).collect();
            items + "\n"
        }
        Block::Facts(facts) => {
            let fact = |(name, value): &(String, Vec<Span>)| format!("- **{}**: {}\n", escape(name), inline(value));
            facts.iter().map(fact).collect::<String>() + "\n"
        }
        Block::Table(one) => table(one),
        Block::Chart(chart) => format!("![{}](charts/{}.svg)\n\n", alt(&chart.title), chart.name),
        Block::Command(command) => fenced(command),
    }
}

/// A table: columns of numbers are aligned right, columns of words left.
fn table(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(table.head.iter().map(|cell| escape(cell)).collect());
    let rule = |column| if table.is_numeric(column) { "---:" } else { ":---" }.to_owned();
    text.push_str(&line((0..table.head.len()).map(rule).collect()));
    for row in &table.rows {
        // Inside a table a bar ends the cell, in code too.
        let cell = |value: &Value| value.spans.iter().map(in_cell).collect::<String>();
        text.push_str(&line(row.iter().map(cell).collect()));
    }
    text.push('\n');
    text
}

fn in_cell(span: &Span) -> String {
    match span {
        Span::Code(code_text) => code(code_text).replace('|', "\\|"),
        other => inline(std::slice::from_ref(other)),
    }
}

fn inline(spans: &[Span]) -> String {
    let one = |span: &Span| match span {
        Span::Text(text) => escape(text),
        Span::Code(text) => code(text),
        Span::Link(text, to) => format!("[{text}]({to})"),
    };
    spans.iter().map(one).collect()
}

/// Text between the brackets of an image, without brackets of its own.
fn alt(title: &str) -> String {
    escape(&title.replace(['[', ']'], ""))
}

fn fenced(command: &str) -> String {
    // The fence is longer than any run of backticks inside.
    let fence = "`".repeat(command.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
    format!("{fence}sh\n{command}\n{fence}\n\n")
}

/// Plain text that Markdown leaves as it is: no column, tag, link, emphasis or line starts inside.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        match c {
            '|' | '\\' | '`' | '*' | '<' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // Between letters (Q4_K_M) an underscore is no emphasis; elsewhere it may be.
            '_' if !is_within_word(text, i) => escaped.push_str("\\_"),
            // `](` makes a link of what stands before it, `![` an image.
            ']' if text[i + 1..].starts_with('(') => escaped.push_str("\\]"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\n' | '\r' => escaped.push(' '),
            _ if c.is_control() => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Text inside a code span. A backtick of its own is replaced: a span cannot hold one plainly.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("`{}`", text.replace('`', "'"))
}

fn is_within_word(text: &str, at: usize) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    is_word(text[..at].chars().next_back()) && is_word(text[at + 1..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::{code, escape, table};
    use crate::report::document::{Span, Table, Value};

    #[test]
    fn escapes_what_would_break_a_table() {
        assert_eq!(escape("a|b"), "a\\|b");
        assert_eq!(escape("Q4_K_M"), "Q4_K_M");
        assert_eq!(escape("_x_"), "\\_x\\_");
        assert_eq!(escape("<script>\n*"), "\\<script> \\*");
        assert_eq!(escape("[here](http://x)"), "[here\\](http://x)");
        assert_eq!(code("a`b\n"), "`a'b `");
    }

    #[test]
    fn numbers_stand_right_and_bars_stay_text() {
        let one = Table {
            head: vec!["a".into(), "b".into(), "c".into()],
            rows: vec![vec![
                "x".into(),
                Value::number(2.0, "2|3".into()),
                Value::spans(vec![Span::code("|")]),
            ]],
        };
        assert_eq!(
            table(&one),
            "| a | b | c |\n| :--- | ---: | :--- |\n| x | 2\\|3 | `\\|` |\n\n"
        );
    }
}

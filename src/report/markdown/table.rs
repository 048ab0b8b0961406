//! GitHub-flavoured tables and escaping.

use crate::units;

/// A table: columns of numbers are aligned right, columns of words left. Empty when there are no rows.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|cell| escape(cell)).collect());
    let rule = |column| if is_numeric(rows, column) { "---:" } else { ":---" }.to_owned();
    text.push_str(&line((0..head.len()).map(rule).collect()));
    for row in rows {
        text.push_str(&line(row.iter().map(|cell| escape(cell)).collect()));
    }
    text.push('\n');
    text
}

/// Every cell starts with a digit, or stands in for a number.
fn is_numeric(rows: &[Vec<String>], column: usize) -> bool {
    let is_number = |cell: &String| {
        cell.starts_with(|c: char| c.is_ascii_digit()) || [units::NOT_AVAILABLE, "baseline"].contains(&cell.as_str())
    };
    rows.iter().filter_map(|row| row.get(column)).all(is_number)
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
            '\n' | '\r' => escaped.push(' '),
            _ if c.is_control() => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Text inside a code span. A backtick of its own is replaced: a span cannot hold one plainly.
pub(super) fn code(text: &str) -> String {
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

    #[test]
    fn escapes_what_would_break_a_table() {
        assert_eq!(escape("a|b"), "a\\|b");
        assert_eq!(escape("Q4_K_M"), "Q4_K_M");
        assert_eq!(escape("_x_"), "\\_x\\_");
        assert_eq!(escape("<script>\n*"), "\\<script> \\*");
        assert_eq!(code("a`b\n"), "`a'b `");
    }

    #[test]
    fn a_table_without_rows_is_nothing() {
        assert_eq!(table(&["a"], &[]), "");
        assert_eq!(
            table(&["a", "b"], &[vec!["x".into(), "2|3".into()]]),
            "| a | b |\n| :--- | ---: |\n| x | 2\\|3 |\n\n"
        );
    }
}

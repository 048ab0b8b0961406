//! GitHub-flavoured tables and escaping.

/// A table: the first column is text (left), the others are aligned right. Empty when there are no rows.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|cell| escape(cell)).collect());
    text.push_str(&line(
        (0..head.len())
            .map(|i| if i == 0 { ":---" } else { "---:" }.to_owned())
            .collect(),
    ));
    for row in rows {
        text.push_str(&line(row.iter().map(|cell| escape(cell)).collect()));
    }
    text.push('\n');
    text
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
            table(&["a", "b"], &[vec!["1".into(), "2|3".into()]]),
            "| a | b |\n| :--- | ---: |\n| 1 | 2\\|3 |\n\n"
        );
    }
}

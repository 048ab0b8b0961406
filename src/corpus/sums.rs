//! Arithmetic of bills and tables, shared by the languages: whole numbers, and every printed sum is right.

/// One line of a bill.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) count: i64,
    pub(super) price: i64,
}

/// The foot of a bill.
pub(super) struct Bill {
    pub(super) subtotal: i64,
    pub(super) percent: i64,
    pub(super) discount: i64,
    pub(super) total: i64,
}

/// Adds up the lines and takes off `percent`, rounded down to a whole coin.
pub(super) fn bill(lines: &[Line], percent: i64) -> Bill {
    let subtotal: i64 = lines.iter().map(|l| l.count * l.price).sum();
    let discount = subtotal * percent / 100;
    Bill {
        subtotal,
        percent,
        discount,
        total: subtotal - discount,
    }
}

/// The lines as a Markdown table.
pub(super) fn table(lines: &[Line], heads: [&str; 4]) -> String {
    let mut rows = vec![format!("| {} |", heads.join(" | ")), "|---|---|---|---|".to_string()];
    rows.extend(
        lines
            .iter()
            .map(|l| format!("| {} | {} | {} | {} |", l.name, l.count, l.price, l.count * l.price)),
    );
    rows.join("\n")
}

/// The line with the largest sum; the first of equals.
pub(super) fn dearest(lines: &[Line]) -> Option<&Line> {
    lines.iter().rev().max_by_key(|l| l.count * l.price)
}

/// The row with the largest value; the first of equals. `rows` is not empty.
pub(super) fn largest<'a>(rows: &[(&'a str, i64)]) -> (&'a str, i64) {
    rows.iter().rev().max_by_key(|(_, v)| *v).copied().unwrap_or_default()
}

/// The row with the smallest value; the first of equals. `rows` is not empty.
pub(super) fn smallest<'a>(rows: &[(&'a str, i64)]) -> (&'a str, i64) {
    rows.iter().min_by_key(|(_, v)| *v).copied().unwrap_or_default()
}

/// Every word with a capital.
pub(super) fn title(text: &str) -> String {
    text.split(' ')
        .map(super::grammar::capitalise)
        .collect::<Vec<_>>()
        .join(" ")
}

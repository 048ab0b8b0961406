//! The summary for the terminal: the answer, and a table beside it. Returns text; printing is `cli`'s.

use super::document::{text, Block, Document, Table as DocumentTable, Value};
use super::say;
use super::text::kv;
use super::{CellReport, DecisionReport, Report};
use crate::data::{Arm, FailureKind, Work, Workload};
use crate::decide::Exactness;
use crate::stats::Verdict;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};

/// What the terminal can show; `cli` finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns.
    pub width: u16,
    /// Whether a person reads it: box drawing characters instead of plain ASCII.
    pub is_tty: bool,
    /// Whether colours may be used.
    pub is_colored: bool,
    /// Whether the warnings of the run were told when it began.
    pub is_warned: bool,
}

/// The answer, the table beside it, what else could be the answer, how sure, what to mind. Ends in a line feed.
pub fn summary(model: &Report, look: Look) -> String {
    let t = model.lang;
    let mut paragraphs: Vec<Vec<String>> = model.banners().into_iter().map(|banner| vec![banner]).collect();
    paragraphs.push(say::opening(model));
    let has_table = model.cells.iter().any(|c| c.is_ok() && c.spec.workload().is_headline());
    let below = paragraphs.len();
    paragraphs.push(say::closing(model));
    let warnings = model.warnings.iter().filter(|_| !look.is_warned);
    let mut minded: Vec<String> = warnings.map(|warning| t.warning_line(t.warning(warning))).collect();
    // What is broken stands above.
    let failures = model.failures();
    let failed = failures
        .iter()
        .filter(|f| model.totals.n_rounds > 0 && f.kind != FailureKind::Broken);
    minded.extend(
        failed.map(|f| t.not_measured_line(f.what.join("; "), f.kind, first_line(&t.reason(f.kind, f.reason)))),
    );
    paragraphs.push(minded);
    let wrapped = |lines: &Vec<String>| {
        lines
            .iter()
            .map(|line| wrapped(line, look.width))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let mut texts: Vec<String> = paragraphs.iter().map(wrapped).collect();
    if has_table {
        texts.insert(below, table(model, look));
    }
    texts.retain(|text| !text.is_empty());
    texts.join("\n\n") + "\n"
}

fn table(model: &Report, look: Look) -> String {
    let t = model.lang;
    let mut table = styled(look);
    let prefill = model.shown(Workload::Prefill);
    let decode = model.shown(Workload::Decode);
    let name = |spec: Option<Work>| t.or_na(spec, |s| s.to_string());
    let baseline = model.baseline().map_or_else(|| t.baseline(), |arm| arm.id.clone());
    let decision = model.decision.as_ref();
    let is_scored = decision.is_some_and(|d| {
        d.candidates
            .iter()
            .any(|c| matches!(c.quality, Exactness::Scored { .. }))
    });
    let mut head = vec![
        t.h_variant(),
        t.h_kv(),
        "MiB".to_owned(),
        name(prefill),
        name(decode),
        t.terminal_versus(baseline),
    ];
    head.extend(is_scored.then(|| t.h_quality_loss()));
    table.set_header(head);
    for arm in model.arms() {
        let mut row = row(model, arm, prefill, decode);
        row.extend(is_scored.then(|| Cell::new(divergence(model, arm))));
        table.add_row(row);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if (2..=4).contains(&index) || index == 6 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let is_composed = decision.is_some_and(|d| d.is_composed.contains(&true));
    let composed = if is_composed {
        t.terminal_composed()
    } else {
        String::new()
    };
    let intro = wrapped(&(t.terminal_intro(name(decode)) + &composed), look.width);
    format!("{intro}\n\n{}", table.trim_fmt())
}

/// An empty table in the look of the terminal.
fn styled(look: Look) -> Table {
    let mut table = Table::new();
    let rule = if look.is_tty { '\u{2500}' } else { '-' };
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill(rule).junction(rule)));
    if look.is_tty && look.is_colored {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(look.width.max(40));
    table
}

/// A document for the terminal: what to mind, the sections, and the conclusion last, where it is seen.
pub(super) fn document(document: &Document, look: Look) -> String {
    let mut out = String::new();
    for banner in &document.banners {
        out.push_str(&format!("{}\n\n", wrapped(banner, look.width)));
    }
    for block in &document.blocks {
        match block {
            Block::Section(title) | Block::Part(title) => out.push_str(&format!("{title}\n\n")),
            Block::Text(spans) => out.push_str(&format!("{}\n\n", wrapped(&text(spans), look.width))),
            Block::Facts(facts) => {
                for (name, value) in facts {
                    out.push_str(&format!(
                        "{}\n",
                        wrapped(&format!("{name}: {}", text(value)), look.width)
                    ));
                }
                out.push('\n');
            }
            Block::Table(one) => out.push_str(&format!("{}\n\n", plain_table(one, look))),
            Block::Items(_) | Block::Chart(_) | Block::Command(_) => {}
        }
    }
    for sentence in &document.conclusion {
        out.push_str(&format!("{}\n", wrapped(sentence, look.width)));
    }
    out
}

fn plain_table(one: &DocumentTable, look: Look) -> String {
    let mut table = styled(look);
    table.set_header(one.head.clone());
    for row in &one.rows {
        table.add_row(row.iter().map(Value::text).collect::<Vec<String>>());
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if one.is_numeric(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn row(model: &Report, arm: &Arm, prefill: Option<Work>, decode: Option<Work>) -> Vec<Cell> {
    let t = model.lang;
    let prefill = prefill.and_then(|spec| model.cell(&arm.id, &spec));
    let decode = decode.and_then(|spec| model.cell(&arm.id, &spec));
    let rate = |cell: Option<&CellReport>| {
        t.or_na(cell.filter(|c| c.is_ok()).and_then(CellReport::centre_tps), |tps| {
            t.rate(tps)
        })
    };
    let comparison = decode.and_then(|c| c.vs_baseline.as_ref());
    let verdict = comparison.map(|c| c.verdict);
    let ratio = match verdict {
        _ if arm.is_baseline => Cell::new(t.baseline()),
        None => Cell::new(t.na()),
        Some(Verdict::Faster) => Cell::new(t.ratio_of(comparison))
            .fg(Color::Green)
            .add_attribute(Attribute::Bold),
        Some(Verdict::Slower) => Cell::new(t.ratio_of(comparison)).fg(Color::Red),
        Some(Verdict::Same | Verdict::CantTell) => Cell::new(t.ratio_of(comparison)),
    };
    vec![
        Cell::new(arm.label()),
        Cell::new(kv(&arm.config)),
        Cell::new(t.or_na(model.variant(&arm.variant), |v| t.mib(v.model_size))),
        Cell::new(rate(prefill)),
        Cell::new(rate(decode)),
        ratio,
    ]
}

/// Mean divergence from the baseline, where the arm has one of its own or that of its weights and cache together.
fn divergence(model: &Report, arm: &Arm) -> String {
    let t = model.lang;
    let of_arm = |report: &DecisionReport| {
        let i = report.arms.iter().position(|a| a.id == arm.id)?;
        let plus = if report.is_composed[i] { " +" } else { "" };
        match report.candidates[i].quality {
            Exactness::Baseline => Some("0".to_owned()),
            Exactness::Scored { kld, .. } => Some(format!("{}{plus}", t.nats(kld.estimate()))),
            Exactness::Unscored => None,
        }
    };
    t.or_na(model.decision.as_ref().and_then(of_arm), |shown| shown)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Broken at spaces so that no line is longer than `width`, if its words allow it.
fn wrapped(text: &str, width: u16) -> String {
    let width = usize::from(width.max(20));
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_broken_at_spaces() {
        assert_eq!(
            wrapped("one two three four five six", 20),
            "one two three four\nfive six"
        );
        assert_eq!(wrapped("", 20), "");
    }
}

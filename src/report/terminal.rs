//! The summary for the terminal: the answer, and a table beside it. Returns text; printing is `cli`'s.

use super::document::{text, Block, Document, Table as DocumentTable, Tone, Value};
use super::say;
use super::sections::divergence_as;
use super::table::Rows;
use super::{CellReport, Report};
use crate::data::{Arm, FailureKind, Work, Workload};
use crate::decide::{Candidate, Exactness};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};

/// What the terminal can show; `cli` finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: u16,
    /// Whether a person reads it: box drawing characters instead of plain ASCII.
    pub is_tty: bool,
    /// Whether colours may be used.
    pub is_colored: bool,
    /// Whether the warnings of the run were told when it began.
    pub is_warned: bool,
}

/// Lines of a summary at 80 columns: a triage is read at a glance.
const LINES_OF_TRIAGE: usize = 20;
const LINES_OF_COMPARE: usize = 30;
/// Rows of the table: at most, and before its lines go to what is said below it.
const ROWS_MAX: usize = 8;
const ROWS_MIN: usize = 5;

/// The answer, the table beside it, what to mind, what else could be the answer, how sure, and what to do next; what does not fit stands in
/// the report. Ends in a line feed.
pub fn summary(model: &Report, style: Style) -> String {
    let mut command = model.header.command.iter().map(String::as_str);
    let is_triage = command.find(|word| ["compare", "triage"].contains(word)) == Some("triage");
    let limit = if is_triage { LINES_OF_TRIAGE } else { LINES_OF_COMPARE };
    let fold = |lines: &[String]| lines.iter().map(|line| wrapped(line, style.width)).collect::<Vec<_>>();
    let mut above: Vec<String> = fold(&model.banners());
    if !above.is_empty() {
        above.push(String::new());
    }
    above.extend(fold(&say::opening(model)));
    let has_table = model.cells.iter().any(|c| c.is_ok() && c.spec.workload().is_headline());
    let closing = fold(say::closing(model).as_slice());
    let arms: Vec<&Arm> = model.arms().collect();
    let intro = if has_table { fold(&[intro(model)]) } else { Vec::new() };
    let needed = fold(&minded(model, style));
    // With the blank lines around the table, its head, and what to do next.
    let fixed = n_lines(&above) + n_lines(&intro) + n_lines(&closing) + if has_table { 6 } else { 2 };
    let for_rows = limit.saturating_sub(fixed + n_lines(&needed)).max(ROWS_MIN);
    let n_rows = if has_table {
        arms.len().min(ROWS_MAX).min(for_rows)
    } else {
        0
    };
    let mut room = limit.saturating_sub(fixed + n_rows);
    let mut fits = |line: &String| {
        let n = line.lines().count();
        let fits = n <= room;
        room -= if fits { n } else { 0 };
        fits
    };
    let n_needed = needed.len();
    let mut below: Vec<String> = needed.into_iter().filter(&mut fits).collect();
    let n_untold = n_needed - below.len();
    let useful: Vec<String> = model
        .other_choices()
        .into_iter()
        .chain(model.other_purposes())
        .collect();
    below.extend(fold(&useful).into_iter().filter(&mut fits));
    below.extend(closing);
    let shown = shown(model, &arms, n_rows);
    let n_more = if has_table { arms.len() - shown.len() } else { 0 };
    below.extend(fold(next(model, is_triage, n_more, n_untold).as_slice()));
    let mut parts = vec![above.join("\n")];
    if has_table {
        let text = format!("{}\n{}", intro.join("\n"), table(model, &shown, style));
        parts.push(text.trim_start().to_owned());
    }
    parts.push(below.join("\n"));
    parts.retain(|text| !text.is_empty());
    parts.join("\n\n") + "\n"
}

fn n_lines(texts: &[String]) -> usize {
    texts.iter().map(|text| text.lines().count().max(1)).sum()
}

/// Warnings that were not told yet and change what to do, and what failed.
fn minded(model: &Report, style: Style) -> Vec<String> {
    let t = model.lang;
    let warnings = model.warnings.iter().filter(|w| !style.is_warned && w.is_urgent());
    let mut minded: Vec<String> = warnings.map(|warning| t.warning_line(t.warning(warning))).collect();
    // What is broken stands above.
    let failures = model.failures();
    let failed = failures
        .iter()
        .filter(|f| model.totals.n_rounds > 0 && f.kind != FailureKind::Broken);
    minded.extend(
        failed.map(|f| t.not_measured_line(f.what.join("; "), f.kind, first_line(&t.reason(f.kind, f.reason)))),
    );
    minded
}

/// The arms of the table, in their order: the baseline, the choice, those on the front, then the others.
fn shown<'a>(model: &Report, arms: &[&'a Arm], n: usize) -> Vec<&'a Arm> {
    let rank = |arm: &Arm| {
        let of_decision = model.decision.as_ref().and_then(|d| {
            let i = d.arms.iter().position(|a| a.id == arm.id)?;
            let is_choice = d.decision.choice().is_some_and(|c| c.arm == i);
            let is_on_front = d
                .decision
                .contestants
                .iter()
                .any(|row| row.candidate == i && row.is_on_front);
            Some(if is_choice {
                0
            } else if is_on_front {
                2
            } else {
                3
            })
        });
        if arm.is_baseline {
            1
        } else {
            of_decision.unwrap_or(3)
        }
    };
    let mut ranked: Vec<usize> = (0..arms.len()).collect();
    ranked.sort_by_key(|&i| (rank(arms[i]), i));
    ranked.truncate(n);
    ranked.sort_unstable();
    ranked.into_iter().map(|i| arms[i]).collect()
}

/// What to do next, and what stands in the report alone.
fn next(model: &Report, is_triage: bool, n_more: usize, n_untold: usize) -> Option<String> {
    let t = model.lang;
    let has_choice = model.choice().is_some();
    let run = match (has_choice, is_triage) {
        (false, _) => String::new(),
        (true, true) => t.terminal_run_triage(),
        (true, false) => t.terminal_run_report(),
    };
    let more = match n_more {
        0 => String::new(),
        1 => t.terminal_one_more_arm(),
        n => t.terminal_more_arms(n),
    };
    let untold = if n_untold > 0 {
        t.terminal_untold(n_untold)
    } else {
        String::new()
    };
    let said = format!("{run}{more}{untold}");
    (!said.is_empty()).then(|| said.trim().to_owned())
}

/// The works of which speeds are shown, the one that ratios are of last.
fn timed(model: &Report) -> Vec<Work> {
    let both = [Workload::Prefill, Workload::Decode];
    both.into_iter().filter_map(|workload| model.shown(workload)).collect()
}

/// What the columns are.
fn intro(model: &Report) -> String {
    let t = model.lang;
    let Some(work) = timed(model).pop() else {
        return String::new();
    };
    let is_composed = model.decision.as_ref().is_some_and(|d| d.is_composed.contains(&true));
    t.terminal_intro(work.to_string())
        + &if is_composed {
            t.terminal_composed()
        } else {
            String::new()
        }
}

fn table(model: &Report, arms: &[&Arm], style: Style) -> String {
    let t = model.lang;
    let timed = timed(model);
    let mut table = Rows::of(t, arms).arm(|arm| arm).column("MiB", |arm| {
        Value::mib(t, model.variant(&arm.variant).map(|v| v.model_size))
    });
    for work in &timed {
        table = table.column(work.to_string(), |arm| {
            let cell = model.cell(&arm.id, work).filter(|c| c.is_ok());
            Value::some(t, cell.and_then(CellReport::centre_tps), |tps| (tps, t.rate(tps)))
        });
    }
    if let Some(work) = timed.last() {
        let baseline = model.baseline().map_or_else(|| t.baseline(), |arm| arm.id.clone());
        // As text: ratios with their intervals are read from the left.
        table = table.column(t.terminal_versus(baseline), |arm| {
            let comparison = model.cell(&arm.id, work).and_then(|c| c.vs_baseline.as_ref());
            match arm.is_baseline {
                true => Value::from(t.baseline()),
                false => Value {
                    tone: comparison.and_then(|c| Tone::of(c.verdict)),
                    ..t.ratio_of(comparison).into()
                },
            }
        });
    }
    let is_scored = |c: &Candidate| matches!(c.quality, Exactness::Scored { .. });
    let is_scored = model
        .decision
        .as_ref()
        .is_some_and(|d| d.candidates.iter().any(is_scored));
    let table = table.column_if(is_scored, t.h_quality_loss(), |arm| {
        divergence_as(model, arm, Value::number(0.0, "0".to_owned()), |kld| {
            t.nats(kld.estimate())
        })
    });
    let shown = table.blocks().into_iter().map(|block| match block {
        Block::Table(table) => plain_table(&table, style),
        _ => String::new(),
    });
    shown.collect()
}

/// An empty table in the style of the terminal.
fn styled(style: Style) -> Table {
    let mut table = Table::new();
    let rule = if style.is_tty { '\u{2500}' } else { '-' };
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill(rule).junction(rule)));
    if style.is_tty && style.is_colored {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(style.width.max(40));
    table
}

/// A document for the terminal: what to mind, the sections, and the conclusion last, where it is seen.
pub(super) fn document(document: &Document, style: Style) -> String {
    let mut out = String::new();
    for banner in &document.banners {
        out.push_str(&format!("{}\n\n", wrapped(banner, style.width)));
    }
    for block in &document.blocks {
        match block {
            Block::Section(title) | Block::Part(title) => out.push_str(&format!("{title}\n\n")),
            Block::Text(spans) => out.push_str(&format!("{}\n\n", wrapped(&text(spans), style.width))),
            Block::Facts(facts) => {
                for (name, value) in facts {
                    out.push_str(&format!(
                        "{}\n",
                        wrapped(&format!("{name}: {}", text(value)), style.width)
                    ));
                }
                out.push('\n');
            }
            Block::Table(one) => out.push_str(&format!("{}\n\n", plain_table(one, style))),
            Block::Items(_) | Block::Chart(_) | Block::Command(_) => {}
        }
    }
    for sentence in &document.conclusion {
        out.push_str(&format!("{}\n", wrapped(sentence, style.width)));
    }
    out
}

fn plain_table(one: &DocumentTable, style: Style) -> String {
    let mut table = styled(style);
    table.set_header(one.head.clone());
    let cell = |value: &Value| match (Cell::new(value.text()), value.tone) {
        (cell, Some(Tone::Good)) => cell.fg(Color::Green).add_attribute(Attribute::Bold),
        (cell, Some(Tone::Bad)) => cell.fg(Color::Red),
        (cell, _) => cell,
    };
    for row in &one.rows {
        table.add_row(row.iter().map(cell));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if one.is_numeric(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
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

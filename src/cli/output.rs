//! What the terminal can show, and printing to it.

use super::args::{Global, When};
use super::exit::{Failure, UNEXPECTED};
use crate::report::terminal::Style;
use comfy_table::{presets, CellAlignment, Table};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// The style of stdout. 80 columns when the width is unknown.
pub fn of_stdout(global: &Global) -> Style {
    let is_tty = io::stdout().is_terminal();
    let is_colored = match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => is_tty && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    };
    Style {
        width: width().clamp(40, 160),
        is_tty,
        is_colored,
        is_warned: false,
    }
}

fn width() -> u16 {
    let from_env = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    from_env.or_else(|| Table::new().width()).unwrap_or(80)
}

/// A plain table, with these columns to the right.
pub fn table(head: &[&str], is_number: impl Fn(usize) -> bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(head);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if is_number(i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The table without blanks at the ends of its lines.
pub fn lines(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Writes to stdout what `--json` asks for, or the text.
pub fn print_either(global: &Global, json: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
    match global.json {
        true => print(&(serde_json::to_string_pretty(json).map_err(|e| Failure::new(UNEXPECTED, e))? + "\n")),
        false => print(&text()),
    }
}

pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// What became of something that was written to stdout. A reader that went away (`| head`) is no error.
pub fn printed(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::msg(
            UNEXPECTED,
            format!("stdout cannot be written ({e}); send it where there is room"),
        )),
        _ => Ok(()),
    }
}

/// A line of chatter on stderr. That nobody can read it (a full disk, a closed pipe) is no reason to stop.
pub fn say(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

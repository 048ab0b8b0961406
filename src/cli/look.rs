//! What the terminal can show, and printing to it.

use super::args::{Global, When};
use crate::report::terminal::Look;
use std::io::{self, IsTerminal, Write};

/// The look of stdout. 80 columns when the width is unknown.
pub fn of_stdout(global: &Global) -> Look {
    let is_tty = io::stdout().is_terminal();
    let is_colored = match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => is_tty && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    };
    Look {
        width: width().clamp(40, 160),
        is_tty,
        is_colored,
    }
}

fn width() -> u16 {
    let from_env = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    from_env.or_else(|| comfy_table::Table::new().width()).unwrap_or(80)
}

/// Writes to stdout. A reader that went away (`| head`) is no error.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

//! The live line on stderr: weighted by predicted time, gone when the work is done.

use super::args::Global;
use crate::runner::Observer;
use crate::units;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};

/// Draws the progress of a run. It draws only when told, so that nothing stirs while a sample is timed.
pub struct LiveLine {
    bar: Option<ProgressBar>,
    is_quiet: bool,
}

impl LiveLine {
    /// A line on stderr when that is a terminal; nothing with `-q`.
    pub fn new(global: &Global) -> Self {
        let is_drawn = !global.quiet && io::stderr().is_terminal();
        let bar = is_drawn.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is a constant; were it wrong, the default style would do.
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {msg}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        LiveLine {
            bar,
            is_quiet: global.quiet,
        }
    }

    /// A short-lived message, e.g. while a variant is made.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None if !self.is_quiet => eprintln!("{text}"),
            None => {}
        }
    }

    /// Takes the line away.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for LiveLine {
    fn progress(&mut self, done_ns: u64, total_ns: u64, label: &str) {
        if let Some(bar) = &self.bar {
            bar.set_length(total_ns);
            bar.set_position(done_ns);
            let left = units::duration(total_ns.saturating_sub(done_ns));
            bar.set_message(format!("at most {left} left, {label}"));
        }
    }

    fn notice(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(format!("warning: {text}")),
            None => eprintln!("warning: {text}"),
        }
    }
}

//! The live line on stderr: weighted by predicted time, gone when the work is done.

use super::args::Global;
use super::output;
use crate::catalog::Event;
use crate::runner::Observer;
use crate::units;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Draws the progress of a run. It draws only when told, so that nothing stirs while a sample is timed.
pub struct LiveLine {
    bar: Option<ProgressBar>,
    growth: RefCell<Option<Growth>>,
}

/// Something that grows by bytes.
struct Growth {
    label: String,
    began: Instant,
    first_bytes: u64,
    drawn: Option<Instant>,
}

impl LiveLine {
    /// A line on stderr when that is a terminal; nothing with `-q`.
    pub fn new(global: &Global) -> Self {
        let is_drawn = !global.quiet && io::stderr().is_terminal();
        let bar = is_drawn.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is a constant; were it wrong, the default style would do.
            if let Ok(style) = ProgressStyle::with_template("{bar:10} {wide_msg}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        LiveLine {
            bar,
            growth: RefCell::new(None),
        }
    }

    /// What is done to get a model's files. A terminal sees it grow; each file gets one line when it is there, also
    /// with `-q` and in pipes.
    pub fn file(&self, event: &Event<'_>) {
        match *event {
            Event::Hashing { file, done } => {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                self.grow(&format!("reading {name}"), done, 0);
            }
            Event::Making {
                variant, done, total, ..
            } => self.grow(&format!("making {variant}"), done, total),
            Event::Fetching { file, done, total, .. } => self.grow(&format!("fetching {file}"), done, total),
            Event::Made {
                variant, from, bytes, ..
            } => self.line(&format!("made {variant} from {from}: {}", units::bytes(bytes))),
            Event::Fetched { file, from, bytes } => {
                self.line(&format!(
                    "fetched {file} from {from}: {}, verified",
                    units::bytes(bytes)
                ));
            }
            Event::Reading { file } => self.grow(&format!("reading the header of {file}"), 0, 0),
            Event::Waiting { file } => self.line(&format!("waiting for another process that fetches {file}")),
            Event::Note { text } => self.line(&format!("note: {text}")),
        }
    }

    /// The bar to draw on: what cleared it, when the files were there, must not keep it from the measurement.
    fn drawn(&self) -> Option<&ProgressBar> {
        let bar = self.bar.as_ref()?;
        if bar.is_finished() {
            bar.reset();
        }
        Some(bar)
    }

    /// A part of some reading; seen on a terminal only.
    pub fn share(&self, what: &str, done: u64, total: u64) {
        if let Some(bar) = self.drawn() {
            bar.set_length(total.max(1));
            bar.set_position(done);
            bar.set_message(what.to_owned());
        }
    }

    /// Bytes, rate and time left of one thing, at most ten times a second.
    fn grow(&self, label: &str, done: u64, total: u64) {
        let Some(bar) = self.drawn() else { return };
        let mut last = self.growth.borrow_mut();
        let now = Instant::now();
        let is_same = last
            .as_ref()
            .is_some_and(|growth| growth.label == label && growth.first_bytes <= done);
        if !is_same {
            *last = Some(Growth {
                label: label.to_owned(),
                began: now,
                first_bytes: done,
                drawn: None,
            });
        }
        let Some(growth) = last.as_mut() else { return };
        if growth
            .drawn
            .is_some_and(|drawn| now - drawn < Duration::from_millis(100))
        {
            return;
        }
        growth.drawn = Some(now);
        let seconds = (now - growth.began).as_secs_f64();
        let rate = (done - growth.first_bytes) as f64 / seconds.max(1e-3);
        bar.set_length(total.max(1));
        bar.set_position(done.min(total));
        let mut text = format!("{label}: {}", units::bytes(done));
        if total > 0 {
            text.push_str(&format!(" of {}", units::bytes(total)));
        }
        // The rate of the first moment says nothing.
        if seconds > 0.5 && rate > 1.0 {
            text.push_str(&format!(", {}/s", units::bytes(rate as u64)));
            if total > done {
                let left_ns = (total - done) as f64 / rate * 1e9;
                text.push_str(&format!(", {} left", units::duration(left_ns as u64)));
            }
        }
        bar.set_message(text);
    }

    /// A line that stays.
    pub fn line(&self, text: &str) {
        show(self.bar.as_ref(), text);
    }

    /// Shows lines as [`LiveLine::line`] does, for those who outlive a borrow of it.
    pub fn teller(&self) -> impl Fn(&str) + 'static {
        let bar = self.bar.clone();
        move |text| show(bar.as_ref(), text)
    }

    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn show(bar: Option<&ProgressBar>, text: &str) {
    match bar {
        Some(bar) => bar.println(text),
        None => output::say(text),
    }
}

impl Observer for &LiveLine {
    fn progress(&mut self, done_ns: u64, total_ns: u64, label: &str) {
        if let Some(bar) = self.drawn() {
            bar.set_length(total_ns);
            bar.set_position(done_ns);
            let left = units::duration(total_ns.saturating_sub(done_ns));
            bar.set_message(format!("{left} left at most; {label}"));
        }
    }

    fn notice(&mut self, text: &str) {
        self.line(&format!("warning: {text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cleared_comes_back() {
        let live = LiveLine {
            bar: Some(ProgressBar::hidden()),
            growth: RefCell::new(None),
        };
        live.share("reading", 1, 4);
        live.clear();
        assert!(live.bar.as_ref().is_some_and(ProgressBar::is_finished));
        (&live).progress(2, 4, "decode");
        let bar = live.bar.as_ref().expect("it was given");
        assert_eq!((bar.is_finished(), bar.position()), (false, 2));
        assert!(bar.message().ends_with("left at most; decode"));
    }
}

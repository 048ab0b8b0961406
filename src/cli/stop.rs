//! Ctrl-C and SIGTERM.

use super::exit::{Failure, INTERRUPTED, UNEXPECTED};
use crate::data::Record;
use crate::journal::Journal;
use crate::runner::Interrupt;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Ctrl-C and SIGTERM: the first ends the work in good order, the second at once.
pub struct Stop {
    flag: Arc<AtomicBool>,
    handle: Arc<Mutex<Option<Interrupt>>>,
}

impl Stop {
    /// Takes over both signals.
    pub fn install() -> Result<Self, Failure> {
        let unexpected = |e: std::io::Error| Failure::new(UNEXPECTED, e);
        let stop = Stop {
            flag: Arc::new(AtomicBool::new(false)),
            handle: Arc::new(Mutex::new(None)),
        };
        for signal in [SIGINT, SIGTERM] {
            // Registered first, so that it sees the flag as it was before this signal.
            signal_hook::flag::register_conditional_shutdown(signal, i32::from(INTERRUPTED), stop.flag())
                .map_err(unexpected)?;
            signal_hook::flag::register(signal, stop.flag()).map_err(unexpected)?;
        }
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]).map_err(unexpected)?;
        let handle = Arc::clone(&stop.handle);
        let listen = move || {
            for _ in signals.forever() {
                if let Some(interrupt) = &*handle.lock().unwrap_or_else(PoisonError::into_inner) {
                    interrupt.raise();
                }
            }
        };
        std::thread::Builder::new().spawn(listen).map_err(Failure::no_thread)?;
        Ok(stop)
    }

    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    pub fn is_raised(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// An error when a signal came before the first sample: there is nothing to report then.
    pub fn check_measured(&self, journal: &Journal, next: impl std::fmt::Display) -> Result<(), Failure> {
        let is_measured = journal.records.iter().any(|record| matches!(record, Record::Sample(_)));
        match self.is_raised() && !is_measured {
            true => Err(Failure::msg(
                INTERRUPTED,
                format!("stopped before anything was measured; {next}"),
            )),
            false => Ok(()),
        }
    }

    /// From now on a signal wakes the runner; one that came before does so at once.
    pub fn wake(&self, interrupt: Interrupt) {
        if self.is_raised() {
            interrupt.raise();
        }
        *self.handle.lock().unwrap_or_else(PoisonError::into_inner) = Some(interrupt);
    }
}

//! llama.cpp's log: everything but its debug lines (hundreds of kB per context) goes to stderr, which the runner points
//! at a log file, and the lines that matter are kept.
//!
//! Kept per thread, because llama.cpp logs on the thread that called it: the last warnings and errors (the only place
//! where the cause of a failure is named), and the sizes of buffers. ggml's assert text is printed as one line that
//! starts with [`ABORT_PREFIX`]. Invariant: the callbacks never panic and never unwind into C++.

use crate::data::BufferSize;
use crate::engine::api::EngineError;
use llama_cpp_sys_2 as sys;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::{c_char, c_void, CStr};
use std::io::Write;
use std::sync::Once;

/// Start of the line on stderr that carries the text of a failed assert.
const ABORT_PREFIX: &str = "kvant: abort: ";

/// Warnings and errors kept.
const N_PROBLEMS: usize = 8;
/// Error lines quoted in a message.
const N_QUOTED: usize = 3;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Captured {
    problems: VecDeque<(bool, String)>,
    pub(super) buffers: Vec<BufferSize>,
    line: String,
    level: sys::ggml_log_level,
}

thread_local! {
    static LOG: RefCell<Captured> = RefCell::default();
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Routes llama.cpp's and ggml's messages here; once per process.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: both callbacks are 'static functions with the signature of the headers, and neither unwinds.
        unsafe {
            sys::llama_log_set(Some(on_log), std::ptr::null_mut());
            sys::ggml_set_abort_callback(Some(on_abort));
        }
    });
}

/// Runs `work`; of what this thread logs meanwhile only warnings and errors are shown.
pub(super) fn quietly(work: impl FnOnce()) {
    IS_QUIET.set(true);
    work();
    IS_QUIET.set(false);
}

/// Runs `work` and returns what this thread logged meanwhile.
pub(super) fn capture<T>(work: impl FnOnce() -> T) -> (T, Captured) {
    LOG.with(|log| *log.borrow_mut() = Captured::default());
    let result = work();
    (result, LOG.with(|log| log.take()))
}

unsafe extern "C" fn on_log(level: sys::ggml_log_level, text: *const c_char, _user: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: llama.cpp passes a NUL-terminated string that lives for this call.
    let text = unsafe { CStr::from_ptr(text) };
    let heard = text.to_string_lossy();
    // The thread may be ending, or the log may be borrowed: then the line is only on stderr.
    let level = LOG.try_with(|log| log.try_borrow_mut().map(|mut log| log.add(level, &heard)));
    let is_quiet = IS_QUIET.try_with(Cell::get).unwrap_or(false);
    let is_shown = match level {
        Ok(Ok(sys::GGML_LOG_LEVEL_DEBUG)) => false,
        Ok(Ok(sys::GGML_LOG_LEVEL_INFO)) => !is_quiet,
        _ => true,
    };
    if is_shown {
        let _ = std::io::stderr().write_all(text.to_bytes());
    }
}

unsafe extern "C" fn on_abort(text: *const c_char) {
    if text.is_null() {
        return;
    }
    // SAFETY: ggml_abort passes its own NUL-terminated buffer.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy().replace('\n', " ");
    let _ = writeln!(std::io::stderr(), "{ABORT_PREFIX}{text}");
}

impl Captured {
    /// Adds a message or a fragment of one; a line counts when its end has come. Out: its level, that of the message it
    /// continues for a fragment.
    fn add(&mut self, level: sys::ggml_log_level, text: &str) -> sys::ggml_log_level {
        if level != sys::GGML_LOG_LEVEL_CONT {
            self.end_line();
            self.level = level;
        }
        for part in text.split_inclusive('\n') {
            self.line.push_str(part.trim_end_matches('\n'));
            if part.ends_with('\n') {
                self.end_line();
            }
        }
        self.level
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        let is_error = self.level == sys::GGML_LOG_LEVEL_ERROR;
        if is_error || self.level == sys::GGML_LOG_LEVEL_WARN {
            if self.problems.len() == N_PROBLEMS {
                self.problems.pop_front();
            }
            self.problems.push_back((is_error, line.to_owned()));
        }
        self.buffers.extend(parse_buffer(line));
    }

    /// The first cause in llama.cpp's words: the last error lines, or warnings where there was no error.
    pub(super) fn cause(&self) -> String {
        let has_error = self.problems.iter().any(|(is_error, _)| *is_error);
        let lines: Vec<&str> = self
            .problems
            .iter()
            .filter(|(is_error, _)| *is_error == has_error)
            .map(|(_, line)| line.as_str())
            .collect();
        if lines.is_empty() {
            return "llama.cpp gave no reason".to_owned();
        }
        lines[lines.len().saturating_sub(N_QUOTED)..].join("; ")
    }

    /// The error for a call that failed with `what`.
    pub(super) fn error(&self, what: &str) -> EngineError {
        let cause = self.cause();
        let text = format!("{what}: {cause}");
        let lower = cause.to_lowercase();
        let signs = [
            "failed to allocate",
            "unable to allocate",
            "out of memory",
            "bad_alloc",
            "cannot allocate memory",
        ];
        if signs.iter().any(|sign| lower.contains(sign)) {
            EngineError::OutOfMemory(text)
        } else {
            EngineError::Refused(text)
        }
    }

    /// Sum of the buffers of one purpose.
    pub(super) fn bytes_of(&self, purpose: &str) -> u64 {
        self.buffers
            .iter()
            .filter(|b| b.purpose == purpose)
            .map(|b| b.bytes)
            .sum()
    }
}

/// `load_tensors:   CPU_Mapped model buffer size =   256.63 MiB` and the like.
fn parse_buffer(line: &str) -> Option<BufferSize> {
    const PURPOSES: [(&str, &str); 5] = [
        (" model buffer size", "weights"),
        (" KV buffer size", "kv"),
        (" RS buffer size", "kv"),
        (" compute buffer size", "compute"),
        (" output buffer size", "output"),
    ];
    let (left, right) = line.split_once('=')?;
    let left = left.trim_end();
    let (before, purpose) = PURPOSES
        .iter()
        .find_map(|(mark, purpose)| Some((left.strip_suffix(mark)?, purpose)))?;
    let mib: f64 = right.trim().strip_suffix("MiB")?.trim().parse().ok()?;
    // Names may hold colons: RPC0[127.0.0.1:50052].
    let buffer = before.split_whitespace().next_back()?;
    Some(BufferSize {
        buffer: buffer.to_owned(),
        purpose: (*purpose).to_owned(),
        bytes: (mib * 1024.0 * 1024.0).round() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_read_from_the_log() {
        let mut log = Captured::default();
        log.add(
            sys::GGML_LOG_LEVEL_INFO,
            "load_tensors:   CPU_Mapped model buffer size =   256.63 MiB\n",
        );
        log.add(
            sys::GGML_LOG_LEVEL_INFO,
            "llama_kv_cache:        CPU KV buffer size =    11.25 MiB\n",
        );
        log.add(sys::GGML_LOG_LEVEL_INFO, "llama_context:        CPU  output buffer");
        log.add(sys::GGML_LOG_LEVEL_CONT, " size =     0.19 MiB\n");
        log.add(
            sys::GGML_LOG_LEVEL_INFO,
            "load_tensors: RPC0[127.0.0.1:50052] model buffer size =     1.00 MiB\n",
        );
        log.add(
            sys::GGML_LOG_LEVEL_INFO,
            "llama_kv_cache: size =   11.25 MiB (   512 cells,  30 layers)\n",
        );
        let seen: Vec<(&str, &str, u64)> = log
            .buffers
            .iter()
            .map(|b| (b.buffer.as_str(), b.purpose.as_str(), b.bytes))
            .collect();
        assert_eq!(
            seen,
            [
                ("CPU_Mapped", "weights", 269_096_059),
                ("CPU", "kv", 11_796_480),
                ("CPU", "output", 199_229),
                ("RPC0[127.0.0.1:50052]", "weights", 1_048_576)
            ]
        );
        assert_eq!(log.bytes_of("kv"), 11_796_480);
    }

    #[test]
    fn the_cause_is_the_last_error_lines() {
        let mut log = Captured::default();
        assert_eq!(log.cause(), "llama.cpp gave no reason");
        log.add(sys::GGML_LOG_LEVEL_WARN, "w: odd\n");
        assert_eq!(log.cause(), "w: odd");
        for i in 0..5 {
            log.add(sys::GGML_LOG_LEVEL_ERROR, &format!("e: line {i}\n"));
        }
        assert_eq!(log.cause(), "e: line 2; e: line 3; e: line 4");
        log.add(
            sys::GGML_LOG_LEVEL_ERROR,
            "alloc: failed to allocate buffer of size 9\n",
        );
        assert!(matches!(log.error("cannot"), EngineError::OutOfMemory(_)));
    }
}

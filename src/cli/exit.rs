//! Exit codes, and errors on their way to the user.

use crate::catalog::CatalogError;
use crate::journal::JournalError;
use crate::plan::{MergeError, PlanError, TooManyShards};
use crate::runner::RunError;
use std::io::Write;
use std::process::ExitCode;

pub const OK: u8 = 0;
pub const UNEXPECTED: u8 = 1;
pub const BAD_INPUT: u8 = 2;
/// Finished, but some cells failed or were not run.
pub const INCOMPLETE: u8 = 3;
pub const DOES_NOT_FIT: u8 = 4;
pub const JOURNAL: u8 = 5;
/// A condition that was asked for (`--fail-on`, a limit of the recommendation) is not met.
pub const NOT_MET: u8 = 6;
/// A model could not be obtained, or is not what it should be.
pub const UNOBTAINABLE: u8 = 7;
/// A signal came before there was anything to report: 128 + SIGINT.
pub const INTERRUPTED: u8 = 130;

/// An error with its exit code. Its message ends with what to do next.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    error: anyhow::Error,
}

impl Failure {
    pub fn new(code: u8, error: impl Into<anyhow::Error>) -> Self {
        Failure {
            code,
            error: error.into(),
        }
    }

    pub fn msg(code: u8, text: impl Into<String>) -> Self {
        Failure {
            code,
            error: anyhow::Error::msg(text.into()),
        }
    }

    /// The system gives kvant no thread.
    pub fn no_thread(e: std::io::Error) -> Self {
        let text = format!(
            "a thread cannot be started ({e}); free memory, or raise the limits of memory and processes (ulimit -v, ulimit -u)"
        );
        Failure::msg(DOES_NOT_FIT, text)
    }

    /// The same failure, of this.
    pub fn of(self, what: &str) -> Self {
        Failure::msg(self.code, format!("{what}: {}", self.error))
    }

    /// The same failure, of which something came to an end before.
    pub fn after(self, done: impl std::fmt::Display) -> Self {
        Failure::msg(self.code, format!("{}; {done}", self.error))
    }

    /// Prints `error:` and the chain of causes, and gives the exit code.
    pub fn report(self) -> ExitCode {
        let mut err = std::io::stderr().lock();
        let text = self.error.to_string();
        // Where this cannot be read either, the exit code still tells.
        let _ = writeln!(err, "error: {text}");
        let causes = self.error.chain().skip(1).map(ToString::to_string);
        for cause in causes.filter(|cause| !text.contains(cause)) {
            let _ = writeln!(err, "  cause: {cause}");
        }
        ExitCode::from(self.code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl From<CatalogError> for Failure {
    fn from(e: CatalogError) -> Self {
        Failure::new(e.exit_code(), e)
    }
}

macro_rules! always {
    ($($error:ty: $code:expr),*) => {
        $(impl From<$error> for Failure {
            fn from(e: $error) -> Self {
                Failure::new($code, e)
            }
        })*
    };
}

always!(PlanError: BAD_INPUT, TooManyShards: BAD_INPUT, MergeError: BAD_INPUT, JournalError: JOURNAL);

impl From<RunError> for Failure {
    fn from(e: RunError) -> Self {
        let code = match e {
            RunError::Journal(_) => JOURNAL,
            RunError::BrokenBaseline { .. } => INCOMPLETE,
            RunError::DifferentTokens { .. } | RunError::TextTooShort { .. } => BAD_INPUT,
        };
        Failure::new(code, e)
    }
}

/// A panic is our own fault: say so in one line, without a backtrace.
pub fn no_backtraces() {
    std::panic::set_hook(Box::new(|info| {
        let location = info
            .location()
            .map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
        let text = info.payload_as_str().unwrap_or("unknown cause");
        let _ = writeln!(
            std::io::stderr(),
            "error: kvant has a fault{location}: {text}\n  what was measured is in the journal; please report this"
        );
    }));
}

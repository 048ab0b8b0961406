//! The child process that runs one model: it answers the runner's requests and touches nothing else.
//!
//! In: requests on stdin. Out: replies on a private copy of fd 1; fd 1 itself points at stderr from the first moment, so
//! that nothing a library prints can break the stream. A worker knows nothing of plans, journals or statistics. It ends
//! with its parent: at the end of stdin, and by SIGKILL when the parent dies. A panic becomes one line on stderr and an
//! exit code.

mod load;
mod memory;
mod score;
mod serve;
mod speed;
mod state_file;

use crate::engine::fake::{FakeEngine, SCRIPT_ENV};
use crate::engine::Engine;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

/// Environment variable in which the runner passes its process id, so that a worker whose parent died before it could
/// ask for its death signal notices.
pub const PARENT_ENV: &str = "KVANT_PARENT";

/// Environment variable that makes the control's worker slower by this share of every call of the engine, e.g. `0.05`: a
/// difference of known size, for `scripts/calibrate`. The run carries a warning.
pub const HANDICAP_ENV: &str = "KVANT_HANDICAP";

/// The hidden subcommand `worker`: serves requests until stdin ends. Call it before anything has printed.
pub fn run(name: Option<&str>) -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("unknown cause").replace('\n', " ");
        let place = info
            .location()
            .map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
        let _ = writeln!(io::stderr(), "kvant: panic: {text}{place}");
    }));
    match start(name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "kvant: worker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(name: Option<&str>) -> io::Result<()> {
    let mut replies = take_stdout()?;
    die_with_parent()?;
    let mut engine = pick_engine()?;
    let handicap = match (name, std::env::var(HANDICAP_ENV)) {
        (Some(name), Ok(share)) if name.ends_with(" control") => share.parse().map_err(io::Error::other)?,
        _ => 0.0,
    };
    serve::serve(&mut io::stdin().lock(), &mut replies, engine.as_mut(), handicap)
}

/// A private copy of fd 1; fd 1 itself becomes a copy of fd 2.
fn take_stdout() -> io::Result<File> {
    let private = io::stdout().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdout(io::stderr())?;
    Ok(File::from(private))
}

/// Has the kernel kill this process when its parent dies.
#[cfg(target_os = "linux")]
pub fn die_with_parent() -> io::Result<()> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    check_parent()
}

/// The system has no such signal: checks that the parent is alive.
#[cfg(not(target_os = "linux"))]
pub fn die_with_parent() -> io::Result<()> {
    check_parent()
}

fn check_parent() -> io::Result<()> {
    let expected = std::env::var(PARENT_ENV).ok().and_then(|pid| pid.parse().ok());
    match expected {
        Some(pid) if nix::unistd::getppid() != nix::unistd::Pid::from_raw(pid) => {
            Err(io::Error::other("the parent died before this worker was up"))
        }
        _ => Ok(()),
    }
}

fn pick_engine() -> io::Result<Box<dyn Engine>> {
    if let Some(script) = std::env::var_os(SCRIPT_ENV) {
        let engine = FakeEngine::from_file(Path::new(&script)).map_err(io::Error::other)?;
        return Ok(Box::new(engine));
    }
    real_engine()
}

#[cfg(feature = "llama")]
fn real_engine() -> io::Result<Box<dyn Engine>> {
    let engine = crate::engine::llama::LlamaEngine::new().map_err(io::Error::other)?;
    Ok(Box::new(engine))
}

#[cfg(not(feature = "llama"))]
fn real_engine() -> io::Result<Box<dyn Engine>> {
    Err(io::Error::other(format!(
        "this build has no llama.cpp: build with the feature 'llama', or set {SCRIPT_ENV} for tests"
    )))
}

//! The child process that runs one model: it answers the runner's requests and touches nothing else.
//!
//! In: requests on stdin. Out: replies on a private copy of fd 1; fd 1 itself points at stderr from the first moment, so
//! that nothing a library prints can break the stream. A worker knows nothing of plans, journals or statistics. It ends
//! with its parent: at the end of stdin, and by SIGKILL when the parent dies. A panic becomes one line on stderr and an
//! exit code.
#![cfg_attr(
    not(any(feature = "llama", feature = "test-engine")),
    expect(dead_code, reason = "this build has no engine to serve")
)]

mod bench;
mod conditions;
#[cfg(feature = "test-engine")]
mod faults;
#[cfg(feature = "test-engine")]
mod handicap;
mod load;
mod measure;
mod memory;
mod score;
mod serve;
mod server;
mod speed;
mod state_file;
mod works;

pub(crate) use server::server_info;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;

/// Environment variable in which the runner passes its process id, so that a worker whose parent died before it could
/// ask for its death signal notices.
pub(crate) const PARENT_ENV: &str = "KVANT_PARENT";

/// The hidden subcommand `worker`: serves requests until stdin ends. Call it before anything has printed.
pub(crate) fn run() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("unknown cause").replace('\n', " ");
        let location = info
            .location()
            .map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
        let _ = writeln!(io::stderr(), "kvant: panic: {text}{location}");
    }));
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "kvant: worker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> io::Result<()> {
    let mut replies = take_stdout()?;
    die_with_parent()?;
    outlive_signals()?;
    #[cfg(feature = "test-engine")]
    if let Some(mut scripted) = faults::Faulty::of_environment()? {
        return serve::serve(&mut io::stdin().lock(), &mut replies, &mut scripted);
    }
    serve_llama(&mut replies)
}

#[cfg(feature = "llama")]
fn serve_llama(replies: &mut File) -> io::Result<()> {
    let engine = crate::engine::llama::LlamaEngine::new().map_err(io::Error::other)?;
    serve::serve(&mut io::stdin().lock(), replies, &mut serve::Session::new(engine))
}

#[cfg(not(feature = "llama"))]
fn serve_llama(_: &mut File) -> io::Result<()> {
    Err(io::Error::other(
        "this build has no llama.cpp: build with the feature 'llama'",
    ))
}

/// A private copy of fd 1; fd 1 itself becomes a copy of fd 2.
fn take_stdout() -> io::Result<File> {
    let private = io::stdout().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdout(io::stderr())?;
    Ok(File::from(private))
}

/// A scheduler that stops a task asks all its processes to end. The parent decides when a worker does: one that went by itself would be
/// recorded as a crash, and its cell never measured again.
fn outlive_signals() -> io::Result<()> {
    let nobody_looks = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, nobody_looks)?;
    Ok(())
}

/// Has the kernel kill this process when its parent dies.
#[cfg(target_os = "linux")]
pub(crate) fn die_with_parent() -> io::Result<()> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    check_parent()
}

/// The system has no such signal: checks that the parent is alive.
#[cfg(not(target_os = "linux"))]
pub(crate) fn die_with_parent() -> io::Result<()> {
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

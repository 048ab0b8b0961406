//! One worker process: spawn, ask with a deadline, and the post-mortem when it dies.

use super::file::ModelFile;
use crate::data::{ArmConfig, EngineInfo, FailureKind};
use crate::host;
use crate::protocol::{self, Reply, Request, PROTOCOL_OLDEST, PROTOCOL_VERSION};
use nix::sys::signal::{killpg, Signal};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// The executable; called with the arguments `worker NAME`.
    pub exe: PathBuf,
    /// Other executables, for arms that name one.
    pub builds: BTreeMap<String, ModelFile>,
    pub env: Vec<(OsString, OsString)>,
    /// Folder for the workers' stderr.
    pub log_dir: PathBuf,
}

impl WorkerCommand {
    /// With the executable of such an arm, and what llama.cpp takes from its environment for it.
    pub fn of_arm(&self, config: &ArmConfig) -> WorkerCommand {
        let mut command = self.clone();
        if let Some(file) = self.build(config) {
            command.exe.clone_from(&file.path);
        }
        if !config.has_kv_rotation {
            command.env.push(("LLAMA_ATTN_ROT_DISABLE".into(), "1".into()));
        }
        command
    }

    pub(super) fn build(&self, config: &ArmConfig) -> Option<&ModelFile> {
        self.builds.get(config.build.as_ref()?)
    }

    /// What the executable says of itself, in a worker that ends at once; an error in words.
    pub fn hello(&self, name: &str, deadline: Duration) -> Result<EngineInfo, String> {
        let worker = Worker::spawn(self, name, 0, &Mailbox::new(), deadline);
        match worker {
            Ok(mut worker) => {
                let engine = std::mem::take(&mut worker.engine);
                worker.quit();
                Ok(engine)
            }
            Err(AskError::Refused(_, why) | AskError::Dead(_, why)) => Err(why),
            Err(AskError::Interrupted) => Err("interrupted".to_owned()),
        }
    }
}

/// What reaches the waiting runner.
#[derive(Debug)]
pub enum Event {
    /// A line from worker `id`.
    Line(u64, Vec<u8>),
    /// The stream of worker `id` ended, or broke framing.
    Closed(u64, Option<String>),
    Interrupt,
}

/// Lets a signal handler's thread wake the runner.
#[derive(Debug, Clone)]
pub struct Interrupt(Vec<Sender<Event>>);

impl Interrupt {
    /// Ends the wait of the runner; it kills its workers and ends the run.
    pub fn raise(&self) {
        for sender in &self.0 {
            // The runner is gone when nobody receives: then there is nothing to interrupt.
            let _ = sender.send(Event::Interrupt);
        }
    }

    /// One for all who wait at these mailboxes.
    pub fn of_all<'a>(mailboxes: impl Iterator<Item = &'a Mailbox>) -> Interrupt {
        Interrupt(mailboxes.map(|mailbox| mailbox.sender.clone()).collect())
    }
}

/// The channel between workers, signal handler and runner.
pub struct Mailbox {
    pub sender: Sender<Event>,
    pub receiver: Receiver<Event>,
}

impl Mailbox {
    pub fn new() -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        Mailbox { sender, receiver }
    }

    pub fn interrupt(&self) -> Interrupt {
        Interrupt(vec![self.sender.clone()])
    }
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum AskError {
    Interrupted,
    /// The worker refused; it stays up.
    Refused(FailureKind, String),
    Dead(FailureKind, String),
}

/// A running worker. Dropping it kills its process group and reaps it.
pub struct Worker {
    id: u64,
    name: String,
    child: Child,
    stdin: ChildStdin,
    log: PathBuf,
    log_start: u64,
    n_oom_kills: Option<u64>,
    pub engine: EngineInfo,
}

/// Waiting is counted in steps, of which none counts for more than its length: a kvant that was stopped meanwhile
/// (Ctrl-Z) has not been waiting, and its workers were not late.
const WAIT_STEP: Duration = Duration::from_secs(1);

impl Worker {
    /// Starts `exe worker NAME` and waits for its Hello.
    pub fn spawn(
        command: &WorkerCommand,
        name: &str,
        id: u64,
        mailbox: &Mailbox,
        deadline: Duration,
    ) -> Result<Self, AskError> {
        let dead = |why: String| AskError::Dead(FailureKind::Crashed, why);
        let file_name: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let log = command.log_dir.join(format!("worker-{file_name}.log"));
        let stderr = fs::create_dir_all(&command.log_dir)
            .and_then(|()| File::options().create(true).append(true).open(&log))
            .map_err(|e| dead(format!("cannot write {}: {e}", log.display())))?;
        let log_start = stderr.metadata().map_or(0, |m| m.len());
        let mut child = build_command(command, name)
            .stderr(stderr)
            .spawn()
            .map_err(|e| dead(format!("cannot start {}: {e}", command.exe.display())))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(dead("the worker has no pipes".into()));
        };
        let sender = mailbox.sender.clone();
        let listener = std::thread::Builder::new().spawn(move || forward_lines(stdout, id, &sender));
        let mut worker = Worker {
            id,
            name: name.to_owned(),
            child,
            stdin,
            log,
            log_start,
            n_oom_kills: host::n_oom_kills(),
            engine: EngineInfo::default(),
        };
        if let Err(e) = listener {
            let why = format!("no thread can be started to listen to the worker ({e}); raise ulimit -v or -u");
            return Err(AskError::Dead(FailureKind::OutOfMemory, why));
        }
        match worker.receive(&mailbox.receiver, deadline)? {
            Reply::Hello {
                protocol_version: PROTOCOL_OLDEST..=PROTOCOL_VERSION,
                engine,
            } => worker.engine = engine,
            Reply::Hello { protocol_version, .. } => {
                let why = format!(
                    "the worker speaks protocol {protocol_version}, and this kvant {PROTOCOL_OLDEST} to {PROTOCOL_VERSION}: build both from versions that are nearer to each other"
                );
                return Err(AskError::Dead(FailureKind::Protocol, why));
            }
            other => return Err(worker.off_script(&other)),
        }
        Ok(worker)
    }

    /// Sends a request and waits for its reply. `Reply::Failed` comes back as `AskError::Refused`.
    pub fn ask(&mut self, request: &Request, mailbox: &Mailbox, deadline: Duration) -> Result<Reply, AskError> {
        if protocol::write_line(&mut self.stdin, request).is_err() {
            return Err(self.post_mortem(None));
        }
        match self.receive(&mailbox.receiver, deadline)? {
            Reply::Failed { kind, reason } => Err(AskError::Refused(kind, reason)),
            reply => Ok(reply),
        }
    }

    /// Turns a reply of the wrong kind into an error; the worker is killed, since the two sides are out of step.
    pub fn off_script(&mut self, reply: &Reply) -> AskError {
        self.kill();
        let text: String = format!("{reply:?}").chars().take(120).collect();
        AskError::Dead(
            FailureKind::Protocol,
            format!("the worker answered out of turn: {text}"),
        )
    }

    /// Asks the worker to end and reaps it.
    pub fn quit(mut self) {
        if protocol::write_line(&mut self.stdin, &Request::Quit).is_ok() {
            let until = Instant::now() + Duration::from_secs(2);
            while Instant::now() < until {
                if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    fn receive(&mut self, receiver: &Receiver<Event>, deadline: Duration) -> Result<Reply, AskError> {
        let mut waited = Duration::ZERO;
        loop {
            let wait = WAIT_STEP.min(deadline.saturating_sub(waited));
            let since = Instant::now();
            let event = receiver.recv_timeout(wait);
            waited += since.elapsed().min(wait);
            match event {
                Err(RecvTimeoutError::Timeout) if waited < deadline => {}
                Ok(Event::Interrupt) => {
                    self.kill();
                    return Err(AskError::Interrupted);
                }
                Ok(Event::Line(id, line)) if id == self.id => return self.parse(&line),
                Ok(Event::Closed(id, framing)) if id == self.id => return Err(self.post_mortem(framing)),
                // Another worker's last words: it is found dead when it is asked next.
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    self.kill();
                    let why = format!("no answer within {} s; it was killed", deadline.as_secs_f64().ceil());
                    return Err(AskError::Dead(FailureKind::TimedOut, self.with_log(why)));
                }
            }
        }
    }

    fn parse(&mut self, line: &[u8]) -> Result<Reply, AskError> {
        serde_json::from_slice(line).map_err(|_| {
            self.kill();
            let start: String = String::from_utf8_lossy(line).chars().take(60).collect();
            AskError::Dead(
                FailureKind::Protocol,
                format!("the worker wrote a line that is no reply: '{start}'"),
            )
        })
    }

    fn post_mortem(&mut self, framing: Option<String>) -> AskError {
        if let Some(what) = framing {
            self.kill();
            return AskError::Dead(FailureKind::Protocol, format!("the worker wrote {what}"));
        }
        // The stream is closed, so the process is ending: give it a moment to be reaped with its own status.
        let until = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill();
        let status = self.child.wait();
        let is_killed = status
            .as_ref()
            .is_ok_and(|s| s.signal() == Some(Signal::SIGKILL as i32));
        if is_killed && self.n_oom_kills.is_some() && host::n_oom_kills() > self.n_oom_kills {
            let why =
                "memory ran out and the kernel killed the worker; close other programs, or compare smaller variants";
            return AskError::Dead(FailureKind::OutOfMemory, why.to_owned());
        }
        let why = status.map_or_else(|e| format!("the worker is gone: {e}"), describe_exit);
        let why = self.with_log(why);
        AskError::Dead(kind_of_death(&why), why)
    }

    fn with_log(&self, why: String) -> String {
        match last_words(&self.log, self.log_start) {
            Some(words) => format!("{why}; its log says: {words}"),
            None => why,
        }
    }

    fn kill(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // ESRCH when it is gone already: fine.
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Worker({}, {})", self.id, self.name)
    }
}

/// How long threads of LLVM's OpenMP spin after their work: ggml asks for 200 ms, in which they would take the CPUs from the next arm's sample.
/// GCC's, which knows no such variable, spin for some milliseconds.
const SPIN_MS: &str = "5";

fn build_command(command: &WorkerCommand, name: &str) -> Command {
    let mut process = Command::new(&command.exe);
    process
        .arg("worker")
        .arg(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0);
    // Switches of llama.cpp that would make runs differ without a trace in the report.
    for (key, _) in std::env::vars_os() {
        if key
            .to_str()
            .is_some_and(|k| k.starts_with("GGML_") || k.starts_with("LLAMA_"))
        {
            process.env_remove(key);
        }
    }
    process
        .env("GGML_NO_BACKTRACE", "1")
        .env("RUST_BACKTRACE", "0")
        .env("KMP_BLOCKTIME", SPIN_MS)
        .envs(command.env.iter().cloned());
    process
}

fn forward_lines(stdout: impl io::Read, id: u64, sender: &Sender<Event>) {
    let mut input = BufReader::new(stdout);
    let last = loop {
        match protocol::read_line(&mut input) {
            Ok(Some(line)) => {
                if sender.send(Event::Line(id, line)).is_err() {
                    return;
                }
            }
            Ok(None) => break None,
            Err(e) => break Some(e.to_string()),
        }
    };
    // Nobody listens any more when the run is over.
    let _ = sender.send(Event::Closed(id, last));
}

fn describe_exit(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("the worker exited with code {code}"),
        (None, Some(signal)) => {
            let name = Signal::try_from(signal).map_or("unknown", Signal::as_str);
            format!("the worker was ended by signal {signal} ({name})")
        }
        (None, None) => "the worker ended without a status".into(),
    }
}

/// ggml's GPU backends abort when the device has no memory left while it computes; our allocator says the same, and libgomp
/// that it got no thread.
fn kind_of_death(why: &str) -> FailureKind {
    if [" error: out of memory", "libgomp: Thread creation failed"]
        .iter()
        .any(|words| why.contains(words))
    {
        FailureKind::OutOfMemory
    } else {
        FailureKind::Crashed
    }
}

/// The last telling line of the log since `start`: an assert or panic if there is one, else the last error.
fn last_words(log: &Path, start: u64) -> Option<String> {
    let bytes = fs::read(log).ok()?;
    let text = String::from_utf8_lossy(bytes.get(usize::try_from(start).ok()?..)?).into_owned();
    // ggml's GPU backends name the cause in a line of their own, and abort with "CUDA error".
    let telling = [
        "CUDA error: ",
        "ROCm error: ",
        "kvant: abort:",
        "kvant: panic:",
        "GGML_ASSERT",
        "error",
        "failed",
    ];
    let line = telling
        .iter()
        .find_map(|word| text.lines().rev().find(|l| l.contains(word)))?;
    Some(line.trim().chars().take(300).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_memory_is_told_from_a_crash() {
        let mut log = tempfile::NamedTempFile::new().expect("a file");
        let text = "CUDA error: out of memory\n  current device: 0, in function alloc at x.cu:497\nkvant: abort: x.cu:109: CUDA error\n";
        io::Write::write_all(&mut log, text.as_bytes()).expect("written");
        let words = last_words(log.path(), 0).expect("telling");
        assert_eq!(
            kind_of_death(&format!("signal 6; its log says: {words}")),
            FailureKind::OutOfMemory
        );
        assert_eq!(
            kind_of_death("its log says: kvant: abort: GGML_ASSERT(x) failed"),
            FailureKind::Crashed
        );
        assert_eq!(kind_of_death("killed; out of memory, perhaps"), FailureKind::Crashed);
        assert_eq!(
            kind_of_death("code 1; its log says: libgomp: Thread creation failed: Resource temporarily unavailable"),
            FailureKind::OutOfMemory
        );
    }
}

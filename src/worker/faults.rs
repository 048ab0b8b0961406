//! The scripted misbehaviour of a test's worker: which fault strikes at which request, and what it does to the process.

use super::serve::{Answer, Session};
use crate::data::KvType;
use crate::engine::fake::{self, Effects, FakeEngine, FakeFault, FakeScript, FaultAction, FaultPoint, SCRIPT_ENV};
use crate::engine::EngineError;
use crate::protocol::{write_line, Measure, Prepare, Reply, Request, MAX_LINE_BYTES};
use nix::sys::signal::Signal;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// A worker on the fake engine, with faults.
pub(super) struct Faulty {
    inner: Session<FakeEngine>,
    faults: Faults,
    real_sleep: Duration,
}

impl Faulty {
    pub(super) fn new(script: FakeScript) -> Self {
        let real_sleep = Duration::from_micros(script.real_sleep_us);
        let faults = script.faults.clone();
        let engine = FakeEngine::new(script);
        Self {
            faults: Faults::new(faults, Rc::clone(&engine.effects)),
            inner: Session::new(engine),
            real_sleep,
        }
    }

    /// The one that the script in the environment asks for, if there is one.
    pub(super) fn of_environment() -> io::Result<Option<Self>> {
        let script = std::env::var_os(SCRIPT_ENV).map(|path| FakeScript::read(Path::new(&path)));
        Ok(script.transpose().map_err(io::Error::other)?.map(Self::new))
    }
}

impl Answer for Faulty {
    fn hello(&mut self) -> Result<Reply, EngineError> {
        self.faults.strike(None)?;
        self.inner.hello()
    }

    fn answer(&mut self, request: Request) -> Result<Reply, EngineError> {
        if matches!(request, Request::Measure(_)) {
            std::thread::sleep(self.real_sleep);
        }
        self.faults.strike(Some(&request))?;
        let (timed, scored) = match &request {
            Request::Open { config, .. } => (Some(config.type_k), None),
            Request::OpenScoring { config, .. } => (None, Some(config.type_k)),
            _ => (None, None),
        };
        let reply = self.inner.answer(request)?;
        self.faults.types_k.extend(timed);
        self.faults.type_k_scored = scored.or(self.faults.type_k_scored);
        Ok(reply)
    }

    fn write(&mut self, replies: &mut impl Write, reply: &Reply) -> io::Result<()> {
        match self.faults.wire.take() {
            Some(FaultAction::WrongVersion) => write_line(
                replies,
                &Reply::Hello {
                    protocol_version: u32::MAX,
                    engine: fake::info(),
                },
            ),
            Some(FaultAction::WrongAnswer) => write_line(replies, &Reply::Prepared { execution_ns: None }),
            Some(FaultAction::HugeLine) => {
                replies.write_all(&vec![b'x'; MAX_LINE_BYTES + 2])?;
                replies.write_all(b"\n")
            }
            Some(FaultAction::HalfLine) => {
                let line = serde_json::to_vec(reply)?;
                replies.write_all(&line[..line.len() / 2])?;
                replies.flush()?;
                Err(io::Error::other("scripted end in the middle of an answer"))
            }
            _ => write_line(replies, reply),
        }
    }
}

/// Faults with the number of their matching requests so far.
struct Faults {
    all: Vec<(FakeFault, u32)>,
    effects: Rc<Effects>,
    /// Stem of the model's file.
    stem: String,
    /// K types of the contexts that are timed, and of the one that scores.
    types_k: Vec<KvType>,
    type_k_scored: Option<KvType>,
    /// How the next answer is to be broken.
    wire: Option<FaultAction>,
}

impl Faults {
    fn new(all: Vec<FakeFault>, effects: Rc<Effects>) -> Self {
        Self {
            all: all.into_iter().map(|fault| (fault, 0)).collect(),
            effects,
            stem: String::new(),
            types_k: Vec::new(),
            type_k_scored: None,
            wire: None,
        }
    }

    /// Lets every fault that is due before the answer to `request` happen; `None` is before the first message.
    fn strike(&mut self, request: Option<&Request>) -> Result<(), EngineError> {
        self.effects.stall_ns.set(0);
        if let Some(Request::Load(load)) = request {
            self.stem = load.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        }
        let type_k = match request {
            Some(Request::Prepare(Prepare { context, .. }) | Request::Measure(Measure { context, .. })) => {
                self.types_k.get(*context).copied()
            }
            Some(Request::Score(_)) => self.type_k_scored,
            _ => None,
        };
        let mut due = Vec::new();
        for (fault, n_seen) in &mut self.all {
            if !matches(fault, request, &self.stem, type_k) {
                continue;
            }
            let n_before = *n_seen;
            *n_seen += 1;
            let end = fault.times.map_or(u32::MAX, |times| fault.after.saturating_add(times));
            if (fault.after..end).contains(&n_before) {
                due.push(fault.action.clone());
            }
        }
        due.into_iter().try_for_each(|action| self.happen(action))
    }

    fn happen(&mut self, action: FaultAction) -> Result<(), EngineError> {
        match action {
            FaultAction::Panic => panic!("scripted panic"),
            FaultAction::Exit(code) => std::process::exit(code),
            FaultAction::Abort => {
                let _ = writeln!(io::stderr(), "kvant: abort: fake.c:1: GGML_ASSERT(scripted) failed");
                std::process::abort();
            }
            FaultAction::Kill => signal_itself(Signal::SIGKILL)?,
            FaultAction::Stop => signal_itself(Signal::SIGSTOP)?,
            FaultAction::Allocate(n_bytes) => {
                // Written, so that it is resident; a zeroed vector alone is not.
                std::hint::black_box(vec![1u8; n_bytes]);
            }
            FaultAction::Hang => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            FaultAction::Noise => {
                let _ = writeln!(io::stdout(), "noise on fd 1 from a library");
            }
            FaultAction::Refuse(why) => return Err(EngineError::Refused(why)),
            FaultAction::Oom => return Err(EngineError::OutOfMemory("scripted".to_owned())),
            FaultAction::Slow(ms) => std::thread::sleep(Duration::from_millis(ms)),
            FaultAction::Stall(ns) => self.effects.stall_ns.set(ns),
            FaultAction::NotFinite => self.effects.is_not_finite.set(true),
            FaultAction::HalfLine | FaultAction::HugeLine | FaultAction::WrongVersion | FaultAction::WrongAnswer => {
                self.wire = Some(action)
            }
        }
        Ok(())
    }
}

fn signal_itself(signal: Signal) -> Result<(), EngineError> {
    nix::sys::signal::kill(nix::unistd::Pid::this(), signal)
        .map_err(|e| EngineError::Refused(format!("cannot send itself {signal}: {e}")))
}

fn matches(fault: &FakeFault, request: Option<&Request>, stem: &str, type_k: Option<KvType>) -> bool {
    let (point, spec) = match request {
        None => (FaultPoint::Hello, None),
        Some(Request::Load(_)) => (FaultPoint::Load, None),
        Some(Request::Open { .. } | Request::OpenScoring { .. }) => (FaultPoint::Open, None),
        Some(Request::Prepare(_)) => (FaultPoint::Prepare, None),
        Some(Request::Measure(request)) => (FaultPoint::Measure, Some(request.spec)),
        Some(Request::Memory) => (FaultPoint::Memory, None),
        Some(Request::Score(_)) => (FaultPoint::Score, None),
        Some(Request::Texts { .. } | Request::Quit) => return false,
    };
    fault.at == point
        && stem.contains(&fault.file)
        && fault.workload.is_none_or(|w| spec.is_some_and(|s| s.workload() == w))
        && fault.type_k.is_none_or(|k| type_k == Some(k))
}

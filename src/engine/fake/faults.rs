//! The scripted misbehaviour of the fake engine: which fault strikes at which step, and what it does to the process.

use super::{FakeFault, FaultAction, FaultPoint};
use crate::data::KvType;
use crate::engine::{EngineError, Step, WireFault};
use nix::sys::signal::Signal;
use std::io::Write;
use std::time::Duration;

/// Faults with the number of their matching steps so far.
pub(super) struct Faults {
    all: Vec<(FakeFault, u32)>,
    stall_ns: u64,
    wire: Option<WireFault>,
    is_not_finite: bool,
}

impl Faults {
    pub(super) fn new(all: Vec<FakeFault>) -> Self {
        Self {
            all: all.into_iter().map(|f| (f, 0)).collect(),
            stall_ns: 0,
            wire: None,
            is_not_finite: false,
        }
    }

    /// Lets every fault that is due at `step` happen.
    pub(super) fn strike(&mut self, step: Step<'_>, stem: &str, type_k: Option<KvType>) -> Result<(), EngineError> {
        self.stall_ns = 0;
        let mut due = Vec::new();
        for (fault, n_seen) in &mut self.all {
            if !matches(fault, step, stem, type_k) {
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

    /// Virtual time that every `decode` loses until the next step.
    pub(super) fn stall_ns(&self) -> u64 {
        self.stall_ns
    }

    /// Whether one of the next logits is to be spoilt.
    pub(super) fn take_not_finite(&mut self) -> bool {
        std::mem::take(&mut self.is_not_finite)
    }

    pub(super) fn take_wire_fault(&mut self) -> Option<WireFault> {
        self.wire.take()
    }

    fn happen(&mut self, action: FaultAction) -> Result<(), EngineError> {
        match action {
            FaultAction::Panic => panic!("scripted panic"),
            FaultAction::Exit(code) => std::process::exit(code),
            FaultAction::Abort => {
                let _ = writeln!(
                    std::io::stderr(),
                    "kvant: abort: fake.c:1: GGML_ASSERT(scripted) failed"
                );
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
                let _ = writeln!(std::io::stdout(), "noise on fd 1 from a library");
            }
            FaultAction::Refuse(why) => return Err(EngineError::Refused(why)),
            FaultAction::Oom => return Err(EngineError::OutOfMemory("scripted".to_owned())),
            FaultAction::Slow(ms) => std::thread::sleep(Duration::from_millis(ms)),
            FaultAction::Stall(ns) => self.stall_ns = ns,
            FaultAction::NotFinite => self.is_not_finite = true,
            FaultAction::HalfLine => self.wire = Some(WireFault::HalfLine),
            FaultAction::HugeLine => self.wire = Some(WireFault::HugeLine),
            FaultAction::WrongVersion => self.wire = Some(WireFault::WrongVersion),
            FaultAction::WrongAnswer => self.wire = Some(WireFault::WrongAnswer),
        }
        Ok(())
    }
}

fn signal_itself(signal: Signal) -> Result<(), EngineError> {
    nix::sys::signal::kill(nix::unistd::Pid::this(), signal)
        .map_err(|e| EngineError::Refused(format!("cannot send itself {signal}: {e}")))
}

fn matches(fault: &FakeFault, step: Step<'_>, stem: &str, type_k: Option<KvType>) -> bool {
    let (point, spec) = match step {
        Step::Hello => (FaultPoint::Hello, None),
        Step::Load(_) => (FaultPoint::Load, None),
        Step::Open => (FaultPoint::Open, None),
        Step::Prepare(_) => (FaultPoint::Prepare, None),
        Step::Measure(_, spec) => (FaultPoint::Measure, Some(spec)),
        Step::Memory => (FaultPoint::Memory, None),
        Step::Score(_) => (FaultPoint::Score, None),
    };
    fault.at == point
        && stem.contains(&fault.file)
        && fault.workload.is_none_or(|w| spec.is_some_and(|s| s.workload == w))
        && fault.n_depth.is_none_or(|d| spec.is_some_and(|s| s.n_depth == d))
        && fault.type_k.is_none_or(|k| type_k == Some(k))
}

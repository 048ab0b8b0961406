//! Timing one work on one context (docs: the method, sections 2 and 3).
//!
//! In: the prompt tokens and an engine. Out: [`Sample`]s on the engine's clock. Every work feeds the same tokens, cut
//! from the start of the text, so that all arms do the same. Timed regions hold decoding and nothing else: filling the
//! cache, restoring a state and warming up happen outside. Invariant: whatever is in a cache is a prefix of the tokens.

mod batched;
mod prepare;
mod requests;
mod speculative;
mod state;

use super::state_file::StateFiles;
use crate::data::{
    ArmConfig, GpuConditions, RequestTimes, Sample, SampleConditions, SpeculativeSums, StateTimes, WorkSpec, Workload,
};
use crate::engine::{argmax, ContextId, Engine, EngineError};
use crate::host::{Energy, EnergyReading, Interference, Withheld};
use crate::protocol::KeptState;
use batched::Filled;
use nix::sys::resource::{getrusage, Usage, UsageWho};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::slice::SliceIndex;

/// One-token steps that warm up a sample.
const N_WARM_STEPS: usize = 3;

/// The tokens and the kept states of all contexts of a worker.
pub(super) struct Speed {
    tokens: Vec<i32>,
    files: StateFiles,
    counters: Counters,
    states: BTreeMap<(usize, u32), Vec<u8>>,
    /// Where the states of a context are kept for other workers, by depth.
    kept: BTreeMap<(usize, u32), File>,
    configs: BTreeMap<usize, ArmConfig>,
    batches: Vec<Filled>,
    /// The model that drafts.
    draft: Option<PathBuf>,
    /// Context of the draft, by context.
    drafts: BTreeMap<usize, ContextId>,
}

/// Sums over the executions of a sample.
#[derive(Default)]
struct Timed {
    ns: u64,
    ttft_ns: Option<u64>,
    itl_ns: Vec<u64>,
    conditions: SampleConditions,
    state: Option<StateTimes>,
    speculative: Option<SpeculativeSums>,
    requests: Vec<RequestTimes>,
}

impl Speed {
    pub(super) fn new(tokens: Vec<i32>, files: StateFiles, draft: Option<PathBuf>) -> Self {
        Self {
            tokens,
            files,
            counters: Counters::find(),
            states: BTreeMap::new(),
            kept: BTreeMap::new(),
            configs: BTreeMap::new(),
            batches: Vec::new(),
            draft,
            drafts: BTreeMap::new(),
        }
    }

    /// Reads what the GPUs at these places draw with every sample.
    pub(super) fn watch_gpus(&mut self, places: Vec<String>) {
        self.counters.interference.watch_gpus(places);
    }

    /// Remembers how a context was opened (works on several sequences open further ones like it), and where its states are kept.
    pub(super) fn opened(&mut self, id: ContextId, config: ArmConfig, kept: &[KeptState]) {
        self.configs.insert(id.0, config);
        for state in kept {
            let path = format!("/dev/fd/{}", state.fd);
            // What cannot be opened is computed by every worker anew.
            if let Ok(file) = File::options().read(true).write(true).open(path) {
                self.kept.insert((id.0, state.n_tokens), file);
            }
        }
    }

    fn config(&self, id: ContextId) -> Result<&ArmConfig, EngineError> {
        let config = self.configs.get(&id.0);
        config.ok_or_else(|| EngineError::Refused(format!("there is no context {}", id.0)))
    }

    /// One timed sample: warm-up, then `n_repeat` executions. `round`: complete rounds before it.
    pub(super) fn measure(
        &mut self,
        engine: &mut dyn Engine,
        id: ContextId,
        spec: &WorkSpec,
        round: u32,
        n_repeat: u32,
    ) -> Result<Sample, EngineError> {
        self.check(spec)?;
        if n_repeat == 0 {
            return Err(EngineError::Refused("a sample needs at least one execution".to_owned()));
        }
        let mut warmup_ns = self.warm_up(engine, id, spec)?;
        if n_repeat > 1 {
            warmup_ns += self.warm_up_device(engine, id, spec)?;
        }
        let mut timed = Timed::default();
        for i in 0..n_repeat {
            match spec.workload {
                Workload::Prefill => self.prefill(engine, id, spec, &mut timed)?,
                Workload::Decode => {
                    if i > 0 {
                        self.go_to(engine, id, spec.n_depth)?;
                    }
                    self.decode(engine, id, spec, &mut timed)?;
                }
                Workload::NoReuse => self.recompute(engine, id, spec, &mut timed)?,
                Workload::PrefixReuse => self.follow_up(engine, id, spec, &mut timed)?,
                Workload::Batched => self.decode_batch(engine, id, spec, &mut timed)?,
                Workload::Requests => self.serve_users(engine, id, spec, spec.n_requests(), &mut timed)?,
                Workload::State => self.save_and_restore(engine, id, spec, &mut timed)?,
                Workload::Speculative => {
                    let turn = round.wrapping_mul(n_repeat).wrapping_add(i);
                    self.speculate(engine, id, spec, turn, &mut timed)?;
                }
            }
        }
        if matches!(spec.workload, Workload::Prefill | Workload::Decode) {
            check_finite(engine.logits(id)?, spec)?;
        }
        if spec.workload == Workload::Prefill {
            self.keep(engine, id, spec.n_prompt)?;
        }
        let state = timed.state.map(|sum| Box::new(state::each(&sum, n_repeat)));
        let ns = match (&state, &timed.speculative) {
            (Some(state), _) => state.restore_ns,
            (_, Some(sums)) => sums.drafted_ns / u64::from(n_repeat),
            _ => timed.ns / u64::from(n_repeat),
        };
        Ok(Sample {
            ns,
            n_repeat,
            timed_ns: timed.ns,
            warmup_ns,
            ttft_ns: match spec.workload {
                Workload::PrefixReuse => Some(ns),
                _ => timed.ttft_ns,
            },
            itl_ns: timed.itl_ns,
            conditions: timed.conditions,
            state,
            speculative: timed.speculative.map(Box::new),
            requests: timed.requests,
        })
    }

    fn check(&self, spec: &WorkSpec) -> Result<(), EngineError> {
        let n_needed = match spec.workload {
            Workload::Prefill | Workload::PrefixReuse => spec.n_prompt,
            Workload::Decode
            | Workload::NoReuse
            | Workload::Batched
            | Workload::State
            | Workload::Speculative
            | Workload::Requests => spec.n_tokens_needed(),
        };
        let what = |why: &str| Err(EngineError::Refused(format!("{spec}: {why}")));
        let has_no_prompt = spec.workload == Workload::Requests && spec.n_prompt == 0;
        if spec.n_tokens_counted() == 0
            || has_no_prompt
            || (spec.workload == Workload::PrefixReuse && spec.n_depth >= spec.n_prompt)
        {
            return what("there is nothing to time in it");
        }
        if spec.n_seq != 1 && !spec.workload.is_at_once() {
            return what("only one sequence at once can be timed");
        }
        if n_needed as usize > self.tokens.len() {
            return what(&format!(
                "it needs {n_needed} tokens and the text gave {}",
                self.tokens.len()
            ));
        }
        Ok(())
    }

    fn prefill(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        spec: &WorkSpec,
        timed: &mut Timed,
    ) -> Result<(), EngineError> {
        engine.clear(id)?;
        let before = Reading::now(engine, &self.counters)?;
        let start = engine.now_ns();
        self.feed(engine, id, ..spec.n_prompt as usize)?;
        let end = engine.now_ns();
        timed.conditions.add(&before, &Reading::now(engine, &self.counters)?);
        timed.ns += end - start;
        if timed.ttft_ns.is_none() {
            argmax(engine.logits(id)?);
            timed.ttft_ns = Some(engine.now_ns() - start);
        }
        Ok(())
    }

    fn decode(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        spec: &WorkSpec,
        timed: &mut Timed,
    ) -> Result<(), EngineError> {
        generate(engine, spec, &self.counters, timed, |engine, at| {
            self.step(engine, id, at)
        })
    }

    /// As with `use_cache=False`: the whole prefix again for every token. Clearing is part of the work (metadata only).
    fn recompute(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        spec: &WorkSpec,
        timed: &mut Timed,
    ) -> Result<(), EngineError> {
        generate(engine, spec, &self.counters, timed, |engine, at| {
            engine.clear(id)?;
            self.feed(engine, id, ..at + 1)
        })
    }

    /// A prompt that shares its first `n_depth` tokens with what is in the cache: the rest of the cache is dropped, the rest
    /// of the prompt processed, and the first token sampled. All of it is part of the work. With nothing shared it is a
    /// cold prompt.
    fn follow_up(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        spec: &WorkSpec,
        timed: &mut Timed,
    ) -> Result<(), EngineError> {
        let work = |engine: &mut dyn Engine| {
            match spec.n_depth {
                0 => engine.clear(id)?,
                shared => engine.truncate(id, 0, shared)?,
            }
            self.feed(engine, id, spec.n_depth as usize..spec.n_prompt as usize)?;
            Ok(argmax(engine.logits(id)?))
        };
        self.observed(engine, timed, work)?;
        Ok(())
    }

    /// The result of `work` and its time, which is timed: time and what the process used meanwhile go to `timed`.
    fn observed<T>(
        &self,
        engine: &mut dyn Engine,
        timed: &mut Timed,
        work: impl FnOnce(&mut dyn Engine) -> Result<T, EngineError>,
    ) -> Result<(T, u64), EngineError> {
        let before = Reading::now(engine, &self.counters)?;
        let (done, ns) = clocked(engine, work)?;
        let after = Reading::now(engine, &self.counters)?;
        timed.conditions.add(&before, &after);
        timed.ns += ns;
        Ok((done, ns))
    }

    fn step(&self, engine: &mut dyn Engine, id: ContextId, at: usize) -> Result<(), EngineError> {
        self.feed(engine, id, at..at + 1)
    }

    /// Every timed call of the engine on the context of the arm.
    fn feed(
        &self,
        engine: &mut dyn Engine,
        id: ContextId,
        range: impl SliceIndex<[i32], Output = [i32]>,
    ) -> Result<(), EngineError> {
        engine.decode(id, &self.tokens[range])
    }

    /// Back to `n_depth` from a deeper cache. Models with a recurrent state cannot drop single tokens: they get the
    /// kept state back.
    fn go_to(&self, engine: &mut dyn Engine, id: ContextId, n_depth: u32) -> Result<(), EngineError> {
        if n_depth == 0 {
            return engine.clear(id);
        }
        engine
            .truncate(id, 0, n_depth)
            .or_else(|_| self.restore(engine, id, n_depth))
    }

    fn restore(&self, engine: &mut dyn Engine, id: ContextId, n_depth: u32) -> Result<(), EngineError> {
        if n_depth == 0 {
            return engine.clear(id);
        }
        match self.states.get(&(id.0, n_depth)) {
            Some(state) => engine.restore(id, state),
            None => Err(EngineError::Refused(format!(
                "depth {n_depth} was not prepared in context {}",
                id.0
            ))),
        }
    }
}

/// The result of `work` and its time on the engine's clock.
/// A file that gives no probabilities is broken, whatever its speed.
fn check_finite(logits: &[f32], spec: &WorkSpec) -> Result<(), EngineError> {
    match logits.iter().all(|z| z.is_finite()) {
        true => Ok(()),
        false => Err(EngineError::NotFinite(format!("after {spec}"))),
    }
}

fn clocked<T>(
    engine: &mut dyn Engine,
    work: impl FnOnce(&mut dyn Engine) -> Result<T, EngineError>,
) -> Result<(T, u64), EngineError> {
    let start = engine.now_ns();
    let done = work(engine)?;
    Ok((done, engine.now_ns() - start))
}

/// Times `n_gen` calls of `token`, one after the other, each with the position of its token.
fn generate(
    engine: &mut dyn Engine,
    spec: &WorkSpec,
    counters: &Counters,
    timed: &mut Timed,
    mut token: impl FnMut(&mut dyn Engine, usize) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    timed.itl_ns.reserve(spec.n_gen as usize);
    let before = Reading::now(engine, counters)?;
    let start = engine.now_ns();
    let mut last = start;
    for i in 0..spec.n_gen {
        token(engine, (spec.n_depth + i) as usize)?;
        let now = engine.now_ns();
        timed.itl_ns.push(now - last);
        last = now;
    }
    timed.conditions.add(&before, &Reading::now(engine, counters)?);
    timed.ns += last - start;
    Ok(())
}

/// What the system counts.
struct Counters {
    interference: Interference,
    energy: Energy,
}

impl Counters {
    fn find() -> Self {
        Self {
            interference: Interference::find(),
            energy: Energy::find(),
        }
    }
}

/// The counters of the process and the system at one moment.
struct Reading {
    usage: Usage,
    cpu_ns: u64,
    withheld: Withheld,
    energy: EnergyReading,
}

impl Reading {
    fn now(engine: &dyn Engine, counters: &Counters) -> Result<Self, EngineError> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)
            .map_err(|e| EngineError::Refused(format!("cannot read the worker's resource use: {e}")))?;
        let kernel_ns = || {
            let (user, system) = (usage.user_time(), usage.system_time());
            let us = (user.tv_sec() + system.tv_sec()) * 1_000_000 + user.tv_usec() + system.tv_usec();
            us.unsigned_abs() * 1000
        };
        let own_ns = engine.cpu_ns();
        Ok(Self {
            cpu_ns: own_ns.unwrap_or_else(kernel_ns),
            // What the real machine does says nothing of an engine on a clock of its own.
            withheld: own_ns.map_or_else(|| counters.interference.now(), |_| Withheld::default()),
            energy: own_ns.map_or_else(|| counters.energy.now(), |_| EnergyReading::default()),
            usage,
        })
    }
}

impl SampleConditions {
    /// Adds what was used between two readings.
    fn add(&mut self, before: &Reading, after: &Reading) {
        let count = |before: i64, after: i64| after.saturating_sub(before).unsigned_abs();
        self.cpu_ns += after.cpu_ns.saturating_sub(before.cpu_ns);
        self.n_involuntary_switches += count(
            before.usage.involuntary_context_switches(),
            after.usage.involuntary_context_switches(),
        );
        self.n_major_faults += count(before.usage.major_page_faults(), after.usage.major_page_faults());
        let grown = |sum: Option<u64>, before: Option<u64>, after: Option<u64>| {
            Some(sum.unwrap_or(0) + after?.saturating_sub(before?))
        };
        let (old, new) = (&before.withheld, &after.withheld);
        self.steal_ns = grown(self.steal_ns, old.steal_ns, new.steal_ns);
        self.throttled_ns = grown(self.throttled_ns, old.throttled_ns, new.throttled_ns);
        self.suspended_ns = grown(self.suspended_ns, old.suspended_ns, new.suspended_ns);
        let used = after.energy.since(&before.energy);
        self.energy_uj = used.map(|uj| self.energy_uj.unwrap_or(0).saturating_add(uj));
        if let (Some(old), Some(new)) = (old.gpu, new.gpu) {
            let sum = self.gpu.and_then(|gpu| gpu.energy_mj);
            let energy_mj = grown(sum, old.energy_mj, new.energy_mj);
            self.gpu = Some(GpuConditions { energy_mj, ..new });
        }
    }
}

#[cfg(all(test, feature = "test-engine"))]
#[path = "speed_tests.rs"]
mod tests;

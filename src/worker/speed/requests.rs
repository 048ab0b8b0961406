//! Several users at once: each sends a request, waits for the whole answer, and sends the next one, without a pause.
//!
//! As in llama-server, requests share passes: each pass takes the next token of every answer, and as much of the prompts that wait as
//! fits into `n_batch` beside them. Users do not run in step: an execution begins with their answers evenly advanced, which is
//! computed beforehand and not timed, and with a request that has just been sent. Answers have the same length and tokens for all arms.

use super::{Speed, Timed, N_WARM_STEPS};
use crate::data::{RequestTimes, WorkSpec};
use crate::engine::{ContextId, Engine, EngineError};

/// Tokens of a prompt that warm up a sample.
const N_WARM_PREFILL: usize = 64;

/// A user, and where the request is.
struct User {
    /// Where the text of the request begins: one token further on for each request, so that no two are alike.
    first: usize,
    /// Tokens in the cache.
    n_past: usize,
    began_ns: u64,
    ttft_ns: u64,
    last_ns: u64,
    /// Sent after the execution began.
    is_whole: bool,
}

impl User {
    fn sends(request: usize, now: u64) -> User {
        User {
            first: request,
            n_past: 0,
            began_ns: now,
            ttft_ns: 0,
            last_ns: now,
            is_whole: true,
        }
    }

    /// Tokens of the answer so far: the pass over the end of the prompt gives the first.
    fn n_answered(&self, spec: &WorkSpec) -> usize {
        (self.n_past + 1).saturating_sub(spec.n_prompt as usize)
    }
}

impl Speed {
    /// One execution: until `n_requests` are answered. Leaves all sequences empty.
    pub(super) fn serve_users(
        &self,
        engine: &mut dyn Engine,
        of: ContextId,
        spec: &WorkSpec,
        n_requests: u32,
        timed: &mut Timed,
    ) -> Result<(), EngineError> {
        let (id, n_batch) = self.batch_of(of, spec)?;
        let mut users = self.in_the_middle(engine, id, spec)?;
        let (mut requests, mut gaps_ns) = (Vec::new(), Vec::new());
        self.observed(engine, timed, |engine| {
            let start = engine.now_ns();
            for user in &mut users {
                (user.began_ns, user.last_ns) = (start, start);
            }
            let (mut n_sent, mut n_done) = (users.len(), 0);
            while n_done < n_requests {
                let parts = self.pass(&users, spec, n_batch);
                engine.append(id, &parts)?;
                let now = engine.now_ns();
                for (seq, part) in parts {
                    let user = &mut users[seq as usize];
                    user.n_past += part.len();
                    match user.n_answered(spec) {
                        0 => continue,
                        1 => user.ttft_ns = now - user.began_ns,
                        _ => gaps_ns.push(now - user.last_ns),
                    }
                    user.last_ns = now;
                    if user.n_answered(spec) < spec.n_gen as usize {
                        continue;
                    }
                    requests.extend(user.is_whole.then(|| RequestTimes {
                        latency_ns: now - user.began_ns,
                        ttft_ns: user.ttft_ns,
                    }));
                    engine.truncate(id, seq, 0)?;
                    *user = User::sends(n_sent, now);
                    (n_sent, n_done) = (n_sent + 1, n_done + 1);
                }
            }
            Ok(())
        })?;
        timed.requests.append(&mut requests);
        timed.itl_ns.append(&mut gaps_ns);
        (0..spec.n_seq).try_for_each(|seq| engine.truncate(id, seq, 0))
    }

    /// Users whose answers are evenly advanced; the first is about to send a request.
    fn in_the_middle(&self, engine: &mut dyn Engine, id: ContextId, spec: &WorkSpec) -> Result<Vec<User>, EngineError> {
        let mut users = Vec::with_capacity(spec.n_seq as usize);
        for seq in 0..spec.n_seq {
            let mut user = User::sends(seq as usize, 0);
            if seq > 0 {
                let n_answered = u64::from(spec.n_gen) * u64::from(spec.n_seq - seq) / u64::from(spec.n_seq);
                user.n_past = spec.n_prompt as usize + (n_answered as usize).saturating_sub(1);
                user.is_whole = false;
                engine.append(id, &[(seq, &self.tokens[user.first..][..user.n_past])])?;
            }
            users.push(user);
        }
        Ok(users)
    }

    /// What the next pass takes of each sequence.
    fn pass(&self, users: &[User], spec: &WorkSpec, n_batch: u32) -> Vec<(u32, &[i32])> {
        let n_prompt = spec.n_prompt as usize;
        let mut room = n_batch as usize;
        let mut parts = Vec::with_capacity(users.len());
        for is_prompt in [false, true] {
            for (seq, user) in (0..).zip(users) {
                let n = match is_prompt {
                    _ if (user.n_past < n_prompt) != is_prompt => 0,
                    true => room.min(n_prompt - user.n_past),
                    false => room.min(1),
                };
                if n > 0 {
                    parts.push((seq, &self.tokens[user.first + user.n_past..][..n]));
                    room -= n;
                }
            }
        }
        parts
    }

    /// A short prompt and a few tokens, untimed. Out: their time.
    pub(super) fn warm_up_users(
        &self,
        engine: &mut dyn Engine,
        of: ContextId,
        spec: &WorkSpec,
    ) -> Result<u64, EngineError> {
        let (id, _) = self.batch_of(of, spec)?;
        let few = N_WARM_PREFILL.min(spec.n_prompt as usize);
        let last = (few + N_WARM_STEPS).min((spec.n_prompt + spec.n_gen) as usize);
        let (_, ns) = super::clocked(engine, |engine| {
            engine.decode(id, &self.tokens[..few])?;
            (few..last).try_for_each(|at| self.step(engine, id, at))
        })?;
        engine.truncate(id, 0, 0)?;
        Ok(ns)
    }
}

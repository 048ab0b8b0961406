//! Several users at once: each sends a request, waits for the whole answer, and sends the next one, without a pause.
//!
//! As in llama-server, requests share passes: each pass takes the next token of every answer, and as much of the prompts that wait as
//! fits into `n_batch` beside them. Users do not run in step: an execution begins with their answers evenly advanced, which is
//! computed beforehand and not timed, and with a request that has just been sent. Answers have the same length and tokens for all arms.

use super::*;
use crate::data::RequestTimes;

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
    fn n_answered(&self, work: &Requests) -> usize {
        (self.n_past + 1).saturating_sub(work.n_prompt as usize)
    }
}

impl Executed for Requests {
    fn is_something(&self) -> bool {
        self.n_prompt > 0
    }

    fn prepare(&self, bench: &mut Bench<'_>) -> Result<(), EngineError> {
        bench.open_at_once(Work::Requests(*self)).map(drop)
    }

    fn rough_ns(&self, bench: &mut Bench<'_>) -> Result<u64, EngineError> {
        self.warm_up(bench, 1)?;
        self.serve(bench, self.n_users)?;
        Ok(bench.timed.ns * u64::from(N_REQUESTS))
    }

    /// A short prompt and a few tokens.
    fn warm_up(&self, bench: &mut Bench<'_>, _: u32) -> Result<u64, EngineError> {
        let (id, _) = bench.at_once(Work::Requests(*self))?;
        let few = N_WARM_PROMPT.min(self.n_prompt);
        let last = (few + N_WARM_STEPS).min(self.n_prompt + self.n_gen);
        let ((), ns) = bench.on(id).clocked(|bench| {
            bench.feed(..few as usize)?;
            (few..last).try_for_each(|at| bench.step(at as usize))
        })?;
        bench.engine.truncate(id, 0, 0)?;
        Ok(ns)
    }

    fn execute(&self, bench: &mut Bench<'_>, _: u32) -> Result<(), EngineError> {
        self.serve(bench, self.n_requests())
    }

    fn seen(&self, sum: Option<Seen>, ns: u64, _: u32) -> Seen {
        let requests = answered(sum);
        Seen::Requests { ns, requests }
    }
}

/// In the executions so far.
pub(in crate::worker) fn answered(seen: Option<Seen>) -> Vec<RequestTimes> {
    match seen {
        Some(Seen::Requests { requests, .. }) => requests,
        _ => Vec::new(),
    }
}

impl Requests {
    /// Until `n_requests` are answered. Leaves all sequences empty.
    fn serve(&self, bench: &mut Bench<'_>, n_requests: u32) -> Result<(), EngineError> {
        let (id, n_batch) = bench.at_once(Work::Requests(*self))?;
        let mut users = self.in_the_middle(bench, id)?;
        let mut requests = answered(bench.timed.seen.take());
        bench.observed(|bench| {
            let start = bench.engine.now_ns();
            for user in &mut users {
                (user.began_ns, user.last_ns) = (start, start);
            }
            let (mut n_sent, mut n_done) = (users.len(), 0);
            while n_done < n_requests {
                let parts = self.pass(&bench.speed.tokens, &users, n_batch);
                bench.engine.append(id, &parts)?;
                let now = bench.engine.now_ns();
                for (seq, part) in parts {
                    let user = &mut users[seq as usize];
                    user.n_past += part.len();
                    match user.n_answered(self) {
                        0 => continue,
                        1 => user.ttft_ns = now - user.began_ns,
                        _ => bench.timed.itl_ns.push(now - user.last_ns),
                    }
                    user.last_ns = now;
                    if user.n_answered(self) < self.n_gen as usize {
                        continue;
                    }
                    requests.extend(user.is_whole.then(|| RequestTimes {
                        latency_ns: now - user.began_ns,
                        ttft_ns: user.ttft_ns,
                    }));
                    bench.engine.truncate(id, seq, 0)?;
                    *user = User::sends(n_sent, now);
                    (n_sent, n_done) = (n_sent + 1, n_done + 1);
                }
            }
            Ok(())
        })?;
        bench.timed.seen = Some(Seen::Requests { ns: 0, requests });
        (0..self.n_users).try_for_each(|seq| bench.engine.truncate(id, seq, 0))
    }

    /// Users whose answers are evenly advanced; the first is about to send a request.
    fn in_the_middle(&self, bench: &mut Bench<'_>, id: ContextId) -> Result<Vec<User>, EngineError> {
        let mut users = Vec::with_capacity(self.n_users as usize);
        for seq in 0..self.n_users {
            let mut user = User::sends(seq as usize, 0);
            if seq > 0 {
                let n_answered = u64::from(self.n_gen) * u64::from(self.n_users - seq) / u64::from(self.n_users);
                user.n_past = self.n_prompt as usize + (n_answered as usize).saturating_sub(1);
                user.is_whole = false;
                let part = &bench.speed.tokens[user.first..][..user.n_past];
                bench.engine.append(id, &[(seq, part)])?;
            }
            users.push(user);
        }
        Ok(users)
    }

    /// What the next pass takes of each sequence.
    fn pass<'a>(&self, tokens: &'a [i32], users: &[User], n_batch: u32) -> Vec<(u32, &'a [i32])> {
        let n_prompt = self.n_prompt as usize;
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
                    parts.push((seq, &tokens[user.first + user.n_past..][..n]));
                    room -= n;
                }
            }
        }
        parts
    }
}

//! A server that already runs, asked over HTTP in the place of an engine: the works that its users see.
//!
//! Times are those of this side of the connection, from sending a request to the event that brings a token. Prompts are the tokens that
//! all arms read, or their text; answers are the server's own, greedy and never ended early. What another process holds in memory, and
//! what it gives each token for a probability, cannot be known from here.

mod connection;

use super::bench::Timed;
use super::conditions::{Counters, Reading};
use super::load::sha256_of;
use super::works::{answered, sample, turns};
use crate::data::work::*;
use crate::data::{ContextInfo, EngineInfo, Sample, Seen};
use crate::engine::{Engine, EngineError};
use crate::protocol::{Load, Measure, Prepare, Reply, Request};
use connection::{Answered, Connection, Prompt};
use serde_json::json;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Tokens of the short prompt, and of its answer, that warm up a sample.
const N_WARM: (usize, u32) = (64, 3);

/// The server of an arm.
pub(super) struct Server {
    connection: Connection,
    tokens: Vec<i32>,
    /// Number of the last text that shares nothing with those before, of this process or another.
    n_fresh: AtomicU32,
    counters: Counters,
}

/// Gaps between tokens, and what the workload sums up over executions.
type Sums<'a> = (&'a mut Vec<u64>, &'a mut Option<Seen>);

/// What a server says of itself; an error in words.
pub(crate) fn server_info(url: &str) -> Result<EngineInfo, String> {
    Connection::open(url)
        .and_then(|connection| connection.info())
        .map_err(|e| e.to_string())
}

impl Server {
    /// Cuts the text into tokens: with the server's own tokenizer, or, where it takes texts, with that of the file. Out:
    /// [`Reply::Loaded`], whose hash shows whether they are those of the other arms.
    pub(super) fn connect(request: &Load, engine: &mut dyn Engine) -> Result<(Server, Reply), EngineError> {
        let start = Instant::now();
        let connection = Connection::open(&request.device)?;
        let mut tokens = match connection.takes_tokens() {
            true => connection.tokenize(&request.text)?,
            false => {
                engine.load_vocab(&request.path)?;
                engine.tokenize(&request.text)?
            }
        };
        let n_tokens = request.n_tokens;
        if tokens.len() < n_tokens as usize {
            let why = format!("cut the text into {} tokens, and {n_tokens} are needed", tokens.len());
            return Err(connection.refused(&why));
        }
        tokens.truncate(n_tokens as usize);
        let reply = Reply::Loaded {
            load_ns: connection::ns_since(start),
            is_warm_load: None,
            weights: Vec::new(),
            tokens_sha256: sha256_of(&tokens),
        };
        let server = Server {
            connection,
            tokens,
            n_fresh: AtomicU32::new(std::process::id()),
            counters: Counters::find(),
        };
        Ok((server, reply))
    }

    pub(super) fn answer(&self, request: &Request, engine: &dyn Engine) -> Result<Reply, EngineError> {
        match request {
            Request::Open { config, .. } => {
                let n_ctx = self.connection.n_ctx()?.unwrap_or(config.n_ctx);
                if n_ctx < config.n_ctx {
                    let why = format!(
                        "has a context of {n_ctx} tokens for each user; start it with --ctx-size {}",
                        config.n_ctx
                    );
                    return Err(self.connection.refused(&why));
                }
                Ok(Reply::Opened {
                    context: ContextInfo {
                        n_ctx,
                        n_batch: config.n_batch,
                        n_ubatch: config.n_ubatch,
                        kv_bytes: 0,
                        buffers: Vec::new(),
                    },
                })
            }
            Request::Prepare(Prepare { spec, is_timed, .. }) => {
                let rough_ns = || {
                    self.warm_up(engine, spec)?;
                    self.before(engine, spec)?;
                    self.execute(engine, spec, (&mut Vec::new(), &mut None))
                };
                Ok(Reply::Prepared {
                    execution_ns: is_timed.then(rough_ns).transpose()?,
                })
            }
            Request::Measure(Measure { spec, n_repeat, .. }) => Ok(Reply::Sampled {
                sample: self.measure(engine, spec, *n_repeat)?,
            }),
            _ => Err(self.connection.refused("cannot be asked for this over HTTP")),
        }
    }

    fn measure(&self, engine: &dyn Engine, work: &Work, n_repeat: u32) -> Result<Sample, EngineError> {
        let n_repeat = n_repeat.max(1);
        let start = Instant::now();
        self.warm_up(engine, work)?;
        let warmup_ns = connection::ns_since(start);
        let mut timed = Timed::default();
        for _ in 0..n_repeat {
            self.before(engine, work)?;
            let before = Reading::now(None, &self.counters)?;
            timed.ns += self.execute(engine, work, (&mut timed.itl_ns, &mut timed.seen))?;
            timed.conditions.add(&before, &Reading::now(None, &self.counters)?);
        }
        Ok(sample(work, timed, n_repeat, warmup_ns))
    }

    /// Untimed, before a sample.
    fn warm_up(&self, engine: &dyn Engine, work: &Work) -> Result<(), EngineError> {
        let (n, n_gen) = N_WARM;
        let last = &self.tokens[self.tokens.len().saturating_sub(n)..];
        self.ask(&self.prompt_of(engine, last, false)?, n_gen)?;
        // The state that decode starts from; the answer to it is not in what the next one begins with.
        match work {
            Work::Decode(w) => self.ask(&self.prompt(engine, 0, w.n_depth.max(1), true)?, 1).map(drop),
            _ => Ok(()),
        }
    }

    /// Untimed, before each execution.
    fn before(&self, engine: &dyn Engine, work: &Work) -> Result<(), EngineError> {
        match work {
            Work::PrefixReuse(w) if w.n_shared > 0 => {
                self.ask(&self.prompt(engine, 0, w.n_shared, false)?, 1).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// One execution: what it took, added to the gaps and to what the workload sums up. Out: its time.
    fn execute(&self, engine: &dyn Engine, work: &Work, (itl_ns, seen): Sums<'_>) -> Result<u64, EngineError> {
        let first_token = |n_prompt, is_cached| {
            let prompt = self.prompt(engine, 0, n_prompt, is_cached)?;
            Ok(self.ask(&prompt, 1)?.ttft_ns())
        };
        match work {
            Work::Prefill(w) => {
                let ns = first_token(w.n_prompt, false)?;
                seen.get_or_insert(Seen::Prompt { ns, ttft_ns: ns });
                Ok(ns)
            }
            Work::PrefixReuse(w) => first_token(w.n_prompt, w.n_shared > 0),
            Work::Decode(w) => {
                let answer = self.ask(&self.prompt(engine, 0, w.n_depth.max(1), true)?, w.n_gen + 1)?;
                itl_ns.extend(answer.gaps(w.n_gen));
                Ok(answer.gen_ns())
            }
            Work::NoReuse(w) => {
                let mut sum_ns = 0;
                for i in 1..=w.n_gen {
                    let ns = self.ask(&self.prompt(engine, 0, w.n_depth + i, false)?, 1)?.end_ns;
                    itl_ns.push(ns);
                    sum_ns += ns;
                }
                Ok(sum_ns)
            }
            Work::Chat(w) => self.chat(engine, w, (itl_ns, seen)),
            Work::Requests(w) => self.requests(engine, w, (itl_ns, seen)),
            Work::Batched(_) | Work::State(_) | Work::Speculative(_) => Err(self
                .connection
                .refused(&format!("cannot be asked for {work} over HTTP"))),
        }
    }

    /// One request of a single user.
    fn ask(&self, prompt: &Prompt, n_gen: u32) -> Result<Answered, EngineError> {
        self.connection.ask(0, prompt, n_gen, &mut || {})
    }

    /// What the user says comes from the text, what is answered from the server.
    fn chat(&self, engine: &dyn Engine, work: &Chat, (itl_ns, seen): Sums<'_>) -> Result<u64, EngineError> {
        let (mut said, mut sum_ns): (Vec<i32>, u64) = (Vec::new(), 0);
        let mut turns = turns(seen.take(), work.n_turns);
        for (turn, times) in (0..).zip(&mut turns) {
            let (first, n) = (work.n_before(turn) as usize, work.n_asked(turn) as usize);
            said.extend(&self.tokens[first..first + n]);
            // The conversation before is the only thing that may lie in the cache.
            let answer = self.ask(&self.prompt_of(engine, &said, turn > 0)?, work.n_gen)?;
            times.ttft_ns += answer.ttft_ns();
            times.gen_ns += answer.gen_ns();
            sum_ns += answer.end_ns;
            itl_ns.extend(answer.gaps(work.n_gen - 1));
            match self.connection.takes_tokens() {
                true => said.extend(answer.tokens),
                // Without the token that begins a text.
                false => said.extend(engine.tokenize(&answer.text)?.iter().skip(engine.tokenize("")?.len())),
            }
        }
        *seen = Some(Seen::Chat { ns: 0, turns });
        Ok(sum_ns)
    }

    /// Each user in a thread. As with the worker's own requests the time begins when all users but the first are in the middle of their
    /// answers, evenly advanced, and ends when `n_requests` are answered, those included; only requests sent meanwhile have a latency.
    fn requests(&self, engine: &dyn Engine, work: &Requests, (itl_ns, seen): Sums<'_>) -> Result<u64, EngineError> {
        // The engine is not asked by several threads: what any user may send is made before.
        let all = 0..work.n_requests() + work.n_users;
        let prompts = all.map(|first| self.prompt(engine, first, work.n_prompt, false));
        let prompts = prompts.collect::<Result<Vec<Prompt>, EngineError>>()?;
        let (n_sent, n_done) = (AtomicUsize::new(0), AtomicU32::new(0));
        let user = |user: u32, mut in_the_middle: Option<mpsc::Sender<()>>| {
            let mut answers = Vec::new();
            let mut is_whole = in_the_middle.is_none();
            while n_done.load(Ordering::SeqCst) < work.n_requests() {
                let n_gen = if is_whole {
                    work.n_gen
                } else {
                    work.n_gen * user / work.n_users + 1
                };
                let prompt = &prompts[n_sent.fetch_add(1, Ordering::SeqCst) % prompts.len()];
                let began = Instant::now();
                let answer = self.connection.ask(user, prompt, n_gen, &mut || {
                    if let Some(told) = in_the_middle.take() {
                        let _ = told.send(());
                    }
                })?;
                n_done.fetch_add(1, Ordering::SeqCst);
                let end = began + Duration::from_nanos(answer.end_ns);
                answers.push((end, is_whole.then_some(began), answer.gaps(n_gen - 1), answer.times()));
                is_whole = true;
            }
            Ok::<_, EngineError>(answers)
        };
        let (told, in_the_middle) = mpsc::channel();
        let (start, mut answers) = std::thread::scope(|scope| {
            let begin = |n| {
                let told = told.clone();
                std::thread::Builder::new().spawn_scoped(scope, move || user(n, Some(told)))
            };
            let threads: Vec<_> = (1..work.n_users).map(begin).collect();
            drop(told);
            // Until the last of them has told it, or failed.
            in_the_middle.iter().for_each(drop);
            n_done.store(0, Ordering::SeqCst);
            let start = Instant::now();
            let mut answers: Vec<_> = user(0, None)?;
            for thread in threads {
                let thread =
                    thread.map_err(|e| self.connection.refused(&format!("needs a thread for each user: {e}")))?;
                answers.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok::<_, EngineError>((start, answers))
        })?;
        answers.retain(|(end, ..)| *end > start);
        answers.sort_by_key(|(end, ..)| *end);
        answers.truncate(work.n_requests() as usize);
        let end = answers.last().map_or(start, |(end, ..)| *end);
        let mut requests = answered(seen.take());
        for (_, began, gaps, times) in answers {
            itl_ns.extend(gaps);
            requests.extend(began.filter(|began| *began >= start).map(|_| times));
        }
        *seen = Some(Seen::Requests { ns: 0, requests });
        Ok(u64::try_from((end - start).as_nanos()).unwrap_or(u64::MAX))
    }

    /// So many tokens of the text.
    fn prompt(&self, engine: &dyn Engine, first: u32, n: u32, is_cached: bool) -> Result<Prompt, EngineError> {
        let first = first as usize;
        self.prompt_of(engine, &self.tokens[first..(first + n as usize)], is_cached)
    }

    /// A text begins with a number, the same one only if it goes on from the last: servers keep what they have read, and most cannot be
    /// told not to use it. The digit that changes most comes first. Tokens at the beginning of the text make room for the number.
    fn prompt_of(&self, engine: &dyn Engine, tokens: &[i32], is_cached: bool) -> Result<Prompt, EngineError> {
        let body = match self.connection.takes_tokens() {
            true => json!(tokens),
            false => {
                let more = u32::from(!is_cached);
                let n_fresh = self.n_fresh.fetch_add(more, Ordering::Relaxed).wrapping_add(more);
                let digits = n_fresh.to_string();
                let head = digits.chars().rev().collect::<String>() + ". ";
                let n_head = engine.tokenize(&head)?.len().min(tokens.len());
                json!(head + &engine.text_of(&tokens[n_head..])?)
            }
        };
        Ok(Prompt {
            body,
            n_tokens: tokens.len(),
            is_cached,
        })
    }
}

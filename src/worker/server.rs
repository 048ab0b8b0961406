//! A llama-server that already runs, asked over HTTP in the place of an engine: the works that its users see.
//!
//! Times are those of this side of the connection, from sending a request to the event that brings a token. Prompts are token ids, so that
//! all arms read the same; answers are the server's own, greedy and never ended early. What another process holds in memory, and what it
//! gives each token for a probability, cannot be known from here.

use super::bench::Timed;
use super::conditions::{Counters, Reading};
use super::load::sha256_of;
use super::works::{answered, sample, turns};
use crate::data::work::*;
use crate::data::{ContextInfo, EngineInfo, RequestTimes, Sample, Seen};
use crate::engine::EngineError;
use crate::protocol::{Reply, Request};
use serde::Deserialize;
use serde_json::{json, Value};
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};
use ureq::Agent;

/// Tokens of the short prompt, and of its answer, that warm up a sample.
const N_WARM: (usize, u32) = (64, 3);
/// A server that has said nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(600);

/// The server of an arm.
pub(super) struct Server {
    url: String,
    agent: Agent,
    tokens: Vec<i32>,
    counters: Counters,
}

/// Gaps between tokens, and what the workload sums up over executions.
type Sums<'a> = (&'a mut Vec<u64>, &'a mut Option<Seen>);

/// An answer, as it arrived: nanoseconds since it was asked for.
struct Answered {
    /// Each event that brought a token: characters that several tokens make up come in one.
    events_ns: Vec<u64>,
    end_ns: u64,
    tokens: Vec<i32>,
}

/// An event of the stream, or the error in its place.
#[derive(Deserialize)]
struct StreamEvent {
    #[serde(default)]
    tokens: Vec<i32>,
    #[serde(default)]
    stop: bool,
    #[serde(default)]
    tokens_predicted: u32,
    error: Option<Value>,
}

/// What a server says of itself; an error in words.
pub(crate) fn server_info(url: &str) -> Result<EngineInfo, String> {
    let props = Server::at(url).get("/props").map_err(|e| e.to_string())?;
    let text = |key: &str| props.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(EngineInfo {
        name: "llama-server".to_owned(),
        version: text("build_info"),
        ..EngineInfo::default()
    })
}

impl Server {
    fn at(url: &str) -> Server {
        Server {
            url: url.trim_end_matches('/').to_owned(),
            agent: Agent::config_builder()
                .timeout_recv_response(Some(PATIENCE))
                .timeout_recv_body(Some(PATIENCE))
                .build()
                .into(),
            tokens: Vec::new(),
            counters: Counters::find(),
        }
    }

    /// Cuts the text with the server's own tokenizer. Out: [`Reply::Loaded`], whose hash shows whether it is that of the other arms.
    pub(super) fn connect(url: &str, text: &str, n_tokens: u32) -> Result<(Server, Reply), EngineError> {
        let mut server = Server::at(url);
        let start = Instant::now();
        let cut: Value = server.json(
            "/tokenize",
            &json!({"content": text, "add_special": true, "parse_special": false}),
        )?;
        let tokens = cut.get("tokens").cloned().unwrap_or_default();
        server.tokens = serde_json::from_value(tokens)
            .map_err(|_| server.refused("answered /tokenize without token ids; is it llama-server?"))?;
        if server.tokens.len() < n_tokens as usize {
            let n = server.tokens.len();
            return Err(server.refused(&format!("cut the text into {n} tokens, and {n_tokens} are needed")));
        }
        server.tokens.truncate(n_tokens as usize);
        let reply = Reply::Loaded {
            load_ns: ns_since(start),
            is_warm_load: None,
            weights: Vec::new(),
            tokens_sha256: sha256_of(&server.tokens),
        };
        Ok((server, reply))
    }

    pub(super) fn answer(&self, request: &Request) -> Result<Reply, EngineError> {
        match request {
            Request::Open { config, .. } => {
                let props = self.get("/props")?;
                let n_ctx = props
                    .pointer("/default_generation_settings/n_ctx")
                    .and_then(Value::as_u64);
                let n_ctx = n_ctx.and_then(|n| u32::try_from(n).ok()).unwrap_or(config.n_ctx);
                if n_ctx < config.n_ctx {
                    let why = format!(
                        "has a context of {n_ctx} tokens for each user; start it with --ctx-size {}",
                        config.n_ctx
                    );
                    return Err(self.refused(&why));
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
            Request::Prepare { spec, is_timed, .. } => {
                let rough_ns = || {
                    self.warm_up(spec)?;
                    self.before(spec)?;
                    self.execute(spec, (&mut Vec::new(), &mut None))
                };
                Ok(Reply::Prepared {
                    execution_ns: is_timed.then(rough_ns).transpose()?,
                })
            }
            Request::Measure { spec, n_repeat, .. } => Ok(Reply::Sampled {
                sample: self.measure(spec, *n_repeat)?,
            }),
            _ => Err(self.refused("cannot be asked for this over HTTP")),
        }
    }

    fn measure(&self, work: &Work, n_repeat: u32) -> Result<Sample, EngineError> {
        let n_repeat = n_repeat.max(1);
        let start = Instant::now();
        self.warm_up(work)?;
        let warmup_ns = ns_since(start);
        let mut timed = Timed::default();
        for _ in 0..n_repeat {
            self.before(work)?;
            let before = Reading::now(None, &self.counters)?;
            timed.ns += self.execute(work, (&mut timed.itl_ns, &mut timed.seen))?;
            timed.conditions.add(&before, &Reading::now(None, &self.counters)?);
        }
        Ok(sample(work, timed, n_repeat, warmup_ns))
    }

    /// Untimed, before a sample.
    fn warm_up(&self, work: &Work) -> Result<(), EngineError> {
        let (n, n_gen) = N_WARM;
        let n = n.min(self.tokens.len());
        self.ask(0, &self.tokens[self.tokens.len() - n..], n_gen, false)?;
        // The state that decode starts from; the answer to it is not in what the next one begins with.
        match work {
            Work::Decode(w) => self.ask(0, self.prompt(0, w.n_depth.max(1)), 1, true).map(drop),
            _ => Ok(()),
        }
    }

    /// Untimed, before each execution.
    fn before(&self, work: &Work) -> Result<(), EngineError> {
        match work {
            Work::PrefixReuse(w) if w.n_shared > 0 => self.ask(0, self.prompt(0, w.n_shared), 1, false).map(drop),
            _ => Ok(()),
        }
    }

    /// One execution: what it took, added to the gaps and to what the workload sums up. Out: its time.
    fn execute(&self, work: &Work, (itl_ns, seen): Sums<'_>) -> Result<u64, EngineError> {
        match work {
            Work::Prefill(w) => {
                let ns = self.first_token(w.n_prompt, false)?;
                seen.get_or_insert(Seen::Prompt { ns, ttft_ns: ns });
                Ok(ns)
            }
            Work::PrefixReuse(w) => self.first_token(w.n_prompt, w.n_shared > 0),
            Work::Decode(w) => {
                let answer = self.ask(0, self.prompt(0, w.n_depth.max(1)), w.n_gen + 1, true)?;
                itl_ns.extend(answer.gaps(w.n_gen));
                Ok(answer.gen_ns())
            }
            Work::NoReuse(w) => {
                let mut sum_ns = 0;
                for i in 1..=w.n_gen {
                    let ns = self.ask(0, self.prompt(0, w.n_depth + i), 1, false)?.end_ns;
                    itl_ns.push(ns);
                    sum_ns += ns;
                }
                Ok(sum_ns)
            }
            Work::Chat(w) => self.chat(w, (itl_ns, seen)),
            Work::Requests(w) => self.requests(w, (itl_ns, seen)),
            Work::Batched(_) | Work::State(_) | Work::Speculative(_) => {
                Err(self.refused(&format!("cannot be asked for {work} over HTTP")))
            }
        }
    }

    fn first_token(&self, n_prompt: u32, is_cached: bool) -> Result<u64, EngineError> {
        Ok(self.ask(0, self.prompt(0, n_prompt), 1, is_cached)?.ttft_ns())
    }

    /// What the user says comes from the text, what is answered from the server.
    fn chat(&self, work: &Chat, (itl_ns, seen): Sums<'_>) -> Result<u64, EngineError> {
        let (mut said, mut sum_ns): (Vec<i32>, u64) = (Vec::new(), 0);
        let mut turns = turns(seen.take(), work.n_turns);
        for (turn, times) in (0..).zip(&mut turns) {
            said.extend(self.prompt(work.n_before(turn), work.n_asked(turn)));
            // The conversation before is the only thing that may lie in the cache.
            let answer = self.ask(0, &said, work.n_gen, turn > 0)?;
            if answer.tokens.len() != work.n_gen as usize {
                let (n, all) = (answer.tokens.len(), work.n_gen);
                return Err(self.refused(&format!("told only {n} of the {all} tokens of an answer")));
            }
            times.ttft_ns += answer.ttft_ns();
            times.gen_ns += answer.gen_ns();
            sum_ns += answer.end_ns;
            itl_ns.extend(answer.gaps(work.n_gen - 1));
            said.extend(answer.tokens);
        }
        *seen = Some(Seen::Chat { ns: 0, turns });
        Ok(sum_ns)
    }

    /// Each user in a thread. As in the worker's own requests the users begin evenly advanced: what is left of their first answers is
    /// shorter, and those do not count.
    fn requests(&self, work: &Requests, (itl_ns, seen): Sums<'_>) -> Result<u64, EngineError> {
        let start = Instant::now();
        let user = |user: u32| {
            let mut own = (Vec::new(), Vec::new());
            // The first user is about to send a request.
            for turn in u32::from(user == 0)..=N_REQUESTS {
                let n_gen = match turn {
                    0 => (work.n_gen * user / work.n_users).max(1),
                    _ => work.n_gen,
                };
                let prompt = self.prompt(user * (N_REQUESTS + 1) + turn, work.n_prompt);
                let answer = self.ask(user, prompt, n_gen, false)?;
                own.1.extend(answer.gaps(n_gen - 1));
                own.0.extend((turn > 0).then(|| RequestTimes {
                    latency_ns: answer.end_ns,
                    ttft_ns: answer.ttft_ns(),
                }));
            }
            Ok(own)
        };
        let all = std::thread::scope(|scope| {
            let begin = |n| std::thread::Builder::new().spawn_scoped(scope, move || user(n));
            let threads: Vec<_> = (0..work.n_users).map(begin).collect();
            let finished = threads.into_iter().map(|thread| {
                let thread = thread.map_err(|e| self.refused(&format!("needs a thread for each user: {e}")))?;
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            finished.collect::<Result<Vec<(Vec<RequestTimes>, Vec<u64>)>, EngineError>>()
        })?;
        let ns = ns_since(start);
        let mut requests = answered(seen.take());
        for (own, gaps) in all {
            requests.extend(own);
            itl_ns.extend(gaps);
        }
        *seen = Some(Seen::Requests { ns: 0, requests });
        Ok(ns)
    }

    fn prompt(&self, first: u32, n: u32) -> &[i32] {
        let first = first as usize;
        &self.tokens[first..(first + n as usize)]
    }

    /// One request, in a sequence of the server's.
    fn ask(&self, slot: u32, prompt: &[i32], n_gen: u32, is_cached: bool) -> Result<Answered, EngineError> {
        let body = json!({
            "prompt": prompt,
            "n_predict": n_gen,
            "id_slot": slot,
            "cache_prompt": is_cached,
            "temperature": 0.0,
            "ignore_eos": true,
            "return_tokens": true,
            "stream": true,
        });
        let start = Instant::now();
        let mut response = self.post("/completion", &body)?;
        let mut answer = Answered {
            events_ns: Vec::with_capacity(n_gen as usize),
            end_ns: 0,
            tokens: Vec::with_capacity(n_gen as usize),
        };
        for line in BufReader::new(response.body_mut().as_reader()).lines() {
            let line = line.map_err(|e| self.refused(&format!("broke off: {e}")))?;
            let now = ns_since(start);
            let Some(event) = line.strip_prefix("data: ") else {
                continue;
            };
            let event: StreamEvent = serde_json::from_str(event)
                .map_err(|e| self.refused(&format!("sent an event that cannot be read: {e}")))?;
            if let Some(error) = event.error {
                return Err(self.refused(&format!("said: {error}")));
            }
            if event.stop {
                answer.end_ns = now;
                if event.tokens_predicted != n_gen {
                    let n = event.tokens_predicted;
                    return Err(self.refused(&format!(
                        "ended an answer after {n} of {n_gen} tokens; start it with a larger --ctx-size"
                    )));
                }
                return Ok(answer);
            }
            answer.events_ns.push(now);
            answer.tokens.extend(event.tokens);
        }
        Err(self.refused("ended its answer in the middle; its own log may say why"))
    }

    fn post(&self, path: &str, body: &Value) -> Result<ureq::http::Response<ureq::Body>, EngineError> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .content_type("application/json");
        request.send(body.to_string()).map_err(|e| self.unreachable(path, &e))
    }

    fn json(&self, path: &str, body: &Value) -> Result<Value, EngineError> {
        let text = self.post(path, body)?.body_mut().read_to_string();
        self.parsed(path, text)
    }

    fn get(&self, path: &str) -> Result<Value, EngineError> {
        let response = self.agent.get(format!("{}{path}", self.url)).call();
        let text = response.and_then(|mut found| found.body_mut().read_to_string());
        self.parsed(path, text)
    }

    fn parsed(&self, path: &str, text: Result<String, ureq::Error>) -> Result<Value, EngineError> {
        let text = text.map_err(|e| self.unreachable(path, &e))?;
        serde_json::from_str(&text)
            .map_err(|_| self.refused(&format!("answered {path} with what is no JSON; is it llama-server?")))
    }

    fn unreachable(&self, path: &str, error: &ureq::Error) -> EngineError {
        self.refused(&format!(
            "did not answer {path}: {error}; is llama-server running there?"
        ))
    }

    fn refused(&self, why: &str) -> EngineError {
        EngineError::Refused(format!("the server at {} {why}", self.url))
    }
}

impl Answered {
    /// The end, where all of it was one character.
    fn ttft_ns(&self) -> u64 {
        self.events_ns.first().copied().unwrap_or(self.end_ns)
    }

    /// From the first token to the end.
    fn gen_ns(&self) -> u64 {
        self.end_ns - self.ttft_ns()
    }

    /// Between tokens; nothing where not each of them came by itself.
    fn gaps(&self, n: u32) -> Vec<u64> {
        let gaps: Vec<u64> = self.events_ns.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if gaps.len() == n as usize {
            gaps
        } else {
            Vec::new()
        }
    }
}

fn ns_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

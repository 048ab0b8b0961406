//! A connection to a server, and the two ways in which servers are asked for an answer.

use crate::data::{EngineInfo, RequestTimes};
use crate::engine::EngineError;
use serde::Deserialize;
use serde_json::{json, Value};
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};
use ureq::Agent;

/// A server that has said nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(600);

/// How a server is asked.
enum Dialect {
    /// llama-server's own way: token ids, a sequence by its number, and nothing from its cache unless that is asked for.
    LlamaServer,
    /// OpenAI's completions, which most others serve below `/v1`: a text, for one of the server's models.
    Completions { model: String },
}

pub(super) struct Connection {
    url: String,
    agent: Agent,
    dialect: Dialect,
}

/// What is asked.
pub(super) struct Prompt {
    /// Token ids, or a text.
    pub body: Value,
    pub n_tokens: usize,
    /// It goes on from the one before, which may be taken from the cache.
    pub is_cached: bool,
}

/// An answer, as it arrived: nanoseconds since it was asked for.
#[derive(Default)]
pub(super) struct Answered {
    /// Each event that brought a token: characters that several tokens make up come in one.
    events_ns: Vec<u64>,
    pub end_ns: u64,
    /// Where the server tells them.
    pub tokens: Vec<i32>,
    pub text: String,
}

/// An event of either stream, or the error in its place.
#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    tokens: Vec<i32>,
    #[serde(default)]
    stop: bool,
    #[serde(default)]
    tokens_predicted: u32,
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    text: String,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: u32,
}

/// What the end of an answer tells.
#[derive(Default)]
struct End {
    n_predicted: Option<u32>,
    n_prompt: Option<usize>,
}

impl Connection {
    /// `http://127.0.0.1:8080` is a llama-server, `http://127.0.0.1:11434/v1#NAME` the model NAME of another.
    pub(super) fn open(address: &str) -> Result<Connection, EngineError> {
        let (url, model) = address.split_once('#').unwrap_or((address, ""));
        let mut connection = Connection {
            url: url.trim_end_matches('/').to_owned(),
            agent: Agent::config_builder()
                .timeout_recv_response(Some(PATIENCE))
                .timeout_recv_body(Some(PATIENCE))
                // llama-server closes a connection that was idle for five seconds, as it is between samples.
                .max_idle_connections(0)
                .build()
                .into(),
            dialect: Dialect::LlamaServer,
        };
        if connection.url.ends_with("/v1") {
            let model = match model {
                "" => connection.only_model()?,
                named => named.to_owned(),
            };
            connection.dialect = Dialect::Completions { model };
        }
        Ok(connection)
    }

    fn only_model(&self) -> Result<String, EngineError> {
        let listed = self.get("/models")?;
        let models = listed.get("data").and_then(Value::as_array).into_iter().flatten();
        let ids: Vec<&str> = models.filter_map(|model| model.get("id")?.as_str()).collect();
        match ids.as_slice() {
            [one] => Ok((*one).to_owned()),
            [] => Err(self.refused("lists no model under /models")),
            [first, ..] => Err(self.refused(&format!(
                "serves {} models; name the one to measure behind its address, e.g. {}#{first}",
                ids.len(),
                self.url
            ))),
        }
    }

    pub(super) const fn takes_tokens(&self) -> bool {
        matches!(self.dialect, Dialect::LlamaServer)
    }

    pub(super) fn info(&self) -> Result<EngineInfo, EngineError> {
        let (name, version) = match &self.dialect {
            Dialect::LlamaServer => {
                let props = self.get("/props")?;
                let version = props.get("build_info").and_then(Value::as_str).unwrap_or_default();
                ("llama-server", version.to_owned())
            }
            Dialect::Completions { model } => ("completions", model.clone()),
        };
        Ok(EngineInfo {
            name: name.to_owned(),
            version,
            ..EngineInfo::default()
        })
    }

    /// Tokens of context for each user, where the server tells.
    pub(super) fn n_ctx(&self) -> Result<Option<u32>, EngineError> {
        if !self.takes_tokens() {
            return Ok(None);
        }
        let props = self.get("/props")?;
        let n_ctx = props.pointer("/default_generation_settings/n_ctx");
        Ok(n_ctx.and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()))
    }

    pub(super) fn tokenize(&self, text: &str) -> Result<Vec<i32>, EngineError> {
        let asked = json!({"content": text, "add_special": true, "parse_special": false});
        let body = self.post("/tokenize", &asked)?.body_mut().read_to_string();
        let tokens = self.parsed("/tokenize", body)?.get("tokens").cloned();
        serde_json::from_value(tokens.unwrap_or_default())
            .map_err(|_| self.refused("answered /tokenize without token ids; is it llama-server?"))
    }

    /// One request, in a sequence of the server's; `began` is called when tokens arrive.
    pub(super) fn ask(
        &self,
        slot: u32,
        prompt: &Prompt,
        n_gen: u32,
        began: &mut dyn FnMut(),
    ) -> Result<Answered, EngineError> {
        let (path, body) = match &self.dialect {
            Dialect::LlamaServer => (
                "/completion",
                json!({
                    "prompt": prompt.body,
                    "n_predict": n_gen,
                    "id_slot": slot,
                    "cache_prompt": prompt.is_cached,
                    "temperature": 0.0,
                    "ignore_eos": true,
                    "return_tokens": true,
                    "stream": true,
                }),
            ),
            Dialect::Completions { model } => (
                "/completions",
                json!({
                    "model": model,
                    "prompt": prompt.body,
                    "max_tokens": n_gen,
                    "temperature": 0.0,
                    "ignore_eos": true,
                    "stream": true,
                    "stream_options": {"include_usage": true},
                }),
            ),
        };
        let start = Instant::now();
        let mut response = self.post(path, &body)?;
        let (mut answer, mut end) = (Answered::default(), None);
        answer.events_ns.reserve(n_gen as usize);
        for line in BufReader::new(response.body_mut().as_reader()).lines() {
            let line = line.map_err(|e| self.refused(&format!("broke off: {e}")))?;
            let now = ns_since(start);
            let Some(event) = line.strip_prefix("data: ").filter(|event| *event != "[DONE]") else {
                continue;
            };
            let event = self.event(event)?;
            let n_before = answer.events_ns.len();
            match self.dialect {
                Dialect::LlamaServer => answer.add_tokens(event, now, &mut end),
                Dialect::Completions { .. } => answer.add_text(event, now, &mut end),
            }
            if answer.events_ns.len() > n_before {
                began();
            }
        }
        let Some(end) = end else {
            return Err(self.refused("ended its answer in the middle; its own log may say why"));
        };
        self.check(&end, prompt, n_gen)?;
        Ok(answer)
    }

    /// A server that ended early, or cut the text otherwise, did something else than the other arms.
    fn check(&self, end: &End, prompt: &Prompt, n_gen: u32) -> Result<(), EngineError> {
        if let Some(n) = end.n_predicted.filter(|n| *n != n_gen) {
            let next = match self.takes_tokens() {
                true => "start it with a larger --ctx-size",
                false => "its context is too small, or it cannot be told to go on (ignore_eos)",
            };
            return Err(self.refused(&format!("ended an answer after {n} of {n_gen} tokens; {next}")));
        }
        let most = 2.max(prompt.n_tokens / 50);
        if let Some(n) = end.n_prompt.filter(|n| n.abs_diff(prompt.n_tokens) > most) {
            let own = prompt.n_tokens;
            return Err(self.refused(&format!(
                "read {n} tokens in a prompt of {own}; does it serve this model, and without a template around the text?"
            )));
        }
        Ok(())
    }

    fn event(&self, text: &str) -> Result<Event, EngineError> {
        let read: Result<Event, _> = serde_json::from_str(text);
        let event = read.map_err(|e| self.refused(&format!("sent an event that cannot be read: {e}")))?;
        match &event.error {
            Some(error) => Err(self.refused(&format!("said: {error}"))),
            None => Ok(event),
        }
    }

    fn post(&self, path: &str, body: &Value) -> Result<ureq::http::Response<ureq::Body>, EngineError> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .content_type("application/json");
        request.send(body.to_string()).map_err(|e| self.unreachable(path, &e))
    }

    fn get(&self, path: &str) -> Result<Value, EngineError> {
        let response = self.agent.get(format!("{}{path}", self.url)).call();
        let text = response.and_then(|mut found| found.body_mut().read_to_string());
        self.parsed(path, text)
    }

    fn parsed(&self, path: &str, text: Result<String, ureq::Error>) -> Result<Value, EngineError> {
        let text = text.map_err(|e| self.unreachable(path, &e))?;
        serde_json::from_str(&text)
            .map_err(|_| self.refused(&format!("answered {path} with what is no JSON; {}", self.advice())))
    }

    fn unreachable(&self, path: &str, error: &ureq::Error) -> EngineError {
        self.refused(&format!("did not answer {path}: {error}; {}", self.advice()))
    }

    fn advice(&self) -> &'static str {
        match self.url.ends_with("/v1") {
            true => "does a server of OpenAI's completions run there?",
            false => "is llama-server running there? The address of another server ends in /v1",
        }
    }

    pub(super) fn refused(&self, why: &str) -> EngineError {
        EngineError::Refused(format!("the server at {} {why}", self.url))
    }
}

impl Answered {
    fn add_tokens(&mut self, event: Event, now: u64, end: &mut Option<End>) {
        if event.stop {
            self.end_ns = now;
            *end = Some(End {
                n_predicted: Some(event.tokens_predicted),
                n_prompt: None,
            });
        } else {
            self.events_ns.push(now);
            self.tokens.extend(event.tokens);
        }
    }

    /// The last text may come with the reason for the end; what was used comes after it, from servers that tell.
    fn add_text(&mut self, event: Event, now: u64, end: &mut Option<End>) {
        for choice in event.choices {
            if !choice.text.is_empty() {
                self.events_ns.push(now);
                self.text += &choice.text;
            }
            if let Some(reason) = choice.finish_reason {
                self.end_ns = now;
                let is_early = reason != "length";
                end.get_or_insert_default().n_predicted = is_early.then_some(self.events_ns.len() as u32);
            }
        }
        if let (Some(usage), Some(end)) = (event.usage, end) {
            end.n_predicted = Some(usage.completion_tokens);
            end.n_prompt = Some(usage.prompt_tokens);
        }
    }

    /// The end, where all of it was one character.
    pub(super) fn ttft_ns(&self) -> u64 {
        self.events_ns.first().copied().unwrap_or(self.end_ns)
    }

    /// From the first token to the end.
    pub(super) fn gen_ns(&self) -> u64 {
        self.end_ns - self.ttft_ns()
    }

    /// Between tokens; nothing where not each of them came by itself.
    pub(super) fn gaps(&self, n: u32) -> Vec<u64> {
        let gaps: Vec<u64> = self.events_ns.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if gaps.len() == n as usize {
            gaps
        } else {
            Vec::new()
        }
    }

    pub(super) fn times(&self) -> RequestTimes {
        RequestTimes {
            latency_ns: self.end_ns,
            ttft_ns: self.ttft_ns(),
        }
    }
}

pub(super) fn ns_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

//! The request loop: one reply per request, in order. A refusal of the engine is a reply, and the worker stays up; a
//! request that is not one ends the worker, because the two sides no longer understand each other.

use super::load::load;
use super::memory::reading;
use super::score::Scoring;
use super::server::Server;
use super::speed::Speed;
use super::state_file::StateFiles;
use crate::data::{is_server, FailureKind};
use crate::engine::{ContextId, Engine, EngineError, Layout};
use crate::protocol::{read_line, write_line, Reply, Request, PROTOCOL_VERSION};
use std::io::{self, BufRead, Write};

/// Who answers: a [`Session`], in tests with faults around it.
pub(super) trait Answer {
    fn hello(&mut self) -> Result<Reply, EngineError>;
    fn answer(&mut self, request: Request) -> Result<Reply, EngineError>;
    fn write(&mut self, replies: &mut impl Write, reply: &Reply) -> io::Result<()> {
        write_line(replies, reply)
    }
}

/// Says hello, then answers until `Quit` or the end of `requests`.
pub(super) fn serve(
    requests: &mut impl BufRead,
    replies: &mut impl Write,
    session: &mut impl Answer,
) -> io::Result<()> {
    let hello = session.hello().map_err(io::Error::other)?;
    session.write(replies, &hello)?;
    while let Some(line) = read_line(requests)? {
        let request: Request = serde_json::from_slice(&line)?;
        if request == Request::Quit {
            break;
        }
        let reply = session.answer(request).unwrap_or_else(failed);
        session.write(replies, &reply)?;
    }
    Ok(())
}

/// An engine, and what the worker holds between requests.
pub(super) struct Session<E> {
    engine: E,
    speed: Option<Speed>,
    contexts: Vec<ContextId>,
    scoring: Scoring,
    /// What answers instead of the engine, where the arm's device is a server.
    server: Option<Server>,
}

impl<E: Engine> Session<E> {
    pub(super) fn new(engine: E) -> Self {
        Self {
            engine,
            speed: None,
            contexts: Vec::new(),
            scoring: Scoring::default(),
            server: None,
        }
    }

    fn ready(&mut self, context: usize) -> Result<(&mut E, &mut Speed, ContextId), EngineError> {
        let speed = self.speed.as_mut();
        let speed = speed.ok_or_else(|| EngineError::Refused("no model is loaded".to_owned()))?;
        let id = self.contexts.get(context).copied();
        let id = id.ok_or_else(|| EngineError::Refused(format!("there is no context {context}")))?;
        Ok((&mut self.engine, speed, id))
    }
}

impl<E: Engine> Answer for Session<E> {
    fn hello(&mut self) -> Result<Reply, EngineError> {
        Ok(Reply::Hello {
            protocol_version: PROTOCOL_VERSION,
            engine: self.engine.info(),
        })
    }

    fn answer(&mut self, request: Request) -> Result<Reply, EngineError> {
        let engine = &mut self.engine;
        if let Some(server) = &self.server {
            return server.answer(&request, engine);
        }
        match request {
            Request::Load(request) if is_server(&request.device) => {
                let (server, reply) = Server::connect(&request, engine)?;
                self.server = Some(server);
                Ok(reply)
            }
            Request::Load(request) => {
                let (tokens, reply) = load(engine, &request)?;
                let states = StateFiles::new(&request.scratch, request.model_sha256, engine.info().version);
                let mut speed = Speed::new(tokens, states, request.draft);
                speed.watch_gpus(engine.pci_addresses());
                self.speed = Some(speed);
                Ok(reply)
            }
            Request::Open { config, cached } => {
                let (id, context) = engine.open(&config, &Layout::single(&config))?;
                self.contexts.push(id);
                if let Some(speed) = &mut self.speed {
                    speed.opened(id, config, &cached);
                }
                Ok(Reply::Opened { context })
            }
            Request::Prepare(request) => {
                let (engine, speed, id) = self.ready(request.context)?;
                Ok(Reply::Prepared {
                    execution_ns: speed.prepare(engine, id, &request.spec, request.is_timed)?,
                })
            }
            Request::Measure(request) => {
                let (engine, speed, id) = self.ready(request.context)?;
                Ok(Reply::Sampled {
                    sample: speed.measure(engine, id, &request.spec, request.round, request.n_repeat)?,
                })
            }
            Request::Memory => Ok(Reply::Memory {
                reading: reading(engine.device_bytes())?,
            }),
            Request::Texts { texts } => Ok(Reply::Texts {
                tokens: self.scoring.tokenize(engine, &texts)?,
            }),
            Request::OpenScoring { config, shared_fd } => Ok(Reply::Opened {
                context: self.scoring.open(engine, &config, shared_fd)?,
            }),
            Request::Score(request) => {
                let (score, forward_ns) = self.scoring.score(engine, request)?;
                Ok(Reply::Scored {
                    score: Box::new(score),
                    forward_ns,
                })
            }
            Request::Quit => Err(EngineError::Refused("the worker is ending".to_owned())),
        }
    }
}

fn failed(error: EngineError) -> Reply {
    let kind = match error {
        EngineError::Refused(_) => FailureKind::Engine,
        EngineError::OutOfMemory(_) => FailureKind::OutOfMemory,
        EngineError::NotFinite(_) => FailureKind::Broken,
    };
    Reply::Failed {
        kind,
        reason: error.to_string(),
    }
}

#[cfg(all(test, feature = "test-engine"))]
mod tests {
    use super::*;
    use crate::data::{ArmConfig, Work};
    use crate::engine::fake::FakeEngine;
    use crate::protocol::{Load, Measure};
    use crate::worker::faults::Faulty;

    fn talk(script: &str, requests: &[Request]) -> (io::Result<()>, Vec<u8>) {
        let mut wire = Vec::new();
        for request in requests {
            write_line(&mut wire, request).expect("a Vec accepts all writes");
        }
        let script = serde_json::from_str(script).expect("a valid script");
        let mut out = Vec::new();
        let ended = serve(&mut &wire[..], &mut out, &mut Faulty::new(script));
        (ended, out)
    }

    fn replies(out: &[u8]) -> Vec<Reply> {
        let lines = out.split(|&b| b == b'\n').filter(|l| !l.is_empty());
        lines.map(|l| serde_json::from_slice(l).expect("a reply")).collect()
    }

    fn config() -> ArmConfig {
        ArmConfig {
            n_threads: 2,
            n_batch: 512,
            n_ctx: 256,
            ..ArmConfig::default()
        }
    }

    fn open() -> Request {
        Request::Open {
            config: config(),
            cached: Vec::new(),
        }
    }

    fn load(path: &std::path::Path, n_tokens: u32) -> Request {
        Request::Load(Load {
            text: "words of a text ".repeat(40),
            n_tokens,
            ..Load::of(&config(), path.to_owned(), std::env::temp_dir())
        })
    }

    #[test]
    fn refusals_are_answers_and_the_worker_stays_up() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("m-Q8_0.gguf");
        std::fs::write(&path, b"GGUF").expect("written");
        let measure = Request::Measure(Measure {
            context: 7,
            spec: Work::decode(4, 64),
            round: 0,
            n_repeat: 2,
        });
        let (ended, out) = talk(
            r#"{"faults":[{"at":"open","file":"Q8_0","times":1,"action":"oom"}]}"#,
            &[
                open(),
                load(&path, 100_000),
                load(&path, 100),
                open(),
                open(),
                measure,
                Request::Quit,
                Request::Memory,
            ],
        );
        ended.expect("Quit is a good end");
        let replies = replies(&out);
        assert_eq!(replies.len(), 7, "one per request, hello first, nothing after Quit");
        assert!(matches!(
            &replies[1],
            Reply::Failed {
                kind: FailureKind::Engine,
                ..
            }
        ));
        assert!(matches!(&replies[2], Reply::Failed { reason, .. } if reason.contains("100000")));
        assert!(matches!(&replies[3], Reply::Loaded { .. }));
        assert!(matches!(
            &replies[4],
            Reply::Failed {
                kind: FailureKind::OutOfMemory,
                ..
            }
        ));
        assert!(matches!(&replies[5], Reply::Opened { .. }));
        assert!(matches!(&replies[6], Reply::Failed { reason, .. } if reason.contains("no context 7")));
    }

    #[test]
    fn what_is_not_a_request_ends_the_worker() {
        let mut session = Session::new(FakeEngine::new(Default::default()));
        assert!(serve(&mut &b"{\"dance\":1}\n"[..], &mut Vec::new(), &mut session).is_err());
    }
}

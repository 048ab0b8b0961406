//! JSON-RPC over stdin and stdout, a message in each line. The SDK's own transport passes over a line that it cannot read, so that
//! a client waits for ever; here it is answered with an error.

use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde_json::{json, Value};
use std::future::Future;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, Mutex};
use tokio::task::JoinSet;

/// Longest message accepted, as in the SDK.
const LINE_BYTES_MAX: u64 = 16 << 20;
/// Codes of JSON-RPC 2.0.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;

/// Stdin, read by a thread of its own, and stdout.
pub struct Lines {
    lines: mpsc::Receiver<Line>,
    out: Arc<Mutex<tokio::io::Stdout>>,
    /// Answers to what is no message, on their way out: in tasks of their own, since `receive` may be dropped at any `await`.
    refusals: JoinSet<io::Result<()>>,
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

impl Lines {
    /// Begins to read stdin. That thread does not keep the program alive.
    pub fn begin() -> io::Result<Lines> {
        let (sender, lines) = mpsc::channel(4);
        std::thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || forward(&mut io::stdin().lock(), &sender))?;
        Ok(Lines {
            lines,
            out: Arc::new(Mutex::new(tokio::io::stdout())),
            refusals: JoinSet::new(),
        })
    }

    fn write(&self, message: serde_json::Result<Vec<u8>>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let out = Arc::clone(&self.out);
        async move {
            let mut line = message?;
            line.push(b'\n');
            let mut out = out.lock().await;
            out.write_all(&line).await?;
            out.flush().await
        }
    }
}

impl Transport<RoleServer> for Lines {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        self.write(serde_json::to_vec(&item))
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        while let Some(line) = self.lines.recv().await {
            match parse(&line) {
                Ok(message) => return Some(message),
                Err(Some(refusal)) => {
                    while self.refusals.try_join_next().is_some() {}
                    self.refusals.spawn(self.write(serde_json::to_vec(&refusal)));
                }
                Err(None) => {}
            }
        }
        while self.refusals.join_next().await.is_some() {}
        None
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.lines.close();
        Ok(())
    }
}

fn forward(input: &mut impl BufRead, sender: &mpsc::Sender<Line>) {
    loop {
        let mut line = Vec::new();
        match input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(n) if n > 0 => {}
            _ => return,
        }
        let is_whole = line.ends_with(b"\n") || (line.len() as u64) < LINE_BYTES_MAX;
        let line = match is_whole {
            true => Line::Whole(line),
            false if input.skip_until(b'\n').is_ok() => Line::TooLong,
            false => return,
        };
        if sender.blocking_send(line).is_err() {
            return;
        }
    }
}

/// The message in a line; otherwise what is to be answered, if anything: a notification is never answered.
fn parse(line: &Line) -> Result<RxJsonRpcMessage<RoleServer>, Option<Value>> {
    let Line::Whole(line) = line else {
        let why = format!("a message has at most {} MiB", LINE_BYTES_MAX >> 20);
        return Err(Some(refusal(&Value::Null, INVALID_REQUEST, &why)));
    };
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return Err(None);
    }
    let value: Value = serde_json::from_slice(line).map_err(|e| {
        let why = format!("Parse error: {e}; a message is one line of JSON");
        Some(refusal(&Value::Null, PARSE_ERROR, &why))
    })?;
    serde_json::from_value(value.clone()).map_err(|e| {
        let id = value.get("id").filter(|id| id.is_string() || id.is_number());
        let is_notification = value.get("method").is_some() && id.is_none();
        (!is_notification).then(|| {
            let why = format!("Invalid request: {e}");
            refusal(id.unwrap_or(&Value::Null), INVALID_REQUEST, &why)
        })
    })
}

fn refusal(id: &Value, code: i32, why: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": why}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: &str) -> Option<Value> {
        parse(&Line::Whole(line.as_bytes().to_vec())).expect_err("it is refused")
    }

    #[test]
    fn what_is_no_message_is_answered_with_what_is_wrong_with_it() {
        let code = |line: &str| {
            let answer = answer(line).expect("it is answered");
            (answer["id"].clone(), answer["error"]["code"].clone())
        };
        for broken in ["{\"jsonrpc\":", "hello", "\u{1}", "{}{}"] {
            assert_eq!(code(broken), (Value::Null, json!(PARSE_ERROR)), "{broken}");
        }
        assert_eq!(code("[]"), (Value::Null, json!(INVALID_REQUEST)));
        assert_eq!(
            code(r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#),
            (json!(7), json!(INVALID_REQUEST))
        );
        assert!(answer("  ").is_none());
        assert!(parse(&Line::TooLong).is_err_and(|answer| answer.is_some()));
        let ping = "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n";
        assert!(parse(&Line::Whole(ping.as_bytes().to_vec())).is_ok());
    }

    #[test]
    fn long_lines_are_dropped_as_they_come() {
        let (sender, mut lines) = mpsc::channel(4);
        let long = vec![b'x'; LINE_BYTES_MAX as usize + 10];
        let input = [&long, b"\nhello\nend".as_slice()].concat();
        std::thread::spawn(move || forward(&mut input.as_slice(), &sender));
        let mut next = || lines.blocking_recv();
        assert!(matches!(next(), Some(Line::TooLong)));
        assert!(matches!(next(), Some(Line::Whole(line)) if line == b"hello\n"));
        assert!(matches!(next(), Some(Line::Whole(line)) if line == b"end"));
        assert!(next().is_none());
    }
}

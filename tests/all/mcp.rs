//! `kvant mcp`: a client's conversation over pipes, with the scripted engine behind it.

use crate::util::Lab;
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// A conversation with `kvant mcp`, after the greeting.
struct Client {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// What the server said of itself.
    welcome: Value,
}

impl Client {
    fn greet(lab: &Lab) -> Client {
        let mut command = lab.kvant(&["mcp"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("kvant starts");
        let mut client = Client {
            input: child.stdin.take().expect("a pipe"),
            lines: BufReader::new(child.stdout.take().expect("a pipe")).lines(),
            child,
            welcome: Value::Null,
        };
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
        client.welcome = client.ask(0, "initialize", &hello)["result"].clone();
        client.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        client
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("kvant reads");
    }

    /// The next message.
    fn hear(&mut self) -> Value {
        let line = self.lines.next().expect("an answer").expect("text");
        serde_json::from_str(&line).expect("JSON, a message in each line")
    }

    fn ask(&mut self, id: usize, method: &str, params: &Value) -> Value {
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        let answer = self.hear();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    fn end(mut self) {
        drop(self.input);
        assert!(self.child.wait().expect("it ends with its input").success());
    }
}

/// Sends these requests, in turn, and gives their answers.
fn converse(lab: &Lab, requests: &[(&str, Value)]) -> Vec<Value> {
    let mut client = Client::greet(lab);
    let asked = requests.iter().enumerate();
    let answers = asked
        .map(|(i, (method, params))| client.ask(i + 1, method, params))
        .collect();
    client.end();
    answers
}

fn call(tool: &str, arguments: Value) -> (&'static str, Value) {
    ("tools/call", json!({"name": tool, "arguments": arguments}))
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().expect("text")
}

#[test]
fn an_assistant_gets_measured_answers() {
    let lab = Lab::new();
    let file = lab.path("models/tiny-F16.gguf").display().to_string();
    let answers = converse(
        &lab,
        &[
            ("tools/list", json!({})),
            call("hardware", json!({})),
            call("inspect", json!({"model": file})),
            call("triage", json!({"model": "models", "budget": "20s"})),
            call("triage", json!({"model": "nowhere.gguf"})),
        ],
    );
    let tools = answers[0]["result"]["tools"].as_array().expect("tools");
    let names: Vec<&str> = tools.iter().filter_map(|t| t["name"].as_str()).collect();
    assert_eq!(names, ["hardware", "inspect", "report", "triage"]);
    assert!(
        tools
            .iter()
            .all(|t| t["description"].as_str().is_some_and(|d| d.len() > 20)),
        "{tools:?}"
    );
    let json = |i: usize| serde_json::from_str::<Value>(text(&answers[i])).expect("JSON");
    assert_eq!(json(1)["schema"], "kvant.doctor/1");
    assert!(text(&answers[2]).contains("llama"), "{}", text(&answers[2]));
    assert!(json(3)["candidates"].as_array().is_some_and(|c| c.len() == 6));
    assert_eq!(answers[4]["result"]["isError"], true);
    assert!(text(&answers[4]).contains("nowhere.gguf"), "{}", text(&answers[4]));
}

#[test]
fn the_server_names_itself() {
    let client = Client::greet(&Lab::new());
    let welcome = &client.welcome;
    assert!(welcome["capabilities"]["tools"].is_object(), "{welcome}");
    assert_eq!(welcome["serverInfo"]["name"], "kvant");
    assert_eq!(welcome["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
    client.end();
}

#[test]
fn arguments_that_do_not_exist_are_refused_with_those_that_do() {
    let lab = Lab::new();
    let answers = converse(
        &lab,
        &[
            call("triage", json!({"model": "models", "max_rams": "1KiB"})),
            call("inspect", json!({"modle": "models"})),
            call("report", json!({"run": "run", "lang": "es"})),
            call("hardware", json!({"verbose": true})),
            call("triage", json!({"model": "models", "n_ctx": "many"})),
        ],
    );
    let refused = [
        ("max_rams", "`max_ram`"),
        ("modle", "`model`"),
        ("lang", "`run`"),
        ("verbose", "no fields"),
        ("many", "u32"),
    ];
    for (answer, (wrong, known)) in answers.iter().zip(refused) {
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        let why = text(answer);
        assert!(why.contains(wrong) && why.contains(known), "{why}");
    }
    assert!(!lab.path("store/answers").exists(), "nothing was measured");
}

#[test]
fn every_limit_of_a_triage_reaches_it() {
    let asked =
        json!({"model": "models", "max_vram": "8GiB", "kv": "q8_0/f16", "depth": 64, "n_prompt": 32, "budget": "20s"});
    let lab = Lab::new();
    let answers = converse(
        &lab,
        &[
            call("triage", asked),
            call("triage", json!({"model": "models", "depth": 0})),
            call("triage", json!({"model": "models", "n_prompt": 0})),
        ],
    );
    let decision: Value = serde_json::from_str(text(&answers[0])).expect("JSON");
    assert_eq!(decision["goal"]["max_vram_bytes"], 8_u64 << 30, "{decision}");
    let candidates = decision["candidates"].as_array().expect("candidates");
    assert_eq!(candidates.len(), 3, "one KV type: {candidates:?}");
    let journal = std::fs::read_dir(lab.path("store/answers"))
        .expect("a kept answer")
        .flatten();
    let runs = journal.flat_map(|question| std::fs::read_dir(question.path()).expect("a run").flatten());
    let journal = kvant::journal::read(&runs.last().expect("a run").path().join("journal.jsonl")).expect("a journal");
    let plan = &journal.header.plan;
    assert!(
        plan.arms.iter().all(|arm| arm.config.kv() == "q8_0/f16"),
        "{:?}",
        plan.arms
    );
    let lengths: std::collections::BTreeSet<_> = plan
        .cells
        .iter()
        .map(|c| (c.spec.n_prompt(), c.spec.n_depth()))
        .collect();
    assert_eq!(lengths, [(0, 64), (32, 0)].into(), "a prompt and a depth");
    for (answer, flag) in answers[1..].iter().zip(["--depth", "--n-prompt"]) {
        let why = text(answer);
        assert!(why.contains(flag) && why.contains("0 is not in 1"), "{answer}");
    }
}

#[test]
fn lines_that_are_no_messages_are_answered() {
    let lab = Lab::new();
    let mut client = Client::greet(&lab);
    for (line, code, id) in [
        ("this is no JSON", -32700, Value::Null),
        ("{\"jsonrpc\":\"2.0\",\"id\":", -32700, Value::Null),
        ("[]", -32600, Value::Null),
        (
            "{\"jsonrpc\":\"1.0\",\"id\":\"a\",\"method\":\"ping\"}",
            -32600,
            json!("a"),
        ),
    ] {
        client.say(line);
        let answer = client.hear();
        assert_eq!(
            (&answer["error"]["code"], &answer["id"]),
            (&json!(code), &id),
            "{line}: {answer}"
        );
        assert_eq!(answer["jsonrpc"], "2.0");
    }
    // The conversation goes on.
    client.say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/unknown\"}");
    assert!(client.ask(1, "tools/list", &json!({}))["result"]["tools"].is_array());
    client.say("the last words");
    let answer = client.hear();
    assert_eq!(answer["error"]["code"], -32700, "{answer}");
    client.end();
}

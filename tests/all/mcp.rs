//! `kvant mcp`: a client's conversation over pipes, with the scripted engine behind it.

use crate::util::Lab;
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

/// Sends these requests, in turn, and gives their results or errors.
fn converse(lab: &Lab, requests: &[(&str, Value)]) -> Vec<Value> {
    let mut command = lab.kvant(&["mcp"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("kvant starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut ask = |id: usize, method: &str, params: &Value| -> Value {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        writeln!(input, "{request}").expect("kvant reads");
        if id == 0 {
            writeln!(input, r#"{{"jsonrpc":"2.0","method":"notifications/initialized"}}"#).expect("kvant reads");
        }
        let line = lines.next().expect("an answer").expect("text");
        let answer: Value = serde_json::from_str(&line).expect("JSON, a message in each line");
        assert_eq!(answer["id"], id, "{answer}");
        answer["result"].clone()
    };
    let hello =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let welcome = ask(0, "initialize", &hello);
    assert!(welcome["capabilities"]["tools"].is_object(), "{welcome}");
    let asked = requests.iter().enumerate();
    let answers = asked.map(|(i, (method, params))| ask(i + 1, method, params)).collect();
    drop(input);
    assert!(child.wait().expect("it ends with its input").success());
    answers
}

fn call(tool: &str, arguments: Value) -> (&'static str, Value) {
    ("tools/call", json!({"name": tool, "arguments": arguments}))
}

fn text(answer: &Value) -> &str {
    answer["content"][0]["text"].as_str().expect("text")
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
    let tools = answers[0]["tools"].as_array().expect("tools");
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
    assert_eq!(answers[4]["isError"], true);
    assert!(text(&answers[4]).contains("nowhere.gguf"), "{}", text(&answers[4]));
}

//! `compare --server`: a server that answers as llama-server does, and as those of OpenAI's completions do, beside workers with the
//! scripted engine.

use crate::util::{run_for, stderr, Lab};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

/// A server whose vocabulary is that of the scripted engine, with a context of so many tokens.
fn llama_server(n_ctx: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || reply(stream.expect("a connection"), n_ctx));
        }
    });
    url
}

fn reply(mut stream: TcpStream, n_ctx: u64) {
    let mut input = BufReader::new(stream.try_clone().expect("a copy"));
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(input.read_line(&mut head).expect("a line") > 0);
    }
    let length = |line: &str| {
        line.to_lowercase()
            .strip_prefix("content-length: ")?
            .trim()
            .parse()
            .ok()
    };
    let mut body = vec![0; head.lines().find_map(length).unwrap_or(0)];
    input.read_exact(&mut body).expect("a body");
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = if head.contains("/tokenize") {
        let text = asked["content"].as_str().expect("a text");
        let tokens: Vec<i32> = std::iter::once(256).chain(text.bytes().map(i32::from)).collect();
        json!({ "tokens": tokens }).to_string()
    } else if head.contains("/props") {
        json!({"build_info": "b1-abc", "default_generation_settings": {"n_ctx": n_ctx}}).to_string()
    } else if head.contains("/v1/models") {
        json!({"data": [{"id": "tiny"}, {"id": "other"}]}).to_string()
    } else if head.contains("/v1/completions") {
        completion(&asked)
    } else {
        assert!(asked["ignore_eos"] == true && asked["prompt"].is_array(), "{asked}");
        let n = asked["n_predict"].as_u64().expect("a number");
        let tokens = (0..n).map(|n| event(json!({"tokens": [n], "stop": false})));
        tokens.collect::<String>() + &event(json!({"tokens": [], "stop": true, "tokens_predicted": n}))
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}",
        answer.len()
    );
    write!(stream, "{head}\r\n\r\n{answer}").expect("sent");
}

fn event(event: Value) -> String {
    format!("data: {event}\n\n")
}

/// The model `other` reads more than it is sent, as one with a template does.
fn completion(asked: &Value) -> String {
    let text = asked["prompt"].as_str().expect("a text");
    assert!(text.starts_with(|c: char| c.is_ascii_digit()), "{text}");
    let n = asked["max_tokens"].as_u64().expect("a number");
    let of_template = if asked["model"] == "other" { 30 } else { 1 };
    let said = |i| match i + 1 == n {
        false => event(json!({"choices": [{"text": "x", "finish_reason": null}], "usage": null})),
        true => event(json!({"choices": [{"text": "x", "finish_reason": "length"}]})),
    };
    let usage = json!({"prompt_tokens": text.len() + of_template, "completion_tokens": n});
    let end = event(json!({"choices": [], "usage": usage}));
    (0..n).map(said).collect::<String>() + &end + "data: [DONE]\n\n"
}

#[test]
fn a_server_is_measured_beside_a_worker() {
    let lab = Lab::new();
    let url = llama_server(4096);
    let works = "prefill,decode,no_reuse,prefix_reuse,state,requests,chat";
    let args = [
        "--server",
        &url,
        "--variants",
        "Q8_0",
        "--workloads",
        works,
        "--rounds",
        "2",
        "--quality",
        "on",
    ];
    run_for(&mut lab.compare(&args), 0);
    let results = lab.results();
    let of_server = |table: &Value| -> Vec<Value> {
        let rows = table.as_array().expect("rows").iter();
        rows.filter(|row| row["arm"] == "Q8_0 (server)").cloned().collect()
    };
    let cells = of_server(&results["cells"]);
    let works: std::collections::BTreeSet<&str> = cells.iter().filter_map(|c| c["workload"].as_str()).collect();
    let asked = ["chat", "decode", "no_reuse", "prefill", "prefix_reuse", "requests"];
    assert!(works.into_iter().eq(asked), "a state cannot be asked for over HTTP");
    for cell in &cells {
        assert!(
            cell["outcome"] == "ok" && cell["samples_ns"].as_array().is_some_and(|s| s.len() == 2),
            "{cell}"
        );
    }
    // A row for each turn.
    assert_eq!(of_server(&results["workloads"]["chat"]).len(), 4);
    assert!(of_server(&results["memory"]).is_empty() && of_server(&results["quality"]).is_empty());
    let report = std::fs::read_to_string(lab.path("run/report.md")).expect("written");
    assert!(report.contains("b1-abc") && report.contains(&url), "{report}");
}

#[test]
fn what_a_server_cannot_do_is_said() {
    let lab = Lab::new();
    let url = llama_server(64);
    let only = ["--variants", "Q8_0", "--workloads", "decode", "--rounds", "2"];
    let why = |args: &[&str], code| stderr(&run_for(&mut lab.compare(&[args, &only[..]].concat()), code));
    assert!(why(&["--server", "http://127.0.0.1:1"], 2).contains("is llama-server running there?"));
    assert!(why(&["--server", "localhost"], 2).contains("write it as http://127.0.0.1:8080"));
    let several = run_for(&mut lab.compare(&["--server", &url, "--variants", "F16,Q8_0"]), 2);
    assert!(stderr(&several).contains("it runs one variant"));
    why(&["--server", &url], 3);
    let results = lab.results();
    let cells = results["cells"].as_array().expect("cells").iter();
    for cell in cells {
        let is_server = cell["arm"] == "Q8_0 (server)";
        assert_eq!(cell["outcome"] == "ok", !is_server, "{cell}");
        let reason = cell["reason"].as_str().unwrap_or_default();
        assert_eq!(reason.contains("start it with --ctx-size"), is_server, "{cell}");
    }
}

#[test]
fn any_server_of_completions_is_measured_with_texts() {
    let lab = Lab::new();
    let url = llama_server(4096) + "/v1";
    let works = [
        "--variants",
        "Q8_0",
        "--workloads",
        "prefill,decode,requests,chat",
        "--rounds",
        "2",
    ];
    let run = |server: &str, code| {
        stderr(&run_for(
            &mut lab.compare(&[&["--server", server], &works[..]].concat()),
            code,
        ))
    };
    assert!(run(&url, 2).contains("name the one to measure behind its address"));
    run(&format!("{url}#tiny"), 0);
    let results = lab.results();
    let cells = results["cells"].as_array().expect("cells").iter();
    let of_server: Vec<&Value> = cells.filter(|cell| cell["arm"] == "Q8_0 (server)").collect();
    assert!(
        of_server.len() == 5 && of_server.iter().all(|cell| cell["outcome"] == "ok"),
        "{of_server:?}"
    );
    std::fs::remove_dir_all(lab.path("run")).expect("removed");
    run(&format!("{url}#other"), 3);
    let results = lab.results();
    let mut cells = results["cells"].as_array().expect("cells").iter();
    let failed = cells.find(|cell| cell["arm"] == "Q8_0 (server)").expect("a cell");
    assert!(
        failed["reason"]
            .as_str()
            .is_some_and(|why| why.contains("without a template")),
        "{failed}"
    );
}

//! llama.cpp's RPC backend on this machine: a model spread over two servers, and the same model here. Built with `GGML_RPC=ON` only.

use crate::util::{run_for, stderr, Lab};
use serde_json::Value;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A server that ends with the test.
struct Server {
    child: Child,
    endpoint: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn server(lab: &Lab) -> Server {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let mut command = lab.kvant(&[
        "rpc-server",
        "--device",
        "cpu",
        "--threads",
        "1",
        "--port",
        &port.to_string(),
    ]);
    command
        .env_remove("KVANT_FAKE_ENGINE")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = command.spawn().expect("it starts");
    let server = Server {
        child,
        endpoint: format!("127.0.0.1:{port}"),
    };
    let until = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(&server.endpoint).is_err() {
        assert!(Instant::now() < until, "the server listens");
        std::thread::sleep(Duration::from_millis(50));
    }
    server
}

fn measure(lab: &Lab, out: &str, more: &[&str]) -> Value {
    let mut args = vec![
        "compare",
        "builtin",
        "--variants",
        "F16",
        "--kv",
        "f16",
        "--n-prompt",
        "64",
        "--depths",
        "64",
    ];
    args.extend([
        "--workloads",
        "decode",
        "--rounds",
        "2",
        "--launches",
        "1",
        "--quality-ctx",
        "256",
        "--quality-chunks",
        "2",
    ]);
    args.extend(["--threads", "2", "-q", "--offline", "--out", out]);
    args.extend(more);
    run_for(lab.kvant(&args).env_remove("KVANT_FAKE_ENGINE"), 0);
    lab.results_in(out)
}

fn ppl(results: &Value) -> f64 {
    let row = &results["quality"].as_array().expect("rows")[0];
    assert_eq!(row["outcome"], "ok", "{row}");
    row["ppl"]["value"]
        .as_f64()
        .or(row["ppl"].as_f64())
        .expect("a perplexity")
}

#[test]
fn two_servers_give_the_perplexity_of_this_machine() {
    let lab = Lab::new();
    let servers = [server(&lab), server(&lab)];
    let rpc = servers.each_ref().map(|s| s.endpoint.as_str()).join(",");
    let here = measure(&lab, "here", &[]);
    let there = measure(&lab, "there", &["--rpc", &rpc]);
    assert!(
        (ppl(&there) / ppl(&here) - 1.0).abs() < 1e-3,
        "{} there, {} here",
        ppl(&there),
        ppl(&here)
    );
    let cell = &there["cells"].as_array().expect("cells")[0];
    assert_eq!(
        cell["device"],
        format!("rpc:{},rpc:{}", servers[0].endpoint, servers[1].endpoint)
    );
    assert_eq!(
        (&cell["outcome"], &cell["n_gpu_layers"]),
        (&Value::from("ok"), &Value::from(-1))
    );
    // Both servers hold a part of the weights.
    let memory = there["memory"].to_string();
    assert!(servers.iter().all(|s| memory.contains(&s.endpoint)), "{memory}");
}

#[test]
fn a_server_that_is_not_there_is_said_before_anything_is_measured() {
    let lab = Lab::new();
    let args = [
        "compare",
        "builtin",
        "--rpc",
        "127.0.0.1:9",
        "--offline",
        "--out",
        "run",
    ];
    let output = run_for(lab.kvant(&args).env_remove("KVANT_FAKE_ENGINE"), 2);
    assert!(
        stderr(&output).contains("--rpc 127.0.0.1:9") && stderr(&output).contains("rpc-server"),
        "{}",
        stderr(&output)
    );
    assert!(!lab.path("run").exists());
}

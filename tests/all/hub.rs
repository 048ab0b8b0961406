//! Files from the Hub: what is fetched, where it lies, and what is asked of whom.

use crate::hub_lab::{files_below, Hub, F16, TOKEN};
use crate::hub_server::{sha256, Faults, COMMIT, REPO};
use crate::util::{run_for, stderr};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn a_fresh_file_is_verified_and_laid_out_as_pythons_library_does() {
    let hub = Hub::new();
    let output = hub.fetch_for(0, &["fetched tiny-F16.gguf", "verified"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains(&*hub.pointer(F16).to_string_lossy()));
    assert!(hub.is_fetched());
    let link = std::fs::read_link(hub.pointer(F16)).expect("a link");
    assert_eq!(link, Path::new("../../blobs").join(sha256(&hub.bytes)));
    let main = std::fs::read_to_string(hub.cache().join("refs/main")).expect("recorded");
    assert_eq!(main, COMMIT);
    // A name with a folder and a space, and the right depth of its link.
    hub.expect(&mut hub.fetch("Q4_K_M"), 0, &[]);
    assert!(hub.pointer("sub folder/tiny-Q4_K_M.gguf").is_file());
}

#[test]
fn what_is_here_is_used_without_a_request() {
    let hub = Hub::new();
    hub.fetch_for(0, &[]);
    hub.server.seen();
    hub.fetch_for(0, &[]);
    assert!(hub.server.seen().is_empty());
    for offline in [true, false] {
        let mut command = hub.fetch("F16");
        match offline {
            true => command.arg("--offline"),
            false => command.env("HF_HUB_OFFLINE", "1"),
        };
        hub.expect(&mut command, 0, &[]);
    }
    hub.expect(hub.fetch("Q8_0").env("HF_HUB_OFFLINE", "1"), 7, &["HF_HUB_OFFLINE"]);
    let mut fresh = hub.fetch("F16");
    hub.expect(
        fresh.env("HF_HOME", hub.lab.path("empty")).arg("--offline"),
        7,
        &["--offline"],
    );
    assert!(hub.server.seen().is_empty());
    // A deleted server: the same.
    hub.expect(hub.fetch("F16").env("HF_ENDPOINT", "http://127.0.0.1:9"), 0, &[]);
}

#[test]
fn all_variants_of_a_repository_are_found_by_their_names() {
    let hub = Hub::new();
    hub.expect(
        &mut hub.fetch("F16,Q8_0,Q4_K_M"),
        0,
        &["tiny-Q8_0.gguf", "tiny-Q4_K_M.gguf"],
    );
    let listed = hub
        .server
        .seen()
        .iter()
        .filter(|seen| seen.path.starts_with("/api/"))
        .count();
    assert_eq!(listed, 1);
    let mut one = hub.kvant(&[
        "models",
        "fetch",
        &format!("hf:{REPO}:no-such.gguf"),
        "--variants",
        "F16",
    ]);
    hub.expect(&mut one, 2, &["tiny-Q8_0.gguf"]);
}

#[test]
fn a_pinned_revision_is_what_comes() {
    let hub = Hub::new();
    let at = |commit: &str| hub.kvant(&["models", "fetch", &format!("hf:{REPO}@{commit}"), "--variants", "F16"]);
    hub.expect(&mut at(COMMIT), 0, &[]);
    assert!(hub.is_fetched());
    assert!(!hub.cache().join("refs").exists());
    let other = "f".repeat(40);
    hub.expect(&mut at(&other), 7, &["was asked for"]);
    assert!(!hub.cache().join("snapshots").join(other).exists());
}

/// A login page that happens to be as long as the file.
#[test]
fn a_slow_server_is_waited_for_and_two_clients_fetch_once() {
    let hub = Hub::new();
    hub.server.set(Faults {
        pause: Duration::from_millis(60),
        ..Faults::default()
    });
    let start = || {
        let mut command = hub.fetch("F16");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("kvant starts")
    };
    let clients = [start(), start(), start()];
    for client in clients {
        let output = client.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    assert!(hub.is_fetched());
    hub.check_clean();
    assert_eq!(hub.server.n_body_bytes(), hub.bytes.len(), "fetched once");
}

#[test]
fn the_token_goes_to_the_endpoint_and_nowhere_else() {
    let hub = Hub::new();
    hub.fetch_for(0, &[]);
    let seen = hub.server.seen();
    let (cdn, hubs): (Vec<_>, Vec<_>) = seen.iter().partition(|seen| seen.path.starts_with("/cdn/"));
    assert!(!cdn.is_empty() && hubs.len() >= 2);
    assert!(
        cdn.iter()
            .all(|seen| seen.host.starts_with("localhost") && seen.authorization.is_none()),
        "{cdn:?}"
    );
    let bearer = format!("Bearer {TOKEN}");
    assert!(
        hubs.iter().all(|seen| seen.authorization.as_deref() == Some(&*bearer)),
        "{hubs:?}"
    );
    // Python's token file counts too.
    let other = Hub::new();
    std::fs::create_dir_all(other.lab.path("hf")).expect("made");
    std::fs::write(other.lab.path("hf/token"), "hf_stored\n").expect("written");
    run_for(other.fetch("F16").env_remove("HF_TOKEN"), 0);
    assert!(other
        .server
        .seen()
        .iter()
        .any(|seen| seen.authorization.as_deref() == Some("Bearer hf_stored")));
}

#[test]
fn a_run_over_hub_files_records_no_token_and_what_it_measured() {
    let hub = Hub::new();
    let model = format!("hf:{REPO}");
    let args = [
        "compare",
        &model,
        "--out",
        "run",
        "--rounds",
        "3",
        "--launches",
        "1",
        "--n-prompt",
        "128",
    ];
    let mut command = hub.kvant(&args);
    hub.expect(
        command.args(["--depths", "128", "--kv", "f16"]),
        0,
        &["fetched tiny-Q8_0.gguf"],
    );
    for path in files_below(&hub.lab.path("run")) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("readable")).into_owned();
        assert!(!text.contains(TOKEN), "{}", path.display());
    }
    let results = hub.lab.results();
    assert_eq!(results["variants"][0]["sha256"], sha256(&hub.bytes));
    assert_eq!(results["variants"][0]["derived_from"], serde_json::Value::Null);
}

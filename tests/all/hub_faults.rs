//! Files from a Hub that misbehaves. In no case does a wrong byte end up under a final name: [`Hub::check_clean`] looks
//! after every command.

use crate::hub_lab::{file, Hub, F16};
use crate::hub_server::{Faults, HubServer, REPO};
use crate::util::{run_for, stderr, wait_until, Lab};
use std::process::Stdio;
use std::time::Duration;

/// A status, its headers, whether a token is sent, words that must be in the error, and words that must not.
type Refusal = (
    u16,
    &'static [(&'static str, &'static str)],
    bool,
    &'static [&'static str],
    &'static [&'static str],
);

const CODE: &str = "x-error-code";
const MESSAGE: &str = "x-error-message";
const INVALID: (&str, &str) = (MESSAGE, "Invalid credentials in Authorization header");

#[rustfmt::skip]
const REFUSALS: &[Refusal] = &[
    (401, &[(CODE, "RepoNotFound")], false, &["HTTP 401", "does not exist, or is private or gated", "check the spelling", "set HF_TOKEN"], &["license"]),
    (401, &[], false, &["does not exist, or is private or gated", "check the spelling"], &["license"]),
    (404, &[(CODE, "RepoNotFound")], true, &["HTTP 404", "does not exist, or is private", "the access of the account of HF_TOKEN"], &["license"]),
    (401, &[INVALID], true, &["HTTP 401", "refused HF_TOKEN", "invalid or has expired"], &["license", "spelling"]),
    (401, &[INVALID, (CODE, "RepoNotFound")], true, &["refused HF_TOKEN"], &["license", "spelling"]),
    (401, &[(CODE, "GatedRepo")], false, &["is gated", "accept its license", "then set HF_TOKEN"], &["spelling"]),
    (403, &[(CODE, "GatedRepo")], true, &["HTTP 403", "is gated", "accept its license", "with the account of HF_TOKEN"], &["set HF_TOKEN"]),
    (403, &[(MESSAGE, "the token lacks the scope")], true, &["HTTP 403: the token lacks the scope", "license"], &[]),
    (404, &[(CODE, "RevisionNotFound")], false, &["has no such revision", "the @"], &["license"]),
    (404, &[], true, &["HTTP 404", "check the name"], &["license", "HF_TOKEN"]),
    (451, &[(MESSAGE, "Access to this resource is disabled.")], false, &["HTTP status 451", "is disabled"], &["license"]),
    (429, &[], false, &["HTTP 429", "too many requests", "set HF_TOKEN"], &["license"]),
    (429, &[], true, &["too many requests"], &["HF_TOKEN"]),
    (500, &[], true, &["HTTP 500", "try again later"], &["license"]),
    (503, &[], true, &["HTTP 503", "try again later"], &["license"]),
];

#[test]
fn refusals_name_their_cause_and_what_helps() {
    let check = |&(status, with, has_token, words, others): &Refusal| {
        let hub = Hub::new();
        let fetch = || {
            let mut command = hub.fetch("F16");
            if !has_token {
                command.env_remove("HF_TOKEN");
            }
            command
        };
        hub.server.set(Faults {
            listing: Some((status, 99)),
            with: with.to_vec(),
            ..Faults::default()
        });
        let text = stderr(&hub.expect(&mut fetch(), 7, words));
        for other in others.iter().chain(&["check the network"]) {
            assert!(!text.contains(other), "'{other}' is in: {text}");
        }
        assert!(!hub.cache().join("snapshots").exists());
    };
    std::thread::scope(|scope| {
        for case in REFUSALS {
            scope.spawn(move || check(case));
        }
    });
}

/// The redirect leads away from the Hub: what is refused there is no matter of tokens and licenses.
#[test]
fn refusals_of_the_server_behind_the_hub_are_its_own() {
    for (status, words) in [
        (401, "try again later"),
        (403, "try again later"),
        (404, "HTTP 404"),
        (500, "HTTP 500"),
    ] {
        let hub = Hub::new();
        hub.server.set(Faults {
            download: Some((status, 99)),
            ..Faults::default()
        });
        let text = stderr(&hub.fetch_for(7, &[words]));
        for other in ["license", "HF_TOKEN", "check the network"] {
            assert!(!text.contains(other), "'{other}' is in: {text}");
        }
        assert!(!hub.pointer(F16).exists() && !hub.blob().exists());
    }
}

#[test]
fn the_network_is_to_be_checked_where_nobody_answers() {
    let hub = Hub::new();
    let mut fetch = hub.fetch("F16");
    fetch.env("HF_ENDPOINT", "http://127.0.0.1:9");
    hub.expect(
        &mut fetch,
        7,
        &[
            "cannot be reached (connection refused)",
            "check the network",
            "HF_ENDPOINT",
        ],
    );
}

#[test]
fn a_token_that_cannot_be_one_is_no_absent_token() {
    let hub = Hub::new();
    let mut fetch = hub.fetch("F16");
    hub.expect(
        fetch.env("HF_TOKEN", "hf_half\nof_it"),
        2,
        &["HF_TOKEN holds", "a line break"],
    );
    std::fs::create_dir_all(hub.lab.path("hf")).expect("made");
    std::fs::write(hub.lab.path("hf/token"), "two words\n").expect("written");
    let mut fetch = hub.fetch("F16");
    hub.expect(fetch.env_remove("HF_TOKEN"), 2, &["the token in ", "hf/token holds"]);
    assert!(hub.server.seen().is_empty(), "nobody was asked");
    // Where no token is needed it does no harm.
    let mut inspect = hub.kvant(&["inspect", "models/tiny-F16.gguf"]);
    hub.expect(inspect.env("HF_TOKEN", "hf_half\nof_it"), 0, &[]);
}

#[test]
fn a_token_that_is_not_sent_is_told() {
    let hub = Hub::new();
    hub.server.set(Faults {
        listing: Some((401, 99)),
        ..Faults::default()
    });
    let mut fetch = hub.fetch("F16");
    fetch.env("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
    hub.expect(
        &mut fetch,
        7,
        &["HF_TOKEN was not sent, because HF_HUB_DISABLE_IMPLICIT_TOKEN is set"],
    );
}

fn n_listings(hub: &Hub) -> usize {
    hub.server
        .seen()
        .iter()
        .filter(|seen| seen.path.starts_with("/api/"))
        .count()
}

#[test]
fn a_server_that_asks_for_a_pause_gets_it_and_the_user_sees_it() {
    let hub = Hub::new();
    for with in [("retry-after", "1"), ("ratelimit", "\"api\";r=0;t=1")] {
        hub.server.set(Faults {
            listing: Some((429, 2)),
            download: Some((429, 1)),
            with: vec![with],
            ..Faults::default()
        });
        let output = hub.fetch_for(0, &["too many requests (HTTP 429)", "trying again in 1s", "verified"]);
        assert_eq!(
            stderr(&output).matches("trying again").count(),
            3,
            "{}",
            stderr(&output)
        );
        assert_eq!(n_listings(&hub), 3);
        let mut remove = hub.kvant(&["models", "remove"]);
        hub.expect(remove.arg(format!("hf:{REPO}")), 0, &[]);
    }
    // Headers alone are asked for as patiently.
    hub.server.set(Faults {
        download: Some((503, 1)),
        with: vec![("retry-after", "1")],
        ..Faults::default()
    });
    let mut inspect = hub.kvant(&["inspect"]);
    hub.expect(
        inspect.arg(format!("hf:{REPO}")),
        0,
        &["HTTP 503", "trying again in 1s"],
    );
}

#[test]
fn pauses_have_an_end() {
    let hub = Hub::new();
    for (wait, n_asked, words) in [
        ("3600", 1, "asks for a pause of 1h"),
        ("1", 6, "asks for a pause of 1s"),
    ] {
        hub.server.set(Faults {
            listing: Some((429, 99)),
            with: vec![("retry-after", wait)],
            ..Faults::default()
        });
        hub.fetch_for(7, &[words, "run the same command again"]);
        assert_eq!(n_listings(&hub), n_asked, "{wait}");
    }
}

#[test]
fn a_pause_ends_with_ctrl_c() {
    use nix::sys::signal::{kill, Signal};
    let hub = Hub::new();
    hub.server.set(Faults {
        listing: Some((429, 99)),
        with: vec![("retry-after", "200")],
        ..Faults::default()
    });
    let client = hub.fetch("F16").stderr(Stdio::piped()).spawn().expect("kvant starts");
    wait_until("a request", || n_listings(&hub) > 0);
    let pid = nix::unistd::Pid::from_raw(i32::try_from(client.id()).expect("a pid"));
    kill(pid, Signal::SIGINT).expect("it can be signalled");
    let output = client.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
}

#[test]
fn mirrors_that_list_no_lengths_are_asked_for_the_file() {
    for hides_links in [false, true] {
        let hub = Hub::new();
        hub.server.set(Faults {
            hides_sizes: true,
            hides_links,
            ..Faults::default()
        });
        hub.fetch_for(0, &["verified"]);
        assert!(hub.is_fetched());
        let mut inspect = hub.kvant(&["inspect", "--json", "--variant", "Q8_0"]);
        let output = hub.expect(inspect.arg(format!("hf:{REPO}")), 0, &[]);
        let facts: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(facts["ftype"], "Q8_0", "{facts}");
    }
}

#[test]
fn failures_that_pass_are_waited_out() {
    let hub = Hub::new();
    hub.server.set(Faults {
        listing: Some((503, 2)),
        download: Some((429, 2)),
        ..Faults::default()
    });
    hub.fetch_for(0, &["verified"]);
    assert!(hub.is_fetched());
}

#[test]
fn wrong_bytes_are_removed_and_named() {
    let cases: Vec<(Faults, &[&str])> = vec![
        (
            Faults {
                flips: true,
                ..Faults::default()
            },
            &["SHA-256", "removed"],
        ),
        (
            Faults {
                shorter: 100,
                ..Faults::default()
            },
            &["instead of"],
        ),
        (
            Faults {
                page: Some("<!DOCTYPE html><title>Log in to the network</title>"),
                ..Faults::default()
            },
            &["bytes of text/html instead of"],
        ),
    ];
    for (faults, words) in cases {
        let hub = Hub::new();
        hub.server.set(faults);
        hub.fetch_for(7, words);
        assert!(!hub.pointer(F16).exists() && !hub.blob().exists());
        assert!(std::fs::metadata(hub.partial()).map_or(0, |meta| meta.len()) == 0);
        hub.server.set(Faults::default());
        hub.fetch_for(0, &[]);
        assert!(hub.is_fetched());
    }
}

#[test]
fn a_page_of_the_right_length_is_no_model() {
    let hub = Hub::new();
    let page: String = "<html>"
        .chars()
        .chain("x".repeat(hub.bytes.len() - 6).chars())
        .collect();
    hub.server.set(Faults {
        page: Some(Box::leak(page.into_boxed_str())),
        ..Faults::default()
    });
    hub.fetch_for(7, &["something else than a GGUF file", "<html>"]);
    assert!(!hub.blob().exists());
}

#[test]
fn a_connection_that_is_cut_again_and_again_still_brings_the_file() {
    let hub = Hub::new();
    hub.server.set(Faults {
        cut_after: Some(hub.bytes.len() / 10 + 1),
        ..Faults::default()
    });
    hub.fetch_for(0, &["verified"]);
    assert!(hub.is_fetched());
    assert_eq!(hub.server.n_body_bytes(), hub.bytes.len(), "nothing came twice");
}

#[test]
fn a_download_cut_at_every_tenth_is_resumed_by_the_next_command() {
    let resume_at = |tenth: usize| {
        let hub = Hub::new();
        let cut = hub.bytes.len() * tenth / 10;
        hub.server.set(Faults {
            cut_at: Some(cut),
            ..Faults::default()
        });
        hub.fetch_for(7, &["cut"]);
        assert!(!hub.pointer(F16).exists());
        assert_eq!(
            std::fs::metadata(hub.partial()).map_or(0, |meta| meta.len()),
            cut as u64
        );
        hub.server.set(Faults::default());
        hub.server.n_body_bytes();
        hub.fetch_for(0, &["verified"]);
        assert!(hub.is_fetched() && !hub.partial().exists());
        assert_eq!(
            hub.server.n_body_bytes(),
            hub.bytes.len() - cut,
            "cut at {tenth} tenths"
        );
    };
    std::thread::scope(|scope| {
        for tenth in 0..10 {
            scope.spawn(move || resume_at(tenth));
        }
    });
}

#[test]
fn a_whole_but_unnamed_file_and_a_spoilt_one_are_both_taken_up_rightly() {
    let hub = Hub::new();
    std::fs::create_dir_all(hub.cache().join("blobs")).expect("made");
    std::fs::write(hub.partial(), &hub.bytes).expect("written");
    hub.fetch_for(0, &["verified"]);
    assert!(hub.is_fetched());
    assert_eq!(hub.server.n_body_bytes(), 0);
    for spoilt in [vec![7; 1000], vec![7; hub.bytes.len()], vec![7; hub.bytes.len() + 5]] {
        let hub = Hub::new();
        std::fs::create_dir_all(hub.cache().join("blobs")).expect("made");
        std::fs::write(hub.partial(), &spoilt).expect("written");
        hub.fetch_for(0, &["verified"]);
        assert!(hub.is_fetched());
    }
}

#[test]
fn a_server_without_ranges_is_begun_anew() {
    let hub = Hub::new();
    std::fs::create_dir_all(hub.cache().join("blobs")).expect("made");
    std::fs::write(hub.partial(), &hub.bytes[..1000]).expect("written");
    hub.server.set(Faults {
        ignores_ranges: true,
        ..Faults::default()
    });
    hub.fetch_for(0, &["verified"]);
    assert!(hub.is_fetched());
}

#[test]
fn a_client_that_is_killed_leaves_the_next_one_its_bytes() {
    let hub = Hub::new();
    hub.server.set(Faults {
        pause: Duration::from_millis(150),
        ..Faults::default()
    });
    let mut client = hub.fetch("F16").stderr(Stdio::null()).spawn().expect("kvant starts");
    wait_until("the first bytes", || {
        std::fs::metadata(hub.partial()).is_ok_and(|meta| meta.len() >= 1000)
    });
    client.kill().expect("it can be killed");
    client.wait().expect("it ends");
    assert!(!hub.pointer(F16).exists());
    hub.server.set(Faults::default());
    hub.server.seen();
    hub.fetch_for(0, &[]);
    assert!(hub.is_fetched());
    assert!(hub.server.seen().iter().any(|seen| seen.range.is_some()), "it went on");
}

#[test]
fn mirrors_that_list_no_hashes_are_asked_for_the_headers() {
    let hub = Hub::new();
    let hidden = Faults {
        hides_lfs: true,
        ..Faults::default()
    };
    hub.server.set(hidden.clone());
    hub.fetch_for(0, &["verified"]);
    assert!(hub.is_fetched() && hub.server.seen().iter().any(|seen| seen.method == "HEAD"));
    for etag in ["../../../../evil", "abc123", "/etc/evil"] {
        let hub = Hub::new();
        hub.server.set(Faults {
            etag: Some(etag),
            ..hidden.clone()
        });
        hub.fetch_for(7, &["no SHA-256", "models.toml"]);
        assert!(!hub.pointer(F16).exists());
    }
}

#[test]
fn hostile_names_stay_outside() {
    let bytes = file(1, 1, (1, 2));
    let server = HubServer::start(&[
        ("../../../../evil-F16.gguf", bytes.clone()),
        ("/tmp/evil-Q8_0.gguf", bytes.clone()),
    ]);
    let hub = Hub {
        lab: Lab::new(),
        server,
        bytes,
    };
    hub.fetch_for(2, &["no .gguf file"]);
    let hub = Hub::new();
    for commit in ["../../../../evil", "main", ""] {
        hub.server.set(Faults {
            commit: Some(commit),
            ..Faults::default()
        });
        hub.fetch_for(7, &["is no commit"]);
        assert!(!hub.cache().exists());
    }
}

#[test]
fn a_spoilt_file_in_the_cache_is_removed_named_and_fetched_again() {
    let hub = Hub::new();
    hub.fetch_for(0, &[]);
    let mut bytes = hub.bytes.clone();
    bytes[2000] ^= 1;
    std::fs::write(hub.blob(), &bytes).expect("written");
    hub.fetch_for(0, &["SHA-256", "was removed", "fetched tiny-F16.gguf"]);
    assert!(hub.is_fetched());
    std::fs::write(hub.blob(), &bytes).expect("written");
    let verify = |code| {
        let mut command = hub.kvant(&["models", "verify"]);
        run_for(command.arg(format!("hf:{REPO}")), code)
    };
    let output = verify(7);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("wrong, removed"),
        "{}",
        stderr(&output)
    );
    hub.fetch_for(0, &[]);
    assert!(String::from_utf8_lossy(&verify(0).stdout).starts_with("ok: "));
    let mut remove = hub.kvant(&["models", "remove"]);
    hub.expect(remove.arg(format!("hf:{REPO}")), 0, &["removed 1 files"]);
    assert!(!hub.blob().exists() && !hub.pointer(F16).exists());
}

#[test]
fn room_is_looked_for_before_the_first_byte() {
    let hub = Hub::new();
    hub.server.set(Faults {
        claims: Some(1 << 60),
        ..Faults::default()
    });
    hub.fetch_for(4, &["no room for tiny-F16.gguf", "free some space"]);
    assert_eq!(hub.server.n_body_bytes(), 0);
}

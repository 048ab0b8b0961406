//! Files from a Hub that misbehaves. In no case does a wrong byte end up under a final name: [`Hub::check_clean`] looks
//! after every command.

use crate::hub_lab::{file, Hub, F16};
use crate::hub_server::{Faults, HubServer, REPO};
use crate::util::{run_for, stderr, Lab};
use std::process::Stdio;
use std::time::Duration;

#[test]
fn refusals_of_the_listing_are_told_in_words() {
    let cases: &[(u16, &[&str])] = &[
        (401, &["HTTP 401", "license"]),
        (403, &["HTTP 403", "license"]),
        (404, &["HTTP 404", "check the name"]),
        (429, &["HTTP 429", "too many requests"]),
        (500, &["HTTP 500", "try again later"]),
        (503, &["HTTP 503", "try again later"]),
    ];
    let check = |&(status, words): &(u16, &[&str])| {
        let hub = Hub::new();
        hub.server.set(Faults {
            listing: Some((status, 99)),
            ..Faults::default()
        });
        hub.fetch_for(7, words);
        assert!(!hub.cache().join("snapshots").exists());
        hub.server.set(Faults {
            download: Some((status, 99)),
            ..Faults::default()
        });
        hub.fetch_for(7, &words[..1]);
        assert!(!hub.pointer(F16).exists() && !hub.blob().exists());
    };
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || check(case));
        }
    });
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
    while std::fs::metadata(hub.partial()).map_or(0, |meta| meta.len()) < 1000 {
        std::thread::sleep(Duration::from_millis(10));
    }
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
